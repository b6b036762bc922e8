"""What the pair network makes of the candidates: reactions no rule sees, and links the report speaks against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from sequela.components.frames import NOBODY, OF_STUDIES
from sequela.components.links.evidence import DENIED, OTHERS_BLAMED, WEAK
from sequela.components.links.names import is_generic_event, same_event
from sequela.components.links.pair_network import PairNetwork
from sequela.components.links.pair_values import Node, Pairs, find_pairs, is_told
from sequela.components.links.plausibility import beside, got_better
from sequela.components.links.report import LinkedReport, in_order
from sequela.components.links.rules import evidence_of
from sequela.schema import Attribution, Cue, Frame, Link, Role

RULE = "pair_model"
_NOT_HERE = (Attribution.BACKGROUND, Attribution.EXCLUDED)
_Who = tuple[Attribution, str]  # whom a statement is about: attribution and number of the patient
UNLIKELY = "the report as a whole speaks against it"


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
    """Give the links with their probabilities, and new ones, in the order of the text; the unlikely are rejected.

    A pair that no rule accepted becomes a link from its threshold on; from ``keep`` on it is kept as a rejected one.
    """
    pairs = find_pairs(report)
    if pairs is None:
        return list(report.links)
    found = [round(one, 3) for one in network.probabilities(report.doc, pairs).tolist()]
    judged = _weighed(report, pairs, found, thresholds)
    told = _Told(report, judged)
    likely = [number for number, probability in enumerate(found) if probability >= thresholds.keep]
    for new in sorted(_links(report, pairs, found, likely), key=lambda link: -link.score):
        if told.already(new):
            continue
        if new.score < thresholds.accept:
            new = replace(new, rejected=WEAK)
        elif told.explains(new) or (told.blames_others(new) and new.score < thresholds.accept_beside):
            new = replace(new, role=Role.CONCOMITANT, rejected=OTHERS_BLAMED)
        else:
            told.add(new)
        judged.append(new)
    return in_order(judged)


class _Told:
    """What is linked already, for each patient."""

    def __init__(self, report: LinkedReport, links: Iterable[Link]) -> None:
        self.keys = report.account.keys
        self.blamed = report.blame.blamed
        self.events: dict[tuple[str, str], list[str]] = {}
        self.causes: dict[str, dict[str, list[str]]] = {}  # of each patient, the events by drug
        for link in links:
            if _counts(report, link):
                self.add(link)

    def add(self, link: Link) -> None:
        drug, event = self.keys.drug(link.drug), self.keys.event(link.event)
        self.events.setdefault((link.patient_id, drug), []).append(event)
        if evidence_of()[link.rule] == "causal":
            self.causes.setdefault(link.patient_id, {}).setdefault(drug, []).append(event)

    def already(self, link: Link) -> bool:
        """Whether the event is linked to the drug, in these or in other words."""
        known = self.events.get((link.patient_id, self.keys.drug(link.drug)), ())
        return any(same_event(self.keys.event(link.event), one) for one in known)

    def explains(self, link: Link) -> bool:
        """Whether words of cause blame another drug for the event."""
        drug, event = self.keys.drug(link.drug), self.keys.event(link.event)
        return any(
            other != drug and same_event(event, one)
            for other, events in self.causes.get(link.patient_id, {}).items()
            for one in events
        )

    def blames_others(self, link: Link) -> bool:
        """Whether words of cause blame other drugs only."""
        blamed = self.blamed | self.causes.get(link.patient_id, {}).keys()
        return bool(blamed) and self.keys.drug(link.drug) not in blamed


def _weighed(report: LinkedReport, pairs: Pairs, found: list[float], thresholds: Thresholds) -> list[Link]:
    """Give the links of the rules with their probabilities."""
    numbers = {
        (pairs.drugs[drug], pairs.events[event]): number
        for number, (drug, event) in enumerate(pairs.pair_keys.tolist())
    }
    keys = report.account.keys
    weighed = []
    for link in report.links:
        number = numbers.get((keys.drug(link.drug), keys.event(link.event)))
        if number is not None:
            link = replace(link, probability=found[number])
            by_role = evidence_of()[link.rule] == "role"
            threshold = thresholds.accept_beside if by_role else thresholds.keep
            if _counts(report, link) and found[number] < threshold:
                link = replace(link, rejected=UNLIKELY)
        weighed.append(link)
    return weighed


def _links(report: LinkedReport, pairs: Pairs, found: list[float], likely: list[int]) -> Iterator[Link]:
    """Link, for each patient, the mentions of a pair that stand nearest to one another and tell what happened."""
    general = {
        (link.drug.start, link.event.start)
        for link in report.links
        if not link.rejected and link.attribution is Attribution.BACKGROUND
    }
    patients = [
        _patient(report, node, is_none) for node, is_none in zip(pairs.nodes, pairs.impossible, strict=True)
    ]
    order = np.argsort(pairs.pair_of, kind="stable")
    bounds = np.searchsorted(pairs.pair_of[order], np.arange(len(found) + 1))
    for number in likely:
        nearest: dict[_Who, tuple[int, int, Node, Node]] = {}
        for place in order[bounds[number] : bounds[number + 1]].tolist():
            one, other = int(pairs.drug_nodes[place]), int(pairs.event_nodes[place])
            drug, event, patient = pairs.nodes[one], pairs.nodes[other], patients[one]
            if (
                patient is None
                or patient != patients[other]
                or is_generic_event(event.item.mention.text)
                or (drug.item.mention.start, event.item.mention.start) in general
                or _recovers(report.account.text, event)
            ):
                continue
            apart = abs(event.sentence - drug.sentence), abs(event.item.start - drug.item.start)
            if patient not in nearest or apart < nearest[patient][:2]:
                nearest[patient] = (*apart, drug, event)
        for _, _, drug, event in nearest.values():
            yield _link(report, drug, event, found[number])


def _patient(report: LinkedReport, node: Node, is_impossible: bool) -> _Who | None:
    """Give the index patient, or a study, that had the drug or the event of a mention; None where none is told."""
    frame = report.account.frame_at(node.item.start)
    if (
        node.item.anaphor
        or is_impossible
        or frame is None
        or not (frame.attribution is Attribution.INDEX_PATIENT or _is_of_study(frame))
        or node.item.assertion in DENIED
        or (node.is_drug and node.item.is_cleared)
        or (not node.is_drug and node.item.attribution in _NOT_HERE)
    ):
        return None
    return frame.attribution, frame.patient_id


def _counts(report: LinkedReport, link: Link) -> bool:
    """Whether a link tells that something happened, to a patient or in a study."""
    return is_told(link) or (not link.rejected and _is_of_study(report.account.frame_at(link.event.start)))


def _recovers(text: str, event: Node) -> bool:
    """Whether a mention tells how an event ended: no place that ties it to a drug."""
    before, after = beside(text, event.item.start, event.item.end)
    return got_better(event.item.text.lower(), before.lower(), after.lower())


def _is_of_study(frame: Frame | None) -> bool:
    """Whether animals or participants of a trial are told of: a link there is no claim about a patient."""
    return (
        frame is not None
        and frame.attribution is Attribution.BACKGROUND
        and frame.rule in (NOBODY, *OF_STUDIES)
    )


def _link(report: LinkedReport, drug: Node, event: Node, probability: float) -> Link:
    frame = report.account.frame_at(event.item.start)
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
        assertion=event.item.assertion,
        assertion_cue=event.item.assertion_cue,
    )
