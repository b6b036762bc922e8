"""The drugs and events of each sentence, as the linking rules see them."""

from __future__ import annotations

import re

from spacy.tokens import Doc, Span

from sequela.components.links.masking import Item, Masked, mask
from sequela.components.links.names import is_generic_drug
from sequela.components.texts import text_of
from sequela.schema import Cue, Label, Mention

_KINDS = {Label.DRUG.value: "D", Label.SYMPTOM.value: "E"}
_VACCINE = re.compile(r"vaccin(?:e|es|ation)$", re.IGNORECASE)
_PART_OF_NAME = re.compile(
    r"[A-Z0-9][\w-]*|mRNA\S*|[-/]|influenza|tetanus|hepatitis|measles|pneumococcal|rabies|booster"
)


def masked_sentences(doc: Doc) -> list[Masked]:
    """Every sentence that holds a drug or an event, as the rules see it."""
    anaphors = sorted(doc.spans.get("anaphora", ()), key=lambda span: span.start_char)
    masked = []
    text, ents = text_of(doc), list(doc.ents)
    first = 0
    for sent in doc.sents:
        last = first
        while last < len(ents) and ents[last].start < sent.end:
            last += 1
        inside = [span for span in anaphors if sent.start <= span.start < sent.end]
        items = _items(ents[first:last], inside)
        if items:
            others = [ent for ent in ents[first:last] if ent.label_ not in _KINDS]
            masked.append(mask(text[sent.start_char : sent.end_char], sent.start_char, items, others))
        first = last
    return masked


def _named(ent: Span) -> Mention:
    """Give the mention of an entity; a vaccine with what tells it apart ("COVID-19 vaccine")."""
    start = ent.start
    if _VACCINE.match(ent.text):
        while start > ent.sent.start and _PART_OF_NAME.fullmatch(ent.doc[start - 1].text):
            start -= 1
    span = ent.doc[start : ent.end]
    return Mention(text=span.text, start=span.start_char, end=span.end_char, label=ent.label_)


_HYPHENS = frozenset("-‐‑–")
# "methicillin-resistant Staphylococcus", "preservative-free eye drops": nobody had the drug
_NOT_TAKEN = ("free", "naive", "naïve", "refractory", "resistan", "sensitiv", "susceptib")


def _is_not_taken(drug: Span) -> bool:
    """Whether the drug is half of a word that says what works against a disease, or what is not in a product."""
    after = drug.doc[drug.end : drug.end + 2]
    return len(after) == 2 and after[0].text in _HYPHENS and after[1].lower_.startswith(_NOT_TAKEN)


def _items(ents: list[Span], anaphors: list[Span]) -> list[Item]:
    items = []
    for ent in ents:
        kind = _KINDS.get(ent.label_)
        if kind == "D" and (is_generic_drug(ent.text) or _is_not_taken(ent)):
            continue
        if kind and not any(ent.start < span.end and span.start < ent.end for span in anaphors):
            mention = _named(ent)
            items.append(
                Item(kind=kind, span=ent, mentions=(mention,), start=ent.start_char, end=ent.end_char)
            )
    for span in anaphors:
        found = span._.refers_to
        places = (found, *found["others"]) if found else ()
        mentions = tuple(
            Mention(text=place["text"], start=place["start"], end=place["end"], label=span.label_)
            for place in places
        )
        rule = found["rule"] if found else "reactions_of_report"
        cue = Cue(text=span.text, start=span.start_char, end=span.end_char, rule=rule)
        items.append(
            Item(
                kind=_KINDS[span.label_],
                span=span,
                mentions=mentions,
                start=span.start_char,
                end=span.end_char,
                anaphor=cue,
            )
        )
    return sorted(items, key=lambda item: item.start)
