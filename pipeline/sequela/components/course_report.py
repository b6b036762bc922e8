"""The sentences and cues of a report that the course of its reactions is read from."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from spacy.tokens import Doc

from sequela import attributes
from sequela.components.terms.events import normalise_event
from sequela.components.terms.spelling import VARIANT
from sequela.lexicons.loader import load_lines, load_table
from sequela.schema import Attribution, Cue, Label, Zone

_UNTOLD = frozenset((Zone.REFERENCES, Zone.BACK_MATTER, Zone.TITLE))
_OF_OTHERS = frozenset((Attribution.OTHER_CASE, Attribution.BACKGROUND))
_CACHE = 10_000
_LOOK_BACK = 80

_PATIENT = re.compile(
    r"\b(?:the|our|this|his|her|their|all|these|both)\s(?:\w{1,20}\s)?"
    r"(?:patients?|symptoms?|condition|reactions?|lesions?|signs?|complaints?|state|status|recovery"
    r"|side\seffects?|adverse\s\w{1,20}|course|levels?|values?|tests?)\b"
    r"|\b(?:patient|symptoms|he|she|symptomatology|recovered|recovery)\b",
    re.I,
)
_CITED = re.compile(
    r"\bet al\b|\b(?:literature|case reports?|reported cases|studies|trials?|authors)\b", re.I
)
_RELATIVES = re.compile(r"\b(?:father|mother|brother|sister|husband|wife|cells?|family|son|daughter)\b", re.I)
_TUMOUR = re.compile(
    r"\b(?:tumou?r|metasta\w{1,8}|carcino\w{1,8}|cancer|lymphoma|leuka?emia|malignan\w{1,5})\b", re.I
)
_NOT_TOLD = re.compile(
    r"\b(?:should|may|might|can|could|would|must|if|usually|generally|typically|often|recommend\w{0,6}"
    r"|advised?|expected|consider\w{0,5}|plan(?:ned|s)?|did)\b[^.;]{0,60}$",
    re.I,
)
_WORD = re.compile(r"[a-z]{4,40}")
_SAME = {"renal": "kidney", "hepatic": "liver", "pulmonary": "lung", "cardiac": "heart", "cutaneous": "skin"}


@dataclass(frozen=True)
class Statement:
    """A cue of ``lexicons/course_cues.csv`` with the number of its sentence."""

    kind: str
    value: str
    cue: Cue
    sentence: int


@dataclass(frozen=True)
class Sentence:
    """A sentence with the drugs and events that it names, in lower case."""

    text: str
    drugs: tuple[str, ...]
    events: tuple[str, ...]

    @cached_property
    def words(self) -> frozenset[str]:
        """The words that can tell a drug or an event from another."""
        return words_of(self.text)

    @cached_property
    def on_patient(self) -> bool:
        """Whether it speaks of the patient or of the symptoms as a whole."""
        return _PATIENT.search(self.text) is not None

    @cached_property
    def on_tumour(self) -> bool:
        """Whether it speaks of a tumour, which "responds" and "disappears" as reactions do."""
        return on_tumour(self.text)

    @cached_property
    def on_someone_else(self) -> bool:
        """Whether it speaks of relatives or of the literature."""
        return _RELATIVES.search(self.text) is not None or _CITED.search(self.text) is not None

    @cached_property
    def on_treatment(self) -> bool:
        """Whether it names no drug but "the medication", "therapy" …"""
        return not self.drugs and _generic().search(self.text) is not None


class Report:
    """Sentences and cues of a report, found once for all its links."""

    def __init__(self, doc: Doc) -> None:
        text = doc.text
        places = [(sent.start_char, sent.end_char) for sent in doc.sents]
        self.starts = [start for start, _ in places]
        named: dict[str, dict[int, list[str]]] = {
            Label.DRUG: defaultdict(list),
            Label.SYMPTOM: defaultdict(list),
        }
        self.places: dict[str, list[int]] = defaultdict(list)
        for ent in doc.ents:
            if ent.label_ in named:
                number = self.sentence_of(ent.start_char)
                named[ent.label_][number].append(ent.text.lower())
                self.places[ent.text.lower()].append(number)
        self.sentences = [
            Sentence(
                text[start:end],
                tuple(named[Label.DRUG].get(number, ())),
                tuple(named[Label.SYMPTOM].get(number, ())),
            )
            for number, (start, end) in enumerate(places)
        ]
        self.others = self._told_of_others(doc)
        self.patients = attributes.get_patients(doc)
        self.statements = self._told(text)
        self.main_events = self._main_events(doc)

    def sentence_of(self, offset: int) -> int:
        """Give the number of the sentence that an offset lies in."""
        return max(0, bisect_right(self.starts, offset) - 1)

    def _told_of_others(self, doc: Doc) -> frozenset[int]:
        """Give the numbers of the sentences that are not about a patient of this report."""
        others = {
            self.sentence_of((frame.start + frame.end) // 2)
            for frame in attributes.get_frames(doc)
            if frame.attribution in _OF_OTHERS
        }
        for section in attributes.get_sections(doc):
            if section.zone in _UNTOLD:
                last = self.sentence_of(max(section.start, section.end - 1))
                others.update(range(self.sentence_of(section.start), last + 1))
        return frozenset(others)

    def _told(self, text: str) -> list[Statement]:
        """Give the statements of the report; denied, possible and hypothetical ones are left out."""
        found = sorted(self._find(text), key=lambda statement: (statement.cue.start, -statement.cue.end))
        told = []
        denied_until = {"outcome": -1, "rechallenge": -1}
        for statement in found:
            cue = statement.cue
            if cue.start < denied_until.get(statement.kind, -1):
                continue  # "resolved" in "has not resolved"
            if cue.rule in ("no_improvement", "not_given"):
                denied_until[statement.kind] = cue.end
            begin = max(self.starts[statement.sentence], cue.start - _LOOK_BACK)
            if not _NOT_TOLD.search(text[begin : cue.start]):
                told.append(statement)
        return told

    def _find(self, text: str) -> Iterator[Statement]:
        for rule, kind, value, pattern in _cues():
            for match in pattern.finditer(text):
                cue = Cue(text=match[0], start=match.start(), end=match.end(), rule=rule)
                yield Statement(kind, value, cue, self.sentence_of(match.start()))

    def _main_events(self, doc: Doc) -> frozenset[frozenset[str]]:
        """Give the events (as their words) that the links tell of and that the report names most often."""
        linked = {event_words(link.event.text) for link in attributes.get_links(doc) if not link.rejected}
        counts: Counter[frozenset[str]] = Counter()
        for sentence in self.sentences:
            for text in sentence.events:
                words = event_words(text)
                counts.update(event for event in linked if event and event <= words)
        most = max(counts.values(), default=0)
        return frozenset(event for event, count in counts.items() if count == most)


def on_tumour(text: str) -> bool:
    """Tell whether a text names a tumour."""
    return _TUMOUR.search(text) is not None


@lru_cache(maxsize=_CACHE)
def event_words(event: str) -> frozenset[str]:
    """Give the telling words of an event and of the term it means: "AKI" and "acute kidney injury"."""
    term = normalise_event(event)
    return words_of(f"{event} {term.name}" if term is not None and term.score >= VARIANT else event)


def words_of(text: str) -> frozenset[str]:
    """Give the words of a text that can tell a drug or an event from another."""
    found = frozenset(_WORD.findall(text.lower())) - _common()
    return found | {_SAME[word] for word in found if word in _SAME}


@cache
def _common() -> frozenset[str]:
    return frozenset(load_lines("course_common_words.txt"))


@cache
def _cues() -> tuple[tuple[str, str, str, re.Pattern[str]], ...]:
    return tuple(
        (row["rule"], row["kind"], row["value"], re.compile(row["pattern"], re.I))
        for row in load_table("course_cues.csv")
    )


@cache
def _generic() -> re.Pattern[str]:
    words = sorted(load_lines("course_generic.txt"), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.I)
