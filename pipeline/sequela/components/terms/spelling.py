"""How the mentions of drugs and events are compared: spellings that count as the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain
from unicodedata import combining, normalize

from rapidfuzz import process
from rapidfuzz.distance import OSA

from sequela.schema import Term

EXACT, VARIANT, PART, FUZZY = 1.0, 0.95, 0.85, 0.7
CACHE = 20_000
MAX_LENGTH = 200  # a longer mention is no name

_PUNCTUATION = re.compile(r"[®™©\"“”‘\[\]]|\s\(r\)")
_GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ω": "omega", "κ": "kappa"}
SPACES = re.compile(r"\s+")
_HYPHENS = str.maketrans({"‐": "-", "‑": "-", "–": "-", "—": "-", "−": "-", "’": "'", "´": "'", "`": "'"})
BRACKETS = re.compile(r"\s*\(([^()]{1,60})\)\s*")
WORD = re.compile(r"[a-z0-9][a-z0-9'./-]*")

_BRITISH = (
    ("ae", "e"),
    ("oe", "e"),
    ("our", "or"),
    ("yse", "yze"),
    ("isation", "ization"),
    ("leuco", "leuko"),
)


def squeeze(text: str) -> str:
    """Give a mention in lower case with plain hyphens and apostrophes and single spaces."""
    text = _PUNCTUATION.sub(" ", text.translate(_HYPHENS).lower())
    for letter, name in _GREEK.items():
        if letter in text:
            text = text.replace(letter, name)
    return SPACES.sub(" ", text).strip(" .,;:-")


def key_of(text: str) -> str:
    """Give a mention as `squeeze` writes it; "" where it cannot be a name."""
    key = squeeze(text) if len(text) <= MAX_LENGTH else ""
    return key if has_letters(key) else ""


def has_letters(key: str) -> bool:
    """Tell whether a key can be a name at all."""
    return len(key) > 1 and any(char.isalpha() for char in key)


def fold(key: str) -> str:
    """Write British and American forms alike, and without accents: "haemorrhage", "oedema", "Sjögren"."""
    if not key.isascii():
        key = "".join(char for char in normalize("NFKD", key) if not combining(char))
    for british, american in _BRITISH:
        if british in key:
            key = key.replace(british, american)
    return key


def singular(word: str) -> str:
    """Give the singular of a regular plural; other words stay as they are."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith(("oses", "tases")):
        return word[:-2] + "is"  # "stenoses", "metastases"
    return word[:-3] + "y" if word.endswith("ies") and len(word) > 5 else word[:-1]


class Spellings:
    """Names that a misspelling may mean, found by their first letter, which people get right, and their length."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names: dict[tuple[str, int], list[str]] = {}
        for name in sorted(names):
            self._names.setdefault((name[0], len(name)), []).append(name)

    def nearest(self, word: str, *, limit: int) -> str | None:
        """Give the name that is at most ``limit`` edits away, transpositions counted as one; None without any."""
        lengths = range(len(word) - limit, len(word) + limit + 1)
        names = sorted(chain.from_iterable(self._names.get((word[0], length), ()) for length in lengths))
        best = process.extractOne(word, names, scorer=OSA.distance, score_cutoff=limit)
        return str(best[0]) if best else None

    def anagram(self, word: str) -> str | None:
        """Give the one name with the same letters, at most two of them in another place: "gefinitib"."""
        letters = sorted(word)
        same = [name for name in self._names.get((word[0], len(word)), ()) if sorted(name) == letters]
        return same[0] if len(same) == 1 and OSA.distance(word, same[0]) <= 2 else None


def bracketed(key: str, find: Callable[[str], Term | None]) -> Term | None:
    """Find what stands outside the brackets of "X (Y)", else what stands inside."""
    parts = without_brackets(key)
    return scored(find(parts[0]) or find(parts[1]), VARIANT) if parts else None


def without_brackets(key: str) -> tuple[str, str] | None:
    """Split "X (Y)" into what stands outside and inside; None without brackets or anything outside."""
    found = BRACKETS.search(key)
    if found is None:
        return None
    outside = SPACES.sub(" ", f"{key[: found.start()]} {key[found.end() :]}").strip()
    return (outside, found[1]) if outside else None


def scored(term: Term | None, score: float) -> Term | None:
    """Lower the score of a term to ``score``."""
    return replace(term, score=min(score, term.score)) if term is not None else None
