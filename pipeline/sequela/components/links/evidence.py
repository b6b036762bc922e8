"""The report as a whole: what one place says of a drug and an event counts for the others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from spacy.tokens import Doc

from sequela.components.links.names import NameKeys
from sequela.schema import Attribution, Link

_STRONG = 0.8
_ASIDE = (Attribution.TREATMENT, Attribution.INDICATION, Attribution.EXCLUDED)


def review(doc: Doc, links: list[Link], disabled: Collection[str] = ()) -> list[Link]:
    """Weigh every candidate against the rest of the report.

    ``pair_is_treatment``: a weak candidate is rejected where another place says that the drug treats the event or
    was given for it. ``suspect_drug``: a weak candidate gains where the report blames the drug elsewhere.
    ``bystander_drug``: a weak candidate is rejected where the report blames another drug for the event, or where
    the drug is only told of as treatment.
    """
    keys = NameKeys(doc)
    pairs = [(keys.drug(link.drug), keys.event(link.event)) for link in links]
    best: dict[tuple[str, str], float] = {}
    against: dict[tuple[str, str], float] = {}
    suspects: dict[str, float] = {}
    blamed: dict[str, set[str]] = {}
    treatments: set[str] = set()
    for link, (drug, event) in zip(links, pairs, strict=True):
        if link.attribution in _ASIDE:
            against[drug, event] = max(link.score, against.get((drug, event), 0.0))
            treatments.add(drug)
        elif not link.rejected:
            best[drug, event] = max(link.score, best.get((drug, event), 0.0))
            if link.attribution in (Attribution.INDEX_PATIENT, Attribution.BACKGROUND):
                suspects[drug] = max(link.score, suspects.get(drug, 0.0))
            if link.score >= _STRONG:
                blamed.setdefault(event, set()).add(drug)
    reviewed = []
    for link, pair in zip(links, pairs, strict=True):
        drug, event = pair
        changed = link
        if not link.rejected and link.score < _STRONG:
            if "pair_is_treatment" not in disabled and against.get(pair, 0.0) >= best.get(pair, 0.0):
                changed = replace(
                    link, rejected="another place says that the drug treats the event or was given for it"
                )
            elif (
                "bystander_drug" not in disabled and drug in treatments and suspects.get(drug, 0.0) < _STRONG
            ):
                changed = replace(link, rejected="the report tells of the drug as a treatment")
            elif "suspect_drug" not in disabled and link.score >= 0.5 and suspects.get(drug, 0.0) >= _STRONG:
                changed = replace(link, score=round(min(0.79, link.score + 0.15), 3))
        reviewed.append(changed)
    return reviewed
