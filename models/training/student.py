"""Train the shipped network on gold tags and the teacher's probabilities.

    python -m training.student runs/data runs/teacher -o runs/student

A word enters as its vocabulary vector, the mean of its n-gram vectors and its shape: a function of the word
alone, which running caches. Residual convolutions with growing dilation and self-attention mix the words; each
annotation scheme has a linear head. Loss per token and head: cross-entropy against the gold tag where there is
one, else against the teacher's distribution (Hinton et al. 2015, arXiv 1503.02531); on gold tokens a weighted
mean of both.
Switches of the configuration for ablations: ``silver``, ``teacher``, ``flags``.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from .arrays import AUGMENTED, DEV, SILVER, TRAIN, Data, batches, padded, score

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Convolution(nn.Module):
    """Residual: layer norm, convolution over three words, maxout of two pieces."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.conv = nn.Conv1d(width, 2 * width, 3, padding=dilation, dilation=dilation)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Shapes: x (chunks, words, width), mask (chunks, words)."""
        inner = self.conv((self.norm(x) * mask.unsqueeze(-1)).transpose(1, 2)).transpose(1, 2)
        half = inner.shape[-1] // 2
        return x + self.dropout(torch.maximum(inner[..., :half], inner[..., half:]))


class Attention(nn.Module):
    """Residual: layer norm, self-attention within the chunk (Vaswani et al. 2017, arXiv 1706.03762)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Shapes: x (chunks, words, width), mask (chunks, words)."""
        chunks, words, width = x.shape
        three = self.project(self.norm(x)).view(chunks, words, 3, self.heads, width // self.heads)
        query, key, value = three.permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask.bool()[:, None, None, :]
        )
        return x + self.dropout(self.output(seen.transpose(1, 2).reshape(chunks, words, width)))


