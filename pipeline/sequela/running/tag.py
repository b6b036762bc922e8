"""From report files to their entities: in colour on a terminal, as brat or as JSON files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from sequela.errors import OutputError
from sequela.reading import Found, ReportFile, printable
from sequela.running.batches import Outcome, Settings
from sequela.running.failures import FailureLog
from sequela.running.journal import Journal, identity_of
from sequela.running.local import chunk_size, run
from sequela.running.output import OutputFile, StandardOutput
from sequela.running.progress import show_progress

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span

    from sequela.corpora.document import Document


class Format(str, Enum):
    """How entities are written."""

    TERMINAL = "terminal"
    BRAT = "brat"
    JSON = "json"


SUFFIXES = {Format.BRAT: (".txt", ".ann"), Format.JSON: (".json",)}
_JOURNAL = "tag.journal"

Tagged = dict[str, Any]


def tagged(doc: Doc) -> Tagged:
    """Give the text and entities of a processed report as plain values.

    ``entities`` is a list of dicts: ``start``, ``end``, ``label``, ``text``; for drugs and symptoms
    ``assertion``; for times and doses that could be normalised, ``value``.
    """
    from sequela import attributes

    return {
        "doc_id": attributes.get_meta(doc).get("doc_id", ""),
        "text": doc.text,
        "entities": [_entity(span) for span in doc.ents],
    }


def _entity(span: Span) -> dict[str, Any]:
    from sequela import attributes
    from sequela.schema import Label

    entity: dict[str, Any] = {
        "start": span.start_char,
        "end": span.end_char,
        "label": span.label_,
        "text": span.text,
    }
    if span.label_ in (Label.DRUG, Label.SYMPTOM):
        entity["assertion"] = attributes.get_assertion(span)[0].value
    value = attributes.get_timex(span) or attributes.get_dose(span)
    if value is not None:
        entity["value"] = value.to_dict()
    return entity


def tag(
    found: Found,
    folder: Path | None,
    settings: Settings,
    *,
    form: Format,
    overwrite: bool,
    jobs: int = 1,
    timeout: float = 0,
    resume: bool = False,
) -> tuple[int, int, int]:
    """Tag reports; give how many were read, how many of them by an interrupted run, and how many failed.

    Parameters
    ----------
    found
        From `sequela.reading.find_reports`.
    folder
        For brat and JSON, where a file (for brat, a pair) is written for each report, named by its id; what
        fails is noted there in ``errors.csv``. JSON without a folder goes to standard output, one line a
        report.
    settings
        Model and reading options.
    form
        Terminal, brat or JSON.
    overwrite
        Write over files that exist.
    jobs
        Number of processes.
    timeout
        Seconds a report may take; 0 for no limit.
    resume
        Note what is finished in ``tag.journal`` in the folder until all is, and leave alone what an
        interrupted run has finished. Needs a folder.

    Raises
    ------
    ModelError, OutputError
        Nothing was written.
    """
    if folder:
        going_on = resume and (folder / _JOURNAL).exists()
        _prepare(folder, found, form, overwrite=overwrite or going_on)
    read = earlier = 0
    write = _writer(form, folder)
    with ExitStack() as stack:
        journal = None
        if resume and folder:
            identity = {**identity_of(settings, include_all=False), "--format": form.value}
            journal = stack.enter_context(Journal(folder, identity, path=folder / _JOURNAL))
        failures = stack.enter_context(FailureLog(folder / "errors.csv" if folder else None))
        for path, problem in found.problems:
            failures.add(path, problem.reason, problem.remedy)

        def known(file: ReportFile) -> Outcome | None:
            """Find what was written before, and is still there."""
            outcome = journal.find(file, settings) if journal else None
            there = (
                outcome and folder and all(target.exists() for target in _targets(folder, file.doc_id, form))
            )
            return outcome if there else None

        outcomes = run(
            found.files, tagged, settings, jobs=jobs, timeout=timeout, known=known if journal else None
        )
        group: list[Outcome] = []
        for outcome in show_progress(outcomes, total=len(found.files), enabled=folder is not None):
            if outcome.failure:
                failures.add(outcome.file.shown, outcome.failure.reason, outcome.failure.remedy)
            else:
                if not outcome.earlier:
                    write(outcome.result)
                read += 1
                earlier += outcome.earlier
            group.append(replace(outcome, result=None))  # the files are the result
            if journal and len(group) == chunk_size(len(found.files)):
                journal.add(group)
                group = []
    return read, earlier, failures.count


def _prepare(folder: Path, found: Found, form: Format, *, overwrite: bool) -> None:
    """Make the folder, and make sure that nothing in it is lost: it may hold the reports, or annotations."""
    there = [
        target for file in found.files for target in _targets(folder, file.doc_id, form) if target.exists()
    ]
    if there and not overwrite:
        raise OutputError(f"{printable(there[0])} exists already. Choose another folder, or add --overwrite.")
    read = {_identity(file.path) for file in found.files} if there else set()
    for target in there:
        if _identity(target) in read:
            raise OutputError(
                f"{printable(target)} is one of the reports that are read. Choose another folder."
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot make the folder {printable(folder)}: {error.strerror}. Choose another one."
        ) from None


def _identity(path: Path) -> tuple[int, int] | None:
    """Give what two names of one file have in common; None for a file that is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _targets(folder: Path, doc_id: str, form: Format) -> Iterator[Path]:
    if "\0" in doc_id or doc_id.startswith("/") or ".." in Path(doc_id).parts:
        raise OutputError(f"the id {printable(doc_id)} leads out of the folder. Rename the report.")
    for suffix in SUFFIXES[form]:
        yield folder / f"{doc_id}{suffix}"


