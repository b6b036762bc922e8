"""What the onset rules look at: sentences, times, drugs, symptoms and cue words, by character offset."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, TypeVar

from spacy.tokens import Doc

from sequela import attributes
from sequela.components.texts import sentence_offsets, text_of
from sequela.lexicons.loader import load_table
from sequela.schema import Label, TimeExpression

_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)?")
_MOST_TIMES = 12  # on one side of an event that may be its onset
_LONGEST = 600  # characters of a sentence; one in 2,000 is longer, and tables that are pasted as one


_AnyPlace = TypeVar("_AnyPlace", bound="Place")


@dataclass(frozen=True)
class Place:
    """A stretch of the text."""

    start: int
    end: int
    text: str
    alias: str = ""  # what an anaphor or an abbreviation stands for

    def overlaps(self, start: int, end: int) -> bool:
        """Whether the stretch shares a character with another one."""
        return self.start < end and start < self.end


@dataclass(frozen=True)
class Time(Place):
    """A TIME entity with its value."""

    value: TimeExpression = field(kw_only=True)


@dataclass(frozen=True)
class CueWord(Place):
    """A word that tells what is done or happens: "started", "stopped", "developed", "resolved" …"""

    kind: str = field(kw_only=True)


@dataclass(frozen=True)
class Scene:
    """A Doc as the onset rules see it; every list is in the order of the text."""

    text: str
    sentences: list[tuple[int, int]]
    times: list[Time]
    drugs: list[Place]
    symptoms: list[Place]
    published: int = 0  # year of the publication, 0 where it is not known
    memo: dict[str, Any] = field(default_factory=dict, compare=False)  # what rules work out once a report

    def sentence_of(self, position: int) -> int:
        """Index of the sentence that holds a character."""
        return max(bisect_right(self.sentences, (position, len(self.text) + 1)) - 1, 0)

    def times_between(self, start: int, end: int) -> list[Time]:
        """Give the times that begin in a stretch."""
        return _between(self.times, start, end)

    def times_near(self, start: int, end: int, position: int) -> list[Time]:
        """Give the times that begin in a stretch, of many those nearest to a place on either side."""
        times = self.times_between(start, end)
        here = bisect_left(times, position, key=_start)
        return times[max(0, here - _MOST_TIMES) : here + _MOST_TIMES]

    def symptoms_between(self, start: int, end: int) -> list[Place]:
        """Give the symptoms that begin in a stretch."""
        return _between(self.symptoms, start, end)

    def drugs_between(self, start: int, end: int) -> list[Place]:
        """Give the drugs that begin in a stretch."""
        return _between(self.drugs, start, end)

    def drugs_named(self, name: str) -> list[Place]:
        """Give the drugs of a name, in the order of the text."""
        return self._drugs_by_name.get(name.lower(), [])

    @cached_property
    def _drugs_by_name(self) -> dict[str, list[Place]]:
        named: dict[str, list[Place]] = {}
        for drug in self.drugs:
            named.setdefault(drug.text.lower(), []).append(drug)
        return named

    def cues_between(self, start: int, end: int) -> list[CueWord]:
        """Give the cue words of a stretch; of a word that it cuts, the part inside counts."""
        text = self.text
        first, last = start, end  # of what the stretch holds whole
        if start and _of_word(text[start - 1]):
            while first < end and _of_word(text[first]):
                first += 1
        if end < len(text) and _of_word(text[end]):
            while last > first and _of_word(text[last - 1]):
                last -= 1
        cues = _between(self._cues, first, last)
        if first > start:
            cues = _find_cues(text, start, first) + cues
        if last < end:
            cues += _find_cues(text, last, end)
        return cues

    @cached_property
    def _cues(self) -> list[CueWord]:
        return _find_cues(self.text, 0, len(self.text))


def _find_cues(text: str, start: int, end: int) -> list[CueWord]:
    kinds = _cue_kinds()
    found = []
    for match in _WORD.finditer(text, start, end):
        word = match.group().lower()
        kind = kinds.get(word) or kinds.get(word.rpartition("-")[2])
        if kind:
            found.append(CueWord(match.start(), match.end(), word, kind=kind))
    return found


def _of_word(char: str) -> bool:
    return char.isalpha() or char == "-"


def _between(places: list[_AnyPlace], start: int, end: int) -> list[_AnyPlace]:
    first = bisect_left(places, start, key=_start)
    return places[first : bisect_left(places, end, lo=first, key=_start)]


def _start(place: Place) -> int:
    return place.start


def read_scene(doc: Doc) -> Scene:
    """Collect what the rules look at."""
    text = text_of(doc)
    times, drugs, symptoms = [], [], []
    time_label, drug_label, symptom_label = Label.TIME.value, Label.DRUG.value, Label.SYMPTOM.value
    for ent in doc.ents:
        label = ent.label_
        if label == time_label:
            value = attributes.get_timex(ent)
            if value is not None:
                times.append(Time(ent.start_char, ent.end_char, ent.text, value=value))
        elif label == drug_label:
            alias = (attributes.get_reference(ent) or {}).get("text", "")
            drugs.append(Place(ent.start_char, ent.end_char, ent.text, alias))
        elif label == symptom_label:
            symptoms.append(Place(ent.start_char, ent.end_char, ent.text))
    found = sentence_offsets(doc) if doc.has_annotation("SENT_START") else [(0, len(text))]
    sentences = [piece for sentence in found for piece in _pieces(text, *sentence)]
    year = attributes.get_meta(doc).get("publication_date", "")[:4]
    return Scene(text, sentences, times, drugs, symptoms, int(year) if year.isdigit() else 0)


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut what is no sentence any more at line ends, else at blanks: times far away tell nothing of a pair."""
    while end - start > _LONGEST:
        half, most = start + _LONGEST // 2, start + _LONGEST
        stop = text.rfind("\n", half, most) + 1 or text.rfind(" ", half, most) + 1 or most
        yield start, stop
        start = stop
    yield start, end


@cache
def _cue_kinds() -> dict[str, str]:
    return {row["word"]: row["cue"] for row in load_table("time_onset_cues.csv")}
