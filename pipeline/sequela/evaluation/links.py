"""Pairs (drug, event): strict and relaxed, and document-level pairs of concept ids.

Strict compares the spans of links before they are split into rows, one to one. Relaxed works on rows:
precision over predicted pairs, recall over gold pairs, both by overlap of both spans. Every gold pair
counts, whether or not it was ever a candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sequela.evaluation.matching import Matching, Span, match_any, match_distinct
from sequela.evaluation.scores import Rate, Tally
from sequela.schema import Label

PAIR = "pair"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A drug and an event, gold or predicted, with the onset where there is one.

    Attributes
    ----------
    drug, event
        Where they are named.
    places
        Other places where the same pair is told. A relaxed match may use any of them.
    onsets
        Spans of the time expression. Gold may hold several; one that fits is enough.
    onset_min, onset_max
        ISO 8601 durations; "" where there is no value.
    drug_code, event_code
        Concept ids with their system prefix, or "".
    note
        What the error report shows beside the pair (rule, attribution …).
    """

    drug: Span
    event: Span
    places: tuple[tuple[Span, Span], ...] = ()
    onsets: tuple[Span, ...] = ()
    onset_min: str = ""
    onset_max: str = ""
    drug_code: str = ""
    event_code: str = ""
    note: str = ""

    @property
    def everywhere(self) -> tuple[tuple[Span, Span], ...]:
        """All places, the first one included."""
        return ((self.drug, self.event), *self.places)


@dataclass(frozen=True, kw_only=True)
class Forbidden:
    """What must not come out as a reaction: drugs and events of a therapeutic or a negated statement.

    Without ``events`` any event counts.
    """

    drugs: tuple[Span, ...]
    events: tuple[Span, ...] = ()


def fits(gold: Pair, predicted: Pair) -> bool:
    """Whether drug and event overlap at some place of both pairs."""
    return any(
        drug.overlaps(other_drug) and event.overlaps(other_event)
        for drug, event in gold.everywhere
        for other_drug, other_event in predicted.everywhere
    )


def score_pairs_strict(gold: Mapping[str, Sequence[Pair]], predicted: Mapping[str, Sequence[Pair]]) -> Tally:
    """Score pairs by the exact offsets of drug and event, each once a document."""
    tally = Tally(level="pairs", rule="strict", counts={})
    for doc_id in sorted(gold):
        ours, theirs = gold[doc_id], predicted.get(doc_id, ())
        matching = match_distinct([_offsets(one) for one in ours], [_offsets(one) for one in theirs])
        _add(tally, doc_id, ours, theirs, matching)
    return tally


def score_pairs_relaxed(
    gold: Mapping[str, Sequence[Pair]],
    predicted: Mapping[str, Sequence[Pair]],
    *,
    mentions: Mapping[str, Sequence[Span]] | None = None,
) -> Tally:
    """Score pairs by overlap: one is right, or found, if some pair of the other side fits it.

    With ``mentions``, the drugs and events that were tagged (labels DRUG and SYMPTOM), a missed pair has a
    reason: "drug not tagged", "event not tagged", or "not linked".
    """
    tally = Tally(level="pairs", rule="relaxed", counts={})
    for doc_id in sorted(gold):
        ours, theirs = gold[doc_id], predicted.get(doc_id, ())
        tagged = None if mentions is None else mentions.get(doc_id, ())
        matching = match_any(ours, theirs, fits)
        _add(tally, doc_id, ours, theirs, matching, reason=partial(_why_missed, ours, tagged))
    return tally


