"""What readers decide about rows.

A review names its row by report and ``triple_id`` and keeps what the row said when it was read. Loading another
version of the report leaves it alone; `list_reviews` then tells how it stands to the rows of today. Reviews are
added and never changed: of those about one row, the last counts.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from sequela.corpora.files import read_text
from sequela.corpora.triples_csv import restore
from sequela.errors import StoreError
from sequela.schema import COLUMNS, Attribution, Decision, StrEnum, Triple
from sequela.store.bulk import insert_lines
from sequela.store.database import Database
from sequela.store.rows import digest, drug_of, event_of, plain_values, run_of, select_rows, to_triple
from sequela.store.tables import report, review, triple


class Standing(StrEnum):
    """How a review stands to the rows that are there now."""

    CURRENT = "current"  # the row says what it said
    CHANGED = "changed"  # something beside drug, event, patient and place is different
    MOVED = (
        "moved"  # a row of this drug and event has another id: read at another place, or of another patient
    )
    GONE = "gone"


@dataclass(frozen=True, kw_only=True)
class Review:
    """A review, with how it stands to the rows of today. ``now`` are the ids of the rows that a moved one means."""

    doc_id: str
    triple_id: str
    drug: str
    event: str
    decision: str
    reviewer: str
    note: str
    reviewed_at: str
    version: str
    standing: Standing
    now: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A decision that is to be noted; ``doc_id`` may be left out where the id of the row is the only one."""

    triple_id: str
    decision: Decision
    reviewer: str
    note: str = ""
    doc_id: str = ""


# What changes without the row saying something else
_ASIDE = frozenset({"triple_id", "confidence", "rule", "model", "version"})
_KEPT = tuple(n for n, name in enumerate(COLUMNS) if name not in _ASIDE)


def fingerprint(row: Triple) -> str:
    """Give a digest of what a row says."""
    values = plain_values(row)
    return digest([[values[n] for n in _KEPT]])


def note_reviews(database: Database, verdicts: Sequence[Verdict]) -> int:
    """Add reviews, all of them or none.

    Raises
    ------
    StoreError
        No such row, or one in several reports.
    """
    names = ("review_id", "report_id", "triple_id", "decision", "reviewer", "note", "reviewed_at")
    read = ("drug", "event", "drug_term", "event_term", "digest", "version")
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    with database.writing() as connection:
        highest = connection.execute(select(func.max(review.c.review_id))).scalar()
        lines = []
        for key, verdict in enumerate(verdicts, 1 + (highest or 0)):
            report_id, row = _row_of(connection, verdict)
            given = (verdict.decision.value, verdict.reviewer, verdict.note, now)
            said = (
                row.drug,
                row.event,
                drug_of(row).term,
                event_of(row).term,
                fingerprint(row),
                run_of(row)[1],
            )
            lines.append((key, report_id, row.triple_id, *given, *said))
        insert_lines(connection, review, (*names, *read), lines)
    return len(lines)


def read_verdicts(path: Path, reviewer: str = "") -> list[Verdict]:
    """Read verdicts from a CSV with triple_id and decision, and doc_id, reviewer and note where it has them.

    Lines without a decision are passed over; ``reviewer`` is taken where the file names none.

    Raises
    ------
    StoreError
        Other columns, an unknown decision, or nobody who decided.
    """
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
    if not {"triple_id", "decision"} <= set(reader.fieldnames or ()):
        raise StoreError(f"{path}: write a CSV with the columns triple_id, decision, reviewer, note.")
    verdicts = []
    for line in reader:
        cells = {name: restore(value or "").strip() for name, value in line.items() if name}
        decision = cells["decision"].lower()
        if not decision:
            continue
        if decision not in list(Decision):
            raise StoreError(
                f"{path}, line {reader.line_num}: decision is {decision!r}. Write {', '.join(Decision)}."
            )
        who = cells.get("reviewer") or reviewer
        if not who:
            raise StoreError(
                f"{path}, line {reader.line_num}: nobody decided. Fill in reviewer, or add --reviewer NAME."
            )
        verdicts.append(
            Verdict(
                triple_id=cells["triple_id"],
                decision=Decision(decision),
                reviewer=who,
                note=cells.get("note", ""),
                doc_id=cells.get("doc_id", ""),
            )
        )
    return verdicts


