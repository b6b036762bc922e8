"""A link as its sentence tells it: with the anaphors in the place of their antecedents."""

from __future__ import annotations

from dataclasses import replace

from sequela.schema import Cue, Link, Mention

_EVENT_RULES = frozenset(("event_noun", "reactions_of_report"))
_DRUG_RULES = frozenset(("class_member", "culprit", "drug_noun", "exposure_noun", "pronoun"))


def as_told(link: Link) -> Link:
    """Give the link with drug and event where the evidence names them.

    "The patient's symptoms began a day after the infusion" is evidence for a drug and an event that other
    sentences name; what is read around the mentions (times, outcomes) must be read here.
    """
    drug, event = link.drug, link.event
    for cue in link.cues[1:]:
        if cue.rule in _EVENT_RULES:
            event = _mention(cue, link.event)
        elif cue.rule in _DRUG_RULES:
            drug = _mention(cue, link.drug)
    return replace(link, drug=drug, event=event)


def _mention(cue: Cue, antecedent: Mention) -> Mention:
    return Mention(text=cue.text, start=cue.start, end=cue.end, label=antecedent.label)
