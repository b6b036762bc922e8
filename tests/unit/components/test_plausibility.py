"""What cannot be a reaction by its nature, and drugs that nobody had."""

from __future__ import annotations

from functools import cache

import pytest
from spacy.language import Language
from spacy.tokens import Span, SpanGroup

from markup import blank, parse
from sequela import attributes
from sequela.components.links.plausibility import is_provoked, why_no_reaction

FILLER = " He lives alone. Nothing else was known."


@cache
def nlp() -> Language:
    pipeline = blank()
    for stage in ("sentences", "sections", "timex", "context", "attribution", "anaphora", "linking"):
        pipeline.add_pipe(f"sequela_{stage}")
    return pipeline


def accepted(markup: str) -> set[tuple[str, str]]:
    doc = parse(nlp(), markup).doc
    for _, component in nlp().pipeline:
        doc = component(doc)
    return {(link.drug.text, link.event.text) for link in attributes.get_links(doc) if not link.rejected}


@pytest.mark.parametrize(
    ("event", "before", "after", "evidence"),
    [
        ("and", "She had ", " since then", "causal"),
        ("tumor shrinkage", "This gave ", " within a month", "temporal"),
        ("remission", "induced ", " of the disease", "causal"),
        ("complete healing of the ulcer", "It brought ", ".", "causal"),
        ("pain", "Effective ", " relief came with it", "temporal"),
        ("fatigue", "The ", " gradually settled", "timed"),
        ("bone metastases", "He had ", " in May", "timed"),
        ("lymphoma", "There was a relapse of ", " in May", "timed"),
        ("lymphoma", "She had ", " in May", "temporal"),
        ("hip fracture", "She suffered a ", " in May", "temporal"),
        ("subdural haematoma", "He fell on the stairs, resulting in a ", ".", "causal"),
        ("DPD deficiency", "She had ", ".", "causal"),
        ("penicillin allergy", "There was a history of ", ".", "causal"),
        ("hives", "It had caused ", " in childhood", "causal"),
        ("hypothermia", "Cooling and therapeutic ", " were begun", "causal"),
        ("adverse effects", "There were no ", " of it", "causal"),
        ("lack of response", "It was stopped for ", ".", "causal"),
        ("increase in platelet count", "It led to an ", ".", "causal"),
        ("reduction in the lung lesions", "Two weeks later there was a ", ".", "timed"),
        ("scald burn", "She had been initially diagnosed as a ", ".", "causal"),
        ("pneumonia", "She came with ", " in May", "timed"),
        ("cognitive performance", "His ", " improved after it", "temporal"),
        ("visual acuity", "There was an improvement of ", ".", "causal"),
        ("sufficient bone formation", "It led to ", ".", "causal"),
        ("TURP", "After it he had ", ".", "timed"),
        ("second laparotomy", "It led to a ", ".", "causal"),
    ],
)
def test_no_reaction(event, before, after, evidence):
    assert why_no_reaction(event, before, after, evidence)


@pytest.mark.parametrize(
    ("event", "before", "after", "evidence"),
    [
        ("and rash", "She had ", " since then", "causal"),
        ("delayed wound healing", "It led to ", ".", "causal"),
        ("hepatitis", "He had ", ", which resolved later", "timed"),
        ("lymphoma", "She had ", " in May", "causal"),
        ("lymphoma", "She had ", " in May", "timed"),
        ("hip fracture", "It led to a ", " in May", "causal"),
        ("subdural haematoma", "The infusion was stopped after a ", ".", "causal"),
        ("carnitine deficiency", "She had ", ".", "causal"),
        ("drug allergy", "We diagnosed ", ".", "causal"),
        ("hives", "It had caused ", " within an hour", "causal"),
        ("hypothermia", "He developed severe ", " within an hour", "causal"),
        ("adverse effects", "There were severe ", " of it", "causal"),
        ("increase in creatinine", "It led to an ", ".", "causal"),
        ("reduction in vision", "Two weeks later there was a ", ".", "timed"),
        ("scald burn", "She was at last diagnosed as having a ", ".", "causal"),
        ("pneumonia", "It led to ", " in May", "causal"),
        ("renal function", "After it the ", " declined to a third", "temporal"),
        ("insufficient bone formation", "It led to ", ".", "causal"),
        ("perforation after colonoscopy", "It led to a ", ".", "causal"),
        ("post-ERCP pancreatitis", "It led to ", ".", "causal"),
    ],
)
def test_may_be_a_reaction(event, before, after, evidence):
    assert why_no_reaction(event, before, after, evidence) == ""


