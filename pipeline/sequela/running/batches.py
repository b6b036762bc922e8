"""Reports through the pipeline, batch by batch, in one process."""

from __future__ import annotations

import gc
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sequela.errors import ReportError
from sequela.reading import MAX_CHARACTERS, Report, ReportFile, read_report

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

# What is taken from a processed Doc. It goes to other processes: a function that can be imported by its name.
Collect = Callable[["Doc"], Any]

# Together they bound what is in memory at a time.
REPORTS_A_BATCH = 32
_CHARACTERS_A_BATCH = 200_000

# Strings that a vocabulary keeps for good. spaCy remembers every word it has ever seen; from here on the new words
# of a batch are forgotten with it.
_KEPT_STRINGS = 20_000

# Objects before Python looks for garbage. What is made while the pipeline is loaded stays: looking through it
# again and again is a sixth of the time until the first report is done.
_GARBAGE_THRESHOLDS = (50_000, 20, 100)

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to read and process reports; the same in every worker, hence picklable.

    Attributes
    ----------
    model, label_map, meddra, linker, trust_linker
        As of `sequela.load`.
    encoding, max_characters
        As of `sequela.reading.read_report`.
    """

    model: str | None = None
    label_map: dict[str, str] = field(default_factory=dict)
    meddra: str | None = None
    linker: str | None = None
    trust_linker: bool = False
    encoding: str | None = None
    max_characters: int = MAX_CHARACTERS


@dataclass(frozen=True)
class Failure:
    """Why there is nothing from a report, and what to do about it."""

    reason: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one file: a result, or the reason why there is none.

    Attributes
    ----------
    digest
        Of the report as it was read (`sequela.reading.Report.digest`).
    earlier
        The result is that of an earlier run.
    """

    file: ReportFile
    result: Any = None
    failure: Failure | None = None
    digest: str = ""
    earlier: bool = False


def limit_threads() -> None:
    """Let the numerical libraries use one thread: more make short texts slower, and workers fight for cores.

    Takes effect only before they are imported. What the user has set stays.
    """
    for name in _THREAD_VARIABLES:
        os.environ.setdefault(name, "1")


def load_pipeline(settings: Settings) -> Language:
    """Build the pipeline for reports of the allowed length, in a process whose work it is.

    Raises
    ------
    ModelError
        As `sequela.load`.
    """
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    import sequela

    nlp = sequela.load(
        settings.model,
        label_map=settings.label_map,
        meddra=settings.meddra,
        linker=settings.linker,
        trust_linker=settings.trust_linker,
    )
    for pipeline in (nlp, _inner(nlp)):  # another model has a limit too
        if pipeline is not None:
            pipeline.max_length = max(pipeline.max_length, settings.max_characters)
    return nlp


def make_doc(nlp: Language, report: Report) -> Doc:
    """Tokenize a report; the Doc knows the report's id and what else the reader found out."""
    from sequela import attributes

    doc = nlp.make_doc(report.text)
    attributes.set_meta(doc, {**report.meta, "doc_id": report.doc_id})
    return doc


def process_files(
    nlp: Language, files: Sequence[ReportFile], collect: Collect, settings: Settings
) -> Iterator[Outcome]:
    """Read and process files; give an outcome for each, in their order.

    The result of a file is what ``collect`` gives for its Doc; it must not hold the Doc or a part of it, which
    are not valid any longer when the next batch begins.
    """
    batch: list[tuple[ReportFile, Report | Failure]] = []
    characters = 0
    for file in files:
        report = _read(file, settings)
        batch.append((file, report))
        characters += len(report.text) if isinstance(report, Report) else 0
        if len(batch) == REPORTS_A_BATCH or characters > _CHARACTERS_A_BATCH:
            yield from _process_batch(nlp, batch, collect)
            batch, characters = [], 0
    yield from _process_batch(nlp, batch, collect)


def _read(file: ReportFile, settings: Settings) -> Report | Failure:
    try:
        return read_report(file, encoding=settings.encoding, max_characters=settings.max_characters)
    except ReportError as error:
        return Failure(error.reason, error.remedy)


def _process_batch(
    nlp: Language, batch: list[tuple[ReportFile, Report | Failure]], collect: Collect
) -> Iterator[Outcome]:
    reports = [report for _, report in batch if isinstance(report, Report)]
    with _bounded_memory(nlp):
        processed = _process(nlp, reports, collect)
        for file, report in batch:
            if isinstance(report, Report):
                result, failure = next(processed)
                yield Outcome(file=file, result=result, failure=failure, digest=report.digest)
            else:
                yield Outcome(file=file, failure=report)


@contextmanager
def _bounded_memory(nlp: Language) -> Iterator[None]:
    """Forget what the vocabularies learn inside, once they have learned enough; the Docs are invalid afterwards."""
    with ExitStack() as stack:
        for pipeline in (nlp, _inner(nlp)):
            # spaCy's type stubs do not know the attribute; zones must not be nested
            if pipeline is None or getattr(pipeline.vocab, "in_memory_zone", False):
                continue
            if len(pipeline.vocab.strings) > _KEPT_STRINGS:
                stack.enter_context(pipeline.memory_zone())
        yield


def _inner(nlp: Language) -> Language | None:
    """Give the other model that tags, where there is one."""
    inner: Language | None = getattr(nlp.get_pipe("sequela_tagger"), "nlp", None)
    return inner


def _process(nlp: Language, reports: list[Report], collect: Collect) -> Iterator[tuple[Any, Failure | None]]:
    """Run the pipeline; give (result, None) or (None, failure) for each report, as soon as it is there."""
    done = 0
    try:
        for doc in nlp.pipe((make_doc(nlp, report) for report in reports), batch_size=REPORTS_A_BATCH):
            result = collect(doc)
            done += 1
            yield result, None
    except Exception as error:
        if len(reports) == 1:
            yield None, _failed(error)
            return
        # A text on which a component fails must not take its neighbours with it
        for report in reports[done:]:
            yield from _process(nlp, [report], collect)


def _failed(error: Exception) -> Failure:
    """Say what went wrong and where, without the message of the error: it may quote the report."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return Failure(
        "the pipeline failed on this text "
        f"({type(error).__name__} in {Path(place.filename).name}, line {place.lineno})",
        "Please report it to the developers, with the text if you may pass it on",
    )
