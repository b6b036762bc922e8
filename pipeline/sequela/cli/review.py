"""``sequela db review``: what readers decide about rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sequela.cli.db import DEFAULT, Address, Format
from sequela.schema import Decision

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Note what readers decided about rows, and show it.",
)

# What a reader needs to decide, and the columns to fill in
SHEET = (
    "doc_id", "triple_id", "drug", "event", "onset", "attribution", "assertion", "outcome", "confidence",
    "sentence", "decision", "reviewer", "note",
)  # fmt: skip
Reviewer = Annotated[
    str, typer.Option(metavar="NAME", envvar="SEQUELA_REVIEWER", show_default=False, help="Who decided.")
]


def register(parent: typer.Typer) -> None:
    """Add the commands to those of ``sequela db``."""
    parent.add_typer(app, name="review")


@app.command("set")
def set_(
    triple_id: Annotated[
        str, typer.Argument(metavar="TRIPLE_ID", show_default=False, help="Id of the row, as in the CSV.")
    ],
    decision: Annotated[Decision, typer.Option(show_default=False, help="What was decided.")],
    reviewer: Reviewer,
    note: Annotated[str, typer.Option(metavar="TEXT", show_default=False, help="Why.")] = "",
    doc_id: Annotated[
        str,
        typer.Option("--doc", metavar="ID", show_default=False, help="Report, where several have this id."),
    ] = "",
    db: Address = DEFAULT,
) -> None:
    """Note a decision about a row.

    It stays when a newer version of the report is loaded, and 'review list' tells whether the row is still
    there and still says the same. An earlier decision is kept; the last one counts.
    """
    from sequela.store.database import open_database
    from sequela.store.reviews import Verdict, note_reviews

    verdict = Verdict(triple_id=triple_id, decision=decision, reviewer=reviewer, note=note, doc_id=doc_id)
    with open_database(db) as database:
        note_reviews(database, [verdict])


@app.command("load")
def load(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", show_default=False, help="CSV with triple_id and decision.")
    ],
    reviewer: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            envvar="SEQUELA_REVIEWER",
            show_default=False,
            help="Who decided, where the file is silent.",
        ),
    ] = "",
    db: Address = DEFAULT,
) -> None:
    """Note the decisions of a CSV, such as 'review todo' writes; lines without one are passed over.

    All of them are noted, or none.
    """
    from sequela.store.database import open_database
    from sequela.store.reviews import note_reviews, read_verdicts

    verdicts = read_verdicts(path, reviewer)
    with open_database(db) as database:
        typer.echo(f"{path}: {note_reviews(database, verdicts):,} decisions noted", err=True)


@app.command("list")
def list_(
    doc_id: Annotated[
        str, typer.Option("--doc", metavar="ID", show_default=False, help="Only of this report.")
    ] = "",
    decision: Annotated[
        list[Decision] | None, typer.Option(show_default=False, help="Only these. Repeatable.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Also those that the same reader replaced.")
    ] = False,
    format_: Annotated[Format, typer.Option("--format", help="How they are written.")] = Format.TABLE,
    db: Address = DEFAULT,
) -> None:
    """Show decisions, and how they stand to the rows that are there now.

    current: the row says what it said; changed: something of it is different; moved: drug and event are told by
    a row with another id, named under 'now'; gone: no row tells of them any more.
    """
    from dataclasses import asdict, fields

    from sequela.store.database import open_database
    from sequela.store.printing import print_records
    from sequela.store.reviews import Review, list_reviews

    with open_database(db) as database, database.reading() as connection:
        found = list_reviews(connection, doc_id=doc_id, history=history)
    wanted = {value.value for value in decision or Decision}
    records = [asdict(item) | {"standing": item.standing.value} for item in found if item.decision in wanted]
    print_records(tuple(item.name for item in fields(Review)), records, format_.value)
    typer.echo(f"sequela: {len(records):,} reviews", err=True)


@app.command("todo")
def todo(
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, show_default=False, help="At most this many rows.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="How the rows are written.")] = Format.CSV,
    db: Address = DEFAULT,
) -> None:
    """Write the rows about patients that nobody has decided about, as a sheet to fill in.

    Columns decision (right, wrong, unsure), reviewer and note are empty; 'review load' reads the sheet back.
    """
    from sequela.store.database import open_database
    from sequela.store.printing import print_records
    from sequela.store.reviews import unreviewed

    with open_database(db) as database, database.reading() as connection:
        rows = [row.to_dict() for row in unreviewed(connection, limit)]
    print_records(SHEET, [{name: row.get(name, "") for name in SHEET} for row in rows], format_.value)
