"""Places in a course: "day 8", "the third week", "the second cycle", "the next day"."""

from __future__ import annotations

from dataclasses import replace

from sequela.components.time.amounts import MULTIPLES, read_number
from sequela.components.time.pieces import ORDINALS, UNIT_ATOMS, Piece, Reading, Setting
from sequela.durations import format_duration, zero_like
from sequela.schema import TimeExpression, TimexType


def ordinal_unit(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "the 22nd day", "third week", "second postoperative day"."""
    ordinals = [int(float(piece.value)) for piece in pieces if piece.atom in ORDINALS]
    reference = next((str(piece.value) for piece in pieces if piece.atom.startswith("PREFIX")), "")
    expression = _nth_unit(ordinals, str(pieces[-1].value), reference)
    if setting.previous() in ("AFTER", "FOLLOWING"):  # after the second week: it is over
        expression = replace(expression, min=expression.max, relation="after")
    return Reading(expression)


def numbered_unit(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "day 8", "hospital day 3", "weeks 3 to 5", "cycle 3", "POD 2"."""
    if setting.previous() in ("PER", "ARTICLE", "SLASH", "EVERY", "NUMBER", "HYPHEN", "ONES"):
        return None
    if setting.following.lstrip(" ")[:2].lower() in _UNIT_OF_DOSE or setting.following[:1] == "%":
        return None
    numbers = [float(piece.value) for piece in pieces if piece.atom in ("NUMBER", "ONES")]
    if any(number != int(number) or number > 2000 for number in numbers):
        return None
    reference = next((str(piece.value) for piece in pieces if piece.atom.startswith("PREFIX")), "")
    whole = [int(number) for number in numbers]
    if any(piece.atom == "COURSE" for piece in pieces):
        return Reading(_nth_course(whole, "cycle"))
    unit = next((str(piece.value) for piece in pieces if piece.atom in UNIT_ATOMS), "D")
    return Reading(_nth_unit(whole, unit, reference))


def ordinal_course(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "the third cycle", "nine courses": a place in the treatment that is no time by itself."""
    names = [piece.atom for piece in pieces]
    ordinals = [int(float(piece.value)) for piece in pieces if piece.atom in ORDINALS]
    if not ordinals and "LAST" not in names:
        for index in range(len(pieces)):
            number = read_number(pieces, index)
            if number:
                ordinals = [int(number[0])]
                break
    if not ordinals and "LAST" not in names and setting.previous() not in ("AFTER", "FOLLOWING"):
        return None
    return Reading(_nth_course(ordinals, "cycle"))


def relative_unit(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "the next day", "the same evening", "the day after", "last week"."""
    names = [piece.atom for piece in pieces]
    thing = next(piece for piece in reversed(pieces) if piece.atom in ("UNIT", "DAYPART", "WEEKDAY"))
    part = thing.atom != "UNIT"
    unit = "D" if part else str(thing.value)
    factor, base = MULTIPLES.get(unit, (1.0, unit))
    one = format_duration(factor, base)
    if "SAME" in names:
        high = "PT12H" if part else one
        return Reading(
            TimeExpression(
                type=TimexType.DURATION,
                value=high,
                min=zero_like(high),
                max=high,
                relation="within",
                reference="previous",
            )
        )
    if names[-1] in ("AFTER", "FOLLOWING"):
        low = one if unit == "D" else zero_like(one)
        return Reading(
            TimeExpression(
                type=TimexType.DURATION, value=one, min=low, max=one, relation="after", reference=""
            )
        )
    if "LAST" in names or names[-1] in ("BEFORE", "PRIOR"):
        relation = "before"
    elif "NEXT" in names or "FOLLOWING" in names:
        relation = "after"
    else:
        return None
    told_before = any(piece.text.lower() in ("previous", "preceding") for piece in pieces)
    reference = "document" if "LAST" in names and not told_before else "previous"
    return Reading(
        TimeExpression(
            type=TimexType.DURATION,
            value=one,
            min=one,
            max=one,
            approximate=part or unit != "D",
            relation=relation,
            reference=reference,
        )
    )


_UNIT_OF_DOSE = frozenset(
    {"mg", "g ", "ml", "µg", "μg", "mc", "iu", "pa", "ca"}
)  # "per day 500 mg", "day 3 patients"


def _nth_unit(ordinals: list[int], unit: str, reference: str) -> TimeExpression:
    """Give the place of the nth unit: day 8 as P8D, the third week as P2W to P3W."""
    factor, base = MULTIPLES.get(unit, (1.0, unit))
    start = min(ordinals) if base in ("D", "TH", "TM", "TS") else min(ordinals) - 1
    return TimeExpression(
        type=TimexType.DURATION,
        value=format_duration(max(ordinals) * factor, base),
        min=format_duration(max(start, 0) * factor, base),
        max=format_duration(max(ordinals) * factor, base),
        relation="at",
        reference=reference,
        ordinal=ordinals[0],
    )


def _nth_course(ordinals: list[int], reference: str) -> TimeExpression:
    # A cycle has no length of its own: the number is the value.
    return TimeExpression(
        type=TimexType.DURATION,
        value="",
        relation="at",
        reference=reference,
        ordinal=max(ordinals) if ordinals else None,
    )
