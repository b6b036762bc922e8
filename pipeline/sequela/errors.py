"""Errors that a user can do something about. Every message says what to do next."""

from __future__ import annotations


class SequelaError(Exception):
    """Base class; the command line prints the message and no traceback."""


class ModelError(SequelaError):
    """A model that does not exist, cannot be read, or has labels that sequela cannot use."""


class ReportError(SequelaError):
    """A report file that cannot be read as text: why, and what to do about it."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}. {remedy}.")
        self.reason = reason
        self.remedy = remedy


class OutputError(SequelaError):
    """An output path that cannot be written."""


class CorpusError(SequelaError):
    """An annotated file that contradicts itself or its text; names file and line."""


class StoreError(SequelaError):
    """A reaction database that cannot be opened, written or understood."""


class TerminologyError(SequelaError):
    """A terminology of the user that is not there, or is broken; names file and line."""
