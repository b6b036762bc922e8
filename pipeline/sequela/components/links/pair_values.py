"""Every drug and every event of a report as a pair, in numbers: what the pair network reads.

Nodes are mentions (and anaphors, for what they stand for) in the order of the text; pairs are of keys
(`sequela.components.links.names.NameKeys`), so that all mentions of a drug and of an event speak for their pair. The
numbers say where the mentions stand, what earlier components say of them, and what the linking rules made of the pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

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
from sequela.components.links.plausibility import beside, why_no_reaction
from sequela.components.links.report import Account, LinkedReport
from sequela.components.links.rules import evidence_of
from sequela.schema import Assertion, Attribution, Link, RoleLabel

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Sentences, and events, between a drug and an event beyond which they are no pair, so that time grows with the text.
REACH, REACH_EVENTS = 10, 50
FORMAT = 1  # of the numbers; to be counted up when one is added, left out or means something else
_ASIDE = (Attribution.TREATMENT, Attribution.INDICATION, Attribution.EXCLUDED)
_HAPPENED = (Attribution.INDEX_PATIENT, Attribution.OTHER_CASE)
_FRAMES = (Attribution.INDEX_PATIENT, Attribution.OTHER_CASE, Attribution.BACKGROUND, None)
_ASSERTIONS = (Assertion.AFFIRMED, Assertion.POSSIBLE, Assertion.NEGATED, Assertion.HYPOTHETICAL)
_NEGATED = _ASSERTIONS.index(Assertion.NEGATED)
_EVIDENCE = ("causal", "timed", "told", "temporal", "weak", "role")
# Why links are rejected that say most: no more than weak evidence, another drug is blamed, nobody had the drug.
_REASONS = ((WEAK,), (OTHERS_BLAMED, ANOTHER_NAMED), (NEVER_GIVEN,))


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
    account = report.account
    drugs: dict[str, int] = {}
    events: dict[str, int] = {}
    nodes = _nodes(account, drugs, events)
    if not drugs or not events:
        return None
    columns = _Columns(account, nodes)
    of_drug, of_event = _node_pairs(columns)
    if not len(of_drug):
        return None
    numbers = columns.key[of_drug] * len(events) + columns.key[of_event]
    found, pair_of = np.unique(numbers, return_inverse=True)
    pair_keys = np.stack([found // len(events), found % len(events)], axis=1)
    links = _links(report, drugs, events)
    drug_values = _drug_values(report, columns, drugs, links)
    event_values = _event_values(columns, events, links)
    geometry = _geometry(columns, account.times, of_drug, of_event, pair_of, len(found))
    return Pairs(
        nodes=tuple(nodes),
        drugs=tuple(drugs),
        events=tuple(events),
        node_values=_node_values(columns, drug_values, event_values),
        pair_values=np.concatenate([geometry, _told(links, pair_keys, events)], axis=1),
        pair_keys=pair_keys,
        drug_nodes=of_drug,
        event_nodes=of_event,
        pair_of=pair_of,
        impossible=tuple(columns.impossible.tolist()),
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


class _Columns:
    """The nodes column by column: where they stand, and what the components say of them."""

    def __init__(self, account: Account, nodes: Sequence[Node]) -> None:
        items = [node.item for node in nodes]
        self.items = items
        self.sentences = len(account.sentence_starts)
        self.is_drug = np.array([node.is_drug for node in nodes])
        self.is_anaphor = np.array([item.anaphor is not None for item in items])
        self.key = np.array([node.key for node in nodes])
        self.sentence = np.array([node.sentence for node in nodes])
        self.start = np.array([item.start for item in items])
        end = np.array([item.end for item in items])
        frames = [account.frame_at(item.start) for item in items]
        self.whose = _one_hot(_FRAMES, [frame.attribution if frame else None for frame in frames])
        self.assertion = _one_hot(_ASSERTIONS, [item.assertion for item in items])
        self.aside = _one_hot(_ASIDE, [item.attribution for item in items])
        self.cleared = self.is_drug & np.array([item.is_cleared for item in items])
        self.suspect = self.is_drug & account.roles.among(RoleLabel.DRUG, self.start, end)
        self.effect = ~self.is_drug & account.roles.among(RoleLabel.EFFECT, self.start, end)
        self.disorder = ~self.is_drug & account.roles.among(RoleLabel.DISORDER, self.start, end)
        self.impossible = np.array(
            [item.kind == "E" and _is_impossible(account.text, item) for item in items]
        )


def _one_hot(kinds: Sequence[object], found: Sequence[object]) -> Bools:
    """Which of the kinds each one is, shape (found, kinds)."""
    numbers = {kind: number for number, kind in enumerate(kinds)}
    hot: Bools = np.array([numbers.get(one, -1) for one in found])[:, None] == np.arange(len(kinds))
    return hot


def _is_impossible(text: str, item: Item) -> bool:
    return bool(why_no_reaction(item.text, *beside(text, item.start, item.end), "causal"))


def _node_values(columns: _Columns, drug_values: Floats, event_values: Floats) -> Floats:
    """Values of each node, and those of its drug or of its event, shape (nodes, values)."""
    is_drug, sentence = columns.is_drug, columns.sentence
    own = np.column_stack(
        [
            is_drug,
            columns.is_anaphor,
            columns.whose,
            columns.assertion,
            columns.aside,
            columns.suspect,
            columns.cleared,
            columns.effect,
            columns.disorder,
            columns.impossible & ~columns.is_anaphor,
            np.minimum(1.0, sentence / 10),
            sentence == 0,
            sentence == columns.sentences - 1,
        ]
    )
    keyed = np.zeros((len(own), drug_values.shape[1] + event_values.shape[1]), dtype=np.float32)
    keyed[is_drug, : drug_values.shape[1]] = drug_values[columns.key[is_drug]]
    keyed[~is_drug, drug_values.shape[1] :] = event_values[columns.key[~is_drug]]
    return np.concatenate([own.astype(np.float32), keyed], axis=1)


class _Named:
    """The mentions of each drug, or of each event, side by side; anaphors are none.

    Attributes
    ----------
    numbers
        Of the nodes.
    """

    def __init__(self, columns: _Columns, count: int, *, drugs: bool) -> None:
        numbers = np.flatnonzero((columns.is_drug == drugs) & ~columns.is_anaphor)
        self.numbers = numbers[np.argsort(columns.key[numbers], kind="stable")]
        self._counts = np.bincount(columns.key[numbers], minlength=count)
        self._starts = np.cumsum(self._counts) - self._counts
        self._columns = columns

    def where(self) -> npt.NDArray[np.float64]:
        """How many mentions there are, and where the first and the last stand, shape (keys, values)."""
        sentence, last = self._columns.sentence[self.numbers], self._columns.sentences - 1
        firsts, lasts = sentence[self._starts], sentence[self._starts + self._counts - 1]
        return np.column_stack([np.log1p(self._counts), firsts / max(1, last), firsts == 0, lasts == last])

    def shares(self, flags: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Share of the mentions of each key that have a flag, from shape (mentions, flags) to (keys, flags)."""
        shares: npt.NDArray[np.float64] = np.add.reduceat(flags.astype(np.float64), self._starts)
        return shares / self._counts[:, None]


