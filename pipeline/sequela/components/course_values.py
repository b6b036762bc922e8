"""Measured values that are normal again: "platelets rose to 310 × 10⁹/L".

Units are not read: of the ranges of an analyte one fits in each unit that is in use, and they lie far apart.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache

from sequela.lexicons.loader import load_table

_NUMBER = re.compile(
    r"(?<![\d.,/^–-])(?<!day )(?<!× )(?<!x )\d[\d,]{0,9}(?:\.\d{1,3})?(?![\d.]*\d)"
    r"(?!\s?(?:hours?|days?|weeks?|months?|years?|minutes?|h\b|d\b|%|mg\b(?!/)|ml\b|th\b|st\b|nd\b|rd\b))"
)


def is_normal(text: str, families: Iterable[str]) -> bool:
    """Tell whether the last value that a text gives for an analyte of a family is a normal one.

    Parameters
    ----------
    text
        A clause in lower case.
    families
        Names of ``course_families.csv``.
    """
    for family in families:
        for analyte, ranges in _ranges().get(family, ()):
            named = analyte.search(text)
            numbers = _NUMBER.findall(text, named.end()) if named else []
            if numbers:
                value = float(numbers[-1].replace(",", ""))
                return any(low <= value <= high for low, high in ranges)
    return False


@cache
def _ranges() -> dict[str, tuple[tuple[re.Pattern[str], tuple[tuple[float, float], ...]], ...]]:
    found: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for row in load_table("course_ranges.csv"):
        found[row["family"]][row["analyte"]].append((float(row["low"]), float(row["high"])))
    return {
        family: tuple((re.compile(rf"\b(?:{name})\b"), tuple(ranges)) for name, ranges in analytes.items())
        for family, analytes in found.items()
    }
