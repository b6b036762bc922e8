"""Checks of whole corpora: what `sequela corpora check` does.

Readers check each document; here is what takes several: line endings, and documents in two splits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from sequela.corpora import triples_csv
from sequela.corpora.document import Document
from sequela.corpora.files import EncodingError, all_files, read_text
from sequela.corpora.formats import get_format, sniff_format
from sequela.corpora.labels import LabelMap, check_labels
from sequela.corpora.problems import Problem
from sequela.errors import CorpusError

_TEXTS = (".txt", ".ann", ".conll", ".iob", ".iob2", ".bio", ".rel", ".pubtator", ".jsonl")


def check_corpus(
    path: Path,
    format: str | None = None,
    *,
    label_map: LabelMap | None = None,
    seen: Seen | None = None,
) -> tuple[int, list[Problem]]:
    """Check a file or a directory; gives the number of documents (rows of a triples CSV) and what is wrong.

    Splits are the files of the corpus, or the directories where each document has its own file; a file
    ``splits.json`` in the directory is checked as well. Where the splits are given one by one, ``seen``
    carries what was met from call to call.

    Raises
    ------
    CorpusError
        The format is not known or not clear, a library is missing.
    """
    path = Path(path)
    problems: list[Problem] = []
    chosen = get_format(format) if format is not None else sniff_format(path)
    if chosen.name == "triples":
        rows = sum(1 for _ in triples_csv.read_triples(path, report=problems.append))
        return rows, problems
    if chosen.read is None:
        raise CorpusError(f"{path}: {chosen.name} cannot be read")
    seen = seen if seen is not None else Seen()
    count = 0
    try:
        for document in chosen.read(path, report=problems.append):
            count += 1
            if label_map is not None:
                check_labels(document, label_map, report=problems.append)
            problems += seen.add(document, one_a_file=chosen.name in ("brat", "casebook"))
    except EncodingError as error:
        problems.append(error.problem)
    problems += _mixed_line_endings(path)
    if path.is_dir() and (path / "splits.json").is_file():
        problems += _splits(path / "splits.json")
    return count, problems


class Seen:
    """Which documents were met, by id and by text."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[str, str]] = {}

    def add(self, document: Document, *, one_a_file: bool) -> Iterator[Problem]:
        """Note a document; gives what is wrong with its being there."""
        split = str(Path(document.path).parent) if one_a_file else document.path
        doc_id = Path(document.doc_id).name if one_a_file else document.doc_id
        place = f"{document.path}:{document.line}"
        digest = sha256(" ".join(document.text.split()).encode("utf-8", "surrogatepass")).hexdigest()
        for key, what in (
            (("id", doc_id), f"document {doc_id}"),
            (("text", digest), f"the text of {doc_id}"),
        ):
            first_split, first_place = self._seen.setdefault(key, (split, place))
            if first_split != split:
                message = f"{what} is in two splits: also at {first_place}"
            elif first_place != place and key[0] == "id":
                message = f"{what} is there twice: also at {first_place}"
            else:
                continue
            yield Problem(path=document.path, line=document.line, message=message)
            return


def _mixed_line_endings(path: Path) -> Iterator[Problem]:
    r"""Find text files with both ``\n`` and ``\r\n``: an editor that mends them shifts every offset after."""
    for file in [path] if path.is_file() else all_files(path):
        if file.name.lower().endswith(_TEXTS):
            try:
                text = read_text(file)
            except EncodingError:  # the reader has said so, if it is a file of the corpus
                continue
            windows = text.count("\r\n")
            bare = text.count("\n") - windows
            if not windows or not bare:
                continue
            lines = text.split("\n")[:-1]
            first = lines[0].endswith("\r")
            line = next(number for number, item in enumerate(lines, 1) if item.endswith("\r") != first)
            message = (
                "mixed line endings: some lines end in \\r\\n, some in \\n; write the file with one kind"
            )
            yield Problem(path=str(file), line=line, message=message)


def _splits(file: Path) -> Iterator[Problem]:
    try:
        data = json.loads(read_text(file))
        members = [(split, name) for split, names in data.items() for name in names]
    except (ValueError, AttributeError, TypeError) as error:
        yield Problem(path=str(file), line=1, message=f"not an object from split to document ids: {error}")
        return
    seen: dict[str, str] = {}
    for split, name in members:
        if seen.setdefault(name, split) != split:
            message = f"document {name} is in two splits, {seen[name]} and {split}"
            yield Problem(path=str(file), line=1, message=message)
