"""The drugs and events of each sentence, as the linking rules see them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from spacy.tokens import Doc, Span

from sequela import attributes
from sequela.components.links.masking import Item, Masked, mask
from sequela.components.links.names import is_generic_drug
from sequela.components.texts import text_of
from sequela.lexicons.loader import load_lines
from sequela.schema import Cue, Label, Mention

_KINDS = {Label.DRUG.value: "D", Label.SYMPTOM.value: "E"}
_VACCINE = re.compile(r"vaccin(?:e|es|ation)$", re.IGNORECASE)
_PART_OF_NAME = re.compile(
    r"[A-Z0-9][\w-]*|mRNA\S*|[-/]|influenza|tetanus|hepatitis|measles|pneumococcal|rabies|booster"
)


def masked_sentences(doc: Doc, ents: Sequence[Span]) -> list[Masked]:
    """Every sentence that holds a drug or an event, as the rules see it.

    ``ents`` are those of the Doc: spaCy makes them anew each time they are asked for.
    """
    anaphors = sorted(doc.spans.get("anaphora", ()), key=lambda span: span.start_char)
    text = text_of(doc)
    masked = []
    first = 0
    for number, sent in enumerate(doc.sents):
        begin, end = sent.start, sent.end
        last = first
        while last < len(ents) and ents[last].start < end:
            last += 1
        inside = [span for span in anaphors if begin <= span.start < end]
        items = _items(text, begin, ents[first:last], inside)
        if items:
            others = [ent for ent in ents[first:last] if ent.label_ not in _KINDS]
            start = sent.start_char
            masked.append(mask(number, text[start : sent.end_char], start, items, others))
        first = last
    return masked


def _items(text: str, begin: int, ents: Sequence[Span], anaphors: Sequence[Span]) -> list[Item]:
    """Give drugs and events of a sentence that begins with the token ``begin``, in the order of the text."""
    items = []
    for before, ent in zip((None, *ents), ents, strict=False):
        kind = _KINDS.get(ent.label_)
        if kind is None or any(ent.start < span.end and span.start < ent.end for span in anaphors):
            continue
        words = text[ent.start_char : ent.end_char]
        if kind == "D" and (is_generic_drug(words) or _is_not_taken(ent)):
            continue
        items.append(_item(kind, words, ent, (_named(before, ent, words, begin),), None))
    for span in anaphors:
        found = attributes.get_reference(span)
        places = (found, *found["others"]) if found else ()
        mentions = tuple(
            Mention(text=place["text"], start=place["start"], end=place["end"], label=span.label_)
            for place in places
        )
        rule = found["rule"] if found else "reactions_of_report"
        cue = Cue(text=span.text, start=span.start_char, end=span.end_char, rule=rule)
        items.append(_item(_KINDS[span.label_], cue.text, span, mentions, cue))
    return sorted(items, key=lambda item: item.start)


def _item(kind: str, text: str, span: Span, mentions: tuple[Mention, ...], anaphor: Cue | None) -> Item:
    assertion, assertion_cue = attributes.get_assertion(span)
    attribution, attribution_cue = attributes.get_attribution(span)
    return Item(
        kind=kind,
        text=text,
        mentions=mentions,
        start=span.start_char,
        end=span.end_char,
        first=span.start,
        last=span.end,
        assertion=assertion,
        assertion_cue=assertion_cue,
        attribution=attribution,
        attribution_cue=attribution_cue,
        anaphor=anaphor,
    )


def _named(before: Span | None, ent: Span, text: str, begin: int) -> Mention:
    """Give the mention of an entity with what tells it apart: "COVID-19 vaccine", the site of a bare "pain".

    The tagger cuts "chest pain" in two; the entities stay as they are, for what reads a report word by word.
    """
    start = ent.start
    if ent.label_ == Label.SYMPTOM:
        if before is not None and _is_site_of(before, start) and text.lower() in _bare():
            start = before.start
    elif _VACCINE.match(text):
        while start > begin and _PART_OF_NAME.fullmatch(ent.doc[start - 1].text):
            start -= 1
    if start < ent.start:
        ent = Span(ent.doc, start, ent.end, label=ent.label)
        text = ent.text
    return Mention(text=text, start=ent.start_char, end=ent.end_char, label=ent.label_)


def _is_site_of(before: Span, start: int) -> bool:
    return before.label_ == Label.BODY_SITE and before.end == start


@cache
def _bare() -> frozenset[str]:
    """Read the findings that are no news without their site."""
    return frozenset(load_lines("event_needs_site.txt"))


_HYPHENS = frozenset("-‐‑–")
# "methicillin-resistant Staphylococcus", "preservative-free eye drops": nobody had the drug
_NOT_TAKEN = (
    "free",
    "naive",
    "naïve",
    "negative",
    "positive",
    "refractory",
    "resistan",
    "sensitiv",
    "susceptib",
)


def _is_not_taken(drug: Span) -> bool:
    """Whether the drug is half of a word that says what works against a disease, or what is not in a product."""
    after = drug.doc[drug.end : drug.end + 2]
    return len(after) == 2 and after[0].text in _HYPHENS and after[1].lower_.startswith(_NOT_TAKEN)
