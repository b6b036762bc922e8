from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequela.components.decoding import Decoder, Head

LABELS = ("drug", "event")
TAGS = 1 + 4 * len(LABELS)  # O, then B I E S of each label


def decoder():
    return Decoder(Head("test", LABELS, slice(0, TAGS)))


def scores_of(*tags, height=10.0):
    scores = np.zeros((len(tags), TAGS), dtype=np.float32)
    scores[np.arange(len(tags)), tags] = height
    return scores


def best_by_trying_all(scores, decoder):
    best, found = -np.inf, None
    for path in itertools.product(range(TAGS), repeat=len(scores)):
        allowed = (
            decoder.may_start[path[0]]
            and decoder.may_end[path[-1]]
            and all(decoder.allowed[a, b] for a, b in itertools.pairwise(path))
        )
        total = float(scores[np.arange(len(path)), path].sum())
        if allowed and total > best:
            best, found = total, path
    return found


def lengths(*values):
    return np.array(values)


def test_spans_of_a_clean_sequence():
    found = decoder().spans(scores_of(0, 4, 0, 5, 6, 7, 0, 1, 3), lengths(9))
    assert [(s, e, label) for s, e, label, _ in found] == [(1, 2, "drug"), (3, 6, "event"), (7, 9, "drug")]
    assert all(0.99 < p <= 1 for *_, p in found)


def test_the_probability_is_the_mean_over_the_words():
    scores = scores_of(0, 1, 3)
    scores[2] = 0  # nothing known of the second word of the span
    scores[2, 3] = np.log(2)
    ((_, _, _, probability),) = decoder().spans(scores, lengths(3))
    sure = np.exp(10) / (np.exp(10) + TAGS - 1)
    assert probability == pytest.approx((sure + 2 / (TAGS + 1)) / 2, rel=1e-5)


def test_nothing_found_where_all_is_outside():
    assert decoder().spans(scores_of(0, 0, 0), lengths(3)) == []


def test_no_span_goes_on_in_the_next_chunk():
    found = decoder().spans(scores_of(4, 4, 0, 4), lengths(1, 2, 1))
    assert [(s, e) for s, e, _, _ in found] == [(0, 1), (1, 2), (3, 4)]
    assert decoder().tags(scores_of(1, 3), lengths(2)).tolist() == [1, 3]
    apart = decoder().tags(scores_of(1, 3), lengths(1, 1))
    assert all(decoder().may_start[apart])
    assert all(decoder().may_end[apart])


@pytest.mark.parametrize("tags", [(1, 0, 0), (0, 2, 0), (0, 0, 1), (3, 0, 0), (1, 7, 0)])
def test_a_broken_sequence_is_mended_to_an_allowed_one(tags):
    mended = decoder().tags(scores_of(*tags), lengths(3))
    d = decoder()
    assert d.may_start[mended[0]]
    assert d.may_end[mended[-1]]
    assert all(d.allowed[a, b] for a, b in itertools.pairwise(mended))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 10_000))
def test_decoding_gives_the_best_allowed_sequence_of_each_chunk(sizes, seed):
    scores = np.random.default_rng(seed).normal(size=(sum(sizes), TAGS)).astype(np.float32)
    d = decoder()
    found = np.split(d.tags(scores, lengths(*sizes)), np.cumsum(sizes)[:-1])
    chunks = np.split(scores, np.cumsum(sizes)[:-1])
    assert [tuple(tags) for tags in found] == [best_by_trying_all(chunk, d) for chunk in chunks]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_words_that_are_surely_outside_do_not_change_the_best_sequence(seed):
    chance = np.random.default_rng(seed)
    scores = chance.normal(scale=2, size=(5, TAGS)).astype(np.float32)
    scores[chance.random(5) < 0.4, 0] = 30
    d = decoder()
    assert tuple(d.tags(scores, lengths(5))) == best_by_trying_all(scores, d)


def test_linear_where_every_word_is_doubtful():
    scores = np.random.default_rng(0).normal(size=(100_000, TAGS)).astype(np.float32)
    started = time.process_time()
    decoder().spans(scores, np.full(400, 250))
    assert time.process_time() - started < 5
