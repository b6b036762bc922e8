"""From report files to the triples CSV."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

import sequela
from sequela.corpora.triples_csv import write_header, write_rows
from sequela.reading import Found
from sequela.running.batches import Settings
from sequela.running.failures import FailureLog
from sequela.running.local import run
from sequela.running.output import OutputFile, StandardOutput
from sequela.running.progress import show_progress


@dataclass
class Summary:
    """What a run did. ``reports`` counts the files that were read, not the failed ones."""

    reports: int = 0
    failed: int = 0
    rows: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.reports:,} reports read, {self.failed:,} failed, {self.rows:,} rows, {self.seconds:.1f} s"
        )


def extract(
    found: Found,
    output: Path | None,
    settings: Settings,
    *,
    include_all: bool = False,
    jobs: int = 1,
    progress: bool = True,
) -> Summary:
    """Write the rows of reports, in the order of the files.

    Parameters
    ----------
    found
        From `sequela.reading.find_reports`.
    output
        The CSV; standard output when None. What fails is said on stderr and, but for standard output, noted
        in a file of that name with ``.errors.csv`` behind it.
    settings
        Model and reading options.
    include_all
        Also the rows of background, negated and hypothetical statements.
    jobs
        Number of processes.
    progress
        Show a progress bar where stderr is a terminal.

    Raises
    ------
    ModelError, OutputError
        Nothing was written.
    """
    started = time.monotonic()
    summary = Summary()
    collect = functools.partial(sequela.triples, include_all=include_all)
    errors = Path(f"{output}.errors.csv") if output else None
    with OutputFile(output) if output else StandardOutput() as opened, FailureLog(errors) as failures:
        file = cast(TextIO, opened)
        write_header(file)
        for path, problem in found.problems:
            failures.add(path, problem.reason, problem.remedy)
        outcomes = run(found.files, collect, settings, jobs=jobs)
        for outcome in show_progress(outcomes, total=len(found.files), enabled=progress):
            if outcome.failure:
                failures.add(outcome.file.path, outcome.failure.reason, outcome.failure.remedy)
                continue
            summary.reports += 1
            summary.rows += write_rows(file, outcome.result)
    summary.failed = failures.count
    summary.seconds = time.monotonic() - started
    return summary
