"""What a report costs on Spark and with the local engine: processor time and memory, by kind of process.

    python benchmarks/spark.py REPORTS --limit 500

Both engines write REPORTS with one core, first the tenth part of them: the difference is what reports cost, without
what starting costs. Processor time is that of the processes themselves and so nearly the same when other programs
run beside them; the time on the clock is not. Linux only, as it reads ``/proc``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

KINDS = {"java": "Java", "pyspark": "Python worker of Spark", "multiprocessing": "process with the model"}
ENGINES = {"local": ["--jobs", "1"], "spark": ["--engine", "spark", "--master", "local[1]"]}


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reports", type=Path)
    parser.add_argument("--limit", type=int, default=500)
    options = parser.parse_args()
    print(f"| engine | process | start, s | {options.limit} reports, s | ms a report | peak memory, MB |")
    print("|---|---|---|---|---|---|")
    few = max(1, options.limit // 10)
    for engine, words in ENGINES.items():
        short, _ = measure(options.reports, few, words)
        long, memory = measure(options.reports, options.limit, words)
        for kind, seconds in long.items():
            each = (seconds - short[kind]) / (options.limit - few)
            start = seconds - each * options.limit
            print(
                f"| {engine} | {kind} | {start:.1f} | {seconds:.1f} | {1000 * each:.1f} | {memory[kind]:.0f} |",
                flush=True,
            )


def measure(reports: Path, limit: int, words: list[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Run an engine; give seconds of processor time (and of the clock) and peak memory, by kind of process."""
    seconds: dict[int, tuple[str, float]] = {}
    memory: dict[str, float] = defaultdict(float)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder, "triples.csv"))
        command = [
            sys.executable,
            "-m",
            "sequela",
            "extract",
            str(reports),
            "--limit",
            str(limit),
            "-o",
            output,
        ]
        run = subprocess.Popen([*command, *words], stderr=subprocess.DEVNULL)
        while run.poll() is None:
            for process in descendants(run.pid):
                try:
                    kind, used, resident = look_at(process)
                except (OSError, IndexError):
                    continue  # gone meanwhile
                if process in seconds:
                    kind = kind or seconds[process][0]
                seconds[process] = (kind, used)
                memory[kind] = max(memory[kind], resident)
            time.sleep(0.2)
    if run.returncode not in (0, 1):
        raise SystemExit(f"the run failed: {' '.join(command)}")
    total: dict[str, float] = defaultdict(float)
    for kind, used in seconds.values():
        total[kind] += used
    total["all, on the clock"] = time.monotonic() - begun
    return total, memory


def descendants(top: int) -> list[int]:
    """List a process and what it has started."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue  # gone meanwhile
            children[parent].append(int(entry.name))
    found, stack = [], [top]
    while stack:
        found.append(stack.pop())
        stack.extend(children[found[-1]])
    return found


def look_at(process: int) -> tuple[str, float, float]:
    """Give kind ("" where it is ending), seconds of processor time and resident megabytes of a process."""
    place = Path("/proc", str(process))
    command = (place / "cmdline").read_bytes().decode(errors="replace")
    words = command.replace("\0", " ")
    kind = "the command itself" if words else ""
    for part, name in KINDS.items():
        if f"{part}." in words or f"/{part} " in words:
            kind = name
            break
    fields = (place / "stat").read_text().rpartition(")")[2].split()
    used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    resident = int((place / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return kind, used, resident


if __name__ == "__main__":
    main()
