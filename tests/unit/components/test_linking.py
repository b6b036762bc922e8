"""Links of whole reports: across sentences, against each other, with the report's other evidence."""

from __future__ import annotations

from functools import cache

import pytest
from spacy.language import Language
from spacy.tokens import Span

from markup import blank, parse
from sequela import attributes
from sequela.components.links.splitting import split_event
from sequela.lexicons.loader import load_table
from sequela.schema import Link, Mention, Role

STAGES = ("sentences", "sections", "timex", "context", "attribution", "anaphora", "linking")


@cache
def nlp(disabled: tuple[str, ...] = ()) -> Language:
    pipeline = blank()
    for stage in STAGES:
        config = {"disabled_rules": list(disabled)} if stage == "linking" else {}
        pipeline.add_pipe(f"sequela_{stage}", config=config)
    return pipeline


def links_of(markup: str, *disabled: str, roles: dict[str, str] | None = None) -> list[Link]:
    example = parse(nlp(disabled), markup)
    doc = example.doc
    if roles:
        doc.spans["roles"] = [
            Span(doc, example.spans[key].start, example.spans[key].end, label=label)
            for key, label in roles.items()
        ]
    for _, component in nlp(disabled).pipeline:
        doc = component(doc)
    return attributes.get_links(doc)


def accepted(markup: str, *disabled: str, roles: dict[str, str] | None = None) -> set[tuple[str, str, str]]:
    links = links_of(markup, *disabled, roles=roles)
    return {(link.drug.text, link.event.text, link.rule) for link in links if not link.rejected}


ACROSS = {
    "then_developed": (
        "He was started on <DRUG>flurotol</DRUG>. <TIME>Ten days later</TIME> he developed "
        "<SYMPTOM>jaundice</SYMPTOM>. The report blames <DRUG>flurotol</DRUG>-induced <SYMPTOM>hepatitis</SYMPTOM>.",
        "He was started on <DRUG>flurotol</DRUG>. <TIME>Ten days later</TIME> the <SYMPTOM>jaundice</SYMPTOM> "
        "resolved. The report blames <DRUG>flurotol</DRUG>-induced <SYMPTOM>hepatitis</SYMPTOM>.",
    ),
    "had_been_taking": (
        "She was admitted with <SYMPTOM>tremor</SYMPTOM>. She had been taking <DRUG>flurotol</DRUG> for months. "
        "There was <DRUG>flurotol</DRUG>-induced <SYMPTOM>ataxia</SYMPTOM>.",
        "She was admitted with <SYMPTOM>tremor</SYMPTOM>. The shelf held <DRUG>flurotol</DRUG>. "
        "There was <DRUG>flurotol</DRUG>-induced <SYMPTOM>ataxia</SYMPTOM>.",
    ),
    "side_effects_told": (
        "She received <DRUG>flurotol</DRUG>. She experienced side effects: <SYMPTOM>alopecia</SYMPTOM>.",
        "She received <DRUG>flurotol</DRUG>. On examination: <SYMPTOM>alopecia</SYMPTOM>.",
    ),
    "also_developed": (
        "<DRUG>Flurotol</DRUG> caused <SYMPTOM>fever</SYMPTOM>. Additionally, he developed "
        "<SYMPTOM>hepatitis</SYMPTOM>.",
        "<DRUG>Flurotol</DRUG> caused <SYMPTOM>fever</SYMPTOM>. There was no <SYMPTOM>hepatitis</SYMPTOM>.",
    ),
    "manifested_as": (
        "He came on Monday. There was <SYMPTOM>DRESS</SYMPTOM> due to <DRUG>flurotol</DRUG>, manifested by a "
        "<SYMPTOM>rash</SYMPTOM>. He went home.",
        "He came on Monday. There was <SYMPTOM>DRESS</SYMPTOM> due to <DRUG>flurotol</DRUG>, and before it a "
        "<SYMPTOM>rash</SYMPTOM>. He went home.",
    ),
    "poisoning": (
        "The man presented with <SYMPTOM>tremor</SYMPTOM>. Blood was taken. Self-poisoning with "
        "<DRUG>flurotol</DRUG> was confirmed.",
        "The man presented with <SYMPTOM>tremor</SYMPTOM>. Blood was taken. Treatment with "
        "<DRUG>flurotol</DRUG> was continued.",
    ),
    "told_of_patient": (
        "CASE REPORT\nOur patient took <DRUG>flurotol</DRUG> for years. She had <SYMPTOM>acidosis</SYMPTOM> then.\n\n"
        "DISCUSSION\n<DRUG>Flurotol</DRUG>-associated <SYMPTOM>acidosis</SYMPTOM> is rare in general.",
        "CASE REPORT\nOur patient took <DRUG>flurotol</DRUG> for years. She had <SYMPTOM>migraine</SYMPTOM> then.\n\n"
        "DISCUSSION\n<DRUG>Flurotol</DRUG>-associated <SYMPTOM>acidosis</SYMPTOM> is rare in general.",
    ),
}


