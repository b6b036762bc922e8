"""Single entities with evidence of their own: ruled out, an indication, a treatment, general knowledge.

"Ruled out" comes from the assertion of the entity. Indications and treatments are found by cues
(``lexicons/attribution_entities.csv``) that reach a few words, some of them only where a drug or an event
stands before them: in "amoxicillin for sinusitis" the disease is what the drug was given for; "treated with
prednisone" makes the drug a treatment only where something to be treated came first ("She was treated with
amoxicillin and developed a rash" does not). A story may hold general knowledge about one event: "she took no
drug known to cause pancreatitis".
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from spacy.tokens import Doc, Span

from sequela.attributes import get_assertion
from sequela.components.cues import CueMatcher, Found, Words
from sequela.components.texts import sentence_offsets, words_of
from sequela.lexicons.loader import load_lines, load_table
from sequela.schema import Attribution, Cue, Label

_DRUG, _SYMPTOM = Label.DRUG.value, Label.SYMPTOM.value
VERDICT = "excluded:verdict"
_NEAR = 8  # words between a needed drug and the cue
_LOOK_BACK, _LOOK_AHEAD = 20, 40  # entities before and after a cue that are looked at
_OF_THE_PATIENT = frozenset(("her", "his", "our", "this", "these"))
_CAUSING = frozenset(("induced", "associated", "related"))
_LIST_GAP = frozenset((",", "and", "or", "with", "the", "a", "an", "&", "/"))


@dataclass(frozen=True)
class EntityCue:
    """An entry of the lexicon. ``needs`` is "DRUG before", "SYMPTOM before" or ""; ``scope`` counts words."""

    rule: str
    value: str
    label: str
    direction: str
    scope: int
    needs: str


@dataclass(frozen=True)
class _Placed:
    """An entity with its words, half-open."""

    span: Span
    first: int
    last: int


@cache
def entity_matcher() -> CueMatcher[EntityCue]:
    """Give the matcher of the cues for single entities."""
    matcher: CueMatcher[EntityCue] = CueMatcher()
    for row in load_table("attribution_entities.csv"):
        cue = EntityCue(
            row["rule"], row["value"], row["label"], row["direction"], int(row["scope"]), row["needs"]
        )
        matcher.add(row["pattern"], cue)
    return matcher


def find_entity_attributions(doc: Doc) -> list[tuple[Span, Attribution, Cue]]:
    """Give the entities with evidence of their own, the value, and the cue."""
    ents = [ent for ent in doc.ents if ent.label_ in (_DRUG, _SYMPTOM)]
    found: dict[Span, tuple[Attribution, Cue]] = {}
    for ent in ents:
        _, cue = get_assertion(ent)
        if cue is not None and cue.rule.startswith("excluded:"):
            found[ent] = (Attribution.EXCLUDED, cue)
    if ents:
        words = words_of(doc)
        placed = [_Placed(ent, *words.between(ent.start_char, ent.end_char)) for ent in ents]
        k = 0
        for start, end in sentence_offsets(doc):
            first, last = words.between(start, end)
            begin = k
            while k < len(placed) and placed[k].first < last:
                k += 1
            inside = placed[begin:k]
            if inside:
                for ent, value, cue in _in_sentence(words, first, last, inside):
                    if ent not in found or cue.rule == VERDICT:
                        found[ent] = (value, cue)
    return [(ent, *found[ent]) for ent in ents if ent in found]


def _in_sentence(
    words: Words, first: int, last: int, inside: list[_Placed]
) -> Iterator[tuple[Span, Attribution, Cue]]:
    cues = entity_matcher().find(words, first, last)
    firsts = [placed.first for placed in inside]
    for number, found in enumerate(cues):
        entry = found.entry
        at = bisect_left(firsts, found.start)
        before, after = inside[max(0, at - _LOOK_BACK) : at], inside[at : at + _LOOK_AHEAD]
        if entry.value == "exposure" or entry.rule == "no_causality" or not _has_needed(words, found, before):
            continue
        reached = (
            _before(words, found, before) if entry.direction == "backward" else _after(words, found, after)
        )
        value = Attribution.INDICATION if entry.value == "carrier" else Attribution(entry.value)
        if entry.value == "carrier" and not (
            reached and _is_exposed(words, reached[-1], cues[number + 1 : number + _LOOK_AHEAD], after)
        ):
            continue
        for placed in reached:
            yield placed.span, value, _cue(words, found)


def _has_needed(words: Words, found: Found[EntityCue], before: list[_Placed]) -> bool:
    """Whether the drug or event that the cue needs before it stands there, in the same clause."""
    if not found.entry.needs:
        return True
    label = found.entry.needs.split()[0]
    fitting = [p for p in before if p.last <= found.start and p.span.label_ == label]
    if not fitting:
        return False
    between = words.lower[fitting[-1].last : found.start]
    if label == _DRUG:
        return len(between) <= _NEAR and not _stops(between)
    return ";" not in between


def _before(words: Words, found: Found[EntityCue], before: list[_Placed]) -> list[_Placed]:
    """Give the entity right before the cue; of a cleared drug also those in a list with it."""
    fitting = [p for p in before if p.last <= found.start and p.span.label_ == found.entry.label]
    if not fitting or found.start - fitting[-1].last > found.entry.scope:
        return []
    if found.entry.value != "excluded":
        return fitting[-1:]
    between = words.lower[fitting[-1].last : found.start]
    is_cause = not _CAUSING.isdisjoint(between[:2])  # "heparin-induced thrombocytopenia was unlikely"
    others = any(p.first >= fitting[-1].last and p.span.label_ == _SYMPTOM for p in before)
    if _stops(between[2:] if is_cause else between) or ":" in between or (others and not is_cause):
        return []  # "… on heparin, sepsis was unlikely"
    reached = fitting[-1:]
    for placed in reversed(fitting[:-1]):
        gap = words.lower[placed.last : reached[0].first]
        if not gap or len(gap) > 3 or not _LIST_GAP.issuperset(gap):
            break
        reached.insert(0, placed)
    return reached


def _after(words: Words, found: Found[EntityCue], after: list[_Placed]) -> list[_Placed]:
    """Give the entity after the cue, and those in a list with it."""
    reached: list[_Placed] = []
    for placed in after:
        if placed.first < found.end:
            continue
        between = words.lower[(reached[-1].last if reached else found.end) : placed.first]
        if not reached:
            if len(between) > found.entry.scope or _stops(between):
                break
            if found.entry.value == "background" and not _OF_THE_PATIENT.isdisjoint(between):
                break  # "that could have contributed to her rash"
            if found.entry.value != "treatment" and any(w == "," or w[0].isdecimal() for w in between):
                break  # "for 5 days": a duration
            if placed.span.label_ != found.entry.label:
                if placed.span.label_ == _SYMPTOM:
                    break
                continue
        elif not between or len(between) > 3 or not _LIST_GAP.issuperset(between):
            break
        if placed.span.label_ == found.entry.label:
            reached.append(placed)
    return reached


def _is_exposed(words: Words, carried: _Placed, cues: list[Found[EntityCue]], inside: list[_Placed]) -> bool:
    """Whether those who have the disease take the drug: "a woman with lupus treated with …"."""
    for found in cues:
        if found.start < carried.last or found.entry.value not in ("exposure", "treatment"):
            continue
        between = words.lower[carried.last : found.start]
        return (
            len(between) <= 4
            and not _stops(between)
            and any(
                p.span.label_ == _DRUG
                and 0 <= p.first - found.end <= found.entry.scope
                and not _stops(words.lower[found.end : p.first])
                for p in inside
            )
        )
    return False


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(load_lines("attribution_clause_words.txt"))


def _stops(between: list[str]) -> bool:
    return not _stop_words().isdisjoint(between)


def _cue(words: Words, found: Found[EntityCue]) -> Cue:
    start, end = words.starts[found.start], words.ends[found.end - 1]
    return Cue(
        text=words.text[start:end], start=start, end=end, rule=f"{found.entry.value}:{found.entry.rule}"
    )
