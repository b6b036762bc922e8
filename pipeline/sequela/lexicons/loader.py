"""Read the files of this folder. Nothing else in the package opens them."""

from __future__ import annotations

import csv
import json
from functools import cache
from importlib.resources import files
from typing import Any

_FOLDER = files("sequela.lexicons")


@cache
def load_lines(name: str) -> tuple[str, ...]:
    """Lines of a text lexicon, in order; blank lines and lines that begin with ``#`` are left out."""
    text = _FOLDER.joinpath(name).read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


@cache
def load_table(name: str) -> tuple[dict[str, str], ...]:
    """Rows of a CSV lexicon with a header line, as dicts of text."""
    text = _FOLDER.joinpath(name).read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def load_json(name: str) -> Any:
    """Content of a JSON lexicon. Do not change what is returned: it is shared."""
    return json.loads(_FOLDER.joinpath(name).read_text(encoding="utf-8"))
