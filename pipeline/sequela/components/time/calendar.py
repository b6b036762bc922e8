"""Absolute dates and clock times: from atoms to TIMEX3 values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

Atom = tuple[str, str | float, str]

_SEPARATOR = re.compile(r"[/.]")


def read_date(
    atoms: Sequence[Atom], *, document_date: date | None = None, day_first: bool | None = None
) -> tuple[str, str]:
    """Give the TIMEX3 value of a date and its mod; "" where the figures are no date.

    A date without year becomes ``XXXX-05-03``, or the nearest such day to ``document_date``. For
    ``03/05/2019``, where both readings are dates, only the year is sure unless ``day_first`` tells.
    """
    by_name = {name: value for name, value, _ in atoms}
    mod = str(by_name.get("PHASE", ""))
    if "ISODATE" in by_name:
        text = str(by_name["ISODATE"])
        return (f"{text}T{by_name['CLOCK']}" if "CLOCK" in by_name else text), mod
    if "NUMDATE" in by_name:
        return read_numeric(str(by_name["NUMDATE"]), day_first=day_first), mod
    year = int(by_name["YEAR"]) if "YEAR" in by_name else None
    if "SEASON" in by_name:
        return f"{_year(year)}-{by_name['SEASON']}", mod
    if "MONTH" not in by_name:
        return _year(year) if year else "", mod
    month = int(by_name["MONTH"])
    day = next((value for name, value, _ in atoms if name in ("NUMBER", "ORDINAL", "FIRST", "SECOND")), None)
    if day is None:
        if year is None and document_date is not None:
            year = _nearest_year(document_date, month, 15)
        return f"{_year(year)}-{month:02d}", mod
    if not float(day).is_integer() or not valid(year or 2000, month, int(day)):
        return "", mod
    if year is None and document_date is not None:
        year = _nearest_year(document_date, month, int(day))
    return f"{_year(year)}-{month:02d}-{int(day):02d}", mod


def read_numeric(text: str, *, day_first: bool | None = None) -> str:
    """Read ``13/05/2019`` or ``13.5.19``; dotted dates have the day first."""
    first, second, last = (int(part) for part in _SEPARATOR.split(text))
    year = last if last > 99 else (2000 + last if last < 50 else 1900 + last)
    if "." in text or first > 12:
        day_first = True
    elif second > 12:
        day_first = False
    elif first == second:
        day_first = True
    if day_first is None:
        return str(year)
    day, month = (first, second) if day_first else (second, first)
    return f"{year}-{month:02d}-{day:02d}" if valid(year, month, day) else ""


def day_order(texts: Sequence[str]) -> bool | None:
    """Tell from the dates of a report whether the day comes first; None where they do not agree."""
    votes = set()
    for text in texts:
        first, second, _ = (int(part) for part in _SEPARATOR.split(text))
        if "/" in text and (first > 12) != (second > 12):
            votes.add(first > 12)
    return votes.pop() if len(votes) == 1 else None


def read_clock(atoms: Sequence[Atom]) -> str:
    """Read ``10:30 pm`` as ``T22:30``; "" where the figures are no time."""
    hour, minute = -1, 0
    half = ""
    for name, value, text in atoms:
        if name == "CLOCK":
            hour, minute = (int(part) for part in str(value).split(":")[:2])
        elif name == "NUMBER" and float(value).is_integer():
            hour = int(value)
        elif name == "AMPM":
            half = text[0].lower()
    if half:
        if not 1 <= hour <= 12:
            return ""
        hour = hour % 12 + (12 if half == "p" else 0)
    return f"T{hour:02d}:{minute:02d}" if 0 <= hour <= 24 else ""


def valid(year: int, month: int, day: int) -> bool:
    """Whether there is such a day."""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _year(year: int | None) -> str:
    return "XXXX" if year is None else f"{year:04d}"


def _nearest_year(near: date, month: int, day: int) -> int:
    """Give the year that brings the day nearest; texts tell of the past, so the future counts double."""
    candidates = [year for year in (near.year - 1, near.year, near.year + 1) if valid(year, month, day)]

    def cost(year: int) -> int:
        days = (date(year, month, day) - near).days
        return 2 * days if days > 0 else -days

    return min(candidates, key=cost) if candidates else near.year
