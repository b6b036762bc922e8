from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequela.components.features import NGRAM_BUCKETS, SHAPE_BUCKETS
from sequela.components.network import Decoder, Head, Network

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


def test_spans_of_a_clean_sequence():
    found = decoder().spans(scores_of(0, 4, 0, 5, 6, 7, 0, 1, 3))
    assert [(s, e, label) for s, e, label, _ in found] == [(1, 2, "drug"), (3, 6, "event"), (7, 9, "drug")]
    assert all(0.99 < p <= 1 for *_, p in found)


def test_nothing_found_where_all_is_outside():
    assert decoder().spans(scores_of(0, 0, 0)) == []


@pytest.mark.parametrize("tags", [(1, 0, 0), (0, 2, 0), (0, 0, 1), (3, 0, 0), (1, 7, 0)])
def test_a_broken_sequence_is_mended_to_an_allowed_one(tags):
    mended = decoder().tags(scores_of(*tags))
    d = decoder()
    assert d.may_start[mended[0]]
    assert d.may_end[mended[-1]]
    assert all(d.allowed[a, b] for a, b in itertools.pairwise(mended))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(0, 10_000))
def test_decoding_gives_the_best_allowed_sequence(length, seed):
    scores = np.random.default_rng(seed).normal(size=(length, TAGS)).astype(np.float32)
    d = decoder()
    assert tuple(d.tags(scores)) == best_by_trying_all(scores, d)


def network(width=64, static=8, seed=0):
    rng = np.random.default_rng(seed)

    def table(*shape):
        return rng.normal(scale=0.3, size=shape).astype(np.float16)

    weights = {
        "word.weight": table(3, static),
        "ngram.weight": table(NGRAM_BUCKETS + 1, static),
        "shape.weight": table(SHAPE_BUCKETS, 32),
        "mix.weight": table(2 * width, 2 * static + 32),
        "mix.bias": table(2 * width),
        "flags.weight": table(6, width),
        "blocks.0.norm.weight": table(width),
        "blocks.0.norm.bias": table(width),
        "blocks.0.conv.weight": table(2 * width, width, 3),
        "blocks.0.conv.bias": table(2 * width),
        "blocks.1.norm.weight": table(width),
        "blocks.1.norm.bias": table(width),
        "blocks.1.project.weight": table(3 * width, width),
        "blocks.1.project.bias": table(3 * width),
        "blocks.1.output.weight": table(width, width),
        "blocks.1.output.bias": table(width),
        "norm.weight": table(width),
        "norm.bias": table(width),
        "output.weight": table(TAGS, width),
        "output.bias": table(TAGS),
    }
    config = {"width": width, "blocks": [2, "attention"], "heads": {"test": LABELS}}
    return Network(config, weights, ["rash", "the"])


def flags(words):
    return np.zeros(len(words), dtype=np.uint8)


def test_scores_do_not_depend_on_what_is_scored_beside():
    net = network()
    short, long = ["The", "rash"], ["a", "rash", "after", "the", "third", "dose", "of", "the", "drug"]
    together = net.scores([short, long], [flags(short), flags(long)])
    alone = [net.scores([words], [flags(words)])[0] for words in (short, long)]
    assert [scores.shape for scores in together] == [(2, TAGS), (9, TAGS)]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_scores_depend_on_the_neighbours_and_on_the_flags():
    net = network()
    base = net.scores([["the", "rash", "x"]], [np.zeros(3, dtype=np.uint8)])[0]
    neighbour = net.scores([["the", "rash", "y"]], [np.zeros(3, dtype=np.uint8)])[0]
    flagged = net.scores([["the", "rash", "x"]], [np.array([0, 3, 0], dtype=np.uint8)])[0]
    assert not np.allclose(base[0], neighbour[0])
    assert not np.allclose(base[1], flagged[1])


def test_word_vectors_survive_a_full_cache(monkeypatch):
    monkeypatch.setattr("sequela.components.network._CACHED_WORDS", 5)
    net = network()
    words = ["rash", "the"]
    before = net.scores([words], [flags(words)])[0]
    for i in range(8):
        net.scores([[f"word{i}", "other"]], [np.zeros(2, dtype=np.uint8)])
    np.testing.assert_allclose(net.scores([words], [flags(words)])[0], before, rtol=1e-5, atol=1e-5)
