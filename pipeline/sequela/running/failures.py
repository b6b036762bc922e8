"""The reports that could not be processed: said at once, and kept in a file beside the output."""

from __future__ import annotations

import csv
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from sequela.corpora.triples_csv import neutralise
from sequela.reading import printable
from sequela.running.output import OutputFile

COLUMNS = ("path", "reason", "what_to_do")


class FailureLog:
    """Prints failures to stderr and writes them to a CSV file, in a ``with`` statement.

    The file exists only if something failed; one from an earlier run is removed, since it would speak of
    another output.
    """

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self.count = 0
        self._stack = ExitStack()
        self._output: OutputFile | None = None

    def add(self, path: Path | str, reason: str, remedy: str) -> None:
        """Note that a file failed, why, and what to do about it."""
        self.count += 1
        shown = printable(path)
        print(f"sequela: {shown}: {reason}. {remedy}.", file=sys.stderr)
        if self.file is None:
            return
        if self._output is None:
            self._output = self._stack.enter_context(OutputFile(self.file))
            csv.writer(self._output, lineterminator="\n").writerow(COLUMNS)
        row = map(neutralise, (shown, reason, remedy))
        csv.writer(self._output, lineterminator="\n").writerow(row)

    def __enter__(self) -> FailureLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, value, trace)
        if kind is None and self.file is not None and self._output is None:
            self.file.unlink(missing_ok=True)
