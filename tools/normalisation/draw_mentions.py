"""Draw extracted drugs or events at random, with the terms that they get now, to be judged by hand.

    python tools/normalisation/draw_mentions.py event triples.csv --half second --seed 11 > drawn.tsv
    python tools/normalisation/score_judged.py drawn.tsv   # after a judgement was put before each line

Distinct mentions (whatever their case) of rows about the patient or another case are drawn. The terms are those
of the present code, not those of the files. Reports fall into two halves by their id: on the mentions of the first
rules and tables may be changed, from the second is drawn.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import random
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from sequela.components.terms.drugs import normalise_drug
from sequela.components.terms.events import normalise_event
from sequela.schema import Attribution, Term

ATTRIBUTIONS = frozenset((Attribution.INDEX_PATIENT.value, Attribution.OTHER_CASE.value))
HALVES = ("first", "second")
FIND: dict[str, Callable[[str], Term | None]] = {"drug": normalise_drug, "event": normalise_event}


def main() -> None:
    """Print mention, name, code, score and sentence, one a line, separated by tabs; on stderr the share coded."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("column", choices=sorted(FIND))
    parser.add_argument("triples", type=Path, nargs="+")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--half", choices=HALVES, help="both when left out")
    parser.add_argument("--without", type=Path, nargs="*", default=[], help="earlier draws: not drawn again")
    arguments = parser.parse_args()
    mentions = distinct_mentions(arguments.column, arguments.triples, arguments.half)
    for path in arguments.without:
        for line in path.read_text(encoding="utf-8").splitlines():
            mentions.pop(line.split("\t")[0].lower(), None)
    drawn = random.Random(arguments.seed).sample(sorted(mentions), min(arguments.count, len(mentions)))
    find = FIND[arguments.column]
    rows = [(mentions[key][0], find(mentions[key][0]), mentions[key][1]) for key in sorted(drawn)]
    for mention, term, sentence in rows:
        told = (term.name, term.code, f"{term.score:.2f}") if term else ("", "", "")
        print(mention, *told, sentence, sep="\t")
    coded = sum(term is not None for _, term, _ in rows)
    print(f"{coded} of {len(rows)} coded ({coded / max(len(rows), 1):.3f})", file=sys.stderr)


def distinct_mentions(column: str, files: Iterable[Path], half: str | None) -> dict[str, tuple[str, str]]:
    """Give for each mention, in lower case, how it is written first, and its sentence."""
    mentions: dict[str, tuple[str, str]] = {}
    for path in files:
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                if row["attribution"] in ATTRIBUTIONS and half in (None, half_of(row["doc_id"])):
                    mention = " ".join(row[column].split())
                    mentions.setdefault(mention.lower(), (mention, " ".join(row["sentence"].split())))
    return mentions


def half_of(doc_id: str) -> str:
    """Give the half that a report falls into."""
    return HALVES[int(hashlib.sha256(doc_id.encode()).hexdigest(), 16) % 2]


if __name__ == "__main__":
    main()
