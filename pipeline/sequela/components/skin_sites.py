"""Body sites of the skin: where a rash went on to, and the places of the findings that make a diagnosis.

"Toxic epidermal necrolysis" is seldom said to be on the trunk: the blisters and erosions are.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cache, lru_cache

from spacy.tokens import Doc, Span

from sequela import attributes
from sequela.components.texts import sentence_offsets, text_of
from sequela.lexicons.loader import load_table
from sequela.schema import Assertion, Attribution, Frame, Label, Mention, Zone

Offsets = tuple[int, int]

_FINDING, _DIAGNOSIS, _SENSATION = "finding", "diagnosis", "sensation"
_UNTOLD = frozenset((Zone.TITLE, Zone.REFERENCES, Zone.BACK_MATTER))
_LOOK_BACK = 2  # sentences from "it then spread to" back to the rash
_NEAR_OTHER = 3  # sentences around the diagnosis of another author's patient
_CAPTION_WORDS = 8  # "(A) Right shin."
_SPREADS = re.compile(
    r"\b(?:spread\w{0,3}|involv\w{1,3}|extend\w{0,3}|affect\w{0,3}|progress\w{0,3}|reach\w{0,3}|locali[sz]ed"
    r"|located|distribut\w{2,3}|appear\w{0,3}|cover\w{0,3}|confined|limited|disseminated|accentuat\w{2,3}"
    r"|predominantly|prominent|present|seen|on)\b",
    re.I,
)
_GOES_ON = re.compile(r"\s*(?:it|they|these|those|this|the|there|initially|later|subsequently|then)\b", re.I)
# These say that it is on the skin, not where.
_WHOLE = frozenset(("body", "entire", "mucosal", "skin", "tissue", "whole"))
_FILLERS = frozenset(("and", "of", "the", "both", "bilateral", "his", "her", "aspect", "part"))
_JOINED = re.compile(r"\s?(?:,|,?\s(?:and|or))\s(?:[\w-]{1,14}\s){0,2}$", re.I)


@dataclass(frozen=True)
class _Skin:
    """A mention of something on the skin, with its sentence and whom it is told of."""

    place: Offsets
    kind: str
    sentence: int
    frame: Frame | None

    @property
    def whose(self) -> tuple[Attribution, str]:
        """Patient, the index patient where nothing is said."""
        if self.frame is None:
            return (Attribution.INDEX_PATIENT, "")
        return (self.frame.attribution, self.frame.patient_id)


@lru_cache(maxsize=4096)
def kinds_of(event: str) -> frozenset[str]:
    """Tell whether an event is a finding or a diagnosis of the skin, or a sensation that has a place."""
    lowered = event.lower()
    return frozenset(kind for kind, pattern in _patterns().items() if pattern.search(lowered))


def events_in_list(text: str, events: list[Offsets], last: Offsets) -> list[Offsets]:
    """Give the events that share the place of the last one of their list: "erythema, pain and blisters on …".

    Only findings of the skin and sensations do; "fever, chills and rash on the trunk" is no such list.
    """
    if not kinds_of(text[slice(*last)]):
        return []
    shared = []
    for event in reversed([event for event in events if event[1] <= last[0]]):
        if not _JOINED.fullmatch(text[event[1] : last[0]]) or not kinds_of(text[slice(*event)]):
            break
        shared.append(event)
        last = event
    return shared


class SkinSites:
    """Adds what the whole report tells to the sites that were found within the sentences."""

    def __init__(self, doc: Doc, found: dict[Offsets, list[Mention]]) -> None:
        self.text = text_of(doc)
        self.found = found
        self.sentences = sentence_offsets(doc)
        self.starts = [start for start, _ in self.sentences]
        self.frames = attributes.get_frames(doc)
        self.frame_starts = [frame.start for frame in self.frames]
        self.untold = [(s.start, s.end) for s in attributes.get_sections(doc) if s.zone in _UNTOLD]
        self.skin = [skin for ent in doc.ents if (skin := self._skin(ent)) is not None]

    def add(self, unlinked: list[Span]) -> None:
        """Link the sites that a sentence tells of a finding before it, and give diagnoses those of their findings."""
        if not self.skin:
            return
        self._go_on(unlinked)
        for one in self.skin:
            if one.kind == _DIAGNOSIS:
                self._gather(one)

    def _skin(self, ent: Span) -> _Skin | None:
        if ent.label_ != Label.SYMPTOM:
            return None
        kinds = kinds_of(ent.text)
        if not kinds or kinds == {_SENSATION} or attributes.get_assertion(ent)[0] is Assertion.NEGATED:
            return None
        start = ent.start_char
        if any(begin <= start < end for begin, end in self.untold):
            return None
        number = bisect_right(self.frame_starts, start) - 1
        frame = self.frames[number] if number >= 0 and start < self.frames[number].end else None
        kind = _DIAGNOSIS if _DIAGNOSIS in kinds else _FINDING
        return _Skin((start, ent.end_char), kind, bisect_right(self.starts, start) - 1, frame)

    def _go_on(self, unlinked: list[Span]) -> None:
        numbers = [one.sentence for one in self.skin]
        for site in unlinked:
            number = bisect_right(self.starts, site.start_char) - 1
            begin, end = self.sentences[number]
            before = self.text[begin : site.start_char]
            label = len(self.text[begin:end].split()) <= _CAPTION_WORDS
            if not label and not (_GOES_ON.match(before) and _SPREADS.search(before)):
                continue
            place = bisect_left(numbers, number)
            if place and number - numbers[place - 1] <= _LOOK_BACK:
                self._give(self.skin[place - 1].place, [_mention(site)])

    def _gather(self, diagnosis: _Skin) -> None:
        if diagnosis.whose[0] is Attribution.BACKGROUND:
            return
        index = diagnosis.whose[0] is Attribution.INDEX_PATIENT
        for one in self.skin:
            if one.kind == _FINDING and (
                one.whose == diagnosis.whose
                if index
                else one.whose[0] is not Attribution.INDEX_PATIENT
                and abs(one.sentence - diagnosis.sentence) <= _NEAR_OTHER
            ):
                self._give(diagnosis.place, self.found.get(one.place, []))

    def _give(self, event: Offsets, sites: list[Mention]) -> None:
        """Add sites that say more than those there are: after "both thighs" not "thighs"."""
        known = self.found.setdefault(event, [])
        for site in sites:
            words = _words(site)
            if words <= _WHOLE or any(words <= _words(other) for other in known):
                continue
            known[:] = [other for other in known if not _words(other) < words]
            known.append(site)
        if not known:
            del self.found[event]


def _words(site: Mention) -> frozenset[str]:
    return frozenset(site.text.lower().split()) - _FILLERS


def _mention(site: Span) -> Mention:
    return Mention(text=site.text, start=site.start_char, end=site.end_char, label=Label.BODY_SITE.value)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    words: dict[str, list[str]] = {}
    for row in load_table("site_skin.csv"):
        words.setdefault(row["kind"], []).append(re.escape(row["word"]))
    whole = {"ten", "tens", "sjs", "ppe", "agep", "labd", "dress", "pain"}
    return {
        kind: re.compile("|".join(rf"\b{word}\b" if word in whole else word for word in found))
        for kind, found in words.items()
    }
