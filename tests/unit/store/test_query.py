from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from sequela.errors import StoreError
from sequela.schema import Assertion, Attribution
from sequela.store import load_rows
from sequela.store.database import open_database
from sequela.store.loading import group_reports
from sequela.store.publications import note_publications
from sequela.store.query import Filter, check, find_rows, summarise
from store_rows import make_row

ROWS = [
    make_row("a", 1),
    make_row("a", 2, event="fever", event_name="Fever", event_code="HP:0001945", confidence=0.4),
    make_row("b", 1, drug="Amoxil", attribution="other_case", patient_id="", section="discussion"),
    make_row("c", 1, drug="100%_drug", drug_name="", drug_code="", assertion="negated"),
    make_row("d", 1, drug="co-amoxiclav", drug_name="", drug_code="", attribution="background"),
]


@pytest.fixture
def loaded(address: str) -> str:
    load_rows(address, group_reports(ROWS, "test"))
    return address


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param(Filter(), {"a-1", "a-2", "b-1", "c-1", "d-1"}, id="all"),
        pytest.param(Filter(drug="AMOXICILLIN"), {"a-1", "a-2", "b-1"}, id="name"),
        pytest.param(Filter(drug="amoxil"), {"b-1"}, id="mention"),
        pytest.param(Filter(drug="DRUGBANK:DB01060"), {"a-1", "a-2", "b-1"}, id="code"),
        pytest.param(Filter(drug="*amoxi*"), {"a-1", "a-2", "b-1", "d-1"}, id="any letters"),
        pytest.param(Filter(drug="100%_*"), {"c-1"}, id="per cent and underscore are letters"),
        pytest.param(Filter(drug="amox_cillin"), set(), id="underscore is no joker"),
        pytest.param(Filter(event="fever"), {"a-2"}, id="event"),
        pytest.param(Filter(event="Fever", min_confidence=0.5), set(), id="all filters hold"),
        pytest.param(Filter(doc_id="a"), {"a-1", "a-2"}, id="report"),
        pytest.param(Filter(attribution=[Attribution.OTHER_CASE]), {"b-1"}, id="attribution"),
        pytest.param(
            Filter(assertion=[Assertion.NEGATED, Assertion.POSSIBLE]), {"c-1"}, id="one of several assertions"
        ),
        pytest.param(Filter(section=["discussion"]), {"b-1"}, id="section"),
    ],
)
def test_filters(loaded: str, chosen: Filter, expected: set[str]) -> None:
    with open_database(loaded) as database, database.reading() as connection:
        assert {row.triple_id for row in find_rows(connection, chosen)} == expected


def test_limit(loaded: str) -> None:
    with open_database(loaded) as database, database.reading() as connection:
        assert [row.triple_id for row in find_rows(connection, Filter(), 2)] == ["a-1", "a-2"]


def test_dates_of_publication(loaded: str, tmp_path: Path) -> None:
    path = tmp_path / "publications.csv"
    path.write_text(
        "doc_id,title,published\na,On rashes,2019-05-03\nb,,2019\nc,Untitled,2020-01\nz,Other,2020\n"
    )
    with open_database(loaded) as database:
        assert note_publications(database, path) == "3 reports noted, 1 are not in the database"
        with database.reading() as connection:

            def reports(**dates: str) -> set[str]:
                return {row.doc_id for row in find_rows(connection, Filter(**dates))}

            assert reports(published_from="2019-05") == {"a", "c"}
            assert reports(published_to="2019") == {"a", "b"}
            assert reports(published_to="2019-05-02") == {"b"}
            assert reports(published_from="2019", published_to="2020") == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("doc_id,name\n", "write a CSV with the columns doc_id, title", id="columns"),
        pytest.param("doc_id,published\na,May 2019\n", "line 2: published is 'May 2019'", id="date"),
    ],
)
def test_publications_that_cannot_be_read(loaded: str, tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "publications.csv"
    path.write_text(content)
    with open_database(loaded) as database, pytest.raises(StoreError) as error:
        note_publications(database, path)
    assert message in str(error.value)


def test_summary(loaded: str) -> None:
    with open_database(loaded) as database, database.reading() as connection:
        found = summarise(connection)
    assert (found.reports, found.patients, found.triples, found.drugs, found.events) == (4, 4, 5, 3, 2)
    assert (found.with_onset, found.drugs_coded, found.events_coded) == (5, 3, 5)
    assert found.attribution == {"index_patient": 3, "background": 1, "other_case": 1}
    assert found.assertion == {"affirmed": 4, "negated": 1}
    assert found.runs == {"0.1.0 tagger 1": 4}
    # Background and what was ruled out are not counted, and two rows of a report once
    assert found.top_drugs == [("Amoxicillin", 2)]
    assert found.top_events == [("Skin rash", 2), ("Fever", 1)]
    assert found.top_pairs == [("Amoxicillin – Skin rash", 2), ("Amoxicillin – Fever", 1)]


def test_check_names_reports_whose_rows_changed(loaded: str) -> None:
    with open_database(loaded) as database:
        assert check(database).problems == []
        with database.writing() as connection:
            connection.execute(text("UPDATE triple SET outcome = 'fatal' WHERE triple_id = 'a-2'"))
            connection.execute(text("DELETE FROM triple WHERE triple_id = 'd-1'"))
        found = check(database)
    assert (found.reports, found.triples) == (4, 4)
    assert found.problems == [
        f"report {name!r}: its rows are not those that were loaded; load it again with --replace"
        for name in "ad"
    ]


def test_reviews_outlive_a_newer_version(loaded: str) -> None:
    with open_database(loaded) as database, database.writing() as connection:
        for key, name in enumerate(("a-1", "a-2")):
            connection.execute(
                text(
                    "INSERT INTO review (review_id, report_id, triple_id, decision, reviewer, note, reviewed_at)"
                    f" VALUES ({key}, 1, '{name}', 'right', 'me', '', '2026-01-01')"
                )
            )
    load_rows(loaded, [("a", [make_row("a", 1, version="0.2.0")])])
    with open_database(loaded) as database:
        found = check(database)
    assert (found.problems, found.notes) == (
        [],
        ["1 reviews are about rows that a newer version no longer has"],
    )
