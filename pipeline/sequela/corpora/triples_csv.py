"""The triples CSV: the columns of `sequela.schema.Triple`, one row a triple.

UTF-8, commas, one header line, lines that end in a line feed. Empty means "not stated". Truth values are
``true`` and ``false``.

Spreadsheets run a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break as a formula. Text
cells of this kind get an apostrophe in front; so do those that already begin with apostrophes before such a
character, which makes `restore` the exact inverse of `neutralise`.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, Field, fields
from enum import Enum
from pathlib import Path
from typing import Any, TextIO

from sequela import schema
from sequela.corpora.files import files_of, read_text
from sequela.corpora.problems import Problem, Report, fail
from sequela.schema import COLUMNS, Triple

# Written beside a triples CSV
_ASIDE = (".csv.errors.csv", ".csv.mentions.csv", ".csv.interrupted.csv")
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_NEUTRALISED = re.compile(r"'+[=+\-@\t\r\n]")


def sniff(file: Path, head: str) -> bool:
    """Whether a file looks like this format, by its name and how it begins."""
    return file.suffix == ".csv" and {"doc_id", "drug", "event"} <= set(head.partition("\n")[0].split(","))


def begins_as_one(file: Path) -> bool:
    """Whether a file begins as `write_header` lets it begin; false for one that cannot be read."""
    start = f"{COLUMNS[0]},".encode()
    try:
        with file.open("rb") as opened:
            return opened.read(len(start)) == start
    except OSError:
        return False


def neutralise(cell: str) -> str:
    """Keep a spreadsheet from taking the text of a cell for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restore(cell: str) -> str:
    """Give back the text that `neutralise` was given."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell


def write_header(file: TextIO) -> None:
    """Write the line of column names. ``file`` is opened with ``newline=""``."""
    _writer(file).writerow(COLUMNS)


def write_rows(file: TextIO, triples: Iterable[Triple]) -> int:
    """Write one row for each triple, without a header; gives their number."""
    writer = _writer(file)
    count = 0
    for triple in triples:
        writer.writerow([_format(getattr(triple, column)) for column in COLUMNS])
        count += 1
    return count


def read_triples(path: Path, *, report: Report = fail) -> Iterator[Triple]:
    """Read the rows of a triples CSV, or of every ``*.csv`` of a directory.

    Columns with a default may be missing; columns that are not those of `Triple` are an error, because a
    misspelt name would otherwise count as "not stated".

    Raises
    ------
    CorpusError
        From ``report``: not this kind of file, an unknown column, a value that is none of its column,
        a triple_id twice in a report.
    """
    for file in triples_files(Path(path)):
        yield from _Reader(file, report).rows(read_text(file))


def triples_files(path: Path) -> list[Path]:
    """List a triples CSV, or those of a directory without what ``extract`` writes beside them.

    Raises
    ------
    CorpusError
        There is no such path, or the directory holds no CSV.
    """
    files = files_of(path, ".csv")
    return [file for file in files if file == path or not file.name.lower().endswith(_ASIDE)]


def parse_rows(text: str) -> list[Triple]:
    """Give the rows of a text that `write_rows` wrote.

    Raises
    ------
    CorpusError
        A line that is none of a triples CSV.
    """
    header = io.StringIO(newline="")
    write_header(header)
    return list(_Reader(Path("-"), fail).rows(header.getvalue() + text))


def _format(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        return neutralise(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return repr(value)


class _LineFeeds:
    """Ends rows with a line feed.

    The csv module quotes a cell for the carriage return in it only where rows end with one (until Python
    3.13); so it is told that they do, and the end is replaced here.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: str) -> int:
        return self._file.write(row.removesuffix("\r\n") + "\n")


def _writer(file: TextIO) -> Any:
    return csv.writer(_LineFeeds(file), lineterminator="\r\n")


class _Reader:
    """Reads one file."""

    def __init__(self, file: Path, report: Report) -> None:
        self.file = file
        self.report = report
        self.line = 1

    def problem(self, message: str) -> None:
        self.report(Problem(path=str(self.file), line=self.line, message=message))

    def rows(self, text: str) -> Iterator[Triple]:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        lines: dict[tuple[str, str], int] = {}
        try:
            header = next(reader, [])
            if not self._header_holds(header):
                return
            self.line = reader.line_num + 1
            for cells in reader:
                triple = self._triple(header, cells) if cells else None
                if triple is not None:
                    first = lines.setdefault((triple.doc_id, triple.triple_id), self.line)
                    if first != self.line:
                        self.problem(
                            f"triple_id {triple.triple_id} of {triple.doc_id} twice: also in line {first}"
                        )
                    yield triple
                self.line = reader.line_num + 1
        except csv.Error as error:
            self.problem(f"not CSV: {error}")

    def _header_holds(self, header: list[str]) -> bool:
        unknown = [name for name in header if name not in _FIELDS]
        missing = [name for name in _REQUIRED if name not in header]
        if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
            self.problem("the columns are not separated by commas: save the file as comma-separated CSV")
        elif missing:
            self.problem(f"not a triples CSV: no column {', '.join(missing)}")
        elif unknown:
            self.problem(f"unknown column {', '.join(map(repr, unknown))}: rename or delete it")
        elif len(set(header)) < len(header):
            self.problem("a column is there twice")
        else:
            return True
        return False

    def _triple(self, header: list[str], cells: list[str]) -> Triple | None:
        if len(cells) != len(header):
            self.problem(f"{len(cells)} cells under {len(header)} columns")
            return None
        values: dict[str, Any] = {}
        for name, cell in zip(header, cells, strict=True):
            if cell == "" and name not in _REQUIRED:
                continue
            try:
                values[name] = _PARSERS[str(_FIELDS[name].type)](cell)
            except ValueError as error:
                reason = error if str(error).startswith("expected") else f"expected {_FIELDS[name].type}"
                self.problem(f"{name} is {cell!r}, {reason}")
                return None
        for kind in ("drug", "event", "onset"):
            start, end = values.get(f"{kind}_start"), values.get(f"{kind}_end")
            if (start is None) != (end is None) or (start is not None and not 0 <= start < end):
                self.problem(f"{kind} lies at {start}:{end}, which holds no text")
                return None
        return Triple(**values)


def _truth(cell: str) -> bool:
    try:
        return {"true": True, "false": False}[cell.lower()]
    except KeyError:
        raise ValueError("expected true or false") from None


def _number(cell: str) -> float:
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError("expected a finite number")
    return value


def _member(kind: type[schema.StrEnum]) -> Callable[[str], schema.StrEnum]:
    def parse(cell: str) -> schema.StrEnum:
        try:
            return kind(cell)
        except ValueError:
            raise ValueError(f"expected one of {', '.join(member.value for member in kind)}") from None

    return parse


_FIELDS: dict[str, Field[Any]] = {item.name: item for item in fields(Triple) if item.name in COLUMNS}
_REQUIRED = tuple(name for name, item in _FIELDS.items() if item.default is MISSING)
_PARSERS: dict[str, Callable[[str], Any]] = {
    "str": restore,
    "int": int,
    "int | None": int,
    "float": _number,
    "float | None": _number,
    "bool | None": _truth,
    **{kind.__name__: _member(kind) for kind in schema.StrEnum.__subclasses__()},
}
