"""The tagger's network at run time: numpy only, no training framework.

Residual convolutions and self-attention over cached word vectors, one linear head per annotation scheme; the
architecture is trained by ``models/training/student.py``. Weights are a ``.npz`` of float16 arrays, read
without pickle.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sequela.components.decoding import Head
from sequela.components.features import NGRAM_BUCKETS, ngram_ids, norm, shape_id
from sequela.components.layers import Array, Attention, Block, Convolution, after_norm, maxout, standardised

Flags = npt.NDArray[np.uint8]

_CACHED_WORDS = 16_000  # vectors kept: 16 MB at a width of 256


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
        output = (w["output.weight"].T, w["output.bias"])
        self._output = after_norm((w["norm.weight"], w["norm.bias"]), output)
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

    def _block(self, kind: int | str, prefix: str, w: dict[str, Array]) -> Block:
        norm_pair = (w[f"{prefix}norm.weight"], w[f"{prefix}norm.bias"])
        if kind == "attention":
            return Attention(
                norm_pair,
                (w[f"{prefix}project.weight"].T, w[f"{prefix}project.bias"]),
                (w[f"{prefix}output.weight"].T.copy(), w[f"{prefix}output.bias"]),
                self.width // 64,
            )
        kernel = (w[f"{prefix}conv.weight"], w[f"{prefix}conv.bias"])
        return Convolution(norm_pair, kernel, int(kind))

    def scores(self, chunks: Sequence[Sequence[str]], flags: Sequence[Flags]) -> list[Array]:
        """Score the tags of every word of a group of chunks; arguments as of `states`.

        Returns
        -------
        list of numpy.ndarray
            Unnormalised scores for each chunk, shape (words, tags of all heads).
        """
        return [self.tag_scores(states) for states in self.states(chunks, flags)]

    def tag_scores(self, states: Array) -> Array:
        """Score the tags of words in context: from shape (words, width) to (words, tags of all heads)."""
        tags: Array = states @ self._output[0]
        tags += self._output[1]
        return tags

    def states(self, chunks: Sequence[Sequence[str]], flags: Sequence[Flags]) -> list[Array]:
        """Give the vectors in context of every word of a group of chunks.

        Parameters
        ----------
        chunks
            Words of each chunk; chunks of like length waste least.
        flags
            For each chunk the flags of both lexicons as ``3 * drug + event``, shape (words,).

        Returns
        -------
        list of numpy.ndarray
            For each chunk, shape (words, width); mean 0 and variance 1 in each row.
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
        return np.split(standardised(x[mask]), np.cumsum(lengths)[:-1])

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
        return maxout(np.concatenate(table, axis=1) @ self._mix[0] + self._mix[1])
