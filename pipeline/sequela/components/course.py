"""What became of the reaction and of the drug: outcome, action taken, dechallenge, rechallenge."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from spacy.language import Language
from spacy.tokens import Doc

from sequela import attributes
from sequela.components.terms.events import normalise_event
from sequela.components.terms.spelling import VARIANT
from sequela.lexicons.loader import load_lines, load_table
from sequela.schema import Action, Attribution, Challenge, Course, Cue, Label, Link, Outcome, Zone

_UNTOLD = frozenset((Zone.REFERENCES, Zone.BACK_MATTER, Zone.TITLE))
_OF_OTHERS = frozenset((Attribution.OTHER_CASE, Attribution.BACKGROUND))
_NEAR_OTHER = 2  # sentences after the event that still tell of another author's patient
_EFFECT_WITHIN = 4  # sentences after the withdrawal in which the reaction is to abate
_RECURRENCE_WITHIN = 1
_CACHE = 10_000
_PATIENT = re.compile(
    r"\b(?:the|our|this|his|her|their|all|these|both)\s(?:\w+\s)?(?:patient|patients|symptoms?|condition|reaction|lesions?"
    r"|signs?|complaints?|state|status|recovery|side effects?|adverse \w+|course|levels?|values?|tests?)\b"
    r"|\b(?:patient|symptoms|he|she|symptomatology|recovered|recovery)\b",
    re.I,
)
_TUMOUR = re.compile(
    r"\b(?:tumou?r|metasta\w{1,8}|carcino\w{1,8}|cancer|lymphoma|leuka?emia|malignan\w{1,5})\b", re.I
)
_ANY_END = (Outcome.RECOVERED, Outcome.RECOVERING, Outcome.SEQUELAE)
_CITED = re.compile(
    r"\bet al\b|\b(?:literature|case reports?|reported cases|studies|trials?|authors)\b", re.I
)
_WORD = re.compile(r"[a-z]{4,}")
_DIED_BEFORE = re.compile(
    r"\b(?:father|mother|brother|sister|husband|wife|cells?|family|son|daughter)\b", re.I
)
_FUTURE = re.compile(
    r"\b(?:should|may|might|can|could|would|must|if|usually|generally|typically|often|recommend\w*|advised?"
    r"|expected|consider\w*|plan(?:ned|s)?)\b[^.;]{0,60}$",
    re.I,
)


@Language.factory(
    "sequela_course", requires=["doc._.links", "doc.sents", "doc.ents"], assigns=["doc._.links"]
)
def create_course(nlp: Language, name: str) -> CourseFinder:
    """Make the component."""
    return CourseFinder()


class CourseFinder:
    """Give each accepted link its course."""

    def __call__(self, doc: Doc) -> Doc:
        """Find, then annotate."""
        links = attributes.get_links(doc)
        if links:
            report = Report(doc)
            told = [
                link if link.rejected else replace(link, course=find_course(report, link)) for link in links
            ]
            attributes.set_links(doc, told)
        return doc


@dataclass(frozen=True)
class Statement:
    """A cue of `lexicons/course_cues.csv` in the report, with the sentence it stands in."""

    kind: str
    value: str
    cue: Cue
    sentence: int


class Report:
    """Sentences and cues of a report, found once for all its links."""

    def __init__(self, doc: Doc) -> None:
        self.text = doc.text
        self.sentences = [(sent.start_char, sent.end_char) for sent in doc.sents]
        self.starts = [start for start, _ in self.sentences]
        self.others = self._told_of_others(doc)
        self.drugs = [
            (ent.start_char, ent.end_char, ent.text.lower()) for ent in doc.ents if ent.label_ == Label.DRUG
        ]
        self.events = [
            (ent.start_char, ent.end_char, ent.text.lower())
            for ent in doc.ents
            if ent.label_ == Label.SYMPTOM
        ]
        self.patients = attributes.get_patients(doc)
        self.statements = sorted(self._find_statements(), key=lambda statement: statement.cue.start)
        told = [link.event.text for link in attributes.get_links(doc) if not link.rejected]
        counts = {_words_of(text): 0 for text in told}
        for _, _, text in self.events:
            for words in counts:
                counts[words] += bool(words & _words_of(text))
        self.main_count = max(counts.values(), default=0)
        self.counts = counts

    def is_main(self, words: frozenset[str]) -> bool:
        """Tell whether no other event of the links is named more often."""
        return self.main_count > 0 and self.counts.get(words, 0) >= self.main_count

    def sentence_of(self, offset: int) -> int:
        """Give the number of the sentence that an offset lies in."""
        return max(0, bisect_right(self.starts, offset) - 1)

    def sentence_text(self, number: int) -> str:
        """Give the text of a sentence."""
        start, end = self.sentences[number]
        return self.text[start:end]

    def _told_of_others(self, doc: Doc) -> frozenset[int]:
        """Give the sentences that are not about a patient of this report."""
        others = set()
        frames = [frame for frame in attributes.get_frames(doc) if frame.attribution in _OF_OTHERS]
        for frame in frames:
            middle = (frame.start + frame.end) // 2
            others.add(self.sentence_of(middle))
        for section in attributes.get_sections(doc):
            if section.zone in _UNTOLD:
                first, last = (
                    self.sentence_of(section.start),
                    self.sentence_of(max(section.start, section.end - 1)),
                )
                others.update(range(first, last + 1))
        return frozenset(others)

    def _find_statements(self) -> Iterator[Statement]:
        for rule, kind, value, pattern in _cues():
            for match in pattern.finditer(self.text):
                cue = Cue(text=match[0], start=match.start(), end=match.end(), rule=rule)
                yield Statement(kind, value, cue, self.sentence_of(match.start()))


def find_course(report: Report, link: Link) -> Course:
    """Give the course of the reaction that a link tells of.

    The report is read from the sentence of the event on. For a patient of this report the sentences about
    passed over; for another author's patient only the sentence of the link and the two after it count.
    """
    return _CourseOf(report, link).find()


class _CourseOf:
    def __init__(self, report: Report, link: Link) -> None:
        self.report = report
        self.link = link
        self.first = report.sentence_of(min(link.event.start, link.drug.start))
        self.other = link.attribution is Attribution.OTHER_CASE
        self.drug_words = _words(link.drug.text)
        self.event_words = _words_of(link.event.text)
        last = len(report.sentences) - 1
        self.last = min(last, self.first + _NEAR_OTHER) if self.other else last
        if not self.other:
            self.first = min((self._first_told(), self.first))
        stretch = next((p for p in report.patients if p.patient_id == link.patient_id), None)
        self.stretch = (
            stretch if stretch and len(report.patients) > 1 and stretch.end > stretch.start else None
        )
        self.statements = [statement for statement in report.statements if self._counts(statement)]

    def find(self) -> Course:
        outcome, outcome_cue = self._outcome()
        action, action_cue, withdrawal = self._action()
        dechallenge, dechallenge_cue = self._dechallenge(outcome, action, withdrawal)
        rechallenge, rechallenge_cue = self._rechallenge()
        return Course(
            outcome=outcome,
            action=action,
            dechallenge=dechallenge,
            rechallenge=rechallenge,
            outcome_cue=outcome_cue,
            action_cue=action_cue,
            dechallenge_cue=dechallenge_cue,
            rechallenge_cue=rechallenge_cue,
        )

    def _first_told(self) -> int:
        """Give the first sentence that names the drug or the event and is about a patient of this report."""
        drug, event = self.link.drug.text.lower(), self.link.event.text.lower()
        named = sorted(
            [start for start, _, text in self.report.events if text == event]
            + [start for start, _, text in self.report.drugs if text == drug]
        )
        numbers = (self.report.sentence_of(start) for start in named)
        return next((number for number in numbers if number not in self.report.others), self.first)

    def _counts(self, statement: Statement) -> bool:
        if not self.first <= statement.sentence <= self.last:
            return False
        if not self.other and statement.sentence in self.report.others:
            return False
        if self.stretch and not self.stretch.start <= statement.cue.start < self.stretch.end:
            return False
        start = self.report.sentences[statement.sentence][0]
        return not _FUTURE.search(
            self.report.text[max(start, statement.cue.start - 80) : statement.cue.start]
        )

    # --- outcome

    def _outcome(self) -> tuple[Outcome, Cue | None]:
        own: list[Statement] = []
        general: list[Statement] = []
        death: Statement | None = None
        withdrawn = {s.sentence for s in self._of_kind("action") if self._is_about_drug(s)}
        for statement in self._of_kind("outcome"):
            sentence = self.report.sentence_text(statement.sentence)
            tumour = _TUMOUR.search(sentence) is not None
            if statement.value == Outcome.FATAL:
                if not _DIED_BEFORE.search(sentence) and not _CITED.search(sentence):
                    death = statement
            elif self._is_denied(statement) or (tumour and not _TUMOUR.search(self.link.event.text)):
                continue
            elif self._names_event(statement):
                own.append(statement)
            elif not self._names_other_event(statement) and (
                _PATIENT.search(sentence)
                or any(0 <= statement.sentence - number <= _EFFECT_WITHIN for number in withdrawn)
            ):
                general.append(statement)
        if death is not None:
            # the death is the outcome of the reaction that led to it
            if self._names_event(death) or self.report.is_main(self.event_words):
                return Outcome.FATAL, death.cue
            last = _settled(own)
            return (Outcome(last.value), last.cue) if last else (Outcome.UNKNOWN, None)
        chosen = _settled(own)
        if chosen is None or chosen.value in (Outcome.RECOVERING, Outcome.NOT_RECOVERED):
            better = (Outcome.RECOVERED,) if chosen and chosen.value == Outcome.RECOVERING else _ANY_END
            later = [
                statement
                for statement in general
                if chosen is None or (statement.value in better and statement.cue.start > chosen.cue.start)
            ]
            chosen = _settled(later) or chosen
        return (Outcome(chosen.value), chosen.cue) if chosen else (Outcome.UNKNOWN, None)

    def _is_denied(self, statement: Statement) -> bool:
        """Tell whether a longer cue of the opposite holds this one: "resolved" in "has not resolved"."""
        return any(
            other.cue.start <= statement.cue.start < other.cue.end and other.cue.rule == "no_improvement"
            for other in self.statements
            if other is not statement and statement.cue.rule != "no_improvement"
        )

    def _names_event(self, statement: Statement) -> bool:
        words = _words(self._clause(statement))
        return bool(self.event_words & words)

    def _names_other_event(self, statement: Statement) -> bool:
        start, end = self._clause_offsets(statement)
        return any(
            start <= event_start < end and not (self.event_words & _words(text))
            for event_start, _, text in self.report.events
        )

    def _clause_offsets(self, statement: Statement) -> tuple[int, int]:
        return self.report.sentences[statement.sentence]

    def _clause(self, statement: Statement) -> str:
        start, end = self._clause_offsets(statement)
        return self.report.text[start:end]

    # --- action, dechallenge, rechallenge

    def _action(self) -> tuple[Action, Cue | None, Statement | None]:
        found = [s for s in self._of_kind("action") if self._is_about_drug(s)]
        for value in (Action.WITHDRAWN, Action.REDUCED, Action.INCREASED, Action.UNCHANGED):
            for statement in found:
                if statement.value == value:
                    return value, statement.cue, statement
        return Action.UNKNOWN, None, None

    def _dechallenge(
        self, outcome: Outcome, action: Action, withdrawal: Statement | None
    ) -> tuple[Challenge, Cue | None]:
        if withdrawal is None:
            return Challenge.UNKNOWN, None
        if action is Action.UNCHANGED:
            return Challenge.NOT_DONE, withdrawal.cue
        if action is Action.INCREASED:
            return Challenge.UNKNOWN, None
        begin = withdrawal.sentence
        effects = [
            s
            for s in self._of_kind("outcome")
            if begin <= s.sentence <= begin + _EFFECT_WITHIN and not self._is_denied(s)
        ]
        if outcome is Outcome.FATAL:
            return Challenge.NEGATIVE, withdrawal.cue
        for statement in reversed(effects):
            if statement.value in (Outcome.RECOVERED, Outcome.RECOVERING):
                return Challenge.POSITIVE, statement.cue
        if outcome in (Outcome.RECOVERED, Outcome.RECOVERING):
            return Challenge.POSITIVE, withdrawal.cue
        for statement in effects:
            if statement.value in (Outcome.NOT_RECOVERED, Outcome.SEQUELAE):
                return Challenge.NEGATIVE, statement.cue
        return Challenge.UNKNOWN, None

    def _rechallenge(self) -> tuple[Challenge, Cue | None]:
        answer: tuple[Challenge, Cue | None] = (Challenge.UNKNOWN, None)
        for statement in self._of_kind("rechallenge"):
            if not self._is_about_drug(statement):
                continue
            if statement.value == Challenge.NOT_DONE:
                answer = Challenge.NOT_DONE, statement.cue
                continue
            if any(
                s.value == Challenge.NOT_DONE and s.cue.start <= statement.cue.start < s.cue.end
                for s in self._of_kind("rechallenge")
            ):
                continue
            for effect in self._of_kind("recurrence"):
                if (
                    statement.sentence <= effect.sentence <= statement.sentence + _RECURRENCE_WITHIN
                    and effect.cue.start > statement.cue.start - 60
                ):
                    return Challenge(effect.value), effect.cue
        return answer

    def _is_about_drug(self, statement: Statement) -> bool:
        """Tell whether the sentence is about the drug: it names it, or a word for it and no other drug."""
        start, end = self.report.sentences[statement.sentence]
        named = [text for drug_start, _, text in self.report.drugs if start <= drug_start < end]
        if any(_words(text) & self.drug_words or text == self.link.drug.text.lower() for text in named):
            return True
        sentence = self.report.text[start:end]
        if self.drug_words & _words(sentence):
            return True
        return not named and bool(_generic().search(sentence))

    def _of_kind(self, kind: str) -> Iterator[Statement]:
        return (statement for statement in self.statements if statement.kind == kind)


def _settled(statements: list[Statement]) -> Statement | None:
    """Give the statement that counts among several: recovered if it came to that, else the last one."""
    for value in (Outcome.SEQUELAE, Outcome.RECOVERED):
        found = [statement for statement in statements if statement.value == value]
        if found:
            return found[-1]
    return statements[-1] if statements else None


@lru_cache(maxsize=_CACHE)
def _words_of(event: str) -> frozenset[str]:
    """Give the telling words of an event and of the term it means: "AKI" and "acute kidney injury"."""
    term = normalise_event(event)
    return _words(f"{event} {term.name}" if term is not None and term.score >= VARIANT else event)


def _words(text: str) -> frozenset[str]:
    found = frozenset(_WORD.findall(text.lower())) - _COMMON
    return found | {_SAME[word] for word in found if word in _SAME}


_SAME = {"renal": "kidney", "hepatic": "liver", "pulmonary": "lung", "cardiac": "heart", "cutaneous": "skin"}
_COMMON = frozenset(
    (
        "acute",
        "severe",
        "syndrome",
        "reaction",
        "induced",
        "drug",
        "vaccine",
        "with",
        "and",
        "site",
        "disease",
        "injury",
    )
)


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
