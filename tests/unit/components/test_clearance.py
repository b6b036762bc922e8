from __future__ import annotations

import pytest

from markup import blank, parse
from sequela.components.clearance import VERDICT_WORDS, is_cleared
from sequela.components.cues import expand
from sequela.lexicons.loader import load_table


@pytest.fixture(scope="module")
def nlp():
    nlp = blank()
    for name in ("sequela_sentences", "sequela_sections", "sequela_context", "sequela_attribution"):
        nlp.add_pipe(name)
    return nlp


def cleared(nlp, markup):
    """Give the texts of the cleared drug mentions, in order."""
    example = parse(nlp, markup)
    for _, component in nlp.pipeline:
        example.doc = component(example.doc)
    return [ent.text for ent in example.doc.ents if ent.label_ == "DRUG" and is_cleared(ent)]


STORY = "She developed a <SYMPTOM>rash</SYMPTOM> on <DRUG>dapsone</DRUG> and <DRUG>rifampicin</DRUG>. "


@pytest.mark.parametrize(
    "verdict",
    [
        pytest.param("<DRUG>Dapsone</DRUG> was therefore considered innocent.", id="innocent"),
        pytest.param(
            "<DRUG>Dapsone</DRUG> was not to blame for the <SYMPTOM>rash</SYMPTOM>.", id="not to blame"
        ),
        pytest.param(
            "Her <SYMPTOM>rash</SYMPTOM> was attributed to measles and not to <DRUG>dapsone</DRUG>.",
            id="and not to",
        ),
        pytest.param(
            "The biopsy ruled out <DRUG>dapsone</DRUG>-induced <SYMPTOM>rash</SYMPTOM>.",
            id="compound ruled out",
        ),
        pytest.param(
            "<DRUG>Dapsone</DRUG>-induced <SYMPTOM>rash</SYMPTOM> was thought to be unlikely in our patient.",
            id="compound unlikely",
        ),
        pytest.param("The later course exonerated <DRUG>dapsone</DRUG>.", id="exonerated"),
        pytest.param("We consider <DRUG>dapsone</DRUG> excluded.", id="consider excluded"),
        pytest.param(
            "It is unlikely that the <SYMPTOM>rash</SYMPTOM> was caused by <DRUG>dapsone</DRUG>.",
            id="unlikely that",
        ),
        pytest.param(
            "A negative patch test spoke against a role of <DRUG>dapsone</DRUG>.", id="against a role"
        ),
    ],
)
def test_every_mention_of_the_drug_is_cleared(nlp, verdict):
    found = cleared(nlp, STORY + verdict)
    assert [text.lower() for text in found] == ["dapsone", "dapsone"]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            "<SYMPTOM>Infection</SYMPTOM> was excluded and <DRUG>dapsone</DRUG> stopped.", id="something else"
        ),
        pytest.param(
            "While she took <DRUG>dapsone</DRUG>, <SYMPTOM>sepsis</SYMPTOM> was unlikely.", id="an illness"
        ),
        pytest.param(
            "<DRUG>Dapsone</DRUG>-induced <SYMPTOM>rash</SYMPTOM> could not be excluded.", id="not excluded"
        ),
        pytest.param(
            "In general <DRUG>dapsone</DRUG> is unlikely to cause agranulocytosis in children.", id="general"
        ),
        pytest.param("<DRUG>Dapsone</DRUG> was not only stopped but never given again.", id="not only"),
        pytest.param("A causal role of <DRUG>dapsone</DRUG> was likely.", id="likely"),
    ],
)
def test_no_drug_is_cleared(nlp, statement):
    assert cleared(nlp, STORY + statement) == []


def test_a_list_of_drugs_is_cleared_together(nlp):
    verdict = "<DRUG>Dapsone</DRUG> and <DRUG>rifampicin</DRUG> can therefore be acquitted."
    assert len(cleared(nlp, STORY + verdict)) == 4


def test_a_verdict_without_a_name_means_the_drug_of_the_report(nlp):
    text = (
        "<DRUG>Dapsone</DRUG> was begun. Her <SYMPTOM>rash</SYMPTOM> came on <DRUG>dapsone</DRUG>; "
        "<DRUG>cetirizine</DRUG> did not help. We consider a causal relationship unlikely."
    )
    assert cleared(nlp, text) == ["Dapsone", "dapsone"]


def test_every_verdict_without_a_drug_has_a_word_that_is_looked_for():
    patterns = [
        row["pattern"] for row in load_table("attribution_entities.csv") if row["rule"] == "no_causality"
    ]
    assert patterns
    assert [
        words for pattern in patterns for words in expand(pattern) if VERDICT_WORDS.isdisjoint(words)
    ] == []


def test_a_report_without_drugs(nlp):
    assert cleared(nlp, "The drug was innocent of the <SYMPTOM>rash</SYMPTOM>.") == []
