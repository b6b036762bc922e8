"""From report files to the triples CSV."""

from __future__ import annotations

import csv
import functools
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import sequela
from sequela.errors import OutputError
from sequela.reading import Found, printable
from sequela.running.batches import Settings
from sequela.running.local import run
from sequela.running.output import OutputFile, StandardOutput

STANDARD_OUTPUT = Path("-")
ERROR_COLUMNS = ("path", "reason")


@dataclass
class Summary:
    """What a run did."""

    reports: int = 0
    failed: int = 0
    rows: int = 0
    seconds: float = 0.0


class Failures:
    """The reports that are not in the output: said on stderr at once and kept in ``<output>.errors.csv``.

    The file is there only when something failed; one from an earlier run is removed.
    """

    def __init__(self, output: Path | None) -> None: ...
