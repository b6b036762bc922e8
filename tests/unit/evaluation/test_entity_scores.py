from __future__ import annotations

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from nervaluate import Evaluator
from spacy.scorer import Scorer
from spacy.tokens import Doc
from spacy.tokens import Span as DocSpan
from spacy.training import Example

from sequela.evaluation.entities import score_entities
from sequela.evaluation.matching import Span
from sequela.evaluation.scores import Counts, Kind
from unit.evaluation.strategies import LABELS, documents, flat_spans, patient, spans

RULES = ("strict", "relaxed")
CORPUS = documents(st.lists(spans(), max_size=8))
VOCAB = spacy.blank("en").vocab
FLAT = st.lists(st.tuples(flat_spans(), flat_spans()), min_size=1, max_size=4)


def test_case_counted_by_hand():
    gold = {
        "a": [Span.of(0, 5, "Drug"), Span.of(10, 20, "Effect"), Span.of(30, 35, "Effect")],
        "b": [Span.of(0, 4, "Drug")],
    }
    predicted = {
        "a": [Span.of(0, 5, "Drug"), Span.of(12, 20, "Effect"), Span.of(30, 35, "Drug")],
        "z": [Span.of(0, 1, "Drug")],
    }
    strict = score_entities(gold, predicted, rule="strict")
    assert strict.by_label() == {"Drug": Counts(1, 2, 1, 2), "Effect": Counts(0, 2, 0, 1)}
    assert strict.micro() == Counts(1, 4, 1, 3)
    assert strict.micro().precision == pytest.approx(1 / 3)
    assert strict.micro().recall == 1 / 4
    assert strict.micro().f1 == pytest.approx(2 / 7)
    assert strict.macro_f1() == pytest.approx((1 / 2 + 0) / 2)
    relaxed = score_entities(gold, predicted, rule="relaxed")
    assert relaxed.by_label() == {"Drug": Counts(1, 2, 1, 2), "Effect": Counts(1, 2, 1, 1)}
    found = {
        (one.doc_id, one.kind, one.label, one.gold, one.predicted, one.reason) for one in strict.findings
    }
    assert found == {
        ("a", Kind.HIT, "Drug", 0, 0, ""),
        ("a", Kind.MISS, "Effect", 1, 1, "boundary"),
        ("a", Kind.MISS, "Effect", 2, 2, "label"),
        ("a", Kind.SPURIOUS, "Effect", 1, 1, "boundary"),
        ("a", Kind.SPURIOUS, "Drug", 2, 2, "label"),
        ("b", Kind.MISS, "Drug", 0, None, "alone"),
    }


@pytest.mark.parametrize("rule", RULES)
@patient
@given(gold=CORPUS)
def test_gold_against_gold_is_one(rule, gold):
    tally = score_entities(gold, gold, rule=rule)
    assert all(counts.f1 == 1 for counts in tally.by_label().values())
    assert tally.micro().f1 == (1 if any(gold.values()) else None)


@pytest.mark.parametrize("rule", RULES)
@patient
@given(gold=CORPUS)
def test_nothing_predicted_finds_nothing(rule, gold):
    micro = score_entities(gold, {}, rule=rule).micro()
    assert (micro.precision, micro.recall, micro.f1) == ((0, 0, 0) if any(gold.values()) else (None,) * 3)


@pytest.mark.parametrize("rule", RULES)
@patient
@given(gold=CORPUS, predicted=CORPUS)
def test_precision_and_recall_change_places_with_the_sides(rule, gold, predicted):
    both = gold.keys() & predicted.keys()
    gold, predicted = {key: gold[key] for key in both}, {key: predicted[key] for key in both}
    one, other = score_entities(gold, predicted, rule=rule), score_entities(predicted, gold, rule=rule)
    for label in one.labels:
        ours, theirs = one.by_label()[label], other.by_label()[label]
        assert (ours.precision, ours.recall, ours.f1) == (theirs.recall, theirs.precision, theirs.f1)


@patient
@given(gold=CORPUS, predicted=CORPUS)
def test_bounds(gold, predicted):
    strict = score_entities(gold, predicted, rule="strict").micro()
    relaxed = score_entities(gold, predicted, rule="relaxed").micro()
    assert strict.right_gold <= relaxed.right_gold <= min(relaxed.gold, relaxed.predicted)
    for value in (strict.precision, strict.recall, strict.f1, relaxed.f1):
        assert value is None or 0 <= value <= 1


