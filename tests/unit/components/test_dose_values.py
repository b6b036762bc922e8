from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequela.components.dose_values import (
    find_amounts,
    find_frequencies,
    find_ordinals,
    find_routes,
    read_dose,
)

# text, (mention, lowest, highest, UCUM unit, frequency, per day)
AMOUNTS: dict[str, tuple[str, tuple[str, float, float, str, str, float | None]]] = {
    "plain": ("given 40 mg once", ("40 mg once", 40, 40, "mg", "once", None)),
    "no space": ("given 40mg", ("40mg", 40, 40, "mg", "", None)),
    "per weight and day": ("0.5 mg/kg/day", ("0.5 mg/kg/day", 0.5, 0.5, "mg/kg/d", "", None)),
    "per area, weekly, times": (
        "80 mg/m2 weekly × 3",
        ("80 mg/m2 weekly × 3", 80, 80, "mg/m2", "weekly", pytest.approx(1 / 7, abs=1e-4)),
    ),
    "area in superscript": ("375 mg/m² once", ("375 mg/m² once", 375, 375, "mg/m2", "once", None)),
    "area in brackets": ("80 mg/m(2)x3", ("80 mg/m(2)x3", 80, 80, "mg/m2", "", None)),
    "negative exponents": ("10 mg kg-1 day-1", ("10 mg kg-1 day-1", 10, 10, "mg/kg/d", "", None)),
    "per in words": ("60 mg per day", ("60 mg per day", 60, 60, "mg/d", "", None)),
    "per 24 hours": ("3 liters per 24 hours", ("3 liters per 24 hours", 3, 3, "L/d", "", None)),
    "per hour": ("18 units/kg/hour", ("18 units/kg/hour", 18, 18, "U/kg/h", "", None)),
    "count times amount": ("2 × 500 mg", ("2 × 500 mg", 500, 500, "mg", "2 ×", None)),
    "count times amount a day": ("3 x 250 mg/day", ("3 x 250 mg/day", 250, 250, "mg", "3 x /d", 3)),
    "range": ("5 to 10 mg nightly", ("5 to 10 mg nightly", 5, 10, "mg", "nightly", 1)),
    "range with dash": ("125–500 mg daily", ("125–500 mg daily", 125, 500, "mg", "daily", 1)),
    "range with both units": ("5 mg to 10 mg", ("5 mg to 10 mg", 5, 10, "mg", "", None)),
    "three times daily": (
        "500 mg three times daily for 7 days",
        ("500 mg three times daily", 500, 500, "mg", "three times daily", 3),
    ),
    "q8h": ("4.5 g q8h", ("4.5 g q8h", 4.5, 4.5, "g", "q8h", 3)),
    "q 12 h": ("400 mg q 12 h", ("400 mg q 12 h", 400, 400, "mg", "q 12 h", 2)),
    "every 6 hours": ("1 g every 6 hours", ("1 g every 6 hours", 1, 1, "g", "every 6 hours", 4)),
    "every 4 to 6 weeks": (
        "10 mg every 4 to 6 weeks",
        ("10 mg every 4 to 6 weeks", 10, 10, "mg", "every 4 to 6 weeks", pytest.approx(1 / 35)),
    ),
    "per 8 h": ("100 mg/8 h", ("100 mg/8 h", 100, 100, "mg", "/8 h", 3)),
    "b.i.d.": ("10 mg b.i.d.", ("10 mg b.i.d.", 10, 10, "mg", "b.i.d.", 2)),
    "tds": ("10 mg tds", ("10 mg tds", 10, 10, "mg", "tds", 3)),
    "once a day": ("10 mg once a day", ("10 mg once a day", 10, 10, "mg", "once a day", 1)),
    "in brackets": ("5 mg (twice a day)", ("5 mg (twice a day)", 5, 5, "mg", "twice a day", 2)),
    "after a comma": ("40 mg, 3 times daily", ("40 mg, 3 times daily", 40, 40, "mg", "3 times daily", 3)),
    "every other day": ("4 mg every other day", ("4 mg every other day", 4, 4, "mg", "every other day", 0.5)),
    "number in words": ("five hundred milligrams", ("five hundred milligrams", 500, 500, "mg", "", None)),
    "hyphenated words": ("twenty-five mg", ("twenty-five mg", 25, 25, "mg", "", None)),
    "thousands": ("1,200 mg/d", ("1,200 mg/d", 1200, 1200, "mg/d", "", None)),
    "thousands with a space": ("10 000 IU", ("10 000 IU", 10000, 10000, "[iU]", "", None)),
    "decimal comma": ("0,6 ml/day", ("0,6 ml/day", 0.6, 0.6, "mL/d", "", None)),
    "million": ("24 million units", ("24 million units", 24e6, 24e6, "U", "", None)),
    "micro sign": ("500 µg", ("500 µg", 500, 500, "ug", "", None)),
    "Greek mu": ("500 μg", ("500 μg", 500, 500, "ug", "", None)),
    "mcg": ("20 mcg", ("20 mcg", 20, 20, "ug", "", None)),
    "ug": ("20 ug", ("20 ug", 20, 20, "ug", "", None)),
    "combination": ("800/160 mg", ("800/160 mg", 800, 800, "mg", "", None)),
    "combination with units": (
        "875 mg/125 mg twice daily",
        ("875 mg/125 mg twice daily", 875, 875, "mg", "twice daily", 2),
    ),
    "amount in a volume": ("2000 mcg/0.5 ml", ("2000 mcg/0.5 ml", 2000, 2000, "ug", "", None)),
    "tablets": ("4 tablets/day", ("4 tablets/day", 4, 4, "{tbl}/d", "", None)),
    "half a tablet": ("1/2 tablet daily", ("1/2 tablet daily", 0.5, 0.5, "{tbl}", "daily", 1)),
    "drops": ("two drops nightly", ("two drops nightly", 2, 2, "[drp]", "nightly", 1)),
    "per pulse": (
        "1.2 g/pulse every 2 weeks",
        ("1.2 g/pulse every 2 weeks", 1.2, 1.2, "g/{dose}", "every 2 weeks", pytest.approx(1 / 14)),
    ),
    "route between": ("20 mg IV every 12 hours", ("20 mg", 20, 20, "mg", "every 12 hours", 2)),
    "hyphen before the unit": ("a 225-mg/day course", ("225-mg/day", 225, 225, "mg/d", "", None)),
    "foreign day": ("1mg/Kg/j", ("1mg/Kg/j", 1, 1, "mg/kg/d", "", None)),
    "a number before": ("IL-2 5 mg", ("5 mg", 5, 5, "mg", "", None)),
}

