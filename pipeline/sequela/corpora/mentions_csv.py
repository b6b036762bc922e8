"""The other places where the reaction of a row is told: a CSV beside the triples CSV, one line a place.

The triples CSV holds the place of the best evidence alone. The rows are named by ``doc_id`` and ``triple_id``; the
offsets are those of the drug and the event, as in the triples CSV.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from sequela.corpora.files import read_text
from sequela.corpora.triples_csv import neutralise, restore
from sequela.errors import CorpusError
from sequela.schema import Triple

COLUMNS = ("doc_id", "triple_id", "drug_start", "drug_end", "event_start", "event_end")
SUFFIX = ".mentions.csv"

Place = tuple[int, int, int, int]
Places = dict[tuple[str, str], tuple[Place, ...]]  # by doc_id and triple_id


def beside(triples: Path) -> Path:
    """Give the file of mentions that belongs to a triples CSV."""
    return Path(f"{triples}{SUFFIX}")


def write_header(file: TextIO) -> None:
    """Write the line of column names."""
    csv.writer(file, lineterminator="\n").writerow(COLUMNS)


def write_mentions(file: TextIO, triples: Iterable[Triple]) -> None:
    """Write a line for each other place of rows, without a header. ``file`` is opened with ``newline=""``."""
    writer = csv.writer(file, lineterminator="\n")
    for triple in triples:
        for place in triple.mentions:
            writer.writerow((neutralise(triple.doc_id), neutralise(triple.triple_id), *place))


def read_mentions(path: Path) -> Places:
    """Read a file of mentions.

    Raises
    ------
    CorpusError
        It cannot be read, or is none.
    """
    text = read_text(path)
    header, _, lines = text.partition("\n")
    if header.removesuffix("\r") != ",".join(COLUMNS):
        raise CorpusError(f"{path}: no file of mentions. Write it again with 'sequela extract --mentions'.")
    try:
        return parse_mentions(lines)
    except ValueError as error:
        raise CorpusError(f"{path}: {error}. Write it again with 'sequela extract --mentions'.") from None


def parse_mentions(text: str) -> Places:
    """Read what `write_mentions` wrote.

    Raises
    ------
    ValueError
        A line that is none of it.
    """
    places: dict[tuple[str, str], list[Place]] = {}
    reader = csv.reader(io.StringIO(text, newline=""))
    for cells in reader:
        try:
            doc_id, triple_id, *offsets = cells
            drug_start, drug_end, event_start, event_end = map(int, offsets)
        except ValueError:
            raise ValueError(f"line {reader.line_num + 1} names no place") from None
        if not (0 <= drug_start < drug_end and 0 <= event_start < event_end):
            raise ValueError(f"line {reader.line_num + 1} lies at offsets that hold no text")
        place = (drug_start, drug_end, event_start, event_end)
        places.setdefault((restore(doc_id), restore(triple_id)), []).append(place)
    return {key: tuple(found) for key, found in places.items()}
