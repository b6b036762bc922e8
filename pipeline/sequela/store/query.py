"""Reading a database: rows by filter, counts, and whether everything is in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, literal, or_, select, text

from sequela.components.terms.meddra import LEVELS
from sequela.schema import Assertion, Attribution, Triple
from sequela.store.database import Database
from sequela.store.places import count_unplaced
from sequela.store.reviews import found_wrong
from sequela.store.rows import digest, plain_values, select_rows, to_triple
from sequela.store.tables import drug, event, meddra, patient, report, review, run, triple

_ROWS_AT_ONCE = 2_000
_PROBLEMS_SHOWN = 20
_KINDS = ("code", "name")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which rows; everything left out lets all of them through.

    ``drug`` and ``event`` are compared with code, name and mention, whatever the case; ``*`` stands for any
    letters. So is ``within`` with the terms of MedDRA at all levels, over the events that have a place there.
    ``without_wrong`` leaves out rows whose last review says so. ``published_from`` and ``published_to`` are ISO
    8601 dates, inclusive, and leave out reports whose date is not known.
    """

    drug: str = ""
    event: str = ""
    doc_id: str = ""
    attribution: Sequence[Attribution] = ()
    assertion: Sequence[Assertion] = ()
    section: Sequence[str] = ()
    within: str = ""
    without_wrong: bool = False
    min_confidence: float = 0.0
    published_from: str = ""
    published_to: str = ""

    def conditions(self) -> ColumnElement[bool]:
        """Give the condition over the joined tables."""
        wanted: list[ColumnElement[bool]] = [literal(True)]
        for value, table, name in ((self.drug, drug, "drug"), (self.event, event, "event")):
            if value:
                columns = (table.c[f"{name}_code"], table.c[f"{name}_name"], triple.c[name])
                wanted.append(or_(*(_like(column, value) for column in columns)))
        if self.within:
            terms = (_like(meddra.c[f"{level}_{kind}"], self.within) for level in LEVELS for kind in _KINDS)
            wanted.append(event.c.pt_code.in_(select(meddra.c.pt_code).where(or_(*terms))))
        if self.without_wrong:
            wanted.append(~found_wrong())
        if self.doc_id:
            wanted.append(report.c.doc_id == self.doc_id)
        for values, column in (
            (self.attribution, triple.c.attribution),
            (self.assertion, triple.c.assertion),
            (self.section, triple.c.section),
        ):
            if values:
                wanted.append(column.in_([str(value) for value in values]))
        if self.min_confidence:
            wanted.append(triple.c.confidence >= self.min_confidence)
        if self.published_from:
            wanted.append(report.c.published >= self.published_from)
        if self.published_to:
            # "2019" and "2019-05" lie inside 2019-05-31; the tilde comes after every digit and hyphen
            wanted.append(and_(report.c.published != "", report.c.published <= f"{self.published_to}~"))
        return and_(*wanted)


