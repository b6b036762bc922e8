from __future__ import annotations

import pytest
from test_dose import maccrobat

from markup import blank, parse
from sequela import attributes
from sequela.components.sentences import Sentences
from sequela.components.sites import link_sites, sites_of
from sequela.schema import Assertion


@pytest.fixture(scope="module")
def nlp():
    return blank()


CASES = {
    "before": ("<BODY_SITE id=1>abdominal</BODY_SITE> <SYMPTOM id=a>pain</SYMPTOM>", {("1", "a")}),
    "before, with a word between": (
        "<BODY_SITE id=1>chest</BODY_SITE> wall <SYMPTOM id=a>pain</SYMPTOM>",
        {("1", "a")},
    ),
    "after a preposition": (
        "<SYMPTOM id=a>petechiae</SYMPTOM> on the <BODY_SITE id=1>left antecubital fossa</BODY_SITE>",
        {("1", "a")},
    ),
    "list of sites": (
        "<SYMPTOM id=a>swelling</SYMPTOM> of the <BODY_SITE id=1>face</BODY_SITE>, "
        "<BODY_SITE id=2>lips</BODY_SITE>"
        " and <BODY_SITE id=3>tongue</BODY_SITE>",
        {("1", "a"), ("2", "a"), ("3", "a")},
    ),
    "laterality in a list": (
        "<SYMPTOM id=a>bullae</SYMPTOM> on the <BODY_SITE id=1>left arm</BODY_SITE> and right "
        "<BODY_SITE id=2>leg</BODY_SITE>",
        {("1", "a"), ("2", "a")},
    ),
    "two events of one site": (
        "<SYMPTOM id=a>swelling</SYMPTOM> and <SYMPTOM id=b>pain</SYMPTOM> of the "
        "<BODY_SITE id=1>knee</BODY_SITE>",
        {("1", "a"), ("1", "b")},
    ),
    "each its own": (
        "<BODY_SITE id=1>back</BODY_SITE> <SYMPTOM id=a>pain</SYMPTOM>, <SYMPTOM id=b>rash</SYMPTOM> on "
        "the <BODY_SITE id=2>arms</BODY_SITE>",
        {("1", "a"), ("2", "b")},
    ),
    "a verb between": (
        "the <SYMPTOM id=a>rash</SYMPTOM> spread to the <BODY_SITE id=1>trunk</BODY_SITE>",
        {("1", "a")},
    ),
    "site as subject": (
        "her <BODY_SITE id=1>legs</BODY_SITE> were <SYMPTOM id=a>swollen</SYMPTOM>",
        {("1", "a")},
    ),
    "imaging of a site": (
        "<BODY_SITE id=1>chest</BODY_SITE> X-ray showed <SYMPTOM id=a>effusion</SYMPTOM>",
        set(),
    ),
    "imaging of the site": (
        "CT of the <BODY_SITE id=1>abdomen</BODY_SITE> revealed an <SYMPTOM id=a>abscess</SYMPTOM>",
        set(),
    ),
    "another sentence": (
        "She had a <SYMPTOM id=a>rash</SYMPTOM>. The <BODY_SITE id=1>heart</BODY_SITE> was normal.",
        set(),
    ),
    "abbreviation of the site": (
        "<SYMPTOM id=a>dilatation</SYMPTOM> of the <BODY_SITE id=1>left ventricle</BODY_SITE> "
        "(<BODY_SITE id=2>LV</BODY_SITE>)",
        {("1", "a")},
    ),
    "list of findings": (
        "<SYMPTOM id=a>erythema</SYMPTOM>, <SYMPTOM id=b>pain</SYMPTOM> and <SYMPTOM id=c>blisters</SYMPTOM> on the "
        "<BODY_SITE id=1>palms</BODY_SITE>",
        {("1", "a"), ("1", "b"), ("1", "c")},
    ),
    "list of other events": (
        "<SYMPTOM id=a>fever</SYMPTOM>, <SYMPTOM id=b>chills</SYMPTOM> and a <SYMPTOM id=c>rash</SYMPTOM> on the "
        "<BODY_SITE id=1>trunk</BODY_SITE>",
        {("1", "c")},
    ),
    "without": (
        "<SYMPTOM id=a>swelling</SYMPTOM> of the <BODY_SITE id=1>left leg</BODY_SITE> without "
        "<SYMPTOM id=b>fever</SYMPTOM>",
        {("1", "a")},
    ),
    "elsewhere": (
        "a tumour of the <BODY_SITE id=1>kidney</BODY_SITE> with liver <SYMPTOM id=a>metastasis</SYMPTOM>",
        set(),
    ),
    "which reached": (
        "a <SYMPTOM id=a>rash</SYMPTOM> on the <BODY_SITE id=1>trunk</BODY_SITE>, which reached both "
        "<BODY_SITE id=2>thighs</BODY_SITE>",
        {("1", "a"), ("2", "a")},
    ),
}


@pytest.mark.parametrize(("markup", "expected"), CASES.values(), ids=CASES)
def test_links(nlp, markup, expected):
    example = parse(nlp, markup)
    doc = Sentences(overwrite=True)(example.doc)
    place = {(span.start_char, span.end_char): key for key, span in example.spans.items()}
    of = {
        label: [place for place, key in place.items() if example.spans[key].label_ == label]
        for label in ("BODY_SITE", "SYMPTOM")
    }
    links = link_sites(doc.text, of["BODY_SITE"], of["SYMPTOM"], [sent.start_char for sent in doc.sents])
    assert {(place[site], place[event]) for site, event in links} == expected


