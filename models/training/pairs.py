"""Train the pair network: which drug and event of a report are a reaction.

    python -m training.pairs GOLD… -o en_sequela_case/pairs.npz [--held-out GOLD…]

``GOLD`` are folders of reports whose reactions are annotated, in the casebook's JSON or in brat. The pipeline tags them
and links by rule; a pair is right where a row of it would name a certain reaction (`sequela.evaluation.documents`),
and left out of the loss where only an uncertain one. The network is that of
`sequela.components.links.pair_network`, one member for each seed; loss is binary cross-entropy, where a report counts
by the square root of its number of pairs. Run from the folder ``models``.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

import sequela
from sequela.build import build_pipeline
from sequela.components.links.pair_network import FARTHEST, LABELS, Inputs
from sequela.components.links.pair_values import FORMAT, Pairs, find_pairs
from sequela.components.links.report import LinkedReport
from sequela.corpora.casebook import Casebook
from sequela.corpora.formats import read_corpus
from sequela.evaluation.names import names_drug, names_event
from sequela.evaluation.views import casebook_of

WIDTH, LAYERS, HEADS = 64, 2, 4
INNER = 48
DROPOUT, ATTENTION_DROPOUT = 0.3, 0.1
BATCH, EPOCHS, RATE, DECAY, WARM_UP = 8, 14, 2e-3, 0.02, 0.15
APART = 100_000  # more than the groups and names of a report, so that reports of a batch share none

Batch = dict[str, torch.Tensor]


@dataclass
class Example:
    """A report: its numbers, and of each pair 1 (a reaction), 0 (none) or -1 (an uncertain one)."""

    doc_id: str
    pairs: Pairs
    inputs: Inputs
    labels: npt.NDArray[np.float32]


class Network(nn.Module):
    """The network in torch; parameters have the names that `sequela.components.links.pair_network` reads."""

    def __init__(self, vector: int, node: int, pair: int) -> None:
        super().__init__()
        self.words = nn.Linear(vector, WIDTH)
        self.labels = nn.Embedding(1 + len(LABELS), WIDTH)
        self.node = nn.Linear(node, WIDTH)
        self.context = nn.Linear(2 * WIDTH, WIDTH)
        self.begin, self.end = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        layers = range(LAYERS)
        self.attention = nn.ModuleList(
            nn.MultiheadAttention(WIDTH, HEADS, dropout=ATTENTION_DROPOUT, batch_first=True) for _ in layers
        )
        self.before_attention = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in layers)
        self.before_inner = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in layers)
        self.inner = nn.ModuleList(nn.Linear(WIDTH, 2 * WIDTH) for _ in layers)
        self.outer = nn.ModuleList(nn.Linear(2 * WIDTH, WIDTH) for _ in layers)
        self.bias = nn.Embedding(4 * (2 * FARTHEST + 1), HEADS)
        nn.init.zeros_(self.bias.weight)
        self.drug, self.event = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.place = nn.Embedding(2 * (2 * FARTHEST + 1), WIDTH)
        self.score_inner, self.score_outer = nn.Linear(3 * WIDTH, WIDTH), nn.Linear(WIDTH, 1)
        self.pair_inner, self.pair_outer = nn.Linear(pair, INNER), nn.Linear(INNER, 1)
        self.dropout = nn.Dropout(DROPOUT)
        for name, size in (("node", node), ("pair", pair)):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_scale", torch.ones(size))

    def forward(self, b: Batch) -> torch.Tensor:
        """Give the logits of the pairs of a batch."""
        words = self.words(self.dropout(b["vectors"])) + self.labels(b["labels"])
        width = words.shape[1]
        sentences = torch.full((int(b["sentences_in_all"]), width), -torch.inf)
        sentences = sentences.scatter_reduce(
            0, b["sentence_of_word"][:, None].expand(-1, width), words, "amax"
        )
        sums = torch.cat([torch.zeros(1, width), words.cumsum(0)])
        means = (sums[b["last"]] - sums[b["first"]]) / (b["last"] - b["first"]).clamp(min=1)[:, None]
        x = self.node(self.dropout((b["node_values"] - self.node_mean) / self.node_scale))
        x = self.begin(x + self.context(torch.cat([means, sentences[b["sentence_of"]]], 1)))
        distance = b["sentences"][None, :] - b["sentences"][:, None]
        shared = (b["group"][None, :] == b["group"][:, None]) + 2 * (b["name"][None, :] == b["name"][:, None])
        mask = self.bias(4 * _distance(distance) + shared).permute(2, 0, 1)
        mask = mask.masked_fill(b["report"][None, :] != b["report"][:, None], -torch.inf)
        x = x[None]
        for number in range(LAYERS):
            y = self.before_attention[number](x)
            y, _ = self.attention[number](y, y, y, attn_mask=mask, need_weights=False)
            x = x + self.dropout(y)
            y = self.inner[number](self.before_inner[number](x)).relu()
            x = x + self.dropout(self.outer[number](self.dropout(y)))
        x = self.end(x[0])
        drugs, events = self.drug(x)[b["drug_nodes"]], self.event(x)[b["event_nodes"]]
        apart = _distance(b["sentences"][b["event_nodes"]] - b["sentences"][b["drug_nodes"]])
        place = self.place(2 * apart + (b["event_nodes"] > b["drug_nodes"]))
        both = self.score_inner(torch.cat([drugs * events, drugs + events, place], 1)).relu()
        scores = self.score_outer(self.dropout(both))[:, 0]
        values = self.pair_inner(self.dropout((b["pair_values"] - self.pair_mean) / self.pair_scale)).relu()
        own = self.pair_outer(self.dropout(values))[:, 0]
        return _pooled(scores, b["pair_of"], len(own)) + own


def _distance(sentences: torch.Tensor) -> torch.Tensor:
    return sentences.clamp(-FARTHEST, FARTHEST) + FARTHEST


def _pooled(scores: torch.Tensor, pair_of: torch.Tensor, count: int) -> torch.Tensor:
    """As `sequela.components.links.pair_network.pooled`."""
    highest = torch.full((count,), -torch.inf).scatter_reduce(0, pair_of, scores.detach(), "amax")
    sums = torch.zeros(count).index_add(0, pair_of, (scores - highest[pair_of]).exp())
    return highest + sums.log() - 0.5 * torch.bincount(pair_of, minlength=count).log()


def read_examples(folders: Iterable[Path]) -> list[Example]:
    """Tag and link the reports of the folders; those without a pair are left out."""
    nlp = build_pipeline(disable=("sequela_pairs",))
    examples = []
    for folder in folders:
        for document in read_corpus(folder):
            doc = sequela.process(nlp, document.text, doc_id=document.doc_id)
            pairs = find_pairs(LinkedReport.of(doc)) if doc.tensor.size else None
            if pairs is not None:
                labels = _labels(pairs, casebook_of(document))
                examples.append(Example(document.doc_id, pairs, Inputs(doc, pairs), labels))
    return examples


def _labels(pairs: Pairs, gold: Casebook) -> npt.NDArray[np.float32]:
    drugs: list[set[str]] = [set() for _ in pairs.drugs]
    events: list[set[str]] = [set() for _ in pairs.events]
    for node in pairs.nodes:
        if node.item.anaphor is None:
            (drugs if node.is_drug else events)[node.key].add(node.item.mention.text)
    labels = np.zeros(len(pairs.pair_keys), dtype=np.float32)
    for reaction in gold.reactions:
        blamed = [
            any(names_drug(name, (reaction.drug, *reaction.drug_aliases)) for name in names)
            for names in drugs
        ]
        named = [
            any(names_event(name, (reaction.event, *reaction.event_aliases)) for name in names)
            for names in events
        ]
        hit = np.array(blamed)[pairs.pair_keys[:, 0]] & np.array(named)[pairs.pair_keys[:, 1]]
        labels[hit & (labels != 1)] = 1 if reaction.certain else -1
    return labels


def collate(examples: Sequence[Example]) -> Batch:
    """Lay reports side by side."""
    parts: dict[str, list[npt.NDArray[Any]]] = {}
    words = nodes = pairs = sentences = 0
    for number, one in enumerate(examples):
        size = len(one.inputs.tokens)
        starts = one.inputs.sentence_starts
        for name, value in {
            "vectors": one.inputs.vectors,
            "labels": one.inputs.labels,
            "sentence_of_word": sentences + np.searchsorted(starts, np.arange(size), side="right") - 1,
            "sentence_of": sentences + one.inputs.sentence_of,
            "first": words + one.inputs.first,
            "last": words + one.inputs.last,
            "sentences": one.inputs.sentences,
            "group": number * APART + one.inputs.same[0],
            "name": number * APART + one.inputs.same[1],
            "report": np.full(len(one.pairs.nodes), number),
            "node_values": one.pairs.node_values,
            "pair_values": one.pairs.pair_values,
            "drug_nodes": nodes + one.pairs.drug_nodes,
            "event_nodes": nodes + one.pairs.event_nodes,
            "pair_of": pairs + one.pairs.pair_of,
            "right": one.labels,
            "weight": np.full(len(one.labels), max(1, (one.labels >= 0).sum()) ** -0.5, dtype=np.float32),
        }.items():
            parts.setdefault(name, []).append(value)
        words, nodes = words + size, nodes + len(one.pairs.nodes)
        pairs, sentences = pairs + len(one.labels), sentences + len(starts)
    batch = {name: torch.from_numpy(np.concatenate(values)) for name, values in parts.items()}
    batch["sentences_in_all"] = torch.tensor(sentences)
    return batch


def fit(examples: Sequence[Example], seed: int, *, epochs: int = EPOCHS) -> Network:
    """Train one member."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    first = examples[0]
    nodes, pairs = (
        torch.from_numpy(np.concatenate([getattr(one.pairs, name) for one in examples]))
        for name in ("node_values", "pair_values")
    )
    network = Network(first.inputs.vectors.shape[1], nodes.shape[1], pairs.shape[1])
    for name, values in (("node", nodes), ("pair", pairs)):
        getattr(network, f"{name}_mean").copy_(values.mean(0))
        getattr(network, f"{name}_scale").copy_(values.std(0) + 0.1)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    steps = epochs * -(-len(examples) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=WARM_UP)
    order = list(examples)
    for _ in range(epochs):
        network.train()
        rng.shuffle(order)
        for start in range(0, len(order), BATCH):
            batch = collate(order[start : start + BATCH])
            known = batch["right"] >= 0
            losses = functional.binary_cross_entropy_with_logits(
                network(batch)[known], batch["right"][known], batch["weight"][known], reduction="sum"
            )
            optimizer.zero_grad()
            (losses / BATCH).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return network.eval()


