"""The tables, as the newest schema has them.

Columns of a triple that are not kept in a table of their own come from `sequela.schema.Triple`, so that they are
written down nowhere else; a test compares these tables with what the migrations build.

Keys are given out by the loader, which holds the write lock: no table counts by itself.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

from sequela.schema import COLUMNS, Triple

# Not "alembic_version": other programs may keep theirs in the same PostgreSQL database
VERSION_TABLE = "sequela_schema"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _key(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=False)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


# An extraction by one tagger of one version of sequela, whenever and in however many goes it was loaded
run = Table(
    "run",
    metadata,
    _key("run_id"),
    _text("model"),
    _text("version"),
    UniqueConstraint("model", "version"),
)

# ``digest`` is over the rows; ``published`` is an ISO 8601 date, complete or not; "" is not known
report = Table(
    "report",
    metadata,
    _key("report_id"),
    _text("doc_id"),
    Column("run_id", Integer, ForeignKey(run.c.run_id), nullable=False, index=True),
    _text("digest"),
    _text("loaded_at"),
    Column("title", Text, nullable=False, server_default=""),
    Column("authors", Text, nullable=False, server_default=""),
    Column("published", Text, nullable=False, server_default=""),
    UniqueConstraint("doc_id"),
)

# As the rows describe a patient: rows of one patient that differ in the age make two lines with one label
patient = Table(
    "patient",
    metadata,
    _key("patient_key"),
    Column("report_id", Integer, ForeignKey(report.c.report_id), nullable=False, index=True),
    _text("patient_id"),
    Column("patient_age", Float),
    _text("patient_age_unit"),
    _text("patient_sex"),
)


def _terms(kind: str) -> Table:
    """Give the table of drugs or events.

    ``term`` is what they are counted by: the code, without one the name, without that the mention in small
    letters.
    """
    return Table(
        kind,
        metadata,
        _key(f"{kind}_id"),
        _text("term"),
        _text(f"{kind}_name"),
        _text(f"{kind}_code"),
        UniqueConstraint("term", f"{kind}_name", f"{kind}_code"),
        Index(None, f"{kind}_name"),
    )


# Where the preferred terms of a user's MedDRA release stand, those that events of this database have
meddra = Table(
    "meddra",
    metadata,
    Column("pt_code", Text, primary_key=True),
    *(
        _text(name)
        for name in ("pt_name", "hlt_code", "hlt_name", "hlgt_code", "hlgt_name", "soc_code", "soc_name")
    ),
    _text("release"),
)

drug = _terms("drug")
event = _terms("event")
event.append_column(Column("pt_code", Text, ForeignKey(meddra.c.pt_code), nullable=True, index=True))

# Columns of a triple that other tables keep
ELSEWHERE = frozenset(
    {"doc_id", "model", "version", "drug_name", "drug_code", "event_name", "event_code"}
    | {"patient_id", "patient_age", "patient_age_unit", "patient_sex"}
)
OWN_COLUMNS = tuple(name for name in COLUMNS if name not in ELSEWHERE)

_TYPES: dict[str, type[TypeEngine[Any]]] = {"int": Integer, "float": Float, "bool": Boolean}


def _own_columns() -> list[Column[Any]]:
    columns: list[Column[Any]] = []
    for item in fields(Triple):
        if item.name in OWN_COLUMNS:
            kind, _, none = str(item.type).partition(" | ")
            columns.append(Column(item.name, _TYPES.get(kind, Text)(), nullable=none == "None"))
    return columns


triple = Table(
    "triple",
    metadata,
    _key("triple_key"),
    Column("report_id", Integer, ForeignKey(report.c.report_id), nullable=False),
    Column("position", Integer, nullable=False),
    Column("patient_key", Integer, ForeignKey(patient.c.patient_key), nullable=True, index=True),
    Column("drug_id", Integer, ForeignKey(drug.c.drug_id), nullable=False),
    Column("event_id", Integer, ForeignKey(event.c.event_id), nullable=False, index=True),
    *_own_columns(),
    UniqueConstraint("report_id", "triple_id"),
    Index(None, "drug_id", "event_id"),
)

# The other places of a report where the same reaction is told
mention = Table(
    "mention",
    metadata,
    Column("triple_key", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    *(
        Column(name, Integer, nullable=False)
        for name in ("drug_start", "drug_end", "event_start", "event_end")
    ),
    ForeignKeyConstraint(["triple_key"], [triple.c.triple_key]),
)

# What a reader decided about a row. It names the row by its stable id and keeps what was read, and so outlives a newer
# extraction: ``digest`` tells whether the row still says the same, the terms find it again under another id
review = Table(
    "review",
    metadata,
    _key("review_id"),
    Column("report_id", Integer, ForeignKey(report.c.report_id), nullable=False),
    _text("triple_id"),
    _text("decision"),
    _text("reviewer"),
    _text("note"),
    _text("reviewed_at"),
    *(
        Column(name, Text, nullable=False, server_default="")
        for name in ("drug", "event", "drug_term", "event_term", "digest", "version")
    ),
    Index(None, "report_id", "triple_id"),
)
