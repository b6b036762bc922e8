"""CoNLL: one token a line with its tag, a blank line after a sentence.

The token is the first column, the tag the last; columns are separated by tabs, or by blanks where a line has
no tab. Tags are IOB2 (``B-Drug``, ``I-Drug``, ``O``); ``S-``/``U-`` and ``E-``/``L-`` are understood, and as
in conlleval an ``I-`` that continues nothing begins an entity. ``-DOCSTART-`` begins a document, and so does
a line ``# doc_id = NAME``, which names it.

The format has no text: it is rebuilt from the tokens, joined by blanks, with a line break after each
sentence, and offsets count in that text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from sequela.corpora.document import Document, Entity
from sequela.corpora.files import files_of, read_lines
from sequela.corpora.problems import Problem, Report, fail
from sequela.errors import CorpusError

_COMMENT = re.compile(r"# (\w+(?: \w+)?) = (.*)")
_DOC_ID = frozenset({"doc_id", "newdoc id"})
_TAG = re.compile(r"([BISUEL])-(.+)")
_TOKEN = re.compile(r"\w+|[^\w\s]")


def sniff(file: Path, head: str) -> bool:
    """Whether a file looks like this format, by its name."""
    del head
    return file.suffix.lower() in (".conll", ".iob", ".iob2", ".bio")


def read(path: Path, *, report: Report = fail) -> Iterator[Document]:
    """Read a file, or ``*.conll``, ``*.iob``, ``*.iob2`` and ``*.bio`` of a directory.

    Documents without a name are the stem of the file, with a number where the file has several.

    Raises
    ------
    CorpusError
        From ``report``: a line without a tag, a tag of another form.
    """
    for file in files_of(Path(path), ".conll", ".iob", ".iob2", ".bio"):
        yield from _read_file(file, report)


def write(documents: Iterable[Document], path: Path) -> int:
    """Write documents into one file, entities only; gives their number.

    Tokens are words and single other characters, cut where an entity begins or ends; a line break of the
    text ends a sentence.

    Raises
    ------
    CorpusError
        Entities overlap or lie in fragments, which IOB cannot say.
    """
    count = 0
    with Path(path).open("w", encoding="utf-8", newline="\n") as file:
        for document in documents:
            file.write(f"# doc_id = {document.doc_id}\n-DOCSTART-\tO\n\n")
            for sentence in tagged_sentences(document):
                file.writelines(f"{token}\t{tag}\n" for token, tag in sentence)
                file.write("\n")
            count += 1
    return count


def tagged_sentences(document: Document) -> Iterator[list[tuple[str, str]]]:
    """Tokens of each line of the text with their IOB2 tags.

    Raises
    ------
    CorpusError
        See `write`.
    """
    tags: dict[int, tuple[str, Entity]] = {}
    borders: set[int] = set()
    last: Entity | None = None
    for entity in sorted(document.entities, key=lambda entity: (entity.start, entity.end)):
        name = f"{document.doc_id}: {entity.id}"
        if len(entity.fragments) > 1:
            raise CorpusError(f"{name} is in fragments, which IOB cannot say")
        if last is not None and entity.start < last.end:
            raise CorpusError(f"{name} overlaps {last.id}, which IOB cannot say")
        last = entity
        borders |= {entity.start, entity.end}
        for place in range(entity.start, entity.end):
            tags[place] = ("B-" if place == entity.start else "I-", entity)
    sentence: list[tuple[str, str]] = []
    done = 0
    for match in _TOKEN.finditer(document.text):
        if sentence and "\n" in document.text[done : match.start()]:
            yield sentence
            sentence = []
        start, done = match.start(), match.end()
        for end in [*sorted(place for place in borders if start < place < done), done]:
            prefix, owner = tags.get(start, ("", None))
            sentence.append((document.text[start:end], f"{prefix}{owner.label}" if owner else "O"))
            start = end
    if sentence:
        yield sentence


def _read_file(file: Path, report: Report) -> Iterator[Document]:
    documents: list[Document] = []
    builder = _Builder(file, 1)
    for number, line in read_lines(file):
        comment = _COMMENT.fullmatch(line)
        if not line.strip():
            builder.end_sentence()
        elif comment:
            if comment[1] in _DOC_ID:
                documents += builder.finish()
                builder = _Builder(file, number, comment[2])
        elif line.startswith("-DOCSTART-"):
            if builder.pieces:
                documents += builder.finish()
                builder = _Builder(file, number)
        else:
            columns = line.split("\t") if "\t" in line else line.split()
            try:
                builder.add_token(columns)
            except ValueError as error:
                report(Problem(path=str(file), line=number, message=str(error)))
    documents += builder.finish()
    for index, document in enumerate(documents, start=1):
        if not document.doc_id:
            document.doc_id = file.stem if len(documents) == 1 else f"{file.stem}_{index}"
    yield from documents


class _Builder:
    """Rebuilds the text of a document and places its entities."""

    def __init__(self, file: Path, line: int, doc_id: str = "") -> None:
        self.document = Document(doc_id=doc_id, text="", path=str(file), line=line)
        self.pieces: list[str] = []
        self.length = 0
        self.separator = ""
        self.open: tuple[str, int, int] | None = None  # label, start, end so far
        self.spans: list[tuple[str, int, int]] = []

    def add_token(self, columns: list[str]) -> None:
        """Take a token with its tag."""
        if len(columns) < 2:
            raise ValueError("a token needs a tag: two columns, separated by a tab or a blank")
        token, tag = columns[0], columns[-1]
        match = _TAG.fullmatch(tag)
        if not match and tag != "O":
            raise ValueError(f"{tag!r} is no tag: expected O, B-LABEL or I-LABEL")
        if not token:
            raise ValueError("no token before the tag")
        self.pieces += [self.separator, token]
        start = self.length + len(self.separator)
        self.length = start + len(token)
        self.separator = " "
        if not match:
            self._close()
            return
        prefix, label = match.groups()
        if self.open and prefix in "IEL" and self.open[0] == label:
            self.open = (label, self.open[1], self.length)
        else:
            self._close()
            self.open = (label, start, self.length)
        if prefix in "SUEL":
            self._close()

    def end_sentence(self) -> None:
        """End the sentence; an entity ends with it."""
        self._close()
        if self.pieces:
            self.separator = "\n"

    def _close(self) -> None:
        if self.open:
            self.spans.append(self.open)
            self.open = None

    def finish(self) -> list[Document]:
        """Give the document, or nothing where there was no token."""
        self._close()
        document = self.document
        if not self.pieces and not document.doc_id:
            return []
        document.text = "".join(self.pieces)
        document.entities = [
            Entity(
                id=f"T{index}",
                label=label,
                fragments=((start, end),),
                text=document.text[start:end],
            )
            for index, (label, start, end) in enumerate(self.spans, start=1)
        ]
        return [document]