@torch.no_grad()
def logits(network: Network, example: Example) -> npt.NDArray[np.float32]:
    """Score the pairs of a report."""
    found: npt.NDArray[np.float32] = network(collate([example])).numpy()
    return found


def print_scores(examples: Sequence[Example], found: Sequence[npt.NDArray[np.floating[Any]]]) -> None:
    """Print precision and recall of the pairs at some probabilities; those never near count as no miss here."""
    right = np.concatenate([one.labels for one in examples])
    odds = np.concatenate(found)
    odds, right = odds[right >= 0], right[right >= 0] > 0
    for probability in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
        chosen = odds >= np.log(probability / (1 - probability))
        hits = (chosen & right).sum()
        print(
            f"p >= {probability}: {chosen.sum()} pairs, P {hits / max(1, chosen.sum()):.3f}, R {hits / right.sum():.3f}"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, score on reports held out, write the weights."""
    parser = argparse.ArgumentParser(prog="python -m training.pairs", description=main.__doc__)
    parser.add_argument("gold", type=Path, nargs="+", metavar="GOLD")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the .npz")
    parser.add_argument("--held-out", type=Path, nargs="*", default=[], metavar="GOLD")
    parser.add_argument("--seeds", type=int, default=4)
    options = parser.parse_args(arguments)
    begin = time.monotonic()
    examples, held_out = read_examples(options.gold), read_examples(options.held_out)
    shared = {one.doc_id for one in examples} & {one.doc_id for one in held_out}
    if shared:
        sys.exit(f"{len(shared)} reports are to be held out and trained on, as {min(shared)}")
    print(
        f"{len(examples)} reports, {sum(len(one.labels) for one in examples)} pairs, {time.monotonic() - begin:.0f} s"
    )
    members = []
    for seed in range(options.seeds):
        members.append(fit(examples, seed))
        print(f"seed {seed}: {time.monotonic() - begin:.0f} s", flush=True)
    if held_out:
        print_scores(
            held_out, [np.mean([logits(member, one) for member in members], axis=0) for one in held_out]
        )
    arrays = {
        f"{number}.{name}": value.numpy().astype(np.float16 if value.abs().max() < 6e4 else np.float32)
        for number, member in enumerate(members)
        for name, value in member.state_dict().items()
    }
    np.savez_compressed(options.output, format=np.array(FORMAT), **arrays)


if __name__ == "__main__":
    main()
