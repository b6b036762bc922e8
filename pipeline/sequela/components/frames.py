"""Whom each statement is about: votes of cues, the place in the report, and what was told just before.

A sentence "tells about" the index patient, another author's case, or nobody in particular. No single word
decides that: "the patient" is the index patient in the case section and Smith's patient after "Smith et al.
reported a man who …"; "developed" tells of an episode, whoever had it. So cues vote with weights
(``lexicons/attribution_cues.csv``), the article zone gives a prior, and references back ("the patient", "she",
"five of these patients") are passed on to whoever was spoken of last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

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
    Zone.REFERENCES: (BACKGROUND, 4.0),
    Zone.BACK_MATTER: (BACKGROUND, 2.0),
    Zone.BODY: (INDEX, 1.0),
}
_RETELLING_ZONES = frozenset((Zone.INTRODUCTION, Zone.DISCUSSION, Zone.CONCLUSION))
_EPISODE_CAP = 2.5
_MINIMUM_OF_A_STATEMENT = 2.5  # total weight below which the neighbouring statement is continued


@dataclass(frozen=True)
class FrameCue:
    """An entry of the lexicon: who the cue votes for, or how the vote is passed on, and the weight."""

    cue: str
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

    total: dict[Attribution, float] = field(default_factory=lambda: dict.fromkeys((INDEX, OTHER, BACKGROUND), 0.0))
    best: dict[Attribution, tuple[float, Found[FrameCue]]] = field(default_factory=dict)

    def add(self, side: Attribution, weight: float, found: Found[FrameCue]) -> None:
        self.total[side] += weight
        if side not in self.best or weight > self.best[side][0]:
            self.best[side] = (weight, found)


def find_frames(doc: Doc) -> list[Frame]:
    """Give one frame for every sentence, in the order of the text; ``patient_id`` is left empty."""
    words = Words(doc.text)
    matcher = frame_matcher()
    frames: list[Frame] = []
    last: Attribution = INDEX  # the individual spoken of last
    zone_before: Section | None = None
    for start, end, section in statements(doc):
        zone = section.zone if section else Zone.BODY
        if section != zone_before or "\n" in doc.text[frames[-1].end if frames else 0 : start]:
            last = INDEX
        zone_before = section
        cues = matcher.find(words, *words.between(start, end))
        votes = _count(cues, zone, last)
        winner = max((INDEX, OTHER, BACKGROUND), key=votes.total.__getitem__)
        frames.append(_frame(words, start, end, votes, winner, zone))
        last = winner if winner is not BACKGROUND else INDEX
    return frames


def statements(doc: Doc) -> Iterator[tuple[int, int, Section | None]]:
    """Give the sentences as character offsets, each with its section."""
    sections = get_sections(doc)
    spans = doc.sents if doc.has_annotation("SENT_START") else [doc[:]]
    k = 0
    for sent in spans:
        while k + 1 < len(sections) and sections[k + 1].start <= sent.start_char:
            k += 1
        yield sent.start_char, sent.end_char, sections[k] if sections else None


def _count(cues: list[Found[FrameCue]], zone: Zone, last: Attribution) -> _Votes:
    votes = _Votes()
    side, weight = _ZONE_PRIORS[zone]
    votes.total[side] += weight
    heaviest: dict[str, Found[FrameCue]] = {}
    for found in cues:
        known = heaviest.get(found.entry.cue)
        if known is None or found.entry.weight > known.entry.weight:
            heaviest[found.entry.cue] = found
    passed_on = []
    for found in heaviest.values():
        entry = found.entry
        if entry.attribution in (INDEX, OTHER, BACKGROUND):
            votes.add(Attribution(entry.attribution), entry.weight, found)
        else:
            passed_on.append(found)
    episode = 0.0
    for found in passed_on:
        entry = found.entry
        if entry.attribution == "new_person":
            retold = zone in _RETELLING_ZONES and votes.total[INDEX] < votes.total[OTHER] + entry.weight
            votes.add(OTHER if retold else INDEX, entry.weight, found)
        elif entry.attribution == "group":
            votes.add(OTHER if last is OTHER else BACKGROUND, entry.weight if last is OTHER else 1.0, found)
        elif entry.attribution == "person":
            votes.add(_individual(votes, last), entry.weight, found)
        else:
            gain = min(entry.weight, _EPISODE_CAP - episode)
            episode += gain
            votes.add(_individual(votes, last), gain, found)
    return votes


def _individual(votes: _Votes, last: Attribution) -> Attribution:
    """Whose episode the statement tells: the side it names itself, else who was spoken of last."""
    if votes.total[OTHER] > votes.total[INDEX]:
        return OTHER
    if last is OTHER and not any(found.entry.cue == "deictic" for _, found in votes.best.values()):
        return OTHER
    return INDEX


def _frame(words: Words, start: int, end: int, votes: _Votes, winner: Attribution, zone: Zone) -> Frame:
    total = sum(votes.total.values())
    score = round(votes.total[winner] / total, 3) if total else 0.0
    if winner not in votes.best:
        return Frame(start=start, end=end, attribution=winner, rule=f"zone:{zone}", score=min(score, 0.5))
    found = votes.best[winner][1]
    first, last = words.starts[found.start], words.ends[found.end - 1]
    cue = Cue(text=words.text[first:last], start=first, end=last, rule=found.entry.cue)
    return Frame(start=start, end=end, attribution=winner, cue=cue, rule=found.entry.cue, score=score)
