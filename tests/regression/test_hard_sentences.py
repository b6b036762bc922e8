"""Short invented texts through the whole pipeline with the shipped tagger. Known failures are marked with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sequela
from sequela.schema import Attribution

CASES = json.loads(Path(__file__).with_name("hard_sentences.json").read_text(encoding="utf-8"))
FIELDS = {"id", "why", "text", "rows"}  # a row is drug, event, attribution, onset_min


def parameters():
    for case in CASES:
        marks = [pytest.mark.xfail(reason=case["xfail"], strict=True)] if "xfail" in case else []
        yield pytest.param(case, id=case["id"], marks=marks)


@pytest.mark.model
@pytest.mark.parametrize("case", list(parameters()))
def test_rows_are_exactly_these(case, shipped):
    doc = sequela.process(shipped, case["text"], doc_id=case["id"])
    found = [
        [row.drug.lower(), row.event.lower(), row.attribution.value, row.onset_min]
        for row in sequela.triples(doc)
    ]
    assert sorted(found) == sorted(case["rows"])


def test_the_cases_are_well_formed():
    assert [case for case in CASES if not FIELDS <= case.keys() <= FIELDS | {"xfail"}] == []
    assert len({case["id"] for case in CASES}) == len({case["text"] for case in CASES}) == len(CASES)
    allowed = {Attribution.INDEX_PATIENT.value, Attribution.OTHER_CASE.value}
    assert {row[2] for case in CASES for row in case["rows"]} == allowed
    text_and_rows = [(case["text"].lower(), row) for case in CASES for row in case["rows"]]
    assert [row for text, row in text_and_rows if row[0] not in text or row[1] not in text] == []


def test_most_cases_are_right():
    assert sum("xfail" in case for case in CASES) * 2 < len(CASES)
