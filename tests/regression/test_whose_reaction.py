"""Invented reports that are hard on one question: whose reaction is it? Known failures are marked with a reason.

``whose_reaction.json`` holds reports for the whole pipeline: rows that must be there, rows that may be, and no others.
Drug and event of a row are matched by a part of their words, since their exact spans are not the point here.
``statements.json`` holds articles whose statements are each marked with whom they are about.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from functools import cache
from pathlib import Path

import pytest
from spacy.language import Language

import sequela
from sequela import attributes
from sequela.build import build_pipeline
from sequela.schema import Attribution, Triple

HERE = Path(__file__).parent
REPORTS = json.loads((HERE / "whose_reaction.json").read_text(encoding="utf-8"))
ARTICLES = json.loads((HERE / "statements.json").read_text(encoding="utf-8"))
FIELDS = {"id", "style", "why", "text", "must", "may"}
SHARE_RIGHT = 0.94  # of all statements; measured 0.96


def parameters(reason: str):
    for case in REPORTS:
        marks = [pytest.mark.xfail(reason=case[reason], strict=True)] if reason in case else []
        yield pytest.param(case, id=case["id"], marks=marks)


def rows_of(case, nlp: Language) -> list[Triple]:
    return sequela.triples(sequela.process(nlp, case["text"], doc_id=case["id"]))


def is_meant(row: Triple, meant: list[str]) -> bool:
    drug, event, attribution = meant
    return (
        drug.lower() in f"{row.drug} {row.drug_name}".lower()
        and event.lower() in row.event.lower()
        and attribution == row.attribution.value
    )


@pytest.mark.model
@pytest.mark.parametrize("case", list(parameters("xfail_wrong")))
def test_nothing_else_is_recorded(case, shipped):
    allowed = [*case["must"], *case["may"]]
    wrong = [row for row in rows_of(case, shipped) if not any(is_meant(row, one) for one in allowed)]
    assert [(row.attribution.value, row.drug, row.event) for row in wrong] == []


@pytest.mark.model
@pytest.mark.parametrize("case", list(parameters("xfail_missed")))
def test_the_reactions_are_recorded(case, shipped):
    rows = rows_of(case, shipped)
    assert [one for one in case["must"] if not any(is_meant(row, one) for row in rows)] == []


def test_the_reports_are_well_formed():
    allowed = FIELDS | {"xfail_wrong", "xfail_missed"}
    assert [case["id"] for case in REPORTS if not FIELDS <= case.keys() <= allowed] == []
    assert len({case["id"] for case in REPORTS}) == len({case["text"] for case in REPORTS}) == len(REPORTS)
    kinds = {one[2] for case in REPORTS for one in (*case["must"], *case["may"])}
    assert kinds == {Attribution.INDEX_PATIENT.value, Attribution.OTHER_CASE.value}


@cache
def rules_only() -> Language:
    return build_pipeline(disable=("sequela_tagger", "sequela_normalise"))


@cache
def found_statements() -> list[tuple[str, str, str]]:
    """Expected and found attribution of every statement, and its text."""
    found = []
    for article in ARTICLES:
        text, places = "", []
        for expected, words in article["lines"]:
            if expected == "heading":
                text += ("\n" if text else "") + words + "\n"
                continue
            text += " " if text and not text.endswith("\n") else ""
            places.append((expected, words, len(text) + len(words) // 2))
            text += words
        frames = attributes.get_frames(rules_only()(text))
        starts = [frame.start for frame in frames]
        for expected, words, middle in places:
            found.append((expected, frames[bisect_right(starts, middle) - 1].attribution.value, words))
    return found


def test_no_statement_about_others_is_taken_for_the_patient():
    index, aside = Attribution.INDEX_PATIENT.value, (Attribution.INDEX_PATIENT.value, "any")
    assert [
        words for expected, got, words in found_statements() if got == index and expected not in aside
    ] == []


def test_most_statements_are_attributed_as_marked():
    judged = [one for one in found_statements() if one[0] not in ("any", "not_index")]
    right = [one for one in judged if one[0] == one[1]]
    assert len(right) >= SHARE_RIGHT * len(judged)
    assert {one[0] for one in judged} == {"index_patient", "other_case", "background"}
