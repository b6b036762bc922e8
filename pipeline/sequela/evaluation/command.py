"""One evaluation from request to outcome: what ``sequela evaluate`` does, without the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sequela import __version__
from sequela.corpora.document import Document
from sequela.errors import OutputError, SequelaError
from sequela.evaluation.bootstrap import RESAMPLES, Difference
from sequela.evaluation.inputs import read_gold, read_predictions
from sequela.evaluation.metrics import (
    Metrics,
    compare_tallies,
    differences_to_json,
    read_tallies,
    to_json,
    write_json,
)
from sequela.evaluation.predictions import Given, Prediction, predict
from sequela.evaluation.report import write_report
from sequela.evaluation.run import Level, Scored, choose_levels, score
from sequela.evaluation.schemes import (
    SCHEMES,
    Scheme,
    choose_scheme,
    labels_left_out,
    narrow,
    scheme_of_labels,
)
from sequela.evaluation.scores import extra_documents, missing_documents

Progress = Callable[[Iterable[tuple[str, Prediction]], int], Iterable[tuple[str, Prediction]]]


@dataclass(kw_only=True)
class Request:
    """What is asked for; see the options of ``sequela evaluate``."""

    gold: Path
    predicted: Path | None = None
    model: str | None = None
    model_labels: Mapping[str, str] = field(default_factory=dict)
    level: Level | None = None
    format_name: str | None = None
    predicted_format: str | None = None
    labels: str | None = None
    scheme: str | None = None
    split: str | None = None
    exclude: Sequence[Path] = ()
    given: Given = Given.NOTHING
    limit: int | None = None
    seed: int = 0
    resamples: int = RESAMPLES
    against: Path | None = None


@dataclass(kw_only=True)
class Outcome:
    """What came of it."""

    documents: list[Document]
    scored: list[Scored]
    metrics: Metrics
    differences: dict[str, dict[str, Difference]]
    notes: list[str]

    def write(self, folder: Path) -> list[Path]:
        """Write ``metrics.json`` and ``errors.html``; gives their paths.

        Raises
        ------
        OutputError
            The folder cannot be made or written into.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            metrics_file, report_file = folder / "metrics.json", folder / "errors.html"
            content = to_json(self.metrics)
            if self.differences:
                content["differences"] = differences_to_json(self.differences)
            write_json(content, metrics_file)
            write_report(self.documents, self.scored, self.metrics, report_file)
        except OSError as error:
            raise OutputError(
                f"{folder}: cannot be written: {error.strerror}; give another folder with -o"
            ) from error
        return [metrics_file, report_file]


def run(request: Request, *, progress: Progress | None = None) -> Outcome:
    """Read, predict, score.

    ``progress`` is given the documents as they are processed, and their number, and gives them on.

    Raises
    ------
    SequelaError
        Options that exclude each other, files that cannot be read, a level the gold has nothing for.
    """
    _check(request)
    theirs = read_tallies(request.against) if request.against else {}
    documents = read_gold(
        request.gold,
        format_name=request.format_name,
        split=request.split,
        exclude=request.exclude,
        limit=request.limit,
    )
    scheme = choose(request, documents)
    levels = choose_levels(request.level, documents, scheme)
    notes = []
    rows_only = False
    if request.predicted is not None:
        predictions = read_predictions(
            request.predicted, documents, scheme.predicted, format_name=request.predicted_format
        )
        rows_only = any(prediction.rows and not prediction.entities for prediction in predictions.values())
    else:
        predictions = run_pipeline(request, documents, scheme, progress=progress)
    if request.level is None and len(levels) > 1 and Level.ENTITIES in levels:
        reason = "the predictions hold rows alone" if rows_only else "they were given"
        if rows_only or request.given is not Given.NOTHING:
            levels.remove(Level.ENTITIES)
            notes.append(f"Entities are not scored: {reason}.")
    left_out = labels_left_out(scheme, documents)
    if Level.ENTITIES in levels and left_out:
        notes.append(
            f"Labels of the gold that are not scored (scheme {scheme.name}; --labels MAP chooses others): "
            f"{', '.join(left_out)}."
        )
    scored = score(documents, predictions, scheme, levels)
    gold_ids = {document.doc_id: None for document in documents}
    metrics = Metrics(
        info={
            "sequela": __version__,
            "gold": request.gold.name,
            "predicted": _source(request),
            "scheme": scheme.name,
        },
        tallies=[one.tally for one in scored],
        missing=missing_documents(gold_ids, predictions),
        # With a part of the gold only, predictions for the rest are not "extra".
        extra=[]
        if request.limit or request.split or request.exclude
        else extra_documents(gold_ids, predictions),
        seed=request.seed,
        resamples=request.resamples,
    )
    differences = {}
    if request.against:
        differences = compare_tallies(metrics.tallies, theirs, resamples=request.resamples, seed=request.seed)
        notes.append(_compared(metrics, theirs, request.against))
    return Outcome(documents=documents, scored=scored, metrics=metrics, differences=differences, notes=notes)


def run_pipeline(
    request: Request, documents: list[Document], scheme: Scheme, *, progress: Progress | None = None
) -> dict[str, Prediction]:
    """Run the pipeline of the request over the gold texts; stages whose work is given are not loaded."""
    from sequela.build import build_pipeline

    nlp = build_pipeline(
        request.model,
        label_map=dict(request.model_labels),
        disable=request.given.disabled,
    )
    found = predict(nlp, documents, scheme, given=request.given)
    return dict(progress(found, len(documents)) if progress else found)


def choose(request: Request, documents: list[Document]) -> Scheme:
    """Choose the scheme: by ``--labels``, ``--scheme``, or the labels of the gold."""
    if request.labels is not None:
        return scheme_of_labels(request.labels)
    scheme = SCHEMES[request.scheme] if request.scheme else choose_scheme(documents)
    return narrow(scheme, documents) if scheme.name == "sequela" else scheme


def _check(request: Request) -> None:
    if request.predicted is not None and (request.model is not None or request.given is not Given.NOTHING):
        option = "--model" if request.model is not None else f"--gold-{request.given}"
        raise SequelaError(
            f"--pred and {option} exclude each other: predictions are read, or made. Leave one out."
        )
    if request.labels is not None and request.scheme is not None:
        raise SequelaError("--labels and --scheme exclude each other. Leave one out.")


def _source(request: Request) -> str:
    if request.predicted is not None:
        return request.predicted.name
    name = f"pipeline with model {request.model}" if request.model else "pipeline"
    return name if request.given is Given.NOTHING else f"{name} on gold {request.given}"


def _compared(metrics: Metrics, theirs: Mapping[str, object], path: Path) -> str:
    names = [tally.name for tally in metrics.tallies]
    both = [name for name in names if name in theirs]
    if not both:
        return f"{path} has none of these levels: nothing compared (it has {', '.join(theirs)})."
    return f"ΔF1: this run minus {path}, on the documents of both; p by a paired bootstrap."
