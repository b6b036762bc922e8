"""Events that are no news without their place: "pain" becomes "chest pain" where the tagger cut it in two."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

from spacy.tokens import Doc

from sequela.components.texts import text_of
from sequela.lexicons.loader import load_lines
from sequela.schema import Label, Link, Mention


def with_sites(doc: Doc, links: list[Link]) -> list[Link]:
    """Give the links with their events widened to the body site right before them.

    The entities stay as they are: what reads a report word by word was made for those.
    """
    widened = find_widened(doc)
    if not widened:
        return links
    return [
        replace(link, event=widened[place])
        if (place := (link.event.start, link.event.end)) in widened
        else link
        for link in links
    ]


def find_widened(doc: Doc) -> dict[tuple[int, int], Mention]:
    """Give the mentions of findings with the body site before them, by the place of the bare finding."""
    text = text_of(doc)
    return {
        (event.start_char, event.end_char): Mention(
            text=text[site.start_char : event.end_char],
            start=site.start_char,
            end=event.end_char,
            label=event.label_,
        )
        for site, event in pairwise(doc.ents)
        if site.end == event.start
        and site.label_ == Label.BODY_SITE
        and event.label_ == Label.SYMPTOM
        and event.text.lower() in _bare()
    }


@cache
def _bare() -> frozenset[str]:
    return frozenset(load_lines("event_needs_site.txt"))
