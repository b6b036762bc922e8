from __future__ import annotations

import pytest

from sequela.corpora.document import Attribute, Document, Entity, Event, Relation
from sequela.evaluation.links import ConceptMention, Forbidden, Pair
from sequela.evaluation.matching import Span
from sequela.evaluation.schemes import SCHEMES, choose_scheme, narrow, scheme_of_labels
from sequela.evaluation.views import (
    affirmed_pairs,
    concept_mentions,
    concept_relations,
    entity_spans,
    negated_statements,
    reaction_pairs,
    therapeutic_statements,
)


def entity(number: int, label: str, *codes: str) -> Entity:
    return Entity(
        id=f"T{number}", label=label, fragments=((10 * number, 10 * number + 5),), text="xxxxx", codes=codes
    )


def span(number: int, label: str = "") -> Span:
    return Span.of(10 * number, 10 * number + 5, label)


def event(number: int, label: str, *arguments: tuple[str, int]) -> Event:
    return Event(
        id=f"E{number}",
        label=label,
        trigger="T9",
        arguments=tuple((role, f"T{target}") for role, target in arguments),
    )


SENTENCE = Document(
    doc_id="s",
    text="x" * 200,
    entities=[
        entity(1, "Drug"),
        entity(2, "Drug"),
        entity(3, "Effect"),
        entity(4, "Effect"),
        entity(5, "Time_elapsed"),
        entity(6, "Disorder"),
        entity(7, "Disorder"),
        entity(9, "Trigger"),
    ],
    events=[
        event(
            1, "Adverse_event", ("Drug", 1), ("Drug", 2), ("Effect", 3), ("Time_elapsed", 5), ("Treatment", 6)
        ),
        event(2, "Adverse_event", ("Drug", 1), ("Effect", 3), ("Effect", 4), ("Subject_Disorder", 7)),
        event(3, "Potential_therapeutic_event", ("Drug", 1), ("Disorder", 6), ("Subject_Disorder", 7)),
        event(4, "Potential_therapeutic_event", ("Disorder", 6)),
    ],
    attributes=[
        Attribute(id="A1", label="Negated", target="E2"),
        Attribute(id="A2", label="Speculated", target="E1"),
    ],
)


def test_pairs_of_phee():
    assert reaction_pairs(SENTENCE) == [
        Pair(drug=span(1), event=span(3), onsets=(span(5),)),
        Pair(drug=span(1), event=span(4)),
        Pair(drug=span(2), event=span(3), onsets=(span(5),)),
    ]


def test_pairs_of_phee_that_are_not_negated():
    assert affirmed_pairs(SENTENCE) == [
        Pair(drug=span(1), event=span(3), onsets=(span(5),)),
        Pair(drug=span(2), event=span(3), onsets=(span(5),)),
    ]


def test_statements_of_phee():
    assert therapeutic_statements(SENTENCE) == [Forbidden(drugs=(span(1),), events=(span(6), span(7)))]
    assert negated_statements(SENTENCE) == [Forbidden(drugs=(span(1),), events=(span(3), span(4), span(7)))]


def test_entities_by_scheme():
    assert entity_spans(SENTENCE, SCHEMES["phee"].gold) == [
        span(1, "Drug"),
        span(2, "Drug"),
        span(3, "Effect"),
        span(4, "Effect"),
        span(5, "Time_elapsed"),
        span(6, "Disorder"),
        span(7, "Disorder"),
    ]
    assert entity_spans(SENTENCE, {"Drug": "DRUG", "Effect": ""}) == [span(1, "DRUG"), span(2, "DRUG")]


def test_pairs_of_relations():
    document = Document(
        doc_id="a",
        text="x" * 99,
        entities=[entity(1, "Drug"), entity(2, "Effect"), entity(3, "Dose")],
        relations=[
            Relation(id="R1", label="DRUG-AE", head="T1", tail="T2"),
            Relation(id="R2", label="DRUG-DOSE", head="T1", tail="T3"),
        ],
    )
    assert reaction_pairs(document) == [Pair(drug=span(1), event=span(2))]


ABSTRACT = Document(
    doc_id="p",
    text="x" * 99,
    entities=[
        entity(1, "Chemical", "MESH:C1"),
        entity(2, "Disease", "MESH:D1"),
        entity(3, "Disease", "MESH:D2", "MESH:D3"),
        entity(4, "Gene", "NCBIGene:1"),
        entity(5, "Chemical"),
    ],
    relations=[
        Relation(id="R1", label="CID", head="MESH:C1", tail="MESH:D1"),
        Relation(id="R2", label="Positive_Correlation", head="T3", tail="MESH:C1"),
        Relation(id="R3", label="Positive_Correlation", head="NCBIGene:1", tail="MESH:C1"),
        Relation(id="R4", label="Negative_Correlation", head="MESH:C1", tail="MESH:D1"),
    ],
)


def test_concepts():
    assert concept_relations(ABSTRACT) == [
        ("MESH:C1", "MESH:D1"),
        ("MESH:C1", "MESH:D2"),
        ("MESH:C1", "MESH:D3"),
    ]
    assert concept_mentions(ABSTRACT) == [
        ConceptMention(span=span(1), kind="drug", ids=("MESH:C1",)),
        ConceptMention(span=span(2), kind="event", ids=("MESH:D1",)),
        ConceptMention(span=span(3), kind="event", ids=("MESH:D2", "MESH:D3")),
        ConceptMention(span=span(5), kind="drug", ids=()),
    ]
    assert reaction_pairs(ABSTRACT) == []


@pytest.mark.parametrize(
    ("labels", "scheme"),
    [
        (["Drug", "Effect", "Age"], "phee"),
        (["Medication", "Sign_symptom", "Age"], "maccrobat"),
        (["ChemicalEntity", "GeneOrGeneProduct"], "bc5cdr"),
        (["DRUG", "SYMPTOM"], "sequela"),
        (["Something"], "sequela"),
        ([], "sequela"),
    ],
)
def test_scheme_by_the_labels_of_the_gold(labels, scheme):
    document = Document(doc_id="d", text="", entities=[entity(n, label) for n, label in enumerate(labels)])
    assert choose_scheme([document]).name == scheme


def test_scheme_of_a_label_map():
    scheme = scheme_of_labels("ade")
    assert scheme.gold == {"Dose": "DOSE", "Drug": "DRUG", "Effect": "SYMPTOM"}
    assert scheme.predicted == {**scheme.gold, "DOSE": "DOSE", "DRUG": "DRUG", "SYMPTOM": "SYMPTOM"}


@pytest.mark.shared
def test_counts_of_the_public_corpora(shared_corpora):
    from sequela.corpora import phee, pubtator

    sentences = list(phee.read(shared_corpora / "phee2" / "dev.json"))
    abstracts = list(pubtator.read(shared_corpora / "bc5cdr" / "CDR_DevelopmentSet.PubTator.txt"))
    assert len(sentences) == 961
    assert sum(len(reaction_pairs(one)) for one in sentences) == 1060
    assert sum(len(therapeutic_statements(one)) for one in sentences) == 114
    assert sum(len(concept_relations(one)) for one in abstracts) == 1012  # as the task counts them


def test_labels_that_the_gold_never_uses_are_not_scored():
    document = Document(doc_id="d", text="x" * 99, entities=[entity(1, "DRUG"), entity(2, "Other")])
    assert narrow(SCHEMES["sequela"], [document]).gold == {"DRUG": "DRUG"}
