"""Drugs that the report clears of the reaction: "lamotrigine was innocent", "heparin-induced … was ruled out".

A verdict stands in one sentence and holds for the whole report, so every mention of the drug gets it. Only a
verdict about a patient of the report counts: "penicillin is unlikely to cause this" in general clears nobody.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from spacy.tokens import Doc, Span

from sequela.attributes import get_attribution
from sequela.components.cues import Words
from sequela.components.entity_attribution import VERDICT, entity_matcher
from sequela.lexicons.loader import load_lines
from sequela.schema import Attribution, Cue, Frame, Label

CLEARED = "excluded:cleared"  # rule of the cues that are set here
_DRUG = Label.DRUG.value
# Every verdict without a drug has one of these words: the others of the report need no second look.
VERDICT_WORDS = frozenset(
    ("blame", "causal", "causative", "culprit", "exonerated", "innocent", "responsible")
)
_MODAL = frozenset(("modal", "modal_bare"))
_Found = tuple[Span, Attribution, Cue]


def find_cleared(doc: Doc, words: Words, frames: Sequence[Frame], found: Sequence[_Found]) -> list[_Found]:
    """Give every mention of the drugs that are cleared.

    Parameters
    ----------
    words
        Those of the text.
    frames
        Whom the statements are about.
    found
        The attributions of single entities; the verdicts are among them.
    """
    drugs = [ent for ent in doc.ents if ent.label_ == _DRUG]
    if not drugs:
        return []
    verdicts: dict[str, Cue] = {}
    for span, value, cue in found:
        if (
            span.label_ == _DRUG
            and value is Attribution.EXCLUDED
            and _is_of_patient(frames, span.start_char, cue)
            and (
                cue.rule == VERDICT
                or cue.start <= span.start_char < cue.end  # "we consider lamotrigine excluded"
                or _is_named_as_cause(words, span)
            )
        ):
            verdicts.setdefault(_key(span), replace(cue, rule=CLEARED))
    for drug, cue in _verdicts_on_the_drug(words, frames, drugs):
        verdicts.setdefault(_key(drug), cue)
    return [(ent, Attribution.EXCLUDED, verdicts[_key(ent)]) for ent in drugs if _key(ent) in verdicts]


def is_cleared(drug: Span) -> bool:
    """Whether the report clears the drug of a mention; what is only told to be ruled out there does not count."""
    return clears(*get_attribution(drug))


def clears(value: Attribution, cue: Cue | None) -> bool:
    """Whether the attribution of a drug says that the report clears it."""
    return value is Attribution.EXCLUDED and cue is not None and cue.rule == CLEARED


def _key(drug: Span) -> str:
    return drug.text.lower()


def _is_of_patient(frames: Sequence[Frame], place: int, verdict: Cue | None = None) -> bool:
    """Whether a statement is about a patient of the report, or general only by the words of the verdict.

    "Dapsone can therefore be acquitted" is one of the latter.
    """
    number = bisect_right(frames, place, key=lambda frame: frame.start) - 1
    if number < 0:
        return False
    frame = frames[number]
    if frame.attribution is Attribution.INDEX_PATIENT:
        return True
    return (
        verdict is not None
        and frame.rule in _MODAL
        and frame.cue is not None
        and frame.cue.start < verdict.end
        and verdict.start < frame.cue.end
    )


def _is_named_as_cause(words: Words, drug: Span) -> bool:
    """Whether the words after the drug make it a cause: what was excluded is its effect, not the drug."""
    _, last = words.between(drug.start_char, drug.end_char)
    following = [word for word in words.lower[last : last + 2] if word != "-"]
    return bool(following) and following[0] in _suffixes()


def _suffixes() -> frozenset[str]:
    return frozenset(load_lines("clearance_suffixes.txt"))


def _verdicts_on_the_drug(
    words: Words, frames: Sequence[Frame], drugs: Sequence[Span]
) -> Iterator[tuple[Span, Cue]]:
    """Give the verdicts that name no drug: "the drug was innocent", "we consider a causal relationship unlikely".

    They mean the drug last named in the statement, else the one that the report tells of most.
    """
    told = [ent for ent in drugs if _is_of_patient(frames, ent.start_char)]
    if not told or VERDICT_WORDS.isdisjoint(words.lower):
        return
    counts = Counter(map(_key, told))
    focus = max(told, key=lambda ent: counts[_key(ent)])
    for frame in frames:
        if frame.attribution is not Attribution.INDEX_PATIENT:
            continue
        first, last = words.between(frame.start, frame.end)
        if VERDICT_WORDS.isdisjoint(words.lower[first:last]):
            continue
        for found in entity_matcher().find(words, first, last):
            if found.entry.rule == "no_causality":
                start, end = words.starts[found.start], words.ends[found.end - 1]
                named = [ent for ent in told if frame.start <= ent.start_char < start]
                cue = Cue(text=words.text[start:end], start=start, end=end, rule=CLEARED)
                yield (named[-1] if named else focus), cue
