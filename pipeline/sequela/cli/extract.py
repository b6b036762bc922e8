"""``sequela extract``: reports in, triples CSV out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sequela import __version__
from sequela.cli.exits import Exit
from sequela.cli.options import (
    DEFAULT_TIMEOUT,
    Encoding,
    Jobs,
    Labels,
    Limit,
    MaxChars,
    Meddra,
    Model,
    Paths,
    Timeout,
    find_limited,
    make_settings,
    processes,
)
from sequela.errors import SequelaError
from sequela.reading import MAX_CHARACTERS

if TYPE_CHECKING:
    from sequela.store import Loader

_STANDARD_OUTPUT = Path("-")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(extract)


def extract(
    paths: Paths,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The CSV to write; - for standard output.")
    ] = Path("triples.csv"),
    include_all: Annotated[
        bool, typer.Option("--all", help="Also rows of background, negated and hypothetical statements.")
    ] = False,
    db: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            show_default=False,
            help="Also load the rows into this reaction database: a SQLite file, or the URL of a PostgreSQL "
            "database. It is created when it is not there.",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Keep finished reports in OUTPUT.journal until the output is complete, and go on where an "
            "interrupted run with this option ended.",
        ),
    ] = False,
    jobs: Jobs = 1,
    timeout: Timeout = DEFAULT_TIMEOUT,
    limit: Limit = None,
    model: Model = None,
    labels: Labels = None,
    meddra: Meddra = None,
    encoding: Encoding = None,
    max_chars: MaxChars = MAX_CHARACTERS,
) -> None:
    """Write the drug-event-onset triples of reports to a CSV file.

    The output appears when it is complete; until then, and when the run is interrupted, an earlier one stays
    as it was. A database takes the reports in batches as they come; what an interrupted run loaded stays. A
    report that cannot be read, that takes too long or ends its process twice is named on stderr and in
    OUTPUT.errors.csv, and the run goes on.

    Exit codes: 0, all reports were read; 1, some failed, the others are in the output; 2, wrong usage, no
    such path or model, or the output cannot be written: nothing was written; 130, interrupted.
    """
    if resume and output == _STANDARD_OUTPUT:
        raise SequelaError("--resume needs a file to write to. Name one with --output.")
    settings = make_settings(model, labels, encoding, max_chars, meddra=meddra)
    found = find_limited(paths, limit)
    from sequela.running.extract import extract as run_extract

    with _database(db) as loader:
        summary = run_extract(
            found,
            None if output == _STANDARD_OUTPUT else output,
            settings,
            include_all=include_all,
            jobs=processes(jobs),
            timeout=timeout,
            resume=resume,
            also=loader.add_csv if loader else None,
        )
        loaded = loader.finish() if loader else None
    typer.echo(f"sequela: {summary}", err=True)
    if loaded:
        typer.echo(f"{db}: {loaded}", err=True)
    if summary.failed:
        raise typer.Exit(Exit.SOME_FAILED)


@contextlib.contextmanager
def _database(address: str | None) -> Iterator[Loader | None]:
    if address is None:
        yield None
        return
    from sequela.store import Loader
    from sequela.store.database import open_database

    with open_database(address, create=True) as database:
        yield Loader(database, run=("", __version__))
