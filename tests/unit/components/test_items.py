"""What linking calls a drug and an event, where the tagger has cut a name in two."""

from __future__ import annotations

import pytest

from markup import blank, parse
from sequela.components.links.items import masked_sentences


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("severe <BODY_SITE>chest</BODY_SITE> <SYMPTOM>pain</SYMPTOM>", "chest pain"),
        ("<BODY_SITE>brain</BODY_SITE> <SYMPTOM>haemorrhage</SYMPTOM>", "brain haemorrhage"),
        ("<BODY_SITE>chest</BODY_SITE> and <SYMPTOM>pain</SYMPTOM>", "pain"),
        ("<BODY_SITE>facial</BODY_SITE> <SYMPTOM>palsy of the nerve</SYMPTOM>", "palsy of the nerve"),
        ("<DRUG>heparin</DRUG> <SYMPTOM>pain</SYMPTOM>", "pain"),
        ("<SYMPTOM>pain</SYMPTOM>", "pain"),
    ],
)
def test_a_bare_finding_takes_the_site_before_it(markup: str, expected: str) -> None:
    pipeline = blank()
    sentences = pipeline.add_pipe("sequela_sentences")
    doc = sentences(parse(pipeline, f"<DRUG>Dapsone</DRUG> led to {markup}.").doc)
    (masked,) = masked_sentences(doc, doc.ents)
    *_, event = masked.items
    assert event.mention.text == expected
    assert doc.text[event.mention.start : event.mention.end] == expected
    assert doc.text[event.start : event.end] == event.text
    assert masked.items[0].mention.text == "Dapsone"
