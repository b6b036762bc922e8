"""What is wrong with an annotated file, with file and line, and what becomes of it.

Every reader takes ``report``, a function that is given each `Problem`. The default, `fail`, raises: nothing
is read from a file that contradicts itself. A function that returns lets the reader leave the faulty item
out and go on, which is how ``sequela corpora check`` lists all problems of a corpus.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sequela.errors import CorpusError


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A contradiction in an annotated file; ``line`` counts from 1."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


Report = Callable[[Problem], None]


def fail(problem: Problem) -> None:
    """Raise the problem.

    Raises
    ------
    CorpusError
        Always.
    """
    raise CorpusError(str(problem))
