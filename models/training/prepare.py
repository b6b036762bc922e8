"""Corpora → token arrays for training.

    python -m training.prepare CORPORA_DIR -o runs/data

Run from the folder ``models``. Writes ``tokens.npz`` (everything the trainers need, words as numbers),
``types.json`` (the words) and ``texts.txt`` (running text for masked-language adaptation). No text of a dev
split, under whatever corpus it comes, enters training; see `held_out`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import spacy

from sequela.components.features import (
    MAX_NGRAMS,
    Gazetteer,
    ngram_ids,
    norm,
    shape_id,
)
from sequela.components.sentences import Sentences
from sequela.components.tokenizer import create_tokenizer
from sequela.corpora import brat, phee, pubtator
from sequela.corpora.document import Document

from .names import drug_names, event_names
from .scheme import BIORED_LABELS, HEADS, MACCROBAT_LABELS, UNKNOWN, encode

CHUNK = 128  # tokens; the teacher's window
SHINGLE = 10  # words that two texts must share to be called the same text
VOCABULARY = 40_000
DRUG_LABELS = frozenset({"Drug", "DRUG", "Chemical"})
EVENT_LABELS = frozenset({"Effect", "Disorder", "SYMPTOM", "Disease"})
CORPORA = ("phee", "maccrobat", "bc5cdr", "biored", "e3c")


@dataclass
class Tokens:
    """A tokenised stretch of text; ``heads`` holds tag numbers where the corpus annotates the head."""

    doc_id: str
    corpus: str
    split: str  # train, dev, silver (unannotated), augmented
    words: list[str]
    spaces: list[bool]
    heads: dict[str, npt.NDArray[np.int8]] = field(default_factory=dict)
    sentence_starts: set[int] = field(default_factory=set)


def read_corpora(folder: Path) -> Iterator[tuple[str, str, Document, dict[str, list[tuple[int, int, str]]]]]:
    """Give (corpus, split, document, spans by head) of every annotated document."""
    phee_heads = [head for head in HEADS if head.startswith("phee")]
    for split in ("train", "dev"):
        for doc in phee.read(folder / "phee2" / f"{split}.json"):
            spans = {
                head: [(e.start, e.end, e.label) for e in doc.entities if e.label in HEADS[head]]
                for head in phee_heads
            }
            yield "phee", split, doc, spans
    splits = json.loads((folder / "maccrobat2020" / "splits.json").read_text(encoding="utf-8"))
    split_of = {doc_id: split for split, ids in splits.items() for doc_id in ids}
    for doc in brat.read(folder / "maccrobat2020"):
        labelled = [
            (e.start, e.end, MACCROBAT_LABELS[e.label]) for e in doc.entities if e.label in MACCROBAT_LABELS
        ]
        yield "maccrobat", split_of[doc.doc_id], doc, {"maccrobat": labelled}
    files = {
        "bc5cdr": {"train": "CDR_TrainingSet.PubTator.txt", "dev": "CDR_DevelopmentSet.PubTator.txt"},
        "biored": {"train": "Train.PubTator", "dev": "Dev.PubTator"},
    }
    for corpus, by_split in files.items():
        for split, name in by_split.items():
            for doc in pubtator.read(folder / corpus / name):
                labels = [(e.start, e.end, BIORED_LABELS.get(e.label, e.label)) for e in doc.entities]
                yield corpus, split, doc, {"bc5cdr": [s for s in labels if s[2] in HEADS["bc5cdr"]]}


def pmid(doc_id: str) -> str:
    """PubMed id of a document: PHEE's ids are ``<pmid>_<sentence>``."""
    return doc_id.split("_")[0]


def shingles(text: str) -> set[int]:
    """Hashes of all runs of `SHINGLE` words."""
    words = re.findall(r"\w+", text.lower())
    return {hash(tuple(words[i : i + SHINGLE])) for i in range(len(words) - SHINGLE + 1)}


