"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TextIO

from sequela.errors import OutputError
from sequela.reading import printable


class OutputFile:
    """A UTF-8 text file that is written beside its target and moved into place at the end.

    Used in a ``with`` statement. The target changes only when the block ends without an exception; else
    nothing is left. A target that is no regular file (a named pipe, ``/dev/null``) is written directly. Line
    ends are written as given.

    Raises
    ------
    OutputError
        The target cannot be written, now or later (disk full); the message says what to do.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self._real = Path(os.path.realpath(target))  # of a link, the file is replaced and the link stays
        self._part: Path | None = part_of(target, os.getpid())
        self._file: TextIO

    def __enter__(self) -> OutputFile:
        if self._real.is_dir():
            raise self._error("it is a folder", "Give the name of a file")
        if not self._real.parent.is_dir():
            raise self._error("its folder does not exist", "Create the folder first, or choose another place")
        if is_stream(self.target):
            self._part = None
        try:
            self._file = _open_private(self._part) if self._part else _open(self.target)
        except OSError as error:
            raise self._os_error(error) from None
        return self

    def write(self, text: str, /) -> int:
        """Append text."""
        try:
            return self._file.write(text)
        except BrokenPipeError:
            raise  # the reader has enough
        except OSError as error:
            raise self._os_error(error) from None

    def keep_as(self, name: Path) -> bool:
        """Give what is written so far another name, so that the target stays as it was; say whether that was done."""
        if self._part is None:
            return False
        try:
            self._finish(name)
        except OSError:
            return False
        return True

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._commit()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise self._os_error(error) from None
        finally:
            with suppress(OSError):
                self._file.close()
            if self._part is not None:
                with suppress(OSError):
                    self._part.unlink(missing_ok=True)

    def _commit(self) -> None:
        self._finish(self._real)

    def _finish(self, name: Path) -> None:
        self._file.flush()
        if self._part is None:
            return
        os.fsync(self._file.fileno())
        self._file.close()
        if self._real.exists():
            shutil.copymode(self._real, self._part)
        else:
            self._part.chmod(0o666 & ~_umask())
        os.replace(self._part, name)  # noqa: PTH105 - says what it does
        _sync_folder(name.parent)

    def _os_error(self, error: OSError) -> OutputError:
        remedy = "Free space or permit writing there, or choose another place"
        return self._error(error.strerror or str(error), remedy)

    def _error(self, reason: str, remedy: str) -> OutputError:
        return OutputError(f"cannot write {printable(self.target)}: {reason}. {remedy}.")


def is_stream(target: Path) -> bool:
    """Whether what is there under a name is no regular file or folder, but a pipe, a terminal or a device."""
    return target.exists() and not (target.is_file() or target.is_dir())


def part_of(target: Path, process: int) -> Path:
    """Give the file in which a process writes what is to become ``target``."""
    real = Path(os.path.realpath(target))
    return real.with_name(f".{real.name}.{process}.part")


class StandardOutput:
    """Standard output as UTF-8 with line ends as given, in a ``with`` statement like `OutputFile`.

    Raises
    ------
    OutputError
        It is closed.
    """

    def __enter__(self) -> TextIO:
        if sys.stdout is None:
            raise OutputError("standard output is closed. Name a file with --output.")
        with suppress(AttributeError):  # not where a test has put something else in its place
            sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        return sys.stdout

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()


def _open(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="")


def _open_private(path: Path) -> TextIO:
    """Open a new file that nobody else can read, and that is no link somebody has laid there."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(handle, "w", encoding="utf-8", newline="")


def _umask() -> int:
    """Give what new files are not permitted; the system tells only in exchange for another value."""
    current = os.umask(0o077)
    os.umask(current)
    return current


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
