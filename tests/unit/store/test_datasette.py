"""The metadata for Datasette names what is in the database, and its queries run."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from sequela.store import load_rows
from store_rows import make_row

METADATA = json.loads((Path(__file__).parents[3] / "docs" / "datasette.json").read_text(encoding="utf-8"))[
    "databases"
]["reactions"]


@pytest.fixture
def connection(tmp_path: Path) -> Any:
    path = tmp_path / "reactions.db"
    load_rows(str(path), [("r1", [make_row(), make_row(number=2, drug_name="", drug_code="", drug="herb")])])
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
        ("most_reported_pairs", {}, [("Amoxicillin", "Skin rash", 1, 0.9), ("herb", "Skin rash", 1, 0.9)]),
        ("rechallenge_positive", {}, []),
        (
            "sentences",
            {"words": "developing"},
            [
                ("r1", name, "Skin rash", "index_patient", "Two days later she developed a rash.")
                for name in ("Amoxicillin", "")
            ],
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
