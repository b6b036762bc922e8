from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from sequela.evaluation.matching import (
    Span,
    assign,
    match_any,
    match_distinct,
    match_exact,
    match_overlapping,
)
from unit.evaluation.strategies import patient, spans

SPANS = st.lists(spans(), max_size=12)
MATCHERS = (match_exact, match_overlapping, match_distinct)


def size_of_maximum(gold: list[Span], predicted: list[Span]) -> int:
    if not gold or not predicted:
        return 0
    table = [[one.label == other.label and one.overlaps(other) for other in predicted] for one in gold]
    return int((maximum_bipartite_matching(csr_matrix(table)) >= 0).sum())


@patient
@given(SPANS, SPANS)
def test_overlapping_is_a_maximum_matching(gold, predicted):
    matching = match_overlapping(gold, predicted)
    assert len(matching.hits) == size_of_maximum(gold, predicted)
    for g, p in matching.hits:
        assert gold[g].label == predicted[p].label
        assert gold[g].overlaps(predicted[p])


@pytest.mark.parametrize("match", MATCHERS)
@patient
@given(data=st.data())
def test_order_does_not_matter(match, data):
    gold, predicted = data.draw(SPANS), data.draw(SPANS)
    shuffled_gold, shuffled = data.draw(st.permutations(gold)), data.draw(st.permutations(predicted))
    first, second = match(gold, predicted), match(shuffled_gold, shuffled)
    assert len(first.hits) == len(second.hits)
    assert sorted(gold[i] for i in first.missed) == sorted(shuffled_gold[i] for i in second.missed)
    assert sorted(predicted[i] for i in first.spurious) == sorted(shuffled[i] for i in second.spurious)


@pytest.mark.parametrize("match", [match_exact, match_overlapping])
@patient
@given(SPANS, SPANS)
def test_every_index_once(match, gold, predicted):
    matching = match(gold, predicted)
    assert sorted([g for g, _ in matching.hits] + list(matching.missed)) == list(range(len(gold)))
    assert sorted([p for _, p in matching.hits] + list(matching.spurious)) == list(range(len(predicted)))


@patient
@given(SPANS, SPANS)
def test_any_agrees_with_its_definition(gold, predicted):
    matching = match_any(gold, predicted, Span.overlaps)
    assert set(matching.hits) == {
        (g, p) for g, one in enumerate(gold) for p, other in enumerate(predicted) if one.overlaps(other)
    }
    assert set(matching.missed) == set(range(len(gold))) - {g for g, _ in matching.hits}
    assert set(matching.spurious) == set(range(len(predicted))) - {p for _, p in matching.hits}


def test_a_wide_span_does_not_take_the_partner_of_a_narrow_one():
    wide, narrow = Span.of(0, 10, "Drug"), Span.of(0, 3, "Drug")
    matching = match_overlapping([wide, narrow], [Span.of(0, 3, "Drug"), Span.of(7, 10, "Drug")])
    assert matching.hits == ((0, 1), (1, 0))
    assert matching.missed == matching.spurious == ()


def test_a_repeated_span_needs_two_partners():
    span = Span.of(0, 3, "Drug")
    assert match_exact([span, span], [span]).missed == (1,)
    assert match_distinct([span, span], [span]).missed == ()


def test_fragments_must_agree_and_overlap_by_fragment():
    broken = Span(((0, 3), (8, 10)), "Drug")
    assert match_exact([broken], [Span.of(0, 10, "Drug")]).hits == ()
    assert match_overlapping([broken], [Span.of(4, 7, "Drug")]).hits == ()
    assert match_overlapping([broken], [Span.of(4, 9, "Drug")]).hits == ((0, 0),)


def test_touching_spans_do_not_overlap():
    assert not Span.of(0, 3).overlaps(Span.of(3, 5))


def test_long_chains_need_no_recursion():
    gold = [Span.of(2 * n, 2 * n + 2, "Drug") for n in range(3000)]
    predicted = [Span.of(2 * n + 1, 2 * n + 3, "Drug") for n in range(3000)]
    assert len(match_overlapping(gold, predicted).hits) == 3000


def test_assign_keeps_what_is_paired():
    assert assign({0: [0, 1], 1: [0]}) == {0: 1, 1: 0}
