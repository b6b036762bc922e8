"""Events of a database in an invented release of MedDRA."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from meddra_release import write_release
from sequela.components.terms.meddra import Release, read_release
from sequela.store import load_rows
from sequela.store.database import open_database
from sequela.store.places import place_events
from sequela.store.query import Filter, check, find_rows, summarise
from sequela.store.signals import find_onsets, find_signals
from sequela.store.tables import event, meddra
from store_rows import make_row

EVENTS = {
    "by code": {"event_code": "MEDDRA:90000001", "event_name": "Glimmer rash"},
    "by a code that is not current": {"event_code": "MEDDRA:90000012", "event_name": "Shimmer"},
    "by a name of HPO": {
        "event_code": "HP:0003259", "event_name": "Elevated circulating creatinine concentration",
    },
    "by words": {"event_code": "", "event_name": "", "event": "Humming  ear"},
    "not in MedDRA": {"event_code": "HP:0000988", "event_name": "Skin rash"},
    "of another release": {"event_code": "MEDDRA:99999999", "event_name": "Later term"},
}  # fmt: skip
PLACES = {
    "MEDDRA:90000001": "90000001",
    "MEDDRA:90000012": "90000001",
    "HP:0003259": "90000003",
    "humming ear": "90000002",
    "HP:0000988": None,
    "MEDDRA:99999999": None,
}


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return read_release(str(write_release(tmp_path / "release")))


@pytest.fixture
def loaded(address: str) -> str:
    rows = [make_row("r", number, **values) for number, values in enumerate(EVENTS.values())]
    load_rows(address, [("r", rows)])
    return address


def test_events_have_their_places(loaded: str, release: Release) -> None:
    for _ in range(2):  # again, nothing changes
        with open_database(loaded) as database:
            assert str(place_events(database, release)) == "4 of 6 events have a place in MedDRA"
            with database.reading() as connection:
                assert dict(map(tuple, connection.execute(select(event.c.term, event.c.pt_code)))) == PLACES
                classes = connection.execute(select(meddra.c.pt_name, meddra.c.soc_name, meddra.c.release))
                assert set(map(tuple, classes)) == {
                    ("Glimmer rash", "Skin things", "MedDRA 0.9 Invented"),
                    ("Humming ear", "Ear things", "MedDRA 0.9 Invented"),
                    ("Renal marker increased", "Investigated things", "MedDRA 0.9 Invented"),
                }


def test_another_release_takes_the_place_of_the_first(loaded: str, release: Release) -> None:
    other = Release("1.0", {"Skin rash": "7"}, {"7": "7"}, {"7": next(iter(release.places.values()))})
    with open_database(loaded) as database:
        place_events(database, release)
        assert place_events(database, other).events == 1
        found = check(database)
    assert found.problems == []
    assert found.notes == ["3 events coded by MedDRA have no place in it; run 'sequela db meddra DIR'"]


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        ("Skin things", {"r-0", "r-1"}),
        ("93000002", {"r-3"}),
        ("*marker*", {"r-2"}),
        ("sounds", {"r-3"}),
        ("Glimmer rash", {"r-0", "r-1"}),
        ("nothing", set()),
    ],
)
def test_rows_within_a_term(loaded: str, release: Release, within: str, expected: set[str]) -> None:
    with open_database(loaded) as database:
        place_events(database, release)
        with database.reading() as connection:
            found = {row.triple_id for row in find_rows(connection, Filter(within=within))}
    assert found == expected


def test_summary_counts_reports_by_class(loaded: str, release: Release) -> None:
    load_rows(loaded, [("s", [make_row("s", **EVENTS["by words"])])])
    with open_database(loaded) as database:
        place_events(database, release)
        with database.reading() as connection:
            assert summarise(connection).top_classes == [
                ("Ear things", 2), ("Investigated things", 1), ("Skin things", 1),
            ]  # fmt: skip


def test_signals_by_class(address: str, release: Release) -> None:
    skin = [make_row(f"a{n}", event_code=f"MEDDRA:900000{n:02}", event_name=f"{n}") for n in (1, 11, 12)]
    ear = [make_row(f"b{n}", drug_code="X:1", drug_name="Dust", **EVENTS["by words"]) for n in range(5)]
    none = [make_row(f"c{n}", drug_code="X:1", drug_name="Dust") for n in range(4)]
    load_rows(address, [(row.doc_id, [row]) for row in (*skin, *ear, *none)])
    with open_database(address) as database:
        place_events(database, release)
        with database.reading() as connection:
            found = find_signals(connection, Filter(), level="soc", min_patients=1)
            onsets = find_onsets(connection, Filter(), found, level="soc")
    assert {(one.drug, one.event, one.event_code, one.n, one.n_event, one.total) for one in found} == {
        ("Amoxicillin", "Skin things", "MEDDRA:93000001", 3, 3, 12),
        ("Dust", "Ear things", "MEDDRA:93000002", 5, 5, 12),
    }
    assert {pair: len(hours) for pair, hours in onsets.items()} == {
        ("Amoxicillin", "Skin things"): 3,
        ("Dust", "Ear things"): 5,
    }
