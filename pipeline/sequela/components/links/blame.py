"""Drugs that a report blames in words that name no event: "patch tests were positive for carbamazepine".

The sentence that blames a drug and the sentence that tells what happened are often two. What is blamed here
makes evidence of time elsewhere in the report believable; by itself it makes no link.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from functools import cache

from sequela.components.links.masking import Masked
from sequela.components.links.names import NameKeys
from sequela.components.links.rules import compile_pattern
from sequela.lexicons.loader import load_table
from sequela.schema import Attribution, Blame, Frame

_STOPPED, _POISONING = "stopped_drug", "poisoning_by_drug"
_POISON = re.compile(r"\b(?:intoxication|overdos\w*|poisoning)$")
_WINDOW = 120  # masked characters before and after the drug


def find_blamed(
    sentences: Iterable[Masked],
    keys: NameKeys,
    frame_at: Callable[[int], Frame | None],
    disabled: Collection[str] = (),
) -> Blame:
    """Give the keys of the drugs that the history of a patient blames, and of those that were stopped.

    The rules are the lines of ``lexicons/linking_blame.csv``. A drug that was stopped without a reason given is
    blamed only where the report blames no other.

    Parameters
    ----------
    sentences, keys
        Of the report.
    frame_at
        Gives whom the statement at an offset is about.
    disabled
        Names of rules that are not to be used.
    """
    rules = [rule for rule in _rules() if rule[0] not in disabled]
    denial = _denial()
    blamed: set[str] = set()
    stopped: set[str] = set()
    poisons: set[str] = set()
    for masked in sentences:
        for number, item in enumerate(masked.items):
            if item.kind != "D" or not item.mentions or keys.drug(item.mention) in blamed:
                continue
            frame = frame_at(item.start)
            if frame is not None and frame.attribution is not Attribution.INDEX_PATIENT:
                continue
            first, last, _ = masked.edges(number)
            before, after = masked.text[max(0, first - _WINDOW) : first], masked.text[last : last + _WINDOW]
            before = before.rstrip()
            if _is_poisoning(masked, number):  # "methamphetamine intoxication", tagged as drug and event
                poisons.update(keys.drug(mention) for mention in item.mentions)
                continue
            for name, pattern_before, pattern_after in rules:
                if (
                    (pattern_before is None or pattern_before.search(before))
                    and (pattern_after is None or pattern_after.search(after))
                    and not denial.search(before)
                    and not denial.search(after)
                ):
                    {_STOPPED: stopped, _POISONING: poisons}.get(name, blamed).update(
                        keys.drug(mention) for mention in item.mentions
                    )
                    break
    return Blame(blamed=frozenset(blamed | poisons), stopped=frozenset(stopped), poisons=frozenset(poisons))


def rule_names() -> list[str]:
    """Names of the rules, each once."""
    return list(dict.fromkeys(row["rule"] for row in load_table("linking_blame.csv")))


def _is_poisoning(masked: Masked, number: int) -> bool:
    following = masked.items[number + 1 : number + 2]
    return bool(
        following
        and masked.places[number + 1] <= masked.places[number] + 2
        and _POISON.search(following[0].text.lower())
    )


@cache
def _rules() -> list[tuple[str, re.Pattern[str] | None, re.Pattern[str] | None]]:
    return [
        (
            row["rule"],
            compile_pattern(row["before"]) if row["before"] else None,
            compile_pattern(row["after"]) if row["after"] else None,
        )
        for row in load_table("linking_blame.csv")
    ]


@cache
def _denial() -> re.Pattern[str]:
    return compile_pattern(r"\b<not_blamed>\b")
