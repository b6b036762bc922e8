"""Reading the files of a corpus as text.

What offsets mean, in every format: they count the characters of the file decoded from UTF-8. A byte order
mark is not part of the text (offset 0 is the character after it); a carriage return is, so that a Windows
line ending counts as two characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sequela.corpora.problems import Problem
from sequela.errors import CorpusError

# Texts that lie beside annotated ones and are not meant to be annotated.
_ASIDE = frozenset({"readme", "license", "licence", "notice", "changelog", "changes", "copying"})


class EncodingError(CorpusError):
    """A file that is not UTF-8; ``problem`` says where."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_text(path: Path) -> str:
    """Text of a file, without its byte order mark, line endings as they are.

    Raises
    ------
    CorpusError
        The file cannot be opened; `EncodingError` where it is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = (
            f"not UTF-8 (byte 0x{data[error.start]:02x}); convert the file, for instance with "
            "`iconv -f cp1252 -t utf-8`, and check its offsets again"
        )
        raise EncodingError(Problem(path=str(path), line=line, message=message)) from error


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""Lines of an annotation file with their numbers from 1; ``\n`` and ``\r\n`` both end a line."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        yield number, line.removesuffix("\r")


def all_files(folder: Path) -> list[Path]:
    """List the files below a directory, sorted, without hidden ones (annotation tools leave some)."""
    return sorted(
        item
        for item in folder.rglob("*")
        if item.is_file() and not any(part.startswith(".") for part in item.relative_to(folder).parts)
    )


def stands_aside(file: Path) -> bool:
    """Whether a text is no document of the corpus but a README, a licence or the like."""
    return file.stem.lower() in _ASIDE


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
    found = [item for item in all_files(path) if item.name.lower().endswith(suffixes)]
    if not found:
        raise CorpusError(f"{path}: no file that ends in {' or '.join(suffixes)} in this directory")
    return found
