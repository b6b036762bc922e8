from __future__ import annotations

import time

import pytest
from spacy.tokens import Span

from markup import blank, parse
from sequela import attributes
from sequela.components.entity_attribution import find_entity_attributions
from sequela.lexicons.loader import load_table
from sequela.schema import Attribution

# For every value and rule of the lexicon: texts in which it decides, texts in which it must not.
RULES: dict[str, tuple[str, str]] = {
    "background:effect_list": (
        "He was warned of possible side effects such as <SYMPTOM id=x>rash</SYMPTOM>.",
        "He had side effects such as <SYMPTOM id=x>rash</SYMPTOM>.",
    ),
    "background:known_to": (
        "She took no drug known to cause <SYMPTOM id=x>pancreatitis</SYMPTOM>.",
        "She was known to have had <SYMPTOM id=x>pancreatitis</SYMPTOM>.",
    ),
    "background:that_can": (
        "He took nothing that could have caused <SYMPTOM id=x>fever</SYMPTOM>.",
        "He took dapsone, which caused <SYMPTOM id=x>fever</SYMPTOM>.",
    ),
    "background:that_is_caused": (
        "We feared <SYMPTOM id=x>fever</SYMPTOM> that can be caused by dapsone.",
        "We saw <SYMPTOM id=x>fever</SYMPTOM> that was caused by dapsone.",
    ),
    "carrier:carrier": (
        "A woman with <SYMPTOM id=x>lupus</SYMPTOM> treated with <DRUG>dapsone</DRUG> had fever.",
        "A woman with <SYMPTOM id=x>lupus</SYMPTOM> slept.",
    ),
    "excluded:verdict": (
        "After long use <DRUG id=x>dapsone</DRUG> was considered innocent.",
        "While he was on <DRUG id=x>dapsone</DRUG>, <SYMPTOM>sepsis</SYMPTOM> was unlikely.",
    ),
    "indication:for": (
        "She took <DRUG>dapsone</DRUG> for <SYMPTOM id=x>acne</SYMPTOM>.",
        "She took <DRUG>dapsone</DRUG> for 5 days, then had <SYMPTOM id=x>acne</SYMPTOM>.",
    ),
    "indication:purpose": (
        "Dapsone is used to treat <SYMPTOM id=x>leprosy</SYMPTOM>.",
        "Those who treat patients despite <SYMPTOM id=x>leprosy</SYMPTOM> are many.",
    ),
    "treatment:treated_with": (
        "The <SYMPTOM>rash</SYMPTOM> was treated with <DRUG id=x>prednisone</DRUG>.",
        "She was treated with <DRUG id=x>amoxicillin</DRUG> and developed a <SYMPTOM>rash</SYMPTOM>.",
    ),
    "treatment:resolved_with": (
        "The <SYMPTOM>rash</SYMPTOM> resolved completely with <DRUG id=x>prednisone</DRUG>.",
        "The <SYMPTOM>rash</SYMPTOM> resolved with withdrawal of <DRUG id=x>dapsone</DRUG>.",
    ),
    "treatment:resolved_after": (
        "The <SYMPTOM>rash</SYMPTOM> improved after administration of <DRUG id=x>cetirizine</DRUG>.",
        "The <SYMPTOM>rash</SYMPTOM> improved after discontinuation of <DRUG id=x>dapsone</DRUG>.",
    ),
    "treatment:reversed_by": (
        "Supportive treatment with <DRUG id=x>saline</DRUG> was given.",
        "Supportive parents gave <DRUG id=x>saline</DRUG>.",
    ),
}


@pytest.fixture(scope="module")
def nlp():
    nlp = blank()
    for name in ("sequela_sentences", "sequela_sections", "sequela_context", "sequela_attribution"):
        nlp.add_pipe(name)
    return nlp


def annotate(nlp, markup):
    example = parse(nlp, markup)
    for _, component in nlp.pipeline:
        component(example.doc)
    return example


def values(example):
    return {
        ent.text: str(attributes.get_attribution(ent)[0])
        for ent in example.doc.ents
        if attributes.get_attribution(ent)[1] is not None
    }


def test_every_rule_of_the_lexicon_has_examples():
    rows = load_table("attribution_entities.csv")
    assert {f"{row['value']}:{row['rule']}" for row in rows} - {
        "exposure:exposure",
        "excluded:no_causality",  # of the report: see test_clearance.py
    } == set(RULES)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_rule(nlp, rule):
    fires, silent = (annotate(nlp, markup) for markup in RULES[rule])
    value, cue = attributes.get_attribution(fires.spans["x"])
    expected = rule.split(":")[0].replace("carrier", "indication")
    # a verdict becomes that of the report
    assert (str(value), cue and cue.rule) == (expected, rule.replace(":verdict", ":cleared"))
    assert fires.doc.text[cue.start : cue.end] == cue.text
    assert attributes.get_attribution(silent.spans["x"]) == (Attribution.INDEX_PATIENT, None)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        pytest.param(
            "<SYMPTOM>Infection</SYMPTOM> and <SYMPTOM>trauma</SYMPTOM> were ruled out.",
            {"Infection": "excluded", "trauma": "excluded"},
            id="excluded",
        ),
        pytest.param("There was no <SYMPTOM>infection</SYMPTOM>.", {}, id="negated is not excluded"),
        pytest.param(
            "He took nothing known to cause <SYMPTOM>fever</SYMPTOM> or <SYMPTOM>rash</SYMPTOM>.",
            {"fever": "background", "rash": "background"},
            id="list of what is known to be caused",
        ),
        pytest.param(
            "<DRUG>Dapsone</DRUG> for <SYMPTOM>leprosy</SYMPTOM>, <SYMPTOM>acne</SYMPTOM> and "
            "<SYMPTOM>lupus</SYMPTOM> caused <SYMPTOM>rash</SYMPTOM>.",
            {"leprosy": "indication", "acne": "indication", "lupus": "indication"},
            id="list of indications",
        ),
        pytest.param(
            "She developed <SYMPTOM>rash</SYMPTOM> after <DRUG>dapsone</DRUG> and was treated with "
            "<DRUG>cetirizine</DRUG> and <DRUG>prednisone</DRUG>.",
            {"cetirizine": "treatment", "prednisone": "treatment"},
            id="list of treatments",
        ),
        pytest.param(
            "Two days after <DRUG>dapsone</DRUG> she developed a <SYMPTOM>rash</SYMPTOM>.",
            {},
            id="a plain reaction",
        ),
        pytest.param(
            "<DRUG>Dapsone</DRUG> was stopped because of a <SYMPTOM>rash</SYMPTOM>.", {}, id="because of"
        ),
    ],
)
def test_values(nlp, markup, expected):
    assert values(annotate(nlp, markup)) == expected


@pytest.mark.parametrize(
    "piece",
    ["dapsone for rash, ", "rash treated with dapsone ", "a man with rash on dapsone ", "treated with rash "],
)
def test_time_grows_no_faster_than_the_text(nlp, piece):
    labels = {"rash": "SYMPTOM", "dapsone": "DRUG"}

    def seconds(size):
        doc = nlp.make_doc(piece * size)
        doc.set_ents([Span(doc, t.i, t.i + 1, labels[t.text]) for t in doc if t.text in labels])
        begin = time.process_time()
        find_entity_attributions(doc)
        return time.process_time() - begin

    seconds(10)
    assert min(seconds(4_000) for _ in range(2)) < 50 * max(seconds(400), 0.01)