@pytest.mark.parametrize(
    ("sentence", "drug", "event", "expected"),
    [
        ("an electrophysiology study showed E induced by D.", "isoprenaline", "tachycardia", True),
        ("E appeared during the infusion of D.", "isoprenaline", "tachycardia", False),
        ("the D test provoked E.", "ajmaline", "ST elevation", True),
        ("the oral D challenge provoked E.", "amoxicillin", "urticaria", False),
        ("he was kept in D-induced E.", "Propofol", "coma", True),
        ("D led to E.", "propofol", "hypotension", False),
        ("E followed an induced abortion with D.", "misoprostol", "bleeding", True),
    ],
)
def test_provoked_on_purpose(sentence, drug, event, expected):
    assert is_provoked(sentence, drug, event) is expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<DRUG>Zorvexin</DRUG>-associated <SYMPTOM>nephritis</SYMPTOM> was found." + FILLER, set()),
        (
            "<DRUG>Zorvexin</DRUG>-associated <SYMPTOM>nephritis</SYMPTOM> was found. He had received "
            "<DRUG>zorvexin</DRUG>." + FILLER,
            {("Zorvexin", "nephritis")},
        ),
        (
            "<SYMPTOM>Nephritis</SYMPTOM> was due to <DRUG>zorvexin</DRUG>. He took <DRUG>zorvexin</DRUG> "
            "<DOSE>5 mg</DOSE>." + FILLER,
            {("zorvexin", "Nephritis")},
        ),
        (
            "<DRUG>Zorvexin</DRUG>-associated <SYMPTOM>nephritis</SYMPTOM> is rare.",
            {("Zorvexin", "nephritis")},
        ),
        (
            "The stump bulged through the <DRUG>zorvex</DRUG> causing <SYMPTOM>ileus</SYMPTOM>." + FILLER,
            set(),
        ),
        (
            "He was given fluids; <DRUG>zorvexin</DRUG> caused <SYMPTOM>ileus</SYMPTOM>." + FILLER,
            {("zorvexin", "ileus")},
        ),
        (
            "<SYMPTOM>Weakness</SYMPTOM> was due to <DRUG>calcium</DRUG>, which was 3.4 mmol/L." + FILLER,
            set(),
        ),
        (
            "<SYMPTOM>Weakness</SYMPTOM> was due to <DRUG>calcium</DRUG>; she had taken <DRUG>calcium</DRUG>."
            + FILLER,
            {("calcium", "Weakness")},
        ),
        (
            "There was <DRUG>lithium</DRUG>-induced <SYMPTOM>goitre</SYMPTOM>; the <DRUG>lithium</DRUG> level was high."
            + FILLER,
            {("lithium", "goitre")},
        ),
        (
            "A <SYMPTOM>leak</SYMPTOM> due to <DRUG>zorvexin</DRUG> was seen; he had undergone "
            "<DRUG>zorvexin</DRUG>." + FILLER,
            set(),
        ),
        ("An <SYMPTOM>abscess</SYMPTOM> was caused by <DRUG>Nocardia farcinica</DRUG>." + FILLER, set()),
        ("An <SYMPTOM>abscess</SYMPTOM> was caused by <DRUG>N. farcinica</DRUG>." + FILLER, set()),
    ],
    ids=[
        "never given",
        "given",
        "with a dose",
        "a quotation says too little",
        "an article: no name of a substance",
        "a new drug that is blamed",
        "what the body holds itself",
        "what the body holds itself, taken",
        "the level of a drug",
        "a procedure is undergone",
        "a germ",
        "a germ, its genus shortened",
    ],
)
def test_a_name_nobody_knows_needs_an_exposure(markup, expected):
    assert accepted(markup) == expected


@pytest.mark.parametrize("missing", [None, "roles", "maccrobat", "bc5cdr"])
def test_a_name_nobody_knows_is_believed_where_all_heads_see_a_drug(missing):
    markup = "He was given fluids; <DRUG id=d>zorvexin</DRUG> caused <SYMPTOM>ileus</SYMPTOM>." + FILLER
    example = parse(nlp(), markup)
    doc, drug = example.doc, example.spans["d"]
    for head, label in (("roles", "Drug"), ("maccrobat", "DRUG"), ("bc5cdr", "Chemical")):
        found = [] if head == missing else [Span(doc, drug.start, drug.end, label=label)]
        doc.spans[head] = SpanGroup(doc, name=head, spans=found)
    for _, component in nlp().pipeline:
        doc = component(doc)
    links = {(link.drug.text, link.event.text) for link in attributes.get_links(doc) if not link.rejected}
    assert links == (set() if missing else {("zorvexin", "ileus")})


def test_a_drug_named_as_the_cause_clears_the_one_meant_by_a_noun():
    markup = (
        "She received <DRUG>flurotol</DRUG>. Two days after the drug was begun she had "
        "<SYMPTOM>gout</SYMPTOM>, which was caused by <DRUG>bexalin</DRUG>."
    )
    assert ("flurotol", "gout") not in accepted(markup)
