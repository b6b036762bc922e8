"""Numbers, quantities and bounds: from atoms to ISO 8601 durations."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from sequela.components.time.pieces import UNIT_ATOMS, Piece
from sequela.durations import format_duration, format_number

_BEFORE_HALF = frozenset({"HYPHEN", "AND", "ARTICLE", "ONES"})
_JOINS = frozenset({"TO", "HYPHEN", "OR", "AND", "SLASH", "COMMA"})
MULTIPLES = {
    "DE": (10.0, "Y"),
    "C": (100.0, "Y"),
    "ML": (1000.0, "Y"),
    "Q": (3.0, "M"),
    "2W": (2.0, "W"),
    "WE": (2.0, "D"),
}
_HALVES = {"Y": (6.0, "M"), "D": (12.0, "TH"), "TH": (30.0, "TM"), "TM": (30.0, "TS")}
_ORDER = ("Y", "M", "W", "D", "TH", "TM", "TS")


@dataclass(frozen=True)
class Quantity:
    """A number of units, or bounds of one; ``low`` None where the words give no number."""

    low: float | None
    high: float | None
    vague: bool = False
    half: bool = False
    mean: float | None = None  # of "7 ± 2"
    article: bool = False


@dataclass
class Amounts:
    """Quantities with their units, in the order of the text."""

    items: list[tuple[list[Quantity], str]] = field(default_factory=list)
    joins: list[str] = field(default_factory=list)  # what stood before each item but the first


def read_number(pieces: Sequence[Piece], position: int) -> tuple[float, int] | None:
    """Read figures or number words at ``position``; give the number and the position after it."""
    start = position
    total = 0.0
    if position < len(pieces) and pieces[position].atom in ("NUMBER", "YEAR"):
        total, position = float(pieces[position].value), position + 1
    else:
        atom = pieces[position].atom if position < len(pieces) else ""
        following = pieces[position + 1].atom if position + 1 < len(pieces) else ""
        if atom == "ARTICLE" and following in ("HUNDRED", "DOZEN"):
            total, position = 1.0, position + 1
        elif atom == "TENS":
            total, position = float(pieces[position].value), position + 1
            skip = position + 1 if following == "HYPHEN" else position
            if skip < len(pieces) and pieces[skip].atom == "ONES":
                total, position = total + float(pieces[skip].value), skip + 1
        elif atom == "ONES":
            total, position = float(pieces[position].value), position + 1
        elif atom in ("HUNDRED", "DOZEN"):
            total = 1.0
        if position < len(pieces) and pieces[position].atom in ("HUNDRED", "DOZEN"):
            is_hundred = pieces[position].atom == "HUNDRED"
            total, position = max(total, 1.0) * float(pieces[position].value), position + 1
            skip = position + 1 if position < len(pieces) and pieces[position].atom == "AND" else position
            if is_hundred and skip < len(pieces) and pieces[skip].atom in ("TENS", "ONES"):
                rest = read_number(pieces, skip)
                if rest:
                    total, position = total + rest[0], rest[1]
    if position == start:
        return None
    half = position
    while half < len(pieces) and half < position + 5 and pieces[half].atom in _BEFORE_HALF:
        half += 1
    between = [piece.atom for piece in pieces[position:half]]
    if "AND" in between and half < len(pieces) and pieces[half].atom == "HALF":  # three and a half
        return total + 0.5, half + 1
    return total, position


def read_quantity(pieces: Sequence[Piece], position: int) -> tuple[Quantity, int] | None:
    """Read a number, "a few", "several", "a couple of", "half a" or an article."""
    atom = pieces[position].atom
    following = pieces[position + 1].atom if position + 1 < len(pieces) else ""
    number = read_number(pieces, position)
    if number:
        return Quantity(number[0], number[0]), number[1]
    if atom == "ARTICLE" and following in ("FEW", "COUPLE", "HALF"):
        return read_quantity(pieces, position + 1)
    if atom in ("FEW", "SEVERAL"):
        low, _, high = str(pieces[position].value).partition("-")
        return Quantity(float(low) if low else None, float(high) if high else None, vague=True), position + 1
    if atom == "COUPLE":
        end = position + 2 if following == "OF" else position + 1
        return Quantity(2.0, 2.0, vague=True), end
    if atom == "HALF":
        end = position + 1
        while end < len(pieces) and pieces[end].atom in ("OF", "ARTICLE"):
            end += 1
        return Quantity(0.5, 0.5, half=True), end
    if atom == "ARTICLE":
        return Quantity(1.0, 1.0, article=True), position + 1
    return None


def read_amounts(pieces: Sequence[Piece]) -> Amounts:
    """Read every quantity with its unit; a range shares the unit that follows it."""
    amounts = Amounts()
    pending: list[Quantity] = []
    join = ""
    position = 0
    while position < len(pieces):
        piece = pieces[position]
        if piece.atom in UNIT_ATOMS and pending:
            unit = "TS" if piece.atom == "SECOND" else str(piece.value)
            if amounts.items:
                amounts.joins.append(join)
            amounts.items.append((pending, unit))
            pending, join = [], ""
            position += 1
            names = [p.atom for p in pieces[position : position + 3]]
            if names == ["AND", "ARTICLE", "HALF"]:
                last = amounts.items[-1][0][-1]
                amounts.items[-1][0][-1] = Quantity(_plus(last.low, 0.5), _plus(last.high, 0.5))
                position += 3
            continue
        if piece.atom == "PLUSMINUS" and pending:
            number = read_number(pieces, position + 1)
            if number and pending[-1].low is not None:
                mean = pending[-1].low
                pending[-1] = Quantity(max(mean - number[0], 0.0), mean + number[0], mean=mean)
                position = number[1]
                continue
        if piece.atom == "LPAREN" and pending:  # "four (4) weeks"
            while position < len(pieces) and pieces[position].atom != "RPAREN":
                position += 1
            position += 1
            continue
        quantity = read_quantity(pieces, position)
        if quantity:
            pending.append(quantity[0])
            position = quantity[1]
            continue
        if piece.atom in _JOINS and not (piece.atom == "HYPHEN" and join):
            join = piece.atom
        position += 1
    return amounts


def _plus(number: float | None, more: float) -> float | None:
    return None if number is None else number + more


def bounds(amounts: Amounts) -> tuple[str, str, str]:
    """Give lower bound, upper bound and TIMEX3 value of the amounts."""
    if len(amounts.items) == 1:
        quantities, unit = amounts.items[0]
        return of_one_unit(quantities, unit)
    if is_sum(amounts):
        text = _sum(amounts)
        return text, text, text
    low, _, value = of_one_unit(amounts.items[0][0], amounts.items[0][1])
    high = of_one_unit(amounts.items[-1][0], amounts.items[-1][1])[1]
    return low, high, value


def is_sum(amounts: Amounts) -> bool:
    """Whether units go down from one to the next, as in "one year and 3 months"."""
    ranks = [_ORDER.index(_unit_of(unit)) for _, unit in amounts.items]
    descending = all(a < b for a, b in itertools.pairwise(ranks))
    return descending and all(join in ("AND", "", "COMMA") for join in amounts.joins)


def _unit_of(unit: str) -> str:
    return MULTIPLES[unit][1] if unit in MULTIPLES else unit


def _sum(amounts: Amounts) -> str:
    """Write "1 year and 3 months" as ``P1Y3M``."""
    date_part, time_part = "", ""
    for quantities, unit in amounts.items:
        number = format_number(quantities[0].low) if quantities[0].low is not None else "X"
        if unit.startswith("T"):
            time_part += number + unit[1:]
        else:
            date_part += number + unit
    return f"P{date_part}" + (f"T{time_part}" if time_part else "")


def of_one_unit(quantities: list[Quantity], unit: str) -> tuple[str, str, str]:
    """Give lower bound, upper bound and TIMEX3 value of quantities that share a unit."""
    factor, base = MULTIPLES.get(unit, (1.0, unit))
    numbers = [number for quantity in quantities for number in (quantity.low, quantity.high)]
    known = [number for number in numbers if number is not None]
    timex_unit = {"DE": "E", "C": "C", "ML": "L", "Q": "Q"}.get(unit, base)
    if len(known) < len(numbers):
        return "", "", format_duration("X", timex_unit)
    if len(quantities) == 1 and quantities[0].half and base in _HALVES and factor == 1.0:
        number, smaller = _HALVES[base]
        text = format_duration(number, smaller)
        return text, text, text
    low = format_duration(min(known) * factor, base)
    high = format_duration(max(known) * factor, base)
    value = low
    if len(quantities) == 1 and quantities[0].mean is not None:
        value = format_duration(quantities[0].mean * factor, base)
    elif len(quantities) == 1 and quantities[0].vague and low != high:
        value = format_duration("X", timex_unit)
    return low, high, value
