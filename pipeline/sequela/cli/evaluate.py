"""``sequela evaluate``: scores against annotated gold files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from sequela.schema import StrEnum


class AskedLevel(StrEnum):
    """What ``--level`` takes."""

    ENTITIES = "entities"
    PAIRS = "pairs"
    TRIPLES = "triples"
    DOCUMENTS = "documents"
    ALL = "all"


class AskedScheme(StrEnum):
    """What ``--scheme`` takes."""

    SEQUELA = "sequela"
    PHEE = "phee"
    MACCROBAT = "maccrobat"
    BC5CDR = "bc5cdr"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(evaluate)


def evaluate(
    gold: Annotated[
        Path, typer.Argument(metavar="GOLD", help="Annotated file or folder.", show_default=False)
    ],
    pred: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE_OR_DIR",
            show_default=False,
            help="Predictions: triples CSV or annotated files. Without it the pipeline is run on the texts.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME_OR_PATH",
            show_default=False,
            help="A spaCy pipeline whose entity recogniser takes the place of the shipped tagger.",
        ),
    ] = None,
    model_labels: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FROM=TO",
            show_default=False,
            help="What a label of the model is called here, as in CHEMICAL=DRUG. May be given several times.",
        ),
    ] = None,
    level: Annotated[AskedLevel, typer.Option(help="What to score.")] = AskedLevel.ALL,
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="NAME", show_default=False, help="Format of the gold; recognised if left out."
        ),
    ] = None,
    pred_format: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", show_default=False, help="Format of the predictions; recognised if left out."
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="MAP",
            show_default=False,
            help="Label map, a name or a JSON file, for gold and predicted files; instead of a scheme.",
        ),
    ] = None,
    scheme: Annotated[
        AskedScheme | None,
        typer.Option(
            show_default=False, help="Labels to score, and the head of the tagger that answers in them."
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="Only the documents of this split, by splits.json in the folder.",
        ),
    ] = None,
    exclude: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="CORPUS",
            show_default=False,
            help="Leave out documents that this corpus has too, as those a model was trained on. Repeatable.",
        ),
    ] = None,
    gold_entities: Annotated[
        bool,
        typer.Option("--gold-entities", help="Give the pipeline the gold entities instead of the tagger's."),
    ] = False,
    gold_pairs: Annotated[
        bool,
        typer.Option("--gold-pairs", help="Give it the gold pairs too: what is left to find is the onset."),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            show_default=False,
            help="Folder for metrics.json and errors.html.",
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="METRICS",
            show_default=False,
            help="metrics.json of another run to compare with (paired test).",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", show_default=False, help="Only the first N documents.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the bootstrap.")] = 0,
    resamples: Annotated[int, typer.Option(min=1, metavar="N", help="Number of resamples.")] = 1000,
) -> None:
    """Score predictions, or the pipeline itself, against annotated files.

    Entities, pairs, triples and reactions of reports are scored as far as the gold is annotated for
    them, with 95 % intervals. A gold document without a prediction counts as missed.
    """
    from rich.console import Console

    from sequela.cli.options import parse_labels
    from sequela.evaluation.command import Request, run
    from sequela.evaluation.predictions import Given
    from sequela.evaluation.run import Level
    from sequela.evaluation.tables import show

    request = Request(
        gold=gold,
        predicted=pred,
        model=model,
        model_labels=parse_labels(model_labels or []),
        level=None if level is AskedLevel.ALL else Level(level.value),
        format_name=format_name,
        predicted_format=pred_format,
        labels=labels,
        scheme=scheme.value if scheme else None,
        split=split,
        exclude=exclude or (),
        given=Given.PAIRS if gold_pairs else Given.ENTITIES if gold_entities else Given.NOTHING,
        limit=limit,
        seed=seed,
        resamples=resamples,
        against=against,
    )
    outcome = run(request, progress=_progress)

    show(outcome.metrics, outcome.differences, Console())
    for note in outcome.notes:
        typer.echo(note)
    if output is not None:
        for path in outcome.write(output):
            typer.echo(f"{path} written")


def _progress(items: Iterable[Any], total: int) -> Iterable[Any]:
    """Show a bar on a terminal, and nothing in a pipe."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(items, "documents", total, console=console, transient=True, disable=not console.is_terminal)
