"""A report: its text, where it came from, and what is known of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from sequela.errors import ReportError
from sequela.reading.discover import ReportFile
from sequela.reading.text import read_text

# About fifty times the longest case report seen; a file beyond this is a book, a dump or an accident.
MAX_CHARACTERS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report as read: offsets of everything found in it are offsets into ``text``."""

    doc_id: str
    text: str
    path: str = ""
    meta: dict[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Hash of all that the pipeline is given: reports of equal digest have equal rows."""
        content = json.dumps([self.doc_id, self.text, self.meta], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def read_report(
    file: ReportFile, *, encoding: str | None = None, max_characters: int = MAX_CHARACTERS
) -> Report:
    """Read one report.

    Parameters
    ----------
    file
        From `find_reports`.
    encoding
        Of files that are not UTF-8 (or UTF-16 with a byte order mark).
    max_characters
        Longest text that is accepted.

    Raises
    ------
    ReportError
        The file cannot be read as text; the message says what to do.
    """
    text = read_text(file.path, encoding=encoding, max_characters=max_characters)
    if not text.strip():
        raise no_text()
    return Report(doc_id=file.doc_id, text=text, path=str(file.path))


def no_text() -> ReportError:
    """Give the error of a file that holds nothing."""
    return ReportError("the file is empty", "Save the text of the report in it, or leave it out")
