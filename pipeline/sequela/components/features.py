"""What the tagger sees of a word: its entry in the vocabulary, its character n-grams, its shape.

Pure Python and numpy, so that training and running share one definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from zlib import crc32

import numpy as np
import numpy.typing as npt

NGRAM_BUCKETS = 40_000
MAX_NGRAMS = 30
SHAPE_BUCKETS = 256
_NGRAM_SIZES = (3, 4, 5)
_MAX_LENGTH = 40  # of a word whose n-grams are taken
_DIGITS = re.compile(r"[0-9]")
_RUNS = re.compile(r"(.)\1{3,}", re.DOTALL)


def norm(word: str) -> str:
    """Fold case, and digits to ``0`` in words that hold more than one character."""
    return _DIGITS.sub("0", word.lower()) if len(word) > 1 else word.lower()


def shape(word: str) -> str:
    """Give the orthographic shape, runs cut at three: "Alemtuzumab" → "Xxxx" → "Xxxx", "IL-6" → "XX-d"."""
    letters = [
        "X" if c.isupper() else "x" if c.islower() else "d" if c.isdigit() else c for c in word[:_MAX_LENGTH]
    ]
    return _RUNS.sub(r"\1\1\1", "".join(letters))


def ngram_ids(word: str) -> list[int]:
    """Buckets of the character n-grams of a word, at most `MAX_NGRAMS`, the word's ends marked.

    After Bojanowski et al. 2017 (doi 10.1162/tacl_a_00051), with CRC-32 as hash.
    """
    marked = f"<{norm(word)[:_MAX_LENGTH]}>"
    grams = [marked[i : i + n] for n in _NGRAM_SIZES for i in range(len(marked) - n + 1)]
    if len(grams) > MAX_NGRAMS:
        # the ends of a word tell most ("-mycin", "-itis", "hyper-"): keep both
        half = MAX_NGRAMS // 2
        grams = grams[:half] + grams[-half:]
    return [crc32(gram.encode()) % NGRAM_BUCKETS for gram in grams]


def shape_id(word: str) -> int:
    """Bucket of the shape."""
    return crc32(shape(word).encode()) % SHAPE_BUCKETS


class Gazetteer:
    """Longest match of known names over lower-cased tokens.

    Parameters
    ----------
    names
        Lower-cased names, their tokens separated by single blanks.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names: set[tuple[str, ...]] = {tuple(name.split(" ")) for name in names}
        lengths: dict[str, set[int]] = {}
        for words in self._names:
            lengths.setdefault(words[0], set()).add(len(words))
        # of the names that begin with a word, the numbers of their words, falling
        self._lengths = {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}

    def find(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Give the matches in lower-cased ``words`` as half-open token ranges, from the left, longest first."""
        found = []
        end = 0
        for i, word in enumerate(words):
            if i < end or word not in self._lengths:
                continue
            for length in self._lengths[word]:
                if tuple(words[i : i + length]) in self._names:
                    end = i + length
                    found.append((i, end))
                    break
        return found

    def flags(self, words: Sequence[str]) -> npt.NDArray[np.uint8]:
        """Give one flag a token: 0 outside, 1 at the beginning of a match, 2 inside."""
        flags = np.zeros(len(words), dtype=np.uint8)
        for start, end in self.find(words):
            flags[start] = 1
            flags[start + 1 : end] = 2
        return flags
