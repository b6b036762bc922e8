"""Rules across sentences: an event whose own sentence names no cause, a drug told shortly before or after."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from sequela.components.links.masking import Item, Masked
from sequela.components.links.names import is_class_name
from sequela.components.links.report import Account
from sequela.components.links.rules import Decision, Verdict, compile_pattern
from sequela.lexicons.loader import load_table
from sequela.schema import Link, Section, Zone

_LOOK_BACK = 8
_LONGEST = 600  # masked characters around the drug and before the event that a rule may look at
_RETELLING = frozenset((Zone.INTRODUCTION, Zone.DISCUSSION, Zone.CONCLUSION, Zone.TABLE, Zone.REFERENCES))


def find_told_before(account: Account, links: list[Link]) -> Iterator[tuple[Item, Item, Decision]]:
    """Give drug, event and decision for events that no drug of their own sentence explains.

    The rules are the lines of ``lexicons/linking_neighbours.csv``: what the sentences of the drug and of the
    event must look like, and how many sentences lie between them at most.
    """
    explained = {
        (link.event.start, link.event.end) for link in links if not link.rejected or link.score >= 0.7
    }
    sections, sentences = account.sections, account.sentences
    rules = _rules()
    for position, masked in enumerate(sentences):
        events = [
            (place, item)
            for place, item in zip(masked.places, masked.items, strict=True)
            if item.kind == "E" and item.mentions and (item.start, item.end) not in explained
        ]
        if not events or _is_retelling(sections, masked):
            continue
        of_class: list[tuple[Item, Item, Decision]] = []
        for other in (*range(position - 1, max(-1, position - 1 - _LOOK_BACK), -1), position + 1):
            if not 0 <= other < len(sentences) or not _same_section(sections, masked, sentences[other]):
                continue
            distance = sentences[other].number - masked.number
            found = [
                (drug, item, Decision(name, Verdict.REACTION, score, masked.start, item.start))
                for place, item in events
                for drug, name, score in _matches(rules, sentences[other], masked, place, distance)
            ]
            found = _of_last_group(sentences[other], found)
            if found and not all(is_class_name(drug.mention.text) for drug, _, _ in found):
                yield from found
                break
            of_class = of_class or found  # "the chemotherapy" may have been named before
        else:
            yield from of_class


def _of_last_group(
    told: Masked, found: list[tuple[Item, Item, Decision]]
) -> list[tuple[Item, Item, Decision]]:
    """Keep the drugs named last together: "under A and B, treatment with C and D was begun" blames C and D."""
    if not found:
        return []
    groups = {drug.start: group for drug, group in zip(told.items, told.groups, strict=True)}
    last = max(groups[drug.start] for drug, _, _ in found)
    return [one for one in found if groups[one[0].start] == last]


def _matches(
    rules: list[tuple[str, int, int, re.Pattern[str], re.Pattern[str], float]],
    told: Masked,
    masked: Masked,
    place: int,
    distance: int,
) -> Iterator[tuple[Item, str, float]]:
    if place > _LONGEST:
        return
    before, after = masked.text[:place], masked.text[place + 1 : place + _LONGEST]
    for number, item in enumerate(told.items):
        if item.kind != "D" or not item.mentions:
            continue
        for name, nearest, furthest, exposure, onset, score in rules:
            if not nearest <= distance <= furthest:
                continue
            first, last, _ = told.edges(number)
            text = f"{told.text[max(0, first - _LONGEST) : first]}@{told.text[last : last + _LONGEST]}"
            if onset.search(f"{before}@{after}") and exposure.search(text):
                yield item, name, score
                break


@cache
def _rules() -> list[tuple[str, int, int, re.Pattern[str], re.Pattern[str], float]]:
    rules = []
    for row in load_table("linking_neighbours.csv"):
        exposure, onset = compile_pattern(row["drug_sentence"]), compile_pattern(row["event_sentence"])
        rules.append((row["rule"], int(row["from"]), int(row["to"]), exposure, onset, float(row["score"])))
    return rules


def _is_retelling(sections: list[Section], masked: Masked) -> bool:
    """Whether a sentence lies where reports argue instead of telling in the order of time."""
    return any(
        section.start <= masked.start < section.end and section.zone in _RETELLING for section in sections
    )


def _same_section(sections: list[Section], one: Masked, other: Masked) -> bool:
    for section in sections:
        if section.start <= one.start < section.end:
            return section.start <= other.start < section.end
    return True
