"""A report as the course of its reactions is read from it: who and what each statement speaks of."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from spacy.tokens import Doc, Span

from sequela import attributes
from sequela.components.anaphora import SPANS
from sequela.components.course_cues import (
    OUTCOME,
    Statement,
    find_statements,
    recurrence_rules,
    triggered,
)
from sequela.components.links.classes import class_of, is_member
from sequela.components.terms.drugs import normalise_drug
from sequela.components.terms.events import normalise_event
from sequela.components.terms.spelling import VARIANT
from sequela.components.texts import sentence_starts, text_of
from sequela.lexicons.loader import load_lines, load_table
from sequela.schema import Attribution, Frame, Label, Link, Section, Zone

_UNTOLD = frozenset((Zone.REFERENCES, Zone.BACK_MATTER, Zone.TITLE))
_STORY = frozenset((Zone.CASE, Zone.BODY, Zone.CAPTION, Zone.TABLE))
_CACHE = 10_000
_SUBJECT_REACH = 110  # characters from the subject to its verb
_OBJECT_REACH = 60
_MOST_IN_LIST = 12
_MOST_INHERITED = 3  # statements of a sentence that one without a subject may take it from
_ADJACENT = 20  # characters from an adjective to its noun

_GENERAL = re.compile(
    r"\b(?:symptoms?|symptomatology|condition|reactions?|signs|complaints?|clinical (?:state|status|picture|course)"
    r"|state|status|picture|side\seffects?|adverse\s\w{1,20}|complications?|toxicit(?:y|ies)|episodes?|attacks?|events?"
    r"|abnormalit(?:y|ies)|manifestations?"
    r"|everything|disease|illness|syndrome"
    r"|both|all (?:of )?(?:these|those|this|them))\b"
)
# These speak of whatever was measured, unless they name it.
_MEASURED = re.compile(
    r"\b(?:parameters|findings|values|levels|tests?|(?:laboratory|blood) (?:data|results|work))\b"
)
_PATIENT = re.compile(
    r"\b(?:patients?|he|she|child|boy|girl|man|woman|infant|baby|neonate|mother|lady|gentleman|dog|cat|horse|animal|recovery|improvement)\b"
)
_DESPITE = re.compile(r"\b(?:despite|in spite of|notwithstanding)\s(?:\w{1,14}\s){0,3}$")
_CITED = re.compile(r"\bet al\b|\b(?:literature|case reports?|reported cases|studies|trials?|authors)\b")
_RELATIVES = re.compile(
    r"\b(?:father|mother|brother|sister|husband|wife|cells?|family|son|daughter|uncle|aunt)\b"
)
_TUMOUR = re.compile(
    r"\b(?:tumou?rs?|metasta\w{1,8}|carcino\w{1,8}|cancer|lymphoma|myeloma|leuka?emia|malignan\w{1,5}|neoplas\w{1,4})\b",
    re.I,
)
_CHAINED = re.compile(r"\s?(?:,|,?\s(?:and|or|as well as|plus|&)|/|\)|,\sboth)\s?(?:[\w-]{1,20}\s){0,4}\(?$")
_OF = re.compile(
    r"\s?(?:of|in|from|for)\s|\s(?:taking|using|receiving|giving|administration|treatment|therapy|use)\s|\s(?:the|this|his|her|all|both)\s"
)
_IS = re.compile(r"\b(?:was|were|is|are|been)\s(?:\w{1,9}\s)?$")
_HAS = re.compile(r"\b(?:have|had|has|experience|suffers?|complain\w{0,3})$")
_TAKING = re.compile(
    r"\s(?:taking|using|inhaling|drinking|smoking|receiving|the (?:medication|drug|treatment))\b"
)
_DOSE = re.compile(r"\b(?:dose|infusion|injection|course|cycle|exposure|administration|re-?challenge)")
_IT = re.compile(r"\b(?:it|this|these|they|which|that)\b")
_WORD = re.compile(r"[a-z]{4,40}")
_SAME = {"renal": "kidney", "hepatic": "liver", "pulmonary": "lung", "cardiac": "heart", "cutaneous": "skin"}
_ALL_DRUGS = re.compile(
    r"\b(?:all|both|every|each|these|suspected|offending|culprit|causative|responsible)\b"
)


@dataclass(frozen=True)
class Named:
    """A mention of a drug or an event: its place, its words, and the keys under which a drug is known."""

    start: int
    end: int
    text: str
    words: frozenset[str]
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Subject:
    """What a statement of an outcome speaks of.

    ``events`` are the words of the events named, ``text`` is where a measured value may be named. ``general``
    is set by "the symptoms", "the reaction"; ``patient`` by "she", "the boy"; ``silent`` where nothing is
    named at all.
    """

    events: tuple[frozenset[str], ...]
    text: str
    general: bool
    patient: bool

    @property
    def silent(self) -> bool:
        """Whether nothing is named that it could be about."""
        return not (self.events or self.general or self.patient or told_families(self.text))


class Report:
    """The sentences of a report, and the statements in them, found once for all its links."""

    def __init__(self, doc: Doc, links: list[Link]) -> None:
        self.text = text_of(doc)
        self.lowered = lower(self.text)
        self.starts = sentence_starts(doc) or [0]
        self.last = len(self.starts) - 1
        ents = doc.ents
        self.drugs = _Mentions(
            [_drug(ent) for ent in ents if ent.label_ == Label.DRUG or _abbreviates_drug(ent)]
        )
        events = [_event(ent) for ent in ents if ent.label_ == Label.SYMPTOM]
        self.events = _Mentions([event for event in events if event.words])
        self.anaphors = _Mentions(
            [_drug(span) for span in doc.spans.get(SPANS, ()) if span.label_ == Label.DRUG]
        )
        self.patients = attributes.get_patients(doc)
        self.frames = attributes.get_frames(doc)
        self.frame_starts = [frame.start for frame in self.frames]
        self.sections = attributes.get_sections(doc)
        self._story = self._sections_of_case()
        self.others = self._told_of_others()
        self.main_events = self._main_events(links)
        self._triggers: dict[int, set[int]] = defaultdict(set)
        for start, numbers in triggered(self.lowered):
            self._triggers[self.sentence_of(start)] |= numbers
        self._told: dict[int, tuple[Statement, ...]] = {}
        self._subjects: dict[tuple[int, str], Subject] = {}
        self._about: dict[tuple[int, str, str], bool] = {}
        self._places: dict[tuple[str, str], list[int]] = {}

    # --- sentences

    def sentence_of(self, offset: int) -> int:
        """Give the number of the sentence that an offset lies in."""
        return max(0, bisect_right(self.starts, offset) - 1)

    def bounds(self, sentence: int) -> tuple[int, int]:
        """Give the offsets of a sentence."""
        end = self.starts[sentence + 1] if sentence < self.last else len(self.text)
        return self.starts[sentence], end

    def sentence_text(self, sentence: int) -> str:
        """Give a sentence in lower case."""
        return self.lowered[slice(*self.bounds(sentence))]

    def in_story(self, offset: int) -> bool:
        """Tell whether an offset lies where the case is told, not in an abstract or a discussion of it."""
        return any(section.start <= offset < section.end for section in self._story)

    def frame_at(self, offset: int) -> Frame | None:
        """Give the frame that an offset lies in."""
        number = bisect_right(self.frame_starts, offset) - 1
        frame = self.frames[number] if number >= 0 else None
        return frame if frame is not None and offset < frame.end else None

    def is_of_others(self, offset: int) -> bool:
        """Tell whether what is said at an offset is not about a patient of this report."""
        frame = self.frame_at(offset)
        if frame is not None and frame.attribution is Attribution.INDEX_PATIENT:
            return self._is_untold(offset)
        return self.sentence_of(offset) in self.others

    def _is_untold(self, offset: int) -> bool:
        return any(s.start <= offset < s.end for s in self.sections if s.zone in _UNTOLD)

    def _sections_of_case(self) -> list[Section]:
        """Give the sections that tell the case; a structured abstract has its own before the introduction."""
        told = [section for section in self.sections if section.zone in _STORY]
        begin = max((s.start for s in self.sections if s.zone is Zone.INTRODUCTION), default=0)
        return [section for section in told if section.start >= begin] or told

    def _told_of_others(self) -> frozenset[int]:
        """Give the numbers of the sentences that are not about a patient of this report."""
        others = {
            self.sentence_of((frame.start + frame.end) // 2)
            for frame in self.frames
            if frame.attribution in (Attribution.OTHER_CASE, Attribution.BACKGROUND)
        }
        for section in self.sections:
            if section.zone in _UNTOLD:
                last = self.sentence_of(max(section.start, section.end - 1))
                others.update(range(self.sentence_of(section.start), last + 1))
        return frozenset(others)

    # --- statements

    def statements(self, sentence: int) -> tuple[Statement, ...]:
        """Give what a sentence says of outcomes, of actions taken and of drugs given again."""
        if sentence not in self._told:
            numbers = self._triggers.get(sentence, ())
            begin, end = self.bounds(sentence)
            self._told[sentence] = (
                tuple(find_statements(self.text, self.lowered, sentence, begin, end, numbers))
                if numbers
                else ()
            )
        return self._told[sentence]

    @cached_property
    def story(self) -> list[Statement]:
        """What is said of the patients of this report, in the order of the text."""
        return [
            statement
            for sentence in sorted(self._triggers)
            for statement in self.statements(sentence)
            if not self.is_of_others(statement.cue.start)
        ]

    def recurrences(self, sentence: int) -> list[Statement]:
        """Give what a sentence says of a reaction that came back, or did not."""
        begin, end = self.bounds(sentence)
        return find_statements(self.text, self.lowered, sentence, begin, end, recurrence_rules())

    def subject(self, statement: Statement) -> Subject:
        """Give what a statement of an outcome speaks of."""
        key = (statement.cue.start, statement.cue.rule)
        if key not in self._subjects:
            found = self._find_subject(statement)
            self._subjects[key] = self._inherited(statement, found) if found.silent else found
        return self._subjects[key]

    def _inherited(self, statement: Statement, found: Subject) -> Subject:
        """Give the subject of the statement before: "the rash faded and had cleared", "healed with scars"."""
        told = [
            before
            for before in self.statements(statement.sentence)
            if before.kind == OUTCOME and before.cue.start < statement.cue.start
        ]
        for before in told[: -_MOST_INHERITED - 1 : -1]:
            subject = self._find_subject(before)
            if not subject.silent:
                return subject
        if not told and _IT.search(found.text):  # "The skin changes were mild; they disappeared"
            return self._subject_before(statement)
        return found

    def _find_subject(self, statement: Statement) -> Subject:
        cue = statement.cue
        after = _OF.match(self.lowered, cue.end) is not None or _HAS.search(cue.text.lower()) is not None
        right = self.lowered[cue.start : min(statement.stop, cue.end + _OBJECT_REACH)]
        left = self.lowered[max(statement.begin, cue.start - _SUBJECT_REACH) : cue.end]
        events_right = [
            event
            for event in self.events.between(cue.start, min(statement.stop, cue.end + _OBJECT_REACH))
            if event.end > cue.end
        ]
        events_left = self._last_chain(self.events.between(statement.begin, cue.start))
        if statement.scope == "object" or (after and (events_right or told_families(right[len(cue.text) :]))):
            events, text = events_right, right
        elif statement.scope == "attribute":
            predicate = _IS.search(self.lowered, max(statement.begin, cue.start - 12), cue.start)
            near = [event for event in events_right if event.start - cue.end < _ADJACENT]
            events, text = (events_left, left) if predicate else (near, cue.text.lower())
        else:
            events, text = events_left, left
        return Subject(
            events=tuple(event.words for event in events),
            text=text,
            general=_is_general(text),
            patient=_PATIENT.search(left) is not None,
        )

    def _subject_before(self, statement: Statement) -> Subject:
        begin = self.starts[statement.sentence]
        if statement.begin - begin < _ADJACENT and statement.sentence:
            begin = self.starts[statement.sentence - 1]
        events = self._last_chain(self.events.between(begin, statement.begin))
        text = self.lowered[max(begin, statement.begin - _SUBJECT_REACH) : statement.begin]
        return Subject(
            events=tuple(event.words for event in events),
            text=text,
            general=_is_general(text),
            patient=False,
        )

    def _last_chain(self, mentions: list[Named]) -> list[Named]:
        """Give the last mention and those coordinated with it."""
        chain = mentions[-1:]
        for mention in mentions[-2 : -_MOST_IN_LIST - 1 : -1]:
            if not _CHAINED.match(self.lowered, mention.end, chain[-1].start):
                break
            chain.append(mention)
        return chain

    def is_about_drug(self, statement: Statement, link: Link) -> bool:
        """Tell whether what was done was done with the drug of a link."""
        key = (statement.cue.start, statement.cue.rule, link.drug.text)
        if key not in self._about:
            self._about[key] = self._find_whether_about(statement, link)
        return self._about[key]

    def _find_whether_about(self, statement: Statement, link: Link) -> bool:
        cue, begin, stop = statement.cue, statement.begin, statement.stop
        drug = _link_drug(link.drug.text)
        left = self._last_chain(self._drugs_between(begin, cue.start + 1))
        right = self._drugs_between(cue.end, min(stop, cue.end + _OBJECT_REACH))
        inside = self._drugs_between(cue.start, cue.end)
        before = self.lowered[max(begin, cue.start - _SUBJECT_REACH) : cue.start]
        of = _OF.match(self.lowered, cue.end)
        if of is not None and right and right[0].start - cue.end < _OBJECT_REACH // 2:
            first = [right[0]]
            for mention in right[1:]:
                if not _CHAINED.match(self.lowered, first[-1].end, mention.start):
                    break
                first.append(mention)
            return any(_same_drug(drug, mention) for mention in first)
        if _TAKING.match(self.lowered, cue.end):
            return True
        generic = [match.start() for match in _generic().finditer(self.lowered, begin, cue.start)]
        if generic and generic[-1] >= max((mention.end for mention in left), default=-1):
            return True
        if left or inside:
            return any(_same_drug(drug, mention) for mention in (*left, *inside))
        if right:
            return any(_same_drug(drug, mention) for mention in right[:1])
        if drug.words & words_of(self.lowered[begin:stop]):
            return True  # a mention that the tagger missed
        if _generic().search(self.lowered, cue.start, stop):
            return True
        if _DOSE.search(cue.text.lower()):
            named = self._drugs_between(*self.bounds(statement.sentence))
            return not named or any(_same_drug(drug, mention) for mention in named)
        if _IT.search(before) or not before.strip():
            told = self._drugs_between(self.starts[max(0, statement.sentence - 1)], begin + 1)
            return bool(told) and any(_same_drug(drug, mention) for mention in self._last_chain(told))
        return False

    def _drugs_between(self, begin: int, end: int) -> list[Named]:
        found = self.drugs.between(begin, end)
        anaphors = self.anaphors.between(begin, end)
        return sorted((*found, *anaphors), key=lambda mention: mention.start) if anaphors else found

    def drug_places(self, link: Link) -> list[int]:
        """Give the offsets of the drug of a link where it is told of a patient of this report."""
        key = (Label.DRUG.value, link.drug.text)
        if key not in self._places:
            drug = _link_drug(link.drug.text)
            self._places[key] = [
                m.start for m in self.drugs.all if _same_drug(drug, m) and not self.is_of_others(m.start)
            ]
        return self._places[key]

    def event_places(self, link: Link) -> list[int]:
        """Give the offsets of the event of a link where it is told of a patient of this report."""
        key = (Label.SYMPTOM.value, link.event.text)
        if key not in self._places:
            words = event_words(link.event.text)
            self._places[key] = [
                m.start
                for m in self.events.all
                if same_words(words, m.words) and not self.is_of_others(m.start)
            ]
        return self._places[key]

    def is_in_spite(self, statement: Statement) -> bool:
        """Tell whether what was done did not help: "despite discontinuation of"."""
        return _DESPITE.search(self.lowered[statement.begin : statement.cue.start]) is not None

    def is_on_someone_else(self, sentence: int) -> bool:
        """Tell whether a sentence speaks of relatives or of the literature."""
        text = self.sentence_text(sentence)
        return _RELATIVES.search(text) is not None or _CITED.search(text) is not None

    def _main_events(self, links: list[Link]) -> frozenset[frozenset[str]]:
        """Give the words of the events that a death may be the outcome of: illnesses, and what is named most."""
        linked = {event_words(link.event.text) for link in links if not link.rejected}
        counts: Counter[frozenset[str]] = Counter()
        for mention in self.events.all:
            counts.update(event for event in linked if event and event <= mention.words)
        most = max(counts.values(), default=0)
        named = {event for event, count in counts.items() if count == most}
        illnesses = {event_words(link.event.text) for link in links if is_diagnosis(link.event.text)}
        return frozenset(named | illnesses)


class _Mentions:
    """Mentions in the order of the text."""

    def __init__(self, mentions: list[Named]) -> None:
        self.all = sorted(mentions, key=lambda mention: mention.start)
        self.starts = [mention.start for mention in self.all]

    def between(self, begin: int, end: int) -> list[Named]:
        """Give those that begin in a stretch."""
        return self.all[bisect_left(self.starts, begin) : bisect_left(self.starts, end)]


def lower(text: str) -> str:
    """Give a text in lower case with every offset as it was."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


