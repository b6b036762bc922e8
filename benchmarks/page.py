"""The page of the benchmarks, from what `run.py` has measured."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from components import table as components_table

Results = dict[str, Any]
NAMES = {"medspacy": "medspaCy, rules", "edsnlp": "EDS-NLP, rules", "openmed": "OpenMed, rules"}


def write_page(results: Results) -> str:
    """Put the page together."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `benchmarks/run.py`; how to run it, and what the peers are, stands in `benchmarks/README.md`. "
        "Every measurement is a process of its own with one thread. Words are separated by white space. CPU is "
        "user + system time: on a machine with other work only that is comparable. Reports are those of the casebook, "
        "taken again and again, none like another.",
        *_speed(results["speed"]),
        *_start(results["start"]),
        *_scaling(results["scaling"]),
        *_components(results["components"]),
    ]
    return "\n".join(lines) + "\n"


def _about(part: Results) -> str:
    return f"{part['machine']}. Medians of {part['rounds']} interleaved rounds."


def _speed(part: Results) -> list[str]:
    lines = [
        "",
        "## Speed of the whole pipeline, one process",
        "",
        f"{part['reports']:,} reports, {part['words']:,} words. {_about(part)} The rule pipelines have no tagger: "
        "what they do is a part of what sequela and the spaCy pipeline do.",
        "",
        "![words a second](images/speed.svg)",
        "",
        "| | words/s (CPU) | words/s (wall) | reports/s (wall) | peak memory, MB | loading, CPU s | release |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {NAMES.get(name, name)} | {row['words_cpu']:,.0f} | {row['words_wall']:,.0f} "
        f"| {part['reports'] / row['wall']:.1f} | {row['peak_mb']:.0f} | {row['loading_cpu']:.1f} "
        f"| {part['versions'][name]} |"
        for name, row in part["figures"].items()
    ]
    return lines


def _start(part: Results) -> list[str]:
    return ["", "## Start-up", "", _about(part), "", *_commands(part["figures"])]


def _scaling(part: Results) -> list[str]:
    figures = {tuple(map(int, key.split())): row for key, row in part["figures"].items()}
    sizes = sorted({count for count, _ in figures})
    lines = [
        "",
        "## The command on more reports",
        "",
        f"{part['machine']}. Measured once.",
        "",
        "![time and memory against the number of reports](images/scaling.svg)",
        "",
        *_commands(
            {f"{count:,} reports, `--jobs {jobs}`": row for (count, jobs), row in sorted(figures.items())}
        ),
        "",
    ]
    for count in sizes:
        times = figures[count, 1]["wall"] / figures[count, 2]["wall"]
        lines.append(f"- {count:,} reports: `--jobs 2` is {times:.2f} times as fast as `--jobs 1` (wall).")
    for fewer, more in pairwise(sizes):
        first, second = figures[fewer, 1], figures[more, 1]
        growth = math.log(second["cpu"] / first["cpu"]) / math.log(more / fewer)
        lines.append(
            f"- From {fewer:,} to {more:,} reports processor time grows with the power {growth:.2f} of their number, "
            f"the largest process by {second['peak_mb'] - first['peak_mb']:+.0f} MB and the parent by "
            f"{second['parent_mb'] - first['parent_mb']:+.0f} MB."
        )
    return lines


def _commands(rows: dict[str, dict[str, float]]) -> list[str]:
    lines = [
        "| | wall, s | CPU, s | peak memory of the parent, MB | of the largest process, MB |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {row['wall']:.2f} | {row['cpu']:.2f} | {row['parent_mb']:.0f} | {row['peak_mb']:.0f} |"
        for name, row in rows.items()
    ]
    return lines


def _components(part: Results) -> list[str]:
    lines = [
        "",
        "## What the components cost",
        "",
        f"{part['machine']}. Processor time, medians of {part['rounds']} rounds. What several components share is "
        "counted where it is asked for first; what is made at first use counts as time until it works.",
    ]
    for number, profile in enumerate(part["profiles"]):
        kind = "further reports" if number else "reports of the casebook"
        lines += [
            "",
            f"{profile['texts']:,} {kind}, {profile['words'] / profile['texts']:,.0f} words each on average:",
            "",
            *components_table(profile),
        ]
    return lines
