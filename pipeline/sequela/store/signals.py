"""Drug-event pairs that more patients have than drug and event by themselves would lead to expect.

Patients are counted, not rows: a patient of a report, and the other cases a report tells of as one. Only drugs that
are suspected, and reactions that happened or may have happened, count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, func, select

from sequela.components.terms.meddra import PREFIX
from sequela.schema import Assertion, Attribution, Role
from sequela.store.measures import (
    MIN_PATIENTS,
    FourfoldTable,
    chi_squared,
    criteria,
    information_component,
    prr,
    ror,
)
from sequela.store.query import Filter
from sequela.store.tables import drug, event, meddra, patient, report, triple

ATTRIBUTIONS = (Attribution.INDEX_PATIENT, Attribution.OTHER_CASE)
ASSERTIONS = (Assertion.AFFIRMED, Assertion.POSSIBLE)
_SUSPECTED = (Role.SUSPECT.value, Role.INTERACTING.value)
_ROWS_AT_ONCE = 5_000

Pair = tuple[str, str]
Hours = tuple[float, float]
MAIN_COLUMNS = (
    "drug", "event", "n", "n_drug", "n_event", "prr", "ror", "ror_lower", "ror_upper", "ic", "ic025", "chi2",
    "signal",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Signal:
    """The measures of a pair; ``drug`` and ``event`` are names, the codes "" where there are none.

    ``n`` are the patients with both, ``n_drug`` and ``n_event`` those with one, ``total`` all of them. ``signal``
    names the measures above their thresholds, see `sequela.store.measures.criteria`.
    """

    drug: str
    event: str
    drug_code: str
    event_code: str
    n: int
    n_drug: int
    n_event: int
    total: int
    expected: float
    prr: float
    prr_lower: float
    prr_upper: float
    ror: float
    ror_lower: float
    ror_upper: float
    ic: float
    ic025: float
    ic975: float
    chi2: float
    signal: str


@dataclass
class Counts:
    """Numbers of patients: all, by drug, by event and by pair."""

    total: int = 0
    drugs: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    pairs: Counter[Pair] = field(default_factory=Counter)

    def table(self, pair: Pair) -> FourfoldTable:
        """Give the fourfold table of a pair."""
        a = self.pairs[pair]
        b = self.drugs[pair[0]] - a
        c = self.events[pair[1]] - a
        return FourfoldTable(a, b, c, self.total - a - b - c)


def count_patients(patients: Iterable[Iterable[Pair]]) -> Counts:
    """Count the pairs of each patient; a pair, a drug or an event counts once a patient."""
    counts = Counts()
    for told in patients:
        pairs = set(told)
        if pairs:
            counts.total += 1
            counts.pairs.update(pairs)
            counts.drugs.update({drug_term for drug_term, _ in pairs})
            counts.events.update({event_term for _, event_term in pairs})
    return counts


def find_signals(
    connection: Connection,
    population: Filter,
    *,
    min_patients: int = MIN_PATIENTS,
    drug_name: str = "",
    event_name: str = "",
    level: str = "",
) -> list[Signal]:
    """Compute the measures of all pairs, the strongest by the lower bound of the information component first.

    Parameters
    ----------
    population
        Which rows count. Attribution and assertion, where it sets none, are those of what happened to patients.
    min_patients
        Pairs of fewer patients are left out of the result, and not of the counts.
    drug_name, event_name
        Only pairs of this drug or event, by code or name; the counts stay those of all.
    level
        Put events together by their MedDRA term of this level: pt, hlt, hlgt or soc. Those that have no place
        there are one group, which counts for the others and is not shown.
    """
    counts = count_patients(
        [(row.drug_term, row.event_term) for row in rows]
        for _, rows in _by_patient(connection, population, level)
    )
    names = {"drug": _names(connection, drug), "event": _event_names(connection, level)}
    found = []
    for pair, patients in counts.pairs.items():
        if patients < min_patients or not pair[1]:
            continue
        (shown_drug, drug_code), (shown_event, event_code) = names["drug"][pair[0]], names["event"][pair[1]]
        if _other(drug_name, shown_drug, pair[0]) or _other(event_name, shown_event, pair[1]):
            continue
        table = counts.table(pair)
        found.append(_signal(table, shown_drug, shown_event, drug_code, event_code, min_patients))
    return sorted(found, key=lambda signal: (-signal.ic025, signal.drug, signal.event))


def find_onsets(
    connection: Connection, population: Filter, wanted: Iterable[Signal], *, level: str = ""
) -> dict[Pair, list[Hours]]:
    """Give the onsets of pairs in hours, least and most, one for each patient of whom it is known.

    The keys are the names of drug and event, in the order of ``wanted``.
    """
    found: dict[Pair, list[Hours]] = {(signal.drug, signal.event): [] for signal in wanted}
    names = {"drug": _names(connection, drug), "event": _event_names(connection, level)}
    for _, rows in _by_patient(connection, population, level):
        told: dict[Pair, Hours] = {}
        for row in rows:
            pair = (names["drug"][row.drug_term][0], names["event"][row.event_term][0])
            least, most = row.onset_hours_min, row.onset_hours_max
            if pair in found and least is not None:
                told.setdefault(pair, (least, least if most is None else most))
        for pair, hours in told.items():
            found[pair].append(hours)
    return found


def _by_patient(
    connection: Connection, population: Filter, level: str
) -> Iterator[tuple[Any, Iterator[Any]]]:
    event_term = func.coalesce(meddra.c[f"{level}_code"], "") if level else event.c.term
    who = func.coalesce(patient.c.patient_id, "").label("who")
    query = (
        select(
            triple.c.report_id,
            triple.c.attribution,
            who,
            drug.c.term.label("drug_term"),
            event_term.label("event_term"),
            triple.c.onset_hours_min,
            triple.c.onset_hours_max,
        )
        .select_from(triple)
        .join(report)
        .join(drug)
        .join(event)
        .outerjoin(meddra, event.c.pt_code == meddra.c.pt_code)
        .outerjoin(patient, triple.c.patient_key == patient.c.patient_key)
        .where(population.conditions(), triple.c.role.in_(_SUSPECTED))
        .order_by(triple.c.report_id, triple.c.attribution, who, triple.c.position)
    )
    if not population.attribution:
        query = query.where(triple.c.attribution.in_([value.value for value in ATTRIBUTIONS]))
    if not population.assertion:
        query = query.where(triple.c.assertion.in_([value.value for value in ASSERTIONS]))
    rows = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query)
    return groupby(rows, key=lambda row: (row.report_id, row.attribution, row.who))


def _names(connection: Connection, table: Any) -> dict[str, tuple[str, str]]:
    """Give name and code by what is counted."""
    name, code = table.c[f"{table.name}_name"], table.c[f"{table.name}_code"]
    shown = func.min(func.coalesce(func.nullif(name, ""), table.c.term))
    query = select(table.c.term, shown, func.max(code)).group_by(table.c.term)
    return {term: (name, code) for term, name, code in connection.execute(query)}


def _event_names(connection: Connection, level: str) -> dict[str, tuple[str, str]]:
    """Give name and code by what is counted: events, or their MedDRA terms of a level."""
    if not level:
        return _names(connection, event)
    code, name = meddra.c[f"{level}_code"], meddra.c[f"{level}_name"]
    query = select(code, func.min(name)).group_by(code)
    found = {key: (shown, f"{PREFIX}{key}") for key, shown in connection.execute(query)}
    return {"": ("", ""), **found}


def _other(wanted: str, name: str, term: str) -> bool:
    return bool(wanted) and wanted.lower() not in (name.lower(), term.lower())


def _signal(
    table: FourfoldTable, drug_name: str, event_name: str, drug_code: str, event_code: str, min_patients: int
) -> Signal:
    proportional, odds, component = prr(table), ror(table), information_component(table)
    return Signal(
        drug=drug_name,
        event=event_name,
        drug_code=drug_code,
        event_code=event_code,
        n=table.a,
        n_drug=table.a + table.b,
        n_event=table.a + table.c,
        total=table.total,
        expected=table.expected,
        prr=proportional.value,
        prr_lower=proportional.lower,
        prr_upper=proportional.upper,
        ror=odds.value,
        ror_lower=odds.lower,
        ror_upper=odds.upper,
        ic=component.value,
        ic025=component.lower,
        ic975=component.upper,
        chi2=chi_squared(table),
        signal=" ".join(criteria(table, max(MIN_PATIENTS, min_patients))),
    )
