"""Phrases that are relative to the date of their document: "last week", "the third quarter", "two days ago".

Values follow TIMEX3 as used in newswire annotation: weeks as ``1998-W08``, quarters as ``1989-Q3``, parts of
the day as ``TMO``, ``TAF``, ``TEV``, ``TNI``. Only `normalise` with a document date reads them.
"""

from __future__ import annotations

from datetime import date, timedelta

from sequela.components.time import calendar
from sequela.components.time.amounts import read_amounts, read_number
from sequela.components.time.pieces import ORDINALS, Builder, Piece, Reading, Setting
from sequela.schema import TimeExpression, TimexType

_PAST = frozenset({"LAST", "PRIOR", "EARLIER"})
_FUTURE = frozenset({"NEXT", "FOLLOWING"})


def _reading(value: str, kind: TimexType = TimexType.DATE, mod: str = "") -> Reading | None:
    return Reading(TimeExpression(type=kind, value=value, mod=mod)) if value else None


def _mod(pieces: list[Piece]) -> str:
    return next((str(piece.value) for piece in pieces if piece.atom == "PHASE"), "")


def _shift(pieces: list[Piece], *, before_last: bool = True) -> int:
    """Whether a phrase speaks of the last (-1), this (0) or the next (1) one."""
    names = [piece.atom for piece in pieces]
    if _FUTURE & set(names):
        return 1
    if "LAST" in names or "PRIOR" in names:
        return 0 if "DEMONSTRATIVE" in names and before_last else -1
    return 0


def _day(pieces: list[Piece], near: date) -> date | None:
    """Read "yesterday", "Friday", "last Friday"; a bare weekday is the last one, today included."""
    for piece in pieces:
        if piece.atom == "DEICTIC":
            return near + timedelta(days=int(str(piece.value).removesuffix("NI")))
        if piece.atom == "WEEKDAY":
            back = (near.isoweekday() - int(float(piece.value))) % 7
            shift = _shift(pieces, before_last=False)
            if shift > 0:
                return near + timedelta(days=7 - back)
            return near - timedelta(days=7 if shift < 0 and back == 0 else back)
    return None


