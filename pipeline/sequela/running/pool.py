"""Worker processes that give results in the order of the input and survive the death of one of them.

Each worker loads the model once and talks to the parent through a pipe of its own, so that the parent
notices at once when a worker is gone. Processes are spawned, not forked: the same on every system, and no
thread or lock of the parent is copied in an unknown state. A worker ends when its pipe does, also when the
parent was killed.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import connection, get_context
from typing import Any

from sequela.errors import SequelaError
from sequela.reading import ReportFile
from sequela.running.batches import (
    Collect,
    Failure,
    Outcome,
    Settings,
    limit_threads,
    load_pipeline,
    process_files,
)

_LOOK_AHEAD = 4  # chunks a worker that may be read, in work or waiting for their turn


class _Chunk:
    """Some files and what has come of them so far."""

    def __init__(self, files: Sequence[ReportFile]) -> None:
        self.files = files
        self.outcomes: list[Outcome | None] = [None] * len(files)

    def finished(self) -> list[Outcome] | None:
        """Give the outcomes once there is one for every file."""
        outcomes = [outcome for outcome in self.outcomes if outcome is not None]
        return outcomes if len(outcomes) == len(self.files) else None


class _Task:
    """Files of a chunk, by position, that go to a worker together."""

    def __init__(self, chunk: _Chunk, positions: Sequence[int]) -> None:
        self.chunk = chunk
        self.positions = positions

    def finish(self, outcomes: list[Outcome]) -> None:
        for position, outcome in zip(self.positions, outcomes, strict=True):
            self.chunk.outcomes[position] = outcome


class _Worker:
    """A process, the pipe to it, and what it is doing."""

    def __init__(self, collect: Collect, settings: Settings) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, collect, settings), daemon=True)
        self.process.start()
        theirs.close()  # else the end of the worker would not end the pipe
        self.loaded = False
        self.task: _Task | None = None

    def give(self, task: _Task) -> None:
        self.task = task
        with suppress(OSError):  # when it is gone, reading from the pipe will tell
            self.pipe.send([task.chunk.files[position] for position in task.positions])

    def stop(self) -> None:
        self.process.terminate()
        self.process.join()
        self.pipe.close()


def run_pool(
    chunks: Iterable[Sequence[ReportFile]], collect: Collect, settings: Settings, *, jobs: int
) -> Iterator[Outcome]:
    """Process chunks of files in ``jobs`` worker processes; give the outcomes in the order of the files.

    When a worker dies, a new one takes the files it had, one at a time; a file on which a worker dies while
    it is alone with it gets an outcome that says so.

    Raises
    ------
    ModelError
        As the workers found it.
    SequelaError
        A worker died while it was loading the model.
    """
    source = iter(chunks)
    waiting: deque[_Task] = deque()
    in_order: deque[_Chunk] = deque()
    workers = [_Worker(collect, settings) for _ in range(jobs)]
    try:
        while True:
            done: list[Outcome] = []
            while in_order and (outcomes := in_order[0].finished()) is not None:
                done.extend(outcomes)
                in_order.popleft()
            while len(in_order) < _LOOK_AHEAD * jobs and (files := next(source, None)) is not None:
                in_order.append(_Chunk(files))
                waiting.append(_Task(in_order[-1], range(len(files))))
            for worker in workers:
                if worker.loaded and worker.task is None and waiting:
                    worker.give(waiting.popleft())
            yield from done
            if not in_order:
                return
            ready = connection.wait([worker.pipe for worker in workers])
            for place, worker in enumerate(workers):
                if worker.pipe in ready and not _receive(worker):
                    waiting.extendleft(_tasks_after_death(worker))
                    worker.stop()
                    workers[place] = _Worker(collect, settings)
    finally:
        for worker in workers:
            worker.stop()


def _receive(worker: _Worker) -> bool:
    """Take what a worker has sent; say whether it is alive."""
    try:
        message = worker.pipe.recv()
    except (EOFError, OSError):
        return False
    if isinstance(message, SequelaError):
        raise message
    if worker.task is None:
        worker.loaded = True
    else:
        worker.task.finish(message)
        worker.task = None
    return True


def _tasks_after_death(worker: _Worker) -> list[_Task]:
    """Give what is to be done again, the last first; a file that was alone with the worker is given up."""
    worker.process.join()
    if worker.task is None:
        raise SequelaError(
            f"a worker process ended while it was loading the model (exit code {worker.process.exitcode}). "
            "It may have run out of memory: use fewer --jobs."
        )
    chunk, positions = worker.task.chunk, worker.task.positions
    if len(positions) > 1:
        return [_Task(chunk, [position]) for position in reversed(positions)]
    failure = Failure(
        f"the worker process ended while it was reading this file (exit code {worker.process.exitcode})",
        "It may have run out of memory: try the file alone, or fewer --jobs",
    )
    worker.task.finish([Outcome(file=chunk.files[positions[0]], failure=failure)])
    return []


def _work(pipe: connection.Connection[Any, Any], collect: Collect, settings: Settings) -> None:
    """Load the model, say so, then process what comes until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of the group; the parent decides
    limit_threads()
    try:
        nlp = load_pipeline(settings)
    except SequelaError as error:
        pipe.send(error)
        return
    try:
        pipe.send(None)
        while True:
            pipe.send(list(process_files(nlp, pipe.recv(), collect, settings)))
    except (EOFError, OSError):
        return  # the parent is gone, or is done with us