@pytest.mark.parametrize("rule", ACROSS)
def test_rule_across_sentences_fires(rule):
    assert rule in {found for _, _, found in accepted(ACROSS[rule][0])}


@pytest.mark.parametrize("rule", ACROSS)
def test_rule_across_sentences_stays_silent(rule):
    assert rule not in {found for _, _, found in accepted(ACROSS[rule][1])}


@pytest.mark.parametrize("rule", ACROSS)
def test_rule_across_sentences_can_be_switched_off(rule):
    assert rule not in {found for _, _, found in accepted(ACROSS[rule][0], rule)}


def test_every_rule_across_sentences_has_an_example():
    assert {row["rule"] for row in load_table("linking_neighbours.csv")} <= set(ACROSS)


REPORTS = {
    "coordination": (
        "<DRUG>Flurotol</DRUG> caused <SYMPTOM>fever</SYMPTOM>, <SYMPTOM>chills</SYMPTOM> and <SYMPTOM>rash</SYMPTOM>.",
        {("Flurotol", event, "causes") for event in ("fever", "chills", "rash")},
    ),
    "combination": (
        "<SYMPTOM>Colitis</SYMPTOM> due to <DRUG>flurotol</DRUG> plus <DRUG>bexalin</DRUG>.",
        {(drug, "Colitis", "cause_of") for drug in ("flurotol", "bexalin")},
    ),
    "a compound names the cause": (
        "<DRUG>Bexalin</DRUG>-induced <SYMPTOM>necrosis</SYMPTOM> and <DRUG>flurotol</DRUG>-induced "
        "<SYMPTOM>anaemia</SYMPTOM>.",
        {("Bexalin", "necrosis", "compound"), ("flurotol", "anaemia", "compound")},
    ),
    "treatment of the reaction": (
        "<DRUG>Flurotol</DRUG>-induced <SYMPTOM>hepatitis</SYMPTOM> was treated with <DRUG>prednisone</DRUG>.",
        {("Flurotol", "hepatitis", "compound")},
    ),
    "an improvement": (
        "<DRUG>Flurotol</DRUG> led to <SYMPTOM>complete recovery</SYMPTOM>.",
        set(),
    ),
    "a measurement without a change": (
        "<SYMPTOM>Creatinine</SYMPTOM> during <DRUG>flurotol</DRUG> is shown.",
        set(),
    ),
    "a measurement that changed": (
        "The <SYMPTOM>creatinine</SYMPTOM> rose to 5.2 mg/dL after <DRUG>flurotol</DRUG>.",
        {("flurotol", "creatinine", "event_after_drug")},
    ),
    "withdrawal": (
        "<SYMPTOM>Spasticity</SYMPTOM> occurred after stopping <DRUG>baclofen</DRUG>.",
        {("baclofen", "Spasticity", "withdrawal")},
    ),
    "vaccine with its name": (
        "<SYMPTOM>Myocarditis</SYMPTOM> was due to the COVID-19 <DRUG>vaccine</DRUG>.",
        {("COVID-19 vaccine", "Myocarditis", "cause_of")},
    ),
    "anaphor": (
        "She received <DRUG>flurotol</DRUG>. This medication has side effects such as <SYMPTOM>nausea</SYMPTOM>.",
        {("flurotol", "nausea", "side_effect_list")},
    ),
    "the patient's symptoms are the reactions of the report": (
        "We report <SYMPTOM>gout</SYMPTOM> following <DRUG>flurotol</DRUG>. Nothing is known. It is rare. "
        "It is odd. The patient's symptoms began <TIME>two days</TIME> after <DRUG>flurotol</DRUG>.",
        {("flurotol", "gout", "reported_after"), ("flurotol", "gout", "timed_onset")},
    ),
    "a noun for side effects between drug and event": (
        "<SYMPTOM>Mucositis</SYMPTOM> was the only <SYMPTOM>toxicity</SYMPTOM> of <DRUG>flurotol</DRUG>.",
        {("flurotol", "Mucositis", "event_is_side_effect"), ("flurotol", "toxicity", "event_of_drug")},
    ),
    "no side effects": (
        "The <SYMPTOM>swelling</SYMPTOM> went down without <SYMPTOM>side effects</SYMPTOM> related to "
        "<DRUG>flurotol</DRUG>.",
        set(),
    ),
    "a class stands for the drugs named before": (
        "She was treated with <DRUG>flurotol</DRUG>. The chemo was long. After the first cycle of "
        "<DRUG>chemotherapy</DRUG> she went home. She experienced toxicity: <SYMPTOM>alopecia</SYMPTOM>.",
        {("flurotol", "alopecia", "side_effects_told")},
    ),
    "of several drugs the one that was stopped": (
        "He took <DRUG>bexalin</DRUG> and <DRUG>flurotol</DRUG>, which was stopped because of <SYMPTOM>gout</SYMPTOM>.",
        {("flurotol", "gout", "stopped_for")},
    ),
    "supportive care is no suspect": ("<SYMPTOM>Oedema</SYMPTOM> due to <DRUG>saline</DRUG>.", set()),
}


