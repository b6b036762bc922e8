"""What an onset is counted from: "starting", "the second dose", "discontinuation" …"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sequela.components.time.scene import CueWord
from sequela.components.time.words import any_of, whole, words
from sequela.lexicons.loader import load_lines, load_table
from sequela.schema import OnsetAnchor

_ORDINALS = {row["word"]: int(row["value"]) for row in load_table("dose_ordinals.csv")}
_COUNTS = {
    row["word"]: int(row["value"])
    for row in load_table("dose_numbers.csv")
    if row["value"].isdigit() and 2 <= int(row["value"]) <= 20
}
_DOSES = "|".join(sorted(map(re.escape, load_lines("time_dose_words.txt")), key=len, reverse=True))
_NTH_PATTERN = (
    rf"\b(?P<word>{'|'.join(_ORDINALS)}|{any_of('last')}|single|(?P<number>\d{{1,2}}) ?(?:st|nd|rd|th))"
    rf"[- ](?:[A-Za-z-]{{1,30}} ){{0,3}}?(?P<noun>{_DOSES})\b"
)
_COUNTED_PATTERN = (
    rf"\b(?:{any_of('numbered')} (?P<after>\d{{1,2}})\b"
    rf"|(?P<count>\d{{1,2}}|{'|'.join(_COUNTS)}) {any_of('counted')}\b)"
)
_NTH = re.compile(_NTH_PATTERN, re.IGNORECASE)
_COUNTED = re.compile(_COUNTED_PATTERN, re.IGNORECASE)
_OF_DAY = re.compile(rf"\bday[ -](?P<day>\d{{1,2}}) {any_of('numbered')}\b", re.IGNORECASE)
_AFTER_DOSE = re.compile(
    r"\b(?:after|following|upon|during|with|on)\s+"
    r"(?:receiving\s+|completing\s+|completion of\s+|having received\s+)?"
    rf"(?:(?:just|only|the|his|her|their|a)\s+){{0,2}}(?:{_NTH_PATTERN}|{_COUNTED_PATTERN})",
    re.IGNORECASE,
)
# "After a single dose" tells the amount, "on the fifth day of treatment" is a time: neither counts doses.
_NOT_COUNTED = frozenset(words("not_counted"))
_FIRST_IS_START = frozenset(words("first_is_start"))
_LAST = frozenset(words("last"))
_SINGLE = whole("single")


@dataclass(frozen=True)
class Anchor:
    """The anchor of an onset and, for the nth dose, its number."""

    kind: OnsetAnchor
    ordinal: int | None = None


def find_dose_ordinal(text: str) -> tuple[int, int, Anchor] | None:
    """Find "after the second dose", "after just 3 infusions": the place of the last one and the anchor."""
    found = None
    for match in _AFTER_DOSE.finditer(text):
        anchor = read_anchor(match.group(), ())
        said = {word.lower() for word in match.groupdict().values() if word}
        if anchor.ordinal is not None and not said & _NOT_COUNTED:
            found = (match.start(), match.end(), anchor)
    return found


def read_anchor(phrase: str, cues: Sequence[CueWord]) -> Anchor:
    """Read the anchor from the words after "after" and the cue words among them."""
    nth = _NTH.search(phrase)
    kinds = [cue.kind for cue in cues]
    if "stop" in kinds[:2]:
        return Anchor(OnsetAnchor.STOP)
    if nth and "start" not in kinds[:1]:
        word = re.sub(r"\s+", " ", nth.group("word").lower())
        if word in _LAST:
            return Anchor(OnsetAnchor.LAST_DOSE)
        if word == "initial":  # "the initial treatment" is no course by itself
            return Anchor(OnsetAnchor.FIRST_DOSE, 1)
        number = int(nth.group("number")) if nth.group("number") else _ORDINALS.get(word)
        if number == 1 and nth.group("noun").lower() in _FIRST_IS_START:
            return Anchor(OnsetAnchor.START)
        if number == 1:
            return Anchor(OnsetAnchor.FIRST_DOSE, 1)
        if number:
            return Anchor(OnsetAnchor.NTH_DOSE, number)
        if word == "single":
            return Anchor(OnsetAnchor.FIRST_DOSE, 1)
    of_day = _OF_DAY.search(phrase)
    if of_day:  # "his day 8 infusion": a later dose of a cycle, whichever it is
        first = of_day.group("day") == "1"
        return Anchor(OnsetAnchor.FIRST_DOSE, 1) if first else Anchor(OnsetAnchor.NTH_DOSE)
    counted = _COUNTED.search(phrase)
    if counted:
        text = counted.group("after") or counted.group("count").lower()
        return Anchor(OnsetAnchor.NTH_DOSE, int(text) if text.isdigit() else _COUNTS[text])
    for kind in kinds:
        if kind == "start":
            return Anchor(OnsetAnchor.START)
        if kind == "again":
            return Anchor(OnsetAnchor.LAST_DOSE)
        if kind == "change":
            return Anchor(OnsetAnchor.DOSE_CHANGE)
        if kind == "give":
            # One injection, infusion or vaccination may be any; a therapy has one start.
            single = _SINGLE.search(phrase)
            return Anchor(OnsetAnchor.UNSPECIFIED if single else OnsetAnchor.START)
    return Anchor(OnsetAnchor.UNSPECIFIED)
