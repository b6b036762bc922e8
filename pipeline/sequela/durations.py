"""ISO 8601 durations and hours.

A month counts 30.4375 days and a year 365.25 days (the mean of the Julian calendar, as in UCUM's ``mo_j`` and
``a_j``), so that twelve months are one year.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache

import isodate

HOURS_PER_DAY = 24.0
DAYS_PER_MONTH = 30.4375
DAYS_PER_YEAR = 365.25

# Units as written in a duration; those of the clock carry the T that ISO 8601 puts before them.
HOURS_OF_UNIT: dict[str, float] = {
    "TS": 1 / 3600,
    "TM": 1 / 60,
    "TH": 1.0,
    "D": HOURS_PER_DAY,
    "W": 7 * HOURS_PER_DAY,
    "M": DAYS_PER_MONTH * HOURS_PER_DAY,
    "Y": DAYS_PER_YEAR * HOURS_PER_DAY,
}


# What the fraction of a unit is written in, and how many of it make one.
_SMALLER = {"Y": ("M", 12), "M": ("D", 30)}


def format_number(number: float) -> str:
    """Write a number without needless digits: ``3``, ``1.5``, ``8.33``."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def format_duration(amount: float | str, unit: str) -> str:
    """Write one amount of one unit as ISO 8601; ``amount`` may be the ``X`` of TIMEX3.

    Months and years have no fractions: these are written as whole months and as days (15 for half a month).

    >>> format_duration(3, "W"), format_duration(36, "TH"), format_duration("X", "D")
    ('P3W', 'PT36H', 'PXD')
    >>> format_duration(4.5, "Y"), format_duration(2.5, "M"), format_duration(0.5, "Y")
    ('P4Y6M', 'P2M15D', 'P6M')
    """
    if unit in _SMALLER and not isinstance(amount, str) and amount != int(amount):
        smaller, count = _SMALLER[unit]
        whole, rest = int(amount), round((amount - int(amount)) * count)
        if rest == count:
            whole, rest = whole + 1, 0
        return "P" + (f"{whole}{unit}" if whole else "") + (f"{rest}{smaller}" if rest or not whole else "")
    number = amount if isinstance(amount, str) else format_number(amount)
    return f"PT{number}{unit[1:]}" if unit.startswith("T") else f"P{number}{unit}"


def zero_like(duration: str) -> str:
    """Give the zero that goes with a duration: ``PT0H`` beside hours and shorter, else ``P0D``."""
    return "PT0H" if duration.startswith("PT") else "P0D"


@lru_cache(maxsize=4096)
def to_hours(duration: str) -> float | None:
    """Hours of an ISO 8601 duration; None for "" and for vague values (``PXD``)."""
    if not duration or "X" in duration:
        return None
    try:
        parsed = isodate.parse_duration(duration)
    except isodate.ISO8601Error:
        return None
    if isinstance(parsed, timedelta):
        return float(parsed.total_seconds()) / 3600
    days = Decimal(parsed.years) * Decimal(DAYS_PER_YEAR) + Decimal(parsed.months) * Decimal(DAYS_PER_MONTH)
    return float(days) * HOURS_PER_DAY + float(parsed.tdelta.total_seconds()) / 3600


def from_days(days: float) -> str:
    """Write a number of days as a duration."""
    return format_duration(days, "D")


_PART = re.compile(r"(\d+(?:\.\d+)?)([YMWDHS])")


def add(durations: Iterable[str]) -> str:
    """Add durations unit by unit: a month and five days are ``P1M5D``, not 35.4 days.

    >>> add(["P10D", "P1D"]), add(["P1M", "P5D"])
    ('P11D', 'P1M5D')

    Weeks become days where days stand beside them: six weeks and ten days are ``P52D``.
    """
    totals: dict[str, float] = {}
    for duration in durations:
        days, _, clock = duration.partition("T")
        for prefix, part in (("", days), ("T", clock)):
            for number, unit in _PART.findall(part):
                totals[prefix + unit] = totals.get(prefix + unit, 0.0) + float(number)
    if "W" in totals and "D" in totals:
        totals["D"] += 7 * totals.pop("W")
    parts = {
        unit: format_number(totals[unit]) + unit[-1]
        for unit in ("Y", "M", "W", "D", "TH", "TM", "TS")
        if unit in totals
    }
    days = "".join(text for unit, text in parts.items() if not unit.startswith("T"))
    clock = "".join(text for unit, text in parts.items() if unit.startswith("T"))
    return f"P{days}" + (f"T{clock}" if clock else "")


def subtract(longer: str, shorter: str) -> str:
    """Give the difference of two durations of one unit each; "" where it cannot be told exactly.

    >>> subtract("P10W", "P1W"), subtract("P2W", "P3D"), subtract("P3M", "P1W"), subtract("P1D", "P2D")
    ('P9W', 'P11D', '', '')
    """
    parts = [_SINGLE.fullmatch(duration) for duration in (longer, shorter)]
    if parts[0] is None or parts[1] is None:
        return ""
    (first, unit), (second, other) = parts[0].groups(), parts[1].groups()
    numbers = [float(first), float(second)]
    if unit != other:
        if {unit, other} != {"D", "W"}:
            return ""
        numbers = [
            number * (7 if one == "W" else 1) for number, one in zip(numbers, (unit, other), strict=True)
        ]
        unit = "D"
    return format_duration(numbers[0] - numbers[1], unit) if numbers[0] > numbers[1] else ""


_SINGLE = re.compile(r"P(\d+(?:\.\d+)?)([YMWD])")
