"""Clauses of cues, stems and families: what the course is read from."""

from __future__ import annotations

import time

import pytest
from test_course import RULES

from sequela.components.course_cues import find_statements, recurrence_rules, rules, triggered
from sequela.components.course_report import families_of, is_diagnosis, lower, told_families
from sequela.components.course_values import is_normal
from sequela.lexicons.loader import load_table


def statements(text):
    """Give (rule, clause) of the statements of a sentence."""
    lowered = lower(text)
    numbers = {number for _, found in triggered(lowered) for number in found}
    found = find_statements(text, lowered, 0, 0, len(text), numbers)
    return [(one.cue.rule, text[one.begin : one.stop].strip(" ,;.")) for one in found]


@pytest.mark.parametrize("rule", [rule.name for n, rule in enumerate(rules()) if n not in recurrence_rules()])
def test_a_stem_announces_every_rule(rule):
    number = [one.name for one in rules()].index(rule)
    positive, _ = RULES[rule]
    assert any(number in found for _, found in triggered(lower(positive)))


CLAUSES = {
    "one": ("The rash resolved.", [("resolved", "The rash resolved")]),
    "two subjects": (
        "Amoxicillin was discontinued and the rash resolved.",
        [("discontinued", "Amoxicillin was discontinued"), ("resolved", "and the rash resolved")],
    ),
    "after": (
        "The rash resolved after amoxicillin was stopped.",
        [("resolved", "The rash resolved"), ("discontinued", "after amoxicillin was stopped")],
    ),
    "but": (
        "The fever settled, but the rash persisted.",
        [("disappeared", "The fever settled"), ("persisted", "but the rash persisted")],
    ),
    "a list is one": (
        "The fever, the rash and the cough had subsided.",
        [("disappeared", "The fever, the rash and the cough had subsided")],
    ),
    "denied": ("The rash has not resolved.", [("no_improvement", "The rash has not resolved")]),
    "partly": ("There was partial recovery.", [("better", "There was partial recovery")]),
    "advice": ("Amoxicillin should be stopped.", []),
    "doubt": ("The rash may resolve.", []),
    "nothing": ("She was tall.", []),
}


@pytest.mark.parametrize(("text", "expected"), CLAUSES.values(), ids=CLAUSES)
def test_clauses(text, expected):
    assert statements(text) == expected


def test_lower_case_keeps_offsets():
    text = "İ took it. The RASH resolved."
    assert len(lower(text)) == len(text)
    assert lower(text)[11:] == "the rash resolved."


FAMILIES = {
    "thrombocytopenia": ({"platelets"}, "the platelet count rose"),
    "acute kidney injury": ({"kidney"}, "creatinine fell"),
    "hepatitis": ({"liver"}, "bilirubin fell"),
    "agranulocytosis": ({"neutrophils"}, "neutrophils recovered"),
    "uveitis": ({"eye"}, "visual acuity improved"),
    "alopecia": (set(), "the skin healed"),
}


@pytest.mark.parametrize("event", FAMILIES)
def test_families(event):
    expected, told = FAMILIES[event]
    assert {family.name for family in families_of(event)} == expected
    assert bool(told_families(told) & expected) is bool(expected)


def test_directions_are_known():
    assert {row["direction"] for row in load_table("course_families.csv")} <= {"high", "low", ""}
    families = {row["family"] for row in load_table("course_families.csv")}
    assert {row["family"] for row in load_table("course_ranges.csv")} <= families
    assert all(float(row["low"]) < float(row["high"]) for row in load_table("course_ranges.csv"))


NORMAL = {
    "platelets rose to 310 × 10⁹/l": ("platelets", True),
    "platelets rose to 310,000/µl": ("platelets", True),
    "platelets rose to 64 × 10⁹/l": ("platelets", False),
    "platelets rose to 64 in two days and to 210 in ten": ("platelets", True),
    "potassium was 5.1 mmol/l on day 9": ("potassium", True),
    "potassium was 6.9 mmol/l": ("potassium", False),
    "creatinine of 88 µmol/l": ("kidney", True),
    "creatinine of 2.9 mg/dl": ("kidney", False),
    "sodium was normal after 140 hours": ("sodium", False),
    "the count was 200": ("platelets", False),
}


@pytest.mark.parametrize("text", NORMAL)
def test_normal_values(text):
    family, expected = NORMAL[text]
    assert is_normal(text, [family]) is expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DRESS", True),
        ("acute renal failure", True),
        ("rhabdomyolysis", True),
        ("pancytopenia", True),
        ("rash", False),
        ("headache", False),
        ("dressing", False),
    ],
)
def test_diagnoses(event, expected):
    assert is_diagnosis(event) is expected


@pytest.mark.parametrize("piece", ["stopped and ", "resolved, the ", "platelets 1,1", "no more ", "re-"])
def test_linear_time_on_hostile_text(piece):
    text = piece * 4_000
    begin = time.perf_counter()
    statements(text)
    told_families(text)
    is_normal(text, ["platelets"])
    assert time.perf_counter() - begin < 8
