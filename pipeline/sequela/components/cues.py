"""Cue patterns over words: one pass, a dict trie, no regular expression per cue.

A pattern is words separated by blanks. ``(a|b)`` gives alternatives, a trailing ``?`` makes a word or a group
optional, and these stand for classes of words:

=========  ==================================================
``<num>``  a number in digits or as a word ("5", "five", "2.5")
``<nth>``  an ordinal ("second", "2nd" is ``<num> nd``)
``<name>`` a capitalised word
``<author>`` a capitalised word that may be the name of an author
``<person>`` a word for one person ("woman", "teacher"), ``<people>`` for several
``<kin>``  a relative ("uncle")
``<animal>`` a word for an animal ("dog", "dogs"), ``<animals>`` for several
``<begin>`` the beginning of the statement, no word
``<w>``    any word (no punctuation)
``<gap>``  up to three words, no punctuation
=========  ==================================================

Words are compared in lower case; hyphens and apostrophes are words of their own.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sequela.lexicons.loader import load_lines, load_table

Entry = TypeVar("Entry")

_WORD = re.compile(r"\d+(?:[.,·]\d+)*|[^\W\d_]+|[^\w\s]")
_PATTERN_PART = re.compile(r"<[a-z]+>\??|\(|\)\??|\||\d+(?:[.,·]\d+)*\??|[^\W\d_]+\??|[^\w\s]\??")
_SAME = {"’": "'", "‘": "'", "´": "'", "`": "'", "‐": "-", "‑": "-", "–": "-", "—": "-", "−": "-"}
_GAP = 3
_END = ""
_BEGIN = "<begin>"
_TESTS = "<>"  # the classes of words that a node goes on with, and their tests


_Test = Callable[["Words", int], bool]
_RootClass = tuple[_Test, "dict[str, object] | None"]  # with the next words, None where any may follow


class Words:
    """The words of a text with their places; the unit in which cues and scopes are counted."""

    __slots__ = ("ends", "lower", "starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.lower: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        for match in _WORD.finditer(text):
            word = match.group().lower()
            self.lower.append(_SAME.get(word, word))
            self.starts.append(match.start())
            self.ends.append(match.end())

    def __len__(self) -> int:
        return len(self.lower)

    def between(self, start: int, end: int) -> tuple[int, int]:
        """Give the half-open range of the words that overlap the characters ``start`` to ``end``."""
        return bisect_right(self.ends, start), bisect_left(self.starts, end)

    def is_name(self, i: int) -> bool:
        """Whether word ``i`` is capitalised."""
        return self.ends[i] - self.starts[i] > 1 and self.text[self.starts[i]].isupper()


@dataclass(frozen=True)
class Found(Generic[Entry]):
    """A cue in the text: words ``start`` to ``end`` (half-open) and its entry."""

    start: int
    end: int
    entry: Entry


@dataclass
class CueMatcher(Generic[Entry]):
    """Finds the patterns in a text, leftmost and longest first, without overlap.

    Where two entries have the same pattern, the one added first wins.
    """

    _root: dict[str, object] = field(default_factory=dict)

    def add(self, pattern: str, entry: Entry) -> None:
        """Add a pattern.

        Raises
        ------
        ValueError
            The pattern is empty or its brackets do not match.
        """
        for words in expand(pattern):
            node = self._root
            for word in words:
                if word in _CLASSES and word not in node:
                    node[_TESTS] = (*node.get(_TESTS, ()), (word, _CLASSES[word]))  # type: ignore[misc]
                node = node.setdefault(word, {})  # type: ignore[assignment]
            node.setdefault(_END, entry)

    def find(self, words: Words, start: int = 0, end: int | None = None) -> list[Found[Entry]]:
        """Give the cues among the words ``start`` to ``end``, in order."""
        found: list[Found[Entry]] = []
        root = self._root
        classes = self._root_classes()
        stop = len(words) if end is None else end
        lower = words.lower
        i = start
        while i < stop:
            following = lower[i + 1] if i + 1 < stop else None
            if (
                _goes_on(root.get(lower[i]), following)
                or (i == start and _BEGIN in root)
                or (classes and _may_begin(classes, words, i, following))
            ):
                match = self._longest(words, i, stop, begins=i == start)
                if match is not None:
                    found.append(match)
                    i = match.end
                    continue
            i += 1
        return found

    def _root_classes(self) -> list[_RootClass]:
        """Give the classes of words that patterns begin with, each with the words that go on with it."""
        classes = []
        for name, test in self._root.get(_TESTS, ()):  # type: ignore[attr-defined]
            node: dict[str, object] = self._root[name]  # type: ignore[assignment]
            anything = _END in node or _TESTS in node or "<gap>" in node
            classes.append((test, None if anything else node))
        return classes

    def _longest(self, words: Words, start: int, stop: int, *, begins: bool) -> Found[Entry] | None:
        best: Found[Entry] | None = None
        stack: list[tuple[dict[str, object], int]] = [(self._root, start)]
        if begins and _BEGIN in self._root:
            stack.append((self._root[_BEGIN], start))  # type: ignore[arg-type]
        while stack:
            node, i = stack.pop()
            if _END in node and (best is None or i > best.end):
                best = Found(start, i, node[_END])  # type: ignore[arg-type]
            if "<gap>" in node:
                stack.extend(_after_gap(node["<gap>"], words, i, stop))  # type: ignore[arg-type]
            if i >= stop:
                continue
            for name, test in node.get(_TESTS, ()):  # type: ignore[attr-defined]
                if test(words, i):
                    stack.append((node[name], i + 1))  # type: ignore[arg-type]
            # last in, first out: of two matches of the same length the one by the word itself wins
            following = node.get(words.lower[i])
            if following is not None:
                stack.append((following, i + 1))  # type: ignore[arg-type]
        return best


def _goes_on(node: Any, following: str | None) -> bool:
    """Whether patterns that begin with a word may go on with the next, or end with it."""
    return node is not None and (following in node or _END in node or _TESTS in node or "<gap>" in node)


def _may_begin(classes: list[_RootClass], words: Words, i: int, following: str | None) -> bool:
    """Whether a pattern that begins with a class of words may begin here, by this word and the next."""
    for test, next_words in classes:  # noqa: SIM110 - asked for every word: a generator takes twice as long
        if (next_words is None or following in next_words) and test(words, i):
            return True
    return False


def _after_gap(
    node: dict[str, object], words: Words, i: int, stop: int
) -> Iterable[tuple[dict[str, object], int]]:
    yield node, i
    for j in range(i, min(i + _GAP, stop)):
        if not words.lower[j][0].isalnum() and words.lower[j] not in "-/":
            return
        yield node, j + 1


def expand(pattern: str) -> list[tuple[str, ...]]:
    """Give the word sequences that a pattern stands for."""
    parts = _PATTERN_PART.findall(pattern.lower())
    sequences, rest = _sequence(parts, 0)
    if rest != len(parts) or any(not words for words in sequences):
        raise ValueError(f"not a cue pattern: {pattern!r}")
    return list(dict.fromkeys(sequences))


def _sequence(parts: Sequence[str], i: int) -> tuple[list[tuple[str, ...]], int]:
    """Parse up to a closing bracket or bar; give the sequences and the place of what ended them."""
    sequences: list[tuple[str, ...]] = [()]
    while i < len(parts) and parts[i] != "|" and not parts[i].startswith(")"):
        if parts[i] == "(":
            choices: list[tuple[str, ...]] = []
            while True:
                branch, i = _sequence(parts, i + 1)
                choices += branch
                if i >= len(parts):
                    raise ValueError(f"bracket not closed: {' '.join(parts)!r}")
                if parts[i] != "|":
                    break
            if parts[i] == ")?":
                choices.append(())
        elif len(parts[i]) > 1 and parts[i].endswith("?"):
            choices = [(parts[i][:-1],), ()]
        else:
            choices = [(_SAME.get(parts[i], parts[i]),)]
        sequences = [words + choice for words in sequences for choice in choices]
        i += 1
    return sequences, i


_NUMBERS = {row["word"]: int(row["value"]) for row in load_table("patients_numbers.csv")}
_CARDINALS = frozenset(row["word"] for row in load_table("patients_numbers.csv") if row["kind"] == "cardinal")
_ORDINALS = frozenset(row["word"] for row in load_table("patients_numbers.csv") if row["kind"] == "ordinal")


PERSONS = {row["word"]: row for row in load_table("patients_persons.csv")}
_KIN = frozenset(word for word, row in PERSONS.items() if row["kind"] == "kin")
_ONE_PERSON = frozenset(word for word, row in PERSONS.items() if row["number"] == "one") - _KIN
_PEOPLE = frozenset(PERSONS) - _ONE_PERSON - _KIN
_ANIMALS = {row["word"]: row["number"] for row in load_table("attribution_animals.csv")}
_NOT_AUTHORS = frozenset(load_lines("attribution_not_authors.txt"))


def is_people(word: str) -> bool:
    """Whether a word means several persons ("women", "teachers")."""
    return word in _PEOPLE or (word.endswith("s") and word[:-1] in _ONE_PERSON)


def persons_among(said: Iterable[str]) -> set[str]:
    """Give the words for persons, those in a plural with -s in the singular."""
    return {
        word if word in PERSONS else word[:-1] for word in said if word in PERSONS or word[:-1] in _ONE_PERSON
    }


def number_of(word: str) -> int | None:
    """Give the value of a whole number: digits, a cardinal, an ordinal or a Roman numeral; else None."""
    if word.isdecimal():
        return int(word) if len(word) < 6 else None
    return _NUMBERS.get(word.lower())


def _is_number(words: Words, i: int) -> bool:
    word = words.lower[i]
    return word[0].isdecimal() or word in _CARDINALS


_CLASSES: dict[str, _Test] = {
    "<animal>": lambda words, i: words.lower[i] in _ANIMALS,
    "<animals>": lambda words, i: _ANIMALS.get(words.lower[i]) == "many",
    "<num>": _is_number,
    "<nth>": lambda words, i: words.lower[i] in _ORDINALS,
    "<name>": Words.is_name,
    "<author>": lambda words, i: (
        words.is_name(i)
        and words.lower[i] not in _NOT_AUTHORS
        and words.lower[i] not in PERSONS
        and not words.lower[i].endswith("ly")
    ),
    "<kin>": lambda words, i: words.lower[i] in _KIN,
    "<person>": lambda words, i: words.lower[i] in _ONE_PERSON,
    "<people>": lambda words, i: is_people(words.lower[i]),
    "<w>": lambda words, i: words.lower[i][0].isalnum(),
}
