"""What trains the pair network computes what reads it computes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import sequela
from sequela.build import build_pipeline
from sequela.components.links import pair_network
from sequela.components.links.pair_network import Inputs
from sequela.components.links.pair_values import find_pairs
from sequela.components.links.report import LinkedReport

torch = pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).parents[3] / "models"))
from training import pairs as training  # noqa: E402

STORY = (
    "A man of 60 was given amoxicillin and ibuprofen for a sore throat. On day 9 he developed a rash and fever. "
    "Amoxicillin was stopped and the rash resolved. Ibuprofen was continued without any trouble."
)


@pytest.fixture(scope="module")
def example() -> training.Example:
    nlp = build_pipeline(disable=("sequela_pairs",))
    doc = sequela.process(nlp, STORY, doc_id="x")
    pairs = find_pairs(LinkedReport.of(doc))
    assert pairs is not None
    labels = [pairs.drugs[drug] == "amoxicillin" for drug, _ in pairs.pair_keys]
    return training.Example("x", pairs, Inputs(doc, pairs), np.array(labels, dtype=np.float32))


@pytest.mark.model
def test_the_network_of_the_package_is_the_trained_one(
    example: training.Example, monkeypatch: pytest.MonkeyPatch
):
    pairs, inputs = example.pairs, example.inputs
    torch.manual_seed(1)
    network = training.Network(
        inputs.vectors.shape[1], pairs.node_values.shape[1], pairs.pair_values.shape[1]
    ).eval()
    torch.nn.init.normal_(network.bias.weight)
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    with torch.no_grad():
        expected = torch.sigmoid(network(training.collate([example, example]))).numpy()
    monkeypatch.setattr(pair_network, "Inputs", lambda doc, pairs: inputs)
    found = pair_network.PairNetwork([weights]).probabilities(None, pairs)
    np.testing.assert_allclose(np.concatenate([found, found]), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.model
def test_training_learns_what_it_is_shown(example: training.Example):
    network = training.fit([example] * 8, 0, epochs=20)
    assert ((training.logits(network, example) > 0) == example.labels).all()
