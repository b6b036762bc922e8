"""Title, authors and date of publication of reports that are in a database."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from sqlalchemy import bindparam, select, update

from sequela.corpora.files import read_text
from sequela.errors import StoreError
from sequela.store.database import Database
from sequela.store.tables import report

COLUMNS = ("title", "authors", "published")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def note_publications(database: Database, path: Path) -> str:
    """Read a CSV with the column doc_id and any of title, authors and published; gives what was done in words.

    Cells that are empty leave what is there.

    Raises
    ------
    StoreError
        Other columns, or a date that is none. Nothing was noted.
    """
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
    names = [name for name in COLUMNS if name in (reader.fieldnames or ())]
    if "doc_id" not in (reader.fieldnames or ()) or not names:
        raise StoreError(f"{path}: write a CSV with the columns doc_id, title, authors, published.")
    noted, unknown = 0, 0
    with database.writing() as connection:
        known = set(connection.scalars(select(report.c.doc_id)))
        for line in reader:
            date = line.get("published") or ""
            if date and not _DATE.fullmatch(date):
                raise StoreError(
                    f"{path}, line {reader.line_num}: published is {date!r}. "
                    "Write 2019, 2019-05 or 2019-05-03."
                )
            if line["doc_id"] not in known:
                unknown += 1
                continue
            values = {name: line[name] for name in names if line[name]}
            if values:
                connection.execute(
                    update(report).where(report.c.doc_id == bindparam("asked")),
                    {"asked": line["doc_id"], **values},
                )
                noted += 1
    return f"{noted:,} reports noted, {unknown:,} are not in the database"
