"""One schema for every corpus: documents with entities, relations, events and attributes.

Modelled on what brat standoff can say, the richest of the formats read here. Offsets are characters,
half-open; an entity holds one or more fragments in the order of the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Entity:
    """An annotated span, possibly in several fragments."""

    id: str
    label: str
    fragments: tuple[tuple[int, int], ...]
    text: str  # the fragments joined by a blank, as brat has it
    codes: tuple[str, ...] = ()  # normalisations with their system prefix, "MESH:D000074323"

    @property
    def start(self) -> int:
        """First character."""
        return self.fragments[0][0]

    @property
    def end(self) -> int:
        """One past the last character."""
        return self.fragments[-1][1]


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A directed, labelled pair.

    ``head`` and ``tail`` are ids of entities or events; in corpora that relate the concepts of a
    document, not its mentions (BC5CDR, BioRED), they are codes that entities carry.
    """

    id: str
    label: str
    head: str
    tail: str
    head_role: str = "Arg1"
    tail_role: str = "Arg2"


@dataclass(frozen=True, kw_only=True)
class Event:
    """A trigger with arguments; ``arguments`` are (role, id of an entity or event)."""

    id: str
    label: str
    trigger: str
    arguments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """A flag or a value on an entity, relation or event; ``value`` is "" for a flag."""

    id: str
    label: str
    target: str
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Note:
    """A free-text note on an annotation."""

    id: str
    label: str
    target: str
    text: str


@dataclass(kw_only=True)
class Document:
    """An annotated text.

    ``meta`` keeps what a format has beyond this schema, so that writing loses nothing. ``path``,
    ``line`` and ``lines`` (by the id of an annotation) say where it was read and take no part in comparison.
    """

    doc_id: str
    text: str
    entities: list[Entity] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    meta: dict[str, Any] = field(default_factory=dict)
    path: str = field(default="", compare=False)
    line: int = field(default=1, compare=False)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)

    def line_of(self, item_id: str) -> int:
        """Line of an annotation, or of the document where that is not known."""
        return self.lines.get(item_id, self.line)


def covered_text(text: str, fragments: tuple[tuple[int, int], ...]) -> str:
    """Text of an entity: fragments joined by a blank, with a blank for every line break and tab."""
    joined = " ".join(text[start:end] for start, end in fragments)
    return joined.translate(_BLANKS)


_BLANKS = str.maketrans("\n\r\t", "   ")