def _writer(form: Format, folder: Path | None) -> Callable[[Tagged], None]:
    if form is Format.TERMINAL:
        from sequela.running.terminal import make_printer

        return make_printer()
    if folder is None:
        file = StandardOutput().__enter__()
        return lambda report: _write_line(report, file)
    contents = _brat_files if form is Format.BRAT else _json_files

    def write(report: Tagged) -> None:
        for target, content in zip(_targets(folder, report["doc_id"], form), contents(report), strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            with OutputFile(target) as file:
                file.write(content)

    return write


def _write_line(report: Tagged, file: TextIO) -> None:
    file.write(json.dumps(report, ensure_ascii=False) + "\n")


def _json_files(report: Tagged) -> tuple[str]:
    return (json.dumps(report, ensure_ascii=False, indent=1) + "\n",)


def _brat_files(report: Tagged) -> tuple[str, str]:
    from sequela.corpora.brat import format_annotations

    return report["text"], format_annotations(to_document(report))


def to_document(report: Tagged) -> Document:
    """Give an annotated document: entities, an attribute for what is not affirmed, a note for a value."""
    from sequela.corpora.document import Attribute, Document, Entity, Note, covered_text

    document = Document(doc_id=report["doc_id"], text=report["text"])
    for number, entity in enumerate(report["entities"], start=1):
        key, place = f"T{number}", ((entity["start"], entity["end"]),)
        text = covered_text(document.text, place)
        document.entities.append(Entity(id=key, label=entity["label"], fragments=place, text=text))
        if entity.get("assertion", "affirmed") != "affirmed":
            attribute = f"A{len(document.attributes) + 1}"
            document.attributes.append(
                Attribute(id=attribute, label="Assertion", target=key, value=entity["assertion"])
            )
        if "value" in entity:
            note = f"#{len(document.notes) + 1}"
            document.notes.append(
                Note(id=note, label="AnnotatorNotes", target=key, text=_describe(entity["value"]))
            )
    return document


def _describe(value: dict[str, Any]) -> str:
    """Write a normalised value on one line; what is not stated is left out, and where it stands."""
    return "; ".join(
        f"{key}={item}"
        for key, item in value.items()
        if item not in (None, "", False) and key not in ("text", "start", "end", "rule")
    )
