"""Dates, clock times and recurring times."""

from __future__ import annotations

import re

from sequela.components.time import calendar
from sequela.components.time.amounts import MULTIPLES, read_number
from sequela.components.time.pieces import UNIT_ATOMS, Piece, Reading, Setting
from sequela.durations import format_duration
from sequela.schema import TimeExpression, TimexType

_MORE_DIGITS = re.compile(r"\.?\s*\d")  # "On Dec. 1"
_LONGEST_SHORT_FORM = 4  # "Sept"
_DAILY_LIFE = re.compile(r"\s+(?:activit|life|living|routine|work|practice)")


def date_expression(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read an absolute date."""
    value, mod = calendar.read_date(
        [(piece.atom, piece.value, piece.text) for piece in pieces],
        document_date=setting.document_date,
        day_first=setting.day_first,
    )
    if not value:
        return None
    kind = TimexType.TIME if "T" in value else TimexType.DATE
    # "From 12 January. On 15 January": the stop ends the sentence; behind "Jan" it may be of the short form.
    ends = pieces[-1].atom == "FULLSTOP" and len(pieces[-2].text) > _LONGEST_SHORT_FORM
    return Reading(TimeExpression(type=kind, value=value, mod=mod), 0, len(pieces) - 1 if ends else None)


def prefixed_date(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "in May", "since 2005": a month or a year counts as a date where a preposition says so."""
    if _MORE_DIGITS.match(setting.following):
        return None
    reading = date_expression(pieces[1:], setting)
    return Reading(reading.expression, 1) if reading else None


def clock(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "at 10:30 pm"."""
    value = calendar.read_clock([(piece.atom, piece.value, piece.text) for piece in pieces])
    if not value:
        return None
    first = 0
    while pieces[first].atom == "AT":
        first += 1
    return Reading(TimeExpression(type=TimexType.TIME, value=value), first)


def daypart(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "that evening", "at midnight", "overnight"."""
    names = [piece.atom for piece in pieces]
    value = str(pieces[-1].value)
    if (
        len(pieces) == 1
        and ":" not in value
        and pieces[0].text.lower() != "overnight"
        and not setting.whole_phrase
    ):
        return None
    first = 1 if names[0] in ("IN", "AT", "ON") else 0
    reference = "previous" if "DEMONSTRATIVE" in names else ""
    return Reading(TimeExpression(type=TimexType.TIME, value=f"T{value}", reference=reference), first)


def recurring(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "every 3 weeks", "three times a day", "daily"."""
    names = [piece.atom for piece in pieces]
    daily = next((str(piece.value) for piece in pieces if piece.atom == "DAILY"), "")
    if _DAILY_LIFE.match(setting.following):
        return None
    if daily:
        value = daily
    else:
        units = [str(piece.value) for piece in pieces if piece.atom in UNIT_ATOMS and piece.atom != "SECOND"]
        unit = units[-1] if units else "TS"
        factor, base = MULTIPLES.get(unit, (1.0, unit))
        every = names.index("EVERY") if "EVERY" in names else len(names)
        number = read_number(pieces, every + 1) if every + 1 < len(pieces) else None
        ordinal = next((float(p.value) for p in pieces if p.atom in ("ORDINAL", "SECOND")), None)
        count = 2.0 if "OTHER" in names else ordinal or (number[0] if number else 1.0)
        value = format_duration(count * factor, base)
    return Reading(TimeExpression(type=TimexType.SET, value=value))
