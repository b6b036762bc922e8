from __future__ import annotations

import pytest

from markup import blank
from sequela.components.sentences import Sentences

WORDS = {
    "An amiodarone-induced rash": "An amiodarone - induced rash",
    "(MTX)-induced": "( MTX ) - induced",
    "HIV-infected": "HIV - infected",
    "amphotericin B.": "amphotericin B .",
    "heparin-naïve": "heparin - naïve",
    "a 58-year-old woman": "a 58 - year - old woman",
    "500mg/day": "500 mg / day",
    "amoxicillin/clavulanate": "amoxicillin / clavulanate",
    "within 24h.": "within 24 h .",
    "q8h": "q8h",
    "anti-TNF-alpha": "anti-TNF-alpha",
    "non-steroidal": "non-steroidal",
    "2.5 mg/kg": "2.5 mg/kg",
    "events.12 The": "events . 12 The",
    "(ITP).(5) Five": "( ITP ) . ( 5 ) Five",
    f"rash{'.' * 40} {'_' * 40}fever": f"rash {'.' * 40} {'_' * 40} fever",  # a line of dots is one token
    "severe.[4,5] The": "severe . [ 4,5 ] The",
}
SENTENCES = {
    "authors and figures": ["Miller et al. saw it (Fig. 2) in i.v. use.", "It passed."],
    "citation after the stop": ["It was severe.(4)", "She died."],
    "citation after a bracket": ["It was thrombocytopenia (ITP).[5,6]", "She died."],
    "superscript citation": ["It was severe.12,13", "She died."],
    "decimal dose": ["He took 2.5 mg daily.", "It helped."],
    "line break inside a sentence": ["The rash was\nsevere and red."],
    "heading": ["Discussion\n", "The drug is new."],
    "initials": ["Dr. J. Smith came.", "He left."],
}


@pytest.mark.parametrize(("text", "expected"), WORDS.items(), ids=WORDS.keys())
def test_words(text, expected):
    assert [token.text for token in blank().make_doc(text)] == expected.split()


@pytest.mark.parametrize("sentences", SENTENCES.values(), ids=SENTENCES.keys())
def test_sentences(sentences):
    text = "".join(s if s.endswith("\n") else f"{s} " for s in sentences).rstrip(" ")
    doc = Sentences(overwrite=True)(blank().make_doc(text))
    assert [sent.text.strip(" ") for sent in doc.sents] == sentences
