"""``sequela db``: the reaction database."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

import typer

from sequela.cli.exits import Exit
from sequela.cli.options import Meddra
from sequela.schema import Assertion, Attribution, StrEnum

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Load triples into a reaction database, look at them, get them out again.",
)

DEFAULT = "reactions.db"
Address = Annotated[
    str,
    typer.Option(
        "--db",
        metavar="URL",
        envvar="SEQUELA_DB",
        help="SQLite file, or URL of a PostgreSQL database: postgresql://user@host/name. "
        "The environment variable SEQUELA_DB sets it for all commands.",
    ),
]
Drug = Annotated[
    str,
    typer.Option(metavar="NAME", show_default=False, help="Code, name or mention; * for any letters."),
]
Event = Annotated[
    str,
    typer.Option(metavar="NAME", show_default=False, help="Code, name or mention; * for any letters."),
]
Within = Annotated[
    str,
    typer.Option(
        metavar="TERM",
        show_default=False,
        help="Only events under this MedDRA term of any level (PT, HLT, HLGT, SOC), by name or code; * for any "
        "letters. Needs 'db meddra'.",
    ),
]
WithoutWrong = Annotated[
    bool, typer.Option("--without-wrong", help="Leave out rows that a reader has found wrong.")
]
MinConfidence = Annotated[float, typer.Option(metavar="X", min=0.0, max=1.0, help="Lowest confidence.")]
Sections = Annotated[
    list[str] | None,
    typer.Option("--section", metavar="ZONE", show_default=False, help="Zone of the article. Repeatable."),
]
PublishedFrom = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="DATE",
        show_default=False,
        help="First date of publication, as 2019 or 2019-05-03; needs 'db publications'.",
    ),
]
PublishedTo = Annotated[
    str, typer.Option("--to", metavar="DATE", show_default=False, help="Last date of publication.")
]


class Format(StrEnum):
    """What ``--format`` takes."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def register(parent: typer.Typer) -> None:
    """Add the commands to the application."""
    from sequela.cli import review

    review.register(app)
    parent.add_typer(app, name="db")


@app.command()
def load(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATHS", show_default=False, help="Triples CSVs, and folders of them."),
    ],
    db: Address = DEFAULT,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Also where other rows of the same or a newer version are there."),
    ] = False,
    meddra: Meddra = None,
) -> None:
    """Load the rows of 'sequela extract' into a database, which is created when it is not there.

    A report is loaded whole or not at all. Loading the same rows again changes nothing; rows of a newer
    version of sequela replace those of an older one. What 'sequela extract --mentions' wrote beside a CSV is
    loaded with it. A load that was interrupted goes on where it stopped
    when it is started again, and several loaders may write at once.
    """
    from sequela.components.terms.meddra import read_release
    from sequela.errors import StoreError
    from sequela.store.database import open_database
    from sequela.store.loading import load_file
    from sequela.store.places import place_events

    for path in paths:  # before a database is made for nothing
        if not path.exists():
            raise StoreError(f"{path}: no such file. Name the CSV that 'sequela extract' wrote.")
    release = read_release(str(meddra)) if meddra else None
    with open_database(db, create=True) as database:
        for path in paths:
            with _counter() as count:
                loaded = load_file(database, path, replace=replace, progress=count)
            typer.echo(f"{path}: {loaded}", err=True)
        if release:
            typer.echo(f"{db}: {place_events(database, release)}", err=True)


@app.command("meddra")
def meddra_(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", show_default=False, help="Folder with the ASCII files of the release."),
    ],
    db: Address = DEFAULT,
) -> None:
    """Note where the events of a database stand in your release of MedDRA: PT, HLT, HLGT and SOC.

    Events with a MedDRA code are found by it, others by their name where it is a lowest level term. What was
    noted before, of another release, is replaced. 'query --within', 'signals --by' and 'summary' use it.
    """
    from sequela.components.terms.meddra import read_release
    from sequela.store.database import open_database
    from sequela.store.places import place_events

    release = read_release(str(folder))
    with open_database(db) as database:
        typer.echo(f"{db}: {place_events(database, release)}", err=True)


@app.command("datasette-metadata")
def datasette_metadata(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What the database is called: its file without .db.")
    ] = "reactions",
) -> None:
    """Print the metadata for Datasette: facets, search and ready queries for a SQLite database.

    As in: sequela db datasette-metadata > metadata.json; datasette reactions.db --metadata metadata.json
    """
    import json

    from sequela.store.datasette import metadata_for

    typer.echo(json.dumps(metadata_for(name), ensure_ascii=False, indent=2))


@app.command()
def publications(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", show_default=False, help="CSV with doc_id and title, authors or published."
        ),
    ],
    db: Address = DEFAULT,
) -> None:
    """Note titles, authors and dates of publication of the reports in a database.

    Authors are separated by semicolons, dates written as 2019, 2019-05 or 2019-05-03. Duplicates are found
    more surely with them, and rows can be filtered by date.
    """
    from sequela.store.database import open_database
    from sequela.store.publications import note_publications

    with open_database(db) as database:
        typer.echo(f"{path}: {note_publications(database, path)}", err=True)


