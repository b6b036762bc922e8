"""Whom each statement is about: votes of cues, the place in the report, and what was told just before.

A sentence tells of the index patient, of another author's case, or of nobody in particular. No single word
decides that: "the patient" is the index patient in the case section and Smith's patient after "Smith et al.
reported a man who …"; "developed" tells of an episode, whoever had it. So cues vote with weights
(``lexicons/attribution_cues.csv``), the article zone gives a prior, and references back ("the patient",
"she", "five of these patients") are passed on to whoever was spoken of last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from spacy.tokens import Doc

from sequela.attributes import get_sections
from sequela.components.cues import CueMatcher, Found, Words
from sequela.lexicons.loader import load_table
from sequela.schema import Attribution, Cue, Frame, Section, Zone

INDEX, OTHER, BACKGROUND = Attribution.INDEX_PATIENT, Attribution.OTHER_CASE, Attribution.BACKGROUND

# What a statement of the zone is about when it does not say: (attribution, weight on the scale of the cues).
_ZONE_PRIORS: dict[Zone, tuple[Attribution, float]] = {
    Zone.TITLE: (INDEX, 1.5),
    Zone.ABSTRACT: (INDEX, 1.0),
    Zone.INTRODUCTION: (BACKGROUND, 1.5),
    Zone.CASE: (INDEX, 2.5),
    Zone.DISCUSSION: (BACKGROUND, 1.0),
    Zone.CONCLUSION: (BACKGROUND, 1.0),
    Zone.CAPTION: (INDEX, 1.5),
    Zone.TABLE: (INDEX, 0.5),
    Zone.REFERENCES: (BACKGROUND, 6.0),
    Zone.BACK_MATTER: (BACKGROUND, 2.0),
    Zone.BODY: (INDEX, 1.0),
}
_TABLE_OF_CASES = (OTHER, 4.0)  # prior of the rows under "Summary of the reported cases"
_RETELLING_ZONES = frozenset((Zone.INTRODUCTION, Zone.DISCUSSION, Zone.CONCLUSION))
_EPISODE_CAP = 2.5  # past tense, narrative verbs and dates count once each, and no more than this together
_STRONG = 2.5  # a cue that makes a clause a statement of its own
# The order in which references back are resolved: who is introduced or named first, tense last.
_PASSED_ON = {"new_person": 0, "group": 1, "person": 2, "episode": 3}
_ONE = frozenset(
    ["patient", "case", "man", "woman", "boy", "girl", "child", "infant", "neonate", "male", "female"]
)
_MANY = frozenset(
    ["patients", "cases", "series", "men", "women", "boys", "girls", "children", "infants", "subjects"]
)
_OWN_ROW = frozenset(("deictic", "this_patient"))  # "Present case" in a table of published ones
_STUDY = frozenset(("study", "regulator", "incidence"))
_COUNTED = frozenset(("counted_cases", "counted_patients"))
_CLAUSE_WORDS = frozenset(["but", "whereas", "while", "although", "though", "however", "unlike", "similarly"])
# "…in the UK in April.12 Here we report": a superscript citation that hides the end of a sentence
_HIDDEN_END = re.compile(r"(?<=[a-z0-9)])\.\d{1,3}(?:[,–-]\d{1,3}){0,5} (?=[A-Z])")


@dataclass(frozen=True)
class FrameCue:
    """An entry of the lexicon: its name, for whom it votes or how the vote is passed on, and the weight."""

    name: str
    attribution: str
    weight: float


@cache
def frame_matcher() -> CueMatcher[FrameCue]:
    """Give the matcher of the frame cues."""
    matcher: CueMatcher[FrameCue] = CueMatcher()
    for row in load_table("attribution_cues.csv"):
        matcher.add(row["pattern"], FrameCue(row["cue"], row["attribution"], float(row["weight"])))
    return matcher


@dataclass
class _Votes:
    """The votes of one statement, with the heaviest cue of each side."""

    total: dict[Attribution, float] = field(
        default_factory=lambda: dict.fromkeys((INDEX, OTHER, BACKGROUND), 0.0)
    )
    best: dict[Attribution, tuple[float, Found[FrameCue]]] = field(default_factory=dict)

    def add(self, side: Attribution, weight: float, found: Found[FrameCue]) -> None:
        """Count a vote."""
        self.total[side] += weight
        if side not in self.best or weight > self.best[side][0]:
            self.best[side] = (weight, found)

    @property
    def winner(self) -> Attribution:
        """The side with most votes; of two, the one that does less harm: not the index patient."""
        return max((BACKGROUND, OTHER, INDEX), key=self.total.__getitem__)


@dataclass
class _Memory:
    """What earlier statements leave behind for the next one."""

    other: bool = False  # the case spoken of last is another author's
    many: bool = False  # … and it is several patients
    study: bool = False  # what was told last are counts of a study or a database
    table: tuple[Attribution, float] | None = None  # prior that the caption of the table gives its rows
    ages: set[str] = field(default_factory=set)  # of the index patients, as written


def find_frames(doc: Doc) -> list[Frame]:
    """Give the frames in the order of the text, one for each sentence or clause, without a ``patient_id``."""
    words = Words(doc.text)
    matcher = frame_matcher()
    memory = _Memory()
    frames: list[Frame] = []
    before: Section | None = None
    for start, end, section in statements(doc, words.text):
        zone = section.zone if section else Zone.BODY
        if section != before:
            memory.other, memory.study, memory.table = False, False, None
        elif frames and "\n" in words.text[frames[-1].end - 1 : start + 1]:
            memory.other = memory.study = False
        before = section
        first, last = words.between(start, end)
        cues = matcher.find(words, first, last)
        for low, high in _clauses(words, first, last, cues):
            inside = [found for found in cues if low <= found.start < high]
            votes = _count(words, inside, zone, memory)
            _remember(words, low, high, inside, votes.winner, zone, memory)
            begin = start if low == first else words.starts[low]
            stop = end if high == last else words.starts[high]
            frames.append(_frame(words, begin, stop, votes, zone))
    return frames


def statements(doc: Doc, text: str) -> Iterator[tuple[int, int, Section | None]]:
    """Give the sentences as character offsets, each with its section; ``text`` is that of ``doc``."""
    sections = get_sections(doc)
    k = 0
    for sent in doc.sents if doc.has_annotation("SENT_START") else (doc[:],):
        start = sent.start_char
        while k + 1 < len(sections) and sections[k + 1].start <= start:
            k += 1
        section = sections[k] if sections else None
        for hidden in _HIDDEN_END.finditer(text, start, sent.end_char):
            yield start, hidden.end(), section
            start = hidden.end()
        yield start, sent.end_char, section


def _clauses(words: Words, first: int, last: int, cues: list[Found[FrameCue]]) -> list[tuple[int, int]]:
    """Split a sentence where its clauses are strongly about different sides; else leave it whole."""
    strong = [found for found in cues if found.entry.weight >= _STRONG and found.entry.attribution in _SIDES]
    if len({found.entry.attribution for found in strong}) < 2:
        return [(first, last)]
    clauses = []
    begin = first
    for one, following in pairwise(strong):
        if one.entry.attribution == following.entry.attribution:
            continue
        for i in range(one.end, following.start + 1):
            if words.lower[i] == ";" or (words.lower[i - 1] == "," and words.lower[i] in _CLAUSE_WORDS):
                clauses.append((begin, i))
                begin = i
                break
    return [*clauses, (begin, last)]


_SIDES = frozenset(side.value for side in (INDEX, OTHER, BACKGROUND))


def _count(words: Words, cues: list[Found[FrameCue]], zone: Zone, memory: _Memory) -> _Votes:
    votes = _Votes()
    side, weight = _ZONE_PRIORS[zone]
    if zone is Zone.TABLE and memory.table and not any(found.entry.name in _OWN_ROW for found in cues):
        side, weight = memory.table
    votes.total[side] += weight
    heaviest: dict[str, Found[FrameCue]] = {}
    for found in cues:
        known = heaviest.get(found.entry.name)
        if known is None or found.entry.weight > known.entry.weight:
            heaviest[found.entry.name] = found
    # "19 patients … have been reported": a number makes cases of what is reported
    counted = zone in _RETELLING_ZONES and not memory.study and not _COUNTED.isdisjoint(heaviest)
    for name, found in heaviest.items():
        if found.entry.attribution in _SIDES:
            side = Attribution(found.entry.attribution)
            votes.add(OTHER if counted and name == "reported_generally" else side, found.entry.weight, found)
    episode = 0.0
    passed_on = [found for found in heaviest.values() if found.entry.attribution in _PASSED_ON]
    for found in sorted(passed_on, key=lambda found: _PASSED_ON[found.entry.attribution]):
        kind, weight = found.entry.attribution, found.entry.weight
        if memory.study and not memory.other and (kind == "group" or found.entry.name in _COUNTED):
            votes.add(BACKGROUND, weight, found)
        elif kind == "new_person":
            votes.add(_introduced(words, found, votes, zone, memory), weight, found)
        elif kind == "group":
            if memory.other:
                votes.add(OTHER, weight, found)
            else:
                votes.add(BACKGROUND if zone in _RETELLING_ZONES else INDEX, 1.0, found)
        elif kind == "person":
            meant = votes.total[OTHER] > votes.total[INDEX] or (memory.other and not memory.many)
            votes.add(OTHER if meant and votes.total[INDEX] < _STRONG else INDEX, weight, found)
        else:
            gain = min(weight, _EPISODE_CAP - episode)
            episode += gain
            difference = votes.total[OTHER] - votes.total[INDEX]
            meant = memory.other if difference == 0 else difference > 0
            votes.add(OTHER if meant else INDEX, gain, found)
    return votes


def _introduced(
    words: Words, found: Found[FrameCue], votes: _Votes, zone: Zone, memory: _Memory
) -> Attribution:
    """Whose patient "a 45-year-old man" is: in a discussion another author's, unless the age is known."""
    if zone not in _RETELLING_ZONES and not memory.table:
        return OTHER if votes.total[OTHER] > votes.total[INDEX] else INDEX
    ages = {word for word in words.lower[found.start : found.end] if word[0].isdecimal()}
    if ages & memory.ages or votes.total[INDEX] >= _STRONG:
        return INDEX
    return OTHER


