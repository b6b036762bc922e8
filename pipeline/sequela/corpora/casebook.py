"""Casebook JSON: the reactions of a report, one file a report beside its text.

``NAME.json`` holds what happened in ``NAME.txt``: reactions of patients, pairs told as background, drugs
given as treatment. Mentions are quoted, not placed, so that a document of this format has no entities;
`casebook` gives the typed content.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sequela.corpora.document import Document
from sequela.corpora.files import EncodingError, all_files, files_of, read_text, stands_aside
from sequela.corpora.problems import Problem, Report, fail

_KEYS = frozenset({"doc_id", "reactions", "background", "treatment_drugs"})
_PATIENTS = frozenset({"index", "other_case"})
_ANCHORS = frozenset({"start", "last dose", "nth dose", "stop", "dose change", "unspecified"})
_OUTCOMES = frozenset({"recovered", "recovering", "not recovered", "sequelae", "fatal", "unknown"})
_CHALLENGES = frozenset({"positive", "negative", "not done", "unknown"})


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """A reaction that happened to a patient.

    ``onset_min`` and ``onset_max`` are ISO 8601 durations, "" where the text gives no number. ``patient``
    is "index" or "other_case". ``certain`` is False where only one of two annotators found the reaction:
    neither a miss nor an error. The other values are those of the format, with blanks ("nth dose").
    """

    drug: str
    event: str
    drug_aliases: tuple[str, ...] = ()
    event_aliases: tuple[str, ...] = ()
    onset: str = ""
    onset_min: str = ""
    onset_max: str = ""
    onset_anchor: str = "unspecified"
    patient: str = "index"
    dose: str = ""
    body_sites: tuple[str, ...] = ()
    outcome: str = "unknown"
    dechallenge: str = "unknown"
    rechallenge: str = "unknown"
    evidence: str = ""
    certain: bool = True


@dataclass(frozen=True, kw_only=True)
class BackgroundPair:
    """A drug and an event that the report tells as general knowledge, or rules out."""

    drug: str
    event: str


@dataclass(frozen=True, kw_only=True)
class Casebook:
    """The annotation of one report."""

    doc_id: str
    reactions: tuple[Reaction, ...] = ()
    background: tuple[BackgroundPair, ...] = ()
    treatment_drugs: tuple[str, ...] = ()


def sniff(file: Path, head: str) -> bool:
    """Whether a file looks like this format, by its name and how it begins."""
    return file.suffix == ".json" and '"doc_id"' in head and '"reactions"' in head


def read(path: Path, *, report: Report = fail) -> Iterator[Document]:
    """Read a JSON file with the text beside it, or all of a directory in the order of their names.

    The annotation is in ``meta["casebook"]`` as read; `casebook` types it.

    Raises
    ------
    CorpusError
        From ``report``: a quotation that is not in the text, an unknown value, a text without annotation or
        the other way round.
    """
    path = Path(path)
    files = files_of(path, ".json")
    annotated = {file.with_suffix("") for file in files}
    if path.is_dir():
        for text_file in (file for file in all_files(path) if file.suffix == ".txt"):
            if text_file.with_suffix("") not in annotated and not stands_aside(text_file):
                message = f"no {text_file.stem}.json beside it; a report without a reaction has empty lists"
                report(Problem(path=str(text_file), line=1, message=message))
    for file in files:
        document = _read_file(file, report)
        if document is not None:
            yield document


def casebook(document: Document) -> Casebook:
    """Typed annotation of a document that `read` gave."""
    data = document.meta["casebook"]
    return Casebook(
        doc_id=document.doc_id,
        reactions=tuple(_reaction(item) for item in data["reactions"]),
        background=tuple(
            BackgroundPair(drug=item["drug"], event=item["event"]) for item in data["background"]
        ),
        treatment_drugs=tuple(data["treatment_drugs"]),
    )


def _reaction(item: dict[str, Any]) -> Reaction:
    bounds = item.get("onset_iso") or {}
    return Reaction(
        drug=item["drug"],
        event=item["event"],
        drug_aliases=tuple(item.get("drug_aliases", ())),
        event_aliases=tuple(item.get("event_aliases", ())),
        onset=item.get("onset") or "",
        onset_min=bounds.get("min", ""),
        onset_max=bounds.get("max", ""),
        onset_anchor=item.get("onset_anchor", "unspecified"),
        patient=item.get("patient", "index"),
        dose=item.get("dose") or "",
        body_sites=tuple(item.get("body_sites", ())),
        outcome=item.get("outcome", "unknown"),
        dechallenge=item.get("dechallenge", "unknown"),
        rechallenge=item.get("rechallenge", "unknown"),
        evidence=item.get("evidence", ""),
        certain=item.get("certain", True),
    )


def _read_file(file: Path, report: Report) -> Document | None:
    text_file = file.with_suffix(".txt")
    try:
        source = read_text(file)
        text = read_text(text_file) if text_file.is_file() else None
    except EncodingError as error:
        report(error.problem)
        return None

    def problem(message: str, near: str = "") -> None:
        report(Problem(path=str(file), line=_line_of(source, near), message=message))

    if text is None:
        problem(f"no {text_file.name} beside it")
        return None
    try:
        data = json.loads(source)
    except json.JSONDecodeError as error:
        report(Problem(path=str(file), line=error.lineno, message=f"not JSON: {error.msg}"))
        return None
    if not isinstance(data, dict) or not data.keys() >= _KEYS:
        problem(f"not a casebook annotation: it needs the keys {', '.join(sorted(_KEYS))}")
        return None
    if data["doc_id"] != file.stem:
        problem(f"doc_id is {data['doc_id']!r}, the file is named {file.stem!r}", "doc_id")
    document = Document(doc_id=file.stem, text=text, meta={"casebook": data}, path=str(file))
    try:
        content = casebook(document)
        _check_types(content)
    except (KeyError, TypeError, AttributeError) as error:
        problem(f"not a casebook annotation: {error!r}")
        return None
    for message, near in _contradictions(content, document.text):
        problem(message, near)
    return document


def _check_types(content: Casebook) -> None:
    for item in (*content.reactions, *content.background):
        for name, value in vars(item).items():
            expected = bool if name == "certain" else str
            for part in value if isinstance(value, tuple) else (value,):
                if not isinstance(part, expected):
                    raise TypeError(f"{name} is {part!r}")
    for drug in content.treatment_drugs:
        if not isinstance(drug, str):
            raise TypeError(f"treatment_drugs holds {drug!r}")


def _contradictions(content: Casebook, text: str) -> Iterator[tuple[str, str]]:
    for reaction in content.reactions:
        quoted = [reaction.drug, reaction.event, *reaction.drug_aliases, *reaction.event_aliases]
        quoted += [reaction.onset, reaction.dose, reaction.evidence, *reaction.body_sites]
        for quotation in quoted:
            if quotation not in text:
                yield f"{quotation!r} is not in the text", quotation
        if not reaction.drug or not reaction.event:
            yield "a reaction without drug or event", "reactions"
        if bool(reaction.onset_min) != bool(reaction.onset_max):
            yield f"onset_iso of {reaction.drug}/{reaction.event} needs both min and max", "onset_iso"
        for value, allowed in (
            (reaction.patient, _PATIENTS),
            (reaction.onset_anchor, _ANCHORS),
            (reaction.outcome, _OUTCOMES),
            (reaction.dechallenge, _CHALLENGES),
            (reaction.rechallenge, _CHALLENGES),
        ):
            if value not in allowed:
                yield f"{value!r} is not one of {', '.join(sorted(allowed))}", value
    for pair in content.background:
        for quotation in (pair.drug, pair.event):
            if quotation not in text:
                yield f"{quotation!r} is not in the text", quotation
    for drug in content.treatment_drugs:
        if drug not in text:
            yield f"{drug!r} is not in the text", drug


def _line_of(source: str, quotation: str) -> int:
    """Line of the JSON file that holds a value; 1 where it is not found as it is."""
    place = source.find(json.dumps(quotation, ensure_ascii=False)) if quotation else -1
    return source.count("\n", 0, place) + 1 if place >= 0 else 1
