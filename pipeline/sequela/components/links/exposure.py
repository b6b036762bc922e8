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

from sequela.components.links.masking import Masked
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
    agreed = _Agreement(doc)
    for masked in account.sentences:
        for number, item in enumerate(masked.items):
            if item.kind != "D" or item.anaphor is not None:
                continue
            key, name = account.keys.drug(item.mention), item.mention.text
            if key not in given and (item.start in account.amounts or _is_given(masked, number)):
                given.add(key)
            if is_endogenous(name) or (
                not _is_known(name, account.keys.is_coded(item.mention))
                and (
                    key not in blamed
                    or _is_germ(name)
                    or not agreed.on(item.start, item.end)
                    or _is_measured(masked, number)
                )
            ):
                doubted.add(key)
    return frozenset(doubted - given)


def _is_given(masked: Masked, number: int) -> bool:
    """Whether the words around a drug, or around those it is coordinated with, tell that it was given or taken."""
    taken_before, taken_after, _, _ = _patterns()
    first, last, _ = masked.edges(number)
    before, after = masked.text[max(0, first - _WINDOW) : first], masked.text[last : last + _WINDOW]
    return bool(taken_before.search(before) or taken_after.search(after))


def _is_measured(masked: Masked, number: int) -> bool:
    """Whether the words around a name tell its value, or it has an article, which no substance has."""
    _, _, measured_before, measured_after = _patterns()
    place = masked.places[number]
    before = masked.text[max(0, place - _WINDOW) : place]
    after = masked.text[place + 1 : place + _WINDOW]
    return bool(_ARTICLE.search(before) or measured_before.search(before) or measured_after.search(after))


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
