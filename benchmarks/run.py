"""Measure speed, memory, start-up, scaling and components; write docs/benchmarks.md with its plots.

Every measurement is a process of its own. Rounds are interleaved, so that a busy moment of the machine hits all
alike, and medians are given. What is measured is kept in results.json: ``--only`` measures some parts anew and
takes the others from there; ``--only`` with nothing behind it writes the page and draws the plots again.
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
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from components import BATCH, CASEBOOK, read_texts
from page import write_page

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"), "1"
)
REPORTS_FOR_SPEED = 100

# Runs the command and leaves behind the most memory that this process, not its workers, has had.
RUNNER = """
import os, resource
from sequela.cli.main import run
try:
    run()
finally:
    try:
        with open("/proc/self/status") as status:  # what the system tells otherwise may be that of the parent
            peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open(os.environ["PEAK_FILE"], "w") as file:
        file.write(str(peak / 1024))
"""

Figures = dict[str, dict[str, float]]


def main() -> None:
    """Run the measurements that the options ask for and write the page."""
    options = read_options()
    results = json.loads(options.results.read_text("utf-8")) if options.results.exists() else {}
    for part in PARTS if options.only is None else options.only:
        with tempfile.TemporaryDirectory() as name:
            figures = PARTS[part](options, Path(name))
        results[part] = {"machine": machine(), "rounds": options.rounds, **figures}
        options.results.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    missing = [part for part in PARTS if part not in results]
    if missing:
        sys.exit(f"not measured yet: {', '.join(missing)}. Run without --only, or with --only and these.")
    options.output.write_text(write_page(results), encoding="utf-8")
    print(f"wrote {options.output}")
    from plots import draw  # last: what this process imports would count as memory of those it starts

    for file in draw(results, options.output.parent / "images"):
        print(f"wrote {file}")


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=Path, default=CASEBOOK, help="folder with *.txt (the casebook)")
    parser.add_argument(
        "--reports", type=int, nargs="+", default=[100, 1000, 10000], help="sizes for scaling"
    )
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which the median is taken")
    parser.add_argument(
        "--peer-python",
        metavar="NAME=PYTHON",
        action="append",
        default=[],
        help="Python of an environment with a peer: medspacy, edsnlp, openmed, or the name of a spaCy pipeline",
    )
    parser.add_argument(
        "--components-on", type=Path, action="append", default=[], help="a further folder for the components"
    )
    parser.add_argument(
        "--only", nargs="*", choices=PARTS, help="measure these parts, take the rest as it was"
    )
    parser.add_argument("--results", type=Path, default=HERE / "results.json", help="figures of all parts")
    parser.add_argument("--output", type=Path, default=DOCS / "benchmarks.md", help="the page")
    return parser.parse_args()


def repeat(texts: list[str], count: int) -> list[str]:
    """Give ``count`` reports, none like another."""
    return [f"Report {number}.\n\n{texts[number % len(texts)]}" for number in range(count)]


def measure_speed(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Measure the pipelines, a process each, on reports that they all get."""
    texts = repeat(read_texts(options.texts), REPORTS_FOR_SPEED)
    file = work / "texts.json"
    file.write_text(json.dumps(texts), encoding="utf-8")
    words = sum(len(text.split()) for text in texts)
    pythons = {"sequela": sys.executable, **dict(pair.split("=", 1) for pair in options.peer_python)}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in pythons}
    for _ in range(options.rounds):
        for name, python in pythons.items():
            measured = call([python, HERE / "worker.py", name, file, BATCH])
            measured["words_cpu"] = words / measured["cpu"]
            measured["words_wall"] = words / measured["wall"]
            found[name].append(measured)
    return {
        "versions": {name: versions(python, name) for name, python in pythons.items()},
        "reports": len(texts),
        "words": words,
        "figures": medians(found),
    }


