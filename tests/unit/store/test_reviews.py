from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sequela.errors import StoreError
from sequela.schema import Decision
from sequela.store import load_rows
from sequela.store.database import open_database
from sequela.store.query import Filter, find_rows
from sequela.store.reviews import Review, Verdict, list_reviews, note_reviews, read_verdicts, unreviewed
from store_rows import make_row

RIGHT, WRONG, UNSURE = Decision.RIGHT, Decision.WRONG, Decision.UNSURE
ROWS = [make_row("a", number, event=f"event {number}", event_name="", event_code="") for number in range(5)]


@pytest.fixture
def loaded(address: str) -> str:
    load_rows(address, [("a", ROWS), ("b", [make_row("b")])])
    return address


def note(address: str, *verdicts: tuple[str, Decision, str]) -> None:
    with open_database(address) as database:
        for triple_id, decision, reviewer in verdicts:
            note_reviews(database, [Verdict(triple_id=triple_id, decision=decision, reviewer=reviewer)])


def listed(address: str, **options: object) -> list[Review]:
    with open_database(address) as database, database.reading() as connection:
        return list_reviews(connection, **options)


def test_reviews_tell_how_they_stand_to_a_newer_version(loaded: str) -> None:
    note(loaded, *((row.triple_id, RIGHT, "me") for row in ROWS))
    newer = [replace(row, version="0.2.0") for row in ROWS]
    newer[0] = replace(newer[0], confidence=0.1)  # says the same
    newer[1] = replace(newer[1], onset_min="P3D")
    newer[2] = replace(newer[2], triple_id="a-moved")
    del newer[3]
    load_rows(loaded, [("a", newer)])

    found = [(item.triple_id, item.standing.value, item.now, item.version) for item in listed(loaded)]

    assert found == [
        ("a-0", "current", "", "0.1.0"),
        ("a-1", "changed", "", "0.1.0"),
        ("a-2", "moved", "a-moved", "0.1.0"),
        ("a-3", "gone", "", "0.1.0"),
        ("a-4", "current", "", "0.1.0"),
    ]


def test_the_last_decision_of_a_reader_counts_and_the_earlier_are_kept(loaded: str) -> None:
    note(loaded, ("a-0", WRONG, "me"), ("a-0", UNSURE, "you"), ("a-0", RIGHT, "me"))

    assert [(item.reviewer, item.decision) for item in listed(loaded)] == [("you", "unsure"), ("me", "right")]
    assert [item.decision for item in listed(loaded, history=True)] == ["wrong", "unsure", "right"]
    assert listed(loaded, doc_id="b") == []


def test_wrong_rows_can_be_left_out(loaded: str) -> None:
    note(loaded, ("a-0", WRONG, "me"), ("a-1", RIGHT, "me"), ("a-2", WRONG, "me"), ("a-2", RIGHT, "you"))
    with open_database(loaded) as database, database.reading() as connection:
        found = [row.triple_id for row in find_rows(connection, Filter(without_wrong=True))]
        left = [row.triple_id for row in unreviewed(connection)]
        assert [row.triple_id for row in unreviewed(connection, 1)] == ["a-3"]
    assert found == ["a-1", "a-2", "a-3", "a-4", "b-1"]
    assert left == ["a-3", "a-4", "b-1"]


def test_all_verdicts_are_noted_or_none(loaded: str) -> None:
    verdicts = [Verdict(triple_id=name, decision=RIGHT, reviewer="me") for name in ("a-0", "no such row")]
    with open_database(loaded) as database, pytest.raises(StoreError) as error:
        note_reviews(database, verdicts)
    assert str(error.value) == (
        "there is no row no such row. 'sequela db query --format csv' shows ids in the column triple_id."
    )
    assert listed(loaded) == []


def test_an_id_of_two_reports_needs_the_report(address: str) -> None:
    load_rows(address, [(name, [make_row(name, triple_id="same")]) for name in ("a", "b")])
    with open_database(address) as database:
        with pytest.raises(StoreError, match=r"2 reports have a row same\. Add --doc ID\."):
            note_reviews(database, [Verdict(triple_id="same", decision=RIGHT, reviewer="me")])
        note_reviews(database, [Verdict(triple_id="same", decision=RIGHT, reviewer="me", doc_id="b")])
    assert [item.doc_id for item in listed(address)] == ["b"]


def test_verdicts_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("doc_id,triple_id,decision,reviewer,note\na,1,Right,,'=odd\na,2,,,\na,3,wrong,you,\n")
    assert read_verdicts(path, "me") == [
        Verdict(triple_id="1", decision=RIGHT, reviewer="me", note="=odd", doc_id="a"),
        Verdict(triple_id="3", decision=WRONG, reviewer="you", doc_id="a"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("triple_id\n1\n", "write a CSV with the columns triple_id, decision, reviewer, note."),
        (
            "triple_id,decision,reviewer\n1,maybe,me\n",
            "line 2: decision is 'maybe'. Write right, wrong, unsure.",
        ),
        (
            "triple_id,decision\n1,right\n",
            "line 2: nobody decided. Fill in reviewer, or add --reviewer NAME.",
        ),
    ],
    ids=["columns", "decision", "reviewer"],
)
def test_files_that_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text(text)
    with pytest.raises(StoreError) as error:
        read_verdicts(path)
    assert message in str(error.value)
