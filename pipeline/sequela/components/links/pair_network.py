"""The pair network at run time: how likely a drug and an event of a report are a reaction; numpy only.

Each mention is a node: the tagger's vectors of its words and of its sentence, and the numbers of
`sequela.components.links.pair_values`. Self-attention lets the nodes of a report see one another; a pair is scored by
its nodes, the best of them most, and by its own numbers. Several networks, trained from different seeds, are averaged.
``models/training/pairs.py`` trains it. Weights are a ``.npz`` of float16 arrays, read without pickle.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from spacy.tokens import Doc

from sequela.components.links.pair_values import FORMAT, Floats, Ints, Pairs
from sequela.errors import ModelError
from sequela.schema import Label

Weights = dict[str, Floats]

LABELS = (Label.DRUG, Label.SYMPTOM, Label.TIME, Label.DOSE, Label.BODY_SITE)
FARTHEST = 6  # sentences between nodes, beyond which distances look the same
_SCORED = 8192  # node pairs at once, for the memory they take
_BLOCK = 256  # nodes that see one another and the blocks beside theirs; most reports are one block
_EPSILON = 1e-5  # of torch.nn.LayerNorm
_TABLES = frozenset(("labels.weight", "bias.weight", "place.weight"))  # looked up, not multiplied


class PairNetwork:
    """Networks of one architecture, computed side by side.

    Parameters
    ----------
    members
        Weights of each, by the names of the training module's parameters.
    """

    def __init__(self, members: Sequence[Weights]) -> None:
        names = members[0] if members else ()
        self.weights = {name: _prepared(name, np.stack([one[name] for one in members])) for name in names}

    @property
    def width(self) -> int:
        """Width of the vectors that it reads."""
        return int(self.weights["words.weight"].shape[1])

    @classmethod
    def read(cls, path: Path) -> PairNetwork:
        """Read a ``.npz`` whose arrays are named ``NUMBER.PARAMETER``, and ``format``.

        Raises
        ------
        ModelError
            It cannot be read, or is for another version of sequela.
        """
        members: dict[int, Weights] = {}
        try:
            with np.load(path, allow_pickle=False) as arrays:
                written_for = int(arrays["format"])
                for name in arrays.files:
                    number, _, parameter = name.partition(".")
                    if parameter:
                        members.setdefault(int(number), {})[parameter] = arrays[name].astype(np.float32)
        except (EOFError, KeyError, OSError, ValueError, zipfile.BadZipFile) as error:
            raise ModelError(
                f"{path} cannot be read as a pair network ({error}); copy the model again or train the network anew"
            ) from error
        if written_for != FORMAT or not members:
            raise ModelError(
                f"{path} is a pair network of format {written_for}, this sequela reads format {FORMAT}: train it anew "
                "(python -m training.pairs) or take it out of the folder, to link by rules alone"
            )
        return cls([members[number] for number in sorted(members)])

    def probabilities(self, doc: Doc, pairs: Pairs) -> Floats:
        """Give the probability that each pair is a reaction of a patient, shape (pairs,).

        ``doc.tensor`` must hold the tagger's vectors.
        """
        inputs = Inputs(doc, pairs)
        logits = _logits(self.weights, pairs, inputs).mean(0)
        probabilities: Floats = 1 / (1 + np.exp(-logits))
        return probabilities


class Inputs:
    """What is gathered from the report once for all networks.

    Attributes
    ----------
    tokens
        Numbers of the tokens that matter, those of sentences with a node.
    vectors, labels
        Of these tokens: the tagger's vectors, shape (tokens, width), and 0 or the number of the entity's label.
    sentence_starts
        Where in ``tokens`` each sentence begins.
    sentence_of, first, last
        Of each node: the number of its sentence among these, and its tokens, half-open.
    blocks
        Nodes that attend together: which, to which, and how each stands to each (rows of ``bias.weight``).
    """

    def __init__(self, doc: Doc, pairs: Pairs) -> None:
        spans = [(sent.start, sent.end) for sent in doc.sents]
        numbers = sorted({node.sentence for node in pairs.nodes})
        self.tokens = np.concatenate([np.arange(*spans[number]) for number in numbers])
        self.vectors = doc.tensor[self.tokens].astype(np.float32)
        labels = np.zeros(len(doc), dtype=np.int64)
        for ent in doc.ents:
            if ent.label_ in LABELS:
                labels[ent.start : ent.end] = 1 + LABELS.index(Label(ent.label_))
        self.labels = labels[self.tokens]
        lengths = [spans[number][1] - spans[number][0] for number in numbers]
        self.sentence_starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
        self.sentence_of = np.searchsorted(numbers, [node.sentence for node in pairs.nodes])
        self.first = np.searchsorted(self.tokens, [node.first for node in pairs.nodes])
        self.last = np.searchsorted(self.tokens, [node.last for node in pairs.nodes])
        self.sentences = np.array([node.sentence for node in pairs.nodes])
        self.same = _same(pairs)
        self.blocks = list(_blocks(self.sentences, self.same))


def _blocks(
    sentences: npt.NDArray[np.int64], same: npt.NDArray[np.int64]
) -> Iterator[tuple[slice, slice, npt.NDArray[np.int64]]]:
    nodes = len(sentences)
    for first in range(0, nodes, _BLOCK):
        last = min(nodes, first + _BLOCK)
        own, others = slice(first, last), slice(max(0, first - _BLOCK), min(nodes, last + _BLOCK))
        distance = _distance(sentences[None, others] - sentences[own, None])
        group, name = (part[own, None] == part[None, others] for part in same)
        yield own, others, 4 * distance + group + 2 * name


def _same(pairs: Pairs) -> npt.NDArray[np.int64]:
    """Numbers of the coordination group and of the name of each node, shape (2, nodes)."""
    groups: dict[int, int] = {}
    names: dict[tuple[bool, int], int] = {}
    return np.array(
        [
            [groups.setdefault(node.group, len(groups)) for node in pairs.nodes],
            [names.setdefault((node.is_drug, node.key), len(names)) for node in pairs.nodes],
        ]
    )


def _prepared(name: str, stacked: Floats) -> Floats:
    """Lay out the weights of all members, the first axis, as the products need them."""
    if name.endswith("weight") and stacked.ndim == 3 and name not in _TABLES:
        return np.ascontiguousarray(stacked.transpose(0, 2, 1))
    return stacked[:, None] if stacked.ndim == 2 else stacked


def _logits(w: Weights, pairs: Pairs, inputs: Inputs) -> Floats:
    """Score the pairs, shape (members, pairs)."""
    words = _linear(w, "words", inputs.vectors) + w["labels.weight"][:, inputs.labels]
    sentences = np.maximum.reduceat(words, inputs.sentence_starts, axis=1)
    ended = np.concatenate([words, np.zeros_like(words[:, :1])], axis=1)  # a span may end with the text
    borders = np.stack([inputs.first, inputs.last], axis=1).ravel()
    means = np.add.reduceat(ended, borders, axis=1)[:, ::2]
    means = means / (inputs.last - inputs.first).astype(np.float32)[:, None]
    x = _linear(w, "node", (pairs.node_values - w["node_mean"]) / w["node_scale"])
    x = x + _linear(w, "context", np.concatenate([means, sentences[:, inputs.sentence_of]], axis=2))
    x = _normed(w, "begin", x)
    layer = 0
    while f"attention.{layer}.in_proj_weight" in w:
        x = x + _attention(w, layer, _normed(w, f"before_attention.{layer}", x), inputs)
        inner = np.maximum(0, _linear(w, f"inner.{layer}", _normed(w, f"before_inner.{layer}", x)))
        x = x + _linear(w, f"outer.{layer}", inner)
        layer += 1
    x = _normed(w, "end", x)
    drugs, events = _linear(w, "drug", x), _linear(w, "event", x)
    scores = np.concatenate(
        [
            _scores(w, drugs, events, inputs.sentences, pairs.drug_nodes[part], pairs.event_nodes[part])
            for first in range(0, len(pairs.pair_of), _SCORED)
            for part in (slice(first, first + _SCORED),)
        ],
        axis=1,
    )
    values = (pairs.pair_values - w["pair_mean"]) / w["pair_scale"]
    own = _linear(w, "pair_outer", np.maximum(0, _linear(w, "pair_inner", values)))[..., 0]
    return pooled(scores, pairs.pair_of) + own


def _scores(
    w: Weights,
    drugs: Floats,
    events: Floats,
    sentences: npt.NDArray[np.int64],
    of_drug: Ints,
    of_event: Ints,
) -> Floats:
    """Score drug nodes with event nodes, shape (members, node pairs)."""
    one, other = drugs[:, of_drug], events[:, of_event]
    order = (of_event > of_drug).astype(np.int64)
    places = w["place.weight"][:, 2 * _distance(sentences[of_event] - sentences[of_drug]) + order]
    both = np.concatenate([one * other, one + other, places], axis=2)
    scores: Floats = _linear(w, "score_outer", np.maximum(0, _linear(w, "score_inner", both)))[..., 0]
    return scores


def pooled(scores: Floats, pair_of: Ints) -> Floats:
    """Log of the summed exponentials of the scores of each pair, less half the log of their number.

    From shape (members, node pairs) to (members, pairs); every pair has a score.
    """
    order = np.argsort(pair_of, kind="stable")
    numbers = np.bincount(pair_of)
    starts = np.cumsum(numbers) - numbers
    ordered = scores[:, order]
    highest = np.maximum.reduceat(ordered, starts, axis=1)
    sums = np.add.reduceat(np.exp(ordered - np.repeat(highest, numbers, axis=1)), starts, axis=1)
    together: Floats = highest + np.log(sums) - np.float32(0.5) * np.log(numbers.astype(np.float32))
    return together


def _attention(w: Weights, layer: int, x: Floats, inputs: Inputs) -> Floats:
    """Self-attention of the nodes, biased by the sentences between them and by what they share."""
    members, nodes, width = x.shape
    bias = w["bias.weight"]
    heads = bias.shape[2]
    size = width // heads
    three = x @ w[f"attention.{layer}.in_proj_weight"] + w[f"attention.{layer}.in_proj_bias"]
    query, key, value = three.reshape(members, nodes, 3, heads, size).transpose(2, 0, 3, 1, 4)
    query = query * np.float32(size**-0.5)
    seen = np.empty_like(x)
    for own, others, relations in inputs.blocks:
        weights = query[:, :, own] @ key[:, :, others].transpose(0, 1, 3, 2)
        weights += bias[:, relations].transpose(0, 3, 1, 2)
        weights -= weights.max(-1, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(-1, keepdims=True)
        seen[:, own] = (weights @ value[:, :, others]).transpose(0, 2, 1, 3).reshape(members, -1, width)
    return _linear(w, f"attention.{layer}.out_proj", seen)


def _distance(sentences: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.clip(sentences, -FARTHEST, FARTHEST) + FARTHEST


def _linear(w: Weights, name: str, x: Floats) -> Floats:
    product: Floats = x @ w[f"{name}.weight"]
    product += w[f"{name}.bias"]
    return product


def _normed(w: Weights, name: str, x: Floats) -> Floats:
    centred = x - x.mean(-1, keepdims=True)
    variance = np.einsum("...i,...i->...", centred, centred)[..., None] / np.float32(x.shape[-1])
    normed: Floats = centred / np.sqrt(variance + np.float32(_EPSILON)) * w[f"{name}.weight"]
    normed += w[f"{name}.bias"]
    return normed