def _drug_values(
    report: LinkedReport, columns: _Columns, drugs: dict[str, int], links: Sequence[_Linked]
) -> Floats:
    """Values of each drug of the report, shape (drugs, values)."""
    account, blame = report.account, report.blame
    told = (blame.blamed, blame.stopped, blame.poisons, blame.never_given)
    named = _Named(columns, len(drugs), drugs=True)
    mentions = [columns.items[number].mention for number in named.numbers]
    names = np.array(
        [
            (
                account.keys.is_coded(mention),
                is_class_name(mention.text),
                is_endogenous(mention.text),
                mention.start in account.amounts,
            )
            for mention in mentions
        ]
    )
    flags = np.column_stack(
        [columns.whose[:, :3], columns.cleared, columns.suspect, columns.assertion[:, _NEGATED]]
    )
    shares = named.shares(np.concatenate([flags[named.numbers], names], axis=1))
    whose, (cleared, suspect, negated, coded, classes, endogenous, amounts) = shares[:, :3], shares[:, 3:].T
    values: Floats = np.column_stack(
        [
            named.where(),
            [[key in keys for keys in told] for key in drugs],
            [_linked_to_drug(found) for found in _by_number(links, len(drugs), "drug")],
            whose,
            coded > 0,
            classes == 1,
            endogenous > 0,
            ["vaccin" in key for key in drugs],
            amounts > 0,
            cleared > 0,
            suspect,
            negated,
        ]
    ).astype(np.float32)
    return values


def _event_values(columns: _Columns, events: dict[str, int], links: Sequence[_Linked]) -> Floats:
    """Values of each event of the report, shape (events, values)."""
    named = _Named(columns, len(events), drugs=False)
    texts = [columns.items[number].mention.text for number in named.numbers]
    names = np.array([(is_generic_event(text), is_side_effect(text)) for text in texts])
    flags = np.column_stack(
        [
            columns.assertion[:, :3],
            columns.aside.any(1),
            columns.whose[:, :3],
            columns.impossible,
            columns.effect,
            columns.disorder,
        ]
    )
    shares = named.shares(np.concatenate([flags[named.numbers], names], axis=1))
    values: Floats = np.column_stack(
        [
            named.where(),
            shares[:, :7],
            shares[:, -2:] > 0,
            shares[:, 7],
            [_linked_to_event(found) for found in _by_number(links, len(events), "event")],
            shares[:, 8:10],
            [len(key.split()) for key in events],
        ]
    ).astype(np.float32)
    return values


@dataclass(frozen=True)
class _Linked:
    """A link, with its names, their numbers (-1 for a name that no node has), and whether it tells what happened."""

    link: Link
    drug_name: str
    event_name: str
    drug: int
    event: int
    is_told: bool

    @property
    def evidence(self) -> str:
        return evidence_of()[self.link.rule]

    @property
    def is_rejected(self) -> bool:
        return bool(self.link.rejected) and self.link.attribution not in _ASIDE


