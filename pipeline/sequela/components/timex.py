"""Time expressions as TIME, AGE and FREQUENCY entities with their ISO 8601 values.

The rules read the text by themselves; what the tagger found beside them is kept and given a value where its
words have one. The grammar is in `sequela.components.time`.
"""

from __future__ import annotations

from collections.abc import Iterable

from spacy.language import Language
from spacy.tokens import Doc, Span

from sequela import attributes
from sequela.components.texts import text_of
from sequela.components.time.recogniser import FoundTime, find_times, is_one_expression, normalise
from sequela.schema import Label, TimexType

__all__ = ["FoundTime", "Timex", "create_timex", "find_times", "find_timex", "normalise"]

_OF_TIME = frozenset({Label.TIME.value, Label.AGE.value, Label.FREQUENCY.value})


@Language.factory("sequela_timex", assigns=["doc.ents", "span._.timex"])
def create_timex(nlp: Language, name: str) -> Timex:
    """Make the component."""
    attributes.register()
    return Timex()


class Timex:
    """Set TIME, AGE and FREQUENCY entities and their values.

    A span of the rules takes the place of an overlapping TIME of the tagger, unless that one is longer and
    is one time expression as a whole ("ten days after the second cycle" is not: its words behind the length
    say what it is counted from). Entities of other labels stay, save those wholly inside a time expression.
    Recurring times ("every 3 weeks") become FREQUENCY where no entity stands; ages become AGE, so that they
    are never an onset.
    """

    def __call__(self, doc: Doc) -> Doc:
        """Annotate ``doc``."""
        merge(doc, find_timex(doc))
        return doc


def find_timex(doc: Doc) -> list[tuple[Span, FoundTime]]:
    """Find the time expressions of ``doc`` by rule, on token boundaries."""
    found: list[tuple[Span, FoundTime]] = []
    for time in find_times(text_of(doc)):
        label = Label.TIME
        if time.is_age:
            label = Label.AGE
        elif time.expression.type is TimexType.SET:
            label = Label.FREQUENCY
        span = doc.char_span(time.start, time.end, label=label.value, alignment_mode="expand")
        if span is not None and (not found or found[-1][0].end <= span.start):
            found.append((span, time))
    return found


def merge(doc: Doc, found: Iterable[tuple[Span, FoundTime]]) -> None:
    """Set the entities that come of the tagger's and the found ones."""
    taken: dict[int, Span] = {}
    ents = doc.ents
    for ent in ents:
        for index in range(ent.start, ent.end):
            taken[index] = ent
    kept = {(ent.start, ent.end): ent for ent in ents}
    chosen: list[tuple[Span, FoundTime]] = []
    for span, time in found:
        near = [taken[index] for index in range(span.start, span.end) if index in taken]
        rivals = {(rival.start, rival.end): rival for rival in near}
        if all(_gives_way(rival, span) for rival in rivals.values()):
            for key in rivals:
                kept.pop(key, None)
            chosen.append((span, time))
    doc.set_ents([*kept.values(), *(span for span, _ in chosen)])
    for span, time in chosen:
        attributes.set_timex(span, time.expression)
    for rest in kept.values():
        if rest.label_ in _OF_TIME and (value := normalise(rest.text)):
            attributes.set_timex(rest, value)


def _gives_way(ent: Span, span: Span) -> bool:
    """Whether an entity of the tagger makes room for a time expression found by rule."""
    inside = span.start <= ent.start and ent.end <= span.end
    if span.label_ == Label.FREQUENCY.value:
        return ent.label_ == Label.TIME.value and inside
    if ent.label_ not in (Label.TIME.value, Label.AGE.value):
        return inside
    longer = ent.end - ent.start > span.end - span.start
    return not longer or not is_one_expression(ent.text)
