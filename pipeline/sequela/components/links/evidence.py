"""The report as a whole: what one place says of a drug and an event counts for the others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from spacy.tokens import Doc

from sequela import attributes
from sequela.components.links.names import NameKeys, is_generic_event, same_event
from sequela.components.links.report import Account
from sequela.components.links.rules import evidence_of
from sequela.schema import Assertion, Attribution, Blame, Cue, Frame, Label, Link, Mention, Role

_ASIDE = (Attribution.TREATMENT, Attribution.INDICATION, Attribution.EXCLUDED)
_NOT_HERE = (*_ASIDE, Attribution.BACKGROUND)
_STANDS_ALONE = (
    "timed",
    "told",
)  # evidence that the report's silence about the drug elsewhere does not weaken
# Why a candidate is rejected, where others ask for it.
WEAK = "weak evidence"
OTHERS_BLAMED = "the report blames other drugs, not this one"
ANOTHER_NAMED = "the sentence names another drug as the cause"
NEVER_GIVEN = "nothing says that it was given to anybody"
DENIED = (Assertion.NEGATED, Assertion.HYPOTHETICAL)
# What `review` and `sequela.components.linking` do with the report as a whole, by the names that switch them off.
REPORT_RULES = (
    "never_given",
    "no_suspect",
    "other_drug_blamed",
    "pair_is_treatment",
    "suspect_drug",
    "treats_reaction",
)
_ENOUGH = 0.5  # the blame of another place raises what would stand alone, it does not make a link
_TELLS_ALL = 3  # sentences from which on a text that blames no drug means it; two may be quoted together
_SURE = 0.75
_TOLD_OF_PATIENT = 0.7
_GAIN = 0.15
_LOSS = 0.25


def find_told_of_patient(doc: Doc, account: Account, links: list[Link]) -> list[Link]:
    """Give links for what is blamed on a drug in general and happened to the patient who had the drug.

    "Metformin-associated lactic acidosis is rare" in the discussion of a report whose patient took metformin
    and had lactic acidosis: the general statement explains the case.
    """
    if not account.frames:
        return []
    keys = account.keys
    kinds = evidence_of()
    told = {(keys.drug(link.drug), keys.event(link.event)) for link in links if _happened(link)}
    general: dict[tuple[str, str], Link] = {}
    for link in links:
        pair = (keys.drug(link.drug), keys.event(link.event))
        if (
            not link.rejected
            and link.attribution is Attribution.BACKGROUND
            and link.assertion not in DENIED
            and kinds[link.rule] == "causal"
            and len(link.cues) == 1
            and not any(same_event(pair[1], event) for _, event in told)
            and (pair not in general or general[pair].score < link.score)
        ):
            general[pair] = link
    if not general:
        return []
    had: dict[str, list[tuple[Mention, Frame]]] = {"D": [], "E": []}
    for ent in doc.ents:
        if ent.label_ not in (Label.DRUG, Label.SYMPTOM):
            continue
        frame = account.frame_at(ent.start_char)
        if frame is None or frame.attribution is not Attribution.INDEX_PATIENT:
            continue
        if attributes.get_assertion(ent)[0] in DENIED or attributes.get_attribution(ent)[0] in _NOT_HERE:
            continue
        mention = Mention(text=ent.text, start=ent.start_char, end=ent.end_char, label=ent.label_)
        had["D" if ent.label_ == Label.DRUG else "E"].append((mention, frame))
    found = []
    for (drug, event), link in general.items():
        drugs = [mention for mention, _ in had["D"] if keys.drug(mention) == drug]
        events = [(mention, frame) for mention, frame in had["E"] if same_event(keys.event(mention), event)]
        if drugs and events:
            mention, frame = events[0]
            nearest = min(drugs, key=lambda place: abs(place.start - mention.start))
            found.append(
                replace(
                    link,
                    drug=nearest,
                    event=mention,
                    rule="told_of_patient",
                    score=_TOLD_OF_PATIENT,
                    cues=(
                        Cue(text=mention.text, start=mention.start, end=mention.end, rule="told_of_patient"),
                        *link.cues,
                    ),
                    attribution=Attribution.INDEX_PATIENT,
                    attribution_cue=frame.cue,
                    patient_id=frame.patient_id,
                )
            )
    return found


def _happened(link: Link) -> bool:
    return (
        not link.rejected and link.attribution is Attribution.INDEX_PATIENT and link.assertion not in DENIED
    )


def reactions_of(links: list[Link], keys: NameKeys, drug: str) -> list[Mention]:
    """Events that the report ties to a drug for the index patient on good evidence, each named once."""
    kinds = evidence_of()
    found: dict[str, Mention] = {}
    for link in links:
        if (
            _happened(link)
            and link.score >= _SURE
            and kinds[link.rule] in ("causal", "timed")
            and len(link.cues) == 1
            and keys.drug(link.drug) == drug
            and not is_generic_event(link.event.text)
        ):
            event = keys.event(link.event)
            if not any(same_event(event, known) for known in found):
                found[event] = link.event
    return list(found.values())


def review(account: Account, links: list[Link], blame: Blame, disabled: Collection[str] = ()) -> list[Link]:
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
    keys = account.keys
    kinds = evidence_of()
    pairs = [(keys.drug(link.drug), keys.event(link.event)) for link in links]
    suspects: set[str] = set(blame.blamed)
    blamed_here: set[str] = set()
    aside: dict[str, set[str]] = {}
    reactions: dict[str, set[str]] = {}
    for link, (drug, event) in zip(links, pairs, strict=True):
        if link.rule == "not_given":
            continue
        if link.attribution in _ASIDE:
            aside.setdefault(drug, set()).add(event)
        elif not link.rejected and link.assertion not in DENIED and kinds[link.rule] in ("causal", "timed"):
            reactions.setdefault(event, set()).add(drug)
            if kinds[link.rule] == "causal":
                suspects.add(drug)
                if link.attribution is Attribution.INDEX_PATIENT:
                    blamed_here.add(drug)
    if not suspects:
        suspects = set(blame.stopped)
    treats_reaction = {
        drug
        for drug, events in aside.items()
        if any(reactions.get(event, set()) - {drug} for event in events)
    }
    whole = len(account.sentence_starts) >= _TELLS_ALL
    reviewed = []
    for link, (drug, event) in zip(links, pairs, strict=True):
        changed = link
        kind = kinds[link.rule]
        if not link.rejected and kind != "causal":
            if "pair_is_treatment" not in disabled and any(
                same_event(event, one) for one in aside.get(drug, ())
            ):
                changed = replace(
                    link, rejected="another place says that the drug treats the event or was given for it"
                )
            elif kind == "role":
                # the head was trained on sentences that all tell of a reaction; most of a report's do not
                if whole:
                    changed = replace(link, score=round(link.score - _LOSS, 3))
            elif drug in suspects:
                if "suspect_drug" not in disabled and link.score >= _ENOUGH:
                    changed = replace(link, score=round(min(0.9, link.score + _GAIN), 3))
            elif "treats_reaction" not in disabled and drug in treats_reaction:
                changed = replace(link, rejected="the report tells of the drug as a treatment of a reaction")
            elif kind in _STANDS_ALONE:
                pass
            elif "other_drug_blamed" not in disabled and blamed_here:
                changed = replace(link, role=Role.CONCOMITANT, rejected=OTHERS_BLAMED)
            elif "no_suspect" not in disabled and whole:
                changed = replace(link, score=round(link.score - _LOSS, 3))
        reviewed.append(changed)
    return reviewed