NONE = {
    "mass concentration": "creatinine 5.2 mg/dL",
    "per litre": "potassium 2.9 mmol/L",
    "activity per litre": "ALT 640 U/L",
    "per millilitre": "a ferritin of 900 ng/mL",
    "pressure": "blood pressure 120/80 mmHg",
    "temperature": "38 °C",
    "age": "a 75-year-old man",
    "duration": "for 7 days",
    "protein loss": "urine protein of 3 g/day",
    "urine volume": "urine output 1.5 L",
    "weight": "weighing 3200 g",
    "length": "a 5 cm mass",
    "dilution": "1:1000",
    "percent by mass": "12 mg%",
    "serum level": "a serum level of 15 mg",
    "no unit": "she took 5 of them",
    "vertebra": "an L 4 fracture",
}


@pytest.mark.parametrize(("text", "expected"), AMOUNTS.values(), ids=AMOUNTS)
def test_amount(text, expected):
    found = [
        (dose.text, dose.value_min, dose.value_max, dose.unit, dose.frequency, dose.per_day)
        for dose in find_amounts(text)
    ]
    assert found == [expected]
    assert all(text[dose.start : dose.end] == dose.text for dose in find_amounts(text))


@pytest.mark.parametrize("text", NONE.values(), ids=NONE)
def test_what_is_no_dose(text):
    assert find_amounts(text) == []


