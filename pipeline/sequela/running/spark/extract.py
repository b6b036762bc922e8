"""``extract --engine spark``: the files, options and outputs of the local engine, the work on a cluster."""

from __future__ import annotations

import functools
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sequela import __version__
from sequela.corpora.mentions_csv import SUFFIX
from sequela.errors import OutputError, SequelaError
from sequela.reading import Found, find_reports, printable
from sequela.reading.discover import is_address
from sequela.running.batches import Settings, load_pipeline
from sequela.running.extract import Summary, check_target, rows_of
from sequela.running.extract import extract as extract_with
from sequela.running.failures import FailureLog
from sequela.running.spark.places import (
    find_remote,
    names_in,
    prepare_folder,
    remove,
    upload,
)
from sequela.running.spark.plan import outcomes, results
from sequela.running.spark.session import open_session, readable_errors
from sequela.running.spark.table import write_rows
from sequela.running.spark.worker import Job, records_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PARQUET = ".parquet"
_ERRORS = ".errors.csv"
_FOLDERS = ("model", "meddra", "linker")  # settings that name one


def extract(
    paths: Sequence[str],
    output: str | None,
    settings: Settings,
    *,
    master: str | None = None,
    spark_settings: Mapping[str, str] | None = None,
    include_all: bool = False,
    timeout: float = 0,
    limit: int | None = None,
    partitions: int | None = None,
    mentions: bool = False,
    also: Callable[[str, str, str], None] | None = None,
) -> Summary:
    """Write the rows of reports, in the order of the files; those of the local engine, whatever the cluster.

    Parameters
    ----------
    paths
        Of this machine, which the executors must see too, or addresses of a Hadoop file system.
    output
        A path or an address; standard output when None. A name that ends in ``.parquet`` is that of a folder
        with the rows as Parquet, any other that of a CSV. What fails is noted in a file of that name with
        ``.errors.csv`` behind it.
    settings, include_all, timeout, mentions, also
        As of `sequela.running.extract.extract`. ``mentions`` and ``also`` need a CSV.
    master, spark_settings
        As of `sequela.running.spark.session.open_session`.
    limit
        Only so many reports, the first ones.
    partitions
        Number of tasks; by the number of reports and cores when None.

    Raises
    ------
    SequelaError
        Spark cannot be started, or gave up.
    ModelError, OutputError
        As of `sequela.running.extract.extract`.
    """
    remote_paths = [path for path in paths if is_address(path)]
    if remote_paths and len(remote_paths) < len(paths):
        raise SequelaError("give either paths of this machine or addresses such as hdfs://..., not both.")
    found = None if remote_paths else find_reports([Path(path) for path in paths])
    table = output is not None and output.endswith(PARQUET)
    if output is not None and not table and not is_address(output):
        check_target(Path(output))
    job = Job(
        version=__version__,
        settings=_absolute(settings),
        include_all=include_all,
        timeout=timeout,
        collect=records_of if table else rows_of,
    )
    if any(getattr(settings, name) for name in _FOLDERS):
        load_pipeline(settings)  # what is wrong with them is better known now than from every executor
    with open_session(master, spark_settings or {}) as spark, readable_errors():
        remote = find_remote(spark, remote_paths) if found is None else None
        found = found or (remote.found if remote else Found())
        found = Found(found.files[:limit], found.problems)
        with results(spark, found.files, job, remote=remote, partitions=partitions) as frame:
            if table:
                return _write_table(spark, frame, found, str(output), settings.max_characters)
            engine = functools.partial(outcomes, frame, max_characters=settings.max_characters)
            with _on_this_machine(spark, output) as file:
                return extract_with(
                    found, file, settings, mentions=mentions, engine=engine, progress=False, also=also
                )


def _write_table(
    spark: SparkSession, frame: DataFrame, found: Found, output: str, max_characters: int
) -> Summary:
    """Write the rows as Parquet, and what failed as CSV."""
    started = time.monotonic()
    summary = Summary()
    place = output if is_address(output) else f"file:{os.path.abspath(output)}"  # noqa: PTH100 - a link stays
    prepare_folder(spark, place)
    try:
        with _on_this_machine(spark, f"{output}{_ERRORS}") as file, FailureLog(file) as failures:
            for path, problem in found.problems:
                failures.add(path, problem.reason, problem.remedy)
            for outcome in outcomes(frame, found.files, max_characters, rows=False):
                if outcome.failure:
                    failures.add(outcome.file.shown, outcome.failure.reason, outcome.failure.remedy)
                else:
                    summary.reports += 1
                    summary.rows += outcome.result[0]
            write_rows(frame, place)
            if summary.rows and not any(name.endswith(PARQUET) for name in names_in(spark, place)):
                raise OutputError(
                    f"{printable(output)} was written where this machine does not see it: on the disks of the "
                    "executors. Name a folder that all of them share, or an address such as hdfs://..."
                )
    except BaseException:
        remove(spark, place)
        raise
    summary.failed = failures.count
    summary.seconds = time.monotonic() - started
    return summary


@contextmanager
def _on_this_machine(spark: SparkSession, output: str | None) -> Iterator[Path | None]:
    """Give the path to write a file to; where it has an address, it is brought there when it is complete."""
    if output is None or not is_address(output):
        yield Path(output) if output else None
        return
    with tempfile.TemporaryDirectory(prefix="sequela-") as folder:
        file = Path(folder, "output.csv")
        yield file
        for suffix in ("", _ERRORS, SUFFIX):
            made = Path(f"{file}{suffix}")
            if made.exists():
                upload(spark, made, f"{output}{suffix}")
            else:
                remove(spark, f"{output}{suffix}")


def _absolute(settings: Settings) -> Settings:
    """Let executors, which run elsewhere, find the folders that are named."""
    named = {
        name: os.path.abspath(value)  # noqa: PTH100 - a link stays
        for name in _FOLDERS
        if (value := getattr(settings, name)) is not None and Path(value).exists()
    }
    return replace(settings, **named)
