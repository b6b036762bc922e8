"""What must hold in every document, whatever file it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sequela.corpora.document import (
    Attribute,
    Document,
    Entity,
    Event,
    Note,
    Relation,
    covered_text,
)
from sequela.corpora.problems import Problem, Report

_SHOWN = 60
_Item = TypeVar("_Item", Entity, Relation, Event, Attribute, Note)


def validate(document: Document, *, report: Report, lines: Mapping[str, int] | None = None) -> Document:
    """Report every contradiction and leave the faulty items out.

    Checked: ids are unique; fragments are inside the text, not empty, in order and apart; the text of an
    entity is the text at its offsets; what a relation, event, attribute or note points to exists.

    Parameters
    ----------
    document
        Changed in place when something is left out.
    report
        Is given each problem (see `sequela.corpora.problems`).
    lines
        Line of each annotation by its id; the line of the document where an id is not there.
    """
    document.lines = lines or {}
    checker = _Checker(document, report)
    checker.check_text()
    checker.check_ids()
    document.entities = [entity for entity in document.entities if checker.entity_holds(entity)]
    checker.drop_dangling()
    return document


class _Checker:
    def __init__(self, document: Document, report: Report) -> None:
        self.document = document
        self.report = report
        self.dropped: set[str] = set()

    def problem(self, item_id: str, message: str) -> None:
        if item_id:
            self.dropped.add(item_id)
        line = self.document.line_of(item_id)
        self.report(Problem(path=self.document.path, line=line, message=message))

    def check_text(self) -> None:
        if not _is_text(self.document.doc_id):
            self.problem("", f"{self.document.doc_id!r} is no document id")
        if not _is_text(self.document.text):
            self.problem("", "the text holds half of a surrogate pair, which is no character")

    def check_ids(self) -> None:
        document = self.document
        seen: set[str] = set()
        document.entities = self._unique(document.entities, seen)
        document.relations = self._unique(document.relations, seen)
        document.events = self._unique(document.events, seen)
        document.attributes = self._unique(document.attributes, seen)
        document.notes = self._unique(document.notes, seen)

    def _unique(self, items: list[_Item], seen: set[str]) -> list[_Item]:
        kept = []
        for item in items:
            if not _well_typed(item):
                self.problem("", f"{type(item).__name__.lower()} {item.id!r} has a value of the wrong type")
            elif item.id in seen:
                self.problem(item.id, f"id {item.id} twice in document {self.document.doc_id}")
            else:
                seen.add(item.id)
                kept.append(item)
        return kept

    def entity_holds(self, entity: Entity) -> bool:
        text = self.document.text
        last = 0
        for start, end in entity.fragments:
            if not 0 <= start < end <= len(text):
                self.problem(
                    entity.id,
                    f"{entity.id} lies at {start}:{end}, outside the text of {len(text)} characters"
                    if end > len(text)
                    else f"{entity.id} lies at {start}:{end}, which holds no text",
                )
                return False
            if start < last:
                self.problem(entity.id, f"the fragments of {entity.id} overlap or are out of order")
                return False
            last = end
        if not entity.fragments:
            self.problem(entity.id, f"{entity.id} has no offsets")
            return False
        found = covered_text(text, entity.fragments)
        if found != entity.text:
            says, has = _short(entity.text), _short(found)
            message = f"{entity.id} says {says}, the text has {has} at {_places(entity)}"
            self.problem(entity.id, message + self._hint(entity))
            return False
        return True

    def _hint(self, entity: Entity) -> str:
        """Say where the offsets do fit, if they are off by a cause that one meets often."""
        text = self.document.text
        for other, what in (
            (text.replace("\r\n", "\n"), "the text with \\n line endings: convert the text file"),
            (text.replace("\n", "\r\n"), "the text with \\r\\n line endings: convert the text file"),
        ):
            if other != text and covered_text(other, entity.fragments) == entity.text:
                return f"; the offsets fit {what}"
        if _as_bytes(text, entity) == entity.text:
            return "; the offsets count bytes, not characters"
        place = text.find(entity.text, max(0, entity.start - 200), entity.end + 200)
        return f"; {_short(entity.text)} is at {place}:{place + len(entity.text)}" if place >= 0 else ""

    def drop_dangling(self) -> None:
        document = self.document
        codes = {code for entity in document.entities for code in entity.codes}
        known = {entity.id for entity in document.entities}
        # Events may nest, so that dropping one can leave another without its argument: until nothing changes.
        events = document.events
        while True:
            ids = known | {event.id for event in events}
            kept = [
                event
                for event in events
                if self._exist(event.id, [event.trigger, *(target for _, target in event.arguments)], ids)
            ]
            if len(kept) == len(events):
                break
            events = kept
        document.events = events
        known |= {event.id for event in events}
        document.relations = [
            relation
            for relation in document.relations
            if self._exist(relation.id, [relation.head, relation.tail], known | codes)
        ]
        known |= {relation.id for relation in document.relations}
        document.attributes = [
            attribute
            for attribute in document.attributes
            if self._exist(attribute.id, [attribute.target], known)
        ]
        known |= {attribute.id for attribute in document.attributes}
        document.notes = [
            note for note in document.notes if not note.target or self._exist(note.id, [note.target], known)
        ]

    def _exist(self, item_id: str, targets: list[str], known: set[str]) -> bool:
        missing = [target for target in targets if target not in known]
        for target in missing:
            if target in self.dropped:  # has been reported; what hangs on it goes with it
                self.dropped.add(item_id)
                continue
            self.problem(item_id, f"{item_id} points to {target or 'nothing'}, which is not in the document")
        return not missing


def _well_typed(item: _Item) -> bool:
    """Whether text is text and offsets are numbers: JSON may hold anything anywhere."""
    for name, value in vars(item).items():
        if name == "fragments":
            right = all(isinstance(place, int) for span in value for place in span)
        elif name == "codes":
            right = all(map(_is_text, value))
        elif name == "arguments":
            right = all(_is_text(part) for argument in value for part in argument)
        else:
            right = _is_text(value)
        if not right:
            return False
    return True


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _as_bytes(text: str, entity: Entity) -> str:
    data = text.encode("utf-8")
    pieces = (data[start:end].decode("utf-8", errors="replace") for start, end in entity.fragments)
    return " ".join(pieces)


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def _places(entity: Entity) -> str:
    return ";".join(f"{start}:{end}" for start, end in entity.fragments)
