"""From paths on a command line to the files to read, in a fixed order, each with its id."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sequela.errors import ReportError, SequelaError

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
SUFFIXES = (".txt",)  # what is taken from a folder; a file that is named is read whatever it is called


@dataclass(frozen=True)
class ReportFile:
    """A file to read, and the id of the report in it."""

    path: Path
    doc_id: str

    @property
    def shown(self) -> str:
        """What a user calls the file by."""
        return str(self.path)


@dataclass(frozen=True)
class Found:
    """The files to read, and the folders that could not be looked into."""

    files: list[ReportFile] = field(default_factory=list)
    problems: list[tuple[Path, ReportError]] = field(default_factory=list)


def find_reports(paths: Sequence[Path]) -> Found:
    """List the report files under ``paths``.

    The order is that of ``paths``, inside a folder that of the names by code point. Folders are searched to
    the bottom for ``*.txt``; names that begin with a dot are passed over; a file or folder that is reached by
    two ways (given twice, or through links) counts once.

    The id of a report is its file name without the suffix. Files of the same name in different folders are
    told apart by their path below the folder that all files have in common: ``2019/case1``, ``2020/case1``;
    where even that is the same (``a.txt``, ``a.text``) the suffix stays.

    Raises
    ------
    SequelaError
        A path does not exist, or there is no report under any of them.
    """
    for path in paths:
        if str(path) == "-" and not os.path.lexists(path):
            raise SequelaError("standard input is not read. Name files, or a folder of them.")
        if not os.path.lexists(path):
            raise SequelaError(f"no such file or folder: {printable(path)}. Check the path.")
    found = Found()
    visited: set[tuple[int, int]] = set()
    reached: list[Path] = []
    for path in paths:
        reached.extend(_walk(path, found, visited))
    files = _once(reached)
    if not files and not found.problems:
        where = ", ".join(printable(path) for path in paths)
        raise SequelaError(
            f"no report in {where}: sequela looks for files named *{SUFFIXES[0]}. "
            "Name the files themselves if they are called otherwise."
        )
    found.files.extend(ReportFile(*pair) for pair in zip(files, ids_of(files), strict=True))
    return found


def is_address(path: str) -> bool:
    """Whether a path is an address of a Hadoop file system (``hdfs://...``, ``file:/...``), which Spark can read.

    A path of this machine that looks like one can be written with ``./`` in front.
    """
    return bool(_ADDRESS.match(path))


def ids_of(paths: list[Path]) -> list[str]:
    """Give each of the files that are read in a run the id that its rows will carry, see `find_reports`."""
    ids = [_text(path.stem) for path in paths]
    for suffix in (False, True):
        count = Counter(ids)
        if len(count) < len(ids):
            longer = _below_common_folder(paths, suffix=suffix)
            ids = [new if count[old] > 1 else old for old, new in zip(ids, longer, strict=True)]
    return ids


def printable(path: Path | str) -> str:
    """Give a path for a message: control characters and bytes that are no text are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in _text(str(path)))


def _walk(top: Path, found: Found, visited: set[tuple[int, int]]) -> list[Path]:
    """List the files under a folder; a file lists itself."""
    files = []
    stack = [top]  # and no recursion: folders may be nested deeper than calls may
    while stack:
        path = stack.pop()
        if not os.path.isdir(path):  # noqa: PTH112 - false, where Path raises, for links that go in a circle
            files.append(path)
            continue
        try:
            status = path.stat()
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(path) as entries:
                inside = sorted(entry.name for entry in entries if _wanted(entry))
        except OSError as error:
            reason = f"the folder cannot be read ({error.strerror})"
            found.problems.append((path, ReportError(reason, "Make it readable, or leave it out")))
            continue
        stack.extend(path / name for name in reversed(inside))
    return files


def _wanted(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return False
    if entry.name.lower().endswith(SUFFIXES) or entry.is_dir(follow_symlinks=False):
        return True
    return entry.is_symlink() and os.path.isdir(entry.path)  # noqa: PTH112 - as above


def _once(paths: list[Path]) -> list[Path]:
    """Drop what is reached a second time."""
    folders: dict[Path, str] = {}  # resolving every path anew would cost more than reading it
    seen: set[str] = set()
    kept = []
    for path in paths:
        if path.parent not in folders:
            folders[path.parent] = os.path.realpath(path.parent)
        is_link = os.path.islink(path)  # noqa: PTH114 - false, where Path raises, for names that are too long
        real = os.path.realpath(path) if is_link else f"{folders[path.parent]}/{path.name}"
        if real not in seen:
            seen.add(real)
            kept.append(path)
    return kept


def _below_common_folder(paths: list[Path], *, suffix: bool) -> list[str]:
    absolute = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100 - resolve() would follow links
    top = os.path.commonpath([path.parent for path in absolute])
    below = [Path(os.path.relpath(path, top)) for path in absolute]
    return [_text((path if suffix else path.with_suffix("")).as_posix()) for path in below]


def _text(name: str) -> str:
    r"""Give a name in which bytes that are no UTF-8 are written as ``\xff``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
