"""What the trainers share: the token arrays, batches, decoding, and a quick strict F1 on dev.

Plain numpy, so that a training machine needs torch and nothing of sequela. The figures printed while training
are for choosing; the published ones come from ``sequela evaluate``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

CORPORA = ("phee", "maccrobat", "bc5cdr", "biored", "e3c")
TRAIN, DEV, SILVER, AUGMENTED = range(4)
SCORED = {"phee": "phee", "maccrobat": "maccrobat", "bc5cdr": "bc5cdr"}
SCORED_LABELS = {"maccrobat": {"DRUG", "DOSE", "SYMPTOM", "BODY_SITE", "TIME"}}


@dataclass
class Data:
    """The arrays of ``tokens.npz``; see `training.prepare.write` for shapes."""

    arrays: dict[str, npt.NDArray[np.generic]]
    heads: dict[str, list[str]]
    words: list[str]

    @classmethod
    def read(cls, folder: Path) -> Data:
        """Read the folder that ``prepare`` wrote."""
        with np.load(folder / "tokens.npz") as loaded:
            arrays = {name: loaded[name] for name in loaded.files}
        return cls(
            arrays,
            json.loads((folder / "heads.json").read_text(encoding="utf-8")),
            json.loads((folder / "types.json").read_text(encoding="utf-8")),
        )

    def __getattr__(self, name: str) -> npt.NDArray[np.generic]:
        try:
            return self.arrays[name]
        except KeyError:
            raise AttributeError(name) from None

    def chunks(self, *splits: int, corpus: str | None = None) -> npt.NDArray[np.int64]:
        """Numbers of the chunks of these splits."""
        keep = np.isin(self.split, splits)
        if corpus is not None:
            keep &= self.corpus == CORPORA.index(corpus)
        return np.flatnonzero(keep)

    def types_of(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Type numbers of tokens."""
        return self.arrays["types"][positions].astype(np.int64)

    def length(self, chunk: int) -> int:
        """Tokens of a chunk."""
        return int(self.offsets[chunk + 1] - self.offsets[chunk])

    def columns(self) -> dict[str, slice]:
        """Columns of each head when the tags of all heads stand side by side."""
        columns, start = {}, 0
        for head, labels in self.heads.items():
            columns[head] = slice(start, start + 1 + 4 * len(labels))
            start += 1 + 4 * len(labels)
        return columns


def batches(
    data: Data,
    chunks: npt.NDArray[np.int64],
    tokens: int,
    rng: np.random.Generator | None,
    longest: int = 256,
) -> Iterator[npt.NDArray[np.int64]]:
    """Give groups of chunks of like length whose padded size is at most ``tokens``; shuffled with ``rng``."""
    lengths = np.minimum(data.offsets[chunks + 1] - data.offsets[chunks], longest)
    noise = rng.uniform(0, 8, len(chunks)) if rng is not None else np.zeros(len(chunks))
    order = chunks[np.argsort(lengths + noise, kind="stable")]
    groups: list[npt.NDArray[np.int64]] = []
    start = 0
    while start < len(order):
        end, widest = start, 1
        while end < len(order):
            widest = max(widest, min(data.length(int(order[end])), longest))
            if end > start and widest * (end - start + 1) > tokens:
                break
            end += 1
        groups.append(order[start:end])
        start = end
    if rng is not None:
        rng.shuffle(groups)  # type: ignore[arg-type]
    yield from groups


def padded(
    data: Data, group: npt.NDArray[np.int64], longest: int = 256
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Give the token positions of a group, shape (chunks, longest chunk), and the mask of real ones."""
    starts = data.offsets[group]
    lengths = np.minimum(data.offsets[group + 1] - starts, longest)
    steps = np.arange(int(lengths.max()))
    mask = steps[None, :] < lengths[:, None]
    positions = np.where(mask, starts[:, None] + steps[None, :], starts[:, None])
    return positions, mask


def transitions(labels: Sequence[str]) -> npt.NDArray[np.float32]:
    """Give the BIOES transition scores of a head: 0 where allowed, −1e4 where not; shape (tags, tags)."""
    n = 1 + 4 * len(labels)
    allowed = np.zeros((n, n), dtype=bool)
    for a in range(n):
        inside = a > 0 and (a - 1) % 4 in (0, 1)  # B and I go on
        for b in range(n):
            if inside:
                allowed[a, b] = b > 0 and (b - 1) // 4 == (a - 1) // 4 and (b - 1) % 4 in (1, 2)
            else:
                allowed[a, b] = b == 0 or (b - 1) % 4 in (0, 3)
    return np.where(allowed, 0, -1e4).astype(np.float32)


def viterbi(scores: npt.NDArray[np.float32], between: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Give the best allowed tag sequence of one chunk; ``scores`` are log-probabilities (tokens, tags)."""
    n, tags = scores.shape
    starts = np.array([t == 0 or (t - 1) % 4 in (0, 3) for t in range(tags)])
    ends = np.array([t == 0 or (t - 1) % 4 in (2, 3) for t in range(tags)])
    best = np.where(starts, scores[0], -1e4)
    back = np.zeros((n, tags), dtype=np.int64)
    for i in range(1, n):
        paths = best[:, None] + between
        back[i] = paths.argmax(0)
        best = paths.max(0) + scores[i]
    path = np.zeros(n, dtype=np.int64)
    path[-1] = int(np.where(ends, best, -1e9).argmax())
    for i in range(n - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    return path


def spans(tags: npt.NDArray[np.generic], labels: Sequence[str]) -> set[tuple[int, int, str]]:
    """Decode BIOES tag numbers to token spans; broken sequences give nothing."""
    found = set()
    start = None
    for i, tag in enumerate(int(t) for t in tags):
        if tag <= 0:
            start = None
            continue
        kind = (tag - 1) % 4
        if kind in (0, 3):
            start = i
        if kind in (2, 3) and start is not None:
            found.add((start, i + 1, labels[(tag - 1) // 4]))
            start = None
    return found


def score(
    data: Data, chunks: npt.NDArray[np.int64], log_probabilities: dict[int, npt.NDArray[np.float32]]
) -> dict[str, float]:
    """Give strict F1 per corpus and label of the dev chunks. ``log_probabilities``: chunk → (tokens, all tags)."""
    columns = data.columns()
    between = {head: transitions(labels) for head, labels in data.heads.items()}
    counts: dict[tuple[str, str], list[int]] = {}
    for chunk in chunks:
        corpus = CORPORA[int(data.corpus[chunk])]
        where = slice(int(data.offsets[chunk]), int(data.offsets[chunk + 1]))
        for head, labels in data.heads.items():
            gold_tags = data.arrays[f"head_{head}"][where]
            if gold_tags[0] < 0:
                continue
            log_p = log_probabilities[int(chunk)][:, columns[head]]
            predicted = spans(viterbi(log_p, between[head]), labels)
            gold = spans(gold_tags, labels)
            for label in labels:
                g = {s for s in gold if s[2] == label}
                p = {s for s in predicted if s[2] == label}
                row = counts.setdefault((corpus, label), [0, 0, 0])
                row[0] += len(g & p)
                row[1] += len(p)
                row[2] += len(g)
    result = {}
    for corpus in SCORED:
        total = np.zeros(3)
        for (c, label), row in counts.items():
            if c == corpus and label in SCORED_LABELS.get(corpus, {label}):
                total += row
                result[f"{corpus}/{label}"] = 2 * row[0] / max(1, row[1] + row[2])
        if total[2]:
            result[corpus] = float(2 * total[0] / max(1, total[1] + total[2]))
    return result
