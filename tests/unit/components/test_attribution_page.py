"""What docs/attribution.md shows is what happens."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from sequela import attributes
from sequela.build import STAGES, build_pipeline
from sequela.components.context import CATEGORIES
from sequela.schema import Assertion, Attribution

PAGE = Path(__file__).parents[3] / "docs" / "attribution.md"
TEXT = PAGE.read_text(encoding="utf-8")
STATEMENTS = re.findall(
    r"^\| ([A-Z][^|]+[.?]) \| (index_patient|other_case|background) \| ([^|]+) \|$", TEXT, re.M
)
KEPT = ("sequela_sentences", "sequela_sections", "sequela_context", "sequela_attribution")


@pytest.fixture(scope="module")
def nlp():
    return build_pipeline(disable=tuple(name for name, _ in STAGES if name not in KEPT))


def test_the_examples_run():
    failed, attempted = doctest.testfile(str(PAGE), module_relative=False)
    assert (failed, attempted > 0) == (0, True)


def test_there_are_statements():
    assert len(STATEMENTS) == 20


@pytest.mark.parametrize(("statement", "value", "cue"), STATEMENTS)
def test_a_statement_of_the_table(nlp, statement, value, cue):
    (frame,) = attributes.get_frames(nlp(f"Discussion\n{statement}"))[1:]
    assert (str(frame.attribution), frame.cue and frame.cue.text) == (value, cue)


def test_every_value_is_defined():
    values = re.findall(r"^\| `(\w+)` \|", TEXT, re.M)
    assert values == [str(value) for value in Attribution] + [
        str(value)
        for value in (Assertion.AFFIRMED, Assertion.POSSIBLE, Assertion.NEGATED, Assertion.HYPOTHETICAL)
    ]
    assert all(f"`{category}:" in TEXT for category in CATEGORIES)
