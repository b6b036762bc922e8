"""The annotated reactions: places and values, and no word of the texts."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sequela.durations import to_hours

FOLDER = Path(__file__).parents[2] / "corpora" / "reactions"
ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in (FOLDER / "reactions.jsonl").read_text(encoding="utf-8").splitlines()
]
VALUES = {
    "corpus": {"e3c", "maccrobat"},
    "part": {"train", "held_out", "held_out_second"},
    "onset_anchor": {"start", "last dose", "nth dose", "stop", "dose change", "unspecified"},
    "patient": {"index", "other_case"},
}
SHAPES = {
    "id": r"(?:EN)?\d+",
    "text_sha256": r"[0-9a-f]{16}",
    "min": r"P[\dYMWDTHS.]+",
    "max": r"P[\dYMWDTHS.]+",
}


def strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from strings(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one, key)


def places(row: dict[str, Any]) -> Iterator[list[int]]:
    for reaction in row["reactions"]:
        yield from (
            reaction["drug"],
            reaction["event"],
            *reaction["drug_aliases"],
            *reaction["event_aliases"],
        )
        if reaction["onset"]:
            yield reaction["onset"]
    for pair in row["background"]:
        yield from pair
    yield from row["treatment_drugs"]


def test_no_string_is_text():
    wrong = [
        (key, text)
        for row in ROWS
        for key, text in strings(row)
        if not (text in VALUES.get(key, ()) or (key in SHAPES and re.fullmatch(SHAPES[key], text)))
    ]
    assert wrong == []


def test_places_are_half_open():
    assert [row["id"] for row in ROWS for start, end in places(row) if not 0 <= start < end] == []


def test_a_report_is_annotated_once():
    first = Counter(row["id"] for row in ROWS if row["part"] != "held_out_second")
    assert [name for name, count in first.items() if count > 1] == []
    second = {row["id"]: row["text_sha256"] for row in ROWS if row["part"] == "held_out_second"}
    held_out = {row["id"]: row["text_sha256"] for row in ROWS if row["part"] == "held_out"}
    assert second.items() <= held_out.items()


def test_onset_values_are_durations_in_order():
    values = [one["onset_iso"] for row in ROWS for one in row["reactions"] if one["onset_iso"]]
    bounds = [(to_hours(value["min"]), to_hours(value["max"])) for value in values]
    assert [one for one in bounds if None in one or one[0] > one[1]] == []
    assert len(bounds) > 500


def test_the_card_counts_right():
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    reports = [row for row in ROWS if row["part"] != "held_out_second"]
    reactions = [one for row in reports for one in row["reactions"]]
    for number in (
        len(reports),
        len(reactions),
        sum(bool(row["reactions"]) for row in reports),
        sum(one["onset"] is not None for one in reactions),
        sum(row["part"] == "held_out" for row in reports),
    ):
        assert f"{number:,}" in card
