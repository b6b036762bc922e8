"""Brat standoff: ``NAME.txt`` with ``NAME.ann`` beside it, read and written without loss.

Format: https://brat.nlplab.org/standoff.html. Offsets count the characters of the text file as
`sequela.corpora.files` says. Text-bound annotations (T), relations (R), events (E), attributes (A, M) and
notes (#) have their place in the schema. Normalisations (N) give the codes of an entity; they and
equivalences (*) stay in ``meta`` as they were, with the order of the lines, so that a file that brat wrote is
written back the same. Like brat, the reader takes what follows the text of an entity after a further tab as
no part of it.

An empty ``.ann`` is a document without annotations; a missing one is an error, because it may as well mean
that nobody has looked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sequela.corpora.document import (
    Attribute,
    Document,
    Entity,
    Event,
    Note,
    Relation,
)
from sequela.corpora.files import EncodingError, files_of, read_lines, read_text, stands_aside
from sequela.corpora.problems import Problem, Report, fail
from sequela.corpora.validate import validate
from sequela.errors import CorpusError

_SPAN = re.compile(r"(\S+) ([0-9]{1,9} [0-9]{1,9}(?:;[0-9]{1,9} [0-9]{1,9})*)")
_SUFFIXES = (".txt", ".ann")


def sniff(file: Path, head: str) -> bool:
    """Whether a file looks like this format, by its name."""
    del head
    return file.suffix == ".ann"


def read(path: Path, *, report: Report = fail) -> Iterator[Document]:
    """Read a pair of files (given as either of them), or every pair below a directory.

    ``doc_id`` is the stem of the file; with a directory, its path in there without the suffix.

    Raises
    ------
    CorpusError
        From ``report``: a line that is no annotation, one that contradicts the text, a file without its pair.
    """
    path = Path(path)
    stems = sorted({file.with_suffix("") for file in files_of(path, *_SUFFIXES) if file.suffix in _SUFFIXES})
    if not stems:
        raise CorpusError(f"{path}: not a .txt or .ann file")
    for stem in stems:
        text_file, annotation_file = _with(stem, ".txt"), _with(stem, ".ann")
        doc_id = stem.relative_to(path).as_posix() if path.is_dir() else stem.name
        if not text_file.is_file():
            message = f"no {text_file.name} beside it"
            report(Problem(path=str(annotation_file), line=1, message=message))
        elif not annotation_file.is_file():
            if stands_aside(text_file):
                continue
            message = f"no {annotation_file.name} beside it; a text without annotations needs an empty one"
            report(Problem(path=str(text_file), line=1, message=message))
        else:
            try:
                document = read_pair(text_file, annotation_file, doc_id=doc_id, report=report)
            except EncodingError as error:
                report(error.problem)
            else:
                yield document


def read_pair(text_file: Path, annotation_file: Path, *, doc_id: str, report: Report = fail) -> Document:
    """Read one text with its annotations."""
    document = Document(doc_id=doc_id, text=read_text(text_file), path=str(annotation_file))
    parser = _Parser(document, report)
    for number, line in read_lines(annotation_file):
        if line.strip():
            parser.add_line(number, line)
    parser.finish()
    return document


def write(documents: Iterable[Document], folder: Path) -> int:
    """Write a pair of files for each document; gives their number.

    Raises
    ------
    CorpusError
        Two documents have one id, or an id leads out of the folder.
    """
    folder = Path(folder)
    written: set[Path] = set()
    for document in documents:
        stem = folder / document.doc_id
        if not document.doc_id or not stem.resolve().is_relative_to(folder.resolve()):
            raise CorpusError(f"document id {document.doc_id!r} cannot be the name of a file")
        if stem in written:
            raise CorpusError(f"two documents have the id {document.doc_id!r}: give them different ones")
        written.add(stem)
        stem.parent.mkdir(parents=True, exist_ok=True)
        # A text that begins with U+FEFF would lose it as a byte order mark: it gets one more.
        mark = "\ufeff" if document.text.startswith("\ufeff") else ""
        _with(stem, ".txt").write_bytes((mark + document.text).encode("utf-8"))
        _with(stem, ".ann").write_bytes(format_annotations(document).encode("utf-8"))
    return len(written)


def format_annotations(document: Document) -> str:
    """Give the content of the ``.ann`` file, in the order in which it was read, new annotations last.

    The blank after an event without arguments and the tab after a relation are how brat writes them. Ids that
    are not of brat's form (those of BioC may be any) become others.

    Raises
    ------
    CorpusError
        A label with a blank in it, which brat cannot say.
    """
    document = _with_brat_ids(document)
    _check_labels(document)
    tails = document.meta.get("tails", {})
    lines: dict[str, str] = {}
    for entity in document.entities:
        places = ";".join(f"{start} {end}" for start, end in entity.fragments)
        lines[entity.id] = f"{entity.id}\t{entity.label} {places}\t{entity.text}{tails.get(entity.id, '')}"
    for event in document.events:
        arguments = " ".join(f"{role}:{target}" for role, target in event.arguments)
        lines[event.id] = f"{event.id}\t{event.label}:{event.trigger} {arguments}"
    for relation in document.relations:
        head, tail = f"{relation.head_role}:{relation.head}", f"{relation.tail_role}:{relation.tail}"
        lines[relation.id] = f"{relation.id}\t{relation.label} {head} {tail}\t"
    for attribute in document.attributes:
        value = f" {attribute.value}" if attribute.value else ""
        lines[attribute.id] = f"{attribute.id}\t{attribute.label} {attribute.target}{value}"
    for note in document.notes:
        text = " ".join(note.text.splitlines())
        lines[note.id] = f"{note.id}\t{note.label} {note.target}\t{text}"
    lines.update(_format_normalisations(document))
    for number, equivalence in enumerate(document.meta.get("equivalences", ()), start=1):
        lines[f"*{number}"] = f"*\t{equivalence['label']} {' '.join(equivalence['targets'])}"
    order = [key for key in document.meta.get("order", ()) if key in lines]
    seen = set(order)
    order += [key for key in lines if key not in seen]
    return "".join(f"{lines[key]}\n" for key in order)


def _with_brat_ids(document: Document) -> Document:
    """Give every annotation an id of brat's form: its letter and a number."""
    ids: dict[str, str] = {}
    for letters, items in (
        ("T", document.entities),
        ("R", document.relations),
        ("E", document.events),
        ("AM", document.attributes),
        ("#", document.notes),
    ):
        form = re.compile(f"[{letters}][0-9]+")
        number = 0
        taken = {item.id for item in items}
        for item in items:
            if not form.fullmatch(item.id):
                number += 1
                while f"{letters[0]}{number}" in taken:
                    number += 1
                ids[item.id] = f"{letters[0]}{number}"
    if not ids:
        return document

    def new(item_id: str) -> str:
        return ids.get(item_id, item_id)

    return replace(
        document,
        entities=[replace(item, id=new(item.id)) for item in document.entities],
        relations=[
            replace(item, id=new(item.id), head=new(item.head), tail=new(item.tail))
            for item in document.relations
        ],
        events=[
            replace(
                item,
                id=new(item.id),
                trigger=new(item.trigger),
                arguments=tuple((role, new(target)) for role, target in item.arguments),
            )
            for item in document.events
        ],
        attributes=[replace(item, id=new(item.id), target=new(item.target)) for item in document.attributes],
        notes=[replace(item, id=new(item.id), target=new(item.target)) for item in document.notes],
    )


