"""Worker processes that give results in the order of the input and survive the death of one of them.

Each worker loads the model once and talks to the parent through a pipe of its own, so that the parent
notices at once when a worker is gone. Processes are spawned, not forked: the same on every system, and no
thread or lock of the parent is copied in an unknown state. A worker ends when its pipe does, also when the
parent was killed.
"""

from __future__ import annotations

import functools
import math
import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing import connection, get_context
from typing import Any

from sequela.errors import SequelaError
from sequela.running.batches import (
    Collect,
    Failure,
    Outcome,
    Settings,
    limit_threads,
    load_pipeline,
    process_files,
)
from sequela.running.chunks import Chunk

_LOOK_AHEAD = 4  # chunks a worker that may be read, in work or waiting for their turn
_FIRST_WORDS = "A rash developed two days after 5 mg of amiodarone."
_LOADS_TRIED = 3  # in a row: the system may have killed one for want of memory


class _Task:
    """Files of a chunk, by position, that go to a worker together.

    ``again`` says that a worker ended with them; ``fresh`` that they want a worker that has done nothing yet.
    """

    def __init__(
        self, chunk: Chunk, positions: list[int], *, again: bool = False, fresh: bool = False
    ) -> None:
        self.chunk = chunk
        self.positions = positions
        self.again = again
        self.fresh = fresh

    def take(self, outcome: Outcome) -> None:
        """Keep what came of the next file."""
        self.chunk.outcomes[self.positions.pop(0)] = outcome


class _Worker:
    """A process, the pipe to it, and what it is doing."""

    def __init__(self, collect: Collect, settings: Settings, timeout: float) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, collect, settings), daemon=True)
        self.process.start()
        theirs.close()  # else the end of the worker would not end the pipe
        self.loaded = False
        self.fresh = True  # has finished no task
        self.task: _Task | None = None
        self.timeout = timeout or math.inf
        self.deadline = math.inf

    def give(self, task: _Task) -> None:
        """Have files processed."""
        self.task = task
        self.deadline = time.monotonic() + self.timeout
        with suppress(OSError):  # when it is gone, reading from the pipe will tell
            self.pipe.send([task.chunk.files[position] for position in task.positions])

    def receive(self) -> bool:
        """Take what the worker has sent; say whether it is alive."""
        try:
            message = self.pipe.recv()
        except (EOFError, OSError):
            return False
        if isinstance(message, SequelaError):
            raise message
        if self.task is None:
            self.loaded = True
            return True
        self.task.take(message)
        self.deadline = time.monotonic() + self.timeout
        if not self.task.positions:
            self.task, self.fresh, self.deadline = None, False, math.inf
        return True

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


class Pool:
    """Worker processes with the model loaded, for one run or several.

    Parameters
    ----------
    collect, settings
        As of `sequela.running.local.run`.
    jobs
        Number of processes.
    timeout
        Seconds a report may take; 0 for no limit.
    """

    def __init__(self, collect: Collect, settings: Settings, *, jobs: int, timeout: float = 0) -> None:
        self._start = functools.partial(_Worker, collect, settings, timeout)
        self._jobs = jobs
        self._workers = [self._start() for _ in range(jobs)]

    def run(self, chunks: Iterable[Chunk]) -> Iterator[Outcome]:
        """Process chunks of files; give the outcomes in the order of the files.

        When a worker dies, or finishes no report in ``timeout`` seconds, a new one takes the files it still had,
        one at a time. A file on which a worker ends a second time, while it is alone with it and has done nothing
        else, gets an outcome that says so.

        Raises
        ------
        ModelError
            As the workers found it.
        SequelaError
            Workers died while they were loading the model.
        """
        source = iter(chunks)
        waiting: deque[_Task] = deque()
        in_order: deque[Chunk] = deque()
        loads_failed = 0
        while True:
            done: list[Outcome] = []
            while in_order and (outcomes := in_order[0].finished()) is not None:
                done.extend(outcomes)
                in_order.popleft()
            while len(in_order) < _LOOK_AHEAD * self._jobs and (chunk := next(source, None)) is not None:
                in_order.append(chunk)
                if chunk.to_do:
                    waiting.append(_Task(chunk, chunk.to_do))
            for worker in self._workers:
                if worker.loaded and worker.task is None and (task := _next_for(worker, waiting)):
                    worker.give(task)
            yield from done
            if not in_order:
                return
            if in_order[0].finished() is not None:
                continue
            ready = _wait(self._workers)
            for place, worker in enumerate(self._workers):
                if worker.pipe in ready and worker.receive():
                    loads_failed = 0
                    continue
                late = worker.pipe not in ready and worker.deadline <= time.monotonic()
                if worker.pipe not in ready and not late:
                    continue
                worker.stop()
                if not worker.loaded:
                    loads_failed += 1
                    _give_up_loading(worker, loads_failed)
                waiting.extendleft(_tasks_after_end(worker, late=late))
                self._workers[place] = self._start()

    def stop(self) -> None:
        """End the processes, whatever they are doing."""
        for worker in self._workers:
            worker.stop()


