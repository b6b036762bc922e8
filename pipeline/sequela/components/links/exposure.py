"""Whether anybody had the drug: analytes, antigens, germs and findings are tagged as drugs now and then.

A name that no terminology knows is believed where the report tells that it was given, taken or stopped, or where
words of cause blame it and all heads of the tagger see a drug, unless it is measured there ("fibrinogen of 0.7 g/L")
or is a germ. What the body makes itself ("calcium", "cortisol"; ``lexicons/linking_endogenous.txt``) must have been
given. Any other drug is believed.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache, cached_property

from spacy.tokens import Doc

from sequela.components.links.report import Account
from sequela.components.links.rules import compile_pattern
from sequela.lexicons.loader import load_lines
from sequela.lexicons.terms import load_drug_names

_WINDOW = 60
_ARTICLE = re.compile(r"\b(?:the|an?) $", re.IGNORECASE)  # names of substances take none: "the pylorus"
_ENZYME = re.compile(
    r"(?:dehydrogen|galactosid|glucosid|hydroxyl|(?<!o)kin|lip|oxid|phosphat|polymer|prote|reduct|synth|transamin"
    r"|transfer)ase(?: \w{1,2})?$"
)
_GERM = re.compile(r"[A-Z](?:\.|\.? (?=[a-z]{4,}$))")  # "E.", "C jejuni"
_HEADS = (("roles", "Drug"), ("maccrobat", "DRUG"), ("bc5cdr", "Chemical"))
_VACCINE = re.compile(r"vaccin", re.IGNORECASE)


def find_never_given(doc: Doc, account: Account, blamed: Collection[str]) -> frozenset[str]:
    """Give the keys of mentions tagged as drugs that nothing in the report shows to be an exposure of anybody.

    ``blamed`` are the keys of drugs that words of cause tie to an event: a new drug that no terminology knows yet
    is believed on these, where the heads of the tagger agree.
    """
    given, doubted = set(), set()
    taken_before, taken_after, measured_before, measured_after = _patterns()
    agreed = _Agreement(doc)
    keys = account.keys
    for masked in account.sentences:
        for number, item in enumerate(masked.items):
            if item.kind != "D" or item.anaphor is not None:
                continue
            key = keys.drug(item.mention)
            first, last, _ = masked.edges(number)
            before, after = masked.text[max(0, first - _WINDOW) : first], masked.text[last : last + _WINDOW]
            if item.start in account.amounts or taken_before.search(before) or taken_after.search(after):
                given.add(key)
            place = masked.places[number]
            own_before = masked.text[max(0, place - _WINDOW) : place]
            own_after = masked.text[place + 1 : place + _WINDOW]
            doubtful = (
                key not in blamed
                or not agreed.on(item.start, item.end)
                or _ARTICLE.search(own_before)
                or measured_before.search(own_before)
                or measured_after.search(own_after)
            )
            known = _is_known(item.mention.text, keys.is_coded(item.mention))
            if is_endogenous(item.mention.text) or (not known and (doubtful or _is_germ(item.mention.text))):
                doubted.add(key)
    return frozenset(doubted - given)


class _Agreement:
    """Whether every head of the tagger sees a drug at a place; where there are no heads, nothing is doubted."""

    def __init__(self, doc: Doc) -> None:
        self.doc = doc

    @cached_property
    def heads(self) -> list[list[tuple[int, int]]]:
        """Where each head sees drugs."""
        return [
            [(span.start_char, span.end_char) for span in self.doc.spans[group] if span.label_ == label]
            for group, label in _HEADS
            if group in self.doc.spans
        ]

    def on(self, start: int, end: int) -> bool:
        """Whether all see one between two offsets."""
        return all(any(first < end and start < last for first, last in places) for places in self.heads)


def _is_germ(name: str) -> bool:
    return bool(_GERM.match(name)) or name.lower().split(" ", 1)[0] in _germs()


@cache
def _germs() -> frozenset[str]:
    return frozenset(load_lines("germs.txt"))


def is_endogenous(name: str) -> bool:
    """Whether a name is that of something the body makes or holds itself, or of an enzyme."""
    words = name.lower()
    return words in _endogenous() or bool(_ENZYME.search(words))


@cache
def _endogenous() -> frozenset[str]:
    return frozenset(load_lines("linking_endogenous.txt"))


def _is_known(name: str, coded: bool) -> bool:
    return coded or bool(_VACCINE.search(name)) or name.lower() in load_drug_names()


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return (
        compile_pattern(
            r"\b(?:T (?:after|following)|<taken>|<given>|(?!on\b|underg|underw)<under>|<therapy> (?:with|of|using))"
            r"(?: <w4>)?$"
        ),
        compile_pattern(
            r"^ ?-?(?:<w1>)?(?:[(,]? ?\d[\d.,]* ?(?:mg|g|mcg|µg|units?|iu|ml)|<taken_after>|<therapy>"
            r"|(?:was|were|had been|has been) (?:<w1>)?(?:<given>|<stop>))\b"
        ),
        # a blood value, or a procedure that was undergone
        compile_pattern(
            r"\bunder(?:go|goes|going|gone|went)(?: <w3>)?$"
            r"|\b<measured>(?: (?:of|in|for|and|serum|plasma|blood|urinary|the))* ?$"
        ),
        compile_pattern(
            r"^ ?(?:levels?|concentrations?|values?|titers?|titres?|deficiency|excretion|antigens?|antibod(?:y|ies)"
            r"|(?:was|of|at|rose to|fell to) [<>]?\d[\d.]* ?[a-z]{1,5}/d?l)"
        ),
    )
