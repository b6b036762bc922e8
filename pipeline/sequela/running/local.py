"""The pipeline over many files on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sequela.reading import ReportFile
from sequela.running.batches import (
    REPORTS_A_BATCH,
    Collect,
    Outcome,
    Settings,
    load_pipeline,
    process_files,
)

_CHUNKS_WANTED = 16


def run(
    files: Sequence[ReportFile], collect: Collect, settings: Settings, *, jobs: int = 1
) -> Iterator[Outcome]:
    """Read and process files; give an outcome for each, in their order, whatever ``jobs`` is.

    Parameters
    ----------
    files
        From `sequela.reading.find_reports`. Only their names stay in memory; texts and results come and go.
    collect
        Takes the result from a Doc; a function that can be imported by its name, when ``jobs`` is above 1.
    settings
        Model and reading options.
    jobs
        Number of processes; with 1 everything happens in this one. With more, a script must call this under
        ``if __name__ == "__main__":``, as always with processes that are spawned.

    Raises
    ------
    ModelError
        No such model, or none of its labels is known. Raised before any file is read.
    """
    size = chunk_size(len(files))
    chunks = (files[start : start + size] for start in range(0, len(files), size))
    if jobs > 1 and len(files) > 1:
        from sequela.running.pool import run_pool

        yield from run_pool(chunks, collect, settings, jobs=min(jobs, -(-len(files) // size)))
        return
    nlp = load_pipeline(settings)
    for chunk in chunks:
        yield from process_files(nlp, chunk, collect, settings)


def chunk_size(files: int) -> int:
    """Give the number of files that are processed together.

    It does not depend on the number of processes: a tagger's scores differ in the last digit with what shares
    its batch, so equal batches are what makes equal output.
    """
    return max(1, min(REPORTS_A_BATCH, files // _CHUNKS_WANTED))