def _check_labels(document: Document) -> None:
    groups = (
        document.entities,
        document.relations,
        document.events,
        document.attributes,
        document.notes,
    )
    for item in (item for group in groups for item in group):
        if not item.label or item.label != "".join(item.label.split()):
            raise CorpusError(
                f"{document.doc_id}: the label {item.label!r} has a blank, which brat cannot say: "
                "give another with a label map"
            )


def _format_normalisations(document: Document) -> dict[str, str]:
    """Lines of the normalisations that were read and still hold, and of codes that are new."""
    codes = {entity.id: set(entity.codes) for entity in document.entities}
    known = {event.id for event in document.events}
    lines = {}
    for item in document.meta.get("normalisations", ()):
        if item["code"] in codes.get(item["target"], ()):
            codes[item["target"]].discard(item["code"])
        elif item["target"] not in known:
            continue
        lines[item["id"]] = f"{item['id']}\t{item['label']} {item['target']} {item['code']}\t{item['text']}"
    number = 0
    for entity in document.entities:
        for code in entity.codes:
            if code in codes[entity.id]:
                codes[entity.id].discard(code)
                number += 1
                while f"N{number}" in lines:
                    number += 1
                lines[f"N{number}"] = f"N{number}\tReference {entity.id} {code}\t{entity.text}"
    return lines


def _with(stem: Path, suffix: str) -> Path:
    return stem.parent / (stem.name + suffix)


class _LineError(Exception):
    """A line that is no annotation; holds what is wrong with it."""


