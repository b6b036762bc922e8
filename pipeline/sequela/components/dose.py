"""DOSE, ROUTE and FREQUENCY entities by rule, with their values, merged with those of the tagger."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

from spacy.language import Language
from spacy.tokens import Doc, Span

from sequela import attributes
from sequela.components.dose_values import Part, find_amounts, find_frequencies, find_routes, read_dose
from sequela.components.texts import text_of
from sequela.lexicons.loader import load_lines
from sequela.schema import Dose, Label

# What a rule span may replace when it lies inside: the tagger's pieces of the same expression.
_REPLACEABLE = frozenset({Label.DOSE, Label.ROUTE, Label.FREQUENCY, Label.TIME})
_NUMERAL_BEFORE = re.compile(
    r"\b(?:stages?|grades?|types?|class|factors?|phase|group|nerves?|cranial|case|fig(?:ure)?|table|part|level"
    r"|collagen|deaths?|category|mucopolysaccharidosis|BI-RADS|I{1,3}|V)[\s,/-]{0,3}(?:and\s|or\s|to\s)?$",
    re.I,
)
_NEXT_WORD = re.compile(r"[\s-]*([A-Za-z]+)")
_CLAUSE_END = re.compile(r"[.;:!?\n](?:\s|$)")
_NEAR = 25  # characters between a frequency or route and the drug or amount it belongs to


@Language.factory(
    "sequela_dose",
    assigns=["doc.ents", "span._.dose"],
    default_config={"find_entities": True},
)
def create_dose(nlp: Language, name: str, find_entities: bool) -> DoseFinder:
    """Make the component; with ``find_entities`` off it only gives values to the DOSE entities there are."""
    return DoseFinder(find_entities=find_entities)


class DoseFinder:
    """Find doses, routes and frequencies and give doses their values.

    A rule span takes the place of DOSE, ROUTE, FREQUENCY and TIME entities that lie inside it ("twice daily"
    in "500 mg twice daily") and of entities with its own label that it overlaps.
    Every other entity stays, and the rule span is cut short or left out.
    """

    def __init__(self, *, find_entities: bool = True) -> None:
        self.find_entities = find_entities

    def __call__(self, doc: Doc) -> Doc:
        """Set the entities and their values."""
        text = text_of(doc)
        doses = find_amounts(text)
        if self.find_entities:
            doc.set_ents(_merged(doc, self.find_spans(doc, text, doses)))
        values = {dose.start: dose for dose in doses}
        for ent in doc.ents:
            if ent.label_ == Label.DOSE:
                dose = values.get(ent.start_char)
                attributes.set_dose(ent, dose or read_dose(text, ent.start_char, ent.end_char))
        return doc

    def find_spans(self, doc: Doc, text: str, doses: list[Dose]) -> Iterable[Span]:
        """Give the spans of the rules; they may overlap entities of the tagger."""
        anchors = sorted(
            [(ent.start_char, ent.end_char) for ent in doc.ents if ent.label_ == Label.DRUG]
            + [(dose.start, dose.end) for dose in doses]
        )
        found = [(dose.start, dose.end, Label.DOSE) for dose in doses]
        found += [(part.start, part.end, Label.ROUTE) for part in routes_in_context(text, anchors)]
        found += [(part.start, part.end, Label.FREQUENCY) for part in frequencies_in_context(text, anchors)]
        taken_until = -1
        for start, end, label in sorted(found, key=lambda item: (item[0], -item[1])):
            span = doc.char_span(start, end, label=label.value, alignment_mode="expand")
            if start >= taken_until and span is not None:
                taken_until = end
                yield span


def routes_in_context(text: str, anchors: list[tuple[int, int]]) -> list[Part]:
    """Give the routes that are one here: "oral" of "oral tablets", not of "oral cavity".

    Parameters
    ----------
    text
        The report.
    anchors
        Offsets of drugs and amounts, in order.
    """
    words = frozenset(load_lines("route_context.txt"))
    found = []
    for part in find_routes(text):
        if part.needs:
            if part.needs == "not_numeral" and (
                _NUMERAL_BEFORE.search(text[max(0, part.start - 25) : part.start]) or part.text == "Iv"
            ):
                continue
            after = _NEXT_WORD.match(text, part.end)
            in_context = (after is not None and after[1].lower() in words) or is_beside(
                text, part, anchors, near=4
            )
            if not in_context and part.needs == "drug":
                continue
        found.append(part)
    return found


def frequencies_in_context(text: str, anchors: list[tuple[int, int]]) -> list[Part]:
    """Give the frequencies that are beside a drug or amount ("daily aspirin", not "three seizures daily").

    ``anchors`` are offsets of drugs and amounts, in order.
    """
    return [
        part
        for part in find_frequencies(text)
        if (
            is_beside(text, part, anchors, near=2, after=True)
            if part.needs
            else is_beside(text, part, anchors)
        )
    ]


def is_beside(
    text: str, part: Part, anchors: list[tuple[int, int]], *, near: int = _NEAR, after: bool = False
) -> bool:
    """Tell whether a drug or amount is near, in the same clause (``after``: the part must follow it)."""
    place = bisect_left(anchors, (part.start, part.start))
    gaps = []
    if place > 0 and 0 <= part.start - anchors[place - 1][1] <= near:
        gaps.append(text[anchors[place - 1][1] : part.start])
    if place < len(anchors) and 0 <= anchors[place][0] - part.end <= near and not after:
        gaps.append(text[part.end : anchors[place][0]])
    return any(not _CLAUSE_END.search(gap) for gap in gaps)


def _merged(doc: Doc, spans: Iterable[Span]) -> list[Span]:
    """Give the entities with the spans put among them by the policy of `DoseFinder`."""
    owners: dict[int, Span] = {token: ent for ent in doc.ents for token in range(ent.start, ent.end)}
    for span in spans:
        start, end = span.start, span.end
        clashing = {id(owners[token]): owners[token] for token in range(start, end) if token in owners}
        for key, ent in list(clashing.items()):
            inside = start <= ent.start and ent.end <= end
            if ent.label_ == span.label_ or (ent.label_ in _REPLACEABLE and inside):
                continue
            del clashing[key]
            if ent.start <= start:
                start = max(start, ent.end)
            else:
                end = min(end, ent.start)
        if start >= end or not any(char.isalnum() for char in doc[start:end].text):
            continue
        for ent in clashing.values():
            for token in range(ent.start, ent.end):
                owners.pop(token, None)
        new = Span(doc, start, end, label=span.label)
        owners.update(dict.fromkeys(range(start, end), new))
    return list({id(ent): ent for ent in owners.values()}.values())