def run_pool(
    chunks: Iterable[Chunk], collect: Collect, settings: Settings, *, jobs: int, timeout: float = 0
) -> Iterator[Outcome]:
    """Process chunks of files in processes that end with the run; see `Pool.run`."""
    pool = Pool(collect, settings, jobs=jobs, timeout=timeout)
    try:
        yield from pool.run(chunks)
    finally:
        pool.stop()


def _wait(workers: list[_Worker]) -> list[Any]:
    """Wait until a worker has something to say or is out of time."""
    deadline = min(worker.deadline for worker in workers)
    seconds = None if deadline == math.inf else max(0.0, deadline - time.monotonic())
    return connection.wait([worker.pipe for worker in workers], seconds)


def _next_for(worker: _Worker, waiting: deque[_Task]) -> _Task | None:
    """Take the first task that this worker may do; a fresh one keeps itself for those that want it.

    With every task that wants a fresh worker one has been started, so none waits for ever.
    """
    fresh = worker.fresh and any(task.fresh for task in waiting)
    for task in waiting:
        if task.fresh == fresh:
            waiting.remove(task)
            return task
    return None


def _give_up_loading(worker: _Worker, failed: int) -> None:
    if failed == _LOADS_TRIED:
        raise SequelaError(
            f"a worker process ended while it was loading the model (exit code {worker.process.exitcode}). "
            "It may have run out of memory: use fewer --jobs."
        )


def _tasks_after_end(worker: _Worker, *, late: bool) -> list[_Task]:
    """Give what is to be done again, the last first; a file that was given a fresh worker is given up."""
    task = worker.task
    if task is None:
        return []
    if len(task.positions) > 1:
        return [_Task(task.chunk, [position], again=True) for position in reversed(task.positions)]
    if not (task.again and worker.fresh):
        return [_Task(task.chunk, task.positions, again=True, fresh=True)]
    if late:
        failure = Failure(
            f"it took longer than {worker.timeout:g} seconds, twice",
            "Split the file, or allow more with --timeout",
        )
    else:
        failure = Failure(
            "the worker process ended while it was reading this file, twice "
            f"(exit code {worker.process.exitcode})",
            "It may have run out of memory: try the file alone, or fewer --jobs",
        )
    task.take(Outcome(file=task.chunk.files[task.positions[0]], failure=failure))
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
    with suppress(Exception):  # the first report will tell
        nlp(_FIRST_WORDS)  # lexicons are read at first use: not in the time of a report
    try:
        pipe.send(None)
        while True:
            for outcome in process_files(nlp, pipe.recv(), collect, settings):
                pipe.send(outcome)
    except (EOFError, OSError):
        return  # the parent is gone, or is done with us