@patient
@given(data=st.data())
def test_order_does_not_matter(data):
    gold, predicted = data.draw(CORPUS), data.draw(CORPUS)
    shuffled = {key: data.draw(st.permutations(items)) for key, items in reversed(predicted.items())}
    for rule in RULES:
        assert (
            score_entities(gold, predicted, rule=rule).counts
            == score_entities(gold, shuffled, rule=rule).counts
        )


@patient
@given(FLAT)
def test_strict_agrees_with_spacy(pairs):
    examples = []
    for gold, predicted in pairs:
        docs = []
        for side in (predicted, gold):
            doc = Doc(VOCAB, words=["x"] * 30, spaces=[False] * 30)
            doc.set_ents([DocSpan(doc, span.start, span.end, label=span.label) for span in side])
            docs.append(doc)
        examples.append(Example(*docs))
    theirs = Scorer.score_spans(examples, "ents")
    tally = score_entities(
        {str(number): gold for number, (gold, _) in enumerate(pairs)},
        {str(number): predicted for number, (_, predicted) in enumerate(pairs)},
    )
    if not any(gold for gold, _ in pairs):
        return  # without any gold spaCy gives None; here it is 0 if something was predicted
    micro = tally.micro()
    assert (micro.precision, micro.recall, micro.f1) == pytest.approx(
        (theirs["ents_p"], theirs["ents_r"], theirs["ents_f"])
    )
    assert {
        label: (counts.precision, counts.recall, counts.f1) for label, counts in tally.by_label().items()
    } == {
        label: pytest.approx((scores["p"], scores["r"], scores["f"]))
        for label, scores in theirs["ents_per_type"].items()
    }


def nervaluate(pairs, scheme):
    """Correct, partial, gold and predicted numbers of nervaluate, whose ends are inclusive."""
    sides = [
        [[{"label": one.label, "start": one.start, "end": one.end - 1} for one in side] for side in column]
        for column in zip(*pairs, strict=True)
    ]
    result = Evaluator(*sides, tags=list(LABELS), loader="dict").evaluate()["overall"][scheme]
    return result.correct, result.partial, result.possible, result.actual


def ours(pairs, rule):
    return score_entities(
        {str(number): gold for number, (gold, _) in enumerate(pairs)},
        {str(number): predicted for number, (_, predicted) in enumerate(pairs)},
        rule=rule,
    ).micro()


@patient
@given(FLAT)
def test_strict_agrees_with_nervaluate(pairs):
    micro = ours(pairs, "strict")
    assert nervaluate(pairs, "strict") == (micro.right_gold, 0, micro.gold, micro.predicted)


@st.composite
def slots(draw, labels=LABELS):
    """Spans of which none overlaps two of the other side: there nervaluate is well defined."""
    gold, predicted = [], []
    for slot in range(0, 50, 10):
        for side in (gold, predicted):
            if draw(st.booleans()):
                start = slot + draw(st.integers(0, 4))
                side.append(Span.of(start, start + draw(st.integers(1, 5)), draw(st.sampled_from(labels))))
    return gold, predicted


@patient
@given(st.lists(slots(), min_size=1, max_size=4))
def test_relaxed_agrees_with_the_type_scheme_of_nervaluate(pairs):
    micro = ours(pairs, "relaxed")
    assert nervaluate(pairs, "ent_type") == (micro.right_gold, 0, micro.gold, micro.predicted)


@patient
@given(st.lists(slots(labels=("Drug",)), min_size=1, max_size=4))
def test_relaxed_agrees_with_the_partial_scheme_of_nervaluate(pairs):
    micro = ours(pairs, "relaxed")
    correct, partial, possible, actual = nervaluate(pairs, "partial")
    assert (correct + partial, possible, actual) == (micro.right_gold, micro.gold, micro.predicted)


@patient
@given(FLAT)
def test_relaxed_finds_at_least_what_greedy_matching_finds(pairs):
    assert nervaluate(pairs, "ent_type")[0] <= ours(pairs, "relaxed").right_gold
