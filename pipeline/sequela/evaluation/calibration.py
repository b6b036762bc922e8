"""Fit the table that turns link scores into confidences.

    python -m sequela.evaluation.calibration GOLD_FOLDER > pipeline/sequela/lexicons/link_confidence.json

``GOLD_FOLDER`` holds reports annotated in the casebook's JSON (`sequela.corpora.casebook`). The rows that claim
something about a patient are judged as in `sequela.evaluation.documents`; isotonic regression (pool adjacent
violators; Barlow et al. 1972) on score and judgement gives the points, with one right and one wrong row added to
every block, so that few rows never make a confidence of 0 or 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

MINIMUM = 12  # rows of a block


def fit(judged: Iterable[tuple[float, bool]], *, minimum: int = MINIMUM) -> list[list[float]]:
    """Give points (score, confidence), both rising.

    Parameters
    ----------
    judged
        Score of a row before calibration, and whether the row is right.
    minimum
        Rows with neighbouring scores are pooled until a block has this many.
    """
    blocks: list[list[float]] = []  # [sum of scores, right, rows]
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


def reliability(judged: Iterable[tuple[float, bool]], *, bins: int = 5) -> list[tuple[float, float, int]]:
    """Give mean confidence, share of right rows and number of rows, for bins of equal size."""
    rows = sorted(judged)
    size = max(1, -(-len(rows) // bins))
    table = []
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        table.append(
            (
                sum(score for score, _ in part) / len(part),
                sum(right for _, right in part) / len(part),
                len(part),
            )
        )
    return table


def judge_folder(folder: Path) -> list[tuple[float, float, bool]]:
    """Give raw score, confidence and judgement of every row about a patient that the pipeline finds."""
    import sequela
    from sequela import attributes
    from sequela.components.links.confidence import raw_score
    from sequela.components.links.merging import merge
    from sequela.components.links.names import NameKeys
    from sequela.corpora.casebook import casebook, read
    from sequela.evaluation.documents import claims, judge

    nlp = sequela.load()
    judged = []
    for document in read(folder):
        doc = nlp.make_doc(document.text)
        attributes.set_meta(doc, {"doc_id": document.doc_id})
        doc = nlp(doc)
        scores = {
            (one.best.drug.start, one.best.event.start, one.best.attribution): raw_score(one)
            for one in merge(attributes.get_links(doc), NameKeys(doc))
        }
        rows = claims(sequela.triples(doc))
        matching = judge(casebook(document), rows).matching
        for right, places in ((True, matching.right_predicted), (False, matching.spurious)):
            judged += [
                (scores[row.drug_start, row.event_start, row.attribution], row.confidence, right)
                for row in (rows[place] for place in places)
            ]
    return judged


def _share(block: list[float]) -> float:
    return (block[1] + 1) / (block[2] + 2)


def main() -> None:
    """Print the table as JSON, and how reliable the confidences were before on standard error."""
    judged = judge_folder(Path(sys.argv[1]))
    for confidence, share, rows in reliability((confidence, right) for _, confidence, right in judged):
        print(f"confidence {confidence:.2f}: {share:.2f} of {rows} rows right", file=sys.stderr)
    print(json.dumps({"points": fit((score, right) for score, _, right in judged)}))


if __name__ == "__main__":
    main()
