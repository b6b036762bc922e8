"""Drugs that a report blames in words that name no event."""

from __future__ import annotations

from functools import cache

import pytest
from spacy.language import Language

from markup import blank, parse
from sequela.components.links.blame import find_blamed
from sequela.components.links.items import masked_sentences
from sequela.components.links.names import NameKeys
from sequela.lexicons.loader import load_table

# rule → (a sentence by which it blames the drug, one by which it does not)
EXAMPLES = {
    "blamed": (
        "<DRUG>Flurotol</DRUG> was suspected at once.",
        "<DRUG>Flurotol</DRUG> was not suspected at once.",
    ),
    "blamed_compound": (
        "A <DRUG>flurotol</DRUG>-induced disease was diagnosed.",
        "A <DRUG>flurotol</DRUG>-naive patient was seen.",
    ),
    "due_to_drug": (
        "All this was attributed to <DRUG>flurotol</DRUG>.",
        "All this was added to <DRUG>flurotol</DRUG>.",
    ),
    "reaction_to_drug": (
        "We diagnosed hypersensitivity to <DRUG>flurotol</DRUG>.",
        "There was no hypersensitivity to <DRUG>flurotol</DRUG>.",
    ),
    "poisoning_by_drug": (
        "An overdose of <DRUG>flurotol</DRUG> was found.",
        "A dose of <DRUG>flurotol</DRUG> was found.",
    ),
    "stopped_drug": (
        "<DRUG>Flurotol</DRUG> was stopped on that day.",
        "<DRUG>Flurotol</DRUG> was stopped before the operation.",
    ),
    "tested_positive": (
        "Patch tests were positive for <DRUG>flurotol</DRUG>.",
        "Patch tests were planned with <DRUG>flurotol</DRUG>.",
    ),
}


@cache
def nlp() -> Language:
    pipeline = blank()
    pipeline.add_pipe("sequela_sentences")
    return pipeline


def blamed(text: str, *disabled: str) -> set[str]:
    doc = parse(nlp(), text).doc
    for _, component in nlp().pipeline:
        doc = component(doc)
    found = find_blamed(masked_sentences(doc, doc.ents), NameKeys(doc.ents), lambda _: None, disabled)
    return set(found.blamed | found.stopped)


@pytest.mark.parametrize("rule", EXAMPLES)
def test_rule_blames(rule):
    assert blamed(EXAMPLES[rule][0]) == {"flurothyl"}  # the nearest name that the terminology knows


@pytest.mark.parametrize("rule", EXAMPLES)
def test_rule_stays_silent(rule):
    assert blamed(EXAMPLES[rule][1]) == set()


@pytest.mark.parametrize("rule", EXAMPLES)
def test_rule_can_be_switched_off(rule):
    assert blamed(EXAMPLES[rule][0], rule) == set()


def test_every_rule_has_an_example():
    assert sorted({row["rule"] for row in load_table("linking_blame.csv")}) == sorted(EXAMPLES)
