from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequela.components.cues import CueMatcher, Words, expand, number_of
from sequela.lexicons.loader import load_lines, load_table

LEXICONS = [
    ("attribution_cues.csv", "pattern", ("cue", "attribution", "pattern")),
    ("attribution_entities.csv", "pattern", ("value", "rule", "pattern")),
    ("context_cues.csv", "pattern", ("category", "rule", "pattern")),
    ("sections_headings.csv", "heading", ("heading",)),
]


def matcher(*patterns):
    made = CueMatcher()
    for pattern in patterns:
        made.add(pattern, pattern)
    return made


def found(made, text):
    words = Words(text)
    return [(text[words.starts[f.start] : words.ends[f.end - 1]], f.entry) for f in made.find(words)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("no", [("no",)]),
        ("no (rash|fever)", [("no", "rash"), ("no", "fever")]),
        ("not? seen", [("not", "seen"), ("seen",)]),
        ("(was|has been)? seen", [("was", "seen"), ("has", "been", "seen"), ("seen",)]),
        (
            "in (a|the (big|old)) house",
            [("in", "a", "house"), ("in", "the", "big", "house"), ("in", "the", "old", "house")],
        ),
        ("<num>? cases", [("<num>", "cases"), ("cases",)]),
        ("mother ' s", [("mother", "'", "s")]),
    ],
)
def test_expand(pattern, expected):
    assert expand(pattern) == expected


@pytest.mark.parametrize("pattern", ["", "(a|b", "a)", "(a)?", "a|b"])
def test_a_pattern_that_is_none(pattern):
    with pytest.raises(ValueError, match=r"not a cue pattern|bracket not closed"):
        expand(pattern)


@pytest.mark.parametrize(
    ("patterns", "text", "expected"),
    [
        (
            ["no", "no evidence of"],
            "No evidence of rash, no fever",
            [("No evidence of", "no evidence of"), ("no", "no")],
        ),
        (["no evidence of"], "no evidence", []),
        (
            ["<num> cases"],
            "five cases and 5 cases and 2.5 cases",
            [(t, "<num> cases") for t in ("five cases", "5 cases", "2.5 cases")],
        ),
        (["the <nth> patient"], "the second patient", [("the second patient", "the <nth> patient")]),
        (["<name> reported"], "Weber reported what he reported", [("Weber reported", "<name> reported")]),
        (["was <w> seen"], "was not seen, was , seen", [("was not seen", "was <w> seen")]),
        (["a <gap> case"], "a very rare second case; a, case", [("a very rare second case", "a <gap> case")]),
        (["x-ray’s"], "X–ray's", [("X–ray's", "x-ray’s")]),
        (["not <w>", "not only"], "not only", [("not only", "not only")]),
    ],
)
def test_find(patterns, text, expected):
    assert found(matcher(*patterns), text) == expected


def test_words_between():
    words = Words("No rash, 2.5 mg")
    assert words.lower == ["no", "rash", ",", "2.5", "mg"]
    assert words.between(3, 7) == (1, 2)
    assert words.between(3, 8) == (1, 3)
    assert words.between(2, 3) == (1, 1)


@given(st.text(max_size=60))
def test_any_text_has_words_that_slice_to_themselves(text):
    words = Words(text)
    assert len(words) == len(words.starts) == len(words.ends)
    assert all(text[a:b] for a, b in zip(words.starts, words.ends, strict=True))


@pytest.mark.parametrize(
    ("word", "value"), [("12", 12), ("twelve", 12), ("Third", 3), ("iv", 4), ("forty", 40), ("rash", None)]
)
def test_number_of(word, value):
    assert number_of(word) == value


@pytest.mark.parametrize(("name", "column", "order"), LEXICONS, ids=[name for name, _, _ in LEXICONS])
def test_lexicon_is_sorted_and_no_cue_stands_twice(name, column, order):
    rows = load_table(name)
    assert rows == tuple(sorted(rows, key=lambda row: tuple(row[key] for key in order)))
    assert all(value == " ".join(value.split()) for row in rows for value in row.values())
    words = [sequence for row in rows for sequence in expand(row[column])]
    assert len(words) == len(set(words)), sorted(w for w in words if words.count(w) > 1)


@pytest.mark.parametrize(
    "name",
    [
        "attribution_animals.csv",
        "patients_numbers.csv",
        "patients_persons.csv",
        "patients_sex.csv",
        "sections_heading_words.csv",
    ],
)
def test_word_lexicon_is_sorted_and_trimmed(name):
    words = [row["word"] for row in load_table(name)]
    assert words == sorted(set(words))
    assert all(value == value.strip() for row in load_table(name) for value in row.values())


def test_clause_words_are_sorted():
    words = list(load_lines("attribution_clause_words.txt"))
    assert words == sorted(set(words))


def test_lexicons_hold_values_that_the_code_knows():
    from sequela.components.context import CATEGORIES
    from sequela.schema import Zone

    context = load_table("context_cues.csv")
    assert {row["category"] for row in context} == {*CATEGORIES, "pseudo", "shield", "terminator"}
    assert {row["direction"] for row in context} <= {"forward", "backward", "both", ""}
    assert {row["ends"] for row in context} <= {"forward", "both", ""}
    frames = load_table("attribution_cues.csv")
    assert {row["attribution"] for row in frames} == {
        "index_patient",
        "other_case",
        "background",
        "person",
        "new_person",
        "group",
        "episode",
        "neutral",
    }
    assert all(0 < float(row["weight"]) <= 4 for row in frames if row["attribution"] != "neutral")
    assert {row["weight"] for row in frames if row["attribution"] == "neutral"} == {"0"}
    headings = load_table("sections_headings.csv")
    assert {row["zone"] for row in headings} <= {str(zone) for zone in Zone}
    assert {row["kind"] for row in headings} == {"main", "sub", "summary", "line"}


@pytest.mark.parametrize("piece", ["no ", "a ", "has been reported in ", "5 % of ", "Weber and ", "was not "])
def test_time_grows_no_faster_than_the_text(piece):
    from sequela.components.context import context_matcher
    from sequela.components.frames import frame_matcher

    def seconds(size):
        words = Words(piece * size)
        begin = time.process_time()
        context_matcher().find(words)
        frame_matcher().find(words)
        return time.process_time() - begin

    seconds(10)
    assert min(seconds(20_000) for _ in range(2)) < 50 * max(seconds(2_000), 0.01)
