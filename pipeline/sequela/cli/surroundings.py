"""What the program finds when it starts, and must not trip over."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from contextlib import suppress

from sequela.errors import SequelaError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _Messages(io.TextIOWrapper):
    """Standard error that may be gone or full: what the messages are about goes on without them."""

    def write(self, text: str, /) -> int:
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def prepare() -> None:
    """Make streams, signals and environment safe, for this process and those it starts."""
    # They would import modules from the current folder before Python's own, and there may be reports of anybody
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and stream.encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if sys.stderr is None:  # print() would take standard output instead
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - no file of a user
    else:
        sys.stderr = _Messages(
            sys.stderr.buffer, sys.stderr.encoding, errors=sys.stderr.errors, line_buffering=True
        )
    signal.signal(signal.SIGTERM, _interrupt)
    hangup = getattr(signal, "SIGHUP", None)  # not on every system
    if hangup and signal.getsignal(hangup) is signal.SIG_DFL:  # nohup has it ignored
        signal.signal(hangup, _interrupt)


def check_folder() -> None:
    """Refuse a current folder that somebody has removed.

    Raises
    ------
    SequelaError
        With what to do.
    """
    try:
        os.getcwd()  # noqa: PTH109 - asks the system, no more
    except OSError:
        raise SequelaError("the current folder is not there any longer. Change to another one.") from None


def is_full(error: OSError) -> bool:
    """Whether a write found no more room."""
    return error.errno in _FULL


def drop_output() -> None:
    """Let what is still in the buffer of standard output go nowhere, not into another error."""
    with suppress(OSError, ValueError, AttributeError):  # closed, or in a test no file at all
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_closed_streams() -> None:
    """Put the null device where a stream is closed, lest a file that is written get its number."""
    for number in range(3):
        if _is_closed(number):
            taken = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            os.set_inheritable(taken, True)


def _is_closed(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return True
    return False


def _interrupt(*_: object) -> None:
    """End as on Ctrl-C, so that no half-written file is left when a batch system ends the run."""
    raise KeyboardInterrupt
