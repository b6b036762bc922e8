"""Whom each statement is about: votes of cues, the place in the report, and what was told just before.

A sentence tells of the index patient, of another author's case, or of nobody in particular. No single word
decides that: "the patient" is the index patient in the case section and Smith's patient after "Smith et al.
reported a man who …"; "developed" tells of an episode, whoever had it. So cues vote with weights
(``lexicons/attribution_cues.csv``), the article zone gives a prior, and references back ("the patient",
"she", "five of these patients") are passed on to whoever was spoken of last.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple

from spacy.tokens import Doc

from sequela.attributes import get_sections
from sequela.components.cues import CueMatcher, Found, Words, number_of
from sequela.components.discourse import HUMANS, INDEX, OTHER, RETELLING_ZONES, Memory, is_several
from sequela.components.texts import sentence_offsets, text_of, words_of
from sequela.lexicons.loader import load_table
from sequela.schema import Attribution, Cue, Frame, Section, Zone

BACKGROUND = Attribution.BACKGROUND

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
    Zone.BACK_MATTER: (BACKGROUND, 6.0),
    Zone.BODY: (INDEX, 1.0),
}
_UNTOLD_ZONES = frozenset((Zone.ABSTRACT, Zone.BODY))  # a case or its discussion, by the tense
_PAST = 0.25
_BE = frozenset(("are", "be", "been", "being", "is", "-"))
_EPISODE_CAP = 2.5  # past tense, narrative verbs and dates count once each, and no more than this together
_TELLING = 2.0  # votes for the index patient that a reference back to another one does not outweigh
_STRONG = 2.5  # a cue that makes a clause a statement of its own
# The order in which references back are resolved: who is introduced or named first, tense last.
_PASSED_ON = {"new_person": 0, "group": 1, "person": 2, "episode": 3}
_OWN_ROW = frozenset(("deictic", "this_patient"))  # "Present case" in a table of published ones
_OURS = frozenset(("deictic", "we_report"))
_STUDY = frozenset(("study", "regulator", "incidence", "trial"))
# Cues that present one patient, whoever it is; a report without any is of a study, of animals, or of nobody.
_OF_ONE = frozenset(
    (
        "animal_patient",
        "deictic",
        "first_report",
        "new_person",
        "numbered_case",
        "pronoun",
        "pronoun_possessive",
        "relative",
        "single_patient",
        "that_case",
        "the_patient",
        "this_patient",
        "we_report",
    )
)
_OF_NOBODY = 4.0  # votes for background in a report that presents no patient
OF_STUDIES = frozenset(
    ("animal", "experiment", "literature_search", "one_animal", "participant", "statistics", *_STUDY)
)
NOBODY = "nobody"  # rule of statements of a report that presents no patient
_MANY = 10  # patients, from which on a number of them makes a study
_REPORT = 3  # statements
_NOUN_WITHIN = 4  # words after a number of patients
_COUNTED = frozenset(("counted_cases", "counted_patients"))
_CLAUSE_WORDS = frozenset(
    [
        "as",
        "because",
        "but",
        "although",
        "however",
        "since",
        "similarly",
        "though",
        "unlike",
        "whereas",
        "which",
        "while",
    ]
)
# "…in the UK in April.12 Here we report": a superscript citation that hides the end of a sentence
_HIDDEN_END = re.compile(r"(?<=[a-z0-9)])\.\d{1,3}(?:[,–-]\d{1,3}){0,5} (?=[A-Z])")


@dataclass(frozen=True)
class FrameCue:
    """An entry of the lexicon: its name, for whom it votes or how the vote is passed on, and the weight."""

    name: str
    attribution: str
    weight: float


_ONE_ANIMAL = FrameCue("one_animal", BACKGROUND.value, 4.0)
_NEW_PERSON = FrameCue("new_person", "new_person", 1.5)


@cache
def frame_matcher() -> CueMatcher[FrameCue]:
    """Give the matcher of the frame cues."""
    matcher: CueMatcher[FrameCue] = CueMatcher()
    for row in load_table("attribution_cues.csv"):
        matcher.add(row["pattern"], FrameCue(row["cue"], row["attribution"], float(row["weight"])))
    return matcher


class _Statement(NamedTuple):
    """A sentence with its characters, section, words and cues."""

    start: int
    end: int
    section: Section | None
    first: int
    last: int
    cues: list[Found[FrameCue]]


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
    def is_tied(self) -> bool:
        """Whether the index patient has as many votes as general knowledge."""
        return self.total[INDEX] == self.total[BACKGROUND] > self.total[OTHER]

    @property
    def winner(self) -> Attribution:
        """The side with most votes; of two, the one that does less harm: not the index patient."""
        return max((BACKGROUND, OTHER, INDEX), key=self.total.__getitem__)


def find_frames(doc: Doc) -> list[Frame]:
    """Give the frames in the order of the text, one for each sentence or clause, without a ``patient_id``."""
    words = words_of(doc)
    matcher = frame_matcher()
    memory = Memory()
    frames: list[Frame] = []
    before: Section | None = None
    told = []
    for start, end, section in statements(doc):
        first, last = words.between(start, end)
        told.append(_Statement(start, end, section, first, last, matcher.find(words, first, last)))
    nobody = _presents_nobody(words, told) if told else None
    names = {found.entry.name for statement in told for found in statement.cues}
    veterinary = _is_veterinary(words, names)
    for statement in told:
        start, end, section, first, last, cues = statement
        zone = section.zone if section else Zone.BODY
        if section != before:
            memory.begin_section()
        elif frames and "\n" in words.text[frames[-1].end - 1 : start + 1]:
            memory.begin_paragraph()
        before = section
        cues = list(_of_animals(words, cues, veterinary=veterinary))
        for low, high in _clauses(words, first, last, cues):
            inside = [found for found in cues if low <= found.start < high]
            # introduction and discussion tell of others anyway
            votes = _count(words, inside, zone, memory, None if zone in RETELLING_ZONES else nobody)
            if zone in _UNTOLD_ZONES and votes.is_tied and _tells_of_past(words, low, high):
                votes.total[INDEX] += _PAST
            _remember(words, low, high, inside, votes.winner, zone, memory)
            begin = start if low == first else words.starts[low]
            stop = end if high == last else words.starts[high]
            frames.append(_frame(words, begin, stop, votes, zone, nobody=nobody is not None))
    return frames


def statements(doc: Doc) -> Iterator[tuple[int, int, Section | None]]:
    """Give the sentences as character offsets, each with its section."""
    text, sections = text_of(doc), get_sections(doc)
    k = 0
    for start, end in sentence_offsets(doc):
        while k + 1 < len(sections) and sections[k + 1].start <= start:
            k += 1
        section = sections[k] if sections else None
        for hidden in _HIDDEN_END.finditer(text, start, end):
            yield start, hidden.end(), section
            start = hidden.end()
        yield start, end, section


@dataclass(frozen=True)
class _Nobody:
    """That a report presents no patient, and the cue of what it tells of instead, where there is one."""

    cue: Found[FrameCue] | None


def _presents_nobody(words: Words, told: list[_Statement]) -> _Nobody | None:
    """Tell whether a report presents no patient at all: a trial, a survey, animals, general knowledge.

    A few patients with whom a report begins are a series. Of one or two sentences nothing can be told, nor of a
    text without any word for people.
    """
    cues = [found for statement in told for found in statement.cues]
    if any(found.entry.name in _OF_ONE for found in cues):
        return None
    study = next((found for found in cues if found.entry.name in OF_STUDIES or _are_many(words, found)), None)
    if study is None and (
        len(told) < _REPORT
        or any(_is_of_case(statement.section) for statement in told)
        or _begins_with_few(words, told[0])
        or not any(is_several(word) for word in words.lower)
    ):
        return None
    return _Nobody(study)


def _is_of_case(section: Section | None) -> bool:
    """Whether a heading promises a case; the results of a study stand where a case would."""
    return (
        section is not None and section.zone is Zone.CASE and not section.heading.lower().startswith("result")
    )


def _begins_with_few(words: Words, statement: _Statement) -> bool:
    """Whether the first statement counts a few patients: "Four children under dapsone are described"."""
    said = words.lower[statement.first : statement.last]
    for i, word in enumerate(said):
        few = 1 < (number_of(word) or 0) < _MANY
        if few and any(is_several(one) for one in said[i + 1 : i + _NOUN_WITHIN]):
            return True
    return False


def _is_veterinary(words: Words, names: Collection[str]) -> bool:
    """Whether the patient of the report is an animal: one is told of, and no man, woman or child."""
    return not {"animal_patient", "one_animal"}.isdisjoint(names) and HUMANS.isdisjoint(words.lower)


def _of_animals(words: Words, cues: list[Found[FrameCue]], *, veterinary: bool) -> Iterator[Found[FrameCue]]:
    """Give the cues as they are meant: "the dog" is the patient of a veterinary report, of others it is nobody."""
    for found in cues:
        if found.entry.name == "animal_patient" and not veterinary:
            # "a 30-year-old woman with two dogs"
            person = not HUMANS.isdisjoint(words.lower[found.start : found.end])
            yield replace(found, entry=_NEW_PERSON if person else _ONE_ANIMAL)
        elif found.entry.name != "one_animal" or not veterinary:
            yield found


def _are_many(words: Words, found: Found[FrameCue]) -> bool:
    return found.entry.name == "counted_patients" and (number_of(words.lower[found.start]) or 0) >= _MANY


def _clauses(words: Words, first: int, last: int, cues: list[Found[FrameCue]]) -> list[tuple[int, int]]:
    """Split a sentence where its clauses are about different sides; else leave it whole.

    That is where a clause begins between strong cues of two sides, or where the clause on one hand has a strong
    cue for general knowledge or for other cases and that on the other speaks of a person or an episode only:
    "he had dapsone, which may cause fever".
    """
    sides = {found.entry.attribution for found in cues if found.entry.weight >= _STRONG} & _SIDES
    if not sides or (len(sides) == 1 and INDEX.value in sides):
        return [(first, last)]
    clauses = []
    begin = first
    for i in range(first + 1, last):
        if (
            (words.lower[i] == ";" or (words.lower[i - 1] == "," and words.lower[i] in _CLAUSE_WORDS))
            and not any(found.start < i < found.end for found in cues)
            and _differ([c for c in cues if begin <= c.start < i], [c for c in cues if c.start >= i])
        ):
            clauses.append((begin, i))
            begin = i
    return [*clauses, (begin, last)]


def _differ(before: list[Found[FrameCue]], after: list[Found[FrameCue]]) -> bool:
    one, other = _strong_sides(before), _strong_sides(after)
    if one and other:
        return one != other
    rest = after if one else before
    strong = (one or other) - {INDEX.value}
    return bool(strong) and any(found.entry.attribution in _TOLD for found in rest)


def _strong_sides(cues: list[Found[FrameCue]]) -> set[str]:
    return {found.entry.attribution for found in cues if found.entry.weight >= _STRONG} & _SIDES


_SIDES = frozenset(side.value for side in (INDEX, OTHER, BACKGROUND))
_TOLD = frozenset((INDEX.value, "person", "episode"))


def _count(
    words: Words,
    cues: list[Found[FrameCue]],
    zone: Zone,
    memory: Memory,
    nobody: _Nobody | None,
) -> _Votes:
    votes = _Votes()
    side, weight = _ZONE_PRIORS[zone]
    if nobody:
        side, weight = BACKGROUND, weight + _OF_NOBODY
        if nobody.cue:
            votes.add(BACKGROUND, 0.0, nobody.cue)
    if zone is Zone.TABLE and memory.table and not any(found.entry.name in _OWN_ROW for found in cues):
        side, weight = memory.table
    elif memory.study and zone in _UNTOLD_ZONES:
        side = BACKGROUND
    votes.total[side] += weight
    heaviest: dict[str, Found[FrameCue]] = {}
    for found in cues:
        known = heaviest.get(found.entry.name)
        if known is None or found.entry.weight > known.entry.weight:
            heaviest[found.entry.name] = found
    # "19 patients … have been reported": a number makes cases of what is reported
    counted = zone in RETELLING_ZONES and not memory.study and not _COUNTED.isdisjoint(heaviest)
    for name, found in heaviest.items():
        if found.entry.attribution in _SIDES:
            side = Attribution(found.entry.attribution)
            votes.add(OTHER if counted and name == "reported_generally" else side, found.entry.weight, found)
    study = nobody is not None or memory.study or not _STUDY.isdisjoint(heaviest)
    episode = 0.0
    passed_on = [found for found in heaviest.values() if found.entry.attribution in _PASSED_ON]
    for found in sorted(passed_on, key=lambda found: _PASSED_ON[found.entry.attribution]):
        kind, weight = found.entry.attribution, found.entry.weight
        if (study and not memory.other and (kind == "group" or found.entry.name in _COUNTED)) or (
            kind == "new_person" and nobody
        ):
            votes.add(BACKGROUND, weight, found)
        elif kind == "new_person":
            votes.add(_introduced(words, found, votes, zone, memory), weight, found)
        elif kind == "group":
            whose = memory.whose(words.lower[found.start : found.end], zone)
            if whose is OTHER or (memory.other and whose is None):
                votes.add(OTHER, weight, found)
            elif memory.series or zone not in RETELLING_ZONES:
                votes.add(INDEX, weight if memory.series else 1.0, found)
            else:
                votes.add(BACKGROUND, 1.0, found)
        elif kind == "person":
            whose = memory.whose(words.lower[found.start : found.end], zone)
            meant = votes.total[OTHER] > votes.total[INDEX] or (
                whose is OTHER if whose else memory.other and not memory.many
            )
            votes.add(OTHER if meant and votes.total[INDEX] < _TELLING else INDEX, weight, found)
        else:
            gain = min(weight, _EPISODE_CAP - episode)
            episode += gain
            difference = votes.total[OTHER] - votes.total[INDEX]
            meant = memory.other if difference == 0 else difference > 0
            votes.add(OTHER if meant else INDEX, gain, found)
    return votes


def _tells_of_past(words: Words, low: int, high: int) -> bool:
    """Whether a verb stands in the past, and not only a participle: "is seldom mentioned"."""
    return any(
        words.lower[i].endswith("ed") and _BE.isdisjoint(words.lower[max(low, i - 2) : i])
        for i in range(low, high)
    )


def _introduced(
    words: Words, found: Found[FrameCue], votes: _Votes, zone: Zone, memory: Memory
) -> Attribution:
    """Whose patient "a 45-year-old man" is: in a discussion another author's, unless the age is known."""
    if zone is Zone.CAPTION and found.entry.name == "another_patient":
        return OTHER
    if memory.series and not memory.other and found.entry.name == "another_patient":
        return INDEX
    if zone is Zone.CONCLUSION and not memory.other and found.entry.name == "new_person":
        return INDEX
    if zone not in RETELLING_ZONES and not memory.table:
        return OTHER if votes.total[OTHER] > votes.total[INDEX] else INDEX
    if _ages(words, [found]) & memory.ages or votes.total[INDEX] >= max(_STRONG, votes.total[OTHER]):
        return INDEX
    return OTHER


