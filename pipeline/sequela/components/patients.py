"""The patients of a report, and the stretches of text that are about each.

A report is about one patient unless it numbers several ("Case 1", "the second patient") or introduces several
("A 45-year-old woman … Another patient, a 60-year-old man …"). Only statements about index patients count:
the patients of cited authors get no number.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from spacy.tokens import Doc

from sequela.attributes import get_sections
from sequela.components.alternatives import any_of
from sequela.components.cues import number_of
from sequela.components.texts import text_of
from sequela.lexicons.loader import load_lines, load_table
from sequela.schema import Attribution, Frame, Patient, Zone

_NUMBER = any_of(row["word"] for row in load_table("patients_numbers.csv") if row["kind"] != "ordinal")
_ORDINAL = any_of(row["word"] for row in load_table("patients_numbers.csv") if row["kind"] == "ordinal")
_CARDINAL = any_of(row["word"] for row in load_table("patients_numbers.csv") if row["kind"] == "cardinal")
_SEXES = {row["word"]: row["sex"] for row in load_table("patients_sex.csv")}
_NOUNS = any_of(row["word"] for row in load_table("patients_sex.csv") if row["kind"] == "noun")
_PRONOUNS = any_of(row["word"] for row in load_table("patients_sex.csv") if row["kind"] == "pronoun")

_LABELLED = re.compile(
    rf"\b(?:case|patient)[\s_]{{1,2}}(?:no\.? ?|number |# ?)?"
    rf"(?P<label>\d{{1,2}}|{_NUMBER}|[A-H])\b(?![.,]\d)",
    re.IGNORECASE,
)
_NTH = re.compile(
    rf"\b(?:the|our|a) (?P<nth>{_ORDINAL}|other) "
    rf"(?:(?:patient|case|child|infant|{_NOUNS})\b"
    r"(?! (?:series|report|describ|publish|of|born|in the lit|to))|was an?\b)",
    re.IGNORECASE,
)
_AGE = re.compile(
    rf"(?<![\d.])(?P<age>\d{{1,3}}(?:\.\d)?|\b(?:(?:{_CARDINAL})[ -])?(?:{_CARDINAL}))"
    r"(?: and a half|½)?[\s-]{0,3}"
    r"(?P<unit>year|yr|month|week|day|y|mo)s?(?:[\s-]{1,3}(?:old|of age)\b|[/.]?o\b)",
    re.IGNORECASE,
)
_AGED = re.compile(
    r"(?<!at )\baged? (?:of )?(?P<age>\d{1,3})(?: (?P<unit>year|yr|month|week|day)s?)?\b(?! ?[–-])"
    rf"|\b(?:{_NOUNS}|patient),? (?:of )?(?P<age2>\d{{1,3}}) (?P<unit2>year|yr|month|week|day)s?\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    rf"\b(?:{'|'.join(load_lines('patients_relatives.txt'))})\b[^.;]{{0,30}}$", re.IGNORECASE
)
_SEX_NOUN = re.compile(rf"\b(?:{_NOUNS})\b", re.IGNORECASE)
_PRONOUN = re.compile(rf"\b(?:{_PRONOUNS})\b", re.IGNORECASE)
# what may stand between the start of a statement and a patient who is introduced by it
_OPENING = re.compile(
    r"\W*(?:(?:\d{1,2}|[ivx]{1,4}|[a-d])\W+)?(?:(?:we|here|herein|report|present|describe|of|the|case|in|is)[\s,]+){0,6}"
    r"(?:(?:another|(?:a|the) (?:second|third|fourth|other)) \w{2,12}\W+(?:was )?)?(?:an?\s)?$",
    re.IGNORECASE,
)
_UNITS = {"y": "a", "m": "mo", "w": "wk", "d": "d"}
_NARRATIVE = frozenset((Zone.ABSTRACT, Zone.CASE, Zone.BODY, Zone.TITLE))
_MOST = 0.8  # of the pronouns
_LABEL_WINDOW = 80  # characters between an age and the number in brackets after it
_SEX_WINDOW = 60  # characters after an age in which the noun stands


@dataclass(frozen=True)
class Stretch:
    """Characters ``start`` to ``end`` that are about one patient."""

    start: int
    end: int
    patient_id: str


@dataclass(frozen=True)
class _Marker:
    """A place that names a patient of a series by number."""

    start: int
    number: int


@dataclass(frozen=True)
class _Introduction:
    """An age, with what else tells of the person; ``opens`` where the statement begins with it."""

    start: int
    age: float
    unit: str
    sex: str
    opens: bool


def find_patients(doc: Doc, frames: list[Frame]) -> tuple[list[Patient], list[Stretch]]:
    """Give the index patients in the order of the text, and the stretches about each.

    ``start`` and ``end`` of a patient are those of the longest stretch. A report in which no statement is
    about an index patient has none.
    """
    own = [frame for frame in frames if frame.attribution is Attribution.INDEX_PATIENT]
    if not own:
        return [], []
    text = text_of(doc)
    told = _narrative_ranges(doc, len(text))
    introductions = sorted(
        (found for frame in own for found in _introductions(text, frame)), key=lambda found: found.start
    )
    markers = [_drawn_back(found, text, introductions) for frame in own for found in _markers(text, frame)]
    starts = _numbered(markers, told) or _introduced(introductions, told)
    if not starts:
        whole = Stretch(0, len(text), "1")
        return [_describe(text, whole, introductions)], [whole]
    stretches = sorted(
        [*_stretches(starts, told), *_named(markers, own, told)], key=lambda stretch: stretch.start
    )
    longest: dict[str, Stretch] = {}
    told_in: dict[str, list[_Introduction]] = {}
    for stretch in stretches:
        known = longest.get(stretch.patient_id)
        if known is None or stretch.end - stretch.start > known.end - known.start:
            longest[stretch.patient_id] = stretch
    for found in introductions:
        told_in.setdefault(_patient_at(found.start, stretches), []).append(found)
    ids = sorted(longest, key=int)
    return [_describe(text, longest[key], told_in.get(key, [])) for key in ids], stretches


def assign_patients(frames: list[Frame], stretches: list[Stretch]) -> list[Frame]:
    """Give the frames with their ``patient_id``; a statement about two patients in turn becomes two."""
    starts = [stretch.start for stretch in stretches]
    assigned: list[Frame] = []
    for frame in frames:
        if frame.attribution is not Attribution.INDEX_PATIENT:
            assigned.append(frame)
            continue
        inner = starts[bisect_right(starts, frame.start) : bisect_left(starts, frame.end)]
        parts = [replace(frame, patient_id=_patient_at(frame.start, stretches))]
        for start in inner:
            patient_id = _patient_at(start, stretches)
            if parts[-1].patient_id in ("", patient_id):
                parts[-1] = replace(parts[-1], patient_id=patient_id)
            else:
                parts[-1] = replace(parts[-1], end=start)
                parts.append(replace(frame, start=start, patient_id=patient_id))
        assigned += parts
    return assigned


def _patient_at(place: int, stretches: list[Stretch]) -> str:
    """Give the patient whose stretch began last before the place; "" where it has ended."""
    number = bisect_right(stretches, place, key=lambda stretch: stretch.start)
    return stretches[number - 1].patient_id if number and place < stretches[number - 1].end else ""


def _narrative_ranges(doc: Doc, length: int) -> list[tuple[int, int]]:
    """Give the stretches of text where cases are told, adjacent sections joined."""
    sections = get_sections(doc)
    if not sections:
        return [(0, length)]
    ranges: list[tuple[int, int]] = []
    zone_before = None
    for section in sections:
        if section.zone in (Zone.CAPTION, Zone.TABLE) and ranges and ranges[-1][1] == section.start:
            ranges[-1] = (ranges[-1][0], section.end)
            continue
        if section.zone in _NARRATIVE:
            if ranges and ranges[-1][1] == section.start and zone_before is section.zone:
                ranges[-1] = (ranges[-1][0], section.end)
            else:
                ranges.append((section.start, section.end))
            zone_before = section.zone
    return ranges


def _inside(place: int, ranges: list[tuple[int, int]]) -> bool:
    number = bisect_right(ranges, place, key=lambda told: told[0])
    return number > 0 and place < ranges[number - 1][1]


def _markers(text: str, frame: Frame) -> Iterator[_Marker]:
    for match in _LABELLED.finditer(text, frame.start, frame.end):
        label = match["label"]
        number = number_of(label)
        if number is None and len(label) == 1:
            if not label.isupper():
                continue  # "case a"
            number = ord(label) - ord("A") + 1
        if number:
            yield _Marker(match.start(), number)
    for match in _NTH.finditer(text, frame.start, frame.end):
        nth = match["nth"].lower()
        yield _Marker(match.start(), 2 if nth == "other" else number_of(nth) or 0)


def _drawn_back(marker: _Marker, text: str, introductions: list[_Introduction]) -> _Marker:
    """Let "a 66-year-old man with cough (Case 1)" begin with the man."""
    if marker.start == 0 or text[marker.start - 1] != "(":
        return marker
    number = bisect_left(introductions, marker.start, key=lambda found: found.start) - 1
    if number < 0 or marker.start - introductions[number].start > _LABEL_WINDOW:
        return marker
    return replace(marker, start=introductions[number].start)


def _numbered(markers: list[_Marker], told: list[tuple[int, int]]) -> list[_Marker]:
    """Give the places where the patients of a series begin; none unless two are told of by number."""
    inside = [marker for marker in sorted(markers, key=lambda m: m.start) if _inside(marker.start, told)]
    return inside if len({marker.number for marker in inside}) > 1 else []


def _introduced(introductions: list[_Introduction], told: list[tuple[int, int]]) -> list[_Marker]:
    """Give the same by introductions: statements that begin with persons of different age or sex."""
    numbers: dict[tuple[float, str, str], int] = {}
    persons = 0
    markers = []
    for found in introductions:
        if not found.opens or not _inside(found.start, told):
            continue
        # where no sex is told, the person may be any of that age
        sexes = (found.sex, "") if found.sex else ("", "female", "male")
        keys = [(found.age, found.unit, sex) for sex in sexes]
        number = next((numbers[key] for key in keys if key in numbers), persons + 1)
        persons = max(persons, number)
        numbers.setdefault(keys[0], number)
        markers.append(_Marker(found.start, number))
    return markers if persons > 1 else []


def _stretches(starts: list[_Marker], told: list[tuple[int, int]]) -> Iterator[Stretch]:
    """Give the stretches where cases are told: from one marker to the next, or to the end of the section."""
    places = [marker.start for marker in starts]
    for begin, end in told:
        inside = starts[bisect_left(places, begin) : bisect_left(places, end)]
        for number, marker in enumerate(inside):
            stop = inside[number + 1].start if number + 1 < len(inside) else end
            yield Stretch(marker.start, stop, str(marker.number))


def _named(markers: list[_Marker], own: list[Frame], told: list[tuple[int, int]]) -> Iterator[Stretch]:
    """Give the statements elsewhere that name a patient by number, from the name on."""
    for marker in markers:
        if not _inside(marker.start, told):
            frame = own[bisect_right(own, marker.start, key=lambda frame: frame.start) - 1]
            yield Stretch(marker.start, frame.end, str(marker.number))


def _introductions(text: str, frame: Frame) -> Iterator[_Introduction]:
    for pattern in (_AGE, _AGED):
        for match in pattern.finditer(text, frame.start, frame.end):
            groups = match.groupdict()
            age = _value(groups["age"] or groups["age2"])
            lead = text[max(frame.start, match.start() - 50) : match.start()]
            if age is None or _RELATIVE.search(lead):
                continue
            unit = _UNITS[(groups["unit"] or groups.get("unit2") or "year")[0].lower()]
            noun = _SEX_NOUN.search(text, match.start(), min(match.end() + _SEX_WINDOW, frame.end))
            before = _SEX_NOUN.search(text, max(match.start() - 12, frame.start), match.start())
            found = before or noun
            sex = _SEXES[found.group().lower()] if found else ""
            opens = _OPENING.match(text, frame.start, match.start()) is not None
            yield _Introduction(match.start(), age, unit, sex, opens)


def _value(written: str) -> float | None:
    if written[0].isdecimal():
        return float(written)
    parts = [number_of(part) for part in re.split("[ -]", written)]
    return float(sum(parts)) if None not in parts else None  # type: ignore[arg-type]


def _describe(text: str, stretch: Stretch, introductions: list[_Introduction]) -> Patient:
    """Give age and sex as introduced, the sex by the pronouns of the stretch where no noun tells it."""
    ordered = sorted(introductions, key=lambda found: (not found.opens, found.start))
    first = ordered[0] if ordered else None
    sex = next((found.sex for found in ordered if found.sex and found.age == ordered[0].age), "")
    if not sex:
        said = [_SEXES[m.group().lower()] for m in _PRONOUN.finditer(text, stretch.start, stretch.end)]
        sex = next((one for one in ("female", "male") if said.count(one) >= _MOST * len(said) > 0), "")
    return Patient(
        patient_id=stretch.patient_id,
        age=first.age if first else None,
        age_unit=first.unit if first else "",
        sex=sex,
        start=stretch.start,
        end=stretch.end,
    )
