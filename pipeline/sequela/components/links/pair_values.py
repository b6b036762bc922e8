"""Every drug and every event of a report as a pair, in numbers: what the pair network reads.

Nodes are mentions (and anaphors, for what they stand for) in the order of the text; pairs are of keys
(`sequela.components.links.names.NameKeys`), so that all mentions of a drug and of an event speak for their pair. The
numbers say where the mentions stand, what earlier components say of them, and what the linking rules made of the pair.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sequela.components.links.evidence import ANOTHER_NAMED, DENIED, NEVER_GIVEN, OTHERS_BLAMED, WEAK
from sequela.components.links.exposure import is_endogenous
from sequela.components.links.masking import Item, Masked
from sequela.components.links.names import (
    is_class_name,
    is_generic_event,
    is_side_effect,
    same_event,
)
from sequela.components.links.plausibility import why_no_reaction
from sequela.components.links.report import Account, LinkedReport
from sequela.components.links.roles import Roles
from sequela.components.links.rules import evidence_of
from sequela.schema import Assertion, Attribution, Link, RoleLabel

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

# Sentences, and events, between a drug and an event beyond which they are no pair, so that time grows with the text.
REACH, REACH_EVENTS = 10, 50
FORMAT = 1  # of the numbers; to be counted up when one is added, left out or means something else
_ASIDE = (Attribution.TREATMENT, Attribution.INDICATION, Attribution.EXCLUDED)
_HAPPENED = (Attribution.INDEX_PATIENT, Attribution.OTHER_CASE)
_FRAMES = (Attribution.INDEX_PATIENT, Attribution.OTHER_CASE, Attribution.BACKGROUND, None)
_ASSERTIONS = (Assertion.AFFIRMED, Assertion.POSSIBLE, Assertion.NEGATED, Assertion.HYPOTHETICAL)
_EVIDENCE = ("causal", "timed", "told", "temporal", "weak", "role")
# Why links are rejected that say most: no more than weak evidence, another drug is blamed, nobody had the drug.
_REASONS = ((WEAK,), (OTHERS_BLAMED, ANOTHER_NAMED), (NEVER_GIVEN,))
_AROUND = 80  # characters beside an event that tell whether it can be a reaction


@dataclass(frozen=True)
class Node:
    """A mention, or an anaphor in the place of one: what it stands for, and where (tokens half-open)."""

    item: Item
    key: int
    sentence: int
    group: int  # coordinated mentions of a sentence have one number
    first: int
    last: int

    @property
    def is_drug(self) -> bool:
        """Whether it is a drug; an event else."""
        return self.item.kind == "D"


@dataclass(frozen=True)
class Pairs:
    """A report in numbers.

    Attributes
    ----------
    nodes
        In the order of the text.
    drugs, events
        Keys, by number.
    node_values
        Shape (nodes, values of a node).
    pair_values
        Shape (pairs, values of a pair).
    pair_keys
        Numbers of drug and event of each pair, shape (pairs, 2).
    drug_nodes, event_nodes, pair_of
        Every drug node with every event node within reach, and the pair that they speak for.
    impossible
        Whether a node is an event that cannot be a reaction, whatever is said of it.
    """

    nodes: tuple[Node, ...]
    drugs: tuple[str, ...]
    events: tuple[str, ...]
    node_values: Floats
    pair_values: Floats
    pair_keys: Ints
    drug_nodes: Ints
    event_nodes: Ints
    pair_of: Ints
    impossible: tuple[bool, ...]


def find_pairs(report: LinkedReport) -> Pairs | None:
    """Give the pairs of a report, None where it has no drug or no event."""
    drugs: dict[str, int] = {}
    events: dict[str, int] = {}
    nodes = _nodes(report.account, drugs, events)
    if not drugs or not events:
        return None
    impossible = [not node.is_drug and _is_impossible(report.account.text, node.item) for node in nodes]
    sentences = len(report.account.sentence_starts)
    roles = _roles(report.account.roles, nodes)
    drug_values = _drug_values(report, nodes, drugs, roles, sentences)
    event_values = _event_values(report, nodes, events, roles, impossible, sentences)
    own = _node_values(report, nodes, roles, impossible, sentences)
    keyed = np.zeros((len(nodes), drug_values.shape[1] + event_values.shape[1]), dtype=np.float32)
    is_drug = np.array([node.is_drug for node in nodes])
    keys = np.array([node.key for node in nodes])
    keyed[is_drug, : drug_values.shape[1]] = drug_values[keys[is_drug]]
    keyed[~is_drug, drug_values.shape[1] :] = event_values[keys[~is_drug]]
    of_drug, of_event = _node_pairs(nodes, is_drug)
    if not len(of_drug):
        return None
    numbers = keys[of_drug] * len(events) + keys[of_event]
    found, pair_of = np.unique(numbers, return_inverse=True)
    pair_keys = np.stack([found // len(events), found % len(events)], axis=1)
    geometry = _geometry(report.account.times, nodes, is_drug, of_drug, of_event, pair_of, len(found))
    told = _told(report, pair_keys, drugs, events)
    return Pairs(
        nodes=tuple(nodes),
        drugs=tuple(drugs),
        events=tuple(events),
        node_values=np.concatenate([own, keyed], axis=1),
        pair_values=np.concatenate([geometry, told], axis=1),
        pair_keys=pair_keys,
        drug_nodes=of_drug,
        event_nodes=of_event,
        pair_of=pair_of,
        impossible=tuple(impossible),
    )


def is_told(link: Link) -> bool:
    """Whether a link tells that something happened to a patient."""
    return not link.rejected and link.attribution in _HAPPENED and link.assertion not in DENIED


def _nodes(account: Account, drugs: dict[str, int], events: dict[str, int]) -> list[Node]:
    named: list[tuple[Item, str, Masked, int]] = []
    anaphors: list[tuple[Item, str, Masked, int]] = []
    for masked in account.sentences:
        for number, item in enumerate(masked.items):
            name = account.keys.drug if item.kind == "D" else account.keys.event
            (anaphors if item.anaphor else named).extend(
                (item, name(mention), masked, number) for mention in item.mentions
            )
    for item, key, _, _ in named:
        known = drugs if item.kind == "D" else events
        known.setdefault(key, len(known))
    nodes = []
    for item, key, masked, number in (*named, *anaphors):
        known = drugs if item.kind == "D" else events
        if key in known:
            nodes.append(
                Node(
                    item=item,
                    key=known[key],
                    sentence=masked.number,
                    group=masked.start + masked.groups[number],
                    first=item.first,
                    last=item.last,
                )
            )
    return sorted(nodes, key=lambda node: (node.item.start, node.key))


def _is_impossible(text: str, item: Item) -> bool:
    before, after = text[max(0, item.start - _AROUND) : item.start], text[item.end : item.end + _AROUND]
    return bool(why_no_reaction(item.text, before, after, "causal"))


def _roles(roles: Roles, nodes: list[Node]) -> list[tuple[bool, bool, bool]]:
    """Whether the tagger sees each node as the drug, the effect, or the disorder of a drug event."""
    return [
        (
            node.is_drug and roles.has(RoleLabel.DRUG, node.item),
            not node.is_drug and roles.has(RoleLabel.EFFECT, node.item),
            not node.is_drug and roles.has(RoleLabel.DISORDER, node.item),
        )
        for node in nodes
    ]


def _node_values(
    report: LinkedReport,
    nodes: list[Node],
    roles: list[tuple[bool, bool, bool]],
    impossible: list[bool],
    sentences: int,
) -> Floats:
    """Values of each node, shape (nodes, values)."""
    rows: list[list[float]] = []
    for node, (is_suspect, is_effect, is_disorder), is_none in zip(nodes, roles, impossible, strict=True):
        item = node.item
        frame = report.account.frame_at(item.start)
        whose = frame.attribution if frame else None
        rows.append(
            [
                node.is_drug,
                item.anaphor is not None,
                *(whose is one for one in _FRAMES),
                *(item.assertion is one for one in _ASSERTIONS),
                *(item.attribution is one for one in _ASIDE),
                is_suspect,
                node.is_drug and item.is_cleared,
                is_effect,
                is_disorder,
                is_none and item.anaphor is None,
                min(1.0, node.sentence / 10),
                node.sentence == 0,
                node.sentence == sentences - 1,
            ]
        )
    return np.array(rows, dtype=np.float32)


def _drug_values(
    report: LinkedReport,
    nodes: list[Node],
    drugs: dict[str, int],
    roles: list[tuple[bool, bool, bool]],
    sentences: int,
) -> Floats:
    """Values of each drug of the report, shape (drugs, values)."""
    kinds, blame = evidence_of(), report.blame
    linked = _by_key(drugs, ((report.account.keys.drug(link.drug), link) for link in report.links))
    places = _places(nodes, len(drugs), drugs=True)
    rows: list[list[float]] = []
    for key, number in drugs.items():
        links, numbers = linked[number], places[number]
        mentions = [nodes[one] for one in numbers]
        own = [link for link in links if is_told(link)]
        rows.append(
            [
                *_where(mentions, sentences),
                key in blame.blamed,
                key in blame.stopped,
                key in blame.poisons,
                key in blame.never_given,
                len({report.account.keys.event(link.event) for link in own}),
                _best(own),
                any(kinds[link.rule] == "causal" for link in own),
                _best(link for link in links if link.rejected and link.attribution not in _ASIDE),
                *(sum(link.attribution is one for link in links) for one in _ASIDE),
                *_whose(report, mentions),
                any(report.account.keys.is_coded(node.item.mention) for node in mentions),
                all(is_class_name(node.item.mention.text) for node in mentions),
                any(is_endogenous(node.item.mention.text) for node in mentions),
                "vaccin" in key,
                any(node.item.start in report.account.amounts for node in mentions),
                any(node.item.is_cleared for node in mentions),
                _share(roles[one][0] for one in numbers),
                _asserted(mentions, Assertion.NEGATED),
            ]
        )
    return np.array(rows, dtype=np.float32)


def _event_values(
    report: LinkedReport,
    nodes: list[Node],
    events: dict[str, int],
    roles: list[tuple[bool, bool, bool]],
    impossible: list[bool],
    sentences: int,
) -> Floats:
    """Values of each event of the report, shape (events, values)."""
    kinds = evidence_of()
    linked = _by_key(events, ((report.account.keys.event(link.event), link) for link in report.links))
    places = _places(nodes, len(events), drugs=False)
    rows: list[list[float]] = []
    for key, number in events.items():
        links, numbers = linked[number], places[number]
        mentions = [nodes[one] for one in numbers]
        own = [link for link in links if is_told(link)]
        names = [node.item.mention.text for node in mentions]
        rows.append(
            [
                *_where(mentions, sentences),
                *(_asserted(mentions, one) for one in _ASSERTIONS[:3]),
                _share(node.item.attribution in _ASIDE for node in mentions),
                *_whose(report, mentions),
                any(map(is_generic_event, names)),
                any(map(is_side_effect, names)),
                _share(impossible[one] for one in numbers),
                len({report.account.keys.drug(link.drug) for link in own}),
                _best(own),
                any(kinds[link.rule] == "causal" for link in own),
                sum(link.attribution in _ASIDE for link in links),
                _share(roles[one][1] for one in numbers),
                _share(roles[one][2] for one in numbers),
                len(key.split()),
            ]
        )
    return np.array(rows, dtype=np.float32)


def _places(nodes: list[Node], count: int, *, drugs: bool) -> list[list[int]]:
    """Numbers of the mentions of each key; anaphors are none."""
    places: list[list[int]] = [[] for _ in range(count)]
    for number, node in enumerate(nodes):
        if node.is_drug is drugs and node.item.anaphor is None:
            places[node.key].append(number)
    return places


def _by_key(keys: dict[str, int], links: Iterable[tuple[str, Link]]) -> list[list[Link]]:
    found: list[list[Link]] = [[] for _ in keys]
    for key, link in links:
        if key in keys:
            found[keys[key]].append(link)
    return found


def _where(mentions: list[Node], sentences: int) -> list[float]:
    return [
        float(np.log1p(len(mentions))),
        mentions[0].sentence / max(1, sentences - 1),
        mentions[0].sentence == 0,
        mentions[-1].sentence == sentences - 1,
    ]


def _whose(report: LinkedReport, mentions: list[Node]) -> list[float]:
    """Share of the mentions in statements about each kind of patient."""
    frames = [report.account.frame_at(node.item.start) for node in mentions]
    return [_share(frame is not None and frame.attribution is one for frame in frames) for one in _FRAMES[:3]]


def _asserted(mentions: list[Node], assertion: Assertion) -> float:
    return _share(node.item.assertion is assertion for node in mentions)


def _best(links: Iterable[Link]) -> float:
    return max((link.score for link in links), default=0.0)


def _share(flags: Iterable[bool]) -> float:
    known = list(flags)
    return sum(known) / len(known) if known else 0.0


def _node_pairs(nodes: list[Node], is_drug: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Give the numbers of every drug node and event node within reach of one another."""
    sentences = np.array([node.sentence for node in nodes])
    drugs, events = np.flatnonzero(is_drug), np.flatnonzero(~is_drug)
    rank = np.searchsorted(events, drugs)
    first = np.searchsorted(sentences[events], sentences[drugs] - REACH, side="left")
    last = np.searchsorted(sentences[events], sentences[drugs] + REACH, side="right")
    first, last = np.maximum(first, rank - REACH_EVENTS), np.minimum(last, rank + REACH_EVENTS)
    counts = last - first
    before = np.concatenate([[0], np.cumsum(counts)[:-1]])
    inside = np.arange(counts.sum()) - np.repeat(before, counts)
    return np.repeat(drugs, counts), events[np.repeat(first, counts) + inside]


