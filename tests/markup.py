"""Example texts that carry their own annotation.

``"<DRUG id=d>Amiodarone</DRUG> caused <SYMPTOM id=e assertion=affirmed>rash</SYMPTOM>"`` becomes a Doc with two
entities; the attributes of the tags are what the test expects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from sequela import attributes
from sequela.components.tokenizer import create_tokenizer
from sequela.schema import Label

_TAG = re.compile(r"<(/?)([A-Z_]+)((?:\s+[a-z_]+=(?:\"[^\"]*\"|[^\s\">]+))*)\s*>")
_ATTRIBUTE = re.compile(r"([a-z_]+)=(?:\"([^\"]*)\"|([^\s\">]+))")


class MarkupError(ValueError):
    """The example itself is wrong."""


@dataclass
class Example:
    """A Doc with the marked entities set, the marked spans by id, and what the tags say of them."""

    doc: Doc
    spans: dict[str, Span] = field(default_factory=dict)
    expected: dict[str, dict[str, str]] = field(default_factory=dict)


def blank() -> Language:
    """A pipeline with sequela's tokenizer and no component."""
    attributes.register()
    nlp = spacy.blank("en")
    nlp.tokenizer = create_tokenizer(nlp)
    return nlp


def parse(nlp: Language, markup: str, *, labels: frozenset[str] | None = None) -> Example:
    """Read an example.

    Raises
    ------
    MarkupError
        Unclosed or crossed tag, unknown label, doubled id, a text without annotation, or a tag that does not
        fall on token boundaries.
    """
    allowed = labels if labels is not None else frozenset(label.value for label in Label)
    pieces: list[str] = []
    found: list[tuple[int, int, str, dict[str, str]]] = []
    open_tag: tuple[str, int, dict[str, str]] | None = None
    length = position = 0
    for match in _TAG.finditer(markup):
        piece = markup[position : match.start()]
        pieces.append(piece)
        length += len(piece)
        position = match.end()
        closing, label, raw = match.groups()
        if label not in allowed:
            raise MarkupError(f"unknown label {label!r} in {markup!r}")
        if not closing:
            if open_tag:
                raise MarkupError(f"<{label}> opens inside <{open_tag[0]}> in {markup!r}")
            values = {key: quoted or bare for key, quoted, bare in _ATTRIBUTE.findall(raw)}
            open_tag = (label, length, values)
        else:
            if not open_tag or open_tag[0] != label:
                raise MarkupError(f"</{label}> closes nothing in {markup!r}")
            found.append((open_tag[1], length, label, open_tag[2]))
            open_tag = None
    if open_tag:
        raise MarkupError(f"<{open_tag[0]}> is not closed in {markup!r}")
    if not found:
        raise MarkupError(f"no annotation in {markup!r}")
    pieces.append(markup[position:])
    doc = nlp.make_doc("".join(pieces))
    example = Example(doc)
    entities = []
    for number, (start, end, label, values) in enumerate(found):
        span = doc.char_span(start, end, label=label)
        if span is None:
            raise MarkupError(f"{doc.text[start:end]!r} does not fall on tokens: {[t.text for t in doc]}")
        key = values.pop("id", f"_{number}")
        if key in example.spans:
            raise MarkupError(f"id {key!r} twice in {markup!r}")
        example.spans[key] = span
        example.expected[key] = values
        entities.append(span)
    doc.set_ents(entities)
    return example
