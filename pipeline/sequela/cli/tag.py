"""``sequela tag``: reports in, entities out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    Paths,
    Timeout,
    TrustLinker,
    find_limited,
    make_settings,
    processes,
)
from sequela.errors import SequelaError
from sequela.reading import MAX_CHARACTERS
from sequela.running.tag import Format


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(tag)


def tag(
    paths: Paths,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", show_default=False, help="Folder for the files."),
    ] = None,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            metavar="terminal|brat|json",
            show_default=False,
            help="If not given: terminal without a folder, brat with one.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write over files that exist.")] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Note finished reports in DIR/tag.journal until all are, and go on where an interrupted run "
            "with this option ended.",
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
) -> None:
    """Show the entities of reports in the terminal, or write them to brat or JSON files.

    A file (for brat a pair, the text and its annotations) is written for each report. JSON without a folder
    goes to standard output, one line a report. Exit codes are those of extract.
    """
    form = form or (Format.BRAT if output else Format.TERMINAL)
    if form is Format.TERMINAL and output:
        raise SequelaError("--format terminal writes no files. Leave out --output, or choose brat or json.")
    if form is Format.BRAT and output is None:
        raise SequelaError("--format brat writes files. Name a folder for them with --output DIR.")
    if resume and output is None:
        raise SequelaError("--resume needs files to go on with. Name a folder for them with --output DIR.")
    settings = make_settings(
        model, labels, encoding, max_chars, meddra=meddra, linker=linker, trust_linker=trust_linker
    )
    found = find_limited(paths, limit)
    from sequela.running.tag import tag as run_tag

    read, earlier, failed = run_tag(
        found,
        output,
        settings,
        form=form,
        overwrite=overwrite,
        jobs=processes(jobs),
        timeout=timeout,
        resume=resume,
    )
    before = f" ({earlier:,} of them before)" if earlier else ""
    typer.echo(f"sequela: {read:,} reports read{before}, {failed:,} failed", err=True)
    if failed:
        raise typer.Exit(Exit.SOME_FAILED)
