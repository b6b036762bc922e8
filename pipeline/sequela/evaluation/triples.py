"""Triples: a right pair with the right onset, and the value of the onset.

A predicted triple is right if its pair fits a gold pair and either their onset spans overlap or both have
none. The value is scored on pairs that fit, whatever the span: by equality of both bounds, and by the ratio
of the lengths.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sequela.durations import to_hours
from sequela.evaluation.links import Pair, fits
from sequela.evaluation.matching import match_any
from sequela.evaluation.scores import Rate, Tally

WITH_ONSET = "with onset"
WITHOUT_ONSET = "without onset"

EXACT = "onset_value_exact"
LOG_RATIO = "onset_log_ratio"

# Below this, lengths are taken as equal: "immediately" (zero) must not give an infinite ratio.
_SHORTEST_HOURS = 1 / 60
_TOLERANCE_HOURS = 1 / 3600


def triple_fits(gold: Pair, predicted: Pair) -> bool:
    """Whether the pairs fit and their onsets overlap, or both have none."""
    if bool(gold.onsets) != bool(predicted.onsets) or not fits(gold, predicted):
        return False
    return not gold.onsets or any(one.overlaps(other) for one in gold.onsets for other in predicted.onsets)


def score_triples(gold: Mapping[str, Sequence[Pair]], predicted: Mapping[str, Sequence[Pair]]) -> Tally:
    """Score triples by document, with and without an onset apart.

    Where the gold has onset values, the rates `EXACT` and `LOG_RATIO` are over the gold triples with a
    value whose pair was found; the first predicted pair that fits and has a value, else the first that
    fits, stands for it.
    """
    tally = Tally(level="triples", rule="relaxed", counts={})
    valued = any(pair.onset_min for pairs in gold.values() for pair in pairs)
    if valued:
        tally.rates = {EXACT: {}, LOG_RATIO: {}}
    for doc_id in sorted(gold):
        ours, theirs = gold[doc_id], predicted.get(doc_id, ())
        tally.add(
            doc_id,
            match_any(ours, theirs, triple_fits),
            [_label(pair) for pair in ours],
            [_label(pair) for pair in theirs],
        )
        if valued:
            bounds = []
            for pair in ours:
                found = [other for other in theirs if fits(pair, other)]
                if pair.onset_min and found:
                    best = next((other for other in found if other.onset_min), found[0])
                    bounds.append(((pair.onset_min, pair.onset_max), (best.onset_min, best.onset_max)))
            tally.rates[EXACT][doc_id], tally.rates[LOG_RATIO][doc_id] = value_rates(bounds)
    return tally


def value_rates(bounds: Sequence[tuple[tuple[str, str], tuple[str, str]]]) -> tuple[Rate, Rate]:
    """Compare onset values, pairs of (gold min, max) and (predicted min, max).

    Returns
    -------
    tuple of Rate
        The share that is exact, an absent value counting as wrong; and the mean absolute ln(hours/hours_gold)
        of those that have a value on both sides.
    """
    exact = sum(same_value(gold, predicted) for gold, predicted in bounds)
    ratios = [log_ratio(gold, predicted) for gold, predicted in bounds]
    known = [ratio for ratio in ratios if ratio is not None]
    return Rate(exact, len(bounds)), Rate(sum(known), len(known))


def same_value(gold: tuple[str, str], predicted: tuple[str, str]) -> bool:
    """Whether both bounds are the same length of time, whatever the units (P1W is P7D)."""
    return all(_same_length(one, other) for one, other in zip(gold, predicted, strict=True))


def log_ratio(gold: tuple[str, str], predicted: tuple[str, str]) -> float | None:
    """Absolute ln(hours/hours_gold) of the middles of the two ranges; None where either has no number.

    Lengths under a minute count as one minute.
    """
    ours, theirs = _middle(gold), _middle(predicted)
    if ours is None or theirs is None:
        return None
    return abs(math.log(max(theirs, _SHORTEST_HOURS) / max(ours, _SHORTEST_HOURS)))


def _same_length(one: str, other: str) -> bool:
    ours, theirs = to_hours(one), to_hours(other)
    if ours is None or theirs is None:
        return bool(one) and one == other
    return abs(ours - theirs) < _TOLERANCE_HOURS


def _middle(bounds: tuple[str, str]) -> float | None:
    low, high = to_hours(bounds[0]), to_hours(bounds[1])
    return None if low is None or high is None else (low + high) / 2


def _label(pair: Pair) -> str:
    return WITH_ONSET if pair.onsets else WITHOUT_ONSET