def measure_start(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Measure the help text and one short report, from start to end."""
    report = work / "one.txt"
    report.write_text(min(read_texts(options.texts), key=len), encoding="utf-8")
    extract = ["extract", str(report), "-o", str(work / "one.csv")]
    ways = {
        "`sequela --help`": ["--help"],
        "`sequela extract` of one short report": extract,
        "the same with `--timeout 0`": [*extract, "--timeout", "0"],
    }
    return {"figures": timed(ways, options.rounds, work)}


def measure_scaling(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Measure the command on more and more reports, with one process and with two; once, since it is long."""
    texts = read_texts(options.texts)
    figures: Figures = {}
    for count in sorted(options.reports):
        folder = work / str(count)
        folder.mkdir()
        for number, text in enumerate(repeat(texts, count)):
            (folder / f"{number:06}.txt").write_text(text, encoding="utf-8")
        for jobs in (1, 2):
            target = work / f"{count}-{jobs}.csv"
            command = ["extract", str(folder), "-o", str(target), "--jobs", str(jobs)]
            figures |= timed({f"{count} {jobs}": command}, 1, work)
    return {"figures": figures}


def measure_components(options: argparse.Namespace, _: Path) -> dict[str, Any]:
    """Measure the components on the reports, and on those of further folders."""
    command = [sys.executable, HERE / "components.py", "--json", "--rounds", options.rounds]
    return {"profiles": [call([*command, folder]) for folder in (options.texts, *options.components_on)]}


PARTS: dict[str, Callable[[argparse.Namespace, Path], dict[str, Any]]] = {
    "speed": measure_speed,
    "start": measure_start,
    "scaling": measure_scaling,
    "components": measure_components,
}


def call(command: list[Any]) -> Any:
    """Run a measurement; give what its last line of output says as JSON."""
    result = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, env={**os.environ, **THREADS}
    )
    if result.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit code {result.returncode}\n{result.stderr[-2000:]}")
    return json.loads(result.stdout.splitlines()[-1])


def timed(ways: dict[str, list[str]], rounds: int, work: Path) -> Figures:
    """Run the command in several ways, in turn."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    peak = work / "peak"
    for _ in range(rounds):
        for name, arguments in ways.items():
            started = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-c", RUNNER, *arguments],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **THREADS, "PEAK_FILE": str(peak)},
            )
            _, status, used = os.wait4(process.pid, 0)  # what it and its workers have used
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                sys.exit(f"sequela {' '.join(arguments)}: exit code {process.returncode}")
            found[name].append(
                {
                    "wall": time.perf_counter() - started,
                    "cpu": used.ru_utime + used.ru_stime,
                    "parent_mb": float(peak.read_text()),
                    "peak_mb": used.ru_maxrss / 1024,  # of the largest process
                }
            )
    return medians(found)


def medians(found: dict[str, list[dict[str, float]]]) -> Figures:
    """Give the median of each figure."""
    return {
        name: {key: statistics.median(row[key] for row in rows) for key in rows[0]}
        for name, rows in found.items()
    }


def versions(python: str, name: str) -> str:
    """Say which release of a pipeline is in an environment, and on which spaCy it runs."""
    code = (
        "import sys; from importlib.metadata import version, PackageNotFoundError\n"
        "for name in sys.argv[1:]:\n"
        "    try: print(name, version(name))\n"
        "    except PackageNotFoundError: pass\n"
    )
    output = subprocess.run(
        [python, "-c", code, name, "spacy"], capture_output=True, text=True, check=True
    ).stdout
    return ", ".join(output.splitlines())


def machine() -> str:
    """Describe the machine, without its name, and what runs on it."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    load = f", load average at the end {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    torch = ", torch installed" if importlib.util.find_spec("torch") else ""
    return (
        f"{model}, {os.cpu_count()} cores{load}, {platform.system()}, Python {platform.python_version()}, "
        f"sequela {version('sequela')}, spaCy {version('spacy')}, numpy {version('numpy')}{torch}"
    )


if __name__ == "__main__":
    main()
