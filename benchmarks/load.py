"""Measure how fast a triples CSV is loaded, and that a load killed with signal 9 ends in the same database.

    python benchmarks/load.py triples.csv --copies 10 --kills 3

Loads into SQLite and into a PostgreSQL server that is started for the purpose, prints what was measured, and ends
with an error when a killed and resumed load gives another database than an undisturbed one.
"""

from __future__ import annotations

import argparse
import csv
import filecmp
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from postgres import find_binaries, running_server

SEQUELA = (sys.executable, "-m", "sequela")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("csv", type=Path, help="what 'sequela extract' wrote")
    parser.add_argument(
        "--copies", type=int, default=1, help="times that its reports are loaded, under other names"
    )
    parser.add_argument("--kills", type=int, default=3, help="times that a load is killed")
    parser.add_argument("--seed", type=int, default=1, help="decides the moments of the kills")
    options = parser.parse_args()
    random.seed(options.seed)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        rows = multiply(options.csv, work / "rows.csv", options.copies)
        print(f"{rows:,} rows")
        measure("SQLite", work, str(work / "whole.db"), str(work / "killed.db"), rows, options.kills)
        with server() as url:
            if url:
                measure("PostgreSQL", work, f"{url}/whole", f"{url}/killed", rows, options.kills)


def multiply(source: Path, target: Path, copies: int) -> int:
    """Write the rows of a CSV several times, under other names; gives their number."""
    with source.open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    report, key = header.index("doc_id"), header.index("triple_id")
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for copy in range(copies):
            for line in lines:
                if copy:
                    line = list(line)
                    line[report] = f"{line[report]}-{copy}"
                    line[key] = f"{line[key]}-{copy}"
                writer.writerow(line)
    return len(lines) * copies


def measure(kind: str, work: Path, whole: str, killed: str, rows: int, kills: int) -> None:
    """Load undisturbed, again, and with kills; compare what the databases hold."""
    seconds = load(work, whole)
    print(f"{kind}: {seconds:.1f} s, {rows / seconds:,.0f} rows a second, start of the program included")
    print(f"{kind}: all there already, {load(work, whole):.1f} s")
    for _ in range(kills):
        wait = random.uniform(0.3, 0.9) * seconds
        ended = load(work, killed, kill_after=wait)
        print(f"{kind}: killed after {wait:.1f} s" if ended is None else f"{kind}: ended before the kill")
    load(work, killed)
    for name, address in (("whole", whole), ("killed", killed)):
        call("db", "export", "-o", work / f"{name}.csv", "--db", address)
        call("db", "check", "--db", address)
    if not filecmp.cmp(work / "whole.csv", work / "killed.csv", shallow=False):
        sys.exit(f"{kind}: the resumed load gave other rows")
    if not filecmp.cmp(work / "whole.csv", work / "rows.csv", shallow=False):
        sys.exit(f"{kind}: the export is not what was loaded")
    print(f"{kind}: after {kills} kills and a last go the export is the same, byte for byte")


def load(work: Path, address: str, kill_after: float | None = None) -> float | None:
    """Load the rows; gives the seconds it took, None when it was killed."""
    begin = time.perf_counter()
    command = [*SEQUELA, "db", "load", str(work / "rows.csv"), "--db", address]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as loader:
        try:
            _, errors = loader.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            loader.send_signal(signal.SIGKILL)
            loader.communicate()
            return None
    if loader.returncode:
        sys.exit(errors.decode())
    return time.perf_counter() - begin


def call(*arguments: object) -> None:
    """Run a command of sequela that must succeed."""
    subprocess.run([*SEQUELA, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


@contextmanager
def server() -> Iterator[str | None]:
    """Start a PostgreSQL server with two databases; gives its URL, None where it is not installed."""
    binaries = find_binaries()
    if binaries is None:
        print("PostgreSQL is not installed")
        yield None
        return
    import psycopg

    with running_server(binaries) as url:
        with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE whole")
            connection.execute("CREATE DATABASE killed")
        yield url


if __name__ == "__main__":
    main()
