from __future__ import annotations

import numpy as np

from sequela.components.features import NGRAM_BUCKETS, SHAPE_BUCKETS
from sequela.components.network import Network

LABELS = ("drug", "event")
TAGS = 1 + 4 * len(LABELS)  # O, then B I E S of each label


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
