"""``sequela explain``: why each row is there, and why each rejected candidate is not."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from sequela.cli.options import (
    Encoding,
    Labels,
    LinkerFolder,
    MaxChars,
    Meddra,
    Model,
    TrustLinker,
    find_limited,
    make_settings,
)
from sequela.errors import SequelaError
from sequela.reading import MAX_CHARACTERS, read_report


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(explain)


def explain(
    report: Annotated[str, typer.Argument(metavar="REPORT", show_default=False, help="A report file.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")] = False,
    rows_only: Annotated[
        bool, typer.Option("--rows-only", help="Leave out the candidates that became no row.")
    ] = False,
    model: Model = None,
    labels: Labels = None,
    meddra: Meddra = None,
    linker: LinkerFolder = None,
    trust_linker: TrustLinker = False,
    encoding: Encoding = None,
    max_chars: MaxChars = MAX_CHARACTERS,
) -> None:
    """Print the rule, the cues and the score that decided about every drug-event candidate of a report.

    Rows come first, in the order of the file, each with the evidence it was made of; then what was set aside
    (background, negated, treatment ...), then the candidates that were rejected, with the reason.
    """
    settings = make_settings(
        model, labels, encoding, max_chars, meddra=meddra, linker=linker, trust_linker=trust_linker
    )
    files = find_limited([report], 2).files
    if len(files) != 1:
        raise SequelaError("explain reads one report at a time. Name a file, not a folder of several.")
    from sequela.running.batches import load_pipeline, make_doc
    from sequela.running.explain import explanation_of, print_explanation

    text = read_report(files[0], encoding=encoding, max_characters=max_chars)
    nlp = load_pipeline(settings)
    explained = explanation_of(nlp(make_doc(nlp, text)), rows_only=rows_only)
    if as_json:
        typer.echo(json.dumps(explained, ensure_ascii=False, indent=2))
    else:
        print_explanation(explained)
