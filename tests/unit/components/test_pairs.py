"""A report in numbers, the network that reads them, and what is made of its probabilities."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from spacy.language import Language
from spacy.tokens import Doc

from markup import blank, parse
from sequela import attributes
from sequela.components.links import pair_network
from sequela.components.links.judging import RULE, Thresholds, judge
from sequela.components.links.pair_network import LABELS, PairNetwork, pooled
from sequela.components.links.pair_values import FORMAT, REACH, Floats, Pairs, find_pairs
from sequela.components.links.report import LinkedReport
from sequela.components.pairs import PairJudge
from sequela.errors import ModelError
from sequela.schema import Link

WIDTH, VECTOR = 8, 5
STORY = (
    "<DRUG>Amoxicillin</DRUG> was begun for <SYMPTOM>gout</SYMPTOM>. Beside it he took <DRUG>ibuprofen</DRUG>. "
    "On <TIME>day 9</TIME> a <SYMPTOM>rash</SYMPTOM> came. There was no <SYMPTOM>fever</SYMPTOM>."
)


@cache
def nlp() -> Language:
    pipeline = blank()
    for stage in ("sentences", "sections", "timex", "context", "attribution", "anaphora", "linking"):
        pipeline.add_pipe(f"sequela_{stage}")
    return pipeline


def linked_doc(markup: str) -> Doc:
    doc: Doc = parse(nlp(), markup).doc
    for _, component in nlp().pipeline:
        doc = component(doc)
    doc.tensor = np.random.default_rng(1).normal(size=(len(doc), VECTOR)).astype(np.float16)
    return doc


def linked(markup: str) -> LinkedReport:
    return LinkedReport.of(linked_doc(markup))


def pairs_of(markup: str) -> Pairs:
    pairs = find_pairs(linked(markup))
    assert pairs is not None
    return pairs


def named(pairs: Pairs) -> list[tuple[str, str]]:
    return [(pairs.drugs[drug], pairs.events[event]) for drug, event in pairs.pair_keys.tolist()]


def weights(pairs: Pairs, seed: int) -> dict[str, Floats]:
    rng = np.random.default_rng(seed)
    node, pair = pairs.node_values.shape[1], pairs.pair_values.shape[1]
    shapes: dict[str, tuple[int, ...]] = {
        "labels.weight": (1 + len(LABELS), WIDTH),
        "bias.weight": (52, 2),
        "place.weight": (26, WIDTH),
        "attention.0.in_proj_weight": (3 * WIDTH, WIDTH),
        "attention.0.in_proj_bias": (3 * WIDTH,),
        "node_mean": (node,),
        "node_scale": (node,),
        "pair_mean": (pair,),
        "pair_scale": (pair,),
    }
    for name, (out, width) in {
        "words": (WIDTH, VECTOR),
        "node": (WIDTH, node),
        "context": (WIDTH, 2 * WIDTH),
        "attention.0.out_proj": (WIDTH, WIDTH),
        "inner.0": (16, WIDTH),
        "outer.0": (WIDTH, 16),
        "drug": (WIDTH, WIDTH),
        "event": (WIDTH, WIDTH),
        "score_inner": (WIDTH, 3 * WIDTH),
        "score_outer": (1, WIDTH),
        "pair_inner": (6, pair),
        "pair_outer": (1, 6),
    }.items():
        shapes |= {f"{name}.weight": (out, width), f"{name}.bias": (out,)}
    for name in ("begin", "before_attention.0", "before_inner.0", "end"):
        shapes |= {f"{name}.weight": (WIDTH,), f"{name}.bias": (WIDTH,)}
    found = {name: rng.normal(scale=0.5, size=shape).astype(np.float32) for name, shape in shapes.items()}
    return found | {name: np.abs(found[name]) + 1 for name in ("node_scale", "pair_scale")}


def test_every_drug_meets_every_event():
    pairs = pairs_of(STORY)
    drugs, events = ("amoxicillin", "ibuprofen"), ("gout", "rash", "fever")
    assert named(pairs) == [(drug, event) for drug in drugs for event in events]
    assert [node.item.text for node in pairs.nodes] == [
        "Amoxicillin",
        "gout",
        "ibuprofen",
        "rash",
        "fever",
    ]
    assert (len(pairs.node_values), len(pairs.pair_values)) == (5, 6)
    assert np.isfinite(pairs.node_values).all()
    assert np.isfinite(pairs.pair_values).all()


def test_how_the_mentions_of_a_pair_stand():
    pairs = pairs_of(STORY)
    columns = {"apart": 0, "signed": 1, "after": 3, "drugs": 5, "events": 6, "times": 7, "last drug": 9}
    values = {
        pair: {name: float(row[column]) for name, column in columns.items()}
        for pair, row in zip(named(pairs), pairs.pair_values, strict=True)
    }
    far = {"apart": 2, "signed": 2, "after": 1, "drugs": 1, "events": 1, "times": 1, "last drug": 0}
    assert values["amoxicillin", "rash"] == far
    near = {"apart": 1, "signed": 1, "after": 1, "drugs": 0, "events": 0, "times": 1, "last drug": 1}
    assert values["ibuprofen", "rash"] == near
    before = {"apart": 1, "signed": -1, "after": 0, "drugs": 0, "events": 0, "times": 0, "last drug": 0}
    assert values["ibuprofen", "gout"] == before


def test_mentions_of_a_name_speak_for_one_pair():
    pairs = pairs_of(
        "<DRUG>Amoxicillin</DRUG> was begun. A <SYMPTOM>rash</SYMPTOM> came. <DRUG>Amoxicillin</DRUG> was stopped, "
        "and the <SYMPTOM>rash</SYMPTOM> went."
    )
    assert named(pairs) == [("amoxicillin", "rash")]
    assert pairs.pair_of.tolist() == [0, 0, 0, 0]


def test_an_anaphor_is_a_node_of_what_it_stands_for():
    pairs = pairs_of(
        "<DRUG>Amoxicillin</DRUG> was begun. Two days after the drug was taken, a <SYMPTOM>rash</SYMPTOM> came."
    )
    assert [node.item.text for node in pairs.nodes if node.is_drug] == ["Amoxicillin", "the drug"]
    assert {node.key for node in pairs.nodes if node.is_drug} == {0}


def test_what_is_told_far_away_is_no_pair():
    between = "He slept well. " * REACH
    text = "He took <DRUG>amoxicillin</DRUG>. {}There was a <SYMPTOM>rash</SYMPTOM>."
    assert find_pairs(linked(text.format(between))) is None
    assert find_pairs(linked(text.format(between[15:]))) is not None


def test_without_a_drug_or_an_event_there_is_no_pair():
    assert find_pairs(linked("A <SYMPTOM>rash</SYMPTOM> came. It went.")) is None
    assert find_pairs(linked("He took <DRUG>amoxicillin</DRUG>. He was well.")) is None


def test_pooling_is_the_log_of_the_sum_less_half_the_log_of_the_number():
    scores = np.array([[1.0, 2.0, -300.0, 5.0], [0.0, 0.0, 1.0, 2.0]], dtype=np.float32)
    found = pooled(scores, np.array([1, 1, 0, 2]))
    expected = [[-300, np.log(np.exp(1) + np.exp(2)) - 0.5 * np.log(2), 5], [1, 0.5 * np.log(2), 2]]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_parts_that_see_all_nodes_change_nothing(monkeypatch: pytest.MonkeyPatch):
    report = linked(STORY)
    pairs = pairs_of(STORY)
    network = PairNetwork([weights(pairs, 1)])
    whole = network.probabilities(report.doc, pairs)
    monkeypatch.setattr(pair_network, "_SCORED", 4)
    np.testing.assert_allclose(network.probabilities(report.doc, pairs), whole, rtol=1e-4)
    monkeypatch.setattr(pair_network, "_BLOCK", 3)
    np.testing.assert_allclose(network.probabilities(report.doc, pairs), whole, rtol=1e-4)
    monkeypatch.setattr(pair_network, "_BLOCK", 1)
    assert not np.allclose(network.probabilities(report.doc, pairs), whole, rtol=1e-4)


def test_members_are_averaged_before_they_become_probabilities():
    report = linked(STORY)
    pairs = pairs_of(STORY)
    alone = [PairNetwork([weights(pairs, seed)]).probabilities(report.doc, pairs) for seed in (1, 2)]
    odds = np.mean([np.log(one / (1 - one)) for one in alone], axis=0)
    together = PairNetwork([weights(pairs, seed) for seed in (1, 2)]).probabilities(report.doc, pairs)
    np.testing.assert_allclose(together, 1 / (1 + np.exp(-odds)), rtol=1e-4)
    assert ((together > 0) & (together < 1)).all()


def test_the_vectors_of_the_words_matter():
    report = linked(STORY)
    pairs = pairs_of(STORY)
    network = PairNetwork([weights(pairs, 1)])
    before = network.probabilities(report.doc, pairs)
    report.doc.tensor = report.doc.tensor[::-1].copy()
    assert not np.allclose(network.probabilities(report.doc, pairs), before, rtol=1e-4)


class Told(PairNetwork):
    """A network that has made up its mind."""

    def __init__(self, probability: Callable[[str, str], float]) -> None:
        super().__init__([])
        self.probability = probability

    @property
    def width(self) -> int:
        return VECTOR

    def probabilities(self, doc: Doc, pairs: Pairs) -> Floats:
        return np.array([self.probability(*pair) for pair in named(pairs)], dtype=np.float32)


def judged(markup: str, probability: Callable[[str, str], float]) -> list[Link]:
    return judge(linked(markup), Told(probability), Thresholds())


def accepted(links: list[Link]) -> set[tuple[str, str, str]]:
    return {(link.drug.text, link.event.text, link.rule) for link in links if not link.rejected}


def test_a_likely_pair_becomes_a_link_between_the_nearest_mentions():
    links = judged(STORY, lambda drug, event: 0.8 if (drug, event) == ("amoxicillin", "rash") else 0.1)
    assert accepted(links) == {("Amoxicillin", "rash", RULE)}
    (link,) = (link for link in links if not link.rejected)
    assert (link.score, link.probability, link.attribution.value) == (0.8, 0.8, "index_patient")


def test_what_the_patient_did_not_have_is_not_linked():
    assert accepted(judged(STORY, lambda drug, event: 0.9 if event == "fever" else 0.1)) == set()


def test_between_the_two_probabilities_a_pair_is_kept_as_rejected():
    links = judged(STORY, lambda drug, event: 0.4 if (drug, event) == ("ibuprofen", "rash") else 0.0)
    assert accepted(links) == set()
    assert {(link.drug.text, link.event.text, link.rejected) for link in links if link.rule == RULE} == {
        ("ibuprofen", "rash", "weak evidence")
    }


BLAMED = (
    "He took <DRUG>amoxicillin</DRUG>. There was <DRUG>amoxicillin</DRUG>-induced <SYMPTOM>ataxia</SYMPTOM>."
)


def test_an_unlikely_link_of_a_rule_is_rejected():
    assert accepted(judged(BLAMED, lambda drug, event: 0.3)) == {("amoxicillin", "ataxia", "compound")}
    links = judged(BLAMED, lambda drug, event: 0.1)
    assert accepted(links) == set()
    assert {link.rejected for link in links if link.rule == "compound"} == {
        "the report as a whole speaks against it"
    }


def test_what_a_rule_found_is_not_linked_again():
    links = judged(BLAMED, lambda drug, event: 0.9)
    assert [link.rule for link in links if not link.rejected] == ["compound"]
    assert {link.probability for link in links if not link.rejected} == {0.9}


def test_how_an_event_ended_ties_it_to_no_drug():
    text = "<DRUG>Amoxicillin</DRUG> was given. {}The <SYMPTOM>oedema</SYMPTOM> disappeared within a week."
    assert accepted(judged(text.format(""), lambda drug, event: 0.9)) == set()
    links = judged(text.format("<SYMPTOM>Oedema</SYMPTOM> was seen. "), lambda drug, event: 0.9)
    assert accepted(links) == {("Amoxicillin", "Oedema", RULE)}


def test_what_is_told_in_general_becomes_no_link():
    text = (
        "He took <DRUG>amoxicillin</DRUG>. Patients treated with such drugs may develop "
        "<SYMPTOM>neutropenia</SYMPTOM>. He was well."
    )
    assert accepted(judged(text, lambda drug, event: 0.95)) == set()


def test_in_a_report_that_blames_a_drug_others_need_more():
    text = f"{BLAMED} He also took <DRUG>ibuprofen</DRUG>. He was <SYMPTOM>drowsy</SYMPTOM>."
    for drug, probability, found in (
        ("amoxicillin", 0.55, {"amoxicillin"}),
        ("amoxicillin", 0.45, set()),
        ("ibuprofen", 0.65, set()),
        ("ibuprofen", 0.75, {"ibuprofen"}),
    ):
        links = judged(
            text, lambda one, event, d=drug, p=probability: p if (one, event) == (d, "drowsy") else 0.3
        )
        assert {link.drug.text for link in links if link.rule == RULE and not link.rejected} == found


def test_an_event_that_words_of_cause_explain_is_not_blamed_on_another_drug():
    text = f"{BLAMED} He also took <DRUG>ibuprofen</DRUG>."
    links = judged(text, lambda drug, event: 0.95)
    assert accepted(links) == {("amoxicillin", "ataxia", "compound")}
    assert {link.rejected for link in links if link.drug.text == "ibuprofen"} == {
        "the report blames other drugs, not this one"
    }


def test_each_patient_of_a_series_has_links_of_their_own():
    text = (
        "Case 1: A 40-year-old woman took <DRUG>ibuprofen</DRUG>. She had an <DRUG>ibuprofen</DRUG>-induced "
        "<SYMPTOM>rash</SYMPTOM>.\n\nCase 2: A 50-year-old man took <DRUG>amoxicillin</DRUG>. He had a "
        "<SYMPTOM>rash</SYMPTOM>. He took <DRUG>ibuprofen</DRUG> without harm."
    )
    links = judged(text, lambda drug, event: 0.9)
    found = {(link.patient_id, link.drug.text, link.rule) for link in links if not link.rejected}
    assert found == {("1", "ibuprofen", "compound"), ("2", "amoxicillin", RULE), ("2", "ibuprofen", RULE)}


def test_pairs_grow_with_the_text_and_not_with_its_square():
    sizes = []
    for count in (100, 200):
        listed = ", ".join("<DRUG>ibuprofen</DRUG>, <SYMPTOM>rash</SYMPTOM>" for _ in range(count))
        sizes.append(len(pairs_of(f"He was ill. There were {listed}. He died.").pair_of))
    assert sizes[1] < 2.5 * sizes[0]  # the ends of the text have fewer neighbours; squares would give 4


def component(probability: float) -> PairJudge:
    return PairJudge(Told(lambda drug, event: probability), thresholds=Thresholds())


def rejected(doc: Doc) -> set[tuple[str, str]]:
    return {(link.rule, link.rejected) for link in attributes.get_links(doc)}


UNLIKELY = {("compound", "the report as a whole speaks against it")}


def test_the_component_sets_the_links_anew():
    doc = linked_doc(BLAMED)
    assert rejected(doc) == {("compound", "")}
    assert rejected(component(0.1)(doc)) == UNLIKELY


def test_what_linking_left_survives_bytes():
    doc = linked_doc(BLAMED)
    again = Doc(nlp().vocab).from_bytes(doc.to_bytes())
    assert attributes.get_blame(again) == attributes.get_blame(doc)
    assert rejected(component(0.1)(again)) == UNLIKELY


@pytest.mark.parametrize(
    "doc",
    [
        pytest.param(lambda: without_vectors(linked_doc(BLAMED)), id="another tagger"),
        pytest.param(lambda: linked_doc(BLAMED.partition(". ")[2]), id="one sentence"),
    ],
)
def test_the_component_leaves_to_the_rules(doc: Callable[[], Doc]):
    assert rejected(component(0.1)(doc())) == {("compound", "")}


def without_vectors(doc: Doc) -> Doc:
    doc.tensor = np.zeros((0,), dtype=np.float32)
    return doc


def test_a_folder_without_a_network_leaves_all_to_the_rules(tmp_path: Path):
    pipeline = blank()
    pipeline.add_pipe("sequela_pairs", config={"model": str(tmp_path)})
    assert rejected(pipeline(linked_doc(BLAMED))) == {("compound", "")}


def test_a_file_that_is_no_network_is_refused(tmp_path: Path):
    path = tmp_path / "pairs.npz"
    for content in (b"", b"no network"):
        path.write_bytes(content)
        with pytest.raises(ModelError, match="cannot be read as a pair network"):
            PairNetwork.read(path)
    np.savez(path, format=np.array(FORMAT + 1), **{"0.words.weight": np.zeros((2, 2))})
    with pytest.raises(ModelError, match="train it anew"):
        PairNetwork.read(path)


def test_a_network_is_read_as_it_was_written(tmp_path: Path):
    report = linked(STORY)
    pairs = pairs_of(STORY)
    members = [weights(pairs, 1), weights(pairs, 2)]
    arrays = {f"{number}.{name}": value for number, one in enumerate(members) for name, value in one.items()}
    np.savez(tmp_path / "pairs.npz", format=np.array(FORMAT), **arrays)
    read = PairNetwork.read(tmp_path / "pairs.npz")
    assert read.width == VECTOR
    np.testing.assert_array_equal(
        read.probabilities(report.doc, pairs), PairNetwork(members).probabilities(report.doc, pairs)
    )
