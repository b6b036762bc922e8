"""PHEE: sentences of case reports with pharmacovigilance events (Sun et al., EMNLP 2022).

One JSON object a line. Every argument becomes an entity whose label is PHEE's name for it
(`sequela.schema.RoleLabel`, and Trigger, Treatment, Subject, Race, Combination, Speculated, Negated,
Severity); the same span under the same name in several events is one entity. Every event becomes an `Event`
with its ``event_type``; roles are the labels, except that a disorder of the patient has the role
``Subject_Disorder`` (the one that is treated has ``Disorder``). Speculated, Negated and Severity are
attributes of the event, and their cue is an argument of the same name. A combination of drugs is an event of
its own, an argument of the one it is part of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sequela.corpora.document import Attribute, Document, Entity, Event, covered_text
from sequela.corpora.files import files_of, read_lines
from sequela.corpora.problems import Problem, Report, fail
from sequela.corpora.validate import validate

_SPAN_KEYS = frozenset({"text", "start", "entity_id"})
_GROUPS = {
    "Treatment": frozenset({"Drug", "Dosage", "Route", "Freq", "Duration", "Disorder", "Time_elapsed"}),
    "Subject": frozenset({"Age", "Gender", "Population", "Race", "Disorder"}),
}
_CUES = frozenset({"Speculated", "Negated", "Severity"})
LABELS = frozenset({"Trigger", "Effect", "Combination", *_GROUPS, *_CUES}).union(*_GROUPS.values())
EVENTS = frozenset({"Adverse_event", "Potential_therapeutic_event", "Combination"})


def sniff(file: Path, head: str) -> bool:
    """Whether a file looks like this format, by its name and how it begins."""
    return file.suffix in (".json", ".jsonl") and '"context"' in head and '"is_mult_event"' in head


def read(path: Path, *, report: Report = fail) -> Iterator[Document]:
    """Read a PHEE file, or the ``*.json`` files of a directory in the order of their names.

    ``meta`` holds ``split`` (the stem of the file), ``pmid`` and ``is_mult_event``.

    Raises
    ------
    CorpusError
        From ``report``: a line that is no JSON object of this kind, offsets that do not fit the text.
    """
    for file in files_of(Path(path), ".json", ".jsonl"):
        for number, line in read_lines(file):
            if line.strip():
                yield from _read_line(line, file, number, report)


def _read_line(line: str, file: Path, number: int, report: Report) -> Iterator[Document]:
    def problem(message: str) -> None:
        report(Problem(path=str(file), line=number, message=message))

    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        problem(f"not a line of JSON: {error.msg} at column {error.colno}")
        return
    if (
        not isinstance(record, dict)
        or not {"id", "context", "annotations"} <= record.keys()
        or not isinstance(record["id"], str)
        or not isinstance(record["context"], str)
    ):
        problem("not a PHEE sentence: it needs the keys id, context and annotations")
        return
    document = Document(
        doc_id=record["id"],
        text=record["context"],
        meta={
            "split": file.stem,
            "pmid": record["id"].partition("_")[0],
            "is_mult_event": bool(record.get("is_mult_event", False)),
        },
        path=str(file),
        line=number,
    )
    builder = _Builder(document)
    try:
        for annotation in record["annotations"]:
            for event in annotation["events"]:
                builder.add_event(event)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problem(f"event of {document.doc_id} is not in PHEE's form: {error!r}")
        return
    builder.finish()
    yield validate(document, report=report)


class _Builder:
    """Collects the entities and events of one sentence."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.entities: dict[tuple[str, tuple[tuple[int, int], ...]], Entity] = {}
        self.events = 0

    def add_event(self, data: dict[str, Any]) -> str:
        """Add an event and what it is made of; gives its id."""
        self.events += 1
        event_id = f"E{self.events}"
        label = data["event_type"]
        trigger = self.add_spans("Combination" if label == "Combination" else "Trigger", data["Trigger"])[0]
        arguments: list[tuple[str, str]] = []
        place = len(self.document.events)
        for key, value in data.items():
            if key in ("event_id", "event_type", "Trigger"):
                continue
            if key in _CUES:
                self._add_cue(event_id, key, value, arguments)
            elif key in _GROUPS:
                self._add_group(key, value, arguments)
            elif key == "Effect" or (label == "Combination" and key == "Drug"):
                arguments.extend((key, entity_id) for entity_id in self.add_spans(key, value))
            else:
                raise ValueError(f"unknown argument {key}")
        self.document.events.insert(
            place, Event(id=event_id, label=label, trigger=trigger, arguments=tuple(arguments))
        )
        return event_id

    def add_spans(self, label: str, value: dict[str, Any]) -> list[str]:
        """Add the mentions of an argument; gives their ids."""
        ids = []
        if len(value["text"]) != len(value["start"]):
            raise ValueError(f"{label} has {len(value['text'])} texts and {len(value['start'])} starts")
        for texts, starts in zip(value["text"], value["start"], strict=True):
            if len(texts) != len(starts):
                raise ValueError(f"{label} has {len(texts)} fragments and {len(starts)} starts")
            pieces = sorted(zip(starts, texts, strict=True))
            fragments = tuple((start, start + len(text)) for start, text in pieces)
            key = (label, fragments)
            if key not in self.entities:
                said = " ".join(covered_text(text, ((0, len(text)),)) for _, text in pieces)
                self.entities[key] = Entity(
                    id=f"T{len(self.entities) + 1}", label=label, fragments=fragments, text=said
                )
            ids.append(self.entities[key].id)
        return ids

    def _add_group(self, name: str, value: dict[str, Any], arguments: list[tuple[str, str]]) -> None:
        arguments.extend((name, entity_id) for entity_id in self.add_spans(name, value))
        for key, part in value.items():
            if key in _SPAN_KEYS:
                continue
            if key == "Combination" and name == "Treatment":
                arguments.extend((key, self.add_event(combination)) for combination in part)
            elif key in _GROUPS[name]:
                role = "Subject_Disorder" if (name, key) == ("Subject", "Disorder") else key
                arguments.extend((role, entity_id) for entity_id in self.add_spans(key, part))
            else:
                raise ValueError(f"unknown argument {name}.{key}")

    def _add_cue(
        self, event_id: str, label: str, value: dict[str, Any], arguments: list[tuple[str, str]]
    ) -> None:
        arguments.extend((label, entity_id) for entity_id in self.add_spans(label, value))
        stated = value.get("value", True)
        if stated is False:
            return
        self.document.attributes.append(
            Attribute(
                id=f"A{len(self.document.attributes) + 1}",
                label=label,
                target=event_id,
                value="" if stated is True else str(stated),
            )
        )

    def finish(self) -> None:
        """Put the entities into the document, in the order they were met."""
        self.document.entities = list(self.entities.values())
