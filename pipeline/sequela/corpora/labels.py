"""Label maps: from the labels of a corpus to others, as files.

A map is a JSON object from label to label; null leaves the entities of a label out. Every label of the corpus
has to be in it: what is not is an error, because a label that a map forgets would otherwise be lost unseen.
Maps to the labels of sequela come with the package (`names`), others are given by their path.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from sequela.corpora.document import Document
from sequela.corpora.files import read_text
from sequela.corpora.problems import Problem, Report, fail
from sequela.errors import CorpusError

LabelMap = Mapping[str, str | None]

_FOLDER = files("sequela.corpora") / "label_maps"


def names() -> list[str]:
    """Names of the maps that come with the package, sorted."""
    return sorted(
        item.name.removesuffix(".json") for item in _FOLDER.iterdir() if item.name.endswith(".json")
    )


def load_label_map(name_or_path: str | Path) -> dict[str, str | None]:
    """Load a map by its name, or from a file.

    Raises
    ------
    CorpusError
        No such map, or not an object from label to label or null.
    """
    name = str(name_or_path)
    if name in names():
        source = (_FOLDER / f"{name}.json").read_text(encoding="utf-8")
    elif Path(name_or_path).is_file():
        source = read_text(Path(name_or_path))
    else:
        raise CorpusError(f"{name}: no such label map: give a file, or one of {', '.join(names())}")
    try:
        data = json.loads(source)
    except json.JSONDecodeError as error:
        raise CorpusError(f"{name}:{error.lineno}: not JSON: {error.msg}") from error
    if not isinstance(data, dict) or not all(
        value is None or (isinstance(value, str) and value) for value in data.values()
    ):
        raise CorpusError(
            f'{name}:1: a label map is a JSON object such as {{"Medication": "DRUG", "Shape": null}}'
        )
    return data


def check_labels(document: Document, label_map: LabelMap, *, report: Report) -> None:
    """Report every entity whose label is not in the map."""
    for entity in document.entities:
        if entity.label not in label_map:
            message = f"{entity.id} has the label {entity.label}, which is not in the label map"
            report(Problem(path=document.path, line=document.line_of(entity.id), message=message))


def apply(document: Document, label_map: LabelMap, *, report: Report = fail) -> Document:
    """Give a document with other labels; relations, events and the like on what is left out go with it.

    An event is renamed with its trigger where it has the label of its trigger, as brat has it.

    Raises
    ------
    CorpusError
        From ``report``: a label that is not in the map.
    """
    check_labels(document, label_map, report=report)
    old = {entity.id: entity.label for entity in document.entities}
    entities = []
    for entity in document.entities:
        label = label_map.get(entity.label)
        if label is not None:
            entities.append(replace(entity, label=label))
    new = {entity.id: entity.label for entity in entities}
    codes = {code for entity in entities for code in entity.codes}
    kept = set(new) | {event.id for event in document.events if event.trigger in new}
    events = [
        replace(
            event,
            label=new[event.trigger] if event.label == old[event.trigger] else event.label,
            arguments=tuple(item for item in event.arguments if item[1] in kept),
        )
        for event in document.events
        if event.id in kept
    ]
    relations = [item for item in document.relations if {item.head, item.tail} <= kept | codes]
    kept |= {item.id for item in relations}
    attributes = [item for item in document.attributes if item.target in kept]
    kept |= {item.id for item in attributes}
    return replace(
        document,
        entities=entities,
        events=events,
        relations=relations,
        attributes=attributes,
        notes=[item for item in document.notes if not item.target or item.target in kept],
        meta=_meta(document, kept),
    )


def _meta(document: Document, kept: set[str]) -> dict[str, object]:
    """Leave out what formats keep of annotations that are gone."""
    meta = dict(document.meta)
    for name in ("columns", "tails", "item_infons"):
        if name in meta:
            meta[name] = {key: value for key, value in meta[name].items() if key in kept}
    if "normalisations" in meta:
        meta["normalisations"] = [item for item in meta["normalisations"] if item["target"] in kept]
    if "equivalences" in meta:
        groups = [
            {**item, "targets": [target for target in item["targets"] if target in kept]}
            for item in meta["equivalences"]
        ]
        meta["equivalences"] = [item for item in groups if len(item["targets"]) > 1]
    return meta
