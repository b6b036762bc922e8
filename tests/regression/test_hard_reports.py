"""Short invented reports on which linking once went wrong, entities given. Known failures are marked with a reason."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from spacy.language import Language

import sequela
from markup import blank, parse
from sequela.build import STAGES

CASES = json.loads(Path(__file__).with_name("hard_reports.json").read_text(encoding="utf-8"))


@cache
def nlp() -> Language:
    pipeline = blank()
    for factory, _ in STAGES:
        if factory not in ("sequela_tagger", "sequela_normalise"):
            pipeline.add_pipe(factory)
    return pipeline


def parameters():
    for case in CASES:
        marks = [pytest.mark.xfail(reason=case["xfail"], strict=True)] if "xfail" in case else []
        yield pytest.param(case, id=case["id"], marks=marks)


@pytest.mark.parametrize("case", list(parameters()))
def test_rows_are_exactly_these(case):
    doc = parse(nlp(), case["text"]).doc
    for _, component in nlp().pipeline:
        doc = component(doc)
    found = [(row.attribution.value, row.drug.lower(), row.event.lower()) for row in sequela.triples(doc)]
    expected = [("index_patient", drug, event) for drug, event in case["index"]]
    expected += [("other_case", drug, event) for drug, event in case["other"]]
    assert sorted(found) == sorted(expected)


def test_every_case_says_why():
    assert all(case["why"] for case in CASES)
    assert len({case["id"] for case in CASES}) == len(CASES)
