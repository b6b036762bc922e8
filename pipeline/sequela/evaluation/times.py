"""Values of time phrases: TIMEX3 type and value of given phrases, with the date of their document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sequela.corpora.files import read_lines
from sequela.errors import CorpusError
from sequela.evaluation.scores import Rate, Tally
from sequela.schema import TimeExpression

VALUE, TYPE, VALUE_OF_PHRASES = "value", "type", "value_without_document_dates"
Normalise = Callable[[str, date], TimeExpression | None]


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """A time phrase with its gold type and value."""

    text: str
    type: str
    value: str
    is_document_date: bool = False


def read_phrases(path: Path) -> dict[str, tuple[date, list[Phrase]]]:
    """Read timenorm files: blocks of "phrase, type, value" whose first line is the document date.

    Returns
    -------
    dict
        From the line at which a block begins to the date and the phrases of the block, the first line
        included.

    Raises
    ------
    CorpusError
        A line with other than three columns, or a block that does not begin with a date.
    """
    found: dict[str, tuple[date, list[Phrase]]] = {}
    for number, lines in _blocks(path):
        try:
            day = date.fromisoformat(lines[0][2].partition("T")[0])
        except ValueError as error:
            raise CorpusError(
                f"{path}:{number}: a block begins with the date of its document: {error}"
            ) from error
        phrases = [
            Phrase(text=text, type=kind, value=value, is_document_date=index == 0)
            for index, (text, kind, value) in enumerate(lines)
        ]
        found[f"{number:06}"] = (day, phrases)
    return found


def score_times(gold: Mapping[str, tuple[date, Sequence[Phrase]]], normalise: Normalise) -> Tally:
    """Score the values that ``normalise`` gives: right when equal to the gold as text."""
    names = (VALUE, TYPE, VALUE_OF_PHRASES)
    tally = Tally(level="times", rule="exact", counts={}, rates={name: {} for name in names})
    for doc_id in sorted(gold):
        day, phrases = gold[doc_id]
        given = [(phrase, normalise(phrase.text, day)) for phrase in phrases]
        values = [(phrase, found is not None and found.value == phrase.value) for phrase, found in given]
        types = [found is not None and found.type == phrase.type for phrase, found in given]
        told = [right for phrase, right in values if not phrase.is_document_date]
        tally.counts[doc_id] = {}
        tally.rates[VALUE][doc_id] = Rate(sum(right for _, right in values), len(values))
        tally.rates[TYPE][doc_id] = Rate(sum(types), len(types))
        tally.rates[VALUE_OF_PHRASES][doc_id] = Rate(sum(told), len(told))
    return tally


def _blocks(path: Path) -> Iterator[tuple[int, list[tuple[str, str, str]]]]:
    block: list[tuple[str, str, str]] = []
    begin = 1
    for number, line in read_lines(path):
        columns = line.split("\t")
        if not line.strip():
            if block:
                yield begin, block
            block = []
        elif len(columns) != 3:
            raise CorpusError(f"{path}:{number}: not of the form PHRASE, TYPE, VALUE")
        else:
            begin = begin if block else number
            block.append((columns[0], columns[1], columns[2]))
    if block:
        yield begin, block
