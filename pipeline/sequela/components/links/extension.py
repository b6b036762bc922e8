"""What follows from a link: the signs of a reaction, what somebody who was poisoned came with.

Unlike the rules of ``lexicons/linking_rules.csv``, these need what the rest of the report says of the drug.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache

from sequela.components.links.masking import Item, Masked
from sequela.components.links.names import is_generic_event
from sequela.components.links.report import Account
from sequela.components.links.rules import Decision, Verdict, compile_pattern, evidence_of
from sequela.schema import Assertion, Attribution, Link

MANIFESTED, POISONED = "manifested_as", "poisoning"
_SCORES = {MANIFESTED: 0.75, POISONED: 0.65}
_SURE = 0.75
_ASIDE = (Attribution.TREATMENT, Attribution.INDICATION, Attribution.EXCLUDED)
_ASSERTED = (Assertion.AFFIRMED, Assertion.POSSIBLE)


def find_signs(sentences: Iterable[Masked], links: Iterable[Link]) -> Iterator[tuple[Item, Item, Decision]]:
    """Give the signs that a sentence tells of a reaction: "DRESS due to …, manifested by fever and rash"."""
    by_place = {
        (link.drug.start, link.event.start): link
        for link in links
        if not link.rejected and link.score >= _SURE and evidence_of()[link.rule] in ("causal", "timed")
    }
    if not by_place:
        return
    known = set(by_place)
    for masked in sentences:
        drugs = [
            (number, item) for number, item in enumerate(masked.items) if item.kind == "D" and item.mentions
        ]
        events = [
            (number, item) for number, item in enumerate(masked.items) if item.kind == "E" and item.mentions
        ]
        for _, drug in drugs:
            linked = [
                (number, event)
                for number, event in events
                if (drug.mention.start, event.mention.start) in by_place
            ]
            for number, event in events:
                if (drug.mention.start, event.mention.start) in known:
                    continue
                for first, reaction in linked:
                    if first < number and _signs().search(
                        masked.text, masked.places[first] + 1, masked.places[number]
                    ):
                        known.add((drug.mention.start, event.mention.start))
                        yield drug, event, _decision(MANIFESTED, reaction, event)
                        break


def find_poisoning(
    account: Account, links: Iterable[Link], poisons: Collection[str]
) -> Iterator[tuple[Item, Item, Decision]]:
    """Give what somebody came with whose poisoning or overdose the report tells, of one drug."""
    if len(poisons) != 1:
        return
    keys = account.keys
    had = [(item, masked) for masked in account.sentences for item in masked.items if _is_had(item, account)]
    drug = next((item for item, _ in had if item.kind == "D" and keys.drug(item.mention) in poisons), None)
    if drug is None:
        return
    explained = {
        (link.event.start, link.event.end) for link in links if not link.rejected or link.score >= _SURE
    }
    for event, masked in had:
        place = masked.places[masked.items.index(event)]
        if (
            event.kind == "E"
            and (event.start, event.end) not in explained
            and "D" not in masked.text
            and _presented().search(masked.text, 0, place)
        ):
            yield drug, event, _decision(POISONED, event, event)


def _is_had(item: Item, account: Account) -> bool:
    """Whether the history tells that the index patient had the drug or the event."""
    frame = account.frame_at(item.start)
    if item.anaphor is not None or frame is None or frame.attribution is not Attribution.INDEX_PATIENT:
        return False
    return item.kind == "D" or (
        item.assertion in _ASSERTED and item.attribution not in _ASIDE and not is_generic_event(item.text)
    )


def _decision(rule: str, first: Item, last: Item) -> Decision:
    start = min(first.end, last.start) if first is not last else last.start
    return Decision(rule, Verdict.REACTION, _SCORES[rule], start, last.start)


@cache
def _signs() -> re.Pattern[str]:
    return compile_pattern(r"\b<manifested>\b")


@cache
def _presented() -> re.Pattern[str]:
    return compile_pattern(r"\b<presented>\b")
