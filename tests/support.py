"""What tests of commands need: a tagger that is quick to load, and the rows of a CSV."""

from __future__ import annotations

import csv
from pathlib import Path

import spacy

_WORDS = {
    "CHEMICAL": ("amiodarone", "clindamycin", "minocycline"),
    "SYMPTOM": ("fever", "petechiae", "rash"),
}


def save_tiny_model(folder: Path) -> Path:
    """Write a spaCy pipeline that finds a few words to a folder; its drugs are called CHEMICAL."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(  # type: ignore[attr-defined]
        [
            {"label": label, "pattern": [{"LOWER": word}]}
            for label, words in sorted(_WORDS.items())
            for word in words
        ]
    )
    nlp.to_disk(folder)
    return folder


def read_rows(file: Path) -> list[dict[str, str]]:
    """Give the rows of a CSV, each a dict from column to cell."""
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
