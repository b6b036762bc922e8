"""From the atoms of a matched rule to a `TimeExpression`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sequela.components.time import calendar
from sequela.durations import format_duration, format_number, zero_like
from sequela.schema import TimeExpression, TimexType

UNIT_ATOMS = frozenset({"UNIT", "UNITS", "UNIT_SHORT", "QUARTER", "SECOND"})
_ORDINALS = frozenset({"ORDINAL", "FIRST", "SECOND"})
_BEFORE_HALF = frozenset({"HYPHEN", "AND", "ARTICLE", "ONES"})
_JOINS = frozenset({"TO", "HYPHEN", "OR", "AND", "SLASH", "COMMA"})
_MULTIPLES = {
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
class Piece:
    """An atom of the matched text."""

    atom: str
    value: str | float
    text: str


@dataclass(frozen=True)
class Setting:
    """What stands around the match, and what else is known."""

    before: Sequence[Piece] = ()
    after: Sequence[Piece] = ()
    following: str = ""  # the text right after the match
    document_date: date | None = None
    day_first: bool | None = None  # for 03/05/2019, where other dates of the report tell
    whole_phrase: bool = False

    def previous(self) -> str:
        """Atom right before the match."""
        return self.before[-1].atom if self.before else ""

    def next(self) -> str:
        """Atom right after the match."""
        return self.after[0].atom if self.after else ""


@dataclass(frozen=True)
class Reading:
    """A value, and which of the pieces belong to the expression (the others only led to it)."""

    expression: TimeExpression
    first: int = 0
    last: int | None = None


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


_PERSON = re.compile(
    r"\s?['’]?s?[\s-]+(?:old\b|of age\b"
    r"|(?:[a-z-]+ ){0,2}(?:male|female|man|woman|boy|girl|lady|gentleman)\b)",
    re.IGNORECASE,
)
_LASTING = re.compile(r"['’]?\s+(?:in )?duration\b")
_DAILY_LIFE = re.compile(r"\s+(?:activit|life|living|routine|work|practice)")
# Words that make "a week" a length of time and not part of "twice a week".
_BOUNDING = frozenset(
    ["WITHIN", "LESS", "MORE", "LAST", "NEXT", "LEAST", "MOST", "UP", "APPROX", "PRECISE", "OVER", "HALF"]
)
_MORE_DIGITS = re.compile(r"\.?\s*\d")  # "On Dec. 1"
_REACTION = re.compile(r"\s(?:onset|reaction|anaphyla|hypersen|allerg)")  # "immediate release" is no time

Builder = Callable[[list[Piece], Setting], "Reading | None"]


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


def duration(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "within 3 to 5 weeks", "a few days later", "more than 28 days"."""
    amounts = read_amounts(pieces)
    if not amounts.items or _is_ordinal_second(pieces, amounts, setting):
        return None
    if setting.previous() == "SLASH":  # 1 g/12 h
        return None
    if amounts.joins[:1] == ["AND"] and not _is_sum(amounts):  # "six weeks and 11 months": two times
        parting = next(
            i for i, piece in enumerate(pieces) if piece.atom == "AND" and pieces[i - 1].atom in UNIT_ATOMS
        )
        alone = duration(pieces[:parting], setting)
        return alone and Reading(alone.expression, alone.first, parting)
    if amounts.items[-1][1] == "Y" and _PERSON.match(setting.following):
        reading = age(pieces, setting)
        return reading and Reading(replace(reading.expression, rule="age_of_person"), reading.first)
    names = [piece.atom for piece in pieces]
    lead = _lead(names)
    relation, reference, first, last = _relation(pieces, names, lead, setting)
    quantities = [quantity for items, _ in amounts.items for quantity in items]
    only_article = len(quantities) == 1 and quantities[0].article and not setting.whole_phrase
    if only_article and not relation and not _BOUNDING & set(names) and setting.next() != "OF":
        return None
    low, high, value = _bounds(amounts)
    if _ends_open(names):
        high = ""
    vague = high == "" or any(quantity.vague for quantity in quantities)
    mod = _mod(names, lead)
    approximate = vague or "APPROX" in names[:lead] or "TILDE" in names[:lead] or mod == "APPROX"
    if names[-2:] == ["OR", "SO"]:
        approximate = True
    is_range = len(quantities) > 1 and low != high
    if "FIRST" in names[:lead]:  # in the first 8 weeks
        relation = relation or "within"
    if relation == "within" or mod in ("LESS_THAN", "EQUAL_OR_LESS"):
        if relation != "within" or not is_range:  # "within 8 to 11 months" lies between the two
            low = zero_like(high) if high else ""
        value = value if vague else high
    elif mod in ("MORE_THAN", "EQUAL_OR_MORE"):
        low, high = (low or high), ""
    expression = TimeExpression(
        type=TimexType.DURATION,
        value=value,
        min=low,
        max=high,
        approximate=approximate,
        relation=relation,
        reference=reference,
        mod=mod or ("APPROX" if approximate else ""),
    )
    return Reading(expression, first, last)