def test_a_change_keeps_its_direction():
    (dose,) = find_amounts("Her dose was reduced from 20 to 10 mg.")
    assert (dose.rule, dose.value_min, dose.value_max) == ("change", 20, 10)


@pytest.mark.parametrize(
    ("text", "total", "overdose", "ordinal"),
    [
        ("a total dose of 600 mg", True, False, None),
        ("600 mg in total", True, False, None),
        ("600 mg daily", False, False, None),
        ("She ingested 30 tablets", False, True, None),
        ("an overdose of 5 g", False, True, None),
        ("the second dose (80 mg)", False, False, 2),
        ("the 3rd infusion of 80 mg", False, False, 3),
        ("Overdose was excluded. She took 80 mg", False, False, None),
    ],
)
def test_qualifiers(text, total, overdose, ordinal):
    (dose,) = find_amounts(text)
    assert (dose.total, dose.overdose, dose.ordinal) == (total, overdose, ordinal)


def test_amount_without_a_number():
    assert [(d.text, d.rule) for d in find_amounts("High-dose and low doses, no dose at all")] == [
        ("High-dose", "qualitative"),
        ("low doses", "qualitative"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("by mouth and i.v.", [("by mouth", "oral"), ("i.v.", "intravenous")]),
        ("given subcutaneously", [("subcutaneously", "subcutaneous")]),
        ("a privy council", []),
    ],
)
def test_routes(text, expected):
    assert [(part.text, part.value) for part in find_routes(text)] == expected


def test_frequencies():
    found = [
        (part.text, part.per_day) for part in find_frequencies("12-hourly, twice/day, prn and 3 times a week")
    ]
    assert found == [
        ("12-hourly", 2),
        ("twice/day", 2),
        ("prn", None),
        ("3 times a week", pytest.approx(3 / 7)),
    ]


def test_ordinals():
    found = [
        (part.text, part.value)
        for part in find_ordinals("after the second dose and the 22nd infusion, a large dose")
    ]
    assert found == [("second dose", "2"), ("22nd infusion", "22")]


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("20 mg daily", (20, "mg", None, "amount")),
        ("third dose", (None, "", 3, "tagger")),
        ("overdose", (None, "", None, "tagger")),
    ],
)
def test_value_of_a_span_of_the_tagger(span, expected):
    text = f"took {span} then"
    dose = read_dose(text, 5, 5 + len(span))
    assert (dose.value_min, dose.unit, dose.ordinal, dose.rule) == expected
    assert (dose.text, dose.overdose) == (span, span == "overdose")


@pytest.mark.parametrize(
    "piece",
    [
        "1 ",
        "1,000,",
        "one hundred and ",
        "5 mg to ",
        "5 mg/",
        "every ",
        "2 x ",
        "high ",
        "from 5 to ",
        "10 mg (",
        "5 mg daily, ",
    ],
)
def test_linear_time_on_hostile_text(piece):
    def cost(times: int) -> float:
        begin = time.perf_counter()
        find_amounts(piece * times)
        return time.perf_counter() - begin

    small = min(cost(500) for _ in range(3))
    assert cost(4000) < 0.2 + 4 * 8 * small


_PIECES = st.sampled_from(
    [
        "500", "1,200", "0,5", "½", "five", "hundred", "mg", "µg", "/kg", "/d", "mL", " to ", "-", "×", "(", ")",
        "daily", "q8h", "every", "high-dose", "second dose", "\u2009", "\n", ".", "ß", "İ", "١", "²",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(_PIECES, st.text(max_size=4)), max_size=20).map(" ".join))
def test_offsets_slice_to_the_mention(text):
    doses = find_amounts(text)
    assert [text[dose.start : dose.end] for dose in doses] == [dose.text for dose in doses]
    assert all(before.end <= after.start for before, after in pairwise(doses))
    for part in (*find_frequencies(text), *find_routes(text), *find_ordinals(text)):
        assert text[part.start : part.end] == part.text
    assert read_dose(text, 0, len(text)).text == text
