"""``sequela extract``: reports in, triples CSV out."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from enum import Enum
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
    LinkerFolder,
    MaxChars,
    Meddra,
    Model,
    Timeout,
    TrustLinker,
    check_names,
    find_limited,
    make_settings,
    processes,
)
from sequela.errors import SequelaError
from sequela.reading import MAX_CHARACTERS, printable
from sequela.reading.discover import is_address

if TYPE_CHECKING:
    from sequela.store import Loader

_STANDARD_OUTPUT = "-"
_PARQUET = ".parquet"


class Engine(str, Enum):
    """Where the work is done."""

    LOCAL = "local"
    SPARK = "spark"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(extract)


def extract(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATHS",
            show_default=False,
            help="Report files (plain text), and folders that are searched for *.txt. With --engine spark also "
            "addresses: hdfs://..., s3a://...",
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The CSV to write; - for standard output. With --engine spark also an address, and NAME.parquet "
            "for a Parquet folder.",
        ),
    ] = "triples.csv",
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
    mentions: Annotated[
        bool,
        typer.Option(
            "--mentions",
            help="Also write the other places where the reaction of a row is told to OUTPUT.mentions.csv, which "
            "'db load' reads with the rows. --db takes them in any case.",
        ),
    ] = False,
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
    linker: LinkerFolder = None,
    trust_linker: TrustLinker = False,
    encoding: Encoding = None,
    max_chars: MaxChars = MAX_CHARACTERS,
    engine: Annotated[
        Engine, typer.Option(help="Where the work is done: on this machine, or on Apache Spark.")
    ] = Engine.LOCAL,
    master: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            show_default=False,
            help="The Spark cluster: spark://HOST:PORT, yarn, k8s://... or local[N]. What Spark is configured for "
            "when left out, and else this machine.",
        ),
    ] = None,
    conf: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            show_default=False,
            help="A setting of Spark, as in spark.executor.memory=2g. May be given several times.",
        ),
    ] = None,
) -> None:
    """Write the drug-event-onset triples of reports to a CSV file.

    The output appears when it is complete; until then, and when the run is interrupted, an earlier one stays
    as it was. What an interrupted run has found is kept: with --resume for the next run, else its rows in
    OUTPUT.interrupted.csv. A file that is no triples CSV is not replaced. A database takes the reports in
    batches as they come; what an interrupted run loaded stays. A report that cannot be read, that takes too
    long or ends its process twice is named on stderr and in OUTPUT.errors.csv, and the run goes on.

    With --engine spark the same rows come from a cluster; docs/spark.md tells how to set one up.

    Exit codes: 0, all reports were read; 1, some failed, the others are in the output; 2, wrong usage, no
    such path or model, or the output cannot be written: nothing was written; 130, interrupted.
    """
    for option, given in (("--resume", resume), ("--mentions", mentions)):
        if given and output == _STANDARD_OUTPUT:
            raise SequelaError(f"{option} needs a file to write to. Name one with --output.")
    if engine is Engine.SPARK:
        check_names(paths)
        _check_spark(output, jobs=jobs, resume=resume, db=db, mentions=mentions)
    else:
        _check_local(paths, output, master=master, conf=conf)
    settings = make_settings(
        model, labels, encoding, max_chars, meddra=meddra, linker=linker, trust_linker=trust_linker
    )
    target = None if output == _STANDARD_OUTPUT else output
    if engine is Engine.SPARK:
        from sequela.running.spark import extract as extract_on_spark
        from sequela.running.spark.session import parse_settings

        run = functools.partial(
            extract_on_spark,
            paths,
            target,
            settings,
            master=master,
            spark_settings=parse_settings(conf or []),
            limit=limit,
        )
    else:
        from sequela.running.extract import extract as extract_here

        found = find_limited(paths, limit)
        file = Path(target) if target is not None else None
        run = functools.partial(extract_here, found, file, settings, jobs=processes(jobs), resume=resume)
    with _database(db) as loader:
        also = loader.add_csv if loader else None
        summary = run(include_all=include_all, timeout=timeout, mentions=mentions, also=also)
        loaded = loader.finish() if loader else None
        placed = _place_events(loader, meddra) if loader and meddra else None
    typer.echo(f"sequela: {summary}", err=True)
    if loaded:
        typer.echo(f"{db}: {loaded}", err=True)
    if placed:
        typer.echo(f"{db}: {placed}", err=True)
    if summary.failed:
        raise typer.Exit(Exit.SOME_FAILED)


def _place_events(loader: Loader, folder: Path) -> str:
    """Note where the events of the database stand in MedDRA."""
    from sequela.components.terms.meddra import read_release
    from sequela.store.places import place_events

    return str(place_events(loader.database, read_release(str(folder))))


def _check_spark(output: str, *, jobs: int, resume: bool, db: str | None, mentions: bool) -> None:
    """Refuse options that have no meaning on a cluster."""
    if jobs != 1:
        raise SequelaError("--jobs is for --engine local. On Spark the executors and their cores decide.")
    if resume:
        raise SequelaError(
            "--resume is for --engine local. Spark does the work of an executor that was lost again by itself."
        )
    if db is not None and output.endswith(_PARQUET):
        raise SequelaError("--db needs the rows as CSV. Write to a file called .csv.")
    if mentions and output.endswith(_PARQUET):
        raise SequelaError("--mentions needs the rows as CSV. Write to a file called .csv.")


def _check_local(paths: list[str], output: str, *, master: str | None, conf: list[str] | None) -> None:
    """Refuse what only Spark can do."""
    for option, value in (("--master", master), ("--conf", conf)):
        if value:
            raise SequelaError(f"{option} is for Spark. Add --engine spark, or leave it out.")
    for path in (*paths, output):
        if is_address(path):
            raise SequelaError(f"{printable(path)} is an address that Spark can reach. Add --engine spark.")
    if output.endswith(_PARQUET):
        raise SequelaError(
            f"{printable(output)}: Parquet is written by Spark. Add --engine spark, or name a CSV."
        )


@contextlib.contextmanager
def _database(address: str | None) -> Iterator[Loader | None]:
    if address is None:
        yield None
        return
    from sequela.store import Loader
    from sequela.store.database import open_database

    with open_database(address, create=True) as database:
        yield Loader(database, run=("", __version__))
