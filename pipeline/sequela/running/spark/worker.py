"""What runs on the executors: a few files in, what came of each out.

Spark keeps a Python worker for many tasks. The first task of a worker starts one process beside it that has the
model loaded (`sequela.running.pool`), and later tasks find it there. A report that crashes or hangs ends that
process and not Spark's worker, so that its neighbours, and the task, are not lost with it.
"""

from __future__ import annotations

import functools
import json
import os
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import sequela
from sequela.errors import SequelaError
from sequela.reading import ReportFile
from sequela.running.batches import REPORTS_A_BATCH, Outcome, Settings, limit_threads
from sequela.running.chunks import Chunk
from sequela.running.pool import Pool
from sequela.schema import COLUMNS

if TYPE_CHECKING:
    import pandas as pd
    from spacy.tokens import Doc

# Columns and Spark types of what `process` gives; `number` counts the reports of a file.
RESULT = (
    "position long, number int, doc_id string, rows int, text string, mentions string, reason string, "
    "remedy string"
)

BEGIN, END = "<<sequela: ", " :sequela>>"  # around what is for the user in the errors that Spark passes on


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to do with every file.

    Attributes
    ----------
    version
        Of sequela on the machine that wants the rows; the executors must have the same.
    collect
        Gives the number of rows of a Doc, the rows and their mentions as text: `sequela.running.extract.rows_of`
        or `records_of`.
    settings, include_all, timeout
        As of `sequela.running.extract.extract`.
    """

    version: str
    collect: Callable[..., tuple[int, str, str]]
    settings: Settings
    include_all: bool = False
    timeout: float = 0


class _Item(NamedTuple):
    """A row of the input: a file to be read here, or one whose content Spark has read."""

    chunk: int
    position: int
    path: bytes
    doc_id: str
    content: bytes | None


class _Result(NamedTuple):
    position: int
    number: int
    doc_id: str
    rows: int
    text: str | None
    mentions: str | None
    reason: str | None
    remedy: str | None


class Stop(Exception):
    """Ends a task with words for the user: Spark gives the task to another executor, then the run up."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{BEGIN}{message}{END}")


def process(frames: Iterable[pd.DataFrame], job: Job) -> Iterator[pd.DataFrame]:
    """Process the files of a partition, which come sorted by chunk and position; for ``DataFrame.mapInPandas``.

    Raises
    ------
    Stop
        This executor cannot work.
    """
    import pandas as pd

    try:
        for results in _process(frames, job):
            yield pd.DataFrame(results, columns=list(_Result._fields))
    except SequelaError as error:
        raise Stop(str(error)) from None
    except Exception as error:
        raise Stop(_place(error)) from None  # its message may quote a report, and Spark would print it


def records_of(doc: Doc, *, include_all: bool) -> tuple[int, str, str]:
    """Give the number of rows of a report, and the rows as JSON; no mentions."""
    rows = [triple.to_dict() for triple in sequela.triples(doc, include_all=include_all)]
    return len(rows), json.dumps([{column: row[column] for column in COLUMNS} for row in rows]), ""


def _process(frames: Iterable[pd.DataFrame], job: Job) -> Iterator[list[_Result]]:
    if job.version != sequela.__version__:
        raise SequelaError(
            f"the executors have sequela {sequela.__version__}, this machine has {job.version}. "
            "Install the same release on both."
        )
    items = (_Item(*row) for frame in frames for row in frame.itertuples(index=False))
    with tempfile.TemporaryDirectory(prefix="sequela-") as folder:  # for its owner only
        origin: dict[Path, _Item] = {}

        def chunks() -> Iterator[Chunk]:
            for _, members in groupby(items, attrgetter("chunk")):
                files = []
                for item in members:
                    file = _file(item, Path(folder))
                    origin[file.path] = item
                    files.append(file)
                yield Chunk(files, None)

        results: list[_Result] = []
        with _pool(job) as pool:
            for outcome in pool.run(chunks()):
                item = origin[outcome.file.path]
                number = results[-1].number + 1 if results and results[-1].position == item.position else 0
                if len(results) >= REPORTS_A_BATCH and number == 0:
                    yield results
                    results = []
                results.append(_result(outcome, item, number))
        yield results


def _file(item: _Item, folder: Path) -> ReportFile:
    """Give a file that can be read like any other; its name is kept, since it may tell the format."""
    path = Path(os.fsdecode(item.path))
    if item.content is not None:
        path = folder / str(item.position) / path.name
        path.parent.mkdir()
        path.write_bytes(item.content)
    return ReportFile(path, item.doc_id)


def _result(outcome: Outcome, item: _Item, number: int) -> _Result:
    doc_id = outcome.file.doc_id
    if outcome.failure:
        failure = outcome.failure
        return _Result(item.position, number, doc_id, 0, None, None, failure.reason, failure.remedy)
    rows, text, mentions = outcome.result
    return _Result(item.position, number, doc_id, rows, text, mentions, None, None)


_pools: list[tuple[Job, Pool]] = []  # of this process, between tasks: one at most


@contextmanager
def _pool(job: Job) -> Iterator[Pool]:
    """Give the processes that an earlier task has left, or new ones; after an error none are left."""
    left = _pools.pop() if _pools else None
    if left is not None and left[0] != job:
        left[1].stop()
        left = None
    pool = left[1] if left else _start_pool(job)
    try:
        yield pool
    except BaseException:
        pool.stop()
        raise
    _pools.append((job, pool))


def _start_pool(job: Job) -> Pool:
    os.environ.pop("OMP_NUM_THREADS", None)  # Spark sets it to the cores of the executor
    limit_threads()
    collect = functools.partial(job.collect, include_all=job.include_all)
    return Pool(collect, job.settings, jobs=1, timeout=job.timeout)


def _place(error: Exception) -> str:
    """Say what went wrong and where, without the message."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"an executor failed ({type(error).__name__} in {Path(place.filename).name}, line {place.lineno}). "
        "If its disk and memory were not full, please report it to the developers."
    )
