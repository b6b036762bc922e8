"""The tagger's network at run time: numpy only, no training framework.

Residual convolutions and self-attention over cached word vectors, one linear head per annotation scheme; the
architecture is trained by ``models/training/student.py``. Weights are a ``.npz`` of float16 arrays, read
without pickle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sequela.components.features import NGRAM_BUCKETS, ngram_ids, norm, shape_id

Array = npt.NDArray[np.float32]
Flags = npt.NDArray[np.uint8]

_CACHED_WORDS = 40_000  # vectors kept: 40 MB at a width of 256
_EPSILON = 1e-5  # of torch.nn.LayerNorm
_SURE = 5.0  # log-odds of "outside" over the next tag from which decoding may be cut there


@dataclass(frozen=True)
class Head:
    """One annotation scheme, or a part of one whose labels hardly overlap."""

    name: str
    labels: tuple[str, ...]
    columns: slice


class Network:
    """From words and lexicon flags to tag scores.

    Parameters
    ----------
    config
        ``blocks`` (dilations and "attention", in order), ``width``, ``heads`` (labels by name of the head).
    weights
        Arrays by the names of the training module's parameters.
    vocabulary
        Normalised words; the first has row 1 of the word table, row 0 stands for all others.
    """

    def __init__(self, config: dict[str, Any], weights: dict[str, Any], vocabulary: Sequence[str]) -> None:
        self.width = int(config["width"])
        self.heads: list[Head] = []
        start = 0
        for name, labels in config["heads"].items():
            stop = start + 1 + 4 * len(labels)
            self.heads.append(Head(name, tuple(labels), slice(start, stop)))
            start = stop
        w = {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in weights.items()}
        self._word, self._ngram, self._shape = w["word.weight"], w["ngram.weight"], w["shape.weight"]
        self._mix = (w["mix.weight"].T.copy(), w["mix.bias"])
        # both lexicons' flags as one table of nine rows
        flags = w["flags.weight"]
        self._flags = (flags[:3, None, :] + flags[None, 3:6, :]).reshape(9, -1)
        self._blocks = [self._block(kind, f"blocks.{i}.", w) for i, kind in enumerate(config["blocks"])]
        self._norm = (w["norm.weight"], w["norm.bias"])
        self._output = (w["output.weight"].T.copy(), w["output.bias"])
        self._row_of = {word: i + 1 for i, word in enumerate(vocabulary)}
        self._cache: dict[str, int] = {}
        self._vectors: Array = np.empty((1024, self.width), dtype=np.float32)

    @classmethod
    def read(cls, folder: Path, config: dict[str, Any]) -> Network:
        """Read ``weights.npz`` and ``vocabulary.txt``."""
        with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
            weights = {name: arrays[name] for name in arrays.files}
        vocabulary = (folder / "vocabulary.txt").read_text(encoding="utf-8").splitlines()
        return cls(config, weights, vocabulary)

    def _block(self, kind: int | str, prefix: str, w: dict[str, Array]) -> _Block:
        norm_pair = (w[f"{prefix}norm.weight"], w[f"{prefix}norm.bias"])
        if kind == "attention":
            width = self.width
            return _Attention(
                norm_pair,
                (w[f"{prefix}project.weight"].T.copy(), w[f"{prefix}project.bias"]),
                (w[f"{prefix}output.weight"].T.copy(), w[f"{prefix}output.bias"]),
                width // 64,
            )
        kernel = w[f"{prefix}conv.weight"]  # (out, in, 3)
        stacked = kernel.transpose(2, 1, 0).reshape(3 * self.width, -1).copy()
        return _Convolution(norm_pair, (stacked, w[f"{prefix}conv.bias"]), int(kind))

    def scores(self, chunks: Sequence[Sequence[str]], flags: Sequence[Flags]) -> list[Array]:
        """Score the tags of every word of a group of chunks.

        Parameters
        ----------
        chunks
            Words of each chunk; chunks of like length waste least.
        flags
            For each chunk the flags of both lexicons as ``3 * drug + event``, shape (words,).

        Returns
        -------
        list of numpy.ndarray
            Unnormalised scores for each chunk, shape (words, tags of all heads).
        """
        lengths = np.array([len(chunk) for chunk in chunks])
        longest = int(lengths.max())
        mask = np.arange(longest)[None, :] < lengths[:, None]
        index = np.zeros((len(chunks), longest), dtype=np.int64)
        index[mask] = self._indices([word for chunk in chunks for word in chunk])
        x: Array = self._vectors[index]
        padded_flags = np.zeros((len(chunks), longest), dtype=np.int64)
        padded_flags[mask] = np.concatenate(flags)
        x += self._flags[padded_flags]
        full = bool(mask.all())
        for block in self._blocks:
            x += block(x, None if full else mask)
        hidden = _layer_norm(x[mask], *self._norm)
        tags = hidden @ self._output[0] + self._output[1]
        return np.split(tags, np.cumsum(lengths)[:-1])

    def _indices(self, words: list[str]) -> npt.NDArray[np.int64]:
        """Rows of the words in the table of cached vectors, computing those not yet there."""
        if len(self._cache) > _CACHED_WORDS:
            self._cache.clear()
        new = [word for word in dict.fromkeys(words) if word not in self._cache]
        if new:
            first = len(self._cache)
            while first + len(new) > len(self._vectors):
                self._vectors = np.concatenate([self._vectors, np.empty_like(self._vectors)])
            self._vectors[first : first + len(new)] = self._static(new)
            for number, word in enumerate(new):
                self._cache[word] = first + number
        return np.fromiter(map(self._cache.__getitem__, words), dtype=np.int64, count=len(words))

    def _static(self, words: list[str]) -> Array:
        """Vectors of words out of context, shape (words, width)."""
        grams = [ngram_ids(word) or [NGRAM_BUCKETS] for word in words]
        counts = np.array([len(ids) for ids in grams])
        rows = self._ngram[np.fromiter((i for ids in grams for i in ids), dtype=np.int64)]
        sums = np.add.reduceat(rows, np.concatenate([[0], np.cumsum(counts)[:-1]]), axis=0)
        table: list[Array] = [
            self._word[[self._row_of.get(norm(word), 0) for word in words]],
            (sums / counts[:, None]).astype(np.float32),
            self._shape[[shape_id(word) for word in words]],
        ]
        return _maxout(np.concatenate(table, axis=1) @ self._mix[0] + self._mix[1])


class _Block:
    """A residual part: gives what is added to its input. ``mask`` is None where no chunk is padded."""

    def __call__(self, x: Array, mask: npt.NDArray[np.bool_] | None) -> Array:
        raise NotImplementedError


class _Convolution(_Block):
    """Convolution over three words, ``dilation`` apart, and maxout."""

    def __init__(self, norm_pair: tuple[Array, Array], kernel: tuple[Array, Array], dilation: int) -> None:
        self.norm, self.kernel, self.dilation = norm_pair, kernel, dilation

    def __call__(self, x: Array, mask: npt.NDArray[np.bool_] | None) -> Array:
        chunks, words, width = x.shape
        normed = _layer_norm(x, *self.norm)
        if mask is not None:
            normed *= mask[..., None]
        d = self.dilation
        window = np.zeros((chunks, words, 3 * width), dtype=np.float32)
        window[:, :, width : 2 * width] = normed
        if words > d:
            window[:, d:, :width] = normed[:, :-d]
            window[:, :-d, 2 * width :] = normed[:, d:]
        out = window.reshape(-1, 3 * width) @ self.kernel[0]
        out += self.kernel[1]
        return _maxout(out).reshape(chunks, words, width)


class _Attention(_Block):
    """Multi-head self-attention within the chunk."""

    def __init__(
        self,
        norm_pair: tuple[Array, Array],
        project: tuple[Array, Array],
        output: tuple[Array, Array],
        heads: int,
    ) -> None:
        self.norm, self.output, self.heads = norm_pair, output, heads
        # the scale of the scores goes into the queries
        weight, bias = project[0].copy(), project[1].copy()
        width = weight.shape[0]
        scale = np.float32((width // heads) ** -0.5)
        weight[:, :width] *= scale
        bias[:width] *= scale
        self.project = (weight, bias)

    def __call__(self, x: Array, mask: npt.NDArray[np.bool_] | None) -> Array:
        chunks, words, width = x.shape
        three = _layer_norm(x, *self.norm).reshape(-1, width) @ self.project[0]
        three += self.project[1]
        three = three.reshape(chunks, words, 3, self.heads, width // self.heads)
        query, key, value = (three[:, :, part].transpose(0, 2, 1, 3) for part in range(3))
        weights = query @ key.transpose(0, 1, 3, 2)
        if mask is not None:
            weights += np.where(mask, np.float32(0), np.float32(-1e9))[:, None, None, :]
        weights -= weights.max(-1, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(-1, keepdims=True)
        seen = (weights @ value).transpose(0, 2, 1, 3).reshape(-1, width)
        out: Array = seen @ self.output[0]
        out += self.output[1]
        return out.reshape(chunks, words, width)


def _layer_norm(x: Array, gain: Array, bias: Array) -> Array:
    centred: Array = x - x.mean(-1, keepdims=True)
    variance = np.einsum("...i,...i->...", centred, centred) / np.float32(x.shape[-1])
    centred *= (1 / np.sqrt(variance + np.float32(_EPSILON)))[..., None]
    centred *= gain
    centred += bias
    return centred


def _maxout(x: Array) -> Array:
    half = x.shape[-1] // 2
    return np.maximum(x[..., :half], x[..., half:])


class Decoder:
    """From the scores of one head to spans, by the best tag sequence that BIOES allows."""

    def __init__(self, head: Head) -> None:
        self.head = head
        tags = np.arange(1 + 4 * len(head.labels))
        kind = np.where(tags == 0, -1, (tags - 1) % 4)  # −1 O, 0 B, 1 I, 2 E, 3 S
        inside = np.isin(kind, (0, 1))
        continues = np.isin(kind, (1, 2))
        same = (tags[:, None] - 1) // 4 == (tags[None, :] - 1) // 4
        self.allowed = np.where(inside[:, None], continues[None, :] & same, ~continues[None, :])
        self.may_start = ~continues
        self.may_end = ~inside
        self._between = np.where(self.allowed, 0, -1e4).astype(np.float32)

    def tags(self, scores: Array) -> npt.NDArray[np.int64]:
        """Give the best allowed sequence for the columns of this head, shape (words, tags).

        Where the best tag of each word makes an allowed sequence, that is the best sequence. Elsewhere the
        stretch between the nearest words that are surely outside every span is searched.
        """
        best: npt.NDArray[np.int64] = scores.argmax(1)
        broken = np.flatnonzero(~self.allowed[best[:-1], best[1:]])
        if not self.may_start[best[0]]:
            broken = np.concatenate([[-1], broken])
        if not self.may_end[best[-1]]:
            broken = np.concatenate([broken, [len(best) - 1]])
        if not len(broken):
            return best
        outside = np.flatnonzero(
            (best == 0) & (scores[:, 0] > np.partition(scores, -2, axis=1)[:, -2] + _SURE)
        )
        done = -1
        for position in broken:  # the fault lies between position and position + 1
            if position < done:
                continue
            before = int(np.searchsorted(outside, position, side="right")) - 1
            after = int(np.searchsorted(outside, position + 1))
            start = int(outside[before]) + 1 if before >= 0 else 0
            end = int(outside[after]) if after < len(outside) else len(best)
            if start < end:
                best[start:end] = self._viterbi(scores[start:end])
            done = end
        return best

    def _viterbi(self, scores: Array) -> npt.NDArray[np.int64]:
        n = len(scores)
        total = np.where(self.may_start, scores[0], np.float32(-1e4))
        back = np.empty(scores.shape, dtype=np.int64)
        columns = np.arange(scores.shape[1])
        for i in range(1, n):
            paths = total[:, None] + self._between
            back[i] = paths.argmax(0)
            total = paths[back[i], columns] + scores[i]
        path = np.empty(n, dtype=np.int64)
        path[-1] = np.where(self.may_end, total, np.float32(-1e9)).argmax()
        for i in range(n - 1, 0, -1):
            path[i - 1] = back[i, path[i]]
        return path

    def spans(self, scores: Array) -> list[tuple[int, int, str, float]]:
        """Give (start, end, label, probability) of the spans; words half-open, the mean over the words."""
        tags = self.tags(scores)
        found = []
        start = 0
        for i in np.flatnonzero(tags):
            kind = (int(tags[i]) - 1) % 4
            if kind in (0, 3):
                start = int(i)
            if kind in (2, 3):
                rows = scores[start : i + 1]
                chosen = rows[np.arange(len(rows)), tags[start : i + 1]]
                high = rows.max(1)
                log_sum = high + np.log(np.exp(rows - high[:, None]).sum(1))
                probability = float(np.exp(chosen - log_sum).mean())
                found.append((start, int(i) + 1, self.head.labels[(int(tags[i]) - 1) // 4], probability))
        return found
