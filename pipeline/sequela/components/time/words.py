"""Words of the onset rules, by group, as pieces of regular expressions."""

from __future__ import annotations

import re
from functools import cache

from sequela.lexicons.loader import load_table

_STEM = "*"  # behind an entry: the word may go on


@cache
def words(group: str) -> tuple[str, ...]:
    """Give the entries of a group of ``time_onset_words.csv``.

    Raises
    ------
    KeyError
        No such group.
    """
    found = tuple(row["word"] for row in load_table("time_onset_words.csv") if row["group"] == group)
    if not found:
        raise KeyError(f"lexicons/time_onset_words.csv has no group {group!r}")
    return found


def any_of(*groups: str) -> str:
    r"""Give a regular expression, without captures, for any word of the groups: ``(?:stopp\w*|halt\w*)``.

    Longer entries come first; a blank stands for white space of any length.
    """
    entries = sorted({entry for group in groups for entry in words(group)}, key=len, reverse=True)
    return "(?:" + "|".join(map(_pattern, entries)) + ")"


def whole(*groups: str) -> re.Pattern[str]:
    """Compile `any_of` as whole words, in upper or lower case."""
    return re.compile(rf"\b{any_of(*groups)}\b", re.IGNORECASE)


def _pattern(entry: str) -> str:
    stem = entry.endswith(_STEM)
    text = r"\s+".join(map(re.escape, entry.rstrip(_STEM).split()))
    return text + r"\w*" if stem else text
