"""A report read for one reaction: which of its statements are about the event, and what they add up to."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from sequela.components.course_cues import ACTION, MEASURED, OUTCOME, RECHALLENGE, Statement
from sequela.components.course_report import (
    Report,
    Subject,
    event_words,
    families_of,
    is_diagnosis,
    on_tumour,
    same_words,
    told_families,
    words_of,
)
from sequela.components.course_values import is_normal
from sequela.schema import Action, Attribution, Challenge, Course, Cue, Link, OnsetAnchor, Outcome

_NEAR_OTHER = 6  # sentences after the event that may still tell of another author's patient
_EFFECT_WITHIN = 4  # sentences after the withdrawal in which the reaction is to abate
_RECURRENCE_WITHIN = 2  # sentences after the drug was given again
_CUE_BEFORE = 60  # characters that the recurrence may be told before the rechallenge
# Deaths long after a reaction, or of something else.
_OTHER_DEATH = re.compile(
    r"\b(?:months?|years?) (?:later|after|afterwards)\b|\bafter (?:\w+ )?(?:months|years)\b"
    r"|\b(?:progression of|progressive disease|underlying|unrelated)\b"
)
_SOME = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|most|many|some|several|half|\d{1,3})"
    r" (?:of (?:them|these|those|the|whom|our)\b|patients\b|cases\b|others\b|women\b|men\b|children\b|got\b)"
    r"|\b(?:one|two|three|four|\d{1,3}) (?:patients? |cases? )?(?:\w{1,14}ly )?(?:died|succumbed|expired|recovered)\b"
)
_REMISSION = re.compile(r"respon|remission")
_GENERIC_EVENT = re.compile(r"\b(?:side[\s-]effects?|adverse|complications?)\b", re.I)
WITHDRAWAL = re.compile(r"\bwithdrawal|\brebound|\bdiscontinuation", re.I)
BETTER = (Outcome.RECOVERED, Outcome.RECOVERING)
_ENDS = (Outcome.RECOVERED, Outcome.SEQUELAE)
# Statements of these scopes count only where they name the event.
_OWN_ONLY = frozenset(("named", "falling", "rising", "attribute", MEASURED))


class Reading:
    """A report read for one link."""

    def __init__(self, report: Report, link: Link) -> None:
        self.report = report
        self.link = link
        self.event_words = event_words(link.event.text)
        self.families = families_of(link.event.text)
        self.other = link.attribution is Attribution.OTHER_CASE
        self.may_share = not self.other and not _GENERIC_EVENT.search(link.event.text)
        self.is_diagnosis = is_diagnosis(link.event.text)
        self.companions: tuple[frozenset[str], ...] = ()
        self.follows_stop = WITHDRAWAL.search(link.event.text) is not None or (
            link.onset is not None and link.onset.anchor is OnsetAnchor.STOP
        )
        stretch = next((p for p in report.patients if p.patient_id == link.patient_id), None)
        series = stretch is not None and len(report.patients) > 1 and stretch.end > stretch.start
        self.bounds = (
            (stretch.start, stretch.end)
            if series and stretch is not None and not self.other
            else (0, len(report.text))
        )
        self.begins, self.drug_begins, self.ends = self._stretch()
        if self.is_diagnosis and not self.other:
            # an illness may get its name after it is over
            stops = [s.sentence for s in self.actions if s.value == Action.WITHDRAWN]
            self.begins = min([self.begins, *stops])

    def course(self) -> Course:
        """Give what the statements say."""
        outcome, outcome_cue = self.outcome
        action, withdrawal = self._action()
        dechallenge, dechallenge_cue = self._dechallenge(outcome, outcome_cue, action, withdrawal)
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

    def _stretch(self) -> tuple[int, int, int]:
        """Give the first sentences that tell of the event and of the drug, and the last sentence to read."""
        report, link = self.report, self.link
        if self.other:
            first = end = report.sentence_of(min(link.event.start, link.drug.start))
            while end < min(first + _NEAR_OTHER, report.last) and end + 1 in report.others:
                end += 1
            return first, first, end
        drug = self._first(report.drug_places(link), link.drug.start)
        event = self._first(report.event_places(link), link.event.start)
        return event, min(drug, event), report.last

    def _first(self, places: list[int], here: int) -> int:
        """Give the first sentence of places, of those in the story of the case where there are any.

        ``places`` are in the order of the text.
        """
        begin, stop = self.bounds
        within = places[bisect_left(places, begin) : bisect_left(places, stop)] or [here]
        told = next((place for place in within if self.report.in_story(place)), within[0])
        return self.report.sentence_of(told)

    @cached_property
    def statements(self) -> list[Statement]:
        """Statements about the patient of the link from the first sentence that tells of drug or event."""
        begin, stop = self.bounds
        first = min(self.drug_begins, self.begins)
        told = (
            [one for number in range(first, self.ends + 1) for one in self.report.statements(number)]
            if self.other
            else self.report.story
        )
        return [one for one in told if first <= one.sentence and begin <= one.cue.start < stop]

    # --- outcome

    @cached_property
    def outcome(self) -> tuple[Outcome, Cue | None]:  # `find_courses` may set it to that of other signs
        """The outcome and the words that tell it."""
        own: list[Statement] = []
        general: list[Statement] = []
        deaths: list[Statement] = []
        for statement in self._of_kind(OUTCOME):
            if statement.sentence < self.begins or (self.other and self._is_of_some(statement)):
                continue
            if statement.value == Outcome.FATAL:
                if statement.scope == "object":
                    if self._is_own(statement, self.report.subject(statement)):
                        return Outcome.FATAL, statement.cue
                elif self._is_death(statement):
                    deaths.append(statement)
                continue
            if statement.cue.text.lower() in self.link.event.text.lower():
                continue  # "worsening arthritis" is the event, not what became of it
            subject = self.report.subject(statement)
            if self._is_own(statement, subject):
                own.append(self._by_value(statement))
            elif self._may_mean_event(statement, subject):
                general.append(statement)
        leaving = [statement for statement in general if statement.cue.rule == "discharged"]
        general = [statement for statement in general if statement.cue.rule != "discharged"]
        chosen = _settled(own)
        if deaths and (chosen is None or chosen.value not in _ENDS):
            # the death is the outcome of the reaction that led to it, not of every other
            if self.event_words in self.report.main_events or any(map(self._names_event, deaths)):
                return Outcome.FATAL, deaths[-1].cue
        elif chosen is None:
            chosen = _settled(general)
        elif chosen.value not in _ENDS:
            better = (Outcome.RECOVERED,) if chosen.value == Outcome.RECOVERING else BETTER
            later = [s for s in general if s.value in better and s.cue.start > chosen.cue.start]
            chosen = _settled(later) or chosen
        if chosen is None and leaving:
            chosen = leaving[-1]
        return (Outcome(chosen.value), chosen.cue) if chosen else (Outcome.UNKNOWN, None)

    def _is_death(self, statement: Statement) -> bool:
        """Tell whether a death may be of the event: not of another illness, not months after."""
        report = self.report
        if report.is_on_someone_else(statement.sentence) or self._is_of_some(statement):
            return False
        if self._names_event(statement):
            return True
        text = report.sentence_text(statement.sentence)
        return not on_tumour(text) and _OTHER_DEATH.search(text) is None

    def _names_event(self, statement: Statement) -> bool:
        mentions = self.report.events.between(*self.report.bounds(statement.sentence))
        return any(same_words(self.event_words, mention.words) for mention in mentions)

    def _is_own(self, statement: Statement, subject: Subject) -> bool:
        """Tell whether a statement is about the event, by its name or what is measured of it."""
        if on_tumour(subject.text) and not on_tumour(self.link.event.text):
            return False
        named = any(same_words(self.event_words, words) for words in subject.events) or (
            not subject.events and same_words(self.event_words, words_of(subject.text))
        )
        told = told_families(subject.text)
        families = [family for family in self.families if family.name in told]
        if statement.scope == MEASURED:
            return statement.sentence > self.begins and self._is_normal(statement)
        if statement.scope == "falling":
            return (named and not families) or any(family.direction == "high" for family in families)
        if statement.scope == "rising":
            return any(family.direction == "low" for family in families)
        return named or bool(families)

    def _is_normal(self, statement: Statement) -> bool:
        clause = self.report.lowered[statement.begin : statement.stop]
        return is_normal(clause, (family.name for family in self.families))

    def _by_value(self, statement: Statement) -> Statement:
        """Give the statement of a rise or fall that ended at a normal value as one of recovery."""
        if statement.scope in ("rising", "falling") and self._is_normal(statement):
            return replace(statement, value=Outcome.RECOVERED.value)
        return statement

    def _may_mean_event(self, statement: Statement, subject: Subject) -> bool:
        """Tell whether a statement that does not name the event can be about it."""
        if statement.scope in _OWN_ONLY or _GENERIC_EVENT.search(self.link.event.text):
            return False
        if subject.events and not subject.general:
            return False
        remission = _REMISSION.search(statement.cue.text.lower())
        if on_tumour(self.report.sentence_text(statement.sentence) if remission else subject.text):
            return False
        if statement.scope == "patient" and self._is_of_some(statement):
            return False
        if statement.cue.rule == "without_recurrence" and not self._was_withdrawn(statement):
            return False
        if statement.scope == "patient" or subject.general:
            return True
        if told_families(subject.text):
            return False
        if subject.patient:
            return True
        if statement.scope == "object":
            return False
        return any(0 <= statement.sentence - action.sentence <= _EFFECT_WITHIN for action in self.actions)

    def _is_of_some(self, statement: Statement) -> bool:
        """Tell whether it happened to some of a group: "one of them died"."""
        return _SOME.search(self.report.lowered, statement.begin, statement.stop) is not None

    def _was_withdrawn(self, statement: Statement) -> bool:
        return any(
            action.value == Action.WITHDRAWN and action.cue.start < statement.cue.start
            for action in self.actions
        )

    # --- action taken, dechallenge, rechallenge

    def _action(self) -> tuple[Action, Statement | None]:
        """Give what was done with the drug after the event; a later withdrawal overrules what was tried before."""
        if self.follows_stop:
            return Action.UNKNOWN, None
        found = self.actions
        after = [s for s in found if s.sentence >= self.begins]
        chosen: Statement | None = None
        for statement in after or found[-1:]:
            if chosen is None or (
                statement.value != chosen.value
                and chosen.value != Action.WITHDRAWN
                and statement.value != Action.UNCHANGED
                and not (chosen.value == Action.UNCHANGED and self._abated(chosen, statement))
            ):
                chosen = statement
        return (Action(chosen.value), chosen) if chosen else (Action.UNKNOWN, None)

    @cached_property
    def actions(self) -> list[Statement]:
        """What was done with the drug."""
        return [one for one in self._of_kind(ACTION) if self.report.is_about_drug(one, self.link)]

    def _abated(self, first: Statement, last: Statement) -> bool:
        """Tell whether the event is said to have got better between two actions."""
        cue = self.outcome[1]
        return self.outcome[0] in BETTER and cue is not None and first.cue.start < cue.start < last.cue.start

    def _dechallenge(
        self, outcome: Outcome, outcome_cue: Cue | None, action: Action, withdrawal: Statement | None
    ) -> tuple[Challenge, Cue | None]:
        if withdrawal is None or action is Action.INCREASED:
            return Challenge.UNKNOWN, None
        if action is Action.UNCHANGED:
            return Challenge.NOT_DONE, withdrawal.cue
        if outcome in BETTER:
            return Challenge.POSITIVE, outcome_cue
        if self.report.is_in_spite(withdrawal):
            return Challenge.NEGATIVE, withdrawal.cue
        if outcome in (Outcome.FATAL, Outcome.NOT_RECOVERED):
            return Challenge.NEGATIVE, outcome_cue
        return Challenge.UNKNOWN, None

    def _rechallenge(self) -> tuple[Challenge, Cue | None]:
        refused: Cue | None = None
        given = False
        for statement in self._of_kind(RECHALLENGE):
            if not self.report.is_about_drug(statement, self.link):
                continue
            if statement.value == Challenge.NOT_DONE:
                refused = refused or statement.cue
                continue
            if statement.sentence < self.begins:
                continue
            given = True
            for number in range(
                statement.sentence, min(statement.sentence + _RECURRENCE_WITHIN, self.ends) + 1
            ):
                for effect in self.report.recurrences(number):
                    if effect.cue.start <= statement.cue.start - _CUE_BEFORE:
                        continue
                    subject = self.report.subject(effect)
                    if self._is_own(effect, subject) or self._recurs(subject):
                        return Challenge(effect.value), effect.cue
        return (Challenge.NOT_DONE, refused) if refused and not given else (Challenge.UNKNOWN, None)

    def _recurs(self, subject: Subject) -> bool:
        """Tell whether what came back is the reaction as a whole, or a sign of the illness."""
        if on_tumour(subject.text):
            return False
        return not subject.events or (
            self.is_diagnosis
            and any(same_words(sign, words) for sign in self.companions for words in subject.events)
        )

    def _of_kind(self, kind: str) -> Iterator[Statement]:
        return (statement for statement in self.statements if statement.kind == kind)


def _settled(statements: list[Statement]) -> Statement | None:
    """Give the statement that counts among several: where it ended, else the last one."""
    for value in (Outcome.SEQUELAE, Outcome.RECOVERED):
        found = [statement for statement in statements if statement.value == value]
        if found:
            return found[-1]
    return statements[-1] if statements else None
