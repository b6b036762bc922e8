"""How a sentence looks to the linking rules.

Rules are regular expressions over a *masked* sentence: lower-case text in which every drug is the letter
``D``, every event ``E`` (``G`` where it says no more than "side effect"), every time expression ``T`` and every
body site ``B``. Doses, routes and frequencies are left out, and so are brackets that hold neither drug nor
event. Drugs (or events) that are coordinated ("fever, chills and rash") form a group, and a rule sees the text
between groups.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from spacy.tokens import Span

from sequela.components.clearance import clears
from sequela.components.links.names import is_side_effect
from sequela.lexicons.loader import load_table
from sequela.schema import Assertion, Attribution, Cue, Label, Mention

_MASK = {Label.DRUG: "D", Label.SYMPTOM: "E", Label.TIME: "T", Label.BODY_SITE: "B"}
_DROPPED = frozenset((Label.DOSE, Label.ROUTE, Label.FREQUENCY))
_BRACKETS = re.compile(r"[(\[][^()\[\]DEG]{0,160}[)\]]")
_SIDE_EFFECT = "G"
_NESTED = 2  # brackets within brackets: "(odds ratio [OR] 2.1)"
_DOSE_NOUN = re.compile(
    r"dose|cycle|course|infusion|injection|tablet|administration|vaccination|round", re.IGNORECASE
)
_TIME_BEGINS = re.compile(r"(?:(?:after|within|for|in|on|at|over|during|by|following) )+", re.IGNORECASE)
_TIME_ENDS = re.compile(
    r" (?:after|following|of|post|into|before|later|prior|from|since|with|on|under)\b.*$", re.IGNORECASE
)
_RELATIVE = re.compile(r",? (?:which|that) (?:was|had|has) ")
_SPACES = re.compile(r"[^\S ]\s*| \s+")  # all white space but a single blank


@cache
def _coordination() -> dict[str, re.Pattern[str]]:
    """Give the patterns of what stands between two drugs, or two events, that belong together."""
    words: dict[str, list[str]] = {}
    for row in load_table("linking_cues.csv"):
        words.setdefault(row["class"], []).append(row["cue"])
    modifiers = f"(?:(?:{'|'.join(words['modifier'])}) ){{0,3}}"
    patterns = {}
    for kind, name, marks, brackets in (
        ("E", "joins_events", ",/;", r"\(|\["),
        ("D", "joins_drugs", ",/", r"[-–]|\(|\["),
    ):
        joins = "|".join(words[name])
        patterns[kind] = re.compile(
            rf" ?(?:[{marks}] ?(?:(?:{joins}) )?|(?:{joins}) |{brackets}) ?{modifiers}"
        )
    return patterns


@dataclass(frozen=True, kw_only=True)
class Item:
    """A drug or an event of the sentence, as the rules see it.

    ``mentions`` are what rows would name: the entity itself, or for an anaphor ("this medication", "these
    symptoms") its antecedents, none where these are the reactions of the report; ``anaphor`` then holds the
    anaphor's own words. Text, places, assertion and attribution are those of the anaphor where it is one.
    """

    kind: str  # "D" or "E"
    text: str
    mentions: tuple[Mention, ...]
    start: int  # place in the text of the report
    end: int
    first: int  # the same in tokens
    last: int
    assertion: Assertion = Assertion.AFFIRMED
    assertion_cue: Cue | None = None
    attribution: Attribution = Attribution.INDEX_PATIENT
    attribution_cue: Cue | None = None
    anaphor: Cue | None = None

    @property
    def mention(self) -> Mention:
        """The first mention."""
        return self.mentions[0]

    @property
    def is_cleared(self) -> bool:
        """Whether the report clears the drug of the reaction."""
        return clears(self.attribution, self.attribution_cue)

    def each(self) -> list[Item]:
        """One item for every antecedent."""
        if len(self.mentions) == 1:
            return [self]
        return [replace(self, mentions=(mention,)) for mention in self.mentions]


@dataclass(frozen=True)
class Masked:
    """A masked sentence with the place of every item in it."""

    text: str
    number: int  # of the sentence in the report
    start: int  # where the sentence begins and ends there
    end: int
    items: tuple[Item, ...]
    places: tuple[int, ...]
    groups: tuple[int, ...]  # number of the coordination group of each item, rising

    def first_of(self, group: int) -> int:
        """Give the number of the first item of a group."""
        return bisect_left(self.groups, group)

    def edges(self, index: int) -> tuple[int, int, int]:
        """Give first and one past last masked character of an item's group, and its last item's number."""
        group = self.groups[index]
        first, last = self.first_of(group), bisect_right(self.groups, group) - 1
        return self.places[first], self.places[last] + 1, last

    def is_meant(self, index: int) -> bool:
        """Whether a statement about one drug of a group is about this one.

        "A, B and C, which was stopped" stops C; "after withdrawal of A and a pulse of B" stops A.
        """
        _, end, last = self.edges(index)
        if _RELATIVE.match(self.text, end):
            return index == last
        return self.plainly_joined(index)

    def plainly_joined(self, index: int) -> bool:
        """Whether an item is the first of its group or joined to the one before by nothing but "and" or a mark."""
        if index == 0 or self.groups[index] != self.groups[index - 1]:
            return True
        join = self.text[self.places[index - 1] + 1 : self.places[index]]
        return join.strip(" ,/-–+&") in ("", "and", "or", "plus", "and/or")


def mask(number: int, text: str, offset: int, items: Sequence[Item], others: Sequence[Span]) -> Masked:
    """Mask a sentence.

    Parameters
    ----------
    number, text, offset
        The sentence, which of the report it is and where it begins there.
    items
        Drugs and events in the order of the text, not overlapping.
    others
        Entities of other labels; those that overlap an item are ignored.
    """
    marks = [(item.start, item.end, _letter(item)) for item in items]
    starts, ends = [item.start for item in items], [item.end for item in items]
    for span in others:
        start, end = span.start_char, span.end_char
        if bisect_left(starts, end) > bisect_right(ends, start):
            continue  # overlaps an item
        if span.label_ in _DROPPED:
            if not _DOSE_NOUN.search(
                span.text
            ):  # "a single dose", "three infusions" are words that rules read
                marks.append((start, end, ""))
        elif span.label_ == Label.TIME:
            marks.append((*_without_relation(span), "T"))
        elif span.label_ in _MASK:
            marks.append((start, end, _MASK[Label(span.label_)]))
    marks.sort()
    pieces: list[str] = []
    position = offset
    for start, end, letter in marks:
        pieces += [text[position - offset : max(start, position) - offset].lower(), letter]
        position = max(end, position)
    pieces.append(text[position - offset :].lower())
    masked = _SPACES.sub(" ", "".join(pieces))
    if "(" in masked or "[" in masked:
        for _ in range(_NESTED):
            masked = _BRACKETS.sub(" ", masked)
        masked = _SPACES.sub(" ", masked)
    masked = masked.replace(" ,", ",")
    places = tuple(match.start() for match in re.finditer("[DEG]", masked))
    return Masked(masked, number, offset, offset + len(text), tuple(items), places, _groups(masked, places))


def _letter(item: Item) -> str:
    return _SIDE_EFFECT if item.kind == "E" and is_side_effect(item.text) else item.kind


def _kind(letter: str) -> str:
    return "E" if letter == _SIDE_EFFECT else letter


def _without_relation(span: Span) -> tuple[int, int]:
    """Offsets of the bare amount of time: "two hours" of "two hours after the first dose"."""
    start, end = span.start_char, span.end_char
    before, after = _TIME_BEGINS.match(span.text), _TIME_ENDS.search(span.text)
    if before and before.end() < len(span.text):
        start += before.end()
    if after and after.start() > (before.end() if before else 0):
        end = span.start_char + after.start()
    return start, end


def _groups(masked: str, places: Sequence[int]) -> tuple[int, ...]:
    groups: list[int] = []
    closed = False  # "X and Y" is complete: what follows with another "and" is a new clause
    for number, place in enumerate(places):
        if number == 0:
            groups.append(0)
            continue
        before = places[number - 1]
        kind = _kind(masked[place])
        join = masked[before + 1 : place]
        together = _kind(masked[before]) == kind and _coordination()[kind].fullmatch(join) is not None
        has_and = " and " in join
        if together and closed and has_and and kind == "D":
            together = False
        closed = together and (closed or has_and)
        groups.append(groups[-1] if together else groups[-1] + 1)
    return tuple(groups)
