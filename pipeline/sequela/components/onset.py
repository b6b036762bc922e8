"""Time from exposure to reaction: a link and the time expressions around it become an `Onset`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from spacy.language import Language
from spacy.tokens import Doc

from sequela import attributes
from sequela.components.links.merging import Reaction, happened
from sequela.components.links.told import as_told
from sequela.components.places import Places
from sequela.components.time.narrative import (
    before_admission,
    find_before_admission,
    find_by_dates,
    find_carried,
)
from sequela.components.time.onset_rules import NAMES_EXPOSURE, find_direct, find_dose_count, to_onset
from sequela.components.time.scene import Scene, read_scene
from sequela.components.time.words import any_of, whole
from sequela.lexicons.loader import load_lines
from sequela.schema import Attribution, Label, Link, Mention, Onset, OnsetAnchor, OnsetBasis

__all__ = [
    "OnsetFinder",
    "ReactionOnsets",
    "begins_there",
    "create_onset",
    "find_onset",
    "is_syndrome",
    "strength",
]


_CAME = whole("came")
_DIED = whole("died")
_THE_SYMPTOMS = re.compile(
    rf"\b(?:these|the|those|his|her|all|initial|first)\s(?:\w+\s)?{any_of('complaint')}\b",
    re.IGNORECASE,
)
# Rules by which the history may tell the beginning of an illness: the exposure is named, stands right before,
# or has a time of its own.
_TIERS = (
    NAMES_EXPOSURE,
    frozenset({"after_time", "later"}),
    frozenset({"before_admission", "chain", "dates", "day_numbers"}),
)
_OF_WITHDRAWAL = frozenset({OnsetAnchor.STOP, OnsetAnchor.LAST_DOSE})
_OF_EXPOSURE = frozenset(OnsetAnchor) - {OnsetAnchor.STOP}
_REACH = 6  # sentences from the exposure to the beginning
# Linking rules by which a drug was stopped because of the event, which then began before.
_STOPPED_FOR = frozenset({"dechallenge", "stopped_after", "stopped_for"})
_PART_OF_REACTION = "manifested_as"  # "DRESS with nephritis": nephritis may have come later
_FOLLOW_UP = whole("follow_up")
_SURE = 0.45  # below it, dates on both sides are better evidence


@Language.factory(
    "sequela_onset",
    requires=["doc.ents", "doc.sents", "doc._.links", "span._.timex", "span._.refers_to"],
    assigns=["doc._.links"],
)
def create_onset(nlp: Language, name: str) -> OnsetFinder:
    """Make the component."""
    attributes.register()
    return OnsetFinder()


class OnsetFinder:
    """Fill `Link.onset` of every link that was not rejected."""

    def __call__(self, doc: Doc) -> Doc:
        """Annotate ``doc``."""
        links = attributes.get_accepted_links(doc)
        if links:
            scene = read_scene(doc)
            onsets = {number: _onset_of(doc, link, scene) for number, link in links.items()}
            attributes.set_onsets(doc, onsets)
        return doc


def _onset_of(doc: Doc, link: Link, scene: Scene) -> Onset | None:
    """Find the onset where the evidence stands, else around the mentions that it is about."""
    told = as_told(link)
    found = find_onset(doc, told, scene=scene)
    return found if found or told == link else find_onset(doc, link, scene=scene)


def find_onset(doc: Doc, link: Link, *, scene: Scene | None = None) -> Onset | None:
    """Find the time from exposure to reaction of one drug–event pair; None where the text tells none.

    Parameters
    ----------
    doc
        With entities, TIME values and, where there are any, sentence boundaries.
    link
        The pair.
    scene
        What `read_scene` gave for ``doc``, where many links are asked for.
    """
    if scene is None:
        scene = read_scene(doc)
    apart = find_before_admission(scene, link)
    if apart is not None:
        return apart
    direct = find_direct(scene, link)
    if direct and direct.rule == "exposure_before" and set(before_admission(scene, link)) - {direct.time}:
        return None  # two times before admission whose difference cannot be told
    if direct and (direct.rule == "later" or direct.time.end < _sentence_start(scene, link)):
        chain = find_carried(scene, link)
        if chain and chain.rule == "carried_chain":
            return chain
    if direct and direct.score >= _SURE:
        return to_onset(direct)
    found = find_by_dates(scene, link) or (to_onset(direct) if direct else None)
    return found or find_dose_count(scene, link) or find_carried(scene, link)


def _sentence_start(scene: Scene, link: Link) -> int:
    return scene.sentences[scene.sentence_of(link.event.start)][0]


# How far each kind of evidence is to be trusted where mentions of one pair tell different onsets.
_STRENGTH = {
    OnsetBasis.EXPRESSION: 3,
    OnsetBasis.DATES: 2,
    OnsetBasis.DAY_NUMBERS: 1,
    OnsetBasis.INFERRED: 0,
}
_FIRM_RULES = ("after_exposure", "after_exposure_word", "exposure_before")


def strength(onset: Onset) -> tuple[bool, int, bool]:
    """Rank the onsets of one pair: with a number first, then by basis, then those that name the exposure."""
    return bool(onset.min or onset.max), _STRENGTH[onset.basis], onset.rule in _FIRM_RULES


def is_syndrome(event: str) -> bool:
    """Whether an event is a diagnosis made of signs, which begins with the first of them."""
    return event.lower().rpartition(" ")[2] in _syndromes()


@cache
def _syndromes() -> frozenset[str]:
    return frozenset(load_lines("time_syndromes.txt"))


def begins_there(scene: Scene, onset: Onset, event: Mention) -> bool:
    """Whether the sentence of an onset says that the event began: "two days after …, a rash developed"."""
    start, end = scene.sentences[scene.sentence_of(onset.start)]
    if _THE_SYMPTOMS.search(scene.text, start, end):
        start = scene.sentences[max(scene.sentence_of(onset.start) - 1, 0)][0]
    if not start <= event.start <= end:
        return False
    if onset.rule == "exposure_before":
        return True
    told = _CAME.search(scene.text, start, end) or _THE_SYMPTOMS.search(scene.text, start, end)
    return bool(told) or any(
        cue.kind == "develop" and not _DIED.fullmatch(cue.text) for cue in scene.cues_between(start, end)
    )


class ReactionOnsets:
    """The onsets of the rows of one report: told by their evidence, or elsewhere in the history of the patient."""

    def __init__(self, doc: Doc, places: Places) -> None:
        self.doc = doc
        self.places = places
        self.scene = read_scene(doc)
        self.histories: dict[tuple[str, str, bool], list[Onset]] = {}

    def of(self, reaction: Reaction) -> Onset | None:
        """Give the onset that is told best; None where the report tells none."""
        onset = self._best(reaction)
        if onset and onset.anchor is OnsetAnchor.LAST_DOSE and _is_withdrawal(reaction):
            return replace(onset, anchor=OnsetAnchor.STOP)  # "48 hours after the last tablet"
        return onset

    def _best(self, reaction: Reaction) -> Onset | None:
        best = reaction.best
        found = [
            link.onset
            for link in reaction.links
            if link.onset and link.attribution is best.attribution and link.assertion is best.assertion
        ]
        of_patient = happened(best) and best.attribution is Attribution.INDEX_PATIENT
        if of_patient:
            known = {(link.drug.start, link.event.start) for link in reaction.links}
            found += [
                onset
                for pair in self.places.pairs_of(reaction)
                if (pair.drug.start, pair.event.start) not in known
                and (onset := find_onset(self.doc, pair, scene=self.scene))
            ]
        if any(link.rule in _STOPPED_FOR for link in reaction.links):
            found = [onset for onset in found if onset.anchor is not OnsetAnchor.STOP]
        best_told = max(found, key=self._strength, default=None)
        direct = best_told is not None and best_told.max and best_told.rule in NAMES_EXPOSURE
        if best_told is not None and self._is_again(best_told):
            direct = False
        part = all(link.rule == _PART_OF_REACTION for link in reaction.links)
        if not direct and of_patient and not part and is_syndrome(reaction.event):
            return self._of_history(reaction) or best_told
        return best_told

    def _strength(self, onset: Onset) -> tuple[bool, bool, tuple[bool, int, bool]]:
        """Rank an onset: with a number, of the first exposure, then by the evidence."""
        return bool(onset.max or onset.min), not self._is_again(onset), strength(onset)

    def _of_history(self, reaction: Reaction) -> Onset | None:
        """Give the one onset that the history tells for the drug, whatever sign it is told of.

        Statements that name the exposure come first, then times told right after it ("X was started. Two days
        later …"). Of several only the first is taken, and only where it is the shortest: an illness begins
        with the first of its signs.
        """
        withdrawal = _is_withdrawal(reaction)
        key = (reaction.drug, reaction.best.patient_id, withdrawal)
        if key not in self.histories:
            told = sorted(self._told(reaction, withdrawal=withdrawal), key=lambda onset: onset.start)
            tiers = [[onset for onset in told if onset.rule in rules] for rules in _TIERS]
            self.histories[key] = next((tier for tier in tiers if tier), [])
        told = self.histories[key]
        named = min((event.start for event in self.places.events_of(reaction)), default=len(self.scene.text))
        return _first_sign(told) or _first_sign([onset for onset in told if onset.start < named])

    def _told(self, reaction: Reaction, *, withdrawal: bool) -> Iterator[Onset]:
        """Find what the history tells of the drug and the beginning of any sign."""
        for pair in [*self.places.pairs_of(reaction, any_event=True), *self._unnamed(reaction)]:
            onset = find_onset(self.doc, pair, scene=self.scene)
            if (
                onset
                and onset.max
                and onset.anchor in (_OF_WITHDRAWAL if withdrawal else _OF_EXPOSURE)
                and (onset.rule in NAMES_EXPOSURE or self._follows(onset, pair))
                and (withdrawal or not self._is_again(onset))
                and begins_there(self.scene, onset, pair.event)
            ):
                yield onset

    def _unnamed(self, reaction: Reaction) -> Iterator[Link]:
        """Pair the drug with sentences that tell a time and name no sign: "the symptoms began after …"."""
        scene = self.scene
        for drug in self.places.drugs_of(reaction):
            here = scene.sentence_of(drug.start)
            for number in range(here, min(here + _REACH, len(scene.sentences))):
                start, end = scene.sentences[number]
                if scene.times_between(start, end) and not scene.symptoms_between(start, end):
                    event = Mention(text="", start=end - 1, end=end - 1, label=Label.SYMPTOM.value)
                    yield replace(reaction.best, drug=drug, event=event)

    def _follows(self, onset: Onset, pair: Link) -> bool:
        """Whether a time without a named exposure continues the story of the exposure, and not of a recovery."""
        scene = self.scene
        given, here = scene.sentence_of(pair.drug.start), scene.sentence_of(onset.start)
        if onset.rule in _TIERS[1] and not 0 <= here - given <= 1:
            return False
        kinds = {cue.kind for cue in scene.cues_between(*scene.sentences[given])}
        if not kinds & {"start", "give"} or kinds & {"again", "stop"}:
            return False
        told = scene.sentences[here]
        since = {cue.kind for cue in scene.cues_between(scene.sentences[given][1], told[0])}
        ends = any(cue.kind == "recover" for cue in scene.cues_between(*told))
        return not (since & {"again", "stop"} or ends or _FOLLOW_UP.search(scene.text, *told))

    def _is_again(self, onset: Onset) -> bool:
        """Whether an onset is of a second exposure."""
        sentence = self.scene.sentences[self.scene.sentence_of(onset.start)]
        return any(cue.kind == "again" for cue in self.scene.cues_between(*sentence))


def _is_withdrawal(reaction: Reaction) -> bool:
    return reaction.event.endswith("withdrawal") or any(link.rule == "withdrawal" for link in reaction.links)


def _first_sign(told: list[Onset]) -> Onset | None:
    """Give the first of the onsets of a history where no other is shorter."""
    if not told:
        return None
    shortest = min(onset.hours_max or 0.0 for onset in told)
    first = told[0]
    return replace(first, basis=OnsetBasis.INFERRED) if (first.hours_max or 0.0) <= shortest else None