def _is_general(text: str) -> bool:
    if _GENERAL.search(text):
        return True
    return _MEASURED.search(text) is not None and not told_families(text)


def on_tumour(text: str) -> bool:
    """Tell whether a text names a tumour."""
    return _TUMOUR.search(text) is not None


def _drug(span: Span) -> Named:
    text = span.text.lower()
    keys, words = set(_drug_keys(text)), set(words_of(text))
    refers = attributes.get_reference(span)
    if refers:
        for other in (refers, *refers.get("others", ())):
            keys |= _drug_keys(other["text"].lower())
            words |= words_of(other["text"])
    return Named(span.start_char, span.end_char, text, frozenset(words), frozenset(keys))


def _abbreviates_drug(span: Span) -> bool:
    if span.label_ != Label.SYMPTOM:
        return False
    refers = attributes.get_reference(span)
    if refers is None or refers["rule"] != "abbreviation":
        return False
    return normalise_drug(refers["text"]) is not None


def _event(span: Span) -> Named:
    words = event_words(span.text)
    refers = attributes.get_reference(span)
    if refers:
        words |= event_words(refers["text"])
    return Named(span.start_char, span.end_char, span.text.lower(), words)


@lru_cache(maxsize=_CACHE)
def _link_drug(text: str) -> Named:
    lowered = text.lower()
    return Named(0, 0, lowered, words_of(lowered), _drug_keys(lowered))


