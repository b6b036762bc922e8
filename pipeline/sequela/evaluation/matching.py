"""Matching of gold and predicted annotations.

Two rules, both independent of the order in which annotations are given (`match_distinct` and `match_exact`
are the first one for items that are right only when equal):

- `match_one_to_one` pairs every annotation with at most one of the other side, as many as possible (a maximum
  bipartite matching). Entities are scored with it.
- `match_any` calls an annotation right when at least one of the other side fits it. Relaxed pairs are
  scored with it: precision over predicted, recall over gold.

Results hold indices into the two lists, so that an error list falls out of a score.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

_Gold = TypeVar("_Gold")
_Predicted = TypeVar("_Predicted")


@dataclass(frozen=True, order=True)
class Span:
    """A labelled stretch of text. ``fragments`` are half-open character offsets in the order of the text."""

    fragments: tuple[tuple[int, int], ...]
    label: str = ""

    @classmethod
    def of(cls, start: int, end: int, label: str = "") -> Span:
        """Make a span of one fragment."""
        return cls(((start, end),), label)

    @property
    def start(self) -> int:
        """First character."""
        return self.fragments[0][0]

    @property
    def end(self) -> int:
        """One past the last character."""
        return self.fragments[-1][1]

    def shared(self, other: Span) -> int:
        """Count the characters that both spans cover, whatever their labels."""
        if self.end <= other.start or other.end <= self.start:
            return 0
        return sum(
            max(0, min(mine[1], theirs[1]) - max(mine[0], theirs[0]))
            for mine in self.fragments
            for theirs in other.fragments
        )

    def overlaps(self, other: Span) -> bool:
        """Whether the spans share a character, whatever their labels."""
        return self.shared(other) > 0


@dataclass(frozen=True)
class Matching:
    """What fits what: indices into the gold and the predicted list.

    Attributes
    ----------
    hits
        Pairs (gold, predicted), sorted. After `match_any` an index may stand in several of them.
    missed
        Gold without a partner, sorted.
    spurious
        Predicted without a partner, sorted.
    """

    hits: tuple[tuple[int, int], ...]
    missed: tuple[int, ...]
    spurious: tuple[int, ...]

    @property
    def right_gold(self) -> tuple[int, ...]:
        """Gold with a partner, sorted."""
        return tuple(sorted({gold for gold, _ in self.hits}))

    @property
    def right_predicted(self) -> tuple[int, ...]:
        """Predicted with a partner, sorted."""
        return tuple(sorted({predicted for _, predicted in self.hits}))


def match_any(
    gold: Sequence[_Gold], predicted: Sequence[_Predicted], fits: Callable[[_Gold, _Predicted], bool]
) -> Matching:
    """Match every annotation with all that fit it."""
    hits = [(g, p) for g, one in enumerate(gold) for p, other in enumerate(predicted) if fits(one, other)]
    return _matching(hits, len(gold), len(predicted))


def match_exact(gold: Sequence[Span], predicted: Sequence[Span]) -> Matching:
    """Match spans of the same fragments and label, one to one; a span given twice needs two partners."""
    waiting: dict[Span, deque[int]] = {}
    for index, span in enumerate(predicted):
        waiting.setdefault(span, deque()).append(index)
    hits = [(index, waiting[span].popleft()) for index, span in enumerate(gold) if waiting.get(span)]
    return _matching(hits, len(gold), len(predicted))


def match_distinct(gold: Sequence[Hashable], predicted: Sequence[Hashable]) -> Matching:
    """Match equal items, each once: a repetition is neither missed nor spurious."""
    first_gold = {item: index for index, item in reversed(list(enumerate(gold)))}
    first_predicted = {item: index for index, item in reversed(list(enumerate(predicted)))}
    both = first_gold.keys() & first_predicted.keys()
    return Matching(
        hits=tuple(sorted((first_gold[item], first_predicted[item]) for item in both)),
        missed=tuple(sorted(index for item, index in first_gold.items() if item not in both)),
        spurious=tuple(sorted(index for item, index in first_predicted.items() if item not in both)),
    )


def match_overlapping(gold: Sequence[Span], predicted: Sequence[Span]) -> Matching:
    """Match spans of one label that share a character, one to one, as many as possible.

    The number of hits is the size of a maximum bipartite matching and so depends on the sets alone. Which
    of several maximum matchings is taken: identical spans are tried first, then the larger overlap, then
    the earlier span.
    """

    def closeness(one: Span, other: Span) -> float:
        if one.label != other.label:
            return 0.0
        shared = one.shared(other)
        return shared / (_length(one) + _length(other) - shared) if shared else 0.0

    return match_one_to_one(gold, predicted, closeness)


def match_one_to_one(
    gold: Sequence[Span], predicted: Sequence[Span], closeness: Callable[[Span, Span], float]
) -> Matching:
    """Pair as many gold spans with predicted ones as possible; ``closeness`` above 0 allows a pair.

    Augmenting paths (Kuhn 1955) over the spans in the order of the text, closest partner first, searched
    breadth first: no recursion, so that thousands of nested spans do no harm.
    """
    by_start = sorted(range(len(predicted)), key=lambda index: predicted[index])
    longest = max((span.end - span.start for span in predicted), default=0)
    partners: dict[int, list[int]] = {}
    first = 0
    order = sorted(range(len(gold)), key=lambda index: gold[index])
    for g in order:
        span = gold[g]
        while first < len(by_start) and predicted[by_start[first]].start + longest <= span.start:
            first += 1
        near: list[tuple[float, int]] = []
        for position in range(first, len(by_start)):
            p = by_start[position]
            if predicted[p].start >= span.end:
                break
            value = closeness(span, predicted[p])
            if value > 0:
                near.append((-value, position))
        partners[g] = [by_start[position] for _, position in sorted(near)]
        # Identical spans first; augmenting from any matching still ends in a maximum one.
    start: dict[int, int] = {}
    taken: set[int] = set()
    for g in order:
        same = next((p for p in partners[g] if predicted[p] == gold[g] and p not in taken), None)
        if same is not None:
            start[g] = same
            taken.add(same)
    return _matching(list(assign(partners, start).items()), len(gold), len(predicted))


def assign(partners: Mapping[int, Sequence[int]], start: Mapping[int, int] | None = None) -> dict[int, int]:
    """Find a maximum matching from gold to predicted indices.

    Parameters
    ----------
    partners
        The predicted that each gold index may be paired with, the most wanted first.
    start
        A matching to begin with. All that it pairs stays paired, though maybe with another partner.
    """
    predicted_of = dict(start or {})
    gold_of = {predicted: gold for gold, predicted in predicted_of.items()}
    for g in partners:
        if g not in predicted_of:
            _augment(g, partners, gold_of, predicted_of)
    return predicted_of


def _augment(
    root: int, partners: Mapping[int, Sequence[int]], gold_of: dict[int, int], predicted_of: dict[int, int]
) -> None:
    """Give ``root`` a partner if that is possible without leaving another gold span alone."""
    came_from: dict[int, int] = {}  # predicted → the gold span that reached it
    queue = deque([root])
    while queue:
        g = queue.popleft()
        for p in partners[g]:
            if p in came_from:
                continue
            came_from[p] = g
            if p in gold_of:
                queue.append(gold_of[p])
                continue
            while True:  # walk the path back, changing partners on the way
                g = came_from[p]
                previous = predicted_of.get(g)
                gold_of[p], predicted_of[g] = g, p
                if previous is None:
                    return
                p = previous


def _length(span: Span) -> int:
    return sum(end - start for start, end in span.fragments)


def _matching(hits: list[tuple[int, int]], gold: int, predicted: int) -> Matching:
    right_gold = {g for g, _ in hits}
    right_predicted = {p for _, p in hits}
    return Matching(
        hits=tuple(sorted(hits)),
        missed=tuple(index for index in range(gold) if index not in right_gold),
        spurious=tuple(index for index in range(predicted) if index not in right_predicted),
    )
