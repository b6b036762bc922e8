"""Many phrases as one regular expression that branches at every letter.

Python tries the branches of ``a|b|…`` one after another at every place of a text; of phrases that share their
first letters only one branch is entered here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_Node = dict[str, "_Node"]
_END = ""  # stands for the end of a phrase


def any_of(phrases: Iterable[str]) -> str:
    r"""Give a regular expression, without captures, for any of the phrases, the longer of two that fit first.

    A blank stands for white space of any length.
    """
    root: _Node = {}
    for phrase in phrases:
        node = root
        for char in " ".join(phrase.split()):
            node = node.setdefault(r"\s+" if char == " " else re.escape(char), {})
        node[_END] = {}
    return _pattern(root)


def _pattern(node: _Node) -> str:
    branches = [char + _pattern(node[char]) for char in sorted(node) if char != _END]
    if not branches:
        return ""
    if _END in node:
        return f"(?:{'|'.join(branches)})?"
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