def test_sites_of(nlp):
    markup = (
        "<SYMPTOM>Petechiae</SYMPTOM> on the <BODY_SITE>left arm</BODY_SITE> and <BODY_SITE>back</BODY_SITE>."
    )
    doc = Sentences(overwrite=True)(parse(nlp, markup).doc)
    found = {place: [site.text for site in sites] for place, sites in sites_of(doc).items()}
    assert found == {(0, 9): ["left arm", "back"]}


REPORTS = {
    # text, and the sites of the event "e"
    "a diagnosis of the skin": (
        "<SYMPTOM id=a>Bullae</SYMPTOM> were seen on the <BODY_SITE>back</BODY_SITE>. "
        "<SYMPTOM id=e>Toxic epidermal necrolysis</SYMPTOM> was diagnosed.",
        ["back"],
    ),
    "another diagnosis": (
        "<SYMPTOM id=a>Bullae</SYMPTOM> were seen on the <BODY_SITE>back</BODY_SITE>. "
        "<SYMPTOM id=e>Hepatitis</SYMPTOM> was diagnosed.",
        [],
    ),
    "findings that are not of the skin": (
        "<SYMPTOM id=a>Oedema</SYMPTOM> of the <BODY_SITE>lung</BODY_SITE> was seen. "
        "<SYMPTOM id=e>Toxic epidermal necrolysis</SYMPTOM> was diagnosed.",
        [],
    ),
    "the longer of two": (
        "<SYMPTOM id=a>Bullae</SYMPTOM> on the <BODY_SITE>thighs</BODY_SITE>. <SYMPTOM id=b>Erosions</SYMPTOM> of the "
        "<BODY_SITE>inner thighs</BODY_SITE>. <SYMPTOM id=e>Toxic epidermal necrolysis</SYMPTOM> was diagnosed.",
        ["inner thighs"],
    ),
    "the skin is no place": (
        "<SYMPTOM id=a>Erosions</SYMPTOM> of the <BODY_SITE>skin</BODY_SITE> were seen. "
        "<SYMPTOM id=e>Toxic epidermal necrolysis</SYMPTOM> was diagnosed.",
        [],
    ),
    "spread in the next sentence": (
        "She had a <SYMPTOM id=e>rash</SYMPTOM>. It then spread to the <BODY_SITE>neck</BODY_SITE>.",
        ["neck"],
    ),
    "another subject in the next sentence": (
        "She had a <SYMPTOM id=e>rash</SYMPTOM>. Her <BODY_SITE>neck</BODY_SITE> was found to be supple on repeated "
        "examination.",
        [],
    ),
    "panel of a figure": (
        "<SYMPTOM id=e>Purpura</SYMPTOM> after three days. (A) <BODY_SITE>Right shin</BODY_SITE>.",
        ["Right shin"],
    ),
    "a layer": (
        "<SYMPTOM id=e>Pustules</SYMPTOM> in the <BODY_SITE>epidermis</BODY_SITE>.",
        [],
    ),
    "words taken into the site": (
        "<SYMPTOM id=e>Swelling</SYMPTOM> <BODY_SITE>extending to the neck</BODY_SITE>.",
        ["neck"],
    ),
}


@pytest.mark.parametrize(("markup", "expected"), REPORTS.values(), ids=REPORTS)
def test_sites_in_a_report(nlp, markup, expected):
    example = parse(nlp, markup)
    doc = Sentences(overwrite=True)(example.doc)
    event = example.spans["e"]
    sites = sites_of(doc).get((event.start_char, event.end_char), [])
    assert [site.text for site in sites] == expected
    assert [doc.text[site.start : site.end] for site in sites] == expected


def test_a_negated_finding_gives_a_diagnosis_no_site(nlp):
    markup = (
        "No <SYMPTOM id=a>erosions</SYMPTOM> of the <BODY_SITE>mouth</BODY_SITE>. "
        "<SYMPTOM id=e>Toxic epidermal necrolysis</SYMPTOM> was diagnosed."
    )
    example = parse(nlp, markup)
    doc = Sentences(overwrite=True)(example.doc)
    attributes.set_assertion(example.spans["a"], Assertion.NEGATED, None)
    event = example.spans["e"]
    assert (event.start_char, event.end_char) not in sites_of(doc)


def test_no_sites(nlp):
    doc = Sentences(overwrite=True)(parse(nlp, "<SYMPTOM>Fever</SYMPTOM>.").doc)
    assert sites_of(doc) == {}


@pytest.mark.shared
def test_links_on_maccrobat(nlp, shared_corpora):
    right = found = gold = 0
    for text, events, sites, links in maccrobat(
        shared_corpora, "dev", "Sign_symptom", "Biological_structure"
    ):
        doc = Sentences(overwrite=True)(nlp.make_doc(text))
        predicted = set(link_sites(text, sites, events, [sent.start_char for sent in doc.sents]))
        right, found, gold = right + len(predicted & links), found + len(predicted), gold + len(links)
    assert 2 * right / (found + gold) >= 0.88
