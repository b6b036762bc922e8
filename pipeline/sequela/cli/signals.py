"""``sequela signals``: drug-event pairs that stand out in a reaction database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sequela.cli.db import (
    DEFAULT,
    Address,
    Drug,
    Event,
    Format,
    MinConfidence,
    PublishedFrom,
    PublishedTo,
    Sections,
    WithoutWrong,
)
from sequela.schema import Assertion, Attribution, StrEnum


class Level(StrEnum):
    """What ``--by`` takes."""

    EVENT = "event"
    PT = "pt"
    HLT = "hlt"
    HLGT = "hlgt"
    SOC = "soc"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(signals)


def signals(
    db: Address = DEFAULT,
    drug: Drug = "",
    event: Event = "",
    min_count: Annotated[
        int, typer.Option(metavar="N", min=1, help="Leave out pairs of fewer patients than this.")
    ] = 3,
    signals_only: Annotated[
        bool, typer.Option("--signals-only", help="Only pairs above the threshold of a measure.")
    ] = False,
    attribution: Annotated[
        list[Attribution] | None,
        typer.Option(
            show_default=False,
            help="Whose reactions count; index_patient and other_case when left out. Repeatable.",
        ),
    ] = None,
    assertion: Annotated[
        list[Assertion] | None,
        typer.Option(show_default=False, help="affirmed and possible when left out. Repeatable."),
    ] = None,
    by: Annotated[
        Level,
        typer.Option(help="Put events together by their MedDRA term of this level; needs 'db meddra'."),
    ] = Level.EVENT,
    section: Sections = None,
    without_wrong: WithoutWrong = False,
    min_confidence: MinConfidence = 0.0,
    published_from: PublishedFrom = "",
    published_to: PublishedTo = "",
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, show_default=False, help="The strongest N.")
    ] = None,
    format_: Annotated[
        Format, typer.Option("--format", help="How the pairs are written; table has the main columns.")
    ] = Format.TABLE,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", show_default=False, help="Forest plot of the pairs: PNG, SVG or PDF."),
    ] = None,
    onset_plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", show_default=False, help="Times to onset of the pairs: PNG, SVG or PDF."
        ),
    ] = None,
) -> None:
    """Print PRR, ROR, IC and chi-squared of drug-event pairs, counted by patient, the strongest first.

    The filters by attribution, assertion, section, confidence and date say which rows count; --drug and
    --event only choose what is shown. Published cases are chosen for being rare: what stands out is a reason
    to read the reports, and no estimate of risk.
    """
    from dataclasses import asdict, fields

    from sequela.store.database import open_database
    from sequela.store.plots import check_plot, plot_forest, plot_onsets
    from sequela.store.printing import print_records
    from sequela.store.query import Filter
    from sequela.store.signals import MAIN_COLUMNS, Signal, find_onsets, find_signals

    for path in filter(None, (plot, onset_plot)):
        check_plot(path)
    population = Filter(
        attribution=attribution or (),
        assertion=assertion or (),
        section=section or (),
        without_wrong=without_wrong,
        min_confidence=min_confidence,
        published_from=published_from,
        published_to=published_to,
    )
    with open_database(db) as database, database.reading() as connection:
        level = "" if by is Level.EVENT else by.value
        found = find_signals(
            connection,
            population,
            min_patients=min_count,
            drug_name=drug,
            event_name=event,
            level=level,
        )
        if signals_only:
            found = [signal for signal in found if signal.signal]
        found = found[:limit]
        times = find_onsets(connection, population, found[:SHOWN], level=level) if onset_plot else {}
    columns = MAIN_COLUMNS if format_ is Format.TABLE else tuple(item.name for item in fields(Signal))
    print_records(columns, [asdict(signal) for signal in found], format_.value)
    if not found:
        typer.echo(f"sequela: no pair has {min_count} patients; --min-count takes fewer", err=True)
    if plot:
        plot_forest(found[:SHOWN], plot)
    if onset_plot:
        plot_onsets(times, onset_plot)


# Rows of a figure
SHOWN = 40
