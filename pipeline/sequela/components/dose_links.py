"""Which drug a dose belongs to.

The nearest drug is not always the right one: in "metformin 500 mg and 75 mg aspirin" each amount leans
another way, and in "isoniazid (INH, 300 mg)" the drug is the one before the bracket.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace

from spacy.tokens import Doc

from sequela import attributes
from sequela.components.dose import frequencies_in_context, is_beside, routes_in_context
from sequela.components.dose_values import Part, find_forms, find_ordinals
from sequela.components.texts import sentence_starts, text_of
from sequela.schema import Dose, Label

Offsets = tuple[int, int]

# What may stand between an amount and the drug after it: nothing, "of oral", "daily dose of"
_LEADS_ON = re.compile(
    r"[\s-]*(?:[^\s,;:()]{1,18}\s){0,2}(?:(?:of|with)\s(?:[^\s,;:()]{1,18}\s){0,4})?$", re.I
)
_BREAK = re.compile(r"\n|\s(?:and|or|plus|then|followed|while|but|for|was|were|to|in|on|at)\s", re.I)
# What stands between a drug and the amount right after it: nothing, "at a dose of"
_ADJACENT = re.compile(r"\s?(?:(?:at|in)\s(?:(?:a|the)\s)?dos(?:e|es|age)\sof\s|at\s|to\s)?$", re.I)
_BRACKETED = re.compile(r"\s?[(\[]\s?$")
_COORDINATION = re.compile(r"\s?(?:,|,?\s(?:and|or|plus)|/|\+)\s?(?:[^\s,;:()]{1,18}\s)?$", re.I)
_FOR_ALL_AFTER = re.compile(r"[\s,(]{0,2}(?:each|both|respectively)\b", re.I)
_FOR_ALL_INSIDE = re.compile(r"\b(?:cycles?|courses?|rounds?|doses)\b", re.I)
_RADIATION = re.compile(r"gy\b|\bfractions?\b", re.I)
_FORM_NEAR = 12  # characters between a form and its drug or amount
_MAX_LIST = 8  # drugs that one dose can be of
_MAX_BACK = 150  # characters to the drug of the sentence before


def doses_of(doc: Doc) -> dict[Offsets, list[Dose]]:
    """Give the doses of each drug mention, amounts first.

    Routes, frequencies and dose numbers that stand apart from the amount ("oral aspirin 75 mg", "the second
    dose of") are filled in; where a drug has these and no amount, a Dose without figures carries them.

    Parameters
    ----------
    doc
        With DRUG and DOSE entities and sentence boundaries.

    Returns
    -------
    dict
        From the offsets of a drug mention to its doses in the order of the text; drugs without any are
        left out.
    """
    ents = doc.ents
    drugs = [(ent.start_char, ent.end_char) for ent in ents if ent.label_ == Label.DRUG]
    if not drugs:
        return {}
    values = {}
    for ent in ents:
        dose = attributes.get_dose(ent) if ent.label_ == Label.DOSE else None
        if dose is not None:
            values[ent.start_char, ent.end_char] = dose
    text = text_of(doc)
    starts = sentence_starts(doc)
    found: dict[Offsets, list[Dose]] = {}
    for offsets, drug in link_doses(text, drugs, sorted(values), starts):
        found.setdefault(drug, []).append(values[offsets])
    places = sorted(values)
    anchors = sorted(drugs + places)
    routes = routes_in_context(text, anchors)
    frequencies = [part for part in frequencies_in_context(text, anchors) if not _inside(part, places)]
    ordinals = find_ordinals(text)
    forms = [part for part in find_forms(text) if is_beside(text, part, anchors, near=_FORM_NEAR)]
    for parts, attribute in (
        (routes, "route"),
        (frequencies, "frequency"),
        (ordinals, "ordinal"),
        (forms, "form"),
    ):
        by_place = {(part.start, part.end): part for part in parts}
        for place, drug in link_doses(text, drugs, list(by_place), starts, same_sentence=True):
            if attribute != "form" or drug in found:
                _fill(found.setdefault(drug, []), by_place[place], attribute)
    return {drug: sorted(doses, key=_amounts_first) for drug, doses in sorted(found.items())}


def link_doses(
    text: str,
    drugs: list[Offsets],
    doses: list[Offsets],
    sentence_starts: list[int],
    *,
    same_sentence: bool = False,
) -> list[tuple[Offsets, Offsets]]:
    """Pair doses with their drugs.

    Parameters
    ----------
    text
        The report.
    drugs, doses
        Offsets, in any order.
    sentence_starts
        Offsets of sentence beginnings, in order.
    same_sentence
        Do not look for the drug in the sentence before.

    Returns
    -------
    list of (dose, drug)
        Offsets; a dose without a drug is left out, one for several drugs ("1 g each") comes once for each.
    """
    drugs = sorted(drugs)
    links = []
    for dose in sorted(doses):
        if _RADIATION.search(text, *dose):
            continue
        place = bisect_right(sentence_starts, dose[0])
        begin = sentence_starts[place - 1] if place else 0
        end = sentence_starts[place] if place < len(sentence_starts) else len(text)
        drug = _drug_of(text, drugs, dose, begin, end)
        if drug is None and not same_sentence:
            number = bisect_left(drugs, (begin, begin))
            if number and drugs[number - 1][1] >= begin - _MAX_BACK:
                drug = drugs[number - 1]
        if drug is not None:
            links += [(dose, one) for one in _coordinated(text, drugs, drug, dose, begin, end)]
    return links


def _drug_of(text: str, drugs: list[Offsets], dose: Offsets, begin: int, end: int) -> Offsets | None:
    number = bisect_left(drugs, dose)
    left = [drug for drug in drugs[max(0, number - 2) : number] if begin <= drug[0] and drug[1] <= dose[0]]
    right = [drug for drug in drugs[number : number + 2] if dose[1] <= drug[0] < end][:1]
    if right:
        gap = text[dose[1] : right[0][0]]
        leads_on = bool(_LEADS_ON.match(gap)) and not _BREAK.search(gap)
        adjacent = bool(left) and bool(_ADJACENT.match(text[left[-1][1] : dose[0]]))
        if leads_on and (not adjacent or " of " in gap.lower()):
            return right[0]
    if not left:
        return right[0] if right else None
    if len(left) > 1 and _is_alias(text, left[-2], left[-1], dose):
        return left[-2]
    return left[-1]


def _is_alias(text: str, drug: Offsets, other: Offsets, dose: Offsets) -> bool:
    """Tell whether the second drug is another name of the first: "isoniazid (INH, 300 mg)"."""
    name = text[other[0] : other[1]]
    between, after = text[drug[1] : other[0]], text[other[1] : dose[0]]
    if name.startswith("("):
        between, name, after = between + "(", name[1:], name[-1] + after
    if not _BRACKETED.match(between):
        return False
    return after.startswith(")") or (len(name) <= 6 and name.isupper())


def _coordinated(
    text: str, drugs: list[Offsets], drug: Offsets, dose: Offsets, begin: int, end: int
) -> Iterator[Offsets]:
    """Give the drug, and those coordinated with it where the dose is said to be of all."""
    yield drug
    if not (_FOR_ALL_AFTER.match(text, dose[1]) or _FOR_ALL_INSIDE.search(text, *dose)):
        return
    after = drug[0] > dose[0]
    number = bisect_left(drugs, drug)
    rest = (
        drugs[number + 1 : number + _MAX_LIST] if after else drugs[max(0, number - _MAX_LIST) : number][::-1]
    )
    for one in rest:
        if not begin <= one[0] < end:
            return
        gap = text[drug[1] : one[0]] if after else text[one[1] : drug[0]]
        if not _COORDINATION.match(gap):
            return
        yield one
        drug = one


def _inside(part: Part, places: list[Offsets]) -> bool:
    number = bisect_right(places, (part.start, part.end))
    return any(
        start <= part.start and part.end <= end for start, end in places[max(0, number - 1) : number + 1]
    )


def _fill(doses: list[Dose], part: Part, attribute: str) -> None:
    """Put a route, frequency or ordinal into the doses of a drug that have none."""
    new: dict[str, object] = {attribute: int(part.value) if attribute == "ordinal" else part.value}
    if attribute == "frequency":
        new["per_day"] = part.per_day
    open_ones = [number for number, dose in enumerate(doses) if not getattr(dose, attribute)]
    for number in open_ones:
        doses[number] = replace(doses[number], **new)  # type: ignore[arg-type]
    if not doses:
        doses.append(
            Dose(text=part.text, start=part.start, end=part.end, rule=attribute, **new)  # type: ignore[arg-type]
        )


def _amounts_first(dose: Dose) -> tuple[bool, int]:
    return dose.value_min is None, dose.start