@app.command()
def summary(
    db: Address = DEFAULT,
    top: Annotated[int, typer.Option(metavar="N", min=0, help="Length of the lists of names.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count reports, patients, triples, drugs and events, and name the most frequent."""
    import json
    from dataclasses import asdict

    from sequela.store.database import open_database
    from sequela.store.query import summarise

    with open_database(db) as database, database.reading() as connection:
        numbers = asdict(summarise(connection, top))
    if as_json:
        typer.echo(json.dumps(numbers, ensure_ascii=False, indent=2))
        return
    for name, value in numbers.items():
        title = name.replace("_", " ")
        if isinstance(value, int):
            typer.echo(f"{title:16} {value:>12,}")
            continue
        typer.echo(f"\n{title}")
        for key, size in value.items() if isinstance(value, dict) else value:
            typer.echo(f"  {size:>10,}  {key}")


@app.command()
def query(
    db: Address = DEFAULT,
    drug: Drug = "",
    event: Event = "",
    doc_id: Annotated[
        str, typer.Option("--doc", metavar="ID", show_default=False, help="Only this report.")
    ] = "",
    attribution: Annotated[
        list[Attribution] | None, typer.Option(show_default=False, help="Whose reaction. Repeatable.")
    ] = None,
    assertion: Annotated[
        list[Assertion] | None, typer.Option(show_default=False, help="Did it happen. Repeatable.")
    ] = None,
    section: Sections = None,
    within: Within = "",
    without_wrong: WithoutWrong = False,
    min_confidence: MinConfidence = 0.0,
    published_from: PublishedFrom = "",
    published_to: PublishedTo = "",
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, show_default=False, help="At most this many rows.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="How the rows are written.")] = Format.TABLE,
) -> None:
    """Print the rows that all the filters let through. As CSV they have the columns of 'sequela extract'."""
    from sequela.store.database import open_database
    from sequela.store.printing import print_rows
    from sequela.store.query import Filter, find_rows

    chosen = Filter(
        drug=drug,
        event=event,
        doc_id=doc_id,
        attribution=attribution or (),
        assertion=assertion or (),
        section=section or (),
        within=within,
        without_wrong=without_wrong,
        min_confidence=min_confidence,
        published_from=published_from,
        published_to=published_to,
    )
    with open_database(db) as database, database.reading() as connection:
        print_rows(find_rows(connection, chosen, limit), format_.value)


@app.command()
def export(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The CSV to write; - for standard output.")
    ] = Path("-"),
    db: Address = DEFAULT,
) -> None:
    """Write all rows back to a triples CSV, in the order they were loaded."""
    from sequela.corpora.triples_csv import write_header, write_rows
    from sequela.store.database import open_database
    from sequela.store.query import Filter, find_rows

    with open_database(db) as database, database.reading() as connection, _opened(output) as file:
        write_header(file)
        rows = write_rows(file, find_rows(connection, Filter()))
    typer.echo(f"sequela: {rows:,} rows", err=True)


@app.command()
def check(db: Address = DEFAULT) -> None:
    """Look for damage: the file, keys that lead nowhere, reports whose rows are not those that were loaded.

    Exit codes: 0, all is well; 1, there are problems, which are printed.
    """
    from sequela.store.database import open_database
    from sequela.store.query import check as look

    with open_database(db) as database:
        found = look(database)
    for line in (*found.problems, *found.notes):
        typer.echo(line)
    typer.echo(f"{found.reports:,} reports, {found.triples:,} triples, {len(found.problems):,} problems")
    if found.problems:
        raise typer.Exit(Exit.SOME_FAILED)


@app.command()
def duplicates(
    db: Address = DEFAULT,
    min_score: Annotated[
        float, typer.Option(metavar="X", min=0.0, max=1.0, help="Lowest score that is shown.")
    ] = 0.5,
    format_: Annotated[Format, typer.Option("--format", help="How the pairs are written.")] = Format.TABLE,
) -> None:
    """Show index patients of different reports that may be one, with a score and the reasons.

    Compared are drugs, events, age, sex, onset and outcome, and titles and authors where 'db publications'
    noted them. Nothing is merged or removed.
    """
    from dataclasses import asdict, fields

    from sequela.store.database import open_database
    from sequela.store.duplicates import Duplicate, find_duplicates
    from sequela.store.printing import print_records

    large: list[str] = []
    with open_database(db) as database, database.reading() as connection:
        found = find_duplicates(connection, min_score, passed_over=large)
    columns = tuple(item.name for item in fields(Duplicate))
    print_records(columns, [asdict(pair) for pair in found], format_.value)
    typer.echo(f"sequela: {len(found):,} pairs", err=True)
    if large:
        typer.echo(f"sequela: too many patients alike to compare all of them: {'; '.join(large)}", err=True)


@contextlib.contextmanager
def _opened(output: Path) -> Iterator[TextIO]:
    from sequela.running.output import OutputFile, StandardOutput

    with StandardOutput() if output == Path("-") else OutputFile(output) as file:
        yield file  # type: ignore[misc]


@contextlib.contextmanager
def _counter() -> Iterator[_Count]:
    """Show the number of rows on a terminal, and nothing in a pipe."""
    count = _Count(sys.stderr.isatty())
    try:
        yield count
    finally:
        count.clear()


class _Count:
    """Prints the number of rows so far, from time to time."""

    _EVERY = 10_000

    def __init__(self, shown: bool) -> None:
        self.shown = shown
        self.rows = 0

    def __call__(self, rows: int) -> None:
        before = self.rows // self._EVERY
        self.rows += rows
        if self.shown and self.rows // self._EVERY > before:
            typer.echo(f"\r{self.rows:,} rows", err=True, nl=False)

    def clear(self) -> None:
        if self.shown and self.rows >= self._EVERY:
            typer.echo("\r" + " " * 24 + "\r", err=True, nl=False)