def tokenise(
    nlp: spacy.language.Language,
    splitter: Sentences,
    text: str,
    spans: dict[str, list[tuple[int, int, str]]],
) -> Iterator[tuple[list[str], list[bool], dict[str, npt.NDArray[np.int8]], set[int]]]:
    """Cut a text into chunks of whole sentences of at most about `CHUNK` tokens, with their tags."""
    doc = nlp.make_doc(text)
    starts = [*splitter.find_starts(doc), len(doc)]
    tagged = {}
    for head, found in spans.items():
        token_spans = []
        for start, end, label in found:
            span = doc.char_span(start, end, alignment_mode="expand")
            if span is not None and len(span):
                token_spans.append((span.start, span.end, label))
        tagged[head] = encode(len(doc), token_spans, HEADS[head])
    begin = 0
    for sentence, after in zip(starts[1:], [*starts[2:], None], strict=True):
        if after is not None and after - begin <= CHUNK:
            continue
        # white space is no token to the tagger
        keep = [i for i in range(begin, sentence) if not doc[i].is_space]
        if keep:
            position = {i: n for n, i in enumerate(keep)}
            heads = {head: row[keep] for head, row in tagged.items()}
            sentence_starts = {position[i] for i in starts if i in position}
            yield (
                [doc[i].text for i in keep],
                [bool(doc[i].whitespace_) for i in keep],
                heads,
                sentence_starts,
            )
        begin = sentence


