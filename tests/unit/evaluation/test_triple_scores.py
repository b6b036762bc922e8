from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequela.evaluation.links import Pair
from sequela.evaluation.matching import Span
from sequela.evaluation.scores import Counts, Rate
from sequela.evaluation.triples import EXACT, LOG_RATIO, log_ratio, same_value, score_triples
from unit.evaluation.strategies import documents, pairs, patient

CORPUS = documents(st.lists(pairs(), max_size=6))


def triple(event: int, onset: int | None = None, value: str = "") -> Pair:
    return Pair(
        drug=Span.of(0, 5),
        event=Span.of(event, event + 5),
        onsets=() if onset is None else (Span.of(onset, onset + 5),),
        onset_min=value,
        onset_max=value,
    )


def test_case_counted_by_hand():
    gold = {"a": [triple(10, 50), triple(20, 50), triple(30), triple(40)], "b": [triple(10)]}
    predicted = {
        "a": [
            triple(10, 52),  # right, onset overlaps
            triple(20),  # right pair, onset missed
            triple(30),  # right
            triple(40, 50),  # right pair, onset invented
            triple(70),  # wrong pair
        ]
    }
    tally = score_triples(gold, predicted)
    assert tally.by_label() == {"with onset": Counts(1, 2, 1, 2), "without onset": Counts(1, 3, 1, 3)}
    assert tally.micro() == Counts(2, 5, 2, 5)
    assert tally.rates == {}


def test_one_of_several_gold_onsets_is_enough():
    gold = Pair(drug=Span.of(0, 5), event=Span.of(10, 15), onsets=(Span.of(20, 25), Span.of(50, 55)))
    assert score_triples({"a": [gold]}, {"a": [triple(10, 50)]}).micro() == Counts(1, 1, 1, 1)


def test_values_counted_by_hand():
    gold = {"a": [triple(10, 50, "P1W"), triple(20, 50, "P2D"), triple(30, 50, "P1D"), triple(40, 50, "P1D")]}
    predicted = {"a": [triple(10, 50, "P7D"), triple(20, 50, "P4D"), triple(30, 50)]}
    tally = score_triples(gold, predicted)
    assert tally.rate(EXACT) == Rate(1, 3)  # the fourth pair was not found
    assert tally.rate(LOG_RATIO) == pytest.approx((math.log(2), 2))


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        pytest.param(("P1W", "P1W"), ("P7D", "P7D"), True, id="other unit"),
        pytest.param(("P1Y", "P1Y"), ("P12M", "P12M"), True, id="year in months"),
        pytest.param(("P2D", "P4D"), ("P2D", "P2D"), False, id="one bound"),
        pytest.param(("PT0H", "PT48H"), ("P0D", "P2D"), True, id="range from zero"),
        pytest.param(("P1D", "P1D"), ("", ""), False, id="no value"),
        pytest.param(("PXD", "PXD"), ("PXD", "PXD"), True, id="vague and the same"),
        pytest.param(("P1M", "P1M"), ("P30D", "P30D"), False, id="a month is not 30 days"),
    ],
)
def test_same_value(gold, predicted, expected):
    assert same_value(gold, predicted) is expected
    assert same_value(predicted, gold) is expected


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        (("P1D", "P1D"), ("PT12H", "PT12H"), math.log(2)),
        (("P1D", "P3D"), ("P2D", "P2D"), 0),
        (("PT0H", "PT0H"), ("PT0H", "PT0H"), 0),
        (("PT0H", "PT0H"), ("PT1H", "PT1H"), math.log(60)),
        (("P1D", "P1D"), ("", ""), None),
        (("PXD", "PXD"), ("P1D", "P1D"), None),
    ],
)
def test_log_ratio(gold, predicted, expected):
    found = log_ratio(gold, predicted)
    assert found is None if expected is None else found == pytest.approx(expected)


@patient
@given(gold=CORPUS)
def test_gold_against_gold_is_one(gold):
    assert score_triples(gold, gold).micro().f1 == (1 if any(gold.values()) else None)


@patient
@given(gold=CORPUS, predicted=CORPUS)
def test_precision_and_recall_change_places_with_the_sides(gold, predicted):
    both = gold.keys() & predicted.keys()
    gold, predicted = {key: gold[key] for key in both}, {key: predicted[key] for key in both}
    one, other = score_triples(gold, predicted).micro(), score_triples(predicted, gold).micro()
    assert (one.precision, one.recall) == (other.recall, other.precision)
