"""What the pair network makes of the candidates: reactions no rule sees, and links the report speaks against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sequela import attributes
from sequela.components.clearance import is_cleared
from sequela.components.links.evidence import DENIED
from sequela.components.links.names import is_generic_event, same_event
from sequela.components.links.pair_network import PairNetwork
from sequela.components.links.pairs import Node, Pairs, find_pairs, is_no_reaction, is_told
from sequela.components.links.report import LinkedReport
from sequela.components.links.rules import evidence_of
from sequela.schema import Attribution, Cue, Link, Role

RULE = "pair_model"
_UNLIKELY = "the report as a whole speaks against it"


def judge(report: LinkedReport, network: PairNetwork, *, keep: float, accept: float) -> list[Link]:
    """Give the links with their probabilities, and new ones.

    Parameters
    ----------
    keep
        A link that tells what happened to a patient is rejected where the probability of its pair is below this.
    accept
        A pair that no rule accepted becomes a link from this probability on; between the two it is kept as a
        rejected one.
    """
    pairs = find_pairs(report)
    if pairs is None:
        return list(report.links)
    found = network.probabilities(report.doc, pairs)
    numbers = {(drug, event): number for number, (drug, event) in enumerate(pairs.pair_keys.tolist())}
    drugs = {name: number for number, name in enumerate(pairs.drugs)}
    events = {name: number for number, name in enumerate(pairs.events)}
    judged = []
    accepted: dict[int, list[str]] = {}
    explained: list[str] = []  # events that words of cause tie to a drug
    for link in report.links:
        drug, event = report.keys.drug(link.drug), report.keys.event(link.event)
        number = numbers.get((drugs.get(drug, -1), events.get(event, -1)))
        if number is None:
            judged.append(link)
            continue
        probability = round(float(found[number]), 3)
        link = replace(link, probability=probability)
        if is_told(link):
            if probability < keep:
                link = replace(link, rejected=_UNLIKELY)
            else:
                accepted.setdefault(drugs[drug], []).append(event)
                if evidence_of()[link.rule] == "causal":
                    explained.append(event)
        judged.append(link)
    for number in sorted((found >= min(keep, accept)).nonzero()[0].tolist(), key=lambda one: -found[one]):
        drug_key, event_key = pairs.pair_keys[number].tolist()
        event = pairs.events[event_key]
        known = accepted.setdefault(drug_key, [])
        if is_generic_event(event) or any(same_event(event, other) for other in known):
            continue
        new = _link(report, pairs, number, round(float(found[number]), 3))
        if new is None:
            continue
        if found[number] < accept:
            new = replace(new, rejected="weak evidence")
        elif any(same_event(event, other) for other in explained):
            new = replace(new, role=Role.CONCOMITANT, rejected="the report blames other drugs, not this one")
        else:
            known.append(event)
        judged.append(new)
    return judged


def _link(report: LinkedReport, pairs: Pairs, number: int, probability: float) -> Link | None:
    """Link the mentions that stand nearest to one another of those that tell what happened; None without any."""
    inside = pairs.pair_of == number
    general = {
        (link.drug.start, link.event.start)
        for link in report.links
        if not link.rejected and link.attribution is Attribution.BACKGROUND
    }
    best: tuple[int, int, Node, Node] | None = None
    for drug, event in zip(
        _nodes(pairs, pairs.drug_nodes[inside].tolist()),
        _nodes(pairs, pairs.event_nodes[inside].tolist()),
        strict=True,
    ):
        if (
            drug.item.anaphor
            or event.item.anaphor
            or not _is_of_one_patient(report, drug, event)
            or (drug.item.start, event.item.start) in general
            or is_no_reaction(report.frames.text, event.item)
        ):
            continue
        apart = abs(event.sentence - drug.sentence), abs(event.item.start - drug.item.start)
        if best is None or apart < best[:2]:
            best = (*apart, drug, event)
    if best is None:
        return None
    _, _, drug, event = best
    frame = report.frames.at(event.item.start)
    assertion, assertion_cue = attributes.get_assertion(event.item.span)
    mention = event.item.mention
    return Link(
        drug=drug.item.mention,
        event=mention,
        rule=RULE,
        score=probability,
        probability=probability,
        cues=(Cue(text=mention.text, start=mention.start, end=mention.end, rule=RULE),),
        attribution=frame.attribution if frame else Attribution.INDEX_PATIENT,
        attribution_cue=frame.cue if frame else None,
        patient_id=frame.patient_id if frame else "",
        assertion=assertion,
        assertion_cue=assertion_cue,
    )


def _is_of_one_patient(report: LinkedReport, drug: Node, event: Node) -> bool:
    """Whether the index patient had the drug where one mention stands, and the same one the event at the other."""
    given, had = report.frames.at(drug.item.start), report.frames.at(event.item.start)
    return (
        given is not None
        and had is not None
        and had.attribution is Attribution.INDEX_PATIENT
        and (given.attribution, given.patient_id) == (had.attribution, had.patient_id)
        and not is_cleared(drug.item.span)
        and attributes.get_attribution(event.item.span)[0] is not Attribution.EXCLUDED
        and all(attributes.get_assertion(node.item.span)[0] not in DENIED for node in (drug, event))
    )


def _nodes(pairs: Pairs, numbers: list[int]) -> Iterator[Node]:
    return (pairs.nodes[number] for number in numbers)