def quarter_hour(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "a quarter of an hour"."""
    unit = next(str(piece.value) for piece in pieces if piece.atom == "UNIT")
    if unit != "TH":
        return None
    names = [piece.atom for piece in pieces]
    relation, reference, first, last = _relation(pieces, names, _lead(names), setting)
    expression = TimeExpression(
        type=TimexType.DURATION,
        value="PT15M",
        min="PT15M",
        max="PT15M",
        relation=relation,
        reference=reference,
    )
    return Reading(expression, first, last)


def _ends_open(names: list[str]) -> bool:
    """Whether a range ends without a number: "several days to weeks"."""
    return any(
        name == "UNITS" and index and names[index - 1] in ("TO", "OR") for index, name in enumerate(names)
    )


def _is_ordinal_second(pieces: list[Piece], amounts: Amounts, setting: Setting) -> bool:
    """Whether "second" is an ordinal: "a second dose", "one second-line drug"."""
    if not any(piece.atom == "SECOND" for piece in pieces):
        return False
    return pieces[-1].text != "second" or setting.next() == "HYPHEN" or pieces[0].atom != "NUMBER"


def _lead(names: list[str]) -> int:
    """Count the pieces before the first quantity."""
    for index, name in enumerate(names):
        if name in (
            "NUMBER",
            "YEAR",
            "ONES",
            "TENS",
            "HUNDRED",
            "DOZEN",
            "ARTICLE",
            "FEW",
            "SEVERAL",
            "COUPLE",
            "HALF",
        ):
            return index
        if name in UNIT_ATOMS and name not in ("SECOND",):
            return index
    return len(names)


def _mod(names: list[str], lead: int) -> str:
    """TIMEX3 mod from the words before the quantity or after it."""
    words = names[:lead]
    negated = "NO" in words
    if "THAN" in words:
        if "LESS" in words:
            return "EQUAL_OR_MORE" if negated else "LESS_THAN"
        return "EQUAL_OR_LESS" if negated else "MORE_THAN"
    if "UNDER" in words or "LT" in words:
        return "LESS_THAN"
    if "GT" in words:
        return "MORE_THAN"
    if "LEAST" in words or names[-2:] == ["OR", "MORE"]:
        return "EQUAL_OR_MORE"
    if "MOST" in words or "UP" in words or names[-2:] == ["OR", "LESS"]:
        return "EQUAL_OR_LESS"
    return ""


def _relation(
    pieces: list[Piece], names: list[str], lead: int, setting: Setting
) -> tuple[str, str, int, int | None]:
    """Where the expression lies from its reference, and which pieces belong to it."""
    first = 0
    words = names[:lead]
    before, after = setting.previous(), setting.next()
    if before == "ARTICLE" and len(setting.before) > 1:  # "after a further 2 days"
        before = setting.before[-2].atom
    if words[:1] == ["OVER"]:
        first = 1
    if words[:1] == ["FOLLOWING"]:
        return "after", "", 1, None
    if names[-1] == "LATER":
        return "after", "previous", first, None
    if names[-1] == "AGO":
        return "before", "document", first, None
    if names[-1] == "EARLIER":
        return "before", "previous", first, None
    if _LASTING.match(setting.following):
        return "for", "history", first, None
    if after == "HISTORY" or (
        before == "OF" and len(setting.before) > 1 and setting.before[-2].atom == "HISTORY"
    ):
        return "for", "history", first, None
    if "WITHIN" in words:
        return "within", "", first, None
    if after == "HYPHEN" and len(setting.after) > 1:
        after = setting.after[1].atom
    if after in ("AFTER", "FOLLOWING") or setting.following.lstrip(" -").lower().startswith("post"):
        return "after", "", first, None
    if after in ("BEFORE", "PRIOR", "EARLIER"):
        return "before", "", first, None
    if after == "LATER":
        return "after", "previous", first, None
    if after == "SINCE":
        return "after", "", first, None
    if before == "AT" and len(setting.before) > 1 and setting.before[-2].atom in ("LEAST", "MOST"):
        before = ""
    if before in ("AFTER", "FOLLOWING"):
        return "after", "", first, None
    if before in ("FOR", "SINCE", "TIMES", "THROUGHOUT") or "OVER" in words:
        return "for", "", first, None
    if before in ("AT", "ON"):
        return "at", "", first, None
    if "LAST" in words:
        return "for", "document", first, None
    return "", "", first, None


def _bounds(amounts: Amounts) -> tuple[str, str, str]:
    """Give lower bound, upper bound and TIMEX3 value of the amounts."""
    if len(amounts.items) == 1:
        quantities, unit = amounts.items[0]
        return _of_one_unit(quantities, unit)
    if _is_sum(amounts):
        text = _sum(amounts)
        return text, text, text
    low, _, value = _of_one_unit(amounts.items[0][0], amounts.items[0][1])
    high = _of_one_unit(amounts.items[-1][0], amounts.items[-1][1])[1]
    return low, high, value


def _is_sum(amounts: Amounts) -> bool:
    """Whether units go down from one to the next, as in "one year and 3 months"."""
    ranks = [_ORDER.index(_unit_of(unit)) for _, unit in amounts.items]
    descending = all(a < b for a, b in itertools.pairwise(ranks))
    return descending and all(join in ("AND", "", "COMMA") for join in amounts.joins)


def _unit_of(unit: str) -> str:
    return _MULTIPLES[unit][1] if unit in _MULTIPLES else unit


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


def _of_one_unit(quantities: list[Quantity], unit: str) -> tuple[str, str, str]:
    factor, base = _MULTIPLES.get(unit, (1.0, unit))
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


def vague_duration(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "within hours", "weeks later", "the first days": a unit without a number."""
    names = [piece.atom for piece in pieces]
    units = [str(piece.value) for piece in pieces if piece.atom == "UNITS"]
    lead = _lead(names)
    relation, reference, first, last = _relation(pieces, names, lead, setting)
    told = {"FIRST", "LAST", "NEXT", "RECENT", "WITHIN", "CONSECUTIVE"} & set(names)
    if not (relation or told or setting.whole_phrase):
        return None
    if setting.previous() in ("PER", "SLASH", "NUMBER") and not setting.whole_phrase:
        return None
    mod = "START" if "FIRST" in names else _mod(names, lead)
    timex_unit = {"DE": "E", "C": "C", "ML": "L", "2W": "W", "WE": "WE"}.get(units[0], units[0])
    expression = TimeExpression(
        type=TimexType.DURATION,
        value=format_duration("X", timex_unit),
        approximate=True,
        relation=relation,
        reference=reference,
        mod=mod,
    )
    return Reading(expression, first, last)


def first_unit(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "within the first week": from zero to one week."""
    low, high, _ = _of_one_unit([Quantity(1.0, 1.0)], str(pieces[-1].value))
    names = [piece.atom for piece in pieces]
    expression = TimeExpression(
        type=TimexType.DURATION,
        value=high,
        min=zero_like(low),
        max=high,
        relation="within",
        ordinal=1,
    )
    return Reading(expression, 0 if names[0] == "WITHIN" else names.index("THE"))


def ordinal_unit(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "the 22nd day", "third week", "second postoperative day"."""
    ordinals = [int(float(piece.value)) for piece in pieces if piece.atom in _ORDINALS]
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


_UNIT_OF_DOSE = frozenset(
    {"mg", "g ", "ml", "µg", "μg", "mc", "iu", "pa", "ca"}
)  # "per day 500 mg", "day 3 patients"


def _nth_unit(ordinals: list[int], unit: str, reference: str) -> TimeExpression:
    """Give the place of the nth unit: day 8 as P8D, the third week as P2W to P3W."""
    factor, base = _MULTIPLES.get(unit, (1.0, unit))
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


def ordinal_course(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "the third cycle", "nine courses": a place in the treatment that is no time by itself."""
    names = [piece.atom for piece in pieces]
    ordinals = [int(float(piece.value)) for piece in pieces if piece.atom in _ORDINALS]
    if not ordinals and "LAST" not in names:
        for index in range(len(pieces)):
            number = read_number(pieces, index)
            if number:
                ordinals = [int(number[0])]
                break
    if not ordinals and "LAST" not in names and setting.previous() not in ("AFTER", "FOLLOWING"):
        return None
    return Reading(_nth_course(ordinals, "cycle"))


def _nth_course(ordinals: list[int], reference: str) -> TimeExpression:
    # A cycle has no length of its own: the number is the value.
    return TimeExpression(
        type=TimexType.DURATION,
        value="",
        relation="at",
        reference=reference,
        ordinal=max(ordinals) if ordinals else None,
    )


def relative_unit(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "the next day", "the same evening", "the day after", "last week"."""
    names = [piece.atom for piece in pieces]
    thing = next(piece for piece in reversed(pieces) if piece.atom in ("UNIT", "DAYPART", "WEEKDAY"))
    part = thing.atom != "UNIT"
    unit = "D" if part else str(thing.value)
    factor, base = _MULTIPLES.get(unit, (1.0, unit))
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


def vague(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "shortly after", "immediately": no number, or zero."""
    names = [piece.atom for piece in pieces]
    immediate = "IMMEDIATELY" in names
    if pieces[-1].text.lower() == "immediate" and not (
        setting.whole_phrase or _REACTION.match(setting.following)
    ):
        return None
    if not immediate and names[-1] == "SHORTLY" and setting.following.lstrip()[:3].lower() == "as ":
        return None
    if (
        not immediate
        and pieces[0].text.lower() != "shortly"
        and names[-1] == "SHORTLY"
        and not setting.whole_phrase
    ):
        return None
    relation = "before" if setting.next() in ("BEFORE", "PRIOR") else "after"
    zero = "PT0H" if immediate else ""
    expression = TimeExpression(
        type=TimexType.DURATION,
        value="PT0H" if immediate else "PXX",
        min=zero,
        max=zero,
        approximate=True,
        relation=relation,
    )
    return Reading(expression)


def age(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "58-year-old", "aged 3 to 5 months": the time since birth."""
    amounts = read_amounts(pieces)
    if amounts.items:
        low, high, value = _bounds(amounts)
    else:
        numbers = [n[0] for i in range(len(pieces)) if (n := read_number(pieces, i))]
        if not numbers or max(numbers) > 120:
            return None
        low, high = format_duration(min(numbers), "Y"), format_duration(max(numbers), "Y")
        value = low
    approximate = any(piece.atom in ("APPROX", "TILDE") for piece in pieces)
    expression = TimeExpression(
        type=TimexType.DURATION, value=value, min=low, max=high, approximate=approximate, reference="birth"
    )
    return Reading(expression)


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
    return Reading(TimeExpression(type=kind, value=value, mod=mod))


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
        factor, base = _MULTIPLES.get(unit, (1.0, unit))
        every = names.index("EVERY") if "EVERY" in names else len(names)
        number = read_number(pieces, every + 1) if every + 1 < len(pieces) else None
        ordinal = next((float(p.value) for p in pieces if p.atom in ("ORDINAL", "SECOND")), None)
        count = 2.0 if "OTHER" in names else ordinal or (number[0] if number else 1.0)
        value = format_duration(count * factor, base)
    return Reading(TimeExpression(type=TimexType.SET, value=value))


BUILDERS: dict[str, Builder] = {
    "age": age,
    "clock": clock,
    "date": date_expression,
    "daypart": daypart,
    "duration": duration,
    "first_unit": first_unit,
    "numbered_unit": numbered_unit,
    "ordinal_course": ordinal_course,
    "ordinal_unit": ordinal_unit,
    "prefixed_date": prefixed_date,
    "quarter_hour": quarter_hour,
    "relative_unit": relative_unit,
    "set": recurring,
    "vague": vague,
    "vague_duration": vague_duration,
}
