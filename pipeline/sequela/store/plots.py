"""Figures of signals, as PNG, SVG or PDF by the name of the file. Needs matplotlib."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sequela.errors import OutputError, SequelaError
from sequela.store.signals import Hours, Pair, Signal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
_ROW_INCHES = 0.3
_COLOUR, _WEAK = "#1f5a8a", "#9aa5ad"
# Ticks of the onset axis, in hours
_TIMES = {
    1 / 60: "1 min", 1: "1 h", 24: "1 day", 168: "1 week", 730.5: "1 month", 8766: "1 year", 87660: "10 years",
}  # fmt: skip


def check_plot(path: Path) -> None:
    """Raise when a figure cannot be written, before anything is computed.

    Raises
    ------
    SequelaError
        Another format, or matplotlib is not installed.
    """
    if path.suffix.lower() not in FORMATS:
        raise SequelaError(f"{path}: a figure is written as one of {', '.join(FORMATS)}. Name the file so.")
    if not path.parent.is_dir():
        raise OutputError(f"{path}: its folder does not exist. Create the folder first.")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise SequelaError(
            "Figures need matplotlib, which is not installed. Run: pip install 'sequela[plots]'"
        ) from None


def plot_forest(signals: Sequence[Signal], path: Path) -> None:
    """Draw the reporting odds ratios of signals with their 95 % intervals, in the order given."""
    figure, axes = _figure(len(signals))
    for row, signal in enumerate(signals):
        colour = _COLOUR if signal.ror_lower > 1 else _WEAK
        axes.plot([signal.ror_lower, signal.ror_upper], [row, row], color=colour, linewidth=1.5)
        axes.plot([signal.ror], [row], marker="s", markersize=5, color=colour)
        axes.annotate(
            f"{_short(signal.ror)} ({_short(signal.ror_lower)}–{_short(signal.ror_upper)})",
            (1.02, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
        )
    axes.axvline(1, color="black", linewidth=0.8, linestyle=":")
    axes.set_xscale("log")
    axes.set_xlabel("reporting odds ratio, 95 % interval")
    _name_rows(axes, [f"{signal.drug} – {signal.event} (n = {signal.n})" for signal in signals])
    _save(figure, path)


def plot_onsets(onsets: Mapping[Pair, Sequence[Hours]], path: Path) -> None:
    """Draw the times to onset, a row for each pair of which any is known: patients, and their median."""
    known = {pair: hours for pair, hours in onsets.items() if hours}
    figure, axes = _figure(len(known))
    shortest = min(_TIMES)
    for row, hours in enumerate(known.values()):
        for least, most in hours:
            low, high = max(least, shortest), max(most, shortest)
            axes.plot([low, high], [row, row], color=_WEAK, linewidth=1)
            axes.plot([(low * high) ** 0.5], [row], marker="o", markersize=4, color=_COLOUR, alpha=0.5)
        median = max(shortest, statistics.median((least + most) / 2 for least, most in hours))
        axes.plot([median], [row], marker="|", markersize=14, color="black")
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.set_xticks(list(_TIMES), list(_TIMES.values()), fontsize=8)
    axes.set_xlabel("time from exposure to reaction; bar: median")
    _name_rows(axes, [f"{drug} – {event} (n = {len(hours)})" for (drug, event), hours in known.items()])
    _save(figure, path)


def _short(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _figure(rows: int) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.2 + _ROW_INCHES * max(1, rows)), layout="constrained")
    return figure, figure.add_subplot()


def _name_rows(axes: Any, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [name.replace("$", r"\$") for name in names], fontsize=8)
    axes.set_ylim(max(1, len(names)) - 0.5, -0.5)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e5e8ea", linewidth=0.6)
    axes.set_axisbelow(True)
    if not names:
        axes.text(0.5, 0.5, "nothing to show", transform=axes.transAxes, ha="center")


def _save(figure: Figure, path: Path) -> None:
    import matplotlib

    kind = path.suffix.lower()[1:]
    # The same numbers make the same file
    fixed: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
    try:
        with matplotlib.rc_context({"svg.hashsalt": "sequela"}):
            figure.savefig(path, format=kind, dpi=150, metadata=fixed)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}. Choose another place for the figure.") from error
