"""Counts per document and label, and the scores that follow from them.

Every level of the evaluation ends in a `Tally`. It keeps the counts of every document, so that intervals
and comparisons of two runs can be had from a tally alone, and a list of findings: what was hit, missed and
spurious.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sequela.schema import StrEnum

if TYPE_CHECKING:
    from sequela.evaluation.matching import Matching

MICRO = "micro"
MACRO = "macro"


class Counts(NamedTuple):
    """What precision and recall are made of.

    ``right_gold`` of ``gold`` were found; ``right_predicted`` of ``predicted`` were right. The two
    numerators are equal where matching is one to one.
    """

    right_gold: int = 0
    gold: int = 0
    right_predicted: int = 0
    predicted: int = 0

    def plus(self, other: Counts) -> Counts:
        """Add counts."""
        return Counts(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def precision(self) -> float | None:
        """Share of the predicted that is right: 0 if nothing was predicted, None if no gold either."""
        return _share(self.right_predicted, self.predicted, self.gold)

    @property
    def recall(self) -> float | None:
        """Share of the gold that was found: 0 if there is no gold, None if nothing was predicted either."""
        return _share(self.right_gold, self.gold, self.predicted)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None where both are undefined."""
        precision, recall = self.precision, self.recall
        if precision is None or recall is None:
            return None
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


class Rate(NamedTuple):
    """A share or a mean: ``part`` of ``whole``."""

    part: float = 0.0
    whole: float = 0.0

    @property
    def value(self) -> float | None:
        """The quotient; None where there is nothing to divide by."""
        return self.part / self.whole if self.whole else None


class Kind(StrEnum):
    """What became of an annotation."""

    HIT = "hit"
    MISS = "miss"
    SPURIOUS = "spurious"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the error list: indices into the gold and the predicted list of the document.

    A miss or a spurious item may name the item of the other side that it was taken for; ``reason`` then
    says what differs, for instance "boundary" or "label".
    """

    doc_id: str
    kind: Kind
    label: str
    gold: int | None = None
    predicted: int | None = None
    reason: str = ""


@dataclass(kw_only=True)
class Tally:
    """The outcome of one level under one rule.

    Attributes
    ----------
    level, rule
        For instance "entities" and "strict".
    counts
        By document, then label. Every scored document is a key, also one with nothing in it.
    rates
        Further measures by name, then document.
    findings
        Hits, misses and spurious annotations, in the order of documents and text.
    """

    level: str
    rule: str
    counts: dict[str, dict[str, Counts]]
    rates: dict[str, dict[str, Rate]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Level and rule in one word."""
        return f"{self.level}/{self.rule}"

    def add(
        self,
        doc_id: str,
        matching: Matching,
        gold_labels: Sequence[str],
        predicted_labels: Sequence[str],
        *,
        reason: Callable[[int | None, int | None], tuple[int | None, str]] | None = None,
    ) -> None:
        """Add what a matching says of a document.

        Parameters
        ----------
        doc_id
            The document; given once.
        matching
            Indices into the two lists.
        gold_labels, predicted_labels
            Labels of the two lists, by index.
        reason
            Explains an error: from the index of a missed gold item, or None and that of a spurious one, to
            the index of the item of the other side that it was taken for, if any, and a word.
        """
        explain = reason or (lambda _gold, _predicted: (None, ""))
        numbers: dict[str, list[int]] = {}
        for position, (labels, indices) in enumerate(
            (
                (gold_labels, matching.right_gold),
                (gold_labels, (*matching.right_gold, *matching.missed)),
                (predicted_labels, matching.right_predicted),
                (predicted_labels, (*matching.right_predicted, *matching.spurious)),
            )
        ):
            for index in indices:
                numbers.setdefault(labels[index], [0, 0, 0, 0])[position] += 1
        self.counts[doc_id] = {label: Counts(*found) for label, found in sorted(numbers.items())}
        for gold, predicted in matching.hits:
            self._list(doc_id, Kind.HIT, gold_labels[gold], gold, predicted, "")
        for gold in matching.missed:
            other, why = explain(gold, None)
            self._list(doc_id, Kind.MISS, gold_labels[gold], gold, other, why)
        for predicted in matching.spurious:
            other, why = explain(None, predicted)
            self._list(doc_id, Kind.SPURIOUS, predicted_labels[predicted], other, predicted, why)

    def _list(
        self, doc_id: str, kind: Kind, label: str, gold: int | None, predicted: int | None, reason: str
    ) -> None:
        self.findings.append(
            Finding(doc_id=doc_id, kind=kind, label=label, gold=gold, predicted=predicted, reason=reason)
        )

    @property
    def labels(self) -> list[str]:
        """Labels of the gold and the predicted, sorted."""
        return sorted({label for counts in self.counts.values() for label in counts})

    def by_label(self) -> dict[str, Counts]:
        """Sum the counts of each label over the documents."""
        sums = dict.fromkeys(self.labels, Counts())
        for counts in self.counts.values():
            for label, one in counts.items():
                sums[label] = sums[label].plus(one)
        return sums

    def micro(self) -> Counts:
        """Sum the counts over documents and labels."""
        return total(self.by_label().values())

    def macro_f1(self) -> float | None:
        """Mean F1 of the labels; None where there is none."""
        values = [counts.f1 for counts in self.by_label().values()]
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known else None

    def rate(self, name: str) -> Rate:
        """Sum a further measure over the documents."""
        return total_rate(self.rates[name].values())


def total(counts: Iterable[Counts]) -> Counts:
    """Sum counts."""
    result = Counts()
    for one in counts:
        result = result.plus(one)
    return result


def total_rate(rates: Iterable[Rate]) -> Rate:
    """Sum parts and wholes."""
    found = list(rates)
    return Rate(sum(rate.part for rate in found), sum(rate.whole for rate in found))


def extra_documents(gold: Mapping[str, object], predicted: Mapping[str, object]) -> list[str]:
    """Ids of predicted documents that are not in the gold, sorted."""
    return sorted(set(predicted) - set(gold))


def missing_documents(gold: Mapping[str, object], predicted: Mapping[str, object]) -> list[str]:
    """Ids of gold documents without a prediction, sorted."""
    return sorted(set(gold) - set(predicted))


def _share(part: int, whole: int, other_whole: int) -> float | None:
    if whole:
        return part / whole
    return 0.0 if other_whole else None
