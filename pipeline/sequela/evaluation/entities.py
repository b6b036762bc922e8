"""Entities: strict (same offsets and label) and relaxed (overlap and label), one to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from sequela.evaluation.matching import Span, match_exact, match_overlapping
from sequela.evaluation.scores import Tally

STRICT = "strict"
RELAXED = "relaxed"


def score_entities(
    gold: Mapping[str, Sequence[Span]], predicted: Mapping[str, Sequence[Span]], *, rule: str = STRICT
) -> Tally:
    """Score spans by document.

    Parameters
    ----------
    gold, predicted
        Spans by document id. A span that stands twice in a document must be found twice.
    rule
        "strict" or "relaxed".

    Returns
    -------
    Tally
        The reasons of its findings: "boundary" (the label is right, the offsets are not), "label" (the
        offsets overlap, the label differs), "alone" (nothing on the other side overlaps).
    """
    match = {STRICT: match_exact, RELAXED: match_overlapping}[rule]
    tally = Tally(level="entities", rule=rule, counts={})
    for doc_id in sorted(gold):
        ours, theirs = gold[doc_id], predicted.get(doc_id, ())
        tally.add(
            doc_id,
            match(ours, theirs),
            [span.label for span in ours],
            [span.label for span in theirs],
            reason=partial(_reason, ours, theirs),
        )
    return tally


def _reason(
    ours: Sequence[Span], theirs: Sequence[Span], missed: int | None, spurious: int | None
) -> tuple[int | None, str]:
    if missed is not None:
        return _nearest(ours[missed], theirs)
    if spurious is not None:
        return _nearest(theirs[spurious], ours)
    raise ValueError("neither a missed nor a spurious span")


def _nearest(span: Span, others: Sequence[Span]) -> tuple[int | None, str]:
    """Find what explains an error best: the span of the same label, else of any, that overlaps most."""
    best: tuple[bool, int, int] | None = None
    for index, other in enumerate(others):
        shared = span.shared(other)
        if shared:
            best = max(best or (False, 0, 0), (other.label == span.label, shared, -index))
    if best is None:
        return None, "alone"
    return -best[2], "boundary" if best[0] else "label"
