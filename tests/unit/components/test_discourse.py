from __future__ import annotations

import pytest

from sequela.components.discourse import Memory, is_several
from sequela.schema import Attribution, Zone

INDEX, OTHER = Attribution.INDEX_PATIENT, Attribution.OTHER_CASE
DISCUSSION = Zone.DISCUSSION


def told(*, own=(), theirs=()):
    """A memory after an index patient and another one were introduced by these words."""
    memory = Memory()
    if own:
        memory.remember_index(own, (), Zone.CASE, introduces=True, several=False)
    if theirs:
        memory.remember_other(theirs, DISCUSSION, relative=False)
    return memory


@pytest.mark.parametrize(
    ("own", "theirs", "said", "expected"),
    [
        pytest.param(["teacher"], ["nurse"], ["the", "nurse"], OTHER, id="their noun"),
        pytest.param(["teacher"], ["nurse"], ["this", "teacher"], INDEX, id="our noun"),
        pytest.param(["woman"], ["sisters"], ["both", "sisters"], OTHER, id="plural"),
        pytest.param(["woman"], ["man"], ["she"], INDEX, id="her sex is not theirs"),
        pytest.param(["man"], [], ["she"], OTHER, id="her sex is not ours"),
        pytest.param(["woman"], ["woman"], ["she"], None, id="either"),
        pytest.param(["woman"], ["man"], ["the", "farmer"], OTHER, id="a calling that is not ours"),
        pytest.param([], [], ["he"], None, id="nobody known"),
    ],
)
def test_whom_a_reference_means(own, theirs, said, expected):
    assert told(own=own, theirs=theirs).whose(said, DISCUSSION) is expected


def test_in_the_case_section_the_sex_tells_nothing():
    assert told(own=["boy"]).whose(["she"], Zone.CASE) is None  # his mother


def test_the_others_are_forgotten_with_the_paragraph_and_after_general_statements():
    memory = told(theirs=["nurse"])
    memory.remember_background(study=False)
    assert memory.other
    memory.remember_background(study=False)
    assert (memory.other, memory.theirs) == (False, set())
    memory = told(theirs=["nurse"])
    memory.begin_paragraph()
    assert (memory.other, memory.theirs) == (False, set())


def test_after_a_relative_the_history_goes_on_with_the_patient():
    memory = told(own=["boy"])
    memory.remember_other(["his", "uncle", "died"], Zone.CASE, relative=True)
    assert not memory.other
    assert memory.whose(["the", "uncle"], Zone.CASE) is OTHER


def test_ages_and_plurals_make_a_series():
    memory = Memory()
    memory.remember_index(["a", "man"], ["41"], Zone.CASE, introduces=True, several=False)
    assert not memory.series
    memory.remember_index(["a", "man"], ["60"], Zone.CASE, introduces=True, several=False)
    assert memory.series


@pytest.mark.parametrize(
    ("word", "expected"), [("women", True), ("nurses", True), ("cases", True), ("nurse", False)]
)
def test_several(word, expected):
    assert is_several(word) is expected
