"""Rules over atoms, compiled from ``lexicons/time_rules.json``.

A pattern names atoms and macros; ``( ) | ? {m,n} (?!`` mean what they mean in a regular expression. Repeats
are bounded, so a rule looks at a bounded number of atoms from where it begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from sequela.components.time.atoms import OTHER, atom_codes
from sequela.lexicons.loader import load_json

_NAME = re.compile(r"[A-Z][A-Z_]*|\bx\b")


@dataclass(frozen=True)
class Rule:
    """A named rule: its pattern over atom codes and the name of the function that reads its value."""

    name: str
    build: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Grammar:
    """The rules of a scope, and one expression that finds where any of them begins."""

    rules: tuple[Rule, ...]
    any_rule: re.Pattern[str]

    def next_start(self, codes: str, position: int) -> int | None:
        """Give the first place from ``position`` on where a rule matches."""
        found = self.any_rule.search(codes, position)
        return found.start() if found else None

    def candidates(self, codes: str, start: int) -> list[tuple[Rule, int]]:
        """Give the rules that match at ``start`` with their ends, longest first, then by the file's order."""
        matches = ((rule, rule.pattern.match(codes, start)) for rule in self.rules)
        found = [(rule, match.end()) for rule, match in matches if match]
        return sorted(found, key=lambda item: -item[1])

    def covering(self, codes: str, start: int, end: int) -> list[Rule]:
        """Give the rules that match ``codes[start:end]`` as a whole, in the order of the file."""
        return [rule for rule in self.rules if rule.pattern.fullmatch(codes, start, end)]


@cache
def load_grammar(scope: str) -> Grammar:
    """Compile a scope: ``rules`` for running text, ``phrase_rules`` for a phrase known to be of time."""
    content = load_json("time_rules.json")
    rules = tuple(
        Rule(row["name"], row["build"], re.compile(_expand(row["pattern"], content["macros"])))
        for row in content[scope]
    )
    anywhere = "|".join(f"(?:{rule.pattern.pattern})" for rule in rules)
    return Grammar(rules, re.compile(f"(?!{OTHER})(?:{anywhere})"))


def _expand(pattern: str, macros: dict[str, str]) -> str:
    codes = atom_codes()

    def replace(match: re.Match[str]) -> str:
        name = match.group()
        if name in macros:
            return _expand(macros[name], macros)
        if name == OTHER:
            return OTHER
        if name not in codes:
            raise ValueError(f"{name} is neither an atom nor a macro: see lexicons/time_words.csv")
        return codes[name]

    # Groups capture nothing.
    return re.sub(r"\((?!\?)", "(?:", _NAME.sub(replace, pattern)).replace(" ", "")
