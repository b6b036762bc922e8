from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequela.evaluation.bootstrap import compare, draw, intervals, resampled
from sequela.evaluation.scores import Counts, Rate, Tally
from unit.evaluation.strategies import patient

COUNTS = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.dictionaries(
        st.sampled_from(["Drug", "Effect"]),
        st.tuples(*[st.integers(0, 3)] * 4).map(
            lambda n: Counts(min(n[0], n[1]), n[1], min(n[2], n[3]), n[3])
        ),
    ),
    min_size=1,
)


def some(documents: int, right: int) -> dict[str, dict[str, Counts]]:
    """Documents with one gold and one predicted item each, the first ``right`` of them right."""
    return {f"{n:03}": {"Drug": Counts(n < right, 1, n < right, 1)} for n in range(documents)}


@patient
@given(COUNTS)
def test_a_resample_of_every_document_once_gives_the_scores(counts):
    rates = {"share": {doc_id: Rate(1, 2) for doc_id in counts}}
    documents = sorted(counts)
    found = resampled(counts, rates, documents=documents, weights=np.ones((1, len(documents))))
    tally = Tally(level="x", rule="y", counts=counts, rates=rates)
    expected = {"macro/f1": tally.macro_f1(), "rate/share": 0.5}
    for label, one in {**tally.by_label(), "micro": tally.micro()}.items():
        expected |= {
            f"{label}/precision": one.precision,
            f"{label}/recall": one.recall,
            f"{label}/f1": one.f1,
        }
    assert {name: float(values[0]) for name, values in found.items()} == {
        name: pytest.approx(np.nan if value is None else value, nan_ok=True)
        for name, value in expected.items()
    }


@patient
@given(COUNTS)
def test_order_of_documents_does_not_matter(counts):
    assert intervals(counts, {}) == intervals(dict(reversed(counts.items())), {})


def test_interval_of_a_share_is_that_of_the_normal_distribution():
    low, high = intervals(some(400, 300), {}, resamples=4000, seed=1)["Drug/recall"]
    margin = 1.96 * (0.75 * 0.25 / 400) ** 0.5
    assert (low, high) == pytest.approx((0.75 - margin, 0.75 + margin), abs=0.006)


def test_seeds():
    counts = some(40, 30)
    assert intervals(counts, {}, seed=1) == intervals(counts, {}, seed=1)
    assert draw(40, seed=1).tolist() != draw(40, seed=2).tolist()


def test_one_document_has_no_interval():
    assert intervals(some(1, 1), {}) == {}


def test_undefined_scores_have_no_interval():
    assert intervals({"a": {}, "b": {}}, {"share": {"a": Rate(), "b": Rate()}}) == {}


def test_a_run_does_not_differ_from_itself():
    found = compare(some(50, 30), some(50, 30))
    assert {(one.value, one.low, one.high, one.p) for one in found.values()} == {(0, 0, 0, 1)}


def test_a_clear_difference():
    one = compare(some(100, 80), some(100, 40))["micro/f1"]
    assert one.value == pytest.approx(0.4)
    assert 0.25 < one.low < 0.4 < one.high < 0.55
    assert one.p == pytest.approx(1 / 1001)


def test_the_other_way_round():
    one, other = (
        compare(some(60, 30), some(60, 25))["micro/f1"],
        compare(some(60, 25), some(60, 30))["micro/f1"],
    )
    assert (one.value, one.low, one.high, one.p) == pytest.approx(
        (-other.value, -other.high, -other.low, other.p)
    )


def test_a_chance_difference_has_a_large_p():
    assert compare(some(60, 31), some(60, 30))["micro/f1"].p > 0.3


def test_only_shared_documents_are_compared():
    theirs = {**some(50, 30), "only theirs": {"Drug": Counts(0, 9, 0, 9)}}
    assert compare(some(50, 30), theirs)["micro/f1"].value == 0


def test_rates_are_compared():
    ours = {doc_id: Rate(1, 1) for doc_id in some(20, 0)}
    theirs = {doc_id: Rate(0, 1) for doc_id in some(20, 0)}
    found = compare(some(20, 9), some(20, 9), our_rates={"r": ours}, their_rates={"r": theirs})
    assert found["rate/r"].value == 1


def test_thousands_of_documents_take_less_than_seconds():
    start = time.perf_counter()
    intervals(some(4000, 3000), {})
    assert time.perf_counter() - start < 5
