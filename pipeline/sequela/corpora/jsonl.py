"""JSON lines of annotation tools: Prodigy (``spans``) and doccano (``label``, ``labels`` or ``entities``).

One document a line, with its text in ``text``. Spans are objects with ``start`` and ``end`` (Prodigy) or
``start_offset`` and ``end_offset`` (doccano), or lists of start, end and label. Relations are read from
``relations``: ``head_span`` and ``child_span`` of Prodigy, ``from_id`` and ``to_id`` of doccano. Lines that
were rejected or ignored in Prodigy (``answer``) are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sequela.corpora.document import Document, Entity, Relation, covered_text
from sequela.corpora.files import files_of, read_lines
from sequela.corpora.problems import Problem, Report, fail
from sequela.corpora.validate import validate
from sequela.errors import CorpusError

_SPAN_KEYS = ("spans", "entities", "labels", "label")


def sniff(file: Path, head: str) -> bool:
    """Whether a file looks like this format, by its name and how it begins."""
    return file.suffix in (".jsonl", ".json") and head.startswith("{") and _has_spans(head)


def _has_spans(head: str) -> bool:
    return '"text"' in head and any(f'"{key}"' in head for key in _SPAN_KEYS) and '"bioctype"' not in head


def read(path: Path, *, report: Report = fail) -> Iterator[Document]:
    """Read a file, or the ``*.jsonl`` files of a directory.

    ``doc_id`` is the value of ``id``, ``doc_id``, ``meta.id`` or ``meta.doc_id``; without one, the stem of
    the file and the number of the line.

    Raises
    ------
    CorpusError
        From ``report``: a line that is no object with a text, a span of another form, offsets outside
        the text.
    """
    for file in files_of(Path(path), ".jsonl", ".json"):
        for number, line in read_lines(file):
            if not line.strip():
                continue
            try:
                document = _document(json.loads(line), file, number)
            except json.JSONDecodeError as error:
                message = f"not a line of JSON: {error.msg} at column {error.colno}"
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                message = f"not a document of Prodigy or doccano: {error!r}"
            else:
                if document is not None:
                    yield validate(document, report=report)
                continue
            report(Problem(path=str(file), line=number, message=message))


def write(documents: Iterable[Document], path: Path, *, style: str = "prodigy") -> int:
    """Write documents, one a line; gives their number.

    Entities and relations are written; what else a document has is left out. ``style`` is "prodigy" or
    "doccano".

    Raises
    ------
    CorpusError
        An entity in fragments, or a relation between anything but entities.
    """
    form = {"prodigy": _prodigy, "doccano": _doccano}[style]
    count = 0
    with Path(path).open("w", encoding="utf-8", newline="\n") as file:
        for document in documents:
            entities = {entity.id: entity for entity in document.entities}
            for entity in document.entities:
                if len(entity.fragments) > 1:
                    raise CorpusError(
                        f"{document.doc_id}: {entity.id} is in fragments, which {style} cannot say"
                    )
            for relation in document.relations:
                if relation.head not in entities or relation.tail not in entities:
                    raise CorpusError(
                        f"{document.doc_id}: {relation.id} is not between two entities, "
                        f"which {style} cannot say"
                    )
            file.write(json.dumps(form(document, entities), ensure_ascii=False) + "\n")
            count += 1
    return count


def write_doccano(documents: Iterable[Document], path: Path) -> int:
    """Write documents for doccano; see `write`."""
    return write(documents, path, style="doccano")


def _prodigy(document: Document, entities: dict[str, Entity]) -> dict[str, Any]:
    spans = {
        key: {"id": key, "start": entity.start, "end": entity.end, "label": entity.label}
        for key, entity in entities.items()
    }
    return {
        "text": document.text,
        "spans": list(spans.values()),
        "relations": [
            {
                "label": relation.label,
                "head_span": spans[relation.head],
                "child_span": spans[relation.tail],
            }
            for relation in document.relations
        ],
        "meta": {"doc_id": document.doc_id},
    }


def _doccano(document: Document, entities: dict[str, Entity]) -> dict[str, Any]:
    # doccano wants whole numbers as ids.
    numbers = {key: number for number, key in enumerate(entities, start=1)}
    return {
        "doc_id": document.doc_id,
        "text": document.text,
        "entities": [
            {
                "id": numbers[key],
                "label": entity.label,
                "start_offset": entity.start,
                "end_offset": entity.end,
            }
            for key, entity in entities.items()
        ],
        "relations": [
            {
                "id": number,
                "type": relation.label,
                "from_id": numbers[relation.head],
                "to_id": numbers[relation.tail],
            }
            for number, relation in enumerate(document.relations, start=1)
        ],
    }


def _document(record: dict[str, Any], file: Path, number: int) -> Document | None:
    if record.get("answer", "accept") != "accept":
        return None
    if not isinstance(record["text"], str):
        raise ValueError("text is no text")
    document = Document(
        doc_id=_doc_id(record) or f"{file.stem}_{number}",
        text=record["text"],
        path=str(file),
        line=number,
    )
    key = next((key for key in _SPAN_KEYS if isinstance(record.get(key), list)), None)
    if key is None:
        raise ValueError(f"no list of spans under any of {', '.join(_SPAN_KEYS)}")
    ids: dict[Any, str] = {}
    for index, item in enumerate(record[key], start=1):
        entity = _entity(item, f"T{index}", document.text)
        document.entities.append(entity)
        if isinstance(item, dict):
            if item.get("id") is not None:
                ids[item["id"]] = entity.id
            ids.setdefault((entity.start, entity.end, entity.label), entity.id)
    for index, item in enumerate(record.get("relations") or (), start=1):
        ends = [_end(item, "head_span", "from_id", ids), _end(item, "child_span", "to_id", ids)]
        label = item["label"] if "label" in item else item["type"]
        document.relations.append(Relation(id=f"R{index}", label=label, head=ends[0], tail=ends[1]))
    return document


def _doc_id(record: dict[str, Any]) -> str:
    for holder in (record, record.get("meta") or {}):
        for key in ("doc_id", "id"):
            if holder.get(key) is not None:
                return str(holder[key])
    return ""


def _entity(item: Any, entity_id: str, text: str) -> Entity:
    if isinstance(item, dict):
        start = item["start"] if "start" in item else item["start_offset"]
        end = item["end"] if "end" in item else item["end_offset"]
        label, said = item["label"], item.get("text")
    else:
        start, end, label = item
        said = None
    if not isinstance(start, int) or not isinstance(end, int):
        raise ValueError(f"offsets {start!r} and {end!r} are not whole numbers")
    fragments = ((start, end),)
    found = covered_text(text, fragments)
    if said is not None:
        found = covered_text(said, ((0, len(said)),))
    return Entity(id=entity_id, label=label, fragments=fragments, text=found)


def _end(item: dict[str, Any], span_key: str, id_key: str, ids: dict[Any, str]) -> str:
    if span_key in item:
        span = item[span_key]
        key = span["id"] if span.get("id") in ids else (span["start"], span["end"], span.get("label"))
    else:
        key = item[id_key]
    return ids.get(key, str(key))
