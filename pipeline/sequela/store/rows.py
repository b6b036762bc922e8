"""Between `Triple` and the lines of the tables."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from sequela.schema import COLUMNS, Triple
from sequela.store.tables import OWN_COLUMNS, drug, event, patient, report, run, triple

Values = list[Any]

_values = operator.attrgetter(*COLUMNS)
_own = operator.itemgetter(*(COLUMNS.index(name) for name in OWN_COLUMNS))
_KINDS = {item.name: str(item.type) for item in fields(Triple)}
_FLOATS = tuple(n for n, name in enumerate(COLUMNS) if _KINDS[name].startswith("float"))
_ENUMS = tuple(n for n, name in enumerate(COLUMNS) if _KINDS[name][0].isupper())


class PatientKey(NamedTuple):
    """What is known of a patient; the columns of the table but for its keys."""

    patient_id: str
    patient_age: float | None
    patient_age_unit: str
    patient_sex: str


class TermKey(NamedTuple):
    """A drug or an event; the columns of the tables but for their keys."""

    term: str
    name: str
    code: str


NOBODY = PatientKey("", None, "", "")


def plain_values(row: Triple) -> Values:
    """Give the values of a row in the order of the CSV, the same before and after a round trip through it."""
    values = list(_values(row))
    for n in _ENUMS:
        values[n] = values[n].value
    for n in _FLOATS:
        if values[n] is not None:
            values[n] = float(values[n])
    return [_clean(value) if isinstance(value, str) and "\x00" in value else value for value in values]


def digest(rows: Iterable[Values]) -> str:
    """Give a fingerprint of the rows of a report, from `plain_values`."""
    total = hashlib.sha256()
    for values in rows:
        total.update(repr(values).encode("utf-8", "surrogatepass"))
    return total.hexdigest()


def own_values(values: Values) -> tuple[Any, ...]:
    """Give what the table of triples holds of a row, in the order of `OWN_COLUMNS`."""
    own: tuple[Any, ...] = _own(values)
    return own


def patient_of(row: Triple) -> PatientKey:
    """Give the patient of a row."""
    age = row.patient_age
    return PatientKey(
        row.patient_id, None if age is None else float(age), row.patient_age_unit, row.patient_sex
    )


def drug_of(row: Triple) -> TermKey:
    """Give the drug of a row, and what it is counted by."""
    return _term(row.drug_code, row.drug_name, row.drug)


def event_of(row: Triple) -> TermKey:
    """Give the event of a row, and what it is counted by."""
    return _term(row.event_code, row.event_name, row.event)


def _term(code: str, name: str, mention: str) -> TermKey:
    return TermKey(_clean(code or name or " ".join(mention.casefold().split())), _clean(name), _clean(code))


def _clean(text: str) -> str:
    # PostgreSQL stores no NUL; the replacement character is as long, so that offsets hold
    return text.replace("\x00", "\ufffd")


def select_rows() -> Select[Any]:
    """Give the query of all triples in the order they were loaded; its columns are those of the CSV."""
    tables = {
        "doc_id": report, "model": run, "version": run, "drug_name": drug, "drug_code": drug,
        "event_name": event, "event_code": event, "patient_id": patient, "patient_age": patient,
        "patient_age_unit": patient, "patient_sex": patient,
    }  # fmt: skip
    return (
        select(*(tables.get(name, triple).c[name] for name in COLUMNS))
        .select_from(triple)
        .join(report)
        .join(run)
        .join(drug)
        .join(event)
        .outerjoin(patient, triple.c.patient_key == patient.c.patient_key)
        .order_by(triple.c.report_id, triple.c.position)
    )


def to_triple(row: Sequence[Any]) -> Triple:
    """Give the triple that a line of `select_rows` holds."""
    values = dict(zip(COLUMNS, row, strict=True))
    for name in ("patient_id", "patient_age_unit", "patient_sex"):
        if values[name] is None:  # no patient
            values[name] = ""
    return Triple(**values)


def run_of(row: Triple) -> tuple[str, str]:
    """Give model and version."""
    return row.model, row.version
