"""Reading the files of a corpus as text.

What offsets mean, in every format: they count the characters of the file decoded from UTF-8. A byte order
mark is not part of the text (offset 0 is the character after it); a carriage return is, so that a Windows
line ending counts as two characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sequela.errors import CorpusError


def read_text(path: Path) -> str:
    """Text of a file, without its byte order mark, line endings as they are.

    Raises
    ------
    CorpusError
        The file cannot be opened or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            f"{path}:{line}: not UTF-8 (byte 0x{data[error.start]:02x}); convert the file, for instance with "
            f"`iconv -f cp1252 -t utf-8`, and check its offsets again"
        ) from error


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""Lines of an annotation file with their numbers from 1; ``\n`` and ``\r\n`` both end a line."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        yield number, line.removesuffix("\r")


def files_of(path: Path, *suffixes: str) -> list[Path]:
    """List the file itself, or the files below a directory that have one of the suffixes, sorted.

    Raises
    ------
    CorpusError
        There is no such path, or the directory holds no such file.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise CorpusError(f"{path}: no such file or directory")
    found = sorted(
        item for item in path.rglob("*") if item.is_file() and item.name.lower().endswith(tuple(suffixes))
    )
    if not found:
        raise CorpusError(f"{path}: no file that ends in {' or '.join(suffixes)} in this directory")
    return found