def find_rows(connection: Connection, chosen: Filter, limit: int | None = None) -> Iterator[Triple]:
    """Give the triples that a filter lets through, in the order they were loaded."""
    query = select_rows().where(chosen.conditions()).limit(limit)
    for row in connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query):
        yield to_triple(row)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a database holds. ``top_…`` are pairs of a name and its number of reports.

    ``top_classes`` are MedDRA's system organ classes, of the events that have a place in it.
    """

    reports: int
    patients: int
    triples: int
    drugs: int
    events: int
    with_onset: int
    drugs_coded: int
    events_coded: int
    attribution: dict[str, int]
    assertion: dict[str, int]
    runs: dict[str, int]
    top_drugs: list[tuple[str, int]]
    top_events: list[tuple[str, int]]
    top_pairs: list[tuple[str, int]]
    top_classes: list[tuple[str, int]]


def summarise(connection: Connection, top: int = 10) -> Summary:
    """Count what is there; the lists of names are over what happened to patients."""
    counted = func.count()

    def number(query: Select[Any]) -> int:
        return int(connection.execute(query).scalar_one())

    def groups(column: ColumnElement[Any]) -> dict[str, int]:
        query = select(column, counted).group_by(column).order_by(counted.desc(), column)
        return {str(name): int(size) for name, size in connection.execute(query)}

    runs = select(run.c.version, run.c.model, counted).join(report).group_by(run.c.version, run.c.model)
    return Summary(
        reports=number(select(counted).select_from(report)),
        # Rows that differ in what they know of a patient are still one patient
        patients=number(
            select(counted).select_from(
                select(patient.c.report_id, patient.c.patient_id).distinct().subquery()
            )
        ),
        triples=number(select(counted).select_from(triple)),
        drugs=number(select(func.count(triple.c.drug_id.distinct()))),
        events=number(select(func.count(triple.c.event_id.distinct()))),
        with_onset=number(select(counted).select_from(triple).where(triple.c.onset_hours_min.is_not(None))),
        drugs_coded=number(select(counted).select_from(triple).join(drug).where(drug.c.drug_code != "")),
        events_coded=number(select(counted).select_from(triple).join(event).where(event.c.event_code != "")),
        attribution=groups(triple.c.attribution),
        assertion=groups(triple.c.assertion),
        runs={
            f"{version} {model}".strip(): size
            for version, model, size in connection.execute(runs.order_by(run.c.version, run.c.model))
        },
        top_drugs=_top(connection, top, drug),
        top_events=_top(connection, top, event),
        top_pairs=_top(connection, top, drug, event),
        top_classes=_top_classes(connection, top),
    )


def _top(connection: Connection, top: int, *tables: Table) -> list[tuple[str, int]]:
    reports = func.count(triple.c.report_id.distinct())
    terms = [table.c.term for table in tables]
    names = [
        func.min(func.coalesce(func.nullif(table.c[f"{table.name}_name"], ""), table.c.term))
        for table in tables
    ]
    query = select(reports, *names).select_from(triple)
    for table in tables:
        query = query.join(table)
    query = query.where(_HAPPENED)
    query = query.group_by(*terms).order_by(reports.desc(), *names).limit(top)
    return [(" – ".join(row[1:]), int(row[0])) for row in connection.execute(query)]


def _top_classes(connection: Connection, top: int) -> list[tuple[str, int]]:
    reports = func.count(triple.c.report_id.distinct())
    name = meddra.c.soc_name
    query = select(name, reports).select_from(triple).join(event).join(meddra).where(_HAPPENED)
    return [
        (name, int(number))
        for name, number in connection.execute(query.group_by(name).order_by(reports.desc(), name).limit(top))
    ]


_HAPPENED = and_(
    triple.c.attribution.in_([Attribution.INDEX_PATIENT.value, Attribution.OTHER_CASE.value]),
    triple.c.assertion.in_([Assertion.AFFIRMED.value, Assertion.POSSIBLE.value]),
)


@dataclass
class Findings:
    """What a check found. ``problems`` say what is wrong and what to do; ``notes`` are no errors."""

    reports: int = 0
    triples: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check(database: Database) -> Findings:
    """Look for damage: the file, keys that lead nowhere, reports whose rows are not those that were loaded."""
    found = Findings()
    with database.reading() as connection:
        if database.is_sqlite:
            _check_sqlite(connection, found)
        _check_digests(connection, found)
        lost = (
            select(func.count())
            .select_from(review)
            .outerjoin(
                triple,
                and_(triple.c.report_id == review.c.report_id, triple.c.triple_id == review.c.triple_id),
            )
            .where(triple.c.triple_key.is_(None))
        )
        if number := connection.execute(lost).scalar_one():
            found.notes.append(f"{number:,} reviews are about rows that a newer version no longer has")
        if number := count_unplaced(connection):
            found.notes.append(
                f"{number:,} events coded by MedDRA have no place in it; run 'sequela db meddra DIR'"
            )
    return found


def _check_sqlite(connection: Connection, found: Findings) -> None:
    for (line,) in connection.execute(text(f"PRAGMA integrity_check({_PROBLEMS_SHOWN})")):
        if line != "ok":
            found.problems.append(f"the file is damaged ({line}): restore a copy, or load into a new file")
    broken = connection.execute(text("PRAGMA foreign_key_check")).fetchmany(_PROBLEMS_SHOWN)
    found.problems.extend(
        f"table {table}, line {line}: refers to a line of {parent} that is not there; load its report "
        "again with --replace"
        for table, line, parent, _ in broken
    )


def _check_digests(connection: Connection, found: Findings) -> None:
    expected = select(report.c.report_id, report.c.doc_id, report.c.digest).order_by(report.c.report_id)
    rows = find_rows(connection, Filter())
    waiting = next(rows, None)
    for _, doc_id, noted in connection.execute(expected).all():
        mine = []
        while waiting is not None and waiting.doc_id == doc_id:
            mine.append(plain_values(waiting))
            waiting = next(rows, None)
        found.reports += 1
        found.triples += len(mine)
        if digest(mine) != noted:
            found.problems.append(
                f"report {doc_id!r}: its rows are not those that were loaded; load it again with --replace"
            )


def _like(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    lower = value.lower()
    if "*" not in lower:
        return func.lower(column) == lower
    escaped = lower.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_").replace("*", "%")
    return func.lower(column).like(escaped, escape="\\")
