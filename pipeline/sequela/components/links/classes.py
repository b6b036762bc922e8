"""Drug classes and their members, by the stems of international non-proprietary names."""

from __future__ import annotations

import re
from functools import cache

from sequela.lexicons.loader import load_table


@cache
def _members() -> dict[str, re.Pattern[str]]:
    stems: dict[str, list[str]] = {}
    for row in load_table("drug_classes.csv"):
        stems.setdefault(row["class"], []).append(re.escape(row["member"]))
    return {name: re.compile("|".join(found)) for name, found in stems.items()}


def is_member(drug: str, name: str) -> bool:
    """Whether a drug belongs to a class, by its name ("amoxicillin" to "antibiotic")."""
    pattern = _members().get(name)
    return bool(pattern and pattern.search(drug.lower()))


def class_of(text: str) -> str:
    """Give the class that a mention names ("antibiotics", "the vaccine"), "" when it names none."""
    words = re.sub(r"^(?:the|this|these|that|those|an?|other|oral|intravenous) ", "", text.lower().strip())
    for form in (words, words[:-1] if words.endswith("s") else words):
        if form in _members():
            return form
    return ""
