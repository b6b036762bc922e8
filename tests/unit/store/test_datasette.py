"""The metadata for Datasette names what is in the database, and its queries run."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from meddra_release import write_release
from sequela.components.terms.meddra import read_release
from sequela.store import load_rows
from sequela.store.database import open_database
from sequela.store.datasette import metadata_for
from sequela.store.places import place_events
from store_rows import make_row

METADATA = metadata_for("reactions")["databases"]["reactions"]


@pytest.fixture
def connection(tmp_path: Path) -> Any:
    path = tmp_path / "reactions.db"
    rows = [
        make_row(),
        make_row(number=2, drug_name="", drug_code="", drug="herb"),
        make_row(
            number=3,
            drug="dust",
            drug_name="Dust",
            drug_code="X:1",
            event_name="Shimmer",
            event_code="MEDDRA:90000012",
        ),
    ]
    load_rows(str(path), [("r1", rows)])
    with open_database(str(path)) as database:
        place_events(database, read_release(str(write_release(tmp_path))))
    opened = sqlite3.connect(path)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", METADATA["tables"])
def test_tables_and_columns_are_there(connection: sqlite3.Connection, name: str) -> None:
    columns = {row[1] for row in connection.execute(f"PRAGMA table_xinfo({name})")}
    assert columns
    wanted = METADATA["tables"][name]
    named = {wanted[key] for key in ("sort_desc", "fts_pk", "label_column") if key in wanted}
    assert named | set(wanted.get("facets", ())) <= columns


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("reactions_of_a_drug", {"drug": "AMOXICILLIN"}, [("Skin rash", "HP:0000988", 1, 48.0, 48.0, 0)]),
        (
            "drugs_of_an_event",
            {"event": "HP:0000988"},
            [("Amoxicillin", "DRUGBANK:DB01060", 1, 48.0, 48.0), ("herb", "", 1, 48.0, 48.0)],
        ),
        (
            "most_reported_pairs",
            {},
            [
                ("Amoxicillin", "Skin rash", 1, 0.9),
                ("Dust", "Shimmer", 1, 0.9),
                ("herb", "Skin rash", 1, 0.9),
            ],
        ),
        ("organ_classes_of_a_drug", {"drug": "x:1"}, [("Skin things", 1, 1)]),
        ("rechallenge_positive", {}, []),
        (
            "sentences",
            {"words": "developing"},
            [
                ("r1", name, "Skin rash", "index_patient", "Two days later she developed a rash.")
                for name in ("Amoxicillin", "")
            ]
            + [("r1", "Dust", "Shimmer", "index_patient", "Two days later she developed a rash.")],
        ),
    ],
    ids=list(METADATA["queries"]),
)
def test_queries(
    connection: sqlite3.Connection, name: str, given: dict[str, str], expected: list[tuple[object, ...]]
) -> None:
    sql = METADATA["queries"][name]["sql"]
    assert set(re.findall(r":(\w+)", sql)) == set(given)
    assert connection.execute(sql, given).fetchall() == expected


def test_the_database_may_have_another_name() -> None:
    assert list(metadata_for("mine")["databases"]) == ["mine"]
