from __future__ import annotations

import pytest
from spacy.tokens import Span as DocSpan

from markup import blank
from sequela import attributes
from sequela.corpora.document import Document, Entity
from sequela.errors import CorpusError
from sequela.evaluation.matching import Span
from sequela.evaluation.predictions import (
    Given,
    Prediction,
    prediction_of_doc,
    predictions_of_rows,
    prepare,
)
from sequela.evaluation.run import THERAPEUTIC, Level, choose_levels, score
from sequela.evaluation.schemes import SCHEMES
from sequela.evaluation.scores import Counts, Rate
from sequela.schema import Assertion, Attribution, Link, Mention, Onset, Triple
from unit.evaluation.test_views import ABSTRACT, SENTENCE

TEXT = "Zelvor caused fever and chills after two days."


@pytest.fixture
def doc():
    return blank()(TEXT)


def mention(text: str, label: str) -> Mention:
    return Mention(text=text, start=TEXT.index(text), end=TEXT.index(text) + len(text), label=label)


def link(**more) -> Link:
    return Link(
        **{
            "drug": mention("Zelvor", "DRUG"),
            "event": mention("fever and chills", "SYMPTOM"),
            "rule": "cause",
            "score": 0.9,
            **more,
        }
    )


def row(event: str, **more) -> Triple:
    place = mention(event, "SYMPTOM")
    return Triple(
        doc_id="d", triple_id=event, drug="Zelvor", event=event, drug_start=0, drug_end=6,
        event_start=place.start, event_end=place.end, **more,
    )  # fmt: skip


def test_links_are_unsplit_and_rows_atomic(doc):
    onset = Onset(text="two days", start=37, end=45)
    attributes.set_links(
        doc, [link(onset=onset), link(rejected="weak evidence"), link(assertion=Assertion.NEGATED)]
    )
    attributes.set_triples(
        doc,
        [
            row("fever", onset_start=37, onset_end=45, onset_min="P2D", mentions=((0, 6, 24, 30),)),
            row("chills", attribution=Attribution.BACKGROUND),
            row("days", attribution=Attribution.TREATMENT),
            row("two", assertion=Assertion.HYPOTHETICAL),
        ],
    )
    found = prediction_of_doc(doc, SCHEMES["sequela"])
    drug = Span.of(0, 6)
    assert [(one.drug, one.event, one.onsets) for one in found.links] == [
        (drug, Span.of(14, 30), (Span.of(37, 45),))
    ]
    assert [(one.drug, one.event, one.places, one.onset_min) for one in found.pairs] == [
        (drug, Span.of(14, 19), ((drug, Span.of(24, 30)),), "P2D"),
        (drug, Span.of(24, 30), (), ""),
    ]
    assert [one.event for one in found.rows] == ["fever", "chills", "days", "two"]


def test_entities_of_the_group_or_of_the_doc(doc):
    doc.set_ents([DocSpan(doc, 0, 1, label="DRUG"), DocSpan(doc, 2, 3, label="SYMPTOM")])
    assert prediction_of_doc(doc, SCHEMES["sequela"]).entities == [
        Span.of(0, 6, "DRUG"),
        Span.of(14, 19, "SYMPTOM"),
    ]
    assert prediction_of_doc(doc, SCHEMES["bc5cdr"]).entities == [
        Span.of(0, 6, "Chemical"),
        Span.of(14, 19, "Disease"),
    ]
    doc.spans["maccrobat"] = [DocSpan(doc, 0, 1, label="DRUG"), DocSpan(doc, 2, 3, label="FREQUENCY")]
    assert prediction_of_doc(doc, SCHEMES["maccrobat"]).entities == [Span.of(0, 6, "DRUG")]
    doc.spans["roles"] = []
    assert prediction_of_doc(doc, SCHEMES["phee"]).entities == []


def test_gold_entities_are_set_on_token_borders_without_roles():
    document = Document(
        doc_id="d",
        text=TEXT,
        entities=[
            Entity(id="T1", label="Drug", fragments=((0, 6),), text="Zelvor"),
            Entity(id="T2", label="Effect", fragments=((14, 19), (24, 29)), text="fever chill"),
            Entity(id="T3", label="Disorder", fragments=((14, 30),), text="fever and chills"),
            Entity(id="T4", label="Trigger", fragments=((7, 13),), text="caused"),
            Entity(id="T5", label="Time_elapsed", fragments=((37, 45),), text="two days"),
        ],
    )
    doc = prepare(blank(), document, SCHEMES["phee"], given=Given.ENTITIES)
    assert [(ent.text, ent.label_) for ent in doc.ents] == [
        ("Zelvor", "DRUG"),
        ("fever and chills", "SYMPTOM"),
        ("two days", "TIME"),
    ]
    assert dict(doc.spans) == {}
    assert attributes.get_meta(doc) == {"doc_id": "d"}
    assert not prepare(blank(), document, SCHEMES["phee"]).ents


def test_rows_by_document():
    found = predictions_of_rows([row("fever"), row("chills", assertion=Assertion.NEGATED)])
    assert found.keys() == {"d"}
    assert (len(found["d"].pairs), len(found["d"].rows), found["d"].entities) == (1, 2, ())


def test_levels_that_the_gold_has():
    assert choose_levels(None, [SENTENCE], SCHEMES["phee"]) == [Level.ENTITIES, Level.PAIRS, Level.TRIPLES]
    assert choose_levels(None, [ABSTRACT], SCHEMES["bc5cdr"]) == [Level.ENTITIES, Level.PAIRS]
    assert choose_levels(Level.PAIRS, [SENTENCE], SCHEMES["phee"]) == [Level.PAIRS]
    with pytest.raises(CorpusError, match="it can be scored on: entities, pairs, triples"):
        choose_levels(Level.DOCUMENTS, [SENTENCE], SCHEMES["phee"])
    with pytest.raises(CorpusError, match="no annotation that can be scored"):
        choose_levels(None, [Document(doc_id="d", text="")], SCHEMES["phee"])


def test_every_level_of_a_sentence_against_itself():
    from sequela.evaluation.predictions import prediction_of_document

    gold = prediction_of_document(SENTENCE, SCHEMES["phee"].predicted)
    levels = [Level.ENTITIES, Level.PAIRS, Level.TRIPLES]
    found = score([SENTENCE], {"s": gold}, SCHEMES["phee"], levels)
    assert {one.tally.name: one.tally.micro().f1 for one in found} == {
        "entities/strict": 1,
        "entities/relaxed": 1,
        "pairs/strict": 1,
        "pairs/relaxed": 1,
        "triples/relaxed": 1,
    }
    nothing = score([SENTENCE], {"other": Prediction()}, SCHEMES["phee"], levels)
    assert {one.tally.micro().recall for one in nothing} == {0}
    assert nothing[3].tally.rate(THERAPEUTIC) == Rate(0, 1)


def test_concepts_of_an_abstract():
    from sequela.evaluation.links import Pair

    pair = Pair(drug=Span.of(10, 15), event=Span.of(30, 35))
    found = score([ABSTRACT], {"p": Prediction(pairs=[pair])}, SCHEMES["bc5cdr"], [Level.PAIRS])
    assert {one.tally.name: one.tally.micro() for one in found} == {"pairs/concepts": Counts(2, 3, 2, 2)}
