"""The tables of doses, courses and terms are sorted, trimmed, without duplicates, and agree."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from sequela.lexicons.loader import load_lines, load_table
from sequela.schema import Action, Challenge, Outcome

LISTS = [
    "course_common_words.txt",
    "course_generic.txt",
    "course_weak_words.txt",
    "dose_not_after.txt",
    "dose_not_before.txt",
    "dose_qualifiers.txt",
    "drug_abbreviations.txt",
    "drug_forms.txt",
    "drug_not_parts.txt",
    "drug_salts.txt",
    "drugs_not_in_text.txt",
    "event_fillers.txt",
    "events_not_in_text.txt",
    "route_context.txt",
    "site_findings.txt",
    "site_not_places.txt",
    "site_procedures.txt",
]
# table: the columns that together name a row; case does not count in the order
TABLES = {
    "course_cues.csv": ("rule",),
    "course_families.csv": ("family",),
    "course_ranges.csv": ("family", "analyte", "low"),
    "dose_forms.csv": ("form",),
    "dose_numbers.csv": ("word",),
    "dose_ordinals.csv": ("word",),
    "drug_names.csv": ("name", "code"),
    "drugs.csv": ("name", "drugbank"),
    "event_directions.csv": ("word",),
    "event_names.csv": ("name", "code"),
    "events.csv": ("code",),
    "frequencies.csv": ("form",),
    "routes.csv": ("form",),
    "site_skin.csv": ("word",),
    "units.csv": ("form",),
}
CODE = re.compile(r"(?:MESH:D\d{6,9}|DRUGBANK:DB\d{5}|ATC:[A-V]\d\d[A-Z]{0,2}(?:\d\d)?|HP:\d{7})")


@pytest.mark.parametrize("name", LISTS)
def test_list(name):
    lines = load_lines(name)
    assert list(lines) == sorted(set(lines))
    assert all(line == line.strip() == line.lower() for line in lines)


@pytest.mark.parametrize("name", TABLES)
def test_table(name):
    rows = load_table(name)
    keys = [tuple(row[column].lower() for column in TABLES[name]) for row in rows]
    assert keys == sorted(keys)
    assert [pair for pair in pairwise(keys) if pair[0] == pair[1]] == []
    assert [
        row for row in rows if any(value is None or value != value.strip() for value in row.values())
    ] == []


@pytest.mark.parametrize(
    "name", ["drug_names.csv", "drug_synonyms.csv", "event_names.csv", "event_synonyms.csv"]
)
def test_own_names(name):
    rows = load_table(name)
    assert [
        row["code"] for row in rows if not all(CODE.fullmatch(code) for code in row["code"].split("+"))
    ] == []
    forms = [form for row in rows for form in row["forms"].split("|")]
    assert [form for form in forms if form != form.strip().lower() or not form] == []
    assert sorted({form for form in forms if forms.count(form) > 1}) == []
    assert [
        row["name"] for row in rows if row["forms"].split("|") != sorted(set(row["forms"].split("|")))
    ] == []


def test_own_event_names_agree_with_the_ontology():
    names = {row["code"]: row["name"] for row in load_table("events.csv")}
    own = [
        row
        for table in ("event_names.csv", "event_synonyms.csv")
        for row in load_table(table)
        if row["code"].startswith("HP:")
    ]
    assert [(row["name"], row["code"]) for row in own if names.get(row["code"]) != row["name"]] == []


def test_derived_tables_hold_what_is_expected():
    drugs, events = load_table("drugs.csv"), load_table("events.csv")
    assert {row["name"]: row["drugbank"] for row in drugs}["Alemtuzumab"] == "DB00087"
    assert {row["code"]: row["name"] for row in events}["HP:0000967"] == "Petechiae"
    assert len(drugs) > 11_000
    assert len(events) > 18_000


def test_units_are_of_a_known_kind():
    kinds = {row["kind"] for row in load_table("units.csv")}
    assert kinds == {
        "activity",
        "area_divisor",
        "count",
        "dose_divisor",
        "mass",
        "mass_divisor",
        "radiation",
        "substance",
        "time_divisor",
        "volume",
    }


def test_needs_are_known():
    assert {row["needs"] for row in load_table("frequencies.csv")} == {"", "amount"}
    assert {row["needs"] for row in load_table("routes.csv")} == {"", "drug", "not_numeral"}


def test_course_cues_speak_of_known_values():
    known = {
        "outcome": {str(value) for value in Outcome},
        "action": {str(value) for value in Action},
        "rechallenge": {"given", str(Challenge.NOT_DONE)},
        "recurrence": {str(Challenge.POSITIVE), str(Challenge.NEGATIVE)},
    }
    rows = load_table("course_cues.csv")
    assert [row["rule"] for row in rows if row["value"] not in known[row["kind"]]] == []
    assert all(re.compile(row["pattern"]) for row in rows)
