"""Time from exposure to reaction: a link and the time expressions around it become an `Onset`."""

from __future__ import annotations

import re
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
from sequela.schema import Attribution, Link, Mention, Onset, OnsetAnchor, OnsetBasis

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
_THE_SYMPTOMS = re.compile(
    rf"\b(?:these|the|those|his|her|all|initial|first)\s(?:\w+\s)?{any_of('complaint')}\b",
    re.IGNORECASE,
)
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
        links = attributes.get_links(doc)
        if any(not link.rejected for link in links):
            scene = read_scene(doc)
            attributes.set_links(
                doc,
                [
                    link
                    if link.rejected
                    else replace(link, onset=find_onset(doc, as_told(link), scene=scene))
                    for link in links
                ],
            )
        return doc


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
    if direct and direct.rule == "exposure_before" and before_admission(scene, link):
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
    return bool(told) or any(cue.kind == "develop" for cue in scene.cues_between(start, end))


class ReactionOnsets:
    """The onsets of the rows of one report: told by their evidence, or elsewhere in the history of the patient."""

    def __init__(self, doc: Doc, places: Places) -> None:
        self.doc = doc
        self.places = places
        self.scene = read_scene(doc)
        self.histories: dict[tuple[str, str, bool], Onset | None] = {}

    def of(self, reaction: Reaction) -> Onset | None:
        """Give the onset that is told best; None where the report tells none."""
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
        best_told = max(found, key=strength, default=None)
        direct = best_told is not None and best_told.max and best_told.rule in NAMES_EXPOSURE
        if not direct and of_patient and is_syndrome(reaction.event):
            return self._of_history(reaction) or best_told
        return best_told

    def _of_history(self, reaction: Reaction) -> Onset | None:
        """Give the one onset that the history tells for the drug, whatever sign it is told of."""
        withdrawal = reaction.event.endswith("withdrawal")
        key = (reaction.drug, reaction.best.patient_id, withdrawal)
        if key not in self.histories:
            found = [
                onset
                for pair in self.places.pairs_of(reaction, any_event=True)
                if (onset := find_onset(self.doc, pair, scene=self.scene))
                and onset.max
                and onset.rule in NAMES_EXPOSURE
                and (onset.anchor is OnsetAnchor.STOP) == withdrawal
                and begins_there(self.scene, onset, pair.event)
            ]
            values = {(onset.min, onset.max) for onset in found}
            self.histories[key] = replace(found[0], basis=OnsetBasis.INFERRED) if len(values) == 1 else None
        return self.histories[key]
