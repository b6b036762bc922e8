"""Do two wordings name the same drug, or the same event? The definitions of the document level.

Words are runs of letters and digits in lower case, with British spelling folded into American ("ae" and
"oe" become "e", "our" becomes "or") and the "s" of the plural taken off (words of more than three letters,
not after s, u or i).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from sequela.lexicons.loader import load_lines

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHE_S = re.compile(r"['’]s\b")
_BRITISH = (("ae", "e"), ("oe", "e"), ("our", "or"))
_CONJUNCTION = re.compile(r"[,;/]|\b(?:and|or|plus)\b", re.IGNORECASE)


class HeadWords(NamedTuple):
    """What an event is called: all its content words, and the last one of each of its coordinated parts."""

    words: frozenset[str]
    heads: frozenset[str]


@lru_cache(maxsize=65536)
def words_of(text: str) -> tuple[str, ...]:
    """Give the words of a wording, folded."""
    return tuple(_fold(word) for word in _WORD.findall(_APOSTROPHE_S.sub("", text.lower())))


def contains(words: tuple[str, ...], part: tuple[str, ...]) -> bool:
    """Whether the part, which is not empty, stands in the words side by side."""
    width = len(part)
    return width > 0 and any(words[start : start + width] == part for start in range(len(words) - width + 1))


def names_drug(mention: str, names: Iterable[str]) -> bool:
    """Whether the words of one of the names stand side by side in the mention.

    "Prednisone" is named by "oral prednisone"; "valproic acid" is not named by "valproate".
    """
    words = words_of(mention)
    return any(contains(words, words_of(name)) for name in names)


def names_event(mention: str, names: Iterable[str]) -> bool:
    """Whether the mention shares the head words with one of the names.

    It does if all head words of the one are among those of the other, and a head of the longer one is
    shared: "epidermal necrolysis" names "toxic epidermal necrolysis", "heart failure" does not name "renal
    failure", and "hepatitis" does not name "reactivation of hepatitis".
    """
    said = head_words(mention)
    return any(_share_heads(said, head_words(name)) for name in names)


@lru_cache(maxsize=65536)
def head_words(text: str) -> HeadWords:
    """Find the head words of an event.

    Each coordinated part is cut before the first word that ends its noun phrase
    (``event_phrase_ends.txt``), and words of degree, side and reference are left out
    (``event_degree_words.txt``), unless nothing would remain. Its head is the last word before "of", or the
    last one.
    """
    ends, degrees = _word_set("event_phrase_ends.txt"), _word_set("event_degree_words.txt")
    words: set[str] = set()
    heads: set[str] = set()
    for part in _CONJUNCTION.split(text):
        phrase: list[str] = []
        head = ""
        for word in words_of(part):
            if word in ends and phrase:
                break
            if word == "of":
                head = head or (phrase[-1] if phrase else "")
            elif word not in degrees:
                phrase.append(word)
        if phrase:
            words.update(phrase)
            heads.add(head or phrase[-1])
    if not words:
        everything = words_of(text)
        return HeadWords(frozenset(everything), frozenset(everything[-1:]))
    return HeadWords(frozenset(words), frozenset(heads))


def _share_heads(one: HeadWords, other: HeadWords) -> bool:
    if not one.words or not other.words:
        return False
    shorter, longer = (one, other) if len(one.words) <= len(other.words) else (other, one)
    return shorter.words <= longer.words and bool(longer.heads & shorter.words)


def _fold(word: str) -> str:
    for british, american in _BRITISH:
        word = word.replace(british, american)
    if len(word) > 3 and word[-1] == "s" and word[-2] not in "sui":
        word = word[:-1]
    return word


@lru_cache(maxsize=8)
def _word_set(name: str) -> frozenset[str]:
    return frozenset(_fold(word) for word in load_lines(name))