def _links(report: LinkedReport, drugs: dict[str, int], events: dict[str, int]) -> list[_Linked]:
    found = []
    for link in report.links:
        drug, event = report.account.keys.drug(link.drug), report.account.keys.event(link.event)
        found.append(_Linked(link, drug, event, drugs.get(drug, -1), events.get(event, -1), is_told(link)))
    return found


def _by_number(links: Iterable[_Linked], count: int, end: str) -> list[list[_Linked]]:
    """Give the links of each key, by the number of their drug or of their event."""
    found: list[list[_Linked]] = [[] for _ in range(count)]
    for one in links:
        number = getattr(one, end)
        if number >= 0:
            found[number].append(one)
    return found


def _linked_to_drug(links: Sequence[_Linked]) -> tuple[float, ...]:
    told = [one for one in links if one.is_told]
    return (
        len({one.event_name for one in told}),
        _best(told),
        any(one.evidence == "causal" for one in told),
        _best(one for one in links if one.is_rejected),
        *(sum(one.link.attribution is aside for one in links) for aside in _ASIDE),
    )


def _linked_to_event(links: Sequence[_Linked]) -> tuple[float, ...]:
    told = [one for one in links if one.is_told]
    return (
        len({one.drug_name for one in told}),
        _best(told),
        any(one.evidence == "causal" for one in told),
        sum(one.link.attribution in _ASIDE for one in links),
    )


def _best(links: Iterable[_Linked]) -> float:
    return max((one.link.score for one in links), default=0.0)


def _node_pairs(columns: _Columns) -> tuple[Ints, Ints]:
    """Give the numbers of every drug node and event node within reach of one another."""
    sentences = columns.sentence
    drugs, events = np.flatnonzero(columns.is_drug), np.flatnonzero(~columns.is_drug)
    rank = np.searchsorted(events, drugs)
    first = np.searchsorted(sentences[events], sentences[drugs] - REACH, side="left")
    last = np.searchsorted(sentences[events], sentences[drugs] + REACH, side="right")
    first, last = np.maximum(first, rank - REACH_EVENTS), np.minimum(last, rank + REACH_EVENTS)
    counts = last - first
    before = np.concatenate([[0], np.cumsum(counts)[:-1]])
    inside = np.arange(counts.sum()) - np.repeat(before, counts)
    return np.repeat(drugs, counts), events[np.repeat(first, counts) + inside]


def _geometry(
    columns: _Columns, times: Sequence[int], of_drug: Ints, of_event: Ints, pair_of: Ints, count: int
) -> Floats:
    """Give how the mentions of each pair stand to one another, shape (pairs, values)."""
    offsets, sentences, keys, is_drug = columns.start, columns.sentence, columns.key, columns.is_drug
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
    first_drug, first_event = (np.full(len(offsets), np.iinfo(np.int64).max) for _ in range(2))
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


def _told(links: Iterable[_Linked], pair_keys: Ints, events: dict[str, int]) -> Floats:
    """Give what the linking rules made of each pair, shape (pairs, values)."""
    by_pair: dict[tuple[int, int], list[_Linked]] = {}
    for one in links:
        if one.drug >= 0 and one.event >= 0:
            by_pair.setdefault((one.drug, one.event), []).append(one)
    numbers = {(drug, event): number for number, (drug, event) in enumerate(pair_keys.tolist())}
    names = list(events)
    values = np.zeros((len(pair_keys), len(_values_of([])) + 1), dtype=np.float32)  # most pairs have no link
    for (drug, event), linked in by_pair.items():
        if (drug, event) in numbers:
            values[numbers[drug, event], :-1] = _values_of(linked)
        score = _best(one for one in linked if one.is_told)
        if score:
            first, last = np.searchsorted(pair_keys[:, 0], (drug, drug + 1)).tolist()
            for number, other in enumerate(pair_keys[first:last, 1].tolist(), start=first):
                if other != event and same_event(names[event], names[other]):  # linked in other words
                    values[number, -1] = max(values[number, -1], score)
    return values


def _values_of(links: Sequence[_Linked]) -> tuple[float, ...]:
    """Values of the links of a pair."""
    told = [one for one in links if one.is_told]
    rejected = [one for one in links if one.is_rejected]
    return (
        _best(told),
        len(told),
        *(_best(one for one in told if one.evidence == kind) for kind in _EVIDENCE),
        *(any(one.link.attribution is whose for one in told) for whose in _HAPPENED),
        _best(
            one for one in links if not one.link.rejected and one.link.attribution is Attribution.BACKGROUND
        ),
        _best(one for one in links if one.link.assertion in DENIED),
        *(any(one.link.attribution is aside for one in links) for aside in _ASIDE),
        _best(rejected),
        *(any(one.link.rejected in reasons for one in rejected) for reasons in _REASONS),
        len({one.link.rule for one in links}),
    )
