"""Scores as a table in the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from sequela.evaluation.bootstrap import Difference
from sequela.evaluation.details import ANCHOR, DECHALLENGE, DOSE, OUTCOME, PATIENT, RECHALLENGE, SITES
from sequela.evaluation.documents import CLEAN, FALSE_ATTRIBUTION, REPEATED
from sequela.evaluation.metrics import Metrics
from sequela.evaluation.run import NEGATED, THERAPEUTIC
from sequela.evaluation.scores import MACRO, MICRO, Counts, Rate, Tally
from sequela.evaluation.times import TYPE, VALUE, VALUE_OF_PHRASES
from sequela.evaluation.triples import EXACT, LOG_RATIO

MEASURES: dict[str, str] = {
    THERAPEUTIC: "therapeutic events recorded as reactions",
    NEGATED: "negated events recorded as reactions",
    FALSE_ATTRIBUTION: "false attributions among rows of the index patient",
    CLEAN: "reports without a reaction left clean",
    REPEATED: "right rows that repeat another",
    VALUE: "value right, of all lines",
    TYPE: "type right, of all lines",
    VALUE_OF_PHRASES: "value right, without the document dates",
    EXACT: "onset value exact, of those found",
    LOG_RATIO: "onset value: mean |ln(hours/gold)|",
    ANCHOR: "onset anchor right, of those found",
    PATIENT: "kind of patient right, of those found",
    OUTCOME: "outcome right, of those found",
    DECHALLENGE: "dechallenge right, of those found",
    RECHALLENGE: "rechallenge right, of those found",
    DOSE: "dose right, of those found",
    SITES: "body sites named, of those found",
}


def show(metrics: Metrics, differences: Mapping[str, Mapping[str, Difference]], console: Console) -> None:
    """Print one table a tally, and what must be known to read them."""
    ranges = metrics.intervals()
    for tally in metrics.tallies:
        console.print(_table(tally, ranges[tally.name], differences.get(tally.name, {})))
    for line in remarks(metrics):
        console.print(Text(line))


def percent(value: float | None) -> str:
    """Write a share as a percentage with one decimal; a dash where it is undefined."""
    return "–" if value is None else f"{100 * value:.1f}"


def measure(name: str, rate: Rate) -> str:
    """Write a further measure: a mean as it is, a share with what it is made of."""
    if rate.value is None:
        return "–"
    if name == LOG_RATIO:
        return f"{rate.value:.2f} (n = {rate.whole:.0f})"
    return f"{percent(rate.value)} ({rate.part:.0f} of {rate.whole:.0f})"


def _table(
    tally: Tally, ranges: Mapping[str, tuple[float, float]], differences: Mapping[str, Difference]
) -> Table | Group:
    table = Table(title=f"{tally.level}, {tally.rule}", title_justify="left", title_style="bold")
    table.add_column("")
    for heading in ("P", "R", "F1", "95 %", "support", "predicted"):
        table.add_column(heading, justify="right")
    if differences:
        table.add_column("ΔF1 (p)", justify="right")
    by_label = tally.by_label()

    def add(label: str, counts: Counts, style: str = "") -> None:
        cells = [label, percent(counts.precision), percent(counts.recall), percent(counts.f1)]
        cells += [interval(ranges, f"{label}/f1"), str(counts.gold), str(counts.predicted)]
        if differences:
            cells.append(_difference(differences.get(f"{label}/f1")))
        table.add_row(*cells, style=style)

    if len(by_label) > 1:
        for label, counts in by_label.items():
            add(label, counts)
        table.add_section()
    add(MICRO, tally.micro(), "bold")
    if len(by_label) > 1:
        cells = [MACRO, "", "", percent(tally.macro_f1()), interval(ranges, f"{MACRO}/f1"), "", ""]
        table.add_row(*cells, *([_difference(differences.get(f"{MACRO}/f1"))] if differences else []))
    if not tally.rates:
        return table
    rates = Table(box=None, show_header=False)
    for _ in range(3 + bool(differences)):
        rates.add_column()
    for name in tally.rates:
        scale = 1 if name == LOG_RATIO else 100
        cells = [MEASURES.get(name, name), measure(name, tally.rate(name))]
        cells.append(interval(ranges, f"rate/{name}", scale))
        if differences:
            cells.append(_difference(differences.get(f"rate/{name}"), scale))
        rates.add_row(*cells)
    return Group(table, rates)


def remarks(metrics: Metrics) -> list[str]:
    """Say what must be known to read the scores."""
    scored = max((len(tally.counts) for tally in metrics.tallies), default=0)
    lines = [
        f"Documents: {scored}. 95 % intervals by bootstrap over documents ({metrics.resamples} resamples)."
    ]
    if metrics.missing:
        lines.append(
            f"Gold documents without a prediction (in a triples CSV: without a row): {len(metrics.missing)}. "
            f"What gold they have counts as missed: {_some(metrics.missing)}"
        )
    if metrics.extra:
        lines.append(
            f"Predicted documents that are not in the gold: {len(metrics.extra)}. They are not scored: "
            f"{_some(metrics.extra)}"
        )
    return lines


def _some(names: list[str], shown: int = 5) -> str:
    return ", ".join(names[:shown]) + (" …" if len(names) > shown else "")


def interval(ranges: Mapping[str, tuple[float, float]], name: str, scale: int = 100) -> str:
    """Write the interval of a score; "" where there is none."""
    if name not in ranges:
        return ""
    low, high = ranges[name]
    digits = 1 if scale == 100 else 2
    return f"{scale * low:.{digits}f}–{scale * high:.{digits}f}"


def _difference(found: Difference | None, scale: int = 100) -> str:
    return f"{scale * found.value:+.1f} ({found.p:.3f})" if found else ""
