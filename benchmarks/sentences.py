"""Sentence boundaries against the line breaks of MACCROBAT, beside spaCy's sentencizer and pySBD.

    python benchmarks/sentences.py MACCROBAT_FOLDER

MACCROBAT has one sentence a line; the lines are joined by blanks and the splitters must find them again. pySBD
comes with scispaCy. Prints a Markdown table: precision, recall, F1 of sentence starts, words a second of processor
time.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import pysbd
import spacy

from sequela.components.sentences import Sentences
from sequela.components.tokenizer import create_tokenizer

Splitter = Callable[[str], set[int]]


def splitters() -> dict[str, Splitter]:
    """Give the splitters: from a text to the offsets where sentences start."""
    nlp = spacy.blank("en")
    nlp.tokenizer = create_tokenizer(nlp)
    ours = Sentences(overwrite=True)
    plain = spacy.blank("en")
    plain.add_pipe("sentencizer")
    segmenter = pysbd.Segmenter(language="en", clean=False, char_span=True)

    def sequela(text: str) -> set[int]:
        doc = nlp.make_doc(text)
        return {doc[i].idx for i in ours.find_starts(doc)}

    return {
        "sequela": sequela,
        "spaCy sentencizer": lambda text: {sent.start_char for sent in plain(text).sents},
        "pySBD": lambda text: {span.start for span in segmenter.segment(text)},
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", default="dev")
    options = parser.parse_args()
    ids = json.loads((options.folder / "splits.json").read_text(encoding="utf-8"))[options.split]
    reports = []
    for doc_id in ids:
        text = (options.folder / f"{doc_id}.txt").read_text(encoding="utf-8")
        reports.append([line.strip() for line in text.splitlines() if line.strip()])
    print("| splitter | P | R | F1 | words/s |\n|---|---:|---:|---:|---:|")
    for name, split in splitters().items():
        right = found = wanted = words = 0
        began = time.process_time()
        for lines in reports:
            starts, position = set(), 0
            for line in lines:
                starts.add(position)
                position += len(line) + 1
            text = " ".join(lines)
            given = split(text) - {0}
            starts -= {0}
            words += len(text.split())
            right, found, wanted = right + len(starts & given), found + len(given), wanted + len(starts)
        rate = words / (time.process_time() - began)
        p, r = right / found, right / wanted
        print(f"| {name} | {p:.3f} | {r:.3f} | {2 * p * r / (p + r):.4f} | {rate:,.0f} |")


if __name__ == "__main__":
    main()
