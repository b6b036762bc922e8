"""The parts of the tagger's network: convolution, attention, normalisation. numpy only.

Each part is written for the fewest floating point operations and the fewest passes over memory; what is constant
is worked out once. Results are those of the plain formulas but for the last digits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Pair = tuple[Array, Array]  # weight and bias

_EPSILON = 1e-5  # of torch.nn.LayerNorm
_SAFE = 40.0  # scores of attention up to which exp() needs no care


class Block:
    """A residual part: gives what is added to its input. ``mask`` is None where no chunk is padded."""

    def __call__(self, x: Array, mask: Mask | None) -> Array:
        """Give what is added, for an input of shape (chunks, words, width)."""
        raise NotImplementedError


class Convolution(Block):
    """Convolution over three words, ``dilation`` apart, and maxout.

    Two outputs at a time from four products instead of six, after Winograd: F(2, 3) of Lavin and Gray 2016
    (doi 10.1109/CVPR.2016.435) in one dimension.

    Parameters
    ----------
    norm
        Gain and bias of the normalisation before it.
    kernel
        Weights, shape (2 * width, width, 3), and bias.
    dilation
        Words from one that is looked at to the next.
    """

    def __init__(self, norm: Pair, kernel: Pair, dilation: int) -> None:
        self.norm, self.bias, self.dilation = norm, kernel[1], dilation
        left, middle, right = kernel[0].transpose(2, 1, 0).astype(np.float64)
        products = (left, (left + middle + right) / 2, (left - middle + right) / 2, right)
        self.kernel: Array = np.stack(products).astype(np.float32)

    def __call__(self, x: Array, mask: Mask | None) -> Array:
        """Give what is added."""
        chunks, words, width = x.shape
        d = self.dilation
        pairs = -(-words // (2 * d))
        # words t and t + d come of those at t - d, t, t + d and t + 2d: halves of two adjacent rows
        rows = np.zeros((chunks, pairs + 1, 2, d, width), dtype=np.float32)
        normed = rows.reshape(chunks, -1, width)[:, d : d + words]
        layer_norm(x, *self.norm, out=normed)
        if mask is not None:
            normed *= mask[..., None]
        first, second, third, fourth = rows[:, :-1, 0], rows[:, :-1, 1], rows[:, 1:, 0], rows[:, 1:, 1]
        inputs = np.empty((4, chunks, pairs, d, width), dtype=np.float32)
        np.subtract(first, third, out=inputs[0])
        np.add(second, third, out=inputs[1])
        np.subtract(third, second, out=inputs[2])
        np.subtract(second, fourth, out=inputs[3])
        products = inputs.reshape(4, -1, width) @ self.kernel
        products[1] += self.bias
        products[0] += products[1]
        products[0] += products[2]
        products[1] -= products[2]
        products[1] -= products[3]
        out = np.empty((chunks, pairs, 2, d, width), dtype=np.float32)
        for half in (0, 1):
            maxout(products[half].reshape(chunks, pairs, d, 2 * width), out=out[:, :, half])
        return out.reshape(chunks, -1, width)[:, :words]


class Attention(Block):
    """Multi-head self-attention within the chunk.

    Parameters
    ----------
    norm
        Gain and bias of the normalisation before it.
    project, output
        Weights, shapes (width, 3 * width) and (width, width), and biases.
    heads
        Their number.
    """

    def __init__(self, norm: Pair, project: Pair, output: Pair, heads: int) -> None:
        self.output, self.heads = output, heads
        weight, bias = after_norm(norm, project)
        # the scale of the scores goes into the queries
        width = weight.shape[0]
        scale = np.float32((width // heads) ** -0.5)
        weight[:, :width] *= scale
        bias[:width] *= scale
        self.project = (weight, bias)

    def __call__(self, x: Array, mask: Mask | None) -> Array:
        """Give what is added."""
        chunks, words, width = x.shape
        three = standardised(x).reshape(-1, width) @ self.project[0]
        three += self.project[1]
        three = three.reshape(chunks, words, 3, self.heads, width // self.heads)
        query, key, value = (three[:, :, part].transpose(0, 2, 1, 3) for part in range(3))
        weights: Array = query @ key.transpose(0, 1, 3, 2)
        if max(weights.max(), -weights.min()) > _SAFE:
            if mask is not None:
                np.copyto(weights, np.float32(-np.inf), where=~mask[:, None, None, :])
            weights -= weights.max(-1, keepdims=True)
        np.exp(weights, out=weights)
        if mask is not None:
            weights *= mask[:, None, None, :]
        seen = weights @ value
        seen /= (weights @ np.ones(words, dtype=np.float32))[..., None]
        out: Array = seen.transpose(0, 2, 1, 3).reshape(-1, width) @ self.output[0]
        out += self.output[1]
        return out.reshape(chunks, words, width)


def after_norm(norm: Pair, linear: Pair) -> Pair:
    """Put gain and bias of a normalisation into the linear layer behind it."""
    gain, shift = norm
    weight, bias = linear
    return gain[:, None] * weight, shift @ weight + bias


def standardised(x: Array) -> Array:
    """Give each row with mean 0 and variance 1."""
    width = x.shape[-1]
    share = np.full(width, 1 / width, dtype=np.float32)
    centred: Array = x - (x @ share)[..., None]
    variance = np.einsum("...i,...i->...", centred, centred) / np.float32(width)
    centred *= (1 / np.sqrt(variance + np.float32(_EPSILON)))[..., None]
    return centred


def layer_norm(x: Array, gain: Array, bias: Array, *, out: Array) -> None:
    """Put the rows with mean 0 and variance 1, times ``gain``, plus ``bias``, into ``out``."""
    np.multiply(standardised(x), gain, out=out)
    out += bias


def maxout(x: Array, *, out: Array | None = None) -> Array:
    """Give the greater of the two halves of each row."""
    half = x.shape[-1] // 2
    greater: Array = np.maximum(x[..., :half], x[..., half:], out=out)
    return greater