class Student(nn.Module):
    """The network of `sequela.components.network`, for training."""

    def __init__(self, config: dict[str, object], sizes: dict[str, int], tags: int) -> None:
        super().__init__()
        width, static = int(config["width"]), int(config["static"])  # type: ignore[call-overload]
        dropout = float(config["dropout"])  # type: ignore[arg-type]
        self.word = nn.Embedding(sizes["words"], static)
        self.ngram = nn.Embedding(sizes["ngrams"] + 1, static, padding_idx=sizes["ngrams"])
        self.shape = nn.Embedding(sizes["shapes"], 32)
        for table in (self.word, self.ngram, self.shape):
            nn.init.normal_(table.weight, std=0.1)
        with torch.no_grad():
            self.ngram.weight[-1] = 0
            self.word.weight[0] = 0
        self.mix = nn.Linear(2 * static + 32, 2 * width)
        self.flags = nn.Embedding(6, width)
        nn.init.normal_(self.flags.weight, std=0.02)
        self.blocks = nn.ModuleList(
            Attention(width, width // 64, dropout)
            if kind == "attention"
            else Convolution(width, int(kind), dropout)
            for kind in config["blocks"]  # type: ignore[attr-defined]
        )
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, tags)
        self.dropout = nn.Dropout(dropout)
        self.word_dropout = float(config["word_dropout"])  # type: ignore[arg-type]

    def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Give logits, shape (chunks, words, tags)."""
        words = batch["word"]
        if self.training and self.word_dropout:
            words = words * (torch.rand(words.shape, device=words.device) >= self.word_dropout)
        grams = self.ngram(batch["ngrams"]).sum(2) / batch["counts"].unsqueeze(-1)
        static = torch.cat([self.word(words), grams, self.shape(batch["shape"])], -1)
        mixed = self.mix(self.dropout(static))
        half = mixed.shape[-1] // 2
        x = torch.maximum(mixed[..., :half], mixed[..., half:])
        flags = batch["flags"]
        if self.training:
            flags = flags * (torch.rand(flags.shape[0], 1, 1, device=flags.device) >= 0.2)
        x = x + self.flags(flags[..., 0]) + self.flags(flags[..., 1] + 3)
        for block in self.blocks:
            x = block(x, batch["mask"])
        x = self.norm(x)
        return self.output(self.dropout(x))


class Feed:
    """Word features of every type on the device, and batches of them."""

    def __init__(self, data: Data, *, flags: bool) -> None:
        self.data = data
        ngrams = torch.from_numpy(data.type_ngrams.astype(np.int64))
        self.sizes = {
            "words": int(data.type_word.max()) + 1,
            "ngrams": 40_000,
            "shapes": 256,
        }
        self.counts = (ngrams >= 0).sum(1).clamp(min=1).float().to(DEVICE)
        self.ngrams = torch.where(ngrams >= 0, ngrams, self.sizes["ngrams"]).to(DEVICE)
        self.shape = torch.from_numpy(data.type_shape.astype(np.int64)).to(DEVICE)
        self.word = torch.from_numpy(data.type_word.astype(np.int64)).to(DEVICE)
        self.types = torch.from_numpy(data.arrays["types"].astype(np.int64)).to(DEVICE)
        self.flags = torch.from_numpy(data.flags.astype(np.int64).T * int(flags)).to(DEVICE)
        heads = np.stack([data.arrays[f"head_{head}"] for head in data.heads], 1)
        self.gold = torch.from_numpy(heads.astype(np.int64)).to(DEVICE)

    def batch(
        self, group: npt.NDArray[np.int64]
    ) -> tuple[dict[str, torch.Tensor], torch.Tensor, torch.Tensor]:
        """Give features of a group of chunks, their token positions and the mask."""
        positions, mask = padded(self.data, group)
        where = torch.from_numpy(positions).to(DEVICE)
        kept = torch.from_numpy(mask).to(DEVICE)
        types = self.types[where]
        features = {
            "word": self.word[types],
            "ngrams": self.ngrams[types],
            "counts": self.counts[types],
            "shape": self.shape[types],
            "flags": self.flags[where],
            "mask": kept.float(),
        }
        return features, where, kept


def train(
    data: Data,
    feed: Feed,
    teacher: torch.Tensor,
    vectors: npt.NDArray[np.float32] | None,
    config: dict[str, object],
    seconds: float,
) -> tuple[Student, dict[str, float]]:
    """Train until ``config["epochs"]`` or about ``seconds`` are over; gives the model of the averaged weights."""
    torch.manual_seed(int(config["seed"]))  # type: ignore[call-overload]
    rng = np.random.default_rng(int(config["seed"]))  # type: ignore[call-overload]
    columns = list(data.columns().values())
    tags = columns[-1].stop
    model = Student(config, feed.sizes, tags).to(DEVICE)
    if vectors is not None:
        with torch.no_grad():
            model.word.weight.copy_(torch.from_numpy(vectors))  # type: ignore[call-overload]
    gold, copies, silver = data.chunks(TRAIN), data.chunks(AUGMENTED), data.chunks(SILVER)
    repeat = int(config["gold_repeat"])  # type: ignore[call-overload]
    silver = silver if config["silver"] else silver[:0]
    chunks = np.concatenate([*[gold] * repeat, *[copies] * int(config["copy_repeat"]), silver])  # type: ignore[call-overload]
    size = int(config["batch"])  # type: ignore[call-overload]
    per_epoch = sum(1 for _ in batches(data, chunks, size, rng))
    total = per_epoch * int(config["epochs"])  # type: ignore[call-overload]
    rate = float(config["rate"])  # type: ignore[arg-type]
    tables = [model.word.weight, model.ngram.weight, model.shape.weight]
    others = [p for n, p in model.named_parameters() if n.split(".")[0] not in ("word", "ngram", "shape")]
    optimizer = torch.optim.AdamW(
        [{"params": tables, "weight_decay": 0.0}, {"params": others}], lr=rate, weight_decay=0.02
    )
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    )
    weight = float(config["teacher_weight"])  # type: ignore[arg-type]
    weights = [float(config["head_weights"].get(head, 1)) for head in data.heads]  # type: ignore[attr-defined]
    began, step = time.time(), 0
    model.train()
    for epoch in range(int(config["epochs"])):  # type: ignore[call-overload]
        running = torch.zeros((), device=DEVICE)
        for group in batches(data, chunks, size, rng):
            if step >= total or time.time() - began > seconds:
                break
            features, where, kept = feed.batch(group)
            with torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=DEVICE == "cuda"):
                logits = model(features)
            logits = logits[kept].float()
            gold_tags, soft = feed.gold[where[kept]], teacher[where[kept]]
            progress = max(step / total, (time.time() - began) / seconds)
            for group_of_rates in optimizer.param_groups:
                group_of_rates["lr"] = rate * warmed(progress)
            loss = torch.zeros((), device=DEVICE)
            for h, column in enumerate(columns):
                log_p = logits[:, column].log_softmax(-1)
                share = soft[:, h, 2:].float()
                likeliest = log_p.gather(1, soft[:, h, :2].long())
                to_teacher = -(likeliest * share).sum(-1) / share.sum(-1).clamp(min=1)
                tag = gold_tags[:, h]
                known = tag >= 0
                to_gold = -log_p.gather(1, tag.clamp(min=0).unsqueeze(1)).squeeze(1)
                share_of_head = weights[h] * torch.where(
                    known, (1 - weight) * to_gold + weight * to_teacher, to_teacher
                )
                loss = loss + share_of_head.mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 2.0)
            optimizer.step()
            average.update_parameters(model)
            running += loss.detach()
            step += 1
        if epoch % 3 == 2 or epoch == int(config["epochs"]) - 1:  # type: ignore[call-overload]
            print(
                f"  epoch {epoch} loss {float(running) / per_epoch:.4f} {time.time() - began:.0f} s",
                flush=True,
            )
        if time.time() - began > seconds:
            break
    model = average.module.eval()
    return model, evaluate(model, data, feed)


def warmed(progress: float, warm: float = 0.05) -> float:
    """Share of the learning rate: linear warm-up, then a cosine down to zero."""
    if progress < warm:
        return progress / warm
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - warm) / (1 - warm))))


@torch.no_grad()
def evaluate(model: Student, data: Data, feed: Feed) -> dict[str, float]:
    """Strict F1 on the dev chunks."""
    dev = data.chunks(DEV)
    columns = data.columns().values()
    found: dict[int, npt.NDArray[np.float32]] = {}
    for group in batches(data, dev, 32768, None):
        features, _, kept = feed.batch(group)
        logits = model(features)
        log_p = torch.cat([logits[..., c].float().log_softmax(-1) for c in columns], -1).cpu().numpy()
        lengths = kept.sum(1).tolist()
        for row, (chunk, length) in enumerate(zip(group, lengths, strict=True)):
            found[int(chunk)] = log_p[row, :length]
            full = data.length(int(chunk))
            if length < full:
                found[int(chunk)] = np.pad(log_p[row, :length], ((0, full - length), (0, 0)))
    return score(data, dev, found)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("configs", type=Path, nargs="+", help="JSON files; each trains one student")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument(
        "--seconds", type=float, default=1e9, help="for each student; the learning rate falls with the time"
    )
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    data = Data.read(options.data)
    soft = [np.load(path)["soft"] for path in sorted(options.teacher.glob("soft-*.npz"))]
    teacher = torch.from_numpy(np.concatenate(soft)).to(DEVICE)
    vectors = np.load(options.teacher / "vectors.npy").astype(np.float32)
    for path in options.configs:
        config = json.loads(path.read_text(encoding="utf-8"))
        feed = Feed(data, flags=config["flags"])
        model, scores = train(
            data, feed, teacher, vectors if config["teacher_vectors"] else None, config, options.seconds
        )
        print(path.stem, {k: round(v, 4) for k, v in scores.items()}, flush=True)
        state = {k: v.detach().half().cpu().numpy() for k, v in model.state_dict().items()}
        np.savez(options.output / f"{path.stem}.npz", **state)
        (options.output / f"{path.stem}.scores.json").write_text(
            json.dumps(scores, indent=1), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
