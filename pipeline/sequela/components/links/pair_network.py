"""The pair network at run time: how likely a drug and an event of a report are a reaction; numpy only.

Each mention is a node: the tagger's vectors of its words and of its sentence, and the numbers of
`sequela.components.links.pair_values`. Self-attention lets the nodes of a report see one another; a pair is scored by
its nodes, the best of them most, and by its own numbers. Several networks, trained from different seeds, are averaged.
``models/training/pairs.py`` trains it. Weights are a ``.npz`` of float16 arrays, read without pickle.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

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
# Every float16 as a float32, by its bits: to look them up takes half as long as to convert them.
_FROM_HALF = np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)
_EPSILON = 1e-5  # of torch.nn.LayerNorm


class PairNetwork:
    """Networks of one architecture, computed side by side.

    Parameters
    ----------
    members
        Weights of each, by the names of the training module's parameters.
    """

    def __init__(self, members: Sequence[Weights]) -> None:
        self.weights = _prepared(members)

    @property
    def width(self) -> int:
        """Width of the vectors that it reads."""
        return len(self.weights["words.weight"])

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
        self.sentences = np.array([node.sentence for node in pairs.nodes])
        begins = doc.to_array("SENT_START") == 1
        begins[0] = True
        sentence_of_token = np.cumsum(begins) - 1
        numbers = np.unique(self.sentences)
        matters = np.zeros(sentence_of_token[-1] + 1, dtype=bool)
        matters[numbers] = True
        self.tokens = np.flatnonzero(matters[sentence_of_token])
        self.vectors = _floats(doc.tensor[self.tokens])
        self.labels = _labels(doc)[self.tokens]
        self.sentence_starts = np.searchsorted(sentence_of_token[self.tokens], numbers)
        self.sentence_of = np.searchsorted(numbers, self.sentences)
        self.first = np.searchsorted(self.tokens, [node.first for node in pairs.nodes])
        self.last = np.searchsorted(self.tokens, [node.last for node in pairs.nodes])
        self.same = _same(pairs)
        self.blocks = list(_blocks(self.sentences, self.same))


def _floats(vectors: npt.NDArray[Any]) -> Floats:
    if vectors.dtype == np.float16:
        return _FROM_HALF.take(vectors.view(np.uint16))
    return vectors.astype(np.float32)


def _labels(doc: Doc) -> npt.NDArray[np.int64]:
    """For each token 0, or the number of the label of its entity."""
    types = doc.to_array("ENT_TYPE")
    labels = np.zeros(len(types), dtype=np.int64)
    for number, label in enumerate(LABELS, start=1):
        labels[types == doc.vocab.strings[label.value]] = number
    return labels


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


def _prepared(members: Sequence[Weights]) -> Weights:
    """Lay out the weights of all members, the first axis, as the products need them."""
    stacked = {name: np.stack([one[name] for one in members]) for name in members[0]} if members else {}
    prepared = {
        name: np.ascontiguousarray(array.swapaxes(1, 2)) if array.ndim == 3 else array[:, None]
        for name, array in stacked.items()
    }
    if prepared:
        for name in ("labels.weight", "place.weight"):  # looked up, not multiplied
            prepared[name] = prepared[name].swapaxes(1, 2)
        prepared["labels.weight"] = prepared["labels.weight"] + prepared.pop("words.bias")
        for name in ("words.weight", "labels.weight"):  # one product for all members
            prepared[name] = np.concatenate(list(prepared[name]), axis=1)
        scores = prepared.pop("score_inner.weight")
        width = scores.shape[1] // 3
        for number, name in enumerate(("product", "sum", "place")):
            prepared[f"score_{name}.weight"] = scores[:, number * width : (number + 1) * width]
    return prepared


def _logits(w: Weights, pairs: Pairs, inputs: Inputs) -> Floats:
    """Score the pairs, shape (members, pairs)."""
    x = _linear(w, "node", (pairs.node_values - w["node_mean"]) / w["node_scale"])
    x += _linear(w, "context", _read(w, inputs))
    x = _normed(w, "begin", x)
    bias = [w["bias.weight"].take(relations, axis=2) for _, _, relations in inputs.blocks]
    layer = 0
    while f"attention.{layer}.in_proj_weight" in w:
        x = x + _attention(w, layer, _normed(w, f"before_attention.{layer}", x), inputs, bias)
        inner = _linear(w, f"inner.{layer}", _normed(w, f"before_inner.{layer}", x))
        x = x + _linear(w, f"outer.{layer}", np.maximum(0, inner, out=inner))
        layer += 1
    x = _normed(w, "end", x)
    drugs, events = _linear(w, "drug", x), _linear(w, "event", x)
    parts = [slice(first, first + _SCORED) for first in range(0, len(pairs.pair_of), _SCORED)]
    scores = np.concatenate([_scores(w, drugs, events, pairs, inputs, part) for part in parts], axis=1)
    inner = _linear(w, "pair_inner", (pairs.pair_values - w["pair_mean"]) / w["pair_scale"])
    own = _linear(w, "pair_outer", np.maximum(0, inner, out=inner))[..., 0]
    return pooled(scores, pairs.pair_of) + own


def _read(w: Weights, inputs: Inputs) -> Floats:
    """Read the words of each node and of its sentence, shape (members, nodes, twice the width)."""
    words = inputs.vectors @ w["words.weight"]
    words += w["labels.weight"].take(inputs.labels, axis=0)
    borders = pairwise([*inputs.sentence_starts.tolist(), len(words)])
    sentences = np.stack([np.maximum.reduce(words[first:last]) for first, last in borders])
    lengths = inputs.last - inputs.first
    begins = np.cumsum(lengths) - lengths
    of_nodes = np.arange(lengths.sum()) + np.repeat(inputs.first - begins, lengths)
    means = np.add.reduceat(words[of_nodes], begins) / lengths.astype(np.float32)[:, None]
    members = len(w["context.weight"])
    both = np.stack([means, sentences[inputs.sentence_of]]).reshape(2, len(means), members, -1)
    read: Floats = both.transpose(2, 1, 0, 3).reshape(members, len(means), -1)
    return read


def _scores(w: Weights, drugs: Floats, events: Floats, pairs: Pairs, inputs: Inputs, part: slice) -> Floats:
    """Score drug nodes with event nodes, shape (members, node pairs).

    The hidden layer is one of product, sum and place of a pair; what it makes of the nodes and of the places alone is
    computed once for all pairs.
    """
    of_drug, of_event = pairs.drug_nodes[part], pairs.event_nodes[part]
    apart = _distance(inputs.sentences[of_event] - inputs.sentences[of_drug])
    places = w["place.weight"] @ w["score_place.weight"] + w["score_inner.bias"]
    hidden = (drugs.take(of_drug, axis=1) * events.take(of_event, axis=1)) @ w["score_product.weight"]
    hidden += (drugs @ w["score_sum.weight"]).take(of_drug, axis=1)
    hidden += (events @ w["score_sum.weight"]).take(of_event, axis=1)
    hidden += places.take(2 * apart + (of_event > of_drug), axis=1)
    scores: Floats = _linear(w, "score_outer", np.maximum(0, hidden, out=hidden))[..., 0]
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


def _attention(w: Weights, layer: int, x: Floats, inputs: Inputs, bias: list[Floats]) -> Floats:
    """Self-attention of the nodes, biased by the sentences between them and by what they share."""
    members, nodes, width = x.shape
    heads = w["bias.weight"].shape[1]
    three = x @ w[f"attention.{layer}.in_proj_weight"] + w[f"attention.{layer}.in_proj_bias"]
    query, key, value = three.reshape(members, nodes, 3, heads, -1).transpose(2, 0, 3, 1, 4)
    query = query * np.float32(query.shape[-1] ** -0.5)
    seen = np.empty_like(x)
    for (own, others, _), of_block in zip(inputs.blocks, bias, strict=True):
        weights = query[:, :, own] @ key[:, :, others].swapaxes(2, 3)
        weights += of_block
        weights -= np.maximum.reduce(weights, axis=-1, keepdims=True)
        np.exp(weights, out=weights)
        weights /= np.add.reduce(weights, axis=-1, keepdims=True)
        seen[:, own] = (weights @ value[:, :, others]).swapaxes(1, 2).reshape(members, -1, width)
    return _linear(w, f"attention.{layer}.out_proj", seen)


def _distance(sentences: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.clip(sentences, -FARTHEST, FARTHEST) + FARTHEST


def _linear(w: Weights, name: str, x: Floats) -> Floats:
    product: Floats = x @ w[f"{name}.weight"]
    product += w[f"{name}.bias"]
    return product


def _normed(w: Weights, name: str, x: Floats) -> Floats:
    width = np.float32(x.shape[-1])
    centred = x - np.add.reduce(x, axis=-1, keepdims=True) / width
    variance = np.einsum("...i,...i->...", centred, centred)[..., None] / width
    normed: Floats = centred / np.sqrt(variance + np.float32(_EPSILON)) * w[f"{name}.weight"]
    normed += w[f"{name}.bias"]
    return normed
