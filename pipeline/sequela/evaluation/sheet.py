"""The score sheet: the shipped pipeline on every dev set at hand, as one page of the documentation.

``python -m sequela.evaluation.sheet CORPORA -o docs/evaluation.md``: CORPORA is a folder with the public
corpora, each in a folder of its own, as ``sequela corpora fetch`` leaves them. What is not there is left
out and named. A developer's command.
"""

from __future__ import annotations

import argparse
import platform
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sequela import __version__
from sequela.evaluation.command import Request, run
from sequela.evaluation.metrics import Metrics
from sequela.evaluation.predictions import Given
from sequela.evaluation.run import Level
from sequela.evaluation.scores import MACRO, MICRO, Counts, Tally
from sequela.evaluation.tables import MEASURES, interval, measure, percent
from sequela.evaluation.times import read_phrases, score_times
from sequela.evaluation.triples import LOG_RATIO
from sequela.schema import TimeExpression

PREAMBLE = """\
# Scores

<!-- Written by `python -m sequela.evaluation.sheet CORPORA -o docs/evaluation.md`; do not edit. -->

What the figures mean is defined in [evaluation-definitions.md](evaluation-definitions.md). In brackets are
95 % intervals, by bootstrap over documents. These are development sets, scored whole. Training left out
every document that has ten words in a row in common with one of them, or the PubMed id of one in another
corpus (`models/training/prepare.py`). But rules and settings were chosen by these sets, so that unseen text
will score lower. Times are those of the whole evaluation, with the loading of the pipeline.

sequela {version}, Python {python}, {machine}, one process. `CORPORA` is the folder of the public corpora.
"""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One evaluation of the sheet; ``gold`` is relative to the corpora, or to the repository."""

    title: str
    gold: Path
    note: str = ""
    options: Mapping[str, object]
    own: bool = False  # part of the repository


ENTRIES: tuple[Entry, ...] = (
    Entry(
        title="PHEE dev, end to end",
        gold=Path("phee2/dev.json"),
        note="Sentences of case reports. Pairs and triples count background statements too: PHEE tells "
        "nothing of the patient.",
        options={"format_name": "phee"},
    ),
    Entry(
        title="PHEE dev, gold entities",
        gold=Path("phee2/dev.json"),
        note="The entities are given without their roles; what is scored is linking.",
        options={"format_name": "phee", "given": Given.ENTITIES},
    ),
    Entry(
        title="PHEE dev, gold pairs",
        gold=Path("phee2/dev.json"),
        note="Pairs are given; what is scored is the onset.",
        options={"format_name": "phee", "given": Given.PAIRS, "level": Level.TRIPLES},
    ),
    Entry(
        title="MACCROBAT dev, entities",
        gold=Path("maccrobat2020"),
        options={"format_name": "brat", "split": "dev", "level": Level.ENTITIES},
    ),
    Entry(
        title="BC5CDR dev, end to end",
        gold=Path("bc5cdr/CDR_DevelopmentSet.PubTator.txt"),
        note="`concepts` are chemical-induced diseases of a document, by MeSH id.",
        options={"format_name": "pubtator"},
    ),
    Entry(
        title="BC5CDR dev, gold entities",
        gold=Path("bc5cdr/CDR_DevelopmentSet.PubTator.txt"),
        options={"format_name": "pubtator", "given": Given.ENTITIES},
    ),
    Entry(
        title="BioRED dev, end to end",
        gold=Path("biored/Dev.PubTator"),
        note="Chemicals and diseases; pairs are positive correlations of the two.",
        options={"format_name": "pubtator"},
    ),
    Entry(
        title="Case reports (casebook_dev), end to end",
        gold=Path("casebook_dev"),
        note="Whole reports, full-length articles among them: what users feed in.",
        options={"format_name": "casebook"},
    ),
    Entry(
        title="Reports held out, end to end",
        gold=Path("models/runs/reactions/held_out"),
        note="Published short reports, annotated by machine, whose errors were used for nothing; thresholds and the "
        "points of the confidence were chosen by their scores. "
        "`python -m training.reactions CORPORA -o runs/reactions`, in the folder models, makes the folder.",
        options={"format_name": "casebook"},
        own=True,
    ),
    Entry(
        title="The casebook of this repository, end to end",
        gold=Path("corpora/casebook"),
        note="Invented reports, which developers see: a check, not a measurement.",
        options={"format_name": "brat"},
        own=True,
    ),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(prog="python -m sequela.evaluation.sheet", description=main.__doc__)
    parser.add_argument("corpora", type=Path, metavar="CORPORA")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/evaluation.md"))
    parser.add_argument("--repository", type=Path, default=Path())
    parser.add_argument("--model", default=None, help="another model than the shipped one")
    parser.add_argument(
        "--limit", type=int, default=None, help="only so many documents of each set, to try it out"
    )
    options = parser.parse_args(arguments)
    page = "\n".join(write(options.corpora, options.repository, model=options.model, limit=options.limit))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(page + "\n", encoding="utf-8")


def write(
    corpora: Path, repository: Path, *, model: str | None = None, limit: int | None = None
) -> Iterator[str]:
    """Give the lines of the page."""
    yield PREAMBLE.format(version=__version__, python=platform.python_version(), machine=platform.machine())
    missing = []
    for entry in ENTRIES:
        gold = (repository if entry.own else corpora) / entry.gold
        if not gold.exists():
            missing.append(entry.title)
            continue
        yield from _section(entry, gold, model, limit)
    phrases = corpora / "timenorm" / "train.tsv"
    if phrases.exists():
        yield from _times(phrases)
    else:
        missing.append("Time phrases")
    if missing:
        yield f"Not at hand when this page was written: {', '.join(missing)}."


def _section(entry: Entry, gold: Path, model: str | None, limit: int | None) -> Iterator[str]:
    request = Request(gold=gold, model=model, limit=limit, **entry.options)  # type: ignore[arg-type]
    start = time.perf_counter()
    outcome = run(request)
    seconds = time.perf_counter() - start
    words = sum(len(document.text.split()) for document in outcome.documents)
    yield from (f"## {entry.title}", "")
    if entry.note:
        yield from (entry.note, "")
    place = entry.gold if entry.own else Path("CORPORA") / entry.gold
    yield from ("    " + command_line(request, place), "")
    yield f"{len(outcome.documents)} documents, {words:,} words, {seconds:.1f} s."
    yield ""
    yield from markdown(outcome.metrics)


def command_line(request: Request, gold: Path) -> str:
    """Give the command that a user would type for a request of the sheet."""
    parts = ["sequela", "evaluate", gold.as_posix()]
    if request.format_name:
        parts += ["--format", request.format_name]
    if request.split:
        parts += ["--split", request.split]
    if request.level:
        parts += ["--level", str(request.level)]
    if request.given is not Given.NOTHING:
        parts.append(f"--gold-{request.given}")
    if request.model:
        parts += ["--model", request.model]
    if request.limit:
        parts += ["--limit", str(request.limit)]
    return shlex.join(parts)


def markdown(metrics: Metrics) -> Iterator[str]:
    """Give the scores as Markdown tables."""
    ranges = metrics.intervals()
    for tally in metrics.tallies:
        yield from _table(tally, ranges[tally.name])
        yield ""


def _table(tally: Tally, ranges: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    by_label = tally.by_label()
    rows: dict[str, Counts] = dict(by_label) if len(by_label) > 1 else {}
    if by_label:
        yield f"| {tally.level}, {tally.rule} | P | R | F1 | support | predicted |"
        yield "|---|--:|--:|--:|--:|--:|"
        for label, counts in {**rows, MICRO: tally.micro()}.items():
            cells = [label, *(_cell(counts, ranges, label, name) for name in ("precision", "recall", "f1"))]
            yield f"| {' | '.join([*cells, str(counts.gold), str(counts.predicted)])} |"
        if rows:
            yield f"| {MACRO} | | | {percent(tally.macro_f1())} ({interval(ranges, f'{MACRO}/f1')}) | | |"
    for name in tally.rates:
        scale = 1 if name == LOG_RATIO else 100
        bounds = interval(ranges, f"rate/{name}", scale)
        said = f"- {MEASURES.get(name, name.replace('_', ' '))}: {measure(name, tally.rate(name))}"
        yield (
            ("\n" if by_label and name == next(iter(tally.rates)) else "")
            + said
            + (f" [{bounds}]" if bounds else "")
        )


def _cell(counts: Counts, ranges: Mapping[str, tuple[float, float]], label: str, name: str) -> str:
    value = percent(getattr(counts, name))
    bounds = interval(ranges, f"{label}/{name}")
    return f"{value} ({bounds})" if bounds and name == "f1" else value


def _times(path: Path) -> Iterator[str]:
    from sequela.components.timex import normalise

    def value_of(text: str, day: date) -> TimeExpression | None:
        return normalise(text, document_date=day)

    start = time.perf_counter()
    tally = score_times(read_phrases(path), value_of)
    seconds = time.perf_counter() - start
    yield from (
        "## Time phrases (timenorm), values",
        "",
        "Newswire. Given are phrases and the date of their document, which is also its first phrase.",
        "",
        f"{len(tally.counts)} documents, {seconds:.1f} s.",
        "",
    )
    metrics = Metrics(info={}, tallies=[tally])
    yield from markdown(metrics)


if __name__ == "__main__":
    main()
