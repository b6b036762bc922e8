"""Atoms of a matched rule, and what a builder gives for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sequela.schema import TimeExpression


@dataclass(frozen=True)
class Piece:
    """An atom of the matched text."""

    atom: str
    value: str | float
    text: str


@dataclass(frozen=True)
class Setting:
    """What stands around the match, and what else is known."""

    before: Sequence[Piece] = ()
    after: Sequence[Piece] = ()
    following: str = ""  # the text right after the match
    document_date: date | None = None
    day_first: bool | None = None  # for 03/05/2019, where other dates of the report tell
    whole_phrase: bool = False

    def previous(self) -> str:
        """Atom right before the match."""
        return self.before[-1].atom if self.before else ""

    def next(self) -> str:
        """Atom right after the match."""
        return self.after[0].atom if self.after else ""


@dataclass(frozen=True)
class Reading:
    """A value, and which of the pieces belong to the expression (the others only led to it)."""

    expression: TimeExpression
    first: int = 0
    last: int | None = None


Builder = Callable[[list[Piece], Setting], "Reading | None"]
UNIT_ATOMS = frozenset({"UNIT", "UNITS", "UNIT_SHORT", "QUARTER", "SECOND"})
ORDINALS = frozenset({"ORDINAL", "FIRST", "SECOND"})