def score_recorded(
    forbidden: Mapping[str, Sequence[Forbidden]],
    gold: Mapping[str, Sequence[Pair]],
    predicted: Mapping[str, Sequence[Pair]],
) -> dict[str, Rate]:
    """Count the forbidden statements that were recorded as reactions, by document.

    One is recorded if a predicted pair names one of its drugs and one of its events and fits no gold pair
    of the document: a sentence may tell a treatment and a reaction of the same drug.
    """
    rates = {}
    for doc_id in sorted(gold):
        wrong = [
            pair for pair in predicted.get(doc_id, ()) if not any(fits(one, pair) for one in gold[doc_id])
        ]
        statements = forbidden.get(doc_id, ())
        recorded = sum(any(_names(statement, pair) for pair in wrong) for statement in statements)
        rates[doc_id] = Rate(recorded, len(statements))
    return rates


def score_concepts(
    gold: Mapping[str, Sequence[tuple[str, str]]], predicted: Mapping[str, Sequence[tuple[str, str]]]
) -> Tally:
    """Score pairs of concept ids, each once a document (the convention of the BioCreative V CDR task)."""
    tally = Tally(level="pairs", rule="concepts", counts={})
    for doc_id in sorted(gold):
        ours, theirs = gold[doc_id], predicted.get(doc_id, ())
        _add(tally, doc_id, ours, theirs, match_distinct(ours, theirs))
    return tally


@dataclass(frozen=True, kw_only=True)
class ConceptMention:
    """A gold mention with its concept ids; ``kind`` is "drug" or "event"."""

    span: Span
    kind: str
    ids: tuple[str, ...]


def concept_pairs(
    pairs: Sequence[Pair], mentions: Sequence[ConceptMention], *, text: str
) -> list[tuple[str, str]]:
    """Give the concept ids of predicted pairs, each pair of ids once, in the order they are met.

    A predicted mention takes the ids of the gold mention of its kind that it shares most characters with
    (the earlier one when equal); without one its own code; without a code its text in lower case, which is
    no id of the gold and so counts as an error. A composite mention with several ids gives several pairs.
    """
    found: dict[tuple[str, str], None] = {}
    for pair in pairs:
        for drug, event in pair.everywhere:
            for drug_id in _ids(drug, "drug", pair.drug_code, mentions, text):
                for event_id in _ids(event, "event", pair.event_code, mentions, text):
                    found[drug_id, event_id] = None
    return list(found)


def _add(
    tally: Tally,
    doc_id: str,
    gold: Sequence[object],
    predicted: Sequence[object],
    matching: Matching,
    reason: Callable[[int | None, int | None], tuple[int | None, str]] | None = None,
) -> None:
    tally.add(doc_id, matching, [PAIR] * len(gold), [PAIR] * len(predicted), reason=reason)


def _why_missed(
    gold: Sequence[Pair], tagged: Sequence[Span] | None, missed: int | None, _spurious: int | None
) -> tuple[int | None, str]:
    if missed is None or tagged is None:
        return None, ""
    for end, label in ((gold[missed].drug, Label.DRUG), (gold[missed].event, Label.SYMPTOM)):
        if not any(span.label == label and span.overlaps(end) for span in tagged):
            return None, "drug not tagged" if label is Label.DRUG else "event not tagged"
    return None, "not linked"


def _offsets(pair: Pair) -> tuple[object, object]:
    """Labels do not matter: drug and event are told by their place in the pair."""
    return pair.drug.fragments, pair.event.fragments


def _names(statement: Forbidden, pair: Pair) -> bool:
    return any(
        any(drug.overlaps(one) for one in statement.drugs)
        and (not statement.events or any(event.overlaps(one) for one in statement.events))
        for drug, event in pair.everywhere
    )


def _ids(span: Span, kind: str, code: str, mentions: Sequence[ConceptMention], text: str) -> tuple[str, ...]:
    best: ConceptMention | None = None
    for mention in mentions:
        if mention.kind != kind or not mention.span.overlaps(span):
            continue
        if best is None or (-mention.span.shared(span), mention.span) < (-best.span.shared(span), best.span):
            best = mention
    if best is not None and best.ids:
        return best.ids
    return (code,) if code else (f"text:{text[span.start : span.end].lower()}",)