def _geometry(
    times: list[int],
    nodes: list[Node],
    is_drug: npt.NDArray[np.bool_],
    of_drug: Ints,
    of_event: Ints,
    pair_of: Ints,
    count: int,
) -> Floats:
    """Give how the mentions of each pair stand to one another, shape (pairs, values)."""
    offsets = np.array([node.item.start for node in nodes])
    sentences = np.array([node.sentence for node in nodes])
    keys = np.array([node.key for node in nodes])
    signed = sentences[of_event] - sentences[of_drug]
    characters = offsets[of_event] - offsets[of_drug]
    order = np.lexsort((np.abs(characters), np.abs(signed), pair_of))
    nearest = order[np.searchsorted(pair_of[order], np.arange(count))]
    drug, event = offsets[of_drug[nearest]], offsets[of_event[nearest]]
    low, high = np.minimum(drug, event), np.maximum(drug, event)
    between = [
        np.searchsorted(places, high, side="left") - np.searchsorted(places, low, side="right")
        for places in (offsets[is_drug], offsets[~is_drug], times)
    ]
    together = np.bincount(pair_of[signed == 0], minlength=count)
    # whether the drug is the last one named before the event, at any mention of it
    before = np.searchsorted(offsets[is_drug], offsets[of_event]) - 1
    last = np.where(before >= 0, keys[is_drug][before], -1) == keys[of_drug]
    after = np.bincount(pair_of[last], minlength=count) > 0
    first_drug, first_event = (np.full(len(nodes), np.iinfo(np.int64).max) for _ in range(2))
    np.minimum.at(first_drug, keys[is_drug], offsets[is_drug])
    np.minimum.at(first_event, keys[~is_drug], offsets[~is_drug])
    values: Floats = np.stack(
        [
            np.minimum(8, np.abs(signed[nearest])),
            np.clip(signed[nearest], -8, 8),
            np.log1p(high - low),
            event > drug,
            first_event[keys[of_event[nearest]]] > first_drug[keys[of_drug[nearest]]],
            np.minimum(5, between[0]),
            np.minimum(5, between[1]),
            np.minimum(3, between[2]),
            np.minimum(9, together),
            after,
        ],
        axis=1,
    ).astype(np.float32)
    return values


