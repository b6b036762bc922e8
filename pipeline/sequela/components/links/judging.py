"""What the pair network makes of the candidates: reactions no rule sees, and links the report speaks against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

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
_WEAK = "weak evidence"
_OTHERS_BLAMED = "the report blames other drugs, not this one"


@dataclass(frozen=True)
class Thresholds:
    """Probabilities from which on a pair is believed, by what else the report says.

    Attributes
    ----------
    keep
        A link that a rule accepted, on any evidence but the roles that the tagger sees.
    accept
        A pair that no rule accepted.
    accept_beside
        The same where words of cause blame other drugs only; also a link that rests on roles alone.
    """

    keep: float = 0.2
    accept: float = 0.5
    accept_beside: float = 0.7


def judge(report: LinkedReport, network: PairNetwork, thresholds: Thresholds) -> list[Link]:
    """Give the links with their probabilities, those rejected that are unlikely, and new ones.

    A pair that no rule accepted becomes a link from its threshold on; from ``keep`` on it is kept as a rejected one.
    """
    pairs = find_pairs(report)
    if pairs is None:
        return list(report.links)
    found = [round(one, 3) for one in network.probabilities(report.doc, pairs).tolist()]
    judged, told = _weighed(report, pairs, found, thresholds)
    known: dict[str, list[str]] = {}
    causal = [link for link in told if evidence_of()[link.rule] == "causal"]
    for link in told:
        known.setdefault(report.keys.drug(link.drug), []).append(report.keys.event(link.event))
    blamed = report.blame.blamed | {report.keys.drug(link.drug) for link in causal}
    explained = [report.keys.event(link.event) for link in causal]
    general = {
        (link.drug.start, link.event.start)
        for link in report.links
        if not link.rejected and link.attribution is Attribution.BACKGROUND
    }
    for number in sorted(range(len(found)), key=lambda one: -found[one]):
        probability = found[number]
        if probability < thresholds.keep:
            break
        drug, event = (
            names[key]
            for names, key in zip((pairs.drugs, pairs.events), pairs.pair_keys[number], strict=True)
        )
        if is_generic_event(event) or any(same_event(event, other) for other in known.get(drug, ())):
            continue
        new = _link(report, pairs, number, probability, general)
        if new is None:
            continue
        beside = bool(blamed) and drug not in blamed
        if probability < thresholds.accept:
            new = replace(new, rejected=_WEAK)
        elif (beside and probability < thresholds.accept_beside) or any(
            same_event(event, other) for other in explained
        ):
            new = replace(new, role=Role.CONCOMITANT, rejected=_OTHERS_BLAMED)
        else:
            known.setdefault(drug, []).append(event)
        judged.append(new)
    return judged


def _weighed(
    report: LinkedReport, pairs: Pairs, found: list[float], thresholds: Thresholds
) -> tuple[list[Link], list[Link]]:
    """Give the links of the rules with their probabilities, and those of them that still tell what happened."""
    numbers = {
        (pairs.drugs[drug], pairs.events[event]): number
        for number, (drug, event) in enumerate(pairs.pair_keys.tolist())
    }
    weighed, told = [], []
    for link in report.links:
        number = numbers.get((report.keys.drug(link.drug), report.keys.event(link.event)))
        if number is not None:
            link = replace(link, probability=found[number])
            by_role = evidence_of()[link.rule] == "role"
            if is_told(link) and found[number] < (thresholds.accept_beside if by_role else thresholds.keep):
                link = replace(link, rejected=_UNLIKELY)
        weighed.append(link)
        if is_told(link):
            told.append(link)
    return weighed, told


def _link(
    report: LinkedReport, pairs: Pairs, number: int, probability: float, general: set[tuple[int, int]]
) -> Link | None:
    """Link the mentions that stand nearest to one another of those that tell what happened; None without any.

    ``general`` holds where the drugs and events of general statements begin.
    """
    inside = pairs.pair_of == number
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
