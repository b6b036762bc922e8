"""Cut a text into atoms: the words and signs that time expressions are made of.

Every token of the text becomes one character that stands for its atom, so that rules over atoms are regular
expressions over a short string. What is no word of time is ``x``, which no rule matches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from sequela.lexicons.loader import load_table

OTHER = "x"

# Atoms the lexer makes; those of words are the column of the lexicon.
_LEXED = (
    "NUMBER", "YEAR", "ISODATE", "NUMDATE", "CLOCK", "AMPM", "OLD_SHORT", "HYPHEN", "SLASH", "COMMA", "COLON",
    "FULLSTOP", "LPAREN", "RPAREN", "PLUSMINUS", "TILDE", "LT", "GT", "HASH", "APOSTROPHE", "PLUS",
)  # fmt: skip

_SIGNS = {
    "-": "HYPHEN", "‐": "HYPHEN", "‑": "HYPHEN", "–": "HYPHEN", "—": "HYPHEN", "−": "HYPHEN", "/": "SLASH",
    ",": "COMMA", ":": "COLON", ".": "FULLSTOP", "(": "LPAREN", ")": "RPAREN", "±": "PLUSMINUS", "~": "TILDE",
    "≈": "TILDE", "∼": "TILDE", "<": "LT", "≤": "LT", ">": "GT", "≥": "GT", "#": "HASH", "'": "APOSTROPHE",
    "’": "APOSTROPHE", "+": "PLUS",
}  # fmt: skip

_FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}
_CAPITALISED = frozenset({"MONTH", "WEEKDAY"})  # "may", "march", "sun" are other words

# One pass; no alternative repeats what another repeats, so the time is linear.
_TOKEN = re.compile(
    r"""
      (?P<word>[A-Za-z]+)
    | (?P<iso>(?:1[5-9]|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)(?:T\d\d:\d\d(?::\d\d)?)?)
    | (?P<numdate>\d{1,2}(?P<sep>[/.])\d{1,2}(?P=sep)(?:19|20)?\d\d(?![\d/]|\.\d))
    | (?P<clock>(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?(?!\d))
    | (?P<fraction>(?:\d{1,3}[ -]?)?(?:[1-3]/[2-4](?![\d/])|[½¼¾⅓⅔]))
    | (?P<number>\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:[.·]\d+)?)
    | (?P<blank>\n[ \t\r]*\n)
    | (?P<plusminus>\+/-|\+/−)
    | (?P<sign>\S)
    """,
    re.VERBOSE,
)
_SHORT_FORMS = re.compile(
    r"(?P<AMPM>[ap]\.m\.?|[ap]m\b)|(?P<OLD_SHORT>y/o\b|y\.o\.?|yo\b|yrs? old\b)", re.IGNORECASE
)
_ORDINAL_ENDINGS = frozenset({"st", "nd", "rd", "th"})
_SHORT_STARTS = frozenset("apyAPY")


@dataclass(frozen=True)
class Atoms:
    """The atoms of a text: ``codes`` has one character a token; the lists hold values and offsets."""

    codes: str
    values: list[str | float]
    starts: list[int]
    ends: list[int]


@cache
def atom_codes() -> dict[str, str]:
    """Give the character of every atom."""
    names = [*_LEXED, *sorted({row["atom"] for row in load_table("time_words.csv")})]
    return {name: chr(0x100 + number) for number, name in enumerate(names)}


@cache
def _vocabulary() -> dict[str, tuple[str, str | float]]:
    """Give code and value of every word as it may be written: ``week``, ``Week``, ``WEEK``."""
    codes = atom_codes()
    known: dict[str, tuple[str, str | float]] = {}
    for row in load_table("time_words.csv"):
        word, atom, text = row["word"], row["atom"], row["value"]
        value: str | float = (
            float(text) if re.fullmatch(r"\d+(?:\.\d+)?", text) and atom != "DEICTIC" else text
        )
        forms = {word.capitalize(), word.upper()} | (set() if atom in _CAPITALISED else {word})
        if atom == "UNIT_SHORT":
            forms.discard(word.upper() if len(word) == 1 and word != "h" else "")
        for form in forms:
            known[form] = (codes[atom], value)
    return known


def cut(text: str) -> Atoms:
    """Cut ``text`` into atoms; linear in its length."""
    known, codes = _vocabulary(), atom_codes()
    get = known.get
    ordinal, number_code = codes["ORDINAL"], codes["NUMBER"]
    out: list[str] = []
    values: list[str | float] = []
    starts: list[int] = []
    ends: list[int] = []
    skip_to = 0
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if start < skip_to:
            continue
        kind = match.lastgroup
        code: str = OTHER
        value: str | float = ""
        if kind == "word":
            word = match.group()
            entry = get(word)
            if entry is not None:
                code, value = entry
                if len(word) == 1 and word in _SHORT_STARTS and (short := _SHORT_FORMS.match(text, start)):
                    code, end = codes[str(short.lastgroup)], short.end()
                    value = short.group()
                    skip_to = end
            elif (
                word.lower() in _ORDINAL_ENDINGS
                and out
                and out[-1] == number_code
                and start - ends[-1] <= 1  # "the 5 th cycle" is written too
            ):
                out[-1], ends[-1] = ordinal, end
                continue
            elif word[0] in _SHORT_STARTS and (short := _SHORT_FORMS.match(text, start)):
                code, end = codes[str(short.lastgroup)], short.end()
                value = short.group()
                skip_to = end
        elif kind == "sign":
            sign = _SIGNS.get(match.group())
            if sign is not None:
                code = codes[sign]
        elif kind == "number":
            if not (start and text[start - 1].isalpha()):
                code, value = _number(match.group(), codes)
        elif kind == "fraction":
            code, value = number_code, _fraction(match.group())
        elif kind in ("iso", "clock", "plusminus"):
            code = codes[{"iso": "ISODATE", "clock": "CLOCK", "plusminus": "PLUSMINUS"}[str(kind)]]
            value = match.group()
        elif kind == "sep" or kind == "numdate":
            code, value = codes["NUMDATE"], match.group()
        out.append(code)
        values.append(value)
        starts.append(start)
        ends.append(end)
    return Atoms("".join(out), values, starts, ends)


def _number(text: str, codes: dict[str, str]) -> tuple[str, float]:
    value = float(text.replace(",", "").replace("·", "."))
    is_year = len(text) == 4 and text.isdigit() and 1900 <= value < 2100
    return codes["YEAR" if is_year else "NUMBER"], value


def _fraction(text: str) -> float:
    if text[-1] in _FRACTIONS:
        whole = text[:-1].strip(" -")
        return (float(whole) if whole else 0.0) + _FRACTIONS[text[-1]]
    part = text[-3:]
    whole = text[:-3].strip(" -")
    return (float(whole) if whole else 0.0) + int(part[0]) / int(part[2])