@lru_cache(maxsize=_CACHE)
def _drug_keys(lowered: str) -> frozenset[str]:
    term = normalise_drug(lowered)
    return (
        frozenset((lowered, term.name.lower()))
        if term is not None and term.score >= VARIANT
        else frozenset((lowered,))
    )


def _same_drug(drug: Named, mention: Named) -> bool:
    if drug.keys & mention.keys or drug.words & mention.words:
        return True
    name = class_of(mention.text)
    return bool(name) and any(is_member(key, name) for key in drug.keys)


@lru_cache(maxsize=_CACHE)
def event_words(event: str) -> frozenset[str]:
    """Give the telling words of an event and of the term it means: "AKI" and "acute kidney injury"."""
    term = normalise_event(event)
    return words_of(f"{event} {term.name}" if term is not None and term.score >= VARIANT else event)


@lru_cache(maxsize=_CACHE)
def is_diagnosis(event: str) -> bool:
    """Tell whether an event is an illness made of signs, which may be named long after them."""
    return _diagnoses().search(event.lower()) is not None


def same_words(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether two events share a word that tells events apart ("failure" does not)."""
    shared = one & other
    return bool(shared - _weak()) or (bool(shared) and (one <= _weak() or other <= _weak()))


def words_of(text: str) -> frozenset[str]:
    """Give the words of a text that can tell a drug or an event from another."""
    found = frozenset(_WORD.findall(text.lower())) - _common()
    return found | {_SAME[word] for word in found if word in _SAME}


@dataclass(frozen=True)
class Family:
    """Events that are followed by the same signs or measurements: thrombocytopenia by "platelets".

    ``direction`` is "high" where less of it is better, "low" where more of it is, "" where neither.
    """

    name: str
    direction: str
    event: re.Pattern[str]
    told: re.Pattern[str]


@lru_cache(maxsize=_CACHE)
def families_of(event: str) -> tuple[Family, ...]:
    """Give the families that an event belongs to."""
    lowered = event.lower()
    return tuple(family for family in _families() if family.event.search(lowered))


@lru_cache(maxsize=_CACHE)
def told_families(text: str) -> frozenset[str]:
    """Give the names of the families whose signs or measurements a text in lower case names."""
    if not _any_family().search(text):
        return frozenset()
    return frozenset(family.name for family in _families() if family.told.search(text))


@cache
def _families() -> tuple[Family, ...]:
    return tuple(
        Family(
            row["family"],
            row["direction"],
            re.compile(row["event"]),
            re.compile(rf"\b(?:{row['told']})(?!\w)"),
        )
        for row in load_table("course_families.csv")
    )


@cache
def _any_family() -> re.Pattern[str]:
    return re.compile("|".join(rf"\b(?:{row['told']})(?!\w)" for row in load_table("course_families.csv")))


@cache
def _common() -> frozenset[str]:
    return frozenset(load_lines("course_common_words.txt"))


@cache
def _diagnoses() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(load_lines('course_diagnoses.txt'))})")


@cache
def _weak() -> frozenset[str]:
    return frozenset(load_lines("course_weak_words.txt"))


@cache
def _generic() -> re.Pattern[str]:
    words = sorted(load_lines("course_generic.txt"), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b")
