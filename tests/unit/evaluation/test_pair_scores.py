from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequela.evaluation.links import (
    ConceptMention,
    Forbidden,
    Pair,
    concept_pairs,
    score_concepts,
    score_pairs_relaxed,
    score_pairs_strict,
    score_recorded,
)
from sequela.evaluation.matching import Span
from sequela.evaluation.scores import Counts, Kind, Rate
from unit.evaluation.strategies import documents, pairs, patient

SCORERS = (score_pairs_strict, score_pairs_relaxed)
CORPUS = documents(st.lists(pairs(), max_size=6))


def pair(drug: tuple[int, int], event: tuple[int, int], **more) -> Pair:
    return Pair(drug=Span.of(*drug), event=Span.of(*event), **more)


def test_case_counted_by_hand():
    gold = {
        "a": [pair((0, 5), (10, 20)), pair((0, 5), (30, 40))],
        "b": [pair((0, 5), (10, 20))],
        "c": [],
    }
    predicted = {
        # right to the letter; two halves of the second effect; a wrong one
        "a": [pair((0, 5), (10, 20)), pair((0, 5), (30, 33)), pair((1, 5), (36, 40)), pair((0, 5), (50, 60))],
        # drug and event in each other's place
        "b": [pair((10, 20), (0, 5))],
        "c": [pair((0, 1), (2, 3))],
    }
    strict = score_pairs_strict(gold, predicted)
    assert strict.counts == {
        "a": {"pair": Counts(1, 2, 1, 4)},
        "b": {"pair": Counts(0, 1, 0, 1)},
        "c": {"pair": Counts(0, 0, 0, 1)},
    }
    relaxed = score_pairs_relaxed(gold, predicted)
    assert relaxed.micro() == Counts(2, 3, 3, 6)
    assert relaxed.micro().precision == 1 / 2
    assert relaxed.micro().recall == pytest.approx(2 / 3)
    assert {(one.doc_id, one.kind, one.gold, one.predicted) for one in relaxed.findings} == {
        ("a", Kind.HIT, 0, 0),
        ("a", Kind.HIT, 1, 1),
        ("a", Kind.HIT, 1, 2),
        ("a", Kind.SPURIOUS, None, 3),
        ("b", Kind.MISS, 0, None),
        ("b", Kind.SPURIOUS, None, 0),
        ("c", Kind.SPURIOUS, None, 0),
    }


def test_gold_is_a_miss_whether_or_not_it_was_a_candidate():
    micro = score_pairs_relaxed({"a": [pair((0, 1), (2, 3))], "b": [pair((0, 1), (2, 3))]}, {}).micro()
    assert micro == Counts(0, 2, 0, 0)
    assert micro.recall == 0


def test_a_row_may_match_at_any_of_its_places():
    told_twice = pair((0, 5), (10, 20), places=((Span.of(40, 45), Span.of(50, 60)),))
    relaxed = score_pairs_relaxed({"a": [pair((40, 45), (50, 60))]}, {"a": [told_twice]})
    assert relaxed.micro() == Counts(1, 1, 1, 1)
    assert score_pairs_strict({"a": [pair((40, 45), (50, 60))]}, {"a": [told_twice]}).micro() == Counts(
        0, 1, 0, 1
    )


@pytest.mark.parametrize("score", SCORERS)
@patient
@given(gold=CORPUS)
def test_gold_against_gold_is_one(score, gold):
    assert score(gold, gold).micro().f1 == (1 if any(gold.values()) else None)


@pytest.mark.parametrize("score", SCORERS)
@patient
@given(gold=CORPUS, predicted=CORPUS)
def test_precision_and_recall_change_places_with_the_sides(score, gold, predicted):
    both = gold.keys() & predicted.keys()
    gold, predicted = {key: gold[key] for key in both}, {key: predicted[key] for key in both}
    one, other = score(gold, predicted).micro(), score(predicted, gold).micro()
    assert (one.precision, one.recall, one.f1) == (other.recall, other.precision, other.f1)
    assert one.f1 is None or 0 <= one.f1 <= 1


