from __future__ import annotations

import pytest
from test_dose import maccrobat

from markup import blank, parse
from sequela.components.sentences import Sentences
from sequela.components.sites import link_sites, sites_of


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
    assert 2 * right / (found + gold) >= 0.85
