"""From report files to the triples CSV."""

from __future__ import annotations

import functools
import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

import sequela
from sequela.corpora import mentions_csv
from sequela.corpora.triples_csv import begins_as_one, write_header, write_rows
from sequela.errors import OutputError
from sequela.reading import Found, ReportFile, printable
from sequela.running.batches import Outcome, Settings
from sequela.running.failures import FailureLog
from sequela.running.journal import Journal, identity_of
from sequela.running.local import chunk_size, run
from sequela.running.output import OutputFile, StandardOutput, is_stream
from sequela.running.progress import show_progress

if TYPE_CHECKING:
    from spacy.tokens import Doc

# Gives an outcome for each file, in their order, with what `rows_of` gives as its result.
Engine = Callable[[Sequence[ReportFile]], Iterator[Outcome]]


@dataclass
class Summary:
    """What a run did.

    ``reports`` counts the files that were read, not the failed ones; ``earlier`` those of them that an
    interrupted run had done.
    """

    reports: int = 0
    earlier: int = 0
    failed: int = 0
    rows: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        earlier = f" ({self.earlier:,} of them before)" if self.earlier else ""
        return (
            f"{self.reports:,} reports read{earlier}, {self.failed:,} failed, {self.rows:,} rows, "
            f"{self.seconds:.1f} s"
        )


def extract(
    found: Found,
    output: Path | None,
    settings: Settings,
    *,
    include_all: bool = False,
    jobs: int = 1,
    timeout: float = 0,
    resume: bool = False,
    mentions: bool = False,
    engine: Engine | None = None,
    progress: bool = True,
    also: Callable[[str, str, str], None] | None = None,
) -> Summary:
    """Write the rows of reports, in the order of the files.

    Parameters
    ----------
    found
        From `sequela.reading.find_reports`.
    output
        The CSV; standard output when None. What fails is said on stderr and, but for standard output and pipes,
        noted in a file of that name with ``.errors.csv`` behind it. When the run is interrupted, the rows it has are
        left in one with ``.interrupted.csv`` behind it, unless it can be resumed.
    settings
        Model and reading options.
    include_all
        Also the rows of background, negated and hypothetical statements.
    jobs
        Number of processes.
    timeout
        Seconds a report may take; 0 for no limit.
    resume
        Keep what is finished in ``OUTPUT.journal`` until the output is complete, and take over what is there.
        Needs an output that is a file.
    mentions
        Write the other places where a reaction is told to ``OUTPUT.mentions.csv``
        (`sequela.corpora.mentions_csv`). One of an earlier run is removed when they are not wanted.
    engine
        Does the work in the place of `sequela.running.local.run`; ``jobs``, ``timeout`` and ``resume`` are
        its own affair then.
    progress
        Show a progress bar where stderr is a terminal.
    also
        Takes ``doc_id``, rows and mentions, as they stand in their CSVs, of each report that was read.

    Raises
    ------
    ModelError, OutputError
        Nothing was written.
    """
    started = time.monotonic()
    summary = Summary()
    if output:
        check_target(output)
    errors = Path(f"{output}.errors.csv") if output and not is_stream(output) else None
    with ExitStack() as stack:
        journal = None
        if resume and output:
            journal = stack.enter_context(Journal(output, identity_of(settings, include_all=include_all)))
        target = OutputFile(output) if output else StandardOutput()
        file = cast(TextIO, stack.enter_context(target))
        aside = stack.enter_context(_mentions_file(output, mentions))
        failures = stack.enter_context(FailureLog(errors))
        write_header(file)
        for path, problem in found.problems:
            failures.add(path, problem.reason, problem.remedy)
        if engine:
            outcomes = engine(found.files)
        else:
            outcomes = run(
                found.files,
                functools.partial(rows_of, include_all=include_all),
                settings,
                jobs=jobs,
                timeout=timeout,
                known=functools.partial(journal.find, settings=settings) if journal else None,
            )
        if journal:
            outcomes = _keep(outcomes, journal, chunk_size(len(found.files)))
        try:
            for outcome in show_progress(outcomes, total=len(found.files), enabled=progress):
                if outcome.failure:
                    failures.add(outcome.file.shown, outcome.failure.reason, outcome.failure.remedy)
                    continue
                rows, text, places = outcome.result
                file.write(text)
                if aside:
                    aside.write(places)
                if also:
                    also(outcome.file.doc_id, text, places)
                summary.reports += 1
                summary.earlier += outcome.earlier
                summary.rows += rows
        except KeyboardInterrupt:
            if isinstance(target, OutputFile) and not (journal or engine):
                _keep_rows(target, summary.reports)
            raise
    summary.failed = failures.count
    summary.seconds = time.monotonic() - started
    return summary


def check_target(output: Path) -> None:
    """Refuse to replace a file that is no output of a run: it may be a report, where the output was forgotten.

    Raises
    ------
    OutputError
        With what to do.
    """
    if output.is_file() and output.stat().st_size and not begins_as_one(output):
        raise OutputError(
            f"{printable(output)} exists and is no triples CSV, so that it is not replaced. Move it away, or choose "
            "another name with --output."
        )


def rows_of(doc: Doc, *, include_all: bool) -> tuple[int, str, str]:
    """Give the number of rows of a report, and the rows and their mentions as they stand in their CSVs."""
    triples = sequela.triples(doc, include_all=include_all)
    rows, mentions = io.StringIO(newline=""), io.StringIO(newline="")
    mentions_csv.write_mentions(mentions, triples)
    return write_rows(rows, triples), rows.getvalue(), mentions.getvalue()


@contextmanager
def _mentions_file(output: Path | None, wanted: bool) -> Iterator[TextIO | None]:
    """Open the file of mentions; where none is wanted, remove that of an earlier run, which had other rows."""
    if output is None:
        yield None
    elif not wanted:
        yield None
        mentions_csv.beside(output).unlink(missing_ok=True)
    else:
        with OutputFile(mentions_csv.beside(output)) as opened:
            file = cast(TextIO, opened)
            mentions_csv.write_header(file)
            yield file


def _keep_rows(target: OutputFile, reports: int) -> None:
    """Leave the rows of an interrupted run beside its output."""
    name = Path(f"{target.target}.interrupted.csv")
    if reports and target.keep_as(name):
        print(
            f"sequela: the rows of {reports:,} reports are in {printable(name)}. "
            "With --resume, the next run goes on where it was interrupted.",
            file=sys.stderr,
        )


def _keep(outcomes: Iterable[Outcome], journal: Journal, size: int) -> Iterator[Outcome]:
    """Pass the outcomes on; note them in the journal whenever those that belong together are there."""
    group = []
    for outcome in outcomes:
        group.append(outcome)
        if len(group) == size:
            journal.add(group)
            group = []
        yield outcome
    journal.add(group)