def list_reviews(connection: Connection, *, doc_id: str = "", history: bool = False) -> list[Review]:
    """Give the reviews in the order they were noted, the last of each reader about a row; all with ``history``."""
    query = select(report.c.doc_id, review).join(report).order_by(review.c.review_id)
    if doc_id:
        query = query.where(report.c.doc_id == doc_id)
    found = connection.execute(query).all()
    if not history:
        last = {(line.report_id, line.triple_id, line.reviewer): line.review_id for line in found}
        kept = set(last.values())
        found = [line for line in found if line.review_id in kept]
    rows = _rows_of(connection, sorted({line.report_id for line in found}))
    return [_reviewed(line, rows[line.report_id]) for line in found]


def unreviewed(connection: Connection, limit: int | None = None) -> Iterator[Triple]:
    """Give the rows about patients that nobody has decided about, in the order they were loaded."""
    query = select_rows().where(
        ~exists().where(_same_row()),
        triple.c.attribution.in_([Attribution.INDEX_PATIENT.value, Attribution.OTHER_CASE.value]),
    )
    for row in connection.execute(query.limit(limit)):
        yield to_triple(row)


def found_wrong() -> ColumnElement[bool]:
    """Give the condition that the last review of a triple says it is wrong."""
    later = review.alias("later")
    return exists().where(
        _same_row(),
        review.c.decision == Decision.WRONG.value,
        ~exists().where(
            later.c.report_id == review.c.report_id,
            later.c.triple_id == review.c.triple_id,
            later.c.review_id > review.c.review_id,
        ),
    )


def _same_row() -> ColumnElement[bool]:
    return and_(review.c.report_id == triple.c.report_id, review.c.triple_id == triple.c.triple_id)


def _row_of(connection: Connection, verdict: Verdict) -> tuple[int, Triple]:
    wanted = triple.c.triple_id == verdict.triple_id
    if verdict.doc_id:
        wanted &= report.c.doc_id == verdict.doc_id
    found = connection.execute(select_rows().add_columns(triple.c.report_id).where(wanted)).all()
    if len(found) == 1:
        return found[0].report_id, to_triple(found[0][:-1])
    if found:
        raise StoreError(f"{len(found)} reports have a row {verdict.triple_id}. Add --doc ID.")
    raise StoreError(
        f"there is no row {verdict.triple_id}. 'sequela db query --format csv' shows ids in the column triple_id."
    )


def _rows_of(connection: Connection, report_ids: Sequence[int]) -> dict[int, list[Triple]]:
    rows: dict[int, list[Triple]] = defaultdict(list)
    for report_id in report_ids:
        query = select_rows().where(triple.c.report_id == report_id)
        rows[report_id] = [to_triple(row) for row in connection.execute(query)]
    return rows


def _reviewed(line: Any, rows: Sequence[Triple]) -> Review:
    same = [row for row in rows if row.triple_id == line.triple_id]
    alike = [
        row for row in rows if (drug_of(row).term, event_of(row).term) == (line.drug_term, line.event_term)
    ]
    if same:
        said = line.digest in ("", fingerprint(same[0]))
        standing = Standing.CURRENT if said else Standing.CHANGED
    else:
        standing = Standing.MOVED if alike else Standing.GONE
    names = ("doc_id", "triple_id", "drug", "event", "decision", "reviewer", "note", "reviewed_at", "version")
    return Review(
        **{name: getattr(line, name) for name in names},
        standing=standing,
        now=" ".join(row.triple_id for row in alike) if standing is Standing.MOVED else "",
    )