def misleading(names: frozenset[str], labels: frozenset[str], annotated: list[Tokens]) -> set[str]:
    """Give the names that the annotated train texts hold three times or more, mostly outside the labels."""
    gazetteer = Gazetteer(names)
    seen: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for chunk in annotated:
        heads = [head for head in chunk.heads if labels & set(HEADS[head])]
        if not heads:
            continue
        lowered = [word.lower() for word in chunk.words]
        for start, end in gazetteer.find(lowered):
            name = " ".join(lowered[start:end])
            seen[name] += 1
            for head in heads:
                tag = int(chunk.heads[head][start])
                if tag > 0 and HEADS[head][(tag - 1) // 4] in labels:
                    right[name] += 1
                    break
    return {name for name, n in seen.items() if n >= 3 and right[name] < 0.4 * n}


def replaced(
    tokens: Tokens, names: dict[str, list[str]], rng: random.Random, split: Callable[[str], list[str]]
) -> Tokens:
    """Give a copy with drug and disease names exchanged for others, tags kept: the tagger meets more names.

    A name is exchanged for the same other name throughout the chunk.
    """
    kind_of = {"Drug": "drug", "DRUG": "drug", "Chemical": "drug", "Disease": "event"}
    found: dict[int, tuple[int, str]] = {}
    for head, row in tokens.heads.items():
        labels = HEADS[head]
        i = 0
        while i < len(row):
            j = i + 1
            if row[i] > 0:
                label = labels[(row[i] - 1) // 4]
                while j < len(row) and row[j] > 0 and (row[j] - 1) % 4 in (1, 2):
                    j += 1
                if label in kind_of:
                    found.setdefault(i, (j, kind_of[label]))
            i = j
    chosen: dict[str, list[str]] = {}
    words: list[str] = []
    spaces: list[bool] = []
    heads: dict[str, list[int]] = {head: [] for head in tokens.heads}
    i = 0
    while i < len(tokens.words):
        if i not in found:
            words.append(tokens.words[i])
            spaces.append(tokens.spaces[i])
            for head, row in tokens.heads.items():
                heads[head].append(int(row[i]))
            i += 1
            continue
        j, kind = found[i]
        old = " ".join(tokens.words[i:j])
        if old not in chosen:
            chosen[old] = split(rng.choice(names[kind])) if rng.random() < 0.7 else tokens.words[i:j]
            if old[:1].isupper() and chosen[old][0].islower():
                chosen[old] = [chosen[old][0].capitalize(), *chosen[old][1:]]
        new = chosen[old]
        words += new
        spaces += [True] * (len(new) - 1) + [tokens.spaces[j - 1]]
        for head, row in tokens.heads.items():
            heads[head] += _stretched([int(tag) for tag in row[i:j]], len(new))
        i = j
    arrays = {head: np.array(row, dtype=np.int8) for head, row in heads.items()}
    return Tokens(tokens.doc_id, tokens.corpus, "augmented", words, spaces, arrays)


def _stretched(tags: list[int], length: int) -> list[int]:
    """Spread the BIOES tags of a mention over another number of tokens."""
    if len(tags) == length:
        return tags
    first, last = tags[0], tags[-1]
    if first == 0 or last == 0:
        return [first if first == last else 0] * length
    base = first - (first - 1) % 4
    begins, ends = (first - 1) % 4 in (0, 3), (last - 1) % 4 in (2, 3)
    if length == 1:
        return [base + (3 if begins and ends else 0 if begins else 2 if ends else 1)]
    return [base if begins else base + 1, *[base + 1] * (length - 2), base + 2 if ends else base + 1]


def read_silver(folder: Path) -> Iterator[tuple[str, str]]:
    """Give (id, text) of the unannotated reports that are not dev data."""
    with gzip.open(folder / "e3c_raw" / "case_reports.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if not row.get("casebook_dev"):
                yield row["id"], row["text"]


def gather(folder: Path, seed: int) -> tuple[list[Tokens], list[str], dict[str, list[str]]]:
    """Read, cut and augment everything; gives chunks, the running texts that training may see, and the name lists."""
    nlp = spacy.blank("en")
    nlp.tokenizer = create_tokenizer(nlp)
    splitter = Sentences(overwrite=True)
    rng = random.Random(seed)
    everything = list(read_corpora(folder))
    dev_pmids = {corpus: set() for corpus in CORPORA}
    dev_shingles: set[int] = set()
    for corpus, split, doc, _ in everything:
        if split == "dev":
            dev_pmids[corpus].add(pmid(doc.doc_id))
            dev_shingles |= shingles(doc.text)
    for path in sorted((folder / "casebook_dev").glob("*.txt")):
        dev_shingles |= shingles(path.read_text(encoding="utf-8"))
    # A text that is dev in one corpus is held out of every other. PHEE's own split cuts abstracts into sentences.
    dropped: Counter[str] = Counter()
    chunks: list[Tokens] = []
    texts: list[str] = []

    def add(
        corpus: str, split: str, doc_id: str, text: str, spans: dict[str, list[tuple[int, int, str]]]
    ) -> None:
        for words, spaces, heads, starts in tokenise(nlp, splitter, text, spans):
            chunks.append(Tokens(doc_id, corpus, split, words, spaces, heads, starts))

    for corpus, split, doc, spans in everything:
        if split == "train":
            elsewhere = {p for other, pmids in dev_pmids.items() if other != corpus for p in pmids}
            if pmid(doc.doc_id) in elsewhere or shingles(doc.text) & dev_shingles:
                dropped[corpus] += 1
                continue
            texts.append(doc.text)
        add(corpus, split, doc.doc_id, doc.text, spans)
    for doc_id, text in read_silver(folder):
        if shingles(text) & dev_shingles:
            dropped["e3c"] += 1
            continue
        texts.append(text)
        add("e3c", "silver", doc_id, text, {})
    print("dropped because a dev split holds the same text:", dict(dropped))

    names = {"drug": drug_names(), "event": event_names()}
    annotated = [chunk for chunk in chunks if chunk.split == "train"]
    for kind, labels in (("drug", DRUG_LABELS), ("event", EVENT_LABELS)):
        names[kind] -= misleading(names[kind], labels, annotated)
        print(len(names[kind]), kind, "names")
    ordered = {kind: sorted(found) for kind, found in names.items()}

    def split_name(name: str) -> list[str]:
        return [token.text for token in nlp.make_doc(name)]

    chunks += [replaced(chunk, ordered, rng, split_name) for chunk in annotated]
    # the unannotated reports again, with the drugs and findings that the lexicons know exchanged
    gazetteers = {"Chemical": Gazetteer(ordered["drug"]), "Disease": Gazetteer(ordered["event"])}
    for chunk in [chunk for chunk in chunks if chunk.split == "silver"]:
        lowered = [word.lower() for word in chunk.words]
        spans = [(b, e, label) for label, g in gazetteers.items() for b, e in g.find(lowered)]
        if spans:
            marked = encode(len(lowered), spans, HEADS["bc5cdr"])
            copy = replaced(
                Tokens(chunk.doc_id, "e3c", "silver", chunk.words, chunk.spaces, {"bc5cdr": marked}),
                ordered,
                rng,
                split_name,
            )
            copy.heads, copy.split = {}, "silver"
            chunks.append(copy)
    return chunks, texts, ordered


def write(chunks: list[Tokens], texts: list[str], names: dict[str, list[str]], out: Path) -> None:
    """Write the arrays. Shapes: tokens in one row, ``offsets`` cut it into chunks; −1 where a head is unknown."""
    out.mkdir(parents=True, exist_ok=True)
    counts = Counter(norm(word) for chunk in chunks for word in chunk.words if chunk.split != "dev")
    # in alphabetical order: that of the texts would tell of them
    vocabulary = sorted(word for word, n in counts.most_common(VOCABULARY) if n >= 2)
    word_id = {word: i + 1 for i, word in enumerate(vocabulary)}  # 0: not in the vocabulary
    types = sorted({word for chunk in chunks for word in chunk.words})
    type_id = {word: i for i, word in enumerate(types)}
    ngrams = np.full((len(types), MAX_NGRAMS), -1, dtype=np.int32)
    for i, word in enumerate(types):
        ids = ngram_ids(word)
        ngrams[i, : len(ids)] = ids
    drug, event = Gazetteer(names["drug"]), Gazetteer(names["event"])
    rows: dict[str, list[npt.NDArray[np.int8]]] = {head: [] for head in HEADS}
    flags: list[npt.NDArray[np.uint8]] = []
    sentence: list[npt.NDArray[np.int8]] = []
    for chunk in chunks:
        n = len(chunk.words)
        for head, collected in rows.items():
            collected.append(chunk.heads.get(head, np.full(n, UNKNOWN, dtype=np.int8)))
        lowered = [word.lower() for word in chunk.words]
        flags.append(np.stack([drug.flags(lowered), event.flags(lowered)]))
        starts = np.zeros(n, dtype=np.int8)
        starts[sorted(chunk.sentence_starts)] = 1
        sentence.append(starts)
    np.savez_compressed(
        out / "tokens.npz",
        types=np.concatenate([[type_id[w] for w in chunk.words] for chunk in chunks]).astype(np.int32),
        spaces=np.concatenate([chunk.spaces for chunk in chunks]).astype(bool),
        offsets=np.cumsum([0, *(len(chunk.words) for chunk in chunks)]).astype(np.int64),
        corpus=np.array([CORPORA.index(chunk.corpus) for chunk in chunks], dtype=np.int8),
        split=np.array(
            [("train", "dev", "silver", "augmented").index(chunk.split) for chunk in chunks], dtype=np.int8
        ),
        flags=np.concatenate(flags, axis=1),
        sentence_starts=np.concatenate(sentence),
        type_ngrams=ngrams,
        type_shape=np.array([shape_id(word) for word in types], dtype=np.int16),
        type_word=np.array([word_id.get(norm(word), 0) for word in types], dtype=np.int32),
        **{f"head_{head}": np.concatenate(collected) for head, collected in rows.items()},
    )
    (out / "types.json").write_text(json.dumps(types, ensure_ascii=False), encoding="utf-8")
    (out / "vocabulary.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    (out / "heads.json").write_text(json.dumps(HEADS), encoding="utf-8")
    (out / "texts.txt").write_text(
        "\n".join(" ".join(text.split()) for text in texts) + "\n", encoding="utf-8"
    )
    for kind, found in names.items():
        (out / f"{kind}_names.txt").write_text("\n".join(found) + "\n", encoding="utf-8")
    for split in ("train", "dev", "silver", "augmented"):
        those = [chunk for chunk in chunks if chunk.split == split]
        print(split, len(those), "chunks", sum(len(chunk.words) for chunk in those), "tokens")
    print(len(types), "types", len(vocabulary), "in the vocabulary")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    write(*gather(options.corpora, options.seed), options.output)


if __name__ == "__main__":
    main()
