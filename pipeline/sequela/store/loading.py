"""Writing the triples of reports into a database.

A report is written whole or not at all. Reports are put together to batches, one transaction each: a loader that
is killed leaves the batches before, and the next one goes on from there. Loaders take turns, batch by batch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import groupby
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version
from sqlalchemy import Connection, Table, bindparam, delete, func, select, update

from sequela.corpora.mentions_csv import Places, beside, parse_mentions, read_mentions
from sequela.corpora.triples_csv import parse_rows, read_triples, triples_files
from sequela.errors import StoreError
from sequela.schema import Triple
from sequela.store.bulk import insert_lines
from sequela.store.database import Database, open_database
from sequela.store.rows import (
    NOBODY,
    PatientKey,
    TermKey,
    Values,
    digest,
    drug_of,
    event_of,
    own_values,
    patient_of,
    plain_values,
    run_of,
)
from sequela.store.tables import OWN_COLUMNS, drug, event, mention, patient, report, run, triple

# Rows of a transaction: enough that its end costs little, few enough that other loaders need not wait long
BATCH_ROWS = 5_000
_ASKED_AT_ONCE = 500  # values in one query; SQLite takes 32,766


@dataclass
class Loaded:
    """What a load did, in reports and rows.

    ``unchanged``: these rows are there already. ``kept``: other rows of the same or of a newer version are
    there, and stayed; ``kept_examples`` names some of them.
    """

    new: int = 0
    replaced: int = 0
    unchanged: int = 0
    kept: int = 0
    rows: int = 0
    kept_examples: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        text = (
            f"{self.new:,} reports new, {self.replaced:,} replaced, {self.unchanged:,} unchanged, "
            f"{self.rows:,} rows written"
        )
        if self.kept:
            text += (
                f"\n{self.kept:,} reports kept as they were, such as {', '.join(self.kept_examples)}: the "
                "database holds other rows of the same or a newer version. Add --replace to load these instead."
            )
        return text


@dataclass(frozen=True)
class _Stored:
    """A report as the database has it."""

    report_id: int
    digest: str
    model: str
    version: str
    has_mentions: bool


@dataclass(frozen=True)
class _Incoming:
    """A report as it is to be written."""

    doc_id: str
    rows: Sequence[Triple]
    values: Sequence[Values]
    model: str
    version: str
    digest: str


def load_rows(
    address: str,
    rows_by_report: Iterable[tuple[str, Sequence[Triple]]],
    run: tuple[str, str] | None = None,
    *,
    replace: bool = False,
) -> Loaded:
    """Write reports into a database, which is created when it is not there.

    Parameters
    ----------
    address
        Path of a SQLite file, or a URL.
    rows_by_report
        ``doc_id`` and all rows of each report. A report without rows is noted too: a newer version that
        finds nothing removes what an older one found.
    run
        Model and version that reports without rows are noted under; they are passed over when None.
    replace
        Write also where other rows of the same or a newer version are there.

    Raises
    ------
    StoreError
        The database cannot be written; the reports before are in it.
    """
    with open_database(address, create=True) as database:
        loader = Loader(database, replace=replace, run=run)
        for doc_id, rows in rows_by_report:
            loader.add(doc_id, rows)
        return loader.finish()


def load_file(
    database: Database, path: Path, *, replace: bool = False, progress: Callable[[int], None] | None = None
) -> Loaded:
    """Write the rows of a triples CSV, or of every one in a folder, with the mentions that lie beside it.

    Raises
    ------
    CorpusError
        A line that is none of a triples CSV; the reports before are in the database.
    StoreError
        The rows of a report do not stand together.
    """
    loader = Loader(database, replace=replace)
    for doc_id, rows in group_reports(_read_with_mentions(path), str(path)):
        loader.add(doc_id, rows)
        if progress:
            progress(len(rows))
    return loader.finish()


def _read_with_mentions(path: Path) -> Iterator[Triple]:
    for file in triples_files(path):
        aside = beside(file)
        places = read_mentions(aside) if aside.is_file() else {}
        yield from (
            (_with_mentions(row, places) for row in read_triples(file)) if places else read_triples(file)
        )


def _with_mentions(row: Triple, places: Places) -> Triple:
    mentions = places.get((row.doc_id, row.triple_id))
    return dataclasses.replace(row, mentions=mentions) if mentions else row


def group_reports(rows: Iterable[Triple], source: str) -> Iterator[tuple[str, list[Triple]]]:
    """Put the rows of each report together, which stand together in a CSV that sequela wrote.

    Raises
    ------
    StoreError
        The rows of a report stand in several places.
    """
    seen = set()
    for doc_id, group in groupby(rows, key=lambda row: row.doc_id):
        if doc_id in seen:
            raise StoreError(
                f"{source}: the rows of report {doc_id!r} stand in more than one place. "
                "Sort the file by doc_id; load files that hold the same report one after the other."
            )
        seen.add(doc_id)
        yield doc_id, list(group)


class Loader:
    """Takes reports and writes them in batches; `finish` writes the last of them."""

    def __init__(
        self, database: Database, *, replace: bool = False, run: tuple[str, str] | None = None
    ) -> None:
        self.database = database
        self.replace = replace
        self.run = run
        self.loaded = Loaded()
        self._waiting: dict[str, _Incoming] = {}
        self._waiting_rows = 0

    def add(self, doc_id: str, rows: Sequence[Triple]) -> None:
        """Take a report with all its rows.

        Raises
        ------
        StoreError
            Rows of several versions, or twice the same row.
        """
        runs = {run_of(row) for row in rows}
        if not runs:
            if self.run is None:
                return
            runs = {self.run}
        if len(runs) > 1:
            raise StoreError(
                f"report {doc_id!r} has rows of several versions or models of sequela. Extract it again."
            )
        if len({row.triple_id for row in rows}) < len(rows) or doc_id in self._waiting:
            raise StoreError(
                f"report {doc_id!r} has a triple_id twice: its rows are there more than once. "
                "Remove the second copy from the file."
            )
        model, version = runs.pop()
        values = [plain_values(row) for row in rows]
        self._waiting[doc_id] = _Incoming(doc_id, rows, values, model, version, digest(values))
        self._waiting_rows += max(1, len(rows))
        if self._waiting_rows >= BATCH_ROWS:
            self._write()

    def add_csv(self, doc_id: str, rows: str, mentions: str = "") -> None:
        """Take a report with its rows as they stand in a triples CSV, and their mentions, without headers."""
        places = parse_mentions(mentions)
        self.add(doc_id, [_with_mentions(row, places) for row in parse_rows(rows)])

    def finish(self) -> Loaded:
        """Write what waits; gives what the whole load did."""
        self._write()
        return self.loaded

    def _write(self) -> None:
        if not self._waiting:
            return
        batch = Loaded()
        with self.database.writing() as connection:
            stored = _stored_reports(connection, list(self._waiting))
            chosen = [
                item for item in self._waiting.values() if self._wanted(item, stored.get(item.doc_id), batch)
            ]
            if chosen:
                _Batch(connection, chosen, stored).write()
            batch.rows = sum(len(item.rows) for item in chosen)
        # Counted when it is committed, and not before
        for name in ("new", "replaced", "unchanged", "kept", "rows"):
            setattr(self.loaded, name, getattr(self.loaded, name) + getattr(batch, name))
        self.loaded.kept_examples = (self.loaded.kept_examples + batch.kept_examples)[:3]
        self._waiting.clear()
        self._waiting_rows = 0

    def _wanted(self, item: _Incoming, stored: _Stored | None, batch: Loaded) -> bool:
        if stored is None:
            batch.new += 1
            return True
        if (stored.digest, stored.model, stored.version) == (item.digest, item.model, item.version):
            if not stored.has_mentions and any(row.mentions for row in item.rows):
                batch.replaced += 1  # by the same rows, with the places that were not known before
                return True
            batch.unchanged += 1
            return False
        if self.replace or _newer(item.version, stored.version):
            batch.replaced += 1
            return True
        batch.kept += 1
        batch.kept_examples = [*batch.kept_examples, item.doc_id][:3]
        return False


def _newer(version: str, than: str) -> bool:
    try:
        return Version(version) > Version(than)
    except InvalidVersion:
        return False


def _stored_reports(connection: Connection, doc_ids: Sequence[str]) -> dict[str, _Stored]:
    stored = {}
    mentioned = (
        select(mention.c.triple_key)
        .select_from(mention.join(triple))
        .where(triple.c.report_id == report.c.report_id)
        .exists()
    )
    columns = (report.c.doc_id, report.c.report_id, report.c.digest, run.c.model, run.c.version, mentioned)
    for start in range(0, len(doc_ids), _ASKED_AT_ONCE):
        asked = doc_ids[start : start + _ASKED_AT_ONCE]
        for doc_id, *values in connection.execute(
            select(*columns).select_from(report).join(run).where(report.c.doc_id.in_(asked))
        ):
            stored[doc_id] = _Stored(*values)
    return stored


_TRIPLE_COLUMNS = (
    *("triple_key", "report_id", "position", "patient_key", "drug_id", "event_id"),
    *OWN_COLUMNS,
)


class _Batch:
    """Writes reports inside a transaction that holds the write lock."""

    def __init__(
        self, connection: Connection, reports: Sequence[_Incoming], stored: dict[str, _Stored]
    ) -> None:
        self.connection = connection
        self.reports = reports
        self.stored = stored

    def write(self) -> None:
        self._remove(
            [self.stored[item.doc_id].report_id for item in self.reports if item.doc_id in self.stored]
        )
        report_ids = self._write_reports()
        rows = [row for item in self.reports for row in item.rows]
        drugs = self._terms(drug, {drug_of(row) for row in rows})
        events = self._terms(event, {event_of(row) for row in rows})
        patients = self._write_patients(report_ids)
        key = self._next_key(triple)
        triples: list[tuple[Any, ...]] = []
        mentions: list[tuple[int, ...]] = []
        for item in self.reports:
            report_id = report_ids[item.doc_id]
            for position, (row, values) in enumerate(zip(item.rows, item.values, strict=True)):
                patient_key = patients.get((report_id, patient_of(row)))
                terms = drugs[drug_of(row)], events[event_of(row)]
                triples.append((key, report_id, position, patient_key, *terms, *own_values(values)))
                mentions += ((key, number, *place) for number, place in enumerate(row.mentions))
                key += 1
        insert_lines(self.connection, triple, _TRIPLE_COLUMNS, triples)
        insert_lines(self.connection, mention, mention.c.keys(), mentions)

    def _remove(self, report_ids: Sequence[int]) -> None:
        """Delete the rows of reports; reviews and what is known of the publication stay."""
        for start in range(0, len(report_ids), _ASKED_AT_ONCE):
            asked = report_ids[start : start + _ASKED_AT_ONCE]
            keys = select(triple.c.triple_key).where(triple.c.report_id.in_(asked))
            self.connection.execute(delete(mention).where(mention.c.triple_key.in_(keys)))
            self.connection.execute(delete(triple).where(triple.c.report_id.in_(asked)))
            self.connection.execute(delete(patient).where(patient.c.report_id.in_(asked)))

    def _write_reports(self) -> dict[str, int]:
        runs = self._runs({(item.model, item.version) for item in self.reports})
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        next_key = self._next_key(report)
        names = ("run_id", "digest", "loaded_at")
        ids, new, changed = {}, [], []
        for item in self.reports:
            values = (runs[item.model, item.version], item.digest, now)
            if item.doc_id in self.stored:
                ids[item.doc_id] = self.stored[item.doc_id].report_id
                changed.append({"asked": ids[item.doc_id], **dict(zip(names, values, strict=True))})
            else:
                ids[item.doc_id] = next_key
                new.append((next_key, item.doc_id, *values))
                next_key += 1
        insert_lines(self.connection, report, ("report_id", "doc_id", *names), new)
        if changed:
            self.connection.execute(update(report).where(report.c.report_id == bindparam("asked")), changed)
        return ids

    def _runs(self, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
        known = {
            (model, version): run_id
            for run_id, model, version in self.connection.execute(
                select(run.c.run_id, run.c.model, run.c.version)
            )
        }
        new = sorted(wanted - set(known))
        lines = [(run_id, *item) for run_id, item in enumerate(new, self._next_key(run))]
        insert_lines(self.connection, run, ("run_id", "model", "version"), lines)
        known.update({(model, version): run_id for run_id, model, version in lines})
        return known

    def _terms(self, table: Table, wanted: set[TermKey]) -> dict[TermKey, int]:
        """Give the keys of drugs or events, adding those that are not there."""
        columns = (f"{table.name}_id", "term", f"{table.name}_name", f"{table.name}_code")
        key, term, name, code = (table.c[column] for column in columns)
        known = {}
        asked = sorted({item.term for item in wanted})
        for start in range(0, len(asked), _ASKED_AT_ONCE):
            found = select(term, name, code, key).where(term.in_(asked[start : start + _ASKED_AT_ONCE]))
            for *values, number in self.connection.execute(found):
                known[TermKey(*values)] = number
        new = sorted(wanted - set(known))
        known.update({item: number for number, item in enumerate(new, self._next_key(table))})
        insert_lines(self.connection, table, columns, [(known[item], *item) for item in new])
        return known

    def _write_patients(self, report_ids: dict[str, int]) -> dict[tuple[int, PatientKey], int]:
        keys: dict[tuple[int, PatientKey], int] = {}
        next_key = self._next_key(patient)
        lines = []
        for item in self.reports:
            report_id = report_ids[item.doc_id]
            for row in item.rows:
                who = patient_of(row)
                if who != NOBODY and (report_id, who) not in keys:
                    keys[report_id, who] = next_key
                    lines.append((next_key, report_id, *who))
                    next_key += 1
        insert_lines(self.connection, patient, ("patient_key", "report_id", *PatientKey._fields), lines)
        return keys

    def _next_key(self, table: Table) -> int:
        highest = self.connection.execute(select(func.max(next(iter(table.primary_key))))).scalar()
        return 1 if highest is None else int(highest) + 1
