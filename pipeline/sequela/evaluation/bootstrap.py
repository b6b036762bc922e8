"""Bootstrap over documents: intervals of a score, and the paired test of two runs.

Documents are drawn with replacement (Efron 1979), because annotations of one document are not independent.
One matrix of weights, ``resamples × documents``, serves all labels and measures at once; documents are put
in the order of their ids, so that the same seed gives the same interval whatever order they came in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sequela.evaluation.scores import MACRO, MICRO, Counts, Rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RESAMPLES = 1000
LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Our run minus the other one.

    Attributes
    ----------
    value
        The difference of the two scores on the shared documents.
    low, high
        95 % percentile interval of the difference.
    p
        Two-sided: how often the difference of a resample strays from the observed one by at least as much
        as the observed one is from 0.
    """

    value: float
    low: float
    high: float
    p: float


def draw(documents: int, *, resamples: int = RESAMPLES, seed: int = 0) -> Array:
    """Draw how often each document stands in each resample: ``resamples × documents``."""
    generator = np.random.default_rng(seed)
    chances = np.full(documents, 1 / documents)
    return generator.multinomial(documents, chances, size=resamples).astype(np.float64)


def resampled(
    counts: Mapping[str, Mapping[str, Counts]],
    rates: Mapping[str, Mapping[str, Rate]],
    *,
    documents: Sequence[str],
    weights: Array,
) -> dict[str, Array]:
    """Compute every score of every resample.

    Returns
    -------
    dict
        ``"micro/f1"``, ``"Drug/precision"``, ``"macro/f1"``, ``"rate/NAME"`` …: one value a resample, nan
        where the score is undefined.
    """
    labels = sorted({label for doc_id in documents for label in counts[doc_id]})
    cube = np.zeros((len(documents), len(labels), 4))
    for row, doc_id in enumerate(documents):
        for column, label in enumerate(labels):
            if label in counts[doc_id]:
                cube[row, column] = counts[doc_id][label]
    sums = (weights @ cube.reshape(len(documents), -1)).reshape(len(weights), len(labels), 4)
    scores: dict[str, Array] = {}
    by_label = []
    for column, label in enumerate(labels):
        scores.update(_named(label, sums[:, column]))
        by_label.append(scores[f"{label}/f1"])
    scores.update(_named(MICRO, sums.sum(axis=1)))
    scores[f"{MACRO}/f1"] = _mean_of_known(by_label, len(weights))
    for name, by_document in rates.items():
        pairs = np.array([by_document.get(doc_id, Rate()) for doc_id in documents], dtype=np.float64)
        part, whole = (weights @ pairs.reshape(len(documents), 2)).T
        scores[f"rate/{name}"] = _divide(part, whole, empty=np.nan)
    return scores


def intervals(
    counts: Mapping[str, Mapping[str, Counts]],
    rates: Mapping[str, Mapping[str, Rate]],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Give the 95 % percentile interval of every score; none where there are fewer than two documents."""
    documents = sorted(counts)
    if len(documents) < 2:
        return {}
    weights = draw(len(documents), resamples=resamples, seed=seed)
    found = {}
    for name, values in resampled(counts, rates, documents=documents, weights=weights).items():
        known = values[~np.isnan(values)]
        if len(known):
            low, high = _percentiles(known)
            found[name] = (low, high)
    return found


def compare(
    ours: Mapping[str, Mapping[str, Counts]],
    theirs: Mapping[str, Mapping[str, Counts]],
    *,
    our_rates: Mapping[str, Mapping[str, Rate]] | None = None,
    their_rates: Mapping[str, Mapping[str, Rate]] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Difference]:
    """Compare two runs on the documents that both scored, with the same resamples (paired bootstrap).

    The p-value centres the resampled differences at 0 (Efron and Tibshirani 1993, ch. 16) and is never 0:
    (1 + exceeding) / (1 + resamples).
    """
    documents = sorted(set(ours) & set(theirs))
    if len(documents) < 2:
        return {}
    weights = draw(len(documents), resamples=resamples, seed=seed)
    weights = np.vstack([np.ones(len(documents)), weights])  # the first row is the observed score
    first = resampled(ours, our_rates or {}, documents=documents, weights=weights)
    second = resampled(theirs, their_rates or {}, documents=documents, weights=weights)
    found = {}
    for name in first.keys() & second.keys():
        difference = first[name] - second[name]
        observed, drawn = float(difference[0]), difference[1:]
        drawn = drawn[~np.isnan(drawn)]
        if np.isnan(observed) or not len(drawn):
            continue
        # Rounding must not decide whether two equal differences count as equal.
        exceeding = int(np.sum(np.abs(drawn - observed) >= abs(observed) - 1e-12))
        low, high = _percentiles(drawn)
        found[name] = Difference(value=observed, low=low, high=high, p=(1 + exceeding) / (1 + len(drawn)))
    return dict(sorted(found.items()))


def _named(label: str, sums: Array) -> dict[str, Array]:
    right_gold, gold, right_predicted, predicted = sums.T
    empty = np.where(gold + predicted > 0, 0.0, np.nan)
    precision = _divide(right_predicted, predicted, empty=empty)
    recall = _divide(right_gold, gold, empty=empty)
    f1 = _divide(2 * precision * recall, precision + recall, empty=empty)
    return {f"{label}/precision": precision, f"{label}/recall": recall, f"{label}/f1": f1}


def _divide(part: Array, whole: Array, *, empty: Array | float) -> Array:
    known = whole > 0
    result: Array = np.where(known, part / np.where(known, whole, 1.0), empty)
    return result


def _mean_of_known(values: Sequence[Array], length: int) -> Array:
    if not values:
        return np.full(length, np.nan)
    table = np.stack(values)
    known = ~np.isnan(table)
    return _divide(
        np.where(known, table, 0.0).sum(axis=0), known.sum(axis=0).astype(np.float64), empty=np.nan
    )


def _percentiles(values: Array) -> tuple[float, float]:
    margin = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(values, [margin, 100 - margin])
    return float(low), float(high)
