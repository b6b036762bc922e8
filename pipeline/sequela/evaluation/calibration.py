"""Fit the table that turns link scores into confidences, and show how reliable it is.

    python -m sequela.evaluation.calibration GOLD… -o pipeline/sequela/lexicons/link_confidence.json \
        --plot docs/images/reliability.png

``GOLD`` are folders of reports whose reactions are annotated, in the casebook's JSON or in brat, and that the pair
network was not trained on. The rows that claim
something about a patient are judged as in `sequela.evaluation.documents`; isotonic regression (pool adjacent
violators; Barlow et al. 1972) on score and judgement gives the points, with one right and one wrong row added to
every block, so that few rows never make a confidence of 0 or 1. How reliable they are is shown on reports that
were left out: the reports are cut into ten parts, and the confidences of each are fitted on the other nine. A
developer's command; the plot needs matplotlib.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

MINIMUM = 12  # rows of a block
FOLDS = 10
FEWEST = 40  # rows that a fit takes
_Z = 1.96
_COLOUR, _WEAK = "#1f5a8a", "#9aa5ad"


@dataclass(frozen=True)
class Judged:
    """A row about a patient: its report, its score, by which points, the confidence it had, and whether it is right."""

    doc_id: str
    points: str
    score: float
    confidence: float
    right: bool


@dataclass(frozen=True)
class Bin:
    """Rows of similar confidence: the mean of it, the share of right rows, and their number."""

    confidence: float
    share: float
    rows: int

    @property
    def interval(self) -> tuple[float, float]:
        """Give the 95 % interval of the share (Wilson 1927)."""
        n, p = self.rows, self.share
        middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
        return middle - half, middle + half


def fit(judged: Iterable[tuple[float, bool]], *, minimum: int = MINIMUM) -> list[list[float]]:
    """Give points (score, confidence), both rising.

    Parameters
    ----------
    judged
        Score of a row before calibration, and whether the row is right.
    minimum
        Rows with neighbouring scores are pooled until a block has this many.
    """
    blocks: list[list[float]] = []  # [sum of scores, right, rows, last score]
    for score, right in sorted(judged):
        if blocks and (blocks[-1][2] < minimum or blocks[-1][3] == score):
            block = blocks[-1]
            block[0] += score
            block[1] += right
            block[2] += 1
            block[3] = score
        else:
            blocks.append([score, float(right), 1, score])
        while len(blocks) > 1 and blocks[-1][2] >= minimum and _share(blocks[-2]) >= _share(blocks[-1]):
            last = blocks.pop()
            blocks[-1] = [*(a + b for a, b in zip(blocks[-1][:3], last[:3], strict=True)), last[3]]
    while len(blocks) > 1 and (blocks[-1][2] < minimum or _share(blocks[-2]) >= _share(blocks[-1])):
        last = blocks.pop()
        blocks[-1] = [*(a + b for a, b in zip(blocks[-1][:3], last[:3], strict=True)), last[3]]
    return [[round(block[0] / block[2], 3), round(_share(block), 3)] for block in blocks]


def reliability(judged: Iterable[tuple[float, bool]], *, bins: int = 5) -> list[Bin]:
    """Give bins of equal size, from low to high confidence."""
    rows = sorted(judged)
    size = max(1, -(-len(rows) // bins))
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    return [
        Bin(
            sum(score for score, _ in part) / len(part),
            sum(right for _, right in part) / len(part),
            len(part),
        )
        for part in parts
    ]


def left_out(judged: Sequence[Judged], *, folds: int = FOLDS) -> list[tuple[float, bool]]:
    """Give for each row the confidence that a fit without the reports of its part gives it, and its judgement."""
    from sequela.components.links.confidence import calibrated

    parts = {doc_id: number % folds for number, doc_id in enumerate(sorted({one.doc_id for one in judged}))}
    found = []
    for part in range(folds):
        points = fit_all(one for one in judged if parts[one.doc_id] != part)
        found += [
            (calibrated(one.score, points[one.points]), one.right)
            for one in judged
            if parts[one.doc_id] == part and one.points in points
        ]
    return found


def fit_all(judged: Iterable[Judged]) -> dict[str, list[list[float]]]:
    """Give the points for probabilities of the pair network and for scores of rules, where `FEWEST` rows have one."""
    numbers: dict[str, list[tuple[float, bool]]] = {}
    for one in judged:
        numbers.setdefault(one.points, []).append((one.score, one.right))
    return {points: fit(rows) for points, rows in sorted(numbers.items()) if len(rows) >= FEWEST}


def brier(judged: Iterable[tuple[float, bool]]) -> float:
    """Mean squared difference of confidence and judgement (Brier 1950); NaN without rows."""
    squares = [(confidence - right) ** 2 for confidence, right in judged]
    return sum(squares) / len(squares) if squares else math.nan


def judge_folder(folder: Path) -> list[Judged]:
    """Judge every row about a patient that the pipeline finds in the reports of a folder."""
    import sequela
    from sequela import attributes
    from sequela.components.links.confidence import raw_score
    from sequela.components.links.merging import merge
    from sequela.components.links.names import NameKeys
    from sequela.corpora.formats import read_corpus
    from sequela.evaluation.documents import claims, judge
    from sequela.evaluation.views import casebook_of

    nlp = sequela.load()
    judged = []
    for document in read_corpus(folder):
        doc = sequela.process(nlp, document.text, doc_id=document.doc_id)
        scores = {
            (one.best.drug.start, one.best.event.start, one.best.attribution): raw_score(one)
            for one in merge(attributes.get_links(doc), NameKeys(doc.ents))
        }
        rows = claims(sequela.triples(doc))
        matching = judge(casebook_of(document), rows).matching
        for right, places in ((True, matching.right_predicted), (False, matching.spurious)):
            for row in (rows[place] for place in sorted(places)):
                points, score = scores[row.drug_start, row.event_start, row.attribution]
                judged.append(
                    Judged(f"{folder.name}/{document.doc_id}", points, score, row.confidence, right)
                )
    return judged


def plot(bins: Sequence[Bin], path: Path) -> None:
    """Draw shares of right rows against confidences."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=_WEAK, linewidth=1, linestyle="--")
    for one in bins:
        low, high = one.interval
        axes.plot([one.confidence] * 2, [low, high], color=_COLOUR, linewidth=1.5)
        axes.plot([one.confidence], [one.share], marker="o", markersize=6, color=_COLOUR)
    axes.set(xlim=(0.4, 1), ylim=(0.4, 1), xlabel="confidence", ylabel="share of right rows (95 % interval)")
    axes.set_title(f"{sum(one.rows for one in bins)} rows of reports left out of the fit", fontsize=9)
    axes.set_aspect("equal")
    figure.savefig(path, dpi=120)


