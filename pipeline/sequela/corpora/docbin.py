"""DocBin of spaCy (``*.spacy``): docs with entities and span groups.

Reading takes ``doc.ents`` and every span group; a span that is in several is one entity. Writing puts the
entities into ``doc.ents`` where none overlaps another, and all of them, by id, into
``doc.spans["entities"]``. What a Doc has no place for (fragments, relations, events, attributes, notes, meta)
is in ``doc.user_data["sequela"]`` as plain values.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sequela.corpora.document import (
    Attribute,
    Document,
    Entity,
    Event,
    Note,
    Relation,
    covered_text,
)
from sequela.corpora.files import files_of
from sequela.corpora.problems import Problem, Report, fail
from sequela.corpora.validate import validate

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span
    from spacy.vocab import Vocab

_KEY = "sequela"
_GROUP = "entities"


def sniff(file: Path, head: str) -> bool:
    """Whether a file looks like this format, by its name."""
    del head
    return file.suffix == ".spacy"


def read(path: Path, *, report: Report = fail) -> Iterator[Document]:
    """Read a file, or the ``*.spacy`` files of a directory.

    Docs without a name are the stem of the file and their number.

    Raises
    ------
    CorpusError
        From ``report``: a file that is no DocBin.
    """
    import spacy
    from spacy.tokens import DocBin

    vocab = spacy.blank("en").vocab
    for file in files_of(Path(path), ".spacy"):
        try:
            docs = list(DocBin().from_disk(file).get_docs(vocab))
        except Exception as error:  # msgpack and zlib raise what they like
            report(Problem(path=str(file), line=1, message=f"not a DocBin of spaCy: {error}"))
            continue
        for number, doc in enumerate(docs, start=1):
            yield validate(_document(doc, file, number), report=report)


def write(documents: Iterable[Document], path: Path) -> int:
    """Write documents into one file; gives their number."""
    import spacy
    from spacy.tokens import DocBin

    from sequela.components.tokenizer import create_tokenizer

    nlp = spacy.blank("en")
    tokenizer = create_tokenizer(nlp)
    store = DocBin(attrs=["ENT_TYPE", "ENT_IOB", "ENT_KB_ID", "ENT_ID"], store_user_data=True)
    for document in documents:
        store.add(_doc(document, tokenizer, nlp.vocab))
    store.to_disk(Path(path))
    return len(store)


def _doc(document: Document, tokenizer: Any, vocab: Vocab) -> Doc:
    from spacy.tokens import Doc, Span, SpanGroup
    from spacy.util import filter_spans

    borders = {place for entity in document.entities for span in entity.fragments for place in span}
    words, spaces = [], []
    for token in tokenizer(document.text):
        start = token.idx
        cuts = [place for place in range(start + 1, start + len(token)) if place in borders]
        for cut in cuts:
            words.append(document.text[start:cut])
            spaces.append(False)
            start = cut
        words.append(document.text[start : token.idx + len(token)])
        spaces.append(bool(token.whitespace_))
    doc = Doc(vocab, words=words, spaces=spaces)
    spans, left_over = [], []
    for entity in document.entities:
        span = None
        if len(entity.fragments) == 1 and len(entity.codes) < 2:
            kb_id = entity.codes[0] if entity.codes else ""
            span = doc.char_span(entity.start, entity.end, label=entity.label, kb_id=kb_id, span_id=entity.id)
        if span is None:
            left_over.append(asdict(entity))
        else:
            spans.append(span)
    if len(filter_spans(spans)) == len(spans):
        doc.set_ents([Span(doc, span.start, span.end, span.label, kb_id=span.kb_id) for span in spans])
    doc.spans[_GROUP] = SpanGroup(doc, name=_GROUP, spans=spans)
    doc.user_data[_KEY] = {
        "doc_id": document.doc_id,
        "meta": json.dumps(document.meta),  # msgpack would make tuples of its lists
        "order": [entity.id for entity in document.entities],
        "entities": left_over,
        "relations": [asdict(item) for item in document.relations],
        "events": [asdict(item) for item in document.events],
        "attributes": [asdict(item) for item in document.attributes],
        "notes": [asdict(item) for item in document.notes],
    }
    return doc


def _document(doc: Doc, file: Path, number: int) -> Document:
    stored = doc.user_data.get(_KEY) or {}
    document = Document(
        doc_id=stored.get("doc_id", f"{file.stem}_{number}"),
        text=doc.text,
        entities=_entities(doc, stored),
        relations=[Relation(**item) for item in stored.get("relations", ())],
        attributes=[Attribute(**item) for item in stored.get("attributes", ())],
        notes=[Note(**item) for item in stored.get("notes", ())],
        meta=json.loads(stored.get("meta", "{}")),
        path=str(file),
    )
    for item in stored.get("events", ()):
        arguments = tuple((role, target) for role, target in item["arguments"])
        document.events.append(Event(**{**item, "arguments": arguments}))
    return document


def _entities(doc: Doc, stored: dict[str, Any]) -> list[Entity]:
    found: dict[tuple[str, int, int, str], Span] = {}
    # Groups first: their spans have ids, and those of ``doc.ents`` are then known.
    for span in (span for group in (*doc.spans.values(), doc.ents) for span in group):
        place = (span.label_, span.start_char, span.end_char)
        if span.id_ or not any(key[:3] == place for key in found):
            found[(*place, span.id_)] = span
    entities = []
    for item in stored.get("entities", ()):
        fragments = tuple((start, end) for start, end in item["fragments"])
        entities.append(Entity(**{**item, "fragments": fragments, "codes": tuple(item["codes"])}))
    taken = {entity.id for entity in entities} | {key[3] for key in found}
    number = 0
    for (label, start, end, span_id), span in found.items():
        while not span_id or (not span.id_ and span_id in taken):
            number += 1
            span_id = f"T{number}"
        fragments = ((start, end),)
        entities.append(
            Entity(
                id=span_id,
                label=label,
                fragments=fragments,
                text=covered_text(doc.text, fragments),
                codes=(span.kb_id_,) if span.kb_id_ else (),
            )
        )
    rank = {entity_id: index for index, entity_id in enumerate(stored.get("order", ()))}
    return sorted(entities, key=lambda entity: (rank.get(entity.id, len(rank)), entity.fragments))
