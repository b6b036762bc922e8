"""Cues of the course of a reaction: where a sentence says "resolved", "was withdrawn", "given again".

Most sentences hold none. One expression of word beginnings (the ``stems`` of ``course_cues.csv``) finds those
that may, and only the rules whose stems were seen are tried there.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from sequela.lexicons.loader import load_table
from sequela.schema import Cue

OUTCOME, ACTION, RECHALLENGE, RECURRENCE = "outcome", "action", "rechallenge", "recurrence"
MEASURED = "measured"
_LOOK_BACK = 80
_NOT_TOLD = re.compile(
    r"\b(?:should|may|might|can|could|would|must|if|usually|generally|typically|often|recommend\w{0,6}"
    r"|advised?|expected|consider\w{0,5}|plan(?:ned|s)?|did|whether|unless)\b[^.;]{0,60}$"
)
# Where one clause ends and the next begins, the plainest boundary first.
_HARD = re.compile(r";|:\s|\s[–—]\s|,?\s(?:but|while|whereas|although|though|however|yet)\s")
_PRONOUN = r"(?:the|her|his|their|its|she|he|it|they|both|all|no|we|then)"
_SOFT = re.compile(
    rf",\s(?:and\s)?{_PRONOUN}\s|\sand\s{_PRONOUN}\s|,\s(?:which|who|and)\s|\sfollowed\sby\s|\bwith\ssubsequent\s"
)
_WEAK = re.compile(r"\s(?:and|after|when|once|following|upon|because|since|with)\s|,\s")


@dataclass(frozen=True)
class Rule:
    """A row of ``course_cues.csv``."""

    name: str
    kind: str
    value: str
    scope: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Statement:
    """A cue in its clause: ``begin`` and ``stop`` are the offsets of the clause, ``sentence`` its number."""

    kind: str
    value: str
    scope: str
    cue: Cue
    sentence: int
    begin: int
    stop: int


def triggered(lowered: str) -> Iterator[tuple[int, frozenset[int]]]:
    """Give the offsets of word beginnings that a cue may have, with the numbers of the rules."""
    by_stem = _stems()
    for match in _trigger().finditer(lowered):
        yield match.start(), by_stem[match[0]]


def find_statements(
    text: str, lowered: str, sentence: int, begin: int, end: int, numbers: Iterable[int]
) -> list[Statement]:
    """Give the statements of a sentence in the order of the text; advice, doubt and what a denial covers are left out.

    Parameters
    ----------
    text, lowered
        The report, as written and in lower case.
    sentence, begin, end
        Number and offsets of the sentence.
    numbers
        Of the rules to try.
    """
    found = [
        (match.start(), -match.end(), rule)
        for rule in map(rules().__getitem__, sorted(numbers))
        for match in rule.pattern.finditer(lowered, begin, end)
    ]
    if not found:
        return []
    kept: list[tuple[int, int, Rule]] = []
    covered: dict[str, int] = {}
    for start, minus_end, rule in sorted(found, key=lambda item: item[:2]):
        if start < covered.get(rule.kind, -1):
            continue  # "resolved" in "has not resolved", "recovery" in "partial recovery"
        covered[rule.kind] = -minus_end
        if rule.value == "not_done" or not _NOT_TOLD.search(lowered[max(begin, start - _LOOK_BACK) : start]):
            kept.append((start, -minus_end, rule))
    # a value that is named divides no clause, and its own reaches to the next cue's subject
    told = [(start, stop) for start, stop, rule in kept if rule.scope != MEASURED]
    of_told = dict(zip(told, _clauses(lowered, begin, end, told), strict=True))
    clauses = [
        of_told.get((start, stop)) or _clauses(lowered, start, end, [(start, stop)])[0]
        for start, stop, _ in kept
    ]
    return [
        Statement(
            rule.kind,
            rule.value,
            rule.scope,
            Cue(text=text[start:stop], start=start, end=stop, rule=rule.name),
            sentence,
            *clause,
        )
        for (start, stop, rule), clause in zip(kept, clauses, strict=True)
    ]


def _clauses(text: str, begin: int, end: int, cues: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Give the clause of each cue; two cues with no boundary between them share one."""
    hard = [match.start() for match in _HARD.finditer(text, begin, end)]
    clauses: list[list[int]] = []
    for number, (start, stop) in enumerate(cues):
        before_it = bisect_right(hard, start)
        opening = hard[before_it - 1] if before_it else begin
        if number:
            before = cues[number - 1][1]
            boundary = _boundary(text, before, start)
            if boundary is None:
                opening = clauses[-1][0]
            else:
                clauses[-1][1] = min(clauses[-1][1], boundary)
                opening = max(opening, boundary)
        after_it = bisect_left(hard, stop)
        closing = hard[after_it] if after_it < len(hard) else end
        clauses.append([opening, closing])
    return [(opening, closing) for opening, closing in clauses]


def _boundary(text: str, begin: int, end: int) -> int | None:
    for pattern in (_HARD, _SOFT, _WEAK):
        match = pattern.search(text, begin, end)
        if match:
            return match.start()
    return None


@cache
def rules() -> tuple[Rule, ...]:
    """Give the rules in the order of the lexicon."""
    return tuple(
        Rule(row["rule"], row["kind"], row["value"], row["scope"], re.compile(row["pattern"]))
        for row in load_table("course_cues.csv")
    )


@cache
def recurrence_rules() -> frozenset[int]:
    """Give the numbers of the rules that are asked only where a drug was given again."""
    return frozenset(number for number, rule in enumerate(rules()) if rule.kind == RECURRENCE)


@cache
def _stems() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for number, row in enumerate(load_table("course_cues.csv")):
        for stem in filter(None, row["stems"].split("|")):
            found[stem].add(number)
    # the trigger finds the longest stem of a word: it stands for the shorter ones that it begins with, too
    return {
        stem: frozenset(
            number for other, numbers in found.items() if stem.startswith(other) for number in numbers
        )
        for stem in found
    }


@cache
def _trigger() -> re.Pattern[str]:
    by_letter: dict[str, list[str]] = defaultdict(list)
    for stem in sorted(_stems(), key=lambda stem: (-len(stem), stem)):
        by_letter[stem[0]].append(re.escape(stem[1:]))
    branches = "|".join(f"{letter}(?:{'|'.join(rest)})" for letter, rest in sorted(by_letter.items()))
    return re.compile(rf"\b(?:{branches})")