def _share(block: list[float]) -> float:
    return (block[1] + 1) / (block[2] + 2)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the points as JSON; print how reliable confidences are on reports that were left out."""
    parser = argparse.ArgumentParser(
        prog="python -m sequela.evaluation.calibration", description=main.__doc__
    )
    parser.add_argument("gold", type=Path, nargs="+", metavar="GOLD")
    parser.add_argument("-o", "--output", type=Path, help="the JSON file; standard output when left out")
    parser.add_argument("--plot", type=Path, help="a figure of the reliability (PNG, SVG)")
    options = parser.parse_args(arguments)
    judged = [one for folder in options.gold for one in judge_folder(folder)]
    honest = left_out(judged)
    bins = reliability(honest)
    print("| confidence | right | 95 % interval | rows |\n|---:|---:|---:|---:|", file=sys.stderr)
    for one in bins:
        low, high = one.interval
        print(
            f"| {one.confidence:.2f} | {one.share:.2f} | {low:.2f}–{high:.2f} | {one.rows} |", file=sys.stderr
        )
    before = brier((one.confidence, one.right) for one in judged)
    print(
        f"Mean squared error: {brier(honest):.3f} left out, {before:.3f} with the points before",
        file=sys.stderr,
    )
    known = (
        json.loads(options.output.read_text("utf-8")) if options.output and options.output.exists() else {}
    )
    text = json.dumps(known | fit_all(judged))
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    if options.plot:
        plot(bins, options.plot)


if __name__ == "__main__":
    main()
