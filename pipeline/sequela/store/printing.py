"""Rows and tables of numbers, as a table in the terminal, as CSV or as JSON."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sequela.corpora.triples_csv import neutralise, write_header, write_rows
from sequela.schema import Triple

_SHOWN = ("doc_id", "drug", "event", "onset", "attribution", "assertion", "outcome", "confidence")
_SHOWN_ROWS = 1_000
_PIPE_WIDTH = 160


def print_rows(rows: Iterable[Triple], form: str) -> None:
    """Write triples to standard output.

    Parameters
    ----------
    form
        "table": the main columns, at most 1,000 rows; "csv": a triples CSV; "json": one object a line.
    """
    if form == "csv":
        write_header(sys.stdout)
        write_rows(sys.stdout, rows)
    elif form == "json":
        for row in rows:
            values = row.to_dict()
            del values["mentions"]
            print(json.dumps(values, ensure_ascii=False))
    else:
        shown: list[dict[str, Any]] = []
        more = 0
        for row in rows:
            if len(shown) < _SHOWN_ROWS:
                shown.append({name: getattr(row, name) for name in _SHOWN})
            else:
                more += 1
        print_table(_SHOWN, shown)
        print(f"{len(shown) + more:,} rows" + (", the first 1,000 are shown" if more else ""))


def print_records(columns: Sequence[str], records: Sequence[Mapping[str, Any]], form: str) -> None:
    """Write records to standard output: "table", "csv", or "json", one object a line."""
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        for record in records:
            writer.writerow([_cell(record[name]) for name in columns])
    elif form == "json":
        for record in records:
            print(json.dumps({name: record[name] for name in columns}, ensure_ascii=False))
    else:
        print_table(columns, records)


def print_table(columns: Sequence[str], records: Sequence[Mapping[str, Any]]) -> None:
    """Draw a table as wide as the terminal, or as its cells need in a pipe."""
    if not records:
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        numeric = bool(records) and all(isinstance(record[name], (int, float)) for record in records)
        table.add_column(name.replace("_", " "), justify="right" if numeric else "left", overflow="fold")
    for record in records:
        table.add_row(*(Text(_shown(record[name])) for name in columns))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPE_WIDTH)
    console.print(table)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 10_000 else f"{value:,.0f}"
    return str(value)


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return neutralise(value) if isinstance(value, str) else value