def _remember(
    words: Words,
    low: int,
    high: int,
    cues: list[Found[FrameCue]],
    winner: Attribution,
    zone: Zone,
    memory: _Memory,
) -> None:
    if winner is BACKGROUND:
        memory.study = memory.study or any(found.entry.name in _STUDY for found in cues)
        return
    memory.study = False
    if winner is OTHER:
        said = set(words.lower[low:high])
        memory.other = True
        if said & _MANY:
            memory.many = True
        elif said & _ONE:
            memory.many = False
        if zone is Zone.TABLE and memory.table is None:
            memory.table = _TABLE_OF_CASES
    else:
        memory.other = False
        if zone not in _RETELLING_ZONES:
            for found in cues:
                if found.entry.attribution == "new_person":
                    memory.ages.update(w for w in words.lower[found.start : found.end] if w[0].isdecimal())


def _frame(words: Words, start: int, end: int, votes: _Votes, zone: Zone) -> Frame:
    winner = votes.winner
    score = round(votes.total[winner] / sum(votes.total.values()), 3)
    if winner not in votes.best:
        return Frame(start=start, end=end, attribution=winner, rule=f"zone:{zone}", score=min(score, 0.5))
    found = votes.best[winner][1]
    first, last = words.starts[found.start], words.ends[found.end - 1]
    cue = Cue(text=words.text[first:last], start=first, end=last, rule=found.entry.name)
    return Frame(start=start, end=end, attribution=winner, cue=cue, rule=found.entry.name, score=score)
