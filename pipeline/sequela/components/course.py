"""What became of the reaction and of the drug: outcome, action taken, dechallenge, rechallenge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from spacy.language import Language
from spacy.tokens import Doc

from sequela import attributes
from sequela.components.course_report import Report, Sentence, Statement, event_words, on_tumour, words_of
from sequela.schema import Action, Attribution, Challenge, Course, Cue, Link, Outcome

_NEAR_OTHER = 6  # sentences after the event that may still tell of another author's patient
_EFFECT_WITHIN = 4  # sentences after the withdrawal in which the reaction is to abate
_RECURRENCE_WITHIN = 1  # sentences after the drug was given again
_CUE_BEFORE = 60  # characters that the recurrence may be told before the rechallenge
_GENERIC_EVENT = re.compile(r"\b(?:side[\s-]effects?|adverse|toxicit(?:y|ies)|complications?)\b", re.I)
# Cues that speak of the patient as a whole, whatever else the sentence names.
_OF_THE_PATIENT = frozenset(("asymptomatic", "discharged_well", "fully_recovered", "remained_well"))
_BETTER = (Outcome.RECOVERED, Outcome.RECOVERING)
_ENDS = (Outcome.RECOVERED, Outcome.RECOVERING, Outcome.SEQUELAE)


@Language.factory(
    "sequela_course",
    requires=["doc.ents", "doc.sents", "doc._.sections", "doc._.patients", "doc._.frames", "doc._.links"],
    assigns=["doc._.links"],
)
def create_course(nlp: Language, name: str) -> CourseFinder:
    """Make the component."""
    return CourseFinder()


class CourseFinder:
    """Give each accepted link its course."""

    def __call__(self, doc: Doc) -> Doc:
        """Find, then annotate."""
        links = attributes.get_links(doc)
        if any(not link.rejected for link in links):
            report = Report(doc)
            told = [
                link if link.rejected else replace(link, course=find_course(report, link)) for link in links
            ]
            attributes.set_links(doc, told)
        return doc


def find_course(report: Report, link: Link) -> Course:
    """Give the course of the reaction that a link tells of.

    The report is read from the first sentence that names drug or event. For a patient of this report the
    sentences about others are passed over; for another author's patient the sentence of the link counts, and
    those after it as long as the report stays with others.
    """
    return _Reading(report, link).course()


class _Reading:
    """A report read for one link."""

    def __init__(self, report: Report, link: Link) -> None:
        self.report = report
        self.link = link
        self.drug_words = words_of(link.drug.text)
        self.event_words = event_words(link.event.text)
        self.other = link.attribution is Attribution.OTHER_CASE
        first, last = self._stretch()
        stretch = next((p for p in report.patients if p.patient_id == link.patient_id), None)
        series = stretch is not None and len(report.patients) > 1 and stretch.end > stretch.start
        self.statements = [
            statement
            for statement in report.statements
            if first <= statement.sentence <= last
            and (self.other or statement.sentence not in report.others)
            and (not series or stretch is None or stretch.start <= statement.cue.start < stretch.end)
        ]

    def course(self) -> Course:
        """Give what the statements say."""
        outcome, outcome_cue = self._outcome()
        action, withdrawal = self._action()
        dechallenge, dechallenge_cue = self._dechallenge(outcome, action, withdrawal)
        rechallenge, rechallenge_cue = self._rechallenge()
        return Course(
            outcome=outcome,
            action=action,
            dechallenge=dechallenge,
            rechallenge=rechallenge,
            outcome_cue=outcome_cue,
            action_cue=withdrawal.cue if withdrawal else None,
            dechallenge_cue=dechallenge_cue,
            rechallenge_cue=rechallenge_cue,
        )

    def _stretch(self) -> tuple[int, int]:
        """Give the first and the last sentence to read."""
        report, link = self.report, self.link
        first = report.sentence_of(min(link.event.start, link.drug.start))
        last = len(report.sentences) - 1
        if self.other:
            end = first
            while end < min(first + _NEAR_OTHER, last) and end + 1 in report.others:
                end += 1
            return first, end
        named = report.places[link.drug.text.lower()] + report.places[link.event.text.lower()]
        return min([first, *(number for number in named if number not in report.others)]), last

    # --- outcome

    def _outcome(self) -> tuple[Outcome, Cue | None]:
        own: list[Statement] = []
        general: list[Statement] = []
        deaths: list[Statement] = []
        for statement in self._of_kind("outcome"):
            sentence = self._sentence(statement)
            if statement.value == Outcome.FATAL:
                of_tumour = sentence.on_tumour and not self.event_words & sentence.words
                if not sentence.on_someone_else and not of_tumour:
                    deaths.append(statement)
            elif sentence.on_tumour and not on_tumour(self.link.event.text):
                continue
            elif self.event_words & sentence.words:
                own.append(statement)
            elif self._may_mean_event(statement):
                general.append(statement)
        chosen = _settled(own)
        if deaths:
            # the death is the outcome of the reaction that led to it, not of every other
            if self.event_words in self.report.main_events or any(
                self.event_words & self._sentence(death).words for death in deaths
            ):
                return Outcome.FATAL, deaths[-1].cue
        elif chosen is None:
            chosen = _settled(general)
        elif chosen.value not in (Outcome.RECOVERED, Outcome.SEQUELAE):
            better = (Outcome.RECOVERED,) if chosen.value == Outcome.RECOVERING else _ENDS
            later = [s for s in general if s.value in better and s.cue.start > chosen.cue.start]
            chosen = _settled(later) or chosen
        return (Outcome(chosen.value), chosen.cue) if chosen else (Outcome.UNKNOWN, None)

    def _may_mean_event(self, statement: Statement) -> bool:
        """Tell whether a statement that does not name the event can be about it."""
        sentence = self._sentence(statement)
        if _GENERIC_EVENT.search(self.link.event.text):
            return False
        if statement.cue.rule in _OF_THE_PATIENT:
            return True
        if statement.cue.rule == "worsened" or any(
            not self.event_words & words_of(text) for text in sentence.events
        ):
            return False
        return sentence.on_patient or any(
            0 <= statement.sentence - action.sentence <= _EFFECT_WITHIN
            for action in self._of_kind("action")
            if self._is_about_drug(action)
        )

    # --- action taken, dechallenge, rechallenge

    def _action(self) -> tuple[Action, Statement | None]:
        found = [statement for statement in self._of_kind("action") if self._is_about_drug(statement)]
        for value in (Action.WITHDRAWN, Action.REDUCED, Action.INCREASED, Action.UNCHANGED):
            for statement in found:
                if statement.value == value:
                    return value, statement
        return Action.UNKNOWN, None

    def _dechallenge(
        self, outcome: Outcome, action: Action, withdrawal: Statement | None
    ) -> tuple[Challenge, Cue | None]:
        if withdrawal is None or action is Action.INCREASED:
            return Challenge.UNKNOWN, None
        if action is Action.UNCHANGED:
            return Challenge.NOT_DONE, withdrawal.cue
        if outcome is Outcome.FATAL:
            return Challenge.NEGATIVE, withdrawal.cue
        effects = [
            statement
            for statement in self._of_kind("outcome")
            if 0 <= statement.sentence - withdrawal.sentence <= _EFFECT_WITHIN
        ]
        better = [statement for statement in effects if statement.value in _BETTER]
        if better or outcome in _BETTER:
            return Challenge.POSITIVE, better[-1].cue if better else withdrawal.cue
        worse = [s for s in effects if s.value in (Outcome.NOT_RECOVERED, Outcome.SEQUELAE)]
        return (Challenge.NEGATIVE, worse[0].cue) if worse else (Challenge.UNKNOWN, None)

    def _rechallenge(self) -> tuple[Challenge, Cue | None]:
        refused: Cue | None = None
        for statement in self._of_kind("rechallenge"):
            if not self._is_about_drug(statement):
                continue
            if statement.value == Challenge.NOT_DONE:
                refused = statement.cue
                continue
            for effect in self._of_kind("recurrence"):
                if (
                    0 <= effect.sentence - statement.sentence <= _RECURRENCE_WITHIN
                    and effect.cue.start > statement.cue.start - _CUE_BEFORE
                ):
                    return Challenge(effect.value), effect.cue
        return (Challenge.NOT_DONE, refused) if refused else (Challenge.UNKNOWN, None)

    def _is_about_drug(self, statement: Statement) -> bool:
        """Tell whether the sentence names the drug, or no drug but "the medication" and the like."""
        sentence = self._sentence(statement)
        return (
            self.link.drug.text.lower() in sentence.drugs
            or bool(self.drug_words & sentence.words)
            or sentence.on_treatment
        )

    def _sentence(self, statement: Statement) -> Sentence:
        return self.report.sentences[statement.sentence]

    def _of_kind(self, kind: str) -> Iterator[Statement]:
        return (statement for statement in self.statements if statement.kind == kind)


def _settled(statements: list[Statement]) -> Statement | None:
    """Give the statement that counts among several: where it ended, else the last one."""
    for value in (Outcome.SEQUELAE, Outcome.RECOVERED):
        found = [statement for statement in statements if statement.value == value]
        if found:
            return found[-1]
    return statements[-1] if statements else None
