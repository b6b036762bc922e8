"""The same case published twice: as abstract and full text, in two journals, in two series.

Pairs of index patients of different reports are compared, and those that agree in more than chance would bring about
are shown with the reasons. Nothing is merged: that is for a reader to decide.

The score follows the idea of the hit-miss model (Norén GN, Orre R, Bate A, Edwards IR. Duplicate detection in adverse
drug reaction surveillance. Data Min Knowl Discov 2007;14:305-328): each item that both reports state adds or takes away
bits of evidence, a rare value that agrees more than a frequent one; what one of them does not state counts nothing.
Against the sum stands how unlikely it is that two given patients are one. The weights of agreement in sentences,
title, authors and course are set by hand, and the score is not calibrated.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from sqlalchemy import Connection, func, select

from sequela.schema import Assertion, Attribution, Outcome, Role
from sequela.store.tables import drug, event, patient, report, triple

# Share of patients that were published a second time; of 7,915 published reports 14 were another's double
_RATE = 0.002
# What is known of frequencies before the database is looked at, and how many patients that is worth
_USUAL_DRUG, _USUAL_EVENT, _USUAL_AGE = 0.005, 0.1, 0.015
_WORTH = 50
_FEWEST = 100  # patients that the chance is reckoned with, however few there are

_SEX, _OTHER_SEX = 1.0, -7.0
_NEAR_AGE, _OTHER_AGE = 3.0, -10.0
_MORE_DRUGS, _MORE_EVENTS, _NO_EVENT = 3.0, 2.0, -5.0
_ONSET, _OTHER_ONSET = 3.0, -3.0
_OUTCOME, _OTHER_OUTCOME, _DEAD_AND_ALIVE = 0.5, -1.0, -4.0
_SAME_TITLE, _LIKE_TITLE = 8.0, 4.0
_SENTENCE = 12.0
_LONG_SENTENCE = 60  # letters: two authors do not write the same by chance
_AUTHOR, _AUTHORS, _OTHER_AUTHORS = 2.0, 6.0, -3.0

_YEARS = {"a": 1.0, "mo": 1 / 12, "wk": 7 / 365.25, "d": 1 / 365.25, "h": 1 / 8766}
# Blocks of more patients than this say too little to compare all of them with all
_LARGEST_BLOCK = 200


@dataclass(frozen=True, kw_only=True)
class Duplicate:
    """Two patients that may be one. ``score`` is in 0-1; ``reasons`` carry their bits of evidence."""

    score: float
    doc_id: str
    patient_id: str
    other_doc_id: str
    other_patient_id: str
    reasons: str


@dataclass
class _Patient:
    """What the reports of a database tell of an index patient."""

    report_id: int
    doc_id: str
    patient_id: str
    title: str
    authors: frozenset[str]
    years: float | None = None
    sex: str = ""
    drugs: dict[str, str] = field(default_factory=dict)  # term: name
    events: dict[str, str] = field(default_factory=dict)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    onsets: set[tuple[float, float]] = field(default_factory=set)
    outcomes: set[str] = field(default_factory=set)
    sentences: set[str] = field(default_factory=set)


def find_duplicates(
    connection: Connection, min_score: float = 0.5, *, passed_over: list[str] | None = None
) -> list[Duplicate]:
    """Compare the index patients of a database; the surest pairs come first.

    More than 200 patients with the same drug, age and sex are not compared with each other but for rarer things
    they share; ``passed_over`` takes the drugs of such groups.
    """
    patients = _read_patients(connection)
    weigh = _Weights(patients)
    found = []
    for one, other in _candidates(patients, [] if passed_over is None else passed_over):
        evidence = weigh.compare(one, other)
        score = weigh.score(evidence)
        if score >= min_score:
            reasons = "; ".join(f"{what} ({bits:+.1f})" for what, bits in evidence)
            found.append(
                Duplicate(
                    score=round(score, 3),
                    doc_id=one.doc_id,
                    patient_id=one.patient_id,
                    other_doc_id=other.doc_id,
                    other_patient_id=other.patient_id,
                    reasons=reasons,
                )
            )
    return sorted(found, key=lambda pair: (-pair.score, pair.doc_id, pair.other_doc_id, pair.patient_id))


def _read_patients(connection: Connection) -> list[_Patient]:
    who = func.coalesce(patient.c.patient_id, "").label("who")
    query = (
        select(
            report.c.report_id,
            report.c.doc_id,
            report.c.title,
            report.c.authors,
            who,
            patient.c.patient_age,
            patient.c.patient_age_unit,
            patient.c.patient_sex,
            drug.c.term.label("drug_term"),
            func.coalesce(func.nullif(drug.c.drug_name, ""), drug.c.term).label("drug_name"),
            event.c.term.label("event_term"),
            func.coalesce(func.nullif(event.c.event_name, ""), event.c.term).label("event_name"),
            triple.c.onset_hours_min,
            triple.c.onset_hours_max,
            triple.c.outcome,
            triple.c.sentence,
        )
        .select_from(triple)
        .join(report)
        .join(drug)
        .join(event)
        .outerjoin(patient, triple.c.patient_key == patient.c.patient_key)
        .where(
            triple.c.attribution == Attribution.INDEX_PATIENT.value,
            triple.c.assertion.in_([Assertion.AFFIRMED.value, Assertion.POSSIBLE.value]),
            triple.c.role.in_([Role.SUSPECT.value, Role.INTERACTING.value]),
        )
        .order_by(triple.c.report_id, triple.c.position)
    )
    patients: dict[tuple[int, str], _Patient] = {}
    for row in connection.execute(query):
        found = patients.setdefault(
            (row.report_id, row.who),
            _Patient(row.report_id, row.doc_id, row.who, _words(row.title), _family_names(row.authors)),
        )
        _add(found, row)
    return list(patients.values())


def _add(found: _Patient, row: Any) -> None:
    if row.patient_age is not None and found.years is None:
        found.years = row.patient_age * _YEARS.get(row.patient_age_unit, 1.0)
    found.sex = found.sex or row.patient_sex or ""
    found.drugs[row.drug_term] = row.drug_name
    found.events[row.event_term] = row.event_name
    found.pairs.add((row.drug_term, row.event_term))
    if row.onset_hours_min is not None:
        most = row.onset_hours_min if row.onset_hours_max is None else row.onset_hours_max
        found.onsets.add((row.onset_hours_min, most))
    if row.outcome != Outcome.UNKNOWN.value:
        found.outcomes.add(row.outcome)
    if len(row.sentence) >= _LONG_SENTENCE:
        found.sentences.add(_words(row.sentence))


def _candidates(patients: Sequence[_Patient], passed_over: list[str]) -> Iterator[tuple[_Patient, _Patient]]:
    """Give the pairs of patients of different reports that share enough to be worth a comparison."""
    blocks: dict[Any, list[int]] = defaultdict(list)
    for number, item in enumerate(patients):
        age = None if item.years is None else round(item.years)
        for pair in item.pairs:
            blocks[pair].append(number)
            blocks[pair, age, item.sex].append(number)
        for name in item.drugs.values():
            if age is not None:
                blocks[f"{name}, {item.sex} {age}"].append(number)
        if item.title:
            blocks["title", item.title].append(number)
        for sentence in item.sentences:
            blocks["sentence", sentence].append(number)
    passed_over += sorted(
        key for key, block in blocks.items() if isinstance(key, str) and len(block) > _LARGEST_BLOCK
    )
    compared = {
        pair
        for block in blocks.values()
        if len(block) <= _LARGEST_BLOCK
        for pair in combinations(sorted(set(block)), 2)
    }
    for one, other in sorted(compared):
        if patients[one].report_id != patients[other].report_id:
            yield patients[one], patients[other]


class _Weights:
    """Evidence in bits, from how frequent values are among the patients of the database."""

    def __init__(self, patients: Sequence[_Patient]) -> None:
        self.total = len(patients)
        self.drugs = Counter(term for item in patients for term in item.drugs)
        self.pairs = Counter(pair for item in patients for pair in item.pairs)
        self.ages = Counter(round(item.years) for item in patients if item.years is not None)
        self.aged = self.ages.total()

    def score(self, evidence: Iterable[tuple[str, float]]) -> float:
        """Give the probability that two patients are one, under the assumptions of the module."""
        against = math.log2(max(self.total, _FEWEST) / _RATE)
        bits = sum(weight for _, weight in evidence) - against
        return 1 / (1 + math.pow(2.0, -max(-1000.0, min(1000.0, bits))))

    def compare(self, one: _Patient, other: _Patient) -> list[tuple[str, float]]:
        """Give what speaks for and against two patients being one, in words, with its weight."""
        return [
            *self._reactions(one, other),
            *self._age(one, other),
            *_sex(one, other),
            *_course(one, other),
            *_publication(one, other),
        ]

    def _reactions(self, one: _Patient, other: _Patient) -> Iterator[tuple[str, float]]:
        drugs = sorted(one.drugs.keys() & other.drugs.keys(), key=lambda term: (self.drugs[term], term))
        for number, term in enumerate(drugs):
            bits = _bits(self.drugs[term], self.total, _USUAL_DRUG) if number == 0 else _MORE_DRUGS
            yield f"drug {one.drugs[term]}", bits
        told: set[str] = set()
        for term, reaction in sorted(one.pairs & other.pairs, key=self._share):
            if reaction not in told:
                bits = _bits(self.pairs[term, reaction], self.drugs[term], _USUAL_EVENT)
                yield f"event {one.events[reaction]}", bits if not told else min(bits, _MORE_EVENTS)
                told.add(reaction)
        if not told:
            yield "no event shared", _NO_EVENT

    def _share(self, pair: tuple[str, str]) -> tuple[float, str, str]:
        """Give how many of the patients of a drug have an event, for sorting."""
        return self.pairs[pair] / self.drugs[pair[0]], *pair

    def _age(self, one: _Patient, other: _Patient) -> Iterator[tuple[str, float]]:
        if one.years is None or other.years is None:
            return
        difference = abs(one.years - other.years)
        years = f"{one.years:.3g}"
        if difference < 0.05:
            yield f"age {years}", _bits(self.ages[round(one.years)], self.aged, _USUAL_AGE)
        elif difference <= 1:
            yield f"age {years} and {other.years:.3g}", _NEAR_AGE
        else:
            yield f"age {years} and {other.years:.3g}", _OTHER_AGE


def _sex(one: _Patient, other: _Patient) -> Iterator[tuple[str, float]]:
    if one.sex and other.sex:
        same = one.sex == other.sex
        yield (f"sex {one.sex}", _SEX) if same else (f"sex {one.sex} and {other.sex}", _OTHER_SEX)


def _course(one: _Patient, other: _Patient) -> Iterator[tuple[str, float]]:
    if one.onsets and other.onsets:
        shared = one.onsets & other.onsets
        yield ("onset", _ONSET) if shared else ("onset differs", _OTHER_ONSET)
    if one.outcomes and other.outcomes:
        fatal = Outcome.FATAL.value
        if one.outcomes & other.outcomes:
            yield "outcome", _OUTCOME
        elif (fatal in one.outcomes) != (fatal in other.outcomes):
            yield "fatal in one", _DEAD_AND_ALIVE
        else:
            yield "outcome differs", _OTHER_OUTCOME


def _publication(one: _Patient, other: _Patient) -> Iterator[tuple[str, float]]:
    if one.sentences & other.sentences:
        yield "same sentence", _SENTENCE
    if one.title and other.title:
        from rapidfuzz.fuzz import token_sort_ratio

        alike = token_sort_ratio(one.title, other.title)
        if alike >= 75:
            yield f"title {alike:.0f} % alike", _SAME_TITLE if alike >= 90 else _LIKE_TITLE
    if one.authors and other.authors:
        shared = sorted(one.authors & other.authors)
        if len(shared) > 1:
            yield f"authors {', '.join(shared)}", _AUTHORS
        elif shared:
            yield f"author {shared[0]}", _AUTHOR
        else:
            yield "other authors", _OTHER_AUTHORS


def _bits(count: int, total: int, usual: float) -> float:
    """Give the bits of evidence in an agreement on a value that this many of the patients have."""
    return -math.log2((count + _WORTH * usual) / (total + _WORTH))


def _words(title: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in title.casefold()).split())


def _family_names(authors: str) -> frozenset[str]:
    """Give the family names of "Rossi M; van den Berg, A. B."."""
    names = set()
    for author in authors.split(";"):
        family = author.partition(",")[0] if "," in author else " ".join(_without_initials(author.split()))
        if family.strip():
            names.add(_words(family))
    return frozenset(names)


def _without_initials(words: Sequence[str]) -> list[str]:
    kept = [word for word in words if not (word.replace(".", "").isupper() and len(word) <= 4)]
    return kept or list(words)
