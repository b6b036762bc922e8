"""What anaphors stand for, and what leaves them alone."""

from __future__ import annotations

from functools import cache

import pytest
from spacy.language import Language

from markup import blank, parse
from sequela.lexicons.loader import load_lines


@cache
def nlp() -> Language:
    pipeline = blank()
    for name in ("sequela_sentences", "sequela_sections", "sequela_attribution", "sequela_anaphora"):
        pipeline.add_pipe(name)
    return pipeline


def resolved(markup: str) -> set[tuple[str, str, tuple[str, ...]]]:
    doc = parse(nlp(), markup).doc
    for _, component in nlp().pipeline:
        doc = component(doc)
    return {
        (
            span.text,
            span._.refers_to["rule"],
            tuple(
                doc.text[place["start"] : place["end"]]
                for place in (span._.refers_to, *span._.refers_to["others"])
            ),
        )
        for span in doc.spans["anaphora"]
        if span._.refers_to
    }


CASES = {
    "drug noun": (
        "He was given <DRUG>flurotol</DRUG>. The drug was stopped.",
        {("The drug", "drug_noun", ("flurotol",))},
    ),
    "nearest drug": (
        "He was given <DRUG>flurotol</DRUG>. Later came <DRUG>bexalin</DRUG>. This medication was stopped.",
        {("This medication", "drug_noun", ("bexalin",))},
    ),
    "class to member": (
        "He was given <DRUG>amoxicillin</DRUG> and <DRUG>paracetamol</DRUG>. The antibiotic was stopped.",
        {("The antibiotic", "class_member", ("amoxicillin",))},
    ),
    "class without a member": ("He was given <DRUG>paracetamol</DRUG>. The antibiotic was stopped.", set()),
    "infusion": (
        "<DRUG>Infliximab</DRUG> was chosen. During the infusion he felt cold.",
        {("the infusion", "exposure_noun", ("Infliximab",))},
    ),
    "an injection is none of a tablet": (
        "He was given the <DRUG>measles vaccine</DRUG>. He took <DRUG>ibuprofen</DRUG>. The injection had hurt.",
        {("The injection", "exposure_noun", ("measles vaccine",))},
    ),
    "a blood value is no drug": (
        "He was given <DRUG>flurotol</DRUG>. There was <DRUG>calcium</DRUG> in it. The drug was stopped.",
        {("The drug", "drug_noun", ("flurotol",))},
    ),
    "dose of a named drug": ("The second dose of <DRUG>flurotol</DRUG> was given.", set()),
    "both drugs of a combination": (
        "<DRUG>Nivolumab</DRUG> and <DRUG>ipilimumab</DRUG> were given. The combination was stopped.",
        {("The combination", "exposure_noun", ("ipilimumab", "Nivolumab"))},
    ),
    "culprit is what the report is about": (
        "<DRUG>Flurotol</DRUG>-induced <SYMPTOM>hepatitis</SYMPTOM>. He took <DRUG>flurotol</DRUG> and "
        "<DRUG>aspirin</DRUG>. The offending drug was stopped.",
        {("The offending drug", "culprit", ("Flurotol",))},
    ),
    "pronoun": (
        "He was given <DRUG>flurotol</DRUG>. It was stopped on day 3.",
        {("It", "pronoun", ("flurotol",))},
    ),
    "pronoun that is no drug": ("He was given <DRUG>flurotol</DRUG>. It was raining.", set()),
    "too far back": (
        "He was given <DRUG>flurotol</DRUG>. He slept. He ate. He sang. He swam. He left. The drug was stopped.",
        set(),
    ),
    "symptoms": (
        "After <DRUG>flurotol</DRUG> he had <SYMPTOM>fever</SYMPTOM> and <SYMPTOM>rash</SYMPTOM>. "
        "These symptoms resolved.",
        {("These symptoms", "event_noun", ("rash", "fever"))},
    ),
    "no drug, no anaphor": ("He had <SYMPTOM>fever</SYMPTOM>. These symptoms resolved.", set()),
    "one of several": ("<DRUG>Flurotol</DRUG> is one of the medications used.", set()),
}


@pytest.mark.parametrize("case", CASES)
def test_anaphors(case):
    markup, expected = CASES[case]
    assert resolved(markup) == expected


def test_abbreviation_refers_to_its_long_form():
    example = parse(
        nlp(),
        "<SYMPTOM id=long>Toxic epidermal necrolysis</SYMPTOM> (<SYMPTOM id=short>TEN</SYMPTOM>) was seen. "
        "The <SYMPTOM id=later>TEN</SYMPTOM> healed, the <SYMPTOM id=other>MS</SYMPTOM> did not.",
    )
    doc = nlp().get_pipe("sequela_anaphora")(nlp().get_pipe("sequela_sentences")(example.doc))
    found = {key: span._.refers_to for key, span in example.spans.items()}
    assert {key: value and (value["text"], value["rule"]) for key, value in found.items()} == {
        "long": None,
        "short": ("Toxic epidermal necrolysis", "abbreviation"),
        "later": ("Toxic epidermal necrolysis", "abbreviation"),
        "other": None,
    }
    assert len(doc.spans["anaphora"]) == 0


def test_symptoms_of_another_patient_are_not_those_of_the_index_patient():
    found = resolved(
        "Discussion\nSmith et al. reported a man treated with <DRUG>flurotol</DRUG> who developed "
        "<SYMPTOM>jaundice</SYMPTOM>. Our patient’s symptoms began after <DRUG>flurotol</DRUG>."
    )
    assert not any("jaundice" in antecedents for _, _, antecedents in found)


@pytest.mark.parametrize("name", ["anaphora_modifiers.txt", "anaphora_determiners.txt", "drug_salts.txt"])
def test_lists_are_sorted_and_without_duplicates(name):
    assert list(load_lines(name)) == sorted(set(load_lines(name)))
