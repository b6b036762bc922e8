"""Lengths of time: "within 3 to 5 weeks", "a few days later", "58-year-old"."""

from __future__ import annotations

import re
from dataclasses import replace

from sequela.components.time.amounts import (
    Amounts,
    Quantity,
    bounds,
    is_sum,
    of_one_unit,
    read_amounts,
    read_number,
)
from sequela.components.time.pieces import UNIT_ATOMS, Piece, Reading, Setting
from sequela.durations import format_duration, zero_like
from sequela.schema import TimeExpression, TimexType

_PERSON = re.compile(
    r"\s?['’]?s?[\s-]+(?:old\b|of age\b"
    r"|(?:[a-z-]+ ){0,2}(?:male|female|man|woman|boy|girl|lady|gentleman)\b)",
    re.IGNORECASE,
)
_LASTING = re.compile(r"['’]?\s+(?:in )?duration\b")
# Words that make "a week" a length of time and not part of "twice a week".
_BOUNDING = frozenset(
    ["WITHIN", "LESS", "MORE", "LAST", "NEXT", "LEAST", "MOST", "UP", "APPROX", "PRECISE", "OVER", "HALF"]
)
_REACTION = re.compile(r"\s(?:onset|reaction|anaphyla|hypersen|allerg)")  # "immediate release" is no time


def duration(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "within 3 to 5 weeks", "a few days later", "more than 28 days"."""
    amounts = read_amounts(pieces)
    if not amounts.items or _is_ordinal_second(pieces, amounts, setting):
        return None
    if setting.previous() == "SLASH":  # 1 g/12 h
        return None
    if amounts.joins[:1] == ["AND"] and not is_sum(amounts):  # "six weeks and 11 months": two times
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
    low, high, value = bounds(amounts)
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
    low, high, _ = of_one_unit([Quantity(1.0, 1.0)], str(pieces[-1].value))
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
        low, high, value = bounds(amounts)
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