@pytest.mark.parametrize("score", SCORERS)
@patient
@given(data=st.data())
def test_order_does_not_matter(score, data):
    gold, predicted = data.draw(CORPUS), data.draw(CORPUS)
    shuffled = {key: data.draw(st.permutations(items)) for key, items in reversed(predicted.items())}
    assert score(gold, predicted).counts == score(gold, shuffled).counts


def test_forbidden_statements():
    drug, disorder, rash = (0, 5), (10, 20), (30, 34)
    treats = Forbidden(drugs=(Span.of(*drug),), events=(Span.of(*disorder),))
    bare = Forbidden(drugs=(Span.of(*drug),))
    gold = {"a": [pair(drug, rash)], "b": [], "c": [], "d": []}
    forbidden = {"a": [treats], "b": [treats, bare], "c": [treats, bare], "d": [treats]}
    predicted = {
        "a": [pair(drug, rash)],  # the reaction beside the treatment
        "b": [pair(drug, disorder)],
        "c": [pair(drug, rash)],  # an event that the statement does not name
    }
    assert score_recorded(forbidden, gold, predicted) == {
        "a": Rate(0, 1),
        "b": Rate(2, 2),
        "c": Rate(1, 2),
        "d": Rate(0, 1),
    }


def test_concepts_counted_by_hand():
    gold = {"a": [("MESH:1", "MESH:2"), ("MESH:1", "MESH:3")], "b": [("MESH:1", "MESH:2")]}
    predicted = {"a": [("MESH:1", "MESH:2"), ("MESH:9", "MESH:3"), ("MESH:1", "MESH:2")]}
    assert score_concepts(gold, predicted).micro() == Counts(1, 3, 1, 2)


TEXT = "lithium and Lithium salts: tremor, goitre"
MENTIONS = [
    ConceptMention(span=Span.of(0, 7), kind="drug", ids=("MESH:L",)),
    ConceptMention(span=Span.of(12, 25), kind="drug", ids=("MESH:L", "MESH:S")),
    ConceptMention(span=Span.of(27, 33), kind="event", ids=("MESH:T",)),
]


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        pytest.param(pair((0, 7), (27, 33)), [("MESH:L", "MESH:T")], id="same mentions"),
        pytest.param(pair((2, 14), (30, 34)), [("MESH:L", "MESH:T")], id="larger overlap wins"),
        pytest.param(pair((12, 19), (27, 33)), [("MESH:L", "MESH:T"), ("MESH:S", "MESH:T")], id="composite"),
        pytest.param(
            pair((0, 7), (35, 41), event_code="MESH:G"),
            [("MESH:L", "MESH:G")],
            id="its own code without a mention",
        ),
        pytest.param(pair((0, 7), (35, 41)), [("MESH:L", "text:goitre")], id="no id at all"),
        pytest.param(pair((27, 33), (27, 33)), [("text:tremor", "MESH:T")], id="mention of the other kind"),
    ],
)
def test_concept_pairs(predicted, expected):
    assert concept_pairs([predicted], MENTIONS, text=TEXT) == expected


def test_why_a_pair_was_missed():
    gold = {
        "a": [pair((0, 5), (10, 20)), pair((0, 5), (30, 40)), pair((50, 55), (10, 20))],
        "b": [pair((0, 5), (6, 9))],
    }
    tagged = {"a": [Span.of(0, 4, "DRUG"), Span.of(12, 14, "SYMPTOM"), Span.of(30, 40, "DRUG")]}
    tally = score_pairs_relaxed(gold, {}, mentions=tagged)
    assert [one.reason for one in tally.findings] == [
        "not linked",
        "event not tagged",
        "drug not tagged",
        "drug not tagged",
    ]
    assert {one.reason for one in score_pairs_relaxed(gold, {}).findings} == {""}
