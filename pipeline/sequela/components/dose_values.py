"""Amounts, frequencies and routes in a text, with their values.

An amount is a number (or range) with a unit of `lexicons/units.csv`; its unit is given in UCUM
(https://ucum.org), with ``{tbl}`` and the like for things that are counted. Laboratory values look the same
("5.2 mg/dL", "120 mmHg") and are left out: by their divisor, or by the word before them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from sequela.components.alternatives import any_of
from sequela.lexicons.loader import load_lines, load_table
from sequela.schema import Dose

_TEXTS = 32  # the stages ask for the parts of a report, and of its doses, more than once
_LOOK_BACK = 60  # characters before an amount that may qualify it
_GAP = 30  # characters between an amount and its frequency


@dataclass(frozen=True, kw_only=True)
class Part:
    """A frequency or route found in a text; ``needs`` is the context without which it does not count."""

    start: int
    end: int
    text: str
    value: str
    per_day: float | None = None
    needs: str = ""


@dataclass(frozen=True)
class _Patterns:
    amount: re.Pattern[str]
    qualitative: re.Pattern[str]
    frequency: re.Pattern[str]
    route: re.Pattern[str]
    form: re.Pattern[str]
    divisor: re.Pattern[str]
    measured: re.Pattern[str]
    not_given: re.Pattern[str]
    units: dict[str, tuple[str, str]]
    numbers: dict[str, float]
    ordinals: dict[str, int]
    frequencies: dict[str, tuple[float | None, str]]
    routes: dict[str, tuple[str, str]]
    forms: dict[str, str]


_LAB_DIVISOR = re.compile(
    r"\s?(?:/|per)\s?(?:d|m|µ|μ|u|c)?(?:[lL]\b|mm\d?|cmm|hpf|g\b|mol|lit(?:er|re)|milli)|\s?%"
)
_OXYGEN = re.compile(r"\boxygen\b|\bO2\b|\bcannula\b|\bmask\b", re.I)
_TIMES = re.compile(
    r"\s{0,2}[x×*]\s?(\d{1,3})(?![\w.])(?:\s?(?:doses|days?|d|weeks?|cycles|courses|times)\b)?"
)
_NUMBERED_DOSE = re.compile(
    r"\b([a-z]{4,8}|\d{1,2}(?:st|nd|rd|th))\s"
    r"(?:dose|injection|infusion|cycle|course|shot|vaccination|administration)\b",
    re.I,
)
_TOTAL = re.compile(r"\b(?:total|cumulative|altogether|overall|in all)\b", re.I)
_TOTAL_AFTER = re.compile(r"[\s,(]{0,2}(?:in total|total\b|altogether|cumulative)", re.I)
_OVERDOSE = re.compile(
    r"\b(?:overdos\w{0,5}|ingest\w{0,4}|swallow\w{0,4}|suicid\w{0,3}|poison\w{0,4}|intoxicat\w{0,4}"
    r"|accidental\w{0,2}|intentional\w{0,2}|mistakenly|erroneous\w{0,2}|inadvertent\w{0,2})\b",
    re.I,
)
_CHANGE = re.compile(
    r"\b(?:increas|decreas|reduc|escalat|taper|titrat|rais|lower|chang|up-?titrat|adjust|augment)\w{0,6}"
    r"(?:\s[^\s.;]{1,20}){0,5}\s(?:from\s)?$|\bfrom\s$",
    re.I,
)
_SENTENCE_END = re.compile(r"[.;?!]\s+(?=[A-Z(])|\n")
_PERIODS = {
    "minute": 1 / 1440,
    "min": 1 / 1440,
    "hour": 1 / 24,
    "hr": 1 / 24,
    "h": 1 / 24,
    "day": 1.0,
    "d": 1.0,
    "week": 7.0,
    "wk": 7.0,
    "month": 30.4375,
    "year": 365.25,
    "daily": 1.0,
    "weekly": 7.0,
    "monthly": 30.4375,
}


def find_amounts(text: str) -> list[Dose]:
    """Find amounts with a unit, each with the frequency and the route written beside it.

    Parameters
    ----------
    text
        Any text; offsets of the result are into it.

    Returns
    -------
    list of Dose
        In the order of the text, without overlaps. ``value_min`` and ``value_max`` differ for ranges and for
        changes ("from 5 to 10 mg": rule ``change``). For "2 × 500 mg" the value is that of one
        administration, 500.
    """
    patterns = _patterns()
    frequencies = find_frequencies(text)
    doses: list[Dose] = []
    for match in patterns.amount.finditer(text):
        dose = _read_amount(match, patterns)
        if dose is None:
            continue
        doses.append(_with_frequency(text, _qualified(text, dose, patterns), frequencies))
    for match in patterns.qualitative.finditer(text):
        dose = Dose(text=match[0], start=match.start(), end=match.end(), rule="qualitative")
        doses.append(_qualified(text, dose, patterns))
    return list(_without_overlaps(doses))


@lru_cache(maxsize=_TEXTS)
def find_frequencies(text: str) -> tuple[Part, ...]:
    """Find how often something is given, with the number of administrations a day where it follows."""
    patterns = _patterns()
    found = []
    for match in patterns.frequency.finditer(text):
        per_day, needs = _read_frequency(match, patterns)
        found.append(
            Part(
                start=match.start(),
                end=match.end(),
                text=match[0],
                value=_squeeze(match[0]),
                per_day=per_day,
                needs=needs,
            )
        )
    return tuple(found)


@lru_cache(maxsize=_TEXTS)
def find_routes(text: str) -> tuple[Part, ...]:
    """Find routes of administration; ``value`` is the route in one word."""
    patterns = _patterns()
    found = []
    for match in patterns.route.finditer(text):
        value, needs = patterns.routes[_squeeze(match[0])]
        found.append(Part(start=match.start(), end=match.end(), text=match[0], value=value, needs=needs))
    return tuple(found)


@lru_cache(maxsize=_TEXTS)
def find_forms(text: str) -> tuple[Part, ...]:
    """Find pharmaceutical forms ("tablets", "eye drops"); ``value`` is the form in the singular."""
    patterns = _patterns()
    return tuple(
        Part(start=match.start(), end=match.end(), text=match[0], value=patterns.forms[_squeeze(match[0])])
        for match in patterns.form.finditer(text)
    )


def find_ordinals(text: str) -> list[Part]:
    """Find numbered doses ("second dose", "3rd infusion"); ``value`` is the number."""
    patterns = _patterns()
    found = []
    for match in _NUMBERED_DOSE.finditer(text):
        number = _ordinal(match[1].lower(), patterns)
        if number:
            found.append(Part(start=match.start(), end=match.end(), text=match[0], value=str(number)))
    return found


def read_dose(text: str, start: int, end: int) -> Dose:
    """Give the value of a span that a tagger marked as a dose; without figures where it holds none."""
    span = text[start:end]
    amounts = find_amounts(span)
    if amounts:
        best = amounts[0]
        return replace(best, text=span, start=start, end=end)
    patterns = _patterns()
    words = _squeeze(span).split()
    ordinal = next((value for value in (_ordinal(word, patterns) for word in words) if value), None)
    overdose = _squeeze(span).startswith("overdos")
    return Dose(text=span, start=start, end=end, ordinal=ordinal, overdose=overdose, rule="tagger")


def _read_amount(match: re.Match[str], patterns: _Patterns) -> Dose | None:
    text, end = match.string, match.end()
    unit, kind = patterns.units[match["unit"].lower()]
    if kind.endswith("divisor"):
        return None
    if _LAB_DIVISOR.match(text, end):
        return None
    low = _number(match["low"], patterns)
    if low is None:
        return None
    high = _number(match["high"], patterns) if match["high"] else low
    if high is None:
        return None
    factor = _number(match["factor"], patterns) if match["factor"] else 1.0
    divisors = _divisors(match["per"] or "", patterns)
    if (
        kind == "volume"
        and divisors.endswith("/min")
        and not _OXYGEN.search(text, max(0, match.start() - 40), end + 30)
    ):
        return None  # a flow or a clearance
    if len(match["unit"]) == 1 and match["unit"] in "GM":
        return None  # a panel of a figure
    before = _sentence_before(text, match.start())
    if patterns.measured.search(before) or patterns.not_given.match(text, end):
        return None
    rule = "amount"
    joint = _squeeze(match["joint"] or "")
    if joint == "/" and kind == "volume":  # "2000 mcg/0.5 ml": an amount and what it is dissolved in
        high = low
        if match["first_unit"]:
            unit = patterns.units[_squeeze(match["first_unit"])][0]
    elif joint in ("/", "+"):  # of two substances: the figure of the first
        rule, high = "combination", low
    elif high != low:
        rule = "change" if joint in ("to", "and then", "then to") and _CHANGE.search(before) else "range"
    scale = factor if factor is not None else 1.0
    times, per_day = _squeeze(match["times"] or ""), None
    if times and divisors.endswith("/d"):  # "3 x 250 mg/day": three administrations of 250 mg
        divisors = divisors.removesuffix("/d")
        times, per_day = f"{times} /d", float(re.split(r"\D", times)[0])
    return Dose(
        text=match[0],
        start=match.start(),
        end=end,
        value_min=min(low, high) * scale if rule != "change" else low * scale,
        value_max=max(low, high) * scale if rule != "change" else high * scale,
        unit=unit + divisors,
        frequency=times,
        per_day=per_day,
        rule=rule,
    )


def _divisors(written: str, patterns: _Patterns) -> str:
    """Give the UCUM divisors of "/kg per day" or "kg-1 day-1"."""
    return "".join(f"/{patterns.units[_squeeze(form)][0]}" for form in patterns.divisor.findall(written))


def _with_frequency(text: str, dose: Dose, frequencies: tuple[Part, ...]) -> Dose:
    """Join what follows: "× 3", a frequency; one word of route may stand between amount and frequency."""
    end = dose.end
    times = _TIMES.match(text, end)
    if times:
        end = times.end()
    first = bisect_left(frequencies, end, key=lambda part: part.start)
    for part in frequencies[first : first + 1]:
        gap = text[end : part.start]
        if len(gap) > _GAP or re.search(r"[.;:\n]\s", gap):
            break
        words = gap.replace(",", " ").replace("(", " ").split()
        if not words:
            end = part.end + (gap.endswith("(") and text.startswith(")", part.end))
            times = _TIMES.match(text, end)
            if times:
                end = times.end()
        elif not all(_between(word) for word in words):
            break
        return replace(
            dose,
            text=text[dose.start : end],
            end=end,
            frequency=part.value,
            per_day=part.per_day,
        )
    return replace(dose, text=text[dose.start : end], end=end)


def _between(word: str) -> bool:
    patterns = _patterns()
    word = word.strip("()").lower()
    return word in patterns.routes or word in ("tablet", "tablets", "capsule", "capsules", "dose", "doses")


def _qualified(text: str, dose: Dose, patterns: _Patterns) -> Dose:
    """Set total, overdose and ordinal by the words around an amount."""
    before = _sentence_before(text, dose.start)
    near = before[-30:]
    total = bool(_TOTAL.search(near)) or bool(_TOTAL_AFTER.match(text, dose.end))
    overdose = bool(_OVERDOSE.search(before)) or "overdose" in text[dose.end : dose.end + 20].lower()
    ordinal = None
    for found in _NUMBERED_DOSE.finditer(near):
        if len(near) - found.end() <= 12 and "," not in near[found.end() :]:
            ordinal = _ordinal(found[1].lower(), patterns)
    return replace(dose, total=total, overdose=overdose, ordinal=ordinal)


def _ordinal(word: str, patterns: _Patterns) -> int | None:
    if word in patterns.ordinals:
        return patterns.ordinals[word]
    figure = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", word)
    return int(figure[1]) if figure else None


def _read_frequency(match: re.Match[str], patterns: _Patterns) -> tuple[float | None, str]:
    if match["count"]:
        count = {"once": 1.0, "twice": 2.0, "thrice": 3.0}.get(match["count"].lower())
        if count is None:
            count = _number(re.split(r"[\s×x*-]", match["count"].strip())[0], patterns)
        return (count / _period(match["count_period"]) if count else None), ""
    if match["every"]:
        low = _number(match["every"], patterns)
        high = _number(match["every_high"], patterns) if match["every_high"] else low
        if not low or not high:
            return None, ""
        return 2 / ((low + high) * _period(match["every_period"])), ""
    if match["hourly"]:
        number = _number(match["hourly"], patterns)
        return (1 / (number * _period(match["hourly_period"])) if number else None), ""
    if match["slash"]:
        return 1 / (float(match["slash"]) * _period(match["slash_period"])), ""
    return patterns.frequencies[_squeeze(match["form"])]


def _period(name: str) -> float:
    name = name.lower()
    return _PERIODS.get(name) or _PERIODS.get(name.rstrip("s")) or _PERIODS[name.removesuffix("ly")]


def _number(written: str, patterns: _Patterns) -> float | None:
    """Read "1,200", "0,6", "2.5", "1/2", "two hundred", "twenty-five"; None where it is no number."""
    written = written.strip().lower().replace("·", ".")
    if written[:1].isdigit():
        if re.fullmatch(r"\d{1,3}(?:[,\s'’]\d{3})+(?:\.\d+)?", written) and not written.startswith("0"):
            return float(re.sub(r"[,\s'’]", "", written))
        if re.fullmatch(r"\d+/\d+", written):
            over, under = written.split("/")
            return int(over) / int(under) if int(under) else None
        try:
            return float(written.replace(",", "."))
        except ValueError:
            return None
    total = current = 0.0
    for word in re.split(r"[\s-]+", written):
        value = patterns.numbers.get(word)
        if value is None:
            continue  # "and", "a"
        if value >= 1000:
            total, current = total + (current or 1) * value, 0.0
        elif value == 100:
            current = (current or 1) * 100
        else:
            current += value
    return total + current or None


def _sentence_before(text: str, start: int) -> str:
    before = text[max(0, start - _LOOK_BACK) : start]
    ends = [match.end() for match in _SENTENCE_END.finditer(before)]
    return before[ends[-1] :] if ends else before


def _squeeze(text: str) -> str:
    return " ".join(text.lower().split())


def _without_overlaps(doses: list[Dose]) -> Iterator[Dose]:
    end = -1
    for dose in sorted(doses, key=lambda dose: (dose.start, -dose.end)):
        if dose.start >= end:
            yield dose
            end = dose.end


@cache
def _patterns() -> _Patterns:
    units = {row["form"]: (row["ucum"], row["kind"]) for row in load_table("units.csv")}
    numbers = {row["word"]: float(row["value"]) for row in load_table("dose_numbers.csv")}
    ordinals = {row["word"]: int(row["value"]) for row in load_table("dose_ordinals.csv")}
    frequencies = {
        row["form"]: (float(row["per_day"]) if row["per_day"] else None, row["needs"])
        for row in load_table("frequencies.csv")
    }
    routes = {row["form"]: (row["route"], row["needs"]) for row in load_table("routes.csv")}
    forms = {row["form"]: row["value"] for row in load_table("dose_forms.csv")}
    word = f"(?:{any_of(numbers)})"
    words = rf"(?:{word}(?:[\s-](?:and\s)?{word}){{0,4}})"
    figure = r"(?:\d{1,3}(?:[,'’\u00a0\u202f]\d{3})+(?!\d)(?:\.\d+)?|\d{1,3} 000\b|\d{1,9}(?:[.,·]\d{1,6})?)"
    number = rf"(?:\d{{1,2}}/\d{{1,2}}(?=\s?(?:tab|pill))|{figure}|{words})"
    givens = any_of(form for form, (_, kind) in units.items() if not kind.endswith("divisor"))
    divisors = any_of(form for form, (_, kind) in units.items() if kind.endswith("divisor"))
    per = (
        rf"(?:\s?(?:/|\bper\b|·)\s?(?:{divisors})(?![a-wyz0-9])"
        r"|\s?(?:kg|m2|d|day|h|min)\(?[-−]1\)?(?!\w)){1,3}"
    )
    in_volume = rf"\s?(?:/|in|per)\s?{figure}\s?(?:ml|l|cc)\b"
    every_period = r"(?:minutes?|min|hours?|hrs?|h|days?|d|weeks?|wks?|months?)"
    return _Patterns(
        amount=re.compile(
            rf"(?<![\w.])(?<!\d[,/-])(?:(?P<times>\d{{1,2}}\s?[x×*]\s?))?(?P<low>{number})"
            rf"(?:[\s-]?(?P<first_unit>(?:{givens})(?![a-z]))(?:{per})?)?"
            rf"(?:(?P<joint>\s?[-–—−/~+]\s?|\s(?:to|or|and)\s)(?P<high>{number}))?"
            rf"(?:\s(?P<factor>thousand|million))?"
            rf"[\s-]{{0,2}}(?P<unit>{givens})(?![a-z0-9])(?P<per>{per})?(?:{in_volume})?",
            re.I,
        ),
        qualitative=re.compile(
            rf"(?<!\w)(?:(?:{any_of(load_lines('dose_qualifiers.txt'))})[\s-]dos(?:es?|ages?|ing)"
            r")(?!\w)",
            re.I,
        ),
        frequency=re.compile(
            rf"(?:(?<![\w.])|(?=/))(?:(?P<count>once|twice|thrice|(?:\d{{1,2}}|{words})(?:\s?[x×*]|[\s-]times?))"
            rf"[\s-]?(?:a|per|each|every|in\sa|/)?\s?(?P<count_period>day|daily|week|weekly|month|monthly|d|wk)"
            rf"|(?:every|each|q\.?)\s?(?P<every>\d{{1,3}}(?:\.\d)?|{words})"
            rf"(?:\s?(?:-|–|to|or)\s?(?P<every_high>\d{{1,3}}|{words}))?[\s-]?(?P<every_period>{every_period})"
            rf"|(?P<hourly>\d{{1,2}}|{words})[\s-]?(?P<hourly_period>hour|week)ly"
            rf"|/\s?(?P<slash>\d{{1,2}})\s?(?P<slash_period>{every_period})"
            rf"|(?P<form>{any_of(frequencies)}))(?!\w)",
            re.I,
        ),
        route=re.compile(rf"(?<![\w.-])(?:{any_of(routes)})(?![\w-])", re.I),
        divisor=re.compile(rf"(?<![\w])(?:{divisors})(?![a-wyz0-9]*[a-wyz])", re.I),
        form=re.compile(rf"(?<![\w-])(?:{any_of(forms)})(?![\w-])", re.I),
        measured=re.compile(rf"\b(?:{any_of(load_lines('dose_not_before.txt'))})\b[^,.;:)]{{0,25}}$", re.I),
        not_given=re.compile(
            rf"[\s,;(]{{1,3}}(?:of\s)?(?:[^\s,;:.()]{{1,20}}\s){{0,3}}(?:{any_of(load_lines('dose_not_after.txt'))})(?![a-z])",
            re.I,
        ),
        units=units,
        numbers=numbers,
        ordinals=ordinals,
        frequencies=frequencies,
        routes=routes,
        forms=forms,
    )