def _remember(
    words: Words,
    low: int,
    high: int,
    cues: list[Found[FrameCue]],
    winner: Attribution,
    zone: Zone,
    memory: Memory,
) -> None:
    said = words.lower[low:high]
    names = {found.entry.name for found in cues}
    if winner is BACKGROUND:
        memory.remember_background(study=not names.isdisjoint(_STUDY))
    elif winner is OTHER:
        memory.remember_other(said, zone, relative="relative" in names)
    else:
        introduced = [found for found in cues if found.entry.attribution == "new_person"]
        memory.remember_index(
            said,
            _ages(words, introduced),
            zone,
            introduces=bool(introduced) or "we_report" in names,
            several=not names.isdisjoint(_OURS) and any(is_several(word) for word in said),
        )


def _ages(words: Words, introduced: Iterable[Found[FrameCue]]) -> set[str]:
    return {
        word for found in introduced for word in words.lower[found.start : found.end] if word[0].isdecimal()
    }


def _frame(words: Words, start: int, end: int, votes: _Votes, zone: Zone, *, nobody: bool) -> Frame:
    winner = votes.winner
    score = round(votes.total[winner] / sum(votes.total.values()), 3)
    if winner not in votes.best:
        rule = NOBODY if nobody else f"zone:{zone}"
        return Frame(start=start, end=end, attribution=winner, rule=rule, score=min(score, 0.5))
    found = votes.best[winner][1]
    first, last = words.starts[found.start], words.ends[found.end - 1]
    cue = Cue(text=words.text[first:last], start=first, end=last, rule=found.entry.name)
    return Frame(start=start, end=end, attribution=winner, cue=cue, rule=found.entry.name, score=score)