def _told(report: LinkedReport, pair_keys: Ints, drugs: dict[str, int], events: dict[str, int]) -> Floats:
    """Give what the linking rules made of each pair, shape (pairs, values)."""
    by_pair: dict[tuple[int, int], list[Link]] = {}
    for link in report.links:
        pair = (
            drugs.get(report.account.keys.drug(link.drug), -1),
            events.get(report.account.keys.event(link.event), -1),
        )
        by_pair.setdefault(pair, []).append(link)
    accepted: dict[int, list[tuple[str, int, float]]] = {}
    names = list(events)
    for (drug, event), links in by_pair.items():
        score = _best(filter(is_told, links))
        if score and event >= 0:
            accepted.setdefault(drug, []).append((names[event], event, score))
    nothing = _values_of([])  # most pairs have no link
    rows: list[list[float]] = []
    for drug, event in pair_keys.tolist():
        linked = by_pair.get((drug, event))
        in_other_words = [
            score
            for name, other, score in accepted.get(drug, ())
            if other != event and same_event(name, names[event])
        ]
        rows.append([*(_values_of(linked) if linked else nothing), max(in_other_words, default=0.0)])
    return np.array(rows, dtype=np.float32)


def _values_of(links: list[Link]) -> list[float]:
    """Values of the links of a pair."""
    kinds = evidence_of()
    told = [link for link in links if is_told(link)]
    rejected = [link for link in links if link.rejected and link.attribution not in _ASIDE]
    return [
        _best(told),
        len(told),
        *(_best(link for link in told if kinds[link.rule] == kind) for kind in _EVIDENCE),
        *(any(link.attribution is one for link in told) for one in _HAPPENED),
        _best(link for link in links if not link.rejected and link.attribution is Attribution.BACKGROUND),
        _best(link for link in links if link.assertion in DENIED),
        *(any(link.attribution is one for link in links) for one in _ASIDE),
        _best(rejected),
        *(any(link.rejected in reasons for link in rejected) for reasons in _REASONS),
        len({link.rule for link in links}),
    ]
