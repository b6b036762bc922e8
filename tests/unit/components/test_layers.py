"""The parts of the network beside the plain formulas."""

from __future__ import annotations

import numpy as np
import pytest

from sequela.components.layers import Attention, Convolution, maxout, standardised

WIDTH = 128


def draw(*shape, seed=0, scale=0.3):
    return np.random.default_rng(seed).normal(scale=scale, size=shape).astype(np.float32)


def norm_pair():
    return draw(WIDTH, seed=1) + 1, draw(WIDTH, seed=2)


def padding(*lengths):
    longest = max(lengths)
    return np.arange(longest)[None, :] < np.array(lengths)[:, None]


def normed(x):
    x = x.astype(np.float64)
    gain, bias = norm_pair()
    deviation = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return (x - x.mean(-1, keepdims=True)) / deviation * gain + bias


def close(one, other):
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_rows_have_mean_zero_and_variance_one():
    rows = standardised(draw(2, 5, WIDTH, scale=3) + 7)
    close(rows.mean(-1), np.zeros((2, 5)))
    close(rows.var(-1), np.ones((2, 5)))


def test_maxout_takes_the_greater_half():
    assert maxout(np.array([[1, 5, 2, 4]], dtype=np.float32)).tolist() == [[2, 5]]


@pytest.mark.parametrize("dilation", [1, 2, 4])
@pytest.mark.parametrize("lengths", [(1,), (3,), (8, 8), (17, 5, 1)], ids=str)
def test_convolution(dilation, lengths):
    kernel, bias = draw(2 * WIDTH, WIDTH, 3, seed=3, scale=0.05), draw(2 * WIDTH, seed=4)
    mask = padding(*lengths)
    x = draw(*mask.shape, WIDTH, seed=5)
    inside = normed(x) * mask[..., None]
    expected = np.zeros((*mask.shape, 2 * WIDTH)) + bias
    for tap, shift in enumerate((-dilation, 0, dilation)):
        for word in range(mask.shape[1]):
            if 0 <= word + shift < mask.shape[1]:
                expected[:, word] += inside[:, word + shift] @ kernel[:, :, tap].T
    expected = np.maximum(expected[..., :WIDTH], expected[..., WIDTH:])
    found = Convolution(norm_pair(), (kernel, bias), dilation)(x, None if mask.all() else mask)
    close(found[mask], expected[mask])


@pytest.mark.parametrize("scale", [0.05, 2.0], ids=["small scores", "scores that exp cannot take"])
@pytest.mark.parametrize("lengths", [(1,), (6, 6), (9, 2)], ids=str)
def test_attention(scale, lengths):
    project = draw(WIDTH, 3 * WIDTH, seed=6, scale=scale), draw(3 * WIDTH, seed=7)
    output = draw(WIDTH, WIDTH, seed=8, scale=0.05), draw(WIDTH, seed=9)
    mask = padding(*lengths)
    x = draw(*mask.shape, WIDTH, seed=10)
    three = normed(x) @ project[0] + project[1]
    query, key, value = (
        part.reshape(*mask.shape, 2, 64).transpose(0, 2, 1, 3) for part in np.split(three, 3, axis=-1)
    )
    scores = query @ key.transpose(0, 1, 3, 2) / 8
    scores = np.where(mask[:, None, None, :], scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    expected = (weights @ value).transpose(0, 2, 1, 3).reshape(*mask.shape, WIDTH) @ output[0] + output[1]
    found = Attention(norm_pair(), project, output, 2)(x, None if mask.all() else mask)
    np.testing.assert_allclose(found[mask], expected[mask], rtol=1e-2, atol=1e-2 if scale > 1 else 1e-4)
