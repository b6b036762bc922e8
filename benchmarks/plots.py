"""The plots of the benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
from page import NAMES

mpl.use("Agg")
import matplotlib.pyplot as plt

OURS, PEER, SECOND = "#1f6f8b", "#9aa5ab", "#d1495b"
mpl.rcParams.update(
    {
        "svg.hashsalt": "sequela",  # the same figures give the same file
        "svg.fonttype": "none",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)


def draw(results: dict[str, Any], folder: Path) -> Iterator[Path]:
    """Draw what was measured; gives the files."""
    folder.mkdir(exist_ok=True)
    for name, figure in (
        ("speed", _speed(results["speed"]["figures"])),
        ("scaling", _scaling(results["scaling"]["figures"])),
    ):
        file = folder / f"{name}.svg"
        figure.savefig(file, bbox_inches="tight", metadata={"Date": None, "Creator": None})
        plt.close(figure)
        yield file


def _speed(rows: dict[str, dict[str, float]]) -> Any:
    """Draw words a second as bars, the fastest on top."""
    ordered = sorted(rows, key=lambda name: rows[name]["words_cpu"])
    figure, axes = plt.subplots(figsize=(7, 0.5 * len(ordered) + 0.9))
    speeds = [rows[name]["words_cpu"] for name in ordered]
    bars = axes.barh(
        [NAMES.get(name, name) for name in ordered],
        speeds,
        color=[OURS if name == "sequela" else PEER for name in ordered],
    )
    axes.bar_label(bars, [f"{speed:,.0f}" for speed in speeds], padding=4)
    axes.set_xlabel("words a second of processor time, one process")
    axes.set_xlim(0, max(speeds) * 1.15)
    axes.xaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:,.0f}"))
    return figure


def _scaling(rows: dict[str, dict[str, float]]) -> Any:
    """Draw time and memory against the number of reports."""
    figures = {tuple(map(int, key.split())): row for key, row in rows.items()}
    sizes = sorted({count for count, _ in figures})
    figure, (time, memory) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for jobs, colour in ((1, OURS), (2, SECOND)):
        some = [figures[count, jobs] for count in sizes]
        time.plot(sizes, [row["wall"] for row in some], "o-", color=colour, label=f"--jobs {jobs}")
        memory.plot(
            sizes,
            [row["peak_mb"] for row in some],
            "o-",
            color=colour,
            label=f"--jobs {jobs}, largest process",
        )
        memory.plot(
            sizes, [row["parent_mb"] for row in some], "o:", color=colour, label=f"--jobs {jobs}, parent"
        )
    last = figures[sizes[-1], 1]["wall"]
    time.plot(sizes, [last * count / sizes[-1] for count in sizes], "--", color=PEER, label="linear")
    time.set(xscale="log", yscale="log", xlabel="reports", ylabel="seconds")
    memory.set(xscale="log", xlabel="reports", ylabel="peak memory, MB", ylim=(0, None))
    for axes in (time, memory):
        axes.legend(frameon=False, fontsize=8)
    return figure
