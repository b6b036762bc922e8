"""The report as a whole: what one place says of a drug and an event counts for the others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from spacy.tokens import Doc

from sequela.components.links.names import NameKeys, same_event
from sequela.components.links.rules import evidence_of
from sequela.schema import Assertion, Attribution, Link

_ASIDE = (Attribution.TREATMENT, Attribution.INDICATION, Attribution.EXCLUDED)
_DENIED = (Assertion.NEGATED, Assertion.HYPOTHETICAL)
_ENOUGH = 0.5  # the blame of another place raises what would stand alone, it does not make a link
_SENTENCES_OF_A_REPORT = 4  # a shorter text is a quotation: that it blames no drug says nothing
_GAIN = 0.15
_LOSS = 0.25


def review(doc: Doc, links: list[Link], disabled: Collection[str] = ()) -> list[Link]:
    """Weigh every candidate that rests on time or nearness alone against the rest of the report.

    ``pair_is_treatment``
        Rejected where another place says that the drug treats the event or was given for it.
    ``treats_reaction``
        Rejected where the drug treats what the report tells as the reaction to another drug.
    ``other_drug_blamed``
        Rejected where the report blames other drugs and never this one.
    ``suspect_drug``
        Gains where the report blames the drug elsewhere.
    ``no_suspect``
        Loses where the report blames no drug at all.
    """
    keys = NameKeys(doc)
    kinds = evidence_of()
    pairs = [(keys.drug(link.drug), keys.event(link.event)) for link in links]
    suspects: set[str] = set()
    blamed_here: set[str] = set()
    aside: dict[str, set[str]] = {}
    reactions: dict[str, set[str]] = {}
    for link, (drug, event) in zip(links, pairs, strict=True):
        if link.attribution in _ASIDE:
            aside.setdefault(drug, set()).add(event)
        elif not link.rejected and link.assertion not in _DENIED and kinds[link.rule] in ("causal", "timed"):
            reactions.setdefault(event, set()).add(drug)
            if kinds[link.rule] == "causal":
                suspects.add(drug)
                if link.attribution is Attribution.INDEX_PATIENT:
                    blamed_here.add(drug)
    treats_reaction = {
        drug for drug, events in aside.items() if any(reactions.get(event, set()) - {drug} for event in events)
    }
    is_report = sum(1 for _ in doc.sents) >= _SENTENCES_OF_A_REPORT
    reviewed = []
    for link, (drug, event) in zip(links, pairs, strict=True):
        changed = link
        kind = kinds[link.rule]
        if not link.rejected and kind != "causal":
            if "pair_is_treatment" not in disabled and any(same_event(event, one) for one in aside.get(drug, ())):
                changed = replace(link, rejected="another place says that the drug treats the event or was given for it")
            elif drug in suspects:
                if "suspect_drug" not in disabled and link.score >= _ENOUGH:
                    changed = replace(link, score=round(min(0.9, link.score + _GAIN), 3))
            elif "treats_reaction" not in disabled and drug in treats_reaction:
                changed = replace(link, rejected="the report tells of the drug as a treatment of a reaction")
            elif kind == "timed":
                pass
            elif "other_drug_blamed" not in disabled and blamed_here:
                changed = replace(link, rejected="the report blames other drugs, not this one")
            elif "no_suspect" not in disabled and is_report:
                changed = replace(link, score=round(link.score - _LOSS, 3))
        reviewed.append(changed)
    return reviewed
