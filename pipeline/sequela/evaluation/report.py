"""The error report: one HTML page that needs nothing else, with gold and predicted spans side by side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

from sequela.corpora.casebook import Reaction
from sequela.corpora.document import Document
from sequela.evaluation.links import Pair
from sequela.evaluation.matching import Span
from sequela.evaluation.metrics import Metrics
from sequela.evaluation.run import Scored
from sequela.evaluation.scores import MICRO, Counts, Finding, Kind
from sequela.evaluation.tables import MEASURES, measure, percent, remarks
from sequela.schema import Triple

TEMPLATE = "report.html.jinja"
# A page of more documents a level is slow in a browser; those with most errors are shown.
MAX_DOCUMENTS = 500

FOUND, MISSED, SPURIOUS = "found", "missed", "spurious"
_TYPES = {Kind.HIT: FOUND, Kind.MISS: MISSED, Kind.SPURIOUS: SPURIOUS}
_REASONS = frozenset(
    {"boundary", "label", "false attribution", "drug not tagged", "event not tagged", "not linked"}
)
# Worse comes later: where spans overlap, the worst decides the colour.
_SEVERITY = {"": 0, FOUND: 1, SPURIOUS: 2, MISSED: 3}


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of text with what covers it; ``label`` stands on the piece where a span ends."""

    text: str
    status: str = ""
    title: str = ""
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One entry of the error list."""

    type: str
    label: str
    text: str
    note: str = ""


def write_report(
    documents: Sequence[Document], scored: Sequence[Scored], metrics: Metrics, path: Path
) -> None:
    """Write the page."""
    path.write_text(render(documents, scored, metrics), encoding="utf-8")


def render(documents: Sequence[Document], scored: Sequence[Scored], metrics: Metrics) -> str:
    """Make the page. All text is escaped."""
    from jinja2 import Environment

    source = files("sequela.evaluation").joinpath(TEMPLATE).read_text(encoding="utf-8")
    template = Environment(autoescape=True, trim_blocks=True).from_string(source)
    texts = {document.doc_id: document.text for document in documents}
    sections = [section_of(one, texts) for one in scored]
    types = {
        line.type: None for section in sections for item in section["documents"] for line in item["lines"]
    }
    return template.render(
        title=f"Errors on {metrics.info['gold']}",
        info={key: value for key, value in metrics.info.items() if key != "gold"},
        remarks=remarks(metrics),
        sections=sections,
        types=sorted(types, key=lambda name: (name == FOUND, name)),
    )


def section_of(scored: Scored, texts: Mapping[str, str]) -> dict[str, Any]:
    """Give what the page shows of one tally: documents with most errors first."""
    findings: dict[str, list[Finding]] = {}
    for finding in scored.tally.findings:
        findings.setdefault(finding.doc_id, []).append(finding)
    order = sorted(
        findings, key=lambda doc_id: (-sum(one.kind is not Kind.HIT for one in findings[doc_id]), doc_id)
    )
    shown = order[:MAX_DOCUMENTS]
    return {
        "name": f"{scored.tally.level}, {scored.tally.rule}",
        "scores": [*_score_rows(scored), *_rate_rows(scored)],
        "documents": [_document(doc_id, findings[doc_id], scored, texts[doc_id]) for doc_id in shown],
        "left_out": len(order) - len(shown),
    }


def pieces_of(text: str, spans: Iterable[tuple[Span, str]]) -> list[Piece]:
    """Cut a text where spans begin and end; each span comes with its status. The pieces join to the text."""
    marks = [
        (start, end, span.label, status)
        for span, status in spans
        for start, end in span.fragments
        if 0 <= start < end <= len(text)
    ]
    borders = sorted({0, len(text), *(mark[0] for mark in marks), *(mark[1] for mark in marks)})
    marks.sort()
    pieces = []
    open_marks: list[tuple[int, int, str, str]] = []
    position = 0
    for start, end in pairwise(borders):
        while position < len(marks) and marks[position][0] <= start:
            open_marks.append(marks[position])
            position += 1
        open_marks = [mark for mark in open_marks if mark[1] > start]
        status = max((mark[3] for mark in open_marks), key=lambda name: _SEVERITY[name], default="")
        labels = dict.fromkeys(f"{mark[2]} ({mark[3]})" for mark in open_marks)
        ending = dict.fromkeys(mark[2] for mark in open_marks if mark[1] == end)
        pieces.append(
            Piece(text=text[start:end], status=status, title="; ".join(labels), label=" ".join(ending))
        )
    return pieces


def _document(doc_id: str, findings: Sequence[Finding], scored: Scored, text: str) -> dict[str, Any]:
    gold, predicted = scored.gold.get(doc_id, ()), scored.predicted.get(doc_id, ())
    found_gold = {one.gold for one in findings if one.kind is Kind.HIT}
    found_predicted = {one.predicted for one in findings if one.kind is Kind.HIT}
    missed = {one.gold for one in findings if one.kind is Kind.MISS}
    spurious = {one.predicted for one in findings if one.kind is Kind.SPURIOUS}
    left = _marked(text, gold, {**dict.fromkeys(found_gold, FOUND), **dict.fromkeys(missed, MISSED)})
    right = _marked(
        text, predicted, {**dict.fromkeys(found_predicted, FOUND), **dict.fromkeys(spurious, SPURIOUS)}
    )
    sides = []
    if left or right:
        sides = [("gold", pieces_of(text, left)), ("predicted", pieces_of(text, right))]
    return {
        "doc_id": doc_id,
        "sides": sides,
        "lines": [_line(finding, gold, predicted, text) for finding in findings],
    }


def _marked(text: str, items: Sequence[object], statuses: Mapping[int | None, str]) -> list[tuple[Span, str]]:
    spans = []
    for index, item in enumerate(items):
        if index not in statuses:
            continue
        if isinstance(item, Span):
            spans.append((item, statuses[index]))
        elif isinstance(item, Pair):
            spans.append((Span(item.drug.fragments, "drug"), statuses[index]))
            spans.append((Span(item.event.fragments, "event"), statuses[index]))
            spans.extend((Span(onset.fragments, "onset"), statuses[index]) for onset in item.onsets)
        elif isinstance(item, Triple):
            spans.append((Span.of(item.drug_start, item.drug_end, "drug"), statuses[index]))
            spans.append((Span.of(item.event_start, item.event_end, "event"), statuses[index]))
            if item.onset_start is not None and item.onset_end is not None:
                spans.append((Span.of(item.onset_start, item.onset_end, "onset"), statuses[index]))
        elif isinstance(item, Reaction):
            spans.extend((span, statuses[index]) for span in _quoted(text, item))
    return spans


def _quoted(text: str, reaction: Reaction) -> list[Span]:
    """Find where the words of a reaction stand; the gold quotes them and does not place them."""
    names = {
        "drug": (reaction.drug, *reaction.drug_aliases),
        "event": (reaction.event, *reaction.event_aliases),
        "onset": (reaction.onset,) if reaction.onset else (),
    }
    return [
        Span.of(found.start(), found.end(), label)
        for label, quotations in names.items()
        for quotation in dict.fromkeys(quotations)
        for found in re.finditer(rf"(?<!\w){re.escape(quotation)}(?!\w)", text)
    ]


def _line(finding: Finding, gold: Sequence[object], predicted: Sequence[object], text: str) -> Line:
    ours = _said(gold[finding.gold], text) if finding.gold is not None else ""
    theirs = _said(predicted[finding.predicted], text) if finding.predicted is not None else ""
    note = _note(predicted[finding.predicted]) if finding.predicted is not None else ""
    kind = _TYPES[finding.kind]
    if finding.kind is Kind.HIT:
        said = ours if ours == theirs else f"{ours} = {theirs}"
    elif ours and theirs:
        said = f"{ours} (predicted: {theirs})" if kind == MISSED else f"{theirs} (gold: {ours})"
    else:
        said = ours or theirs
    type_ = finding.reason if finding.reason in _REASONS else kind

    if type_ in ("boundary", "label"):
        note = "; ".join(filter(None, (kind, note)))
    return Line(type=type_, label=finding.label, text=said, note=note)


def _said(item: object, text: str) -> str:
    if isinstance(item, Span):
        return f"{_slice(item, text)} [{item.label}]"
    if isinstance(item, Pair):
        said = f"{_slice(item.drug, text)} → {_slice(item.event, text)}"
        return said + "".join(f" @ {_slice(onset, text)}" for onset in item.onsets)
    if isinstance(item, Reaction):
        value = f" @ {item.onset} ({item.onset_min}–{item.onset_max})" if item.onset else ""
        return f"{item.drug} → {item.event}{value}"
    if isinstance(item, Triple):
        value = f" @ {item.onset} ({item.onset_min}–{item.onset_max})" if item.onset else ""
        return f"{item.drug} → {item.event}{value}"
    if isinstance(item, tuple):
        return " → ".join(map(str, item))
    return str(item)


def _note(item: object) -> str:
    if isinstance(item, Pair):
        return item.note
    if isinstance(item, Triple):
        return (
            f"{item.rule} · {item.attribution} · {item.assertion} · {item.confidence:.2f} · {item.sentence}"
        )
    return ""


def _slice(span: Span, text: str) -> str:
    return " … ".join(" ".join(text[start:end].split()) for start, end in span.fragments)


def _score_rows(scored: Scored) -> list[list[str]]:
    by_label = scored.tally.by_label()
    rows = {**by_label, MICRO: scored.tally.micro()} if len(by_label) != 1 else by_label
    return [[label, *_cells(counts)] for label, counts in rows.items()]


def _rate_rows(scored: Scored) -> list[list[str]]:
    return [[MEASURES.get(name, name), measure(name, scored.tally.rate(name))] for name in scored.tally.rates]


def _cells(counts: Counts) -> list[str]:
    shares = [percent(counts.precision), percent(counts.recall), percent(counts.f1)]
    return [*shares, str(counts.gold), str(counts.predicted)]