class _Parser:
    """Collects the annotations of one file."""

    def __init__(self, document: Document, report: Report) -> None:
        self.document = document
        self.report = report
        self.lines: dict[str, int] = {}
        self.tails: dict[str, str] = {}
        self.normalisations: list[dict[str, str]] = []
        self.equivalences: list[dict[str, Any]] = []

    def add_line(self, number: int, line: str) -> None:
        """Take one line."""
        key, tab, rest = line.partition("\t")
        try:
            if not tab:
                raise _LineError("no tab after the id")
            if key == "*":
                self._add_equivalence(rest)
                key = f"*{len(self.equivalences)}"
            elif key[1:].strip() == "" or key != key.strip():
                raise _LineError(f"{key!r} is no id")
            elif key in self.lines:
                raise _LineError(f"id {key} twice in document {self.document.doc_id}")
            elif key[0] in _KINDS:
                _KINDS[key[0]](self, key, rest)
            else:
                raise _LineError(f"{key!r} is no id: it begins with none of T, R, E, A, M, N, #, *")
        except _LineError as error:
            self.report(Problem(path=self.document.path, line=number, message=str(error)))
            return
        self.lines[key] = number

    def _add_entity(self, key: str, rest: str) -> None:
        head, tab, text = rest.partition("\t")
        text, tab_after, tail = text.partition("\t")
        if tab_after:
            self.tails[key] = tab_after + tail
        match = _SPAN.fullmatch(head.strip())
        if not tab or not match:
            raise _LineError(f"{key} is not of the form 'LABEL START END<tab>TEXT'")
        pairs = (pair.split(" ") for pair in match[2].split(";"))
        fragments = tuple((int(start), int(end)) for start, end in pairs)
        self.document.entities.append(Entity(id=key, label=match[1], fragments=fragments, text=text))

    def _add_relation(self, key: str, rest: str) -> None:
        parts = rest.split()
        if len(parts) != 3:
            raise _LineError(f"{key} is not of the form 'LABEL ROLE:ID ROLE:ID'")
        (head_role, head), (tail_role, tail) = _role(key, parts[1]), _role(key, parts[2])
        self.document.relations.append(
            Relation(id=key, label=parts[0], head=head, tail=tail, head_role=head_role, tail_role=tail_role)
        )

    def _add_event(self, key: str, rest: str) -> None:
        parts = rest.split()
        if not parts:
            raise _LineError(f"{key} is not of the form 'LABEL:ID ROLE:ID …'")
        label, trigger = _role(key, parts[0])
        arguments = tuple(_role(key, part) for part in parts[1:])
        self.document.events.append(Event(id=key, label=label, trigger=trigger, arguments=arguments))

    def _add_attribute(self, key: str, rest: str) -> None:
        parts = rest.strip().split(" ", maxsplit=2)
        if len(parts) < 2:
            raise _LineError(f"{key} is not of the form 'LABEL ID' or 'LABEL ID VALUE'")
        value = parts[2] if len(parts) == 3 else ""
        self.document.attributes.append(Attribute(id=key, label=parts[0], target=parts[1], value=value))

    def _add_note(self, key: str, rest: str) -> None:
        head, _, text = rest.partition("\t")
        parts = head.split()
        if len(parts) != 2:
            raise _LineError(f"{key} is not of the form 'LABEL ID<tab>TEXT'")
        self.document.notes.append(Note(id=key, label=parts[0], target=parts[1], text=text))

    def _add_normalisation(self, key: str, rest: str) -> None:
        head, _, text = rest.partition("\t")
        parts = head.split()
        if len(parts) != 3:
            raise _LineError(f"{key} is not of the form 'Reference ID SYSTEM:CODE<tab>TEXT'")
        label, target, code = parts
        self.normalisations.append({"id": key, "label": label, "target": target, "code": code, "text": text})

    def _add_equivalence(self, rest: str) -> None:
        label, *targets = rest.split()
        if len(targets) < 2:
            raise _LineError("an equivalence needs a label and two ids")
        self.equivalences.append({"label": label, "targets": targets})

    def finish(self) -> None:
        """Set the codes, check everything and keep what the schema does not hold."""
        document = self.document
        codes: dict[str, tuple[str, ...]] = {}
        for item in self.normalisations:
            codes[item["target"]] = (*codes.get(item["target"], ()), item["code"])
        document.entities = [
            Entity(
                id=entity.id,
                label=entity.label,
                fragments=entity.fragments,
                text=entity.text,
                codes=codes.get(entity.id, ()),
            )
            for entity in document.entities
        ]
        validate(document, report=self.report, lines=self.lines)
        known = {entity.id for entity in document.entities} | {event.id for event in document.events}
        kept = [item for item in self.normalisations if self._exist(item["id"], [item["target"]], known)]
        equivalences = [
            item
            for number, item in enumerate(self.equivalences, start=1)
            if self._exist(f"*{number}", item["targets"], known)
        ]
        if self.tails:
            document.meta["tails"] = self.tails
        if kept:
            document.meta["normalisations"] = kept
        if equivalences:
            document.meta["equivalences"] = equivalences
        if self.lines:
            document.meta["order"] = list(self.lines)

    def _exist(self, key: str, targets: list[str], known: set[str]) -> bool:
        missing = [target for target in targets if target not in known]
        for target in missing:
            shown = "*" if key.startswith("*") else key
            message = f"{shown} points to {target}, which is not in the document"
            self.report(Problem(path=self.document.path, line=self.lines[key], message=message))
        return not missing


_KINDS = {
    "T": _Parser._add_entity,
    "R": _Parser._add_relation,
    "E": _Parser._add_event,
    "A": _Parser._add_attribute,
    "M": _Parser._add_attribute,
    "N": _Parser._add_normalisation,
    "#": _Parser._add_note,
}


def _role(key: str, part: str) -> tuple[str, str]:
    role, colon, target = part.partition(":")
    if not colon or not role or not target:
        raise _LineError(f"{key}: {part!r} is not of the form ROLE:ID")
    return role, target
