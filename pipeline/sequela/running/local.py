"""The pipeline over many files on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sequela.reading import ReportFile
from sequela.running.batches import (
    REPORTS_A_BATCH,
    Collect,
    Outcome,
    Settings,
    load_pipeline,
    process_files,
)
from sequela.running.chunks import Chunk

# What an earlier run has found in a file; None where the file is still to do.
Known = Callable[[ReportFile], "Outcome | None"]

_CHUNKS_WANTED = 16


def run(
    files: Sequence[ReportFile],
    collect: Collect,
    settings: Settings,
    *,
    jobs: int = 1,
    timeout: float = 0,
    known: Known | None = None,
) -> Iterator[Outcome]:
    """Read and process files; give an outcome for each, in their order, whatever ``jobs`` is.

    Parameters
    ----------
    files
        From `sequela.reading.find_reports`. Only their names stay in memory; texts and results come and go.
    collect
        Takes the result from a Doc; a function that can be imported by its name, when ``jobs`` is above 1 or
        there is a ``timeout``.
    settings
        Model and reading options.
    jobs
        Number of processes. With 1 and no ``timeout`` everything happens in this one; else a script must call
        this under ``if __name__ == "__main__":``, as always with processes that are spawned.
    timeout
        Seconds a report may take; 0 for no limit. A report that takes longer is given up.
    known
        Asked for each file, once its turn has come.

    Raises
    ------
    ModelError
        No such model, or none of its labels is known. Raised before any file is read.
    """
    size = chunk_size(len(files))
    chunks = (Chunk(files[start : start + size], known) for start in range(0, len(files), size))
    if (jobs > 1 and len(files) > 1) or (timeout and files):
        from sequela.running.pool import run_pool

        jobs = min(jobs, -(-len(files) // size))
        yield from run_pool(chunks, collect, settings, jobs=jobs, timeout=timeout)
        return
    nlp = load_pipeline(settings)
    for chunk in chunks:
        to_do = process_files(nlp, [chunk.files[position] for position in chunk.to_do], collect, settings)
        for outcome in chunk.outcomes:
            yield next(to_do) if outcome is None else outcome


def chunk_size(files: int) -> int:
    """Give the number of files that are processed together.

    It does not depend on the number of processes: a tagger's scores differ in the last digit with what shares
    its batch, so equal batches are what makes equal output.
    """
    return max(1, min(REPORTS_A_BATCH, files // _CHUNKS_WANTED))
