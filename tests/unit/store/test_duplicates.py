from __future__ import annotations

from pathlib import Path

import pytest

from sequela.schema import Triple
from sequela.store import load_rows
from sequela.store.database import open_database
from sequela.store.duplicates import Duplicate, _family_names, find_duplicates
from sequela.store.loading import group_reports
from sequela.store.publications import note_publications
from store_rows import make_row

LINEZOLID = {"drug_name": "Linezolid", "drug_code": "X:linezolid", "drug": "linezolid"}
TONGUE = {"event_name": "Black hairy tongue", "event_code": "X:tongue", "event": "black tongue"}
CASE = {**LINEZOLID, **TONGUE, "patient_age": 67.0, "patient_sex": "male", "outcome": "recovered"}
NO_ONSET = {"onset": "", "onset_hours_min": None, "onset_hours_max": None}
# Other cases, so that frequencies mean something
OTHERS = [make_row(f"other{number:02}", patient_age=20.0 + number % 60) for number in range(80)]


def find(address: str, rows: list[Triple], publications: str = "", min_score: float = 0.5) -> list[Duplicate]:
    load_rows(address, group_reports(rows, "test"))
    with open_database(address) as database:
        if publications:
            path = Path(address).with_suffix(".csv")
            path.write_text(f"doc_id,title,authors\n{publications}", encoding="utf-8")
            note_publications(database, path)
        with database.reading() as connection:
            return find_duplicates(connection, min_score)


def test_a_case_that_was_published_twice(address: str) -> None:
    rows = [make_row("abstract", **CASE), make_row("full", **CASE), make_row("full", 2, **LINEZOLID)]

    found = find(address, [*rows[:1], *OTHERS, *rows[1:]])

    assert [(pair.doc_id, pair.patient_id, pair.other_doc_id, pair.other_patient_id) for pair in found] == [
        ("abstract", "1", "full", "1")
    ]
    assert found[0].score > 0.8
    reasons = [reason.rpartition(" (")[0] for reason in found[0].reasons.split("; ")]
    assert reasons == ["drug Linezolid", "event Black hairy tongue", "age 67", "sex male", "onset", "outcome"]


@pytest.mark.parametrize(
    ("change", "below"),
    [
        pytest.param({"patient_age": 41.0}, 0.05, id="another age"),
        pytest.param({"patient_sex": "female"}, 0.5, id="another sex"),
        pytest.param({"event_name": "Fever", "event_code": "X:fever"}, 0.9, id="another event"),
        pytest.param(
            {"patient_age": None, "patient_age_unit": "", "patient_sex": "", **NO_ONSET},
            0.5,
            id="little known",
        ),
    ],
)
def test_cases_that_differ_are_scored_lower(tmp_path: Path, change: dict[str, object], below: float) -> None:
    rows = [make_row("a", **CASE), make_row("b", **{**CASE, **change}), *OTHERS]
    same = find(str(tmp_path / "same.db"), [make_row("a", **CASE), make_row("b", **CASE), *OTHERS], "", 0.0)
    other = find(str(tmp_path / "other.db"), rows, "", 0.0)

    def score(pairs: list[Duplicate]) -> float:
        return next((pair.score for pair in pairs if {pair.doc_id, pair.other_doc_id} == {"a", "b"}), 0.0)

    assert score(other) < below
    assert score(other) < score(same)


def test_title_and_authors_are_evidence(tmp_path: Path) -> None:
    vague = {"patient_age": None, "patient_age_unit": "", **NO_ONSET}
    rows = [make_row("a", **{**CASE, **vague}), make_row("b", **{**CASE, **vague}), *OTHERS]
    before = find(str(tmp_path / "before.db"), rows, min_score=0.0)[0].score
    after = find(
        str(tmp_path / "after.db"),
        rows,
        'a,A black tongue under linezolid,"Rossi, M.; van den Berg, A. B."\n'
        "b,Black tongue under linezolid: a case,Rossi M; van den Berg AB; Lee K\n",
    )
    assert len(after) == 1
    assert after[0].score > before
    assert "authors rossi, van den berg (+6.0)" in after[0].reasons
    assert "title " in after[0].reasons


def test_a_sentence_that_two_reports_share_is_evidence(tmp_path: Path) -> None:
    told = "Ten days after linezolid was started, a black coating was seen on the tongue."
    vague = {**CASE, "patient_age": None, "patient_age_unit": "", **NO_ONSET}
    for name, other, pairs in (("same", told.upper(), 1), ("other", told.replace("Ten", "Twelve"), 0)):
        rows = [make_row("a", **vague, sentence=told), make_row("b", **vague, sentence=other), *OTHERS]
        found = find(str(tmp_path / f"{name}.db"), rows)
        assert len(found) == pairs
        assert all("same sentence (+12.0)" in pair.reasons for pair in found)


def test_patients_of_one_report_and_other_cases_are_not_compared(address: str) -> None:
    rows = [
        make_row("series", 1, **CASE),
        make_row("series", 2, **{**CASE, "patient_id": "2"}),
        make_row("review", 1, **CASE, attribution="other_case"),
        make_row("ruled out", 1, **CASE, assertion="negated"),
    ]
    assert find(address, [*rows, *OTHERS]) == []


def test_groups_that_are_too_large_are_named(tmp_path: Path) -> None:
    address = str(tmp_path / "reactions.db")
    load_rows(address, [(f"r{n}", [make_row(f"r{n}", **CASE)]) for n in range(201)])
    passed_over: list[str] = []
    with open_database(address) as database, database.reading() as connection:
        assert find_duplicates(connection, passed_over=passed_over) == []
    assert passed_over == ["Linezolid, male 67"]


def test_nothing_is_changed(address: str) -> None:
    rows = [make_row("a", **CASE), make_row("b", **CASE)]
    first = find(address, rows)
    assert first == find(address, rows)
    assert len(first) == 1


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        ("", set()),
        ("Rossi, M.; Lee, K.", {"rossi", "lee"}),
        ("Rossi M;Lee K", {"rossi", "lee"}),
        ("van den Berg A.B.; O'Neil-Smith J", {"van den berg", "o neil smith"}),
        ("WHO", {"who"}),
    ],
)
def test_family_names(authors: str, expected: set[str]) -> None:
    assert _family_names(authors) == expected
