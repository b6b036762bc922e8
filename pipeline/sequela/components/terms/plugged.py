"""Terminologies of the user in the place of those that travel with the package."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Protocol

from sequela.components.terms.drugs import drug_terms
from sequela.components.terms.events import event_terms
from sequela.components.terms.spelling import CACHE, VARIANT, scored
from sequela.schema import Label, Term


class Terminology(Protocol):
    """What can be plugged in."""

    def find(self, text: str, *, whole: bool) -> Term | None:
        """Give the term of a mention; with ``whole`` only where all of the mention is a name of it."""


class Plugged:
    """Finds terms in a user's terminology first, then in those of the package.

    A mention that the user's terminology does not know is looked up in the package's; the names that it has there
    ("AKI" is "Acute kidney injury") are looked up in the user's. A part of a mention counts only where neither
    knows the whole: a specific code of the package goes before a general one of the user's.
    """

    def __init__(self, terminology: Terminology, label: Label, own: Callable[[str], Term | None]) -> None:
        self.terminology = terminology
        self.label = label
        self.own = own
        self.find = lru_cache(maxsize=CACHE)(self._find)

    def _find(self, text: str) -> Term | None:
        found = self.terminology.find(text, whole=True)
        if found is not None:
            return found
        mine = self.own(text)
        if mine is not None and mine.score >= VARIANT:
            return self._translated(mine) or mine
        found = self.terminology.find(text, whole=False)
        if found is not None:
            return found
        return (self._translated(mine) or mine) if mine is not None else None

    def _translated(self, mine: Term) -> Term | None:
        """Give the user's term that has a name in common with one of the package."""
        for name in (mine.name, *names_by_code(self.label).get(mine.code, ())):
            found = self.terminology.find(name, whole=True)
            if found is not None:
                return scored(found, mine.score)
        return None


@cache
def names_by_code(label: Label) -> Mapping[str, tuple[str, ...]]:
    """Give the names of every drug or event of the package by its code, without those that only come near."""
    terms = drug_terms() if label is Label.DRUG else event_terms(loose=False)
    names: dict[str, list[str]] = defaultdict(list)
    for name, term in terms.items():
        names[term.code].append(name)
    return {code: tuple(found) for code, found in names.items()}
