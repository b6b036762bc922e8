"""Annotated reactions and the corpora they were annotated in → folders of reports in the casebook's JSON.

    python -m training.reactions CORPORA -o runs/reactions

Run from the folder ``models``. ``corpora/reactions/reactions.jsonl`` holds places and values, no text: the texts are
taken from ``e3c_raw`` and ``maccrobat2020`` of the folder CORPORA and compared with their hashes. Writes the folders
``train``, ``held_out`` and ``held_out_second`` (the second annotator's). Reports to train on that have ten words in a
row in common with a dev split or with a report held out are left out (`training.prepare.shingles`).
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .prepare import read_corpora, shingles

ANNOTATIONS = Path(__file__).parents[2] / "corpora" / "reactions" / "reactions.jsonl"
TRAIN, HELD_OUT = "train", "held_out"


def read_texts(corpora: Path) -> dict[tuple[str, str], str]:
    """Give the texts by corpus and id."""
    texts = {}
    with gzip.open(
        corpora / "e3c_raw" / "case_reports.jsonl.gz", "rt", encoding="utf-8", newline="\n"
    ) as lines:
        for row in map(json.loads, lines):
            texts["e3c", row["id"]] = row["text"]
    for path in (corpora / "maccrobat2020").glob("*.txt"):
        texts["maccrobat", path.stem] = path.read_bytes().decode("utf-8")
    return texts


def casebook_of(row: dict[str, Any], text: str) -> dict[str, Any]:
    """Give the annotation of a report with its words in the place of their offsets."""

    def words(place: list[int] | None) -> str | None:
        return text[slice(*place)] if place else None

    def all_words(places: list[list[int]]) -> list[str]:
        return [text[slice(*place)] for place in places]

    return {
        "doc_id": row["id"],
        "reactions": [
            {
                "drug": words(one["drug"]),
                "drug_aliases": all_words(one["drug_aliases"]),
                "event": words(one["event"]),
                "event_aliases": all_words(one["event_aliases"]),
                "onset": words(one["onset"]),
                "onset_iso": one["onset_iso"],
                "onset_anchor": one["onset_anchor"],
                "patient": one["patient"],
                "dose": None,
                "body_sites": [],
                "outcome": "unknown",
                "dechallenge": "unknown",
                "rechallenge": "unknown",
                "evidence": words(one["event"]),
                "certain": one["certain"],
            }
            for one in row["reactions"]
        ],
        "background": [{"drug": words(drug), "event": words(event)} for drug, event in row["background"]],
        "treatment_drugs": all_words(row["treatment_drugs"]),
    }


def held_shingles(corpora: Path) -> set[int]:
    """Give the runs of words of every text of a dev split."""
    found: set[int] = set()
    for _, split, doc, _ in read_corpora(corpora):
        if split == "dev":
            found |= shingles(doc.text)
    for path in (corpora / "casebook_dev").glob("*.txt"):
        found |= shingles(path.read_text(encoding="utf-8"))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the folders; say how many reports each has, and how many were left out."""
    parser = argparse.ArgumentParser(prog="python -m training.reactions", description=main.__doc__)
    parser.add_argument("corpora", type=Path, metavar="CORPORA")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    texts = read_texts(options.corpora)
    rows = [json.loads(line) for line in ANNOTATIONS.read_text(encoding="utf-8").splitlines()]
    held = held_shingles(options.corpora)
    for row in rows:
        text = texts.get((row["corpus"], row["id"]))
        if text is None or hashlib.sha256(text.encode()).hexdigest()[:16] != row["text_sha256"]:
            sys.exit(f"{row['corpus']} has another text of {row['id']}, or none: the annotations do not fit")
        if row["part"] == HELD_OUT:
            held |= shingles(text)
    counts: Counter[str] = Counter()
    for row in rows:
        text = texts[row["corpus"], row["id"]]
        if row["part"] == TRAIN and shingles(text) & held:
            counts["left out of train"] += 1
            continue
        folder = options.output / row["part"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{row['id']}.txt").write_bytes(text.encode())
        annotation = json.dumps(casebook_of(row, text), ensure_ascii=False, indent=1)
        (folder / f"{row['id']}.json").write_text(annotation, encoding="utf-8")
        counts[row["part"]] += 1
    for part, number in counts.items():
        print(f"{part}: {number} reports")


if __name__ == "__main__":
    main()
