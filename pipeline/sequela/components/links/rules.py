"""The rules for a drug and an event of one sentence: an ordered list, the first that matches decides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache

from sequela.components.links.masking import Masked
from sequela.lexicons.loader import load_table

# Words between a cue and what it is about. `nv` ("no verb") holds nothing that tells of a new event.
_WORD = r"[a-z0-9'’/.%+-]{1,30}"
_NO_VERB = (
    r"(?!develop|experienc|present|complain|caus|induc|result|suffer|had\b|was\b|were\b|who\b|after\b|then\b)"
    r"[a-zB'’/.-]{1,30}"
)
_ATOMS = {
    **{f"w{n}": rf"(?:(?:{_WORD}|T|B)(?: |$)){{0,{n}}}" for n in (1, 2, 3, 4, 6)},
    "nv4": rf"(?:{_NO_VERB}(?: |$)){{0,4}}",
    "ly": r"(?:[a-z]{2,20}ly|initially|being)",
}

_WINDOW = 160  # masked characters before and after the pair that a rule may look at

_FARTHEST = 300  # masked characters between drug and event beyond which nothing but nearness is looked at


class Verdict(str, Enum):
    """What a rule says of the pair."""

    REACTION = "reaction"
    TREATMENT = "treatment"
    INDICATION = "indication"
    EXCLUDED = "excluded"


@dataclass(frozen=True)
class Rule:
    """One line of ``lexicons/linking_rules.csv``."""

    name: str
    order: str
    before: re.Pattern[str] | None
    between: re.Pattern[str] | None
    after: re.Pattern[str] | None
    verdict: Verdict
    score: float


@dataclass(frozen=True)
class Decision:
    """The rule that decided, and where in the report the words lie that it looked at (half-open)."""

    rule: str
    verdict: Verdict
    score: float
    start: int
    end: int


@cache
def _atoms() -> dict[str, str]:
    classes: dict[str, list[str]] = {}
    for row in load_table("linking_cues.csv"):
        classes.setdefault(row["class"], []).append(row["cue"])
    return {**_ATOMS, **{name: f"(?:{'|'.join(cues)})" for name, cues in classes.items()}}


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of the rule files: ``<name>`` stands for a class of ``lexicons/linking_cues.csv``."""
    atoms = _atoms()
    return re.compile(re.sub(r"<(\w+)>", lambda match: atoms[match.group(1)], pattern))


def load_rules(disabled: Iterable[str] = ()) -> dict[str, tuple[Rule, ...]]:
    """Compile the rules by the order of drug and event ("DE", "ED"), without those named in ``disabled``."""
    off = frozenset(disabled)
    rules: dict[str, list[Rule]] = {"DE": [], "ED": []}
    for row in load_table("linking_rules.csv"):
        if row["rule"] not in off:
            rules[row["order"]].append(
                Rule(
                    row["rule"],
                    row["order"],
                    compile_pattern(row["before"]) if row["before"] else None,
                    compile_pattern(row["between"]) if row["between"] else None,
                    compile_pattern(row["after"]) if row["after"] else None,
                    Verdict(row["verdict"]),
                    float(row["score"]),
                )
            )
    return {order: tuple(found) for order, found in rules.items()}


def decide(masked: Masked, drug: int, event: int, rules: dict[str, tuple[Rule, ...]]) -> Decision | None:
    """Apply the rules to two items of a masked sentence; None when none matches."""
    left, right, order = (drug, event, "DE") if drug < event else (event, drug, "ED")
    if masked.groups[left] == masked.groups[right]:
        return None
    left_start, left_end, last = masked.edges(left)
    right_start, right_end, _ = masked.edges(right)
    first = masked.first_of(masked.groups[right])
    if left_end > right_start:
        return None
    before = masked.text[max(0, left_start - _WINDOW) : left_start].rstrip()
    between = masked.text[left_end:right_start].rstrip()
    far = right_start - left_end > _FARTHEST
    after = masked.text[right_end : right_end + _WINDOW]
    for rule in rules[order]:
        if (
            (rule.before is None or rule.before.search(before))
            and (rule.after is None or rule.after.search(after))
            and (rule.between is None or (not far and rule.between.search(between)))
        ):
            start, end = masked.items[last].end, masked.items[first].start
            return Decision(rule.name, rule.verdict, rule.score, start, max(start, end))
    return None


def is_quantity(event: str) -> bool:
    """Whether an event mention, in lower case, is something that is measured ("creatinine", "liver function")."""
    return bool(_measurement()[0].search(event))


def tells_of_change(*texts: str) -> bool:
    """Whether words, in lower case, tell that a quantity rose or fell."""
    return any(map(_measurement()[1].search, texts))


@cache
def _measurement() -> tuple[re.Pattern[str], re.Pattern[str]]:
    atoms = _atoms()
    return re.compile(rf"\b{atoms['measurement']}$"), re.compile(rf"\b{atoms['direction']}\b")


def is_improvement(event: str) -> bool:
    """Whether an event mention tells of something good ("complete recovery", "well tolerated")."""
    return bool(_improvement().search(event.lower()))


@cache
def _improvement() -> re.Pattern[str]:
    cues = "|".join(row["cue"] for row in load_table("linking_cues.csv") if row["class"] == "improvement")
    return re.compile(rf"\b(?:{cues})\b")


@cache
def evidence_of() -> dict[str, str]:
    """Kind of evidence of every rule: causal, temporal, weak, neighbour or aside (treatment, indication)."""
    kinds = {row["rule"]: row["evidence"] for row in load_table("linking_rules.csv")}
    kinds.update({row["rule"]: row["evidence"] for row in load_table("linking_neighbours.csv")})
    kinds.update(
        {"told_of_patient": "report", "roles": "role", "disorder_role": "aside", "pair_model": "model"}
    )
    kinds.update({"manifested_as": "causal", "poisoning": "told"})
    return kinds
