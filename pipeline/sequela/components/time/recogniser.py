"""Find the time expressions of a text, and the value of a phrase."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from sequela.components.time import calendar
from sequela.components.time.atoms import OTHER, Atoms, atom_codes, cut
from sequela.components.time.builders import BUILDERS
from sequela.components.time.grammar import Rule, load_grammar
from sequela.components.time.newswire import NEWS_BUILDERS
from sequela.components.time.pieces import Piece, Reading, Setting
from sequela.lexicons.loader import load_table
from sequela.schema import TimeExpression, TimexType

_NEAR = 3  # atoms that a builder sees on each side
_WORD = re.compile(r"[A-Za-z]+")
_REACH = 60  # characters in which the reference is looked for
_BUILDERS = BUILDERS | NEWS_BUILDERS
_REFERRING = frozenset({"after", "within", "at", "before", ""})


@dataclass(frozen=True)
class FoundTime:
    """A time expression and its place in the text."""

    start: int
    end: int
    expression: TimeExpression

    @property
    def is_age(self) -> bool:
        """Whether it is somebody's age."""
        return self.expression.reference == "birth" and self.expression.rule.startswith("age")


def find_times(text: str, *, document_date: date | None = None) -> list[FoundTime]:
    """Find every time expression of ``text``, in order and without overlap.

    Parameters
    ----------
    text
        Any text; the time taken grows linearly with its length.
    document_date
        Completes dates without a year; without it they stay ``XXXX-05-03``.
    """
    atoms = cut(text)
    names = _names()
    numdate = atom_codes()["NUMDATE"]
    order = None
    if numdate in atoms.codes:
        order = calendar.day_order(
            [str(v) for c, v in zip(atoms.codes, atoms.values, strict=True) if c == numdate]
        )
    grammar = load_grammar("rules")
    found: list[FoundTime] = []
    start = grammar.next_start(atoms.codes, 0)
    while start is not None:
        position = start + 1
        # What a longer rule gives up, a shorter one may still hold.
        for rule, last in grammar.candidates(atoms.codes, start):
            reading = _read(
                text, atoms, names, rule, start, last, document_date=document_date, day_first=order
            )
            if reading is None:
                continue
            position = last if reading.last is None else start + reading.last
            place = (atoms.starts[start + reading.first], atoms.ends[position - 1])
            expression = replace(reading.expression, rule=reading.expression.rule or rule.name)
            found.append(FoundTime(*place, _with_reference(expression, text, place[1])))
            break
        start = grammar.next_start(atoms.codes, position)
    return found


def normalise(text: str, *, document_date: date | None = None) -> TimeExpression | None:
    """Give the value of a phrase that is known to be a time expression; None where it has none."""
    atoms = cut(text)
    names = _names()
    first, last = 0, len(atoms.codes)
    while last > first and names.get(atoms.codes[last - 1]) in ("FULLSTOP", "COMMA"):
        last -= 1
    # Beside a document date a phrase is read as news: "last year" is a date, not a length.
    for scope in ("phrase_rules", "rules") if document_date else ("rules", "phrase_rules"):
        for rule in load_grammar(scope).covering(atoms.codes, first, last):
            reading = _read(
                text, atoms, names, rule, first, last, document_date=document_date, whole_phrase=True
            )
            if reading:
                return replace(reading.expression, rule=rule.name)
    found = find_times(text, document_date=document_date)
    if found:
        # "ten days after the second cycle": the expression with a number, then the longer one
        return max(found, key=lambda item: (bool(item.expression.value), item.end - item.start)).expression
    return None


def is_one_expression(text: str) -> bool:
    """Whether one rule reads the whole of a phrase."""
    return bool(load_grammar("rules").covering(codes := cut(text).codes, 0, len(codes)))


@cache
def _names() -> dict[str, str]:
    return {code: name for name, code in atom_codes().items()}


def _read(
    text: str,
    atoms: Atoms,
    names: dict[str, str],
    rule: Rule,
    first: int,
    last: int,
    *,
    document_date: date | None,
    day_first: bool | None = None,
    whole_phrase: bool = False,
) -> Reading | None:
    def pieces(start: int, end: int) -> list[Piece]:
        return [
            Piece(names.get(atoms.codes[i], OTHER), atoms.values[i], text[atoms.starts[i] : atoms.ends[i]])
            for i in range(max(start, 0), min(end, len(atoms.codes)))
        ]

    end = atoms.ends[last - 1]
    setting = Setting(
        before=pieces(first - _NEAR, first),
        after=pieces(last, last + _NEAR),
        following=text[end : end + 40],
        document_date=document_date,
        day_first=day_first,
        whole_phrase=whole_phrase,
    )
    return _BUILDERS[rule.build](pieces(first, last), setting)


def _with_reference(expression: TimeExpression, text: str, end: int) -> TimeExpression:
    """Name what "after 5 days of treatment" or "3 days after admission" is counted from."""
    if (
        expression.reference
        or expression.type is not TimexType.DURATION
        or expression.relation not in _REFERRING
    ):
        return expression
    reach = text[end : end + _REACH].split(".", 1)[0]
    table = _references()
    for number, match in enumerate(_WORD.finditer(reach)):
        if number > 6:
            break
        reference = table.get(match.group().lower())
        if reference:
            return replace(expression, reference=reference)
    return expression


@cache
def _references() -> dict[str, str]:
    return {row["word"]: row["reference"] for row in load_table("time_references.csv")}