@pytest.mark.parametrize("case", REPORTS)
def test_reports(case):
    markup, expected = REPORTS[case]
    assert accepted(markup) == expected


def test_interacting_drugs():
    links = links_of(
        "<SYMPTOM>Myopathy</SYMPTOM> caused by an interaction between <DRUG>bexalin</DRUG> and <DRUG>flurotol</DRUG>."
    )
    assert {(link.drug.text, link.role) for link in links} == {
        ("bexalin", Role.INTERACTING),
        ("flurotol", Role.INTERACTING),
    }


def test_drug_given_for_the_disease_is_an_indication():
    (link,) = links_of("She took <DRUG>flurotol</DRUG> for <SYMPTOM>psoriasis</SYMPTOM>.")
    assert (link.attribution, link.role, bool(link.rejected)) == ("indication", "treatment", True)


def test_report_that_blames_one_drug_does_not_blame_the_bystander():
    found = links_of(
        "<DRUG>Flurotol</DRUG>-induced <SYMPTOM>rash</SYMPTOM> was seen. He also took <DRUG>bexalin</DRUG> and "
        "developed <SYMPTOM>cough</SYMPTOM>."
    )
    assert {(link.drug.text, link.event.text) for link in found if not link.rejected} == {
        ("Flurotol", "rash")
    }
    assert Role.CONCOMITANT in {link.role for link in found if link.drug.text == "bexalin"}


def test_roles_add_what_no_rule_says():
    markup = "With <DRUG id=d>flurotol</DRUG>, no wonder, <SYMPTOM id=e>oedema</SYMPTOM>."
    assert accepted(markup) == set()
    assert accepted(markup, roles={"d": "Drug", "e": "Effect"}) == {("flurotol", "oedema", "roles")}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("fever, chills and rash", ["fever", "chills", "rash"]),
        ("liver and kidney failure", ["liver and kidney failure"]),
        (
            "toxic epidermal necrolysis (TEN) followed by rash",
            ["toxic epidermal necrolysis", "TEN", "rash"],
        ),
        ("toxic epidermal necrolysis", ["toxic epidermal necrolysis"]),
        ("nausea with vomiting", ["nausea", "vomiting"]),
        ("hepatitis resulting in death", ["hepatitis"]),
    ],
)
def test_splitting(text, parts):
    mention = Mention(text=text, start=100, end=100 + len(text), label="SYMPTOM")
    found = split_event(mention)
    assert [part.text for part in found] == parts
    assert all(text[part.start - 100 : part.end - 100] == part.text for part in found)


@pytest.mark.parametrize("word", ["resistant", "free", "naive", "negative"])
def test_half_of_a_word_that_says_what_was_not_taken_is_no_drug(word: str):
    text = f"There was <DRUG>flurotol</DRUG>-{word} disease. It was associated with <SYMPTOM>rash</SYMPTOM>."
    assert links_of(text) == []
    same = f"There was <DRUG>flurotol</DRUG>-{word} disease, which caused <SYMPTOM>rash</SYMPTOM>."
    assert links_of(same) == []
    told = "There was <DRUG>flurotol</DRUG>-treated disease. <DRUG>Flurotol</DRUG> caused a <SYMPTOM>rash</SYMPTOM>."
    assert accepted(told) == {("Flurotol", "rash", "causes")}