def _quarter(day: date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3 + 1


def _last_quarter(day: date) -> tuple[int, int]:
    year, quarter = _quarter(day)
    return (year - 1, 4) if quarter == 1 else (year, quarter - 1)


def news_day(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "yesterday", "last Friday", "late Monday"."""
    if setting.document_date is None:
        return None
    if any(piece.atom == "DAYPART" for piece in pieces):
        return news_daypart(pieces, setting)
    day = _day(pieces, setting.document_date)
    if day is None:
        return None
    tonight = any(str(piece.value).endswith("NI") for piece in pieces if piece.atom == "DEICTIC")
    if tonight:
        return _reading(f"{day.isoformat()}TNI", TimexType.TIME)
    return _reading(day.isoformat(), mod=_mod(pieces))


def news_daypart(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "this morning", "last night", "Thursday evening", "noon Saturday"."""
    near = setting.document_date
    if near is None:
        return None
    part = next(piece for piece in pieces if piece.atom == "DAYPART")
    names = [piece.atom for piece in pieces]
    day = _day(pieces, near)
    if day is None:
        past = "LAST" in names or part.text.lower() == "overnight"
        day = near - timedelta(days=1) if past else near
    value = str(part.value)
    text = "24" if value == "24:00" else value
    return _reading(f"{day.isoformat()}T{text}", TimexType.TIME, _mod(pieces))


def news_clock(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "10 p.m. Wednesday", "around 7:15 p.m."."""
    near = setting.document_date
    if near is None:
        return None
    part = next((piece for piece in pieces if piece.atom == "DAYPART"), None)
    if part is not None:
        return news_daypart(pieces, setting)
    numbers = [piece for piece in pieces if piece.atom in ("NUMBER", "CLOCK")]
    half = [piece for piece in pieces if piece.atom == "AMPM"]
    time = calendar.read_clock([(p.atom, p.value, p.text) for p in (*numbers[:1], *half[:1])])
    if not time:
        return None
    day = _day(pieces, near) or near
    if any(piece.atom == "MONTH" for piece in pieces):
        index = next(i for i, piece in enumerate(pieces) if piece.atom == "MONTH")
        text, _ = calendar.read_date([(p.atom, p.value, p.text) for p in pieces[index:]], document_date=near)
        return _reading(f"{text}{time}", TimexType.TIME)
    return _reading(f"{day.isoformat()}{time}", TimexType.TIME)


def news_unit(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "last week", "this year", "early next month"."""
    near = setting.document_date
    names = [piece.atom for piece in pieces]
    if near is None or names[:2] == ["ARTICLE", "UNIT"]:
        return None
    if "QUARTER" in names:
        return news_quarter(pieces, setting)
    unit = next(str(piece.value) for piece in pieces if piece.atom == "UNIT")
    shift = _shift(pieces, before_last=False)
    weekend = shift if shift > 0 or near.isoweekday() >= 5 else -1  # else the last one
    value = {
        "Y": lambda: str(near.year + shift),
        "M": lambda: _month(near, shift),
        "W": lambda: _week(near + timedelta(weeks=shift)),
        "WE": lambda: _week(near + timedelta(weeks=weekend)) + "-WE",
        "D": lambda: (near + timedelta(days=shift)).isoformat(),
        "DE": lambda: str((near.year + 10 * shift) // 10),
        "C": lambda: str((near.year + 100 * shift) // 100),
    }.get(unit)
    if value is None or (unit == "D" and not shift):
        return None
    return _reading(value(), mod=_mod(pieces))


def _month(day: date, shift: int) -> str:
    months = day.year * 12 + day.month - 1 + shift
    return f"{months // 12}-{months % 12 + 1:02d}"


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def news_month(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "September", "last April", "July last year"."""
    near = setting.document_date
    if near is None:
        return None
    month = int(float(next(piece.value for piece in pieces if piece.atom == "MONTH")))
    names = [piece.atom for piece in pieces]
    shift = _shift(pieces, before_last=False)
    if "UNIT" in names:
        year = near.year + shift
    elif shift < 0:
        year = near.year if month < near.month else near.year - 1
    elif shift > 0:
        year = near.year if month > near.month else near.year + 1
    elif "DEMONSTRATIVE" in names:
        year = near.year
    else:
        value, _ = calendar.read_date([("MONTH", month, "")], document_date=near)
        return _reading(value, mod=_mod(pieces))
    return _reading(f"{year}-{month:02d}", mod=_mod(pieces))


def news_season(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "this summer", "last winter"."""
    near = setting.document_date
    if near is None:
        return None
    season = next(str(piece.value) for piece in pieces if piece.atom == "SEASON")
    shift = 0 if any(piece.atom == "DEMONSTRATIVE" for piece in pieces) else _shift(pieces)
    return _reading(f"{near.year + shift}-{season}", mod=_mod(pieces))


def news_year(pieces: list[Piece], _setting: Setting) -> Reading | None:
    """Read "1987", "the end of 1990"."""
    return _reading(str(int(float(next(p.value for p in pieces if p.atom == "YEAR")))), mod=_mod(pieces))


def news_year_words(pieces: list[Piece], _setting: Setting) -> Reading | None:
    """Read "nineteen seventy-nine", "the winter of nineteen ninety-four", "the year two thousand"."""
    index = next(i for i, piece in enumerate(pieces) if piece.atom == "ONES")
    season = next((f"-{piece.value}" for piece in pieces if piece.atom == "SEASON"), "")
    first = int(float(pieces[index].value))
    if index + 1 < len(pieces) and pieces[index + 1].atom == "HUNDRED":
        number = read_number(pieces, index)
        return _reading(f"{int(number[0])}{season}") if number and 1000 < number[0] < 2200 else None
    rest = read_number(pieces, index + 1)
    return _reading(f"{first * 100 + int(rest[0])}{season}") if rest and 10 < first < 21 else None


def news_decade(pieces: list[Piece], _setting: Setting) -> Reading | None:
    """Read "the early 1980s", "the nineties"."""
    for piece in pieces:
        if piece.atom == "YEAR":
            return _reading(str(int(float(piece.value)) // 10), mod=_mod(pieces))
        if piece.atom == "DECADE_WORD":
            return _reading(str(int(float(piece.value))), mod=_mod(pieces))
    return None


def news_century(pieces: list[Piece], _setting: Setting) -> Reading | None:
    """Read "the 20th century"."""
    if pieces[-1].value != "C":
        return None
    return _reading(
        str(int(float(next(p.value for p in pieces if p.atom in ORDINALS))) - 1), mod=_mod(pieces)
    )


def news_quarter(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "the third quarter", "the year-earlier period"; without a number it is the last full one."""
    near = setting.document_date
    if near is None:
        return None
    names = [piece.atom for piece in pieces]
    year, quarter = _last_quarter(near)
    ordinal = next((int(float(piece.value)) for piece in pieces if piece.atom in ORDINALS), None)
    if ordinal is not None and ordinal > 4:
        return None
    if ordinal is not None:
        quarter, year = ordinal, near.year
    elif "DEMONSTRATIVE" in names or "REF" in names:
        year, quarter = _quarter(near)
    if "YEAR" in names:
        year = int(float(next(piece.value for piece in pieces if piece.atom == "YEAR")))
    elif "UNIT" in names:
        past = _PAST & set(names) or "AGO" in names
        year = year - 1 if past else near.year
    elif "PERIOD" in names and not ({"LAST", "RELATED"} & set(names) or ordinal):
        return None
    return _reading(f"{year}-Q{quarter}")


def news_year_end(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "year-end"."""
    near = setting.document_date
    unit = next(str(piece.value) for piece in pieces if piece.atom == "UNIT")
    if near is None or unit != "Y":
        return None
    return _reading(str(near.year), mod=_mod(pieces))


def news_ago(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "10 days ago", "two years earlier"; as fine as the unit."""
    near = setting.document_date
    amounts = read_amounts(pieces)
    if near is None or len(amounts.items) != 1:
        return None
    quantities, unit = amounts.items[0]
    number = quantities[-1].low
    if pieces[-1].atom == "LATER":
        return None
    if quantities[-1].vague and unit == "Y":
        return _reading("PAST_REF")
    if quantities[-1].vague or number is None or number != int(number):
        return None
    count = int(number)
    if unit == "Y":
        return _reading(str(near.year - count))
    if unit == "M":
        return _reading(_month(near, -count))
    if unit in ("D", "W"):
        return _reading((near - timedelta(days=count * (7 if unit == "W" else 1))).isoformat())
    return None


def news_reference(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "now", "recently", "soon", "the future"."""
    if setting.document_date is None:
        return None
    names = [piece.atom for piece in pieces]
    for piece in pieces:
        if piece.atom in ("REF", "RECENT", "THEN"):
            return _reading(str(piece.value))
    if "SHORTLY" in names:
        return _reading("FUTURE_REF")
    if {"EARLIER", "ONCE", "LAST"} & set(names):
        return _reading("PAST_REF")
    if "DEMONSTRATIVE" in names:
        return _reading("PRESENT_REF")
    return None


def news_recent(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "recent years", "past years" without a number."""
    names = [piece.atom for piece in pieces]
    if setting.document_date is None or "NEXT" in names or names.count("UNITS") == 0:
        return None
    return _reading("PAST_REF") if "RECENT" in names or names[0] == "LAST" else None


def news_set(pieces: list[Piece], setting: Setting) -> Reading | None:
    """Read "each July" and the adverbs, as places in the calendar."""
    if setting.document_date is None:
        return None
    month = next((int(float(piece.value)) for piece in pieces if piece.atom == "MONTH"), None)
    if month:
        return _reading(f"XXXX-{month:02d}", TimexType.SET)
    every = {"P1D": "XXXX-XX-XX", "P1W": "XXXX-WXX", "P1M": "XXXX-XX", "P1Y": "XXXX"}
    return _reading(every.get(str(pieces[-1].value), ""), TimexType.SET)


def news_plain(pieces: list[Piece], _setting: Setting) -> Reading | None:
    """Read a bare unit: "week" as P1W."""
    piece = pieces[-1]
    text = "P3M" if piece.atom == "QUARTER" else f"P1{piece.value}"
    return _reading(text, TimexType.DURATION) if len(text) == 3 else None


NEWS_BUILDERS: dict[str, Builder] = {
    "news_ago": news_ago,
    "news_century": news_century,
    "news_clock": news_clock,
    "news_day": news_day,
    "news_daypart": news_daypart,
    "news_decade": news_decade,
    "news_month": news_month,
    "news_plain": news_plain,
    "news_quarter": news_quarter,
    "news_recent": news_recent,
    "news_reference": news_reference,
    "news_season": news_season,
    "news_set": news_set,
    "news_unit": news_unit,
    "news_year": news_year,
    "news_year_end": news_year_end,
    "news_year_words": news_year_words,
}
