"""Reports laid out over the cluster, and what came of each, in the order of the files.

Files are processed in the same chunks as on one machine (`sequela.running.local.chunk_size`), each chunk by one
task from start to end. A tagger's scores differ in their last digits with what shares a batch, so this is what
makes the rows the same for every number of partitions and executors, and those of the local engine.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sequela.errors import ReportError
from sequela.reading import ReportFile
from sequela.reading.report import no_text
from sequela.reading.text import BYTES_PER_CHARACTER, check_size
from sequela.running.batches import Failure, Outcome
from sequela.running.local import chunk_size
from sequela.running.spark.places import Remote, RemoteFile
from sequela.running.spark.worker import RESULT, Job, process

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_CHUNKS_A_TASK = 8  # some 10 seconds of work: little is lost with a task, and little goes into its start
_TASKS_A_CORE = 3  # where there are fewer reports than that: no core waits long for another
_CHUNKS = "chunk long, files array<struct<position: long, path: binary, doc_id: string>>"
_NAMES = "chunk long, position long, path string, doc_id string"
_BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"
_VANISHED = Failure(
    "the file is gone, or could not be read",
    "Check that it is there and that Spark may read it, and run again",
)


@contextmanager
def results(
    spark: SparkSession,
    files: Sequence[ReportFile],
    job: Job,
    *,
    remote: Remote | None = None,
    partitions: int | None = None,
) -> Iterator[DataFrame]:
    """Give what came of each file, as a frame with the columns of `sequela.running.spark.worker.RESULT`.

    Every report is processed once: the frame is kept, on the disks of the executors, until the block ends.

    Parameters
    ----------
    remote
        Where Spark itself reads the files; without, executors open their paths.
    partitions
        Number of tasks; by the number of files and cores when None.
    """
    from pyspark import StorageLevel

    size = chunk_size(len(files))
    if partitions is None:
        chunks = -(-len(files) // size)
        partitions = max(-(-chunks // _CHUNKS_A_TASK), min(chunks, _TASKS_A_CORE * _cores(spark)), 1)
    frame = (
        _listed(spark, files, size, partitions)
        if remote is None
        else _read(spark, files, size, job, remote, partitions)
    )
    with _arrow_batches(spark, size):
        kept = frame.mapInPandas(functools.partial(process, job=job), RESULT).persist(StorageLevel.DISK_ONLY)
        try:
            yield kept
        finally:
            kept.unpersist()


def outcomes(
    frame: DataFrame, files: Sequence[ReportFile], max_characters: int, *, rows: bool = True
) -> Iterator[Outcome]:
    """Give what came of each file, in their order; the result is that of `sequela.running.extract.rows_of`.

    Without ``rows`` only their number comes to this machine.
    """
    from pyspark.sql import functions

    reached = 0  # position of the next file that nothing is known of
    if not rows:
        frame = frame.withColumn("text", functions.lit(""))
    for row in frame.orderBy("position", "number").toLocalIterator():
        for position in range(reached, row.position):
            yield _missed(files[position], max_characters)
        reached = row.position + 1
        file = replace(files[row.position], doc_id=row.doc_id)
        if row.reason:
            yield Outcome(file=file, failure=Failure(row.reason, row.remedy))
        else:
            yield Outcome(file=file, result=(row.rows, row.text, row.mentions))
    for position in range(reached, len(files)):
        yield _missed(files[position], max_characters)


def _listed(spark: SparkSession, files: Sequence[ReportFile], size: int, partitions: int) -> DataFrame:
    """Give the paths of the files; the executors open them."""
    from pyspark.sql import functions

    named = [
        (position, os.fsencode(os.path.abspath(file.path)), file.doc_id)  # noqa: PTH100 - resolve() follows links
        for position, file in enumerate(files)
    ]
    chunks = [(start // size, named[start : start + size]) for start in range(0, len(files), size)]
    frame = spark.createDataFrame(chunks, _CHUNKS).repartition(partitions)
    file = functions.explode("files").alias("file")
    return frame.select("chunk", file).select(
        "chunk", "file.*", functions.lit(None).cast("binary").alias("content")
    )


def _read(
    spark: SparkSession, files: Sequence[ReportFile], size: int, job: Job, remote: Remote, partitions: int
) -> DataFrame:
    """Give the content of the files, brought to where their chunk is processed."""
    from pyspark.sql import functions

    named = [(position // size, position, file.shown, file.doc_id) for position, file in enumerate(files)]
    names = spark.createDataFrame(named, _NAMES)
    short = functions.col("length") <= job.settings.max_characters * BYTES_PER_CHARACTER
    frame = remote.frame.where(short).join(functions.broadcast(names), "path")
    columns = ("chunk", "position", functions.col("path").cast("binary").alias("path"), "doc_id", "content")
    return frame.select(*columns).repartition(partitions, "chunk").sortWithinPartitions("chunk", "position")


def _missed(file: ReportFile, max_characters: int) -> Outcome:
    """Say why there is nothing from a file: not sent to an executor because of its size, or gone."""
    try:
        if isinstance(file, RemoteFile):
            if file.size == 0:
                raise no_text()
            check_size(file.size, max_characters)
    except ReportError as error:
        return Outcome(file=file, failure=Failure(error.reason, error.remedy))
    return Outcome(file=file, failure=_VANISHED)


def _cores(spark: SparkSession) -> int:
    return int(spark.sparkContext.defaultParallelism)


@contextmanager
def _arrow_batches(spark: SparkSession, size: int) -> Iterator[None]:
    """Send few reports at a time to Python: Spark's 10,000 may be more than there is memory for."""
    before = spark.conf.get(_BATCH)
    spark.conf.set(_BATCH, str(size))
    try:
        yield
    finally:
        spark.conf.set(_BATCH, str(before))
