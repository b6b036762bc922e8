"""Exit codes of the commands."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the exit code tells a script."""

    OK = 0
    SOME_FAILED = 1  # the output is there, some reports are not in it
    BAD_INPUT = 2  # usage, no such path or model, an output that cannot be written: nothing was written
    BUG = 3  # an error of sequela itself: nothing was written
    INTERRUPTED = 130  # Ctrl-C or a request to end: the output is as it was
    BROKEN_PIPE = 141  # the reader of the output went away, as in `… | head`
