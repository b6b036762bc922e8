"""Bare findings and the body site before them."""

from __future__ import annotations

import pytest

from markup import blank, parse
from sequela.components.links.sited import with_sites
from sequela.schema import Link, Mention


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("severe <BODY_SITE>chest</BODY_SITE> <SYMPTOM id=e>pain</SYMPTOM>", "chest pain"),
        ("<BODY_SITE>brain</BODY_SITE> <SYMPTOM id=e>haemorrhage</SYMPTOM>", "brain haemorrhage"),
        ("<BODY_SITE>chest</BODY_SITE> and <SYMPTOM id=e>pain</SYMPTOM>", "pain"),
        ("<BODY_SITE>facial</BODY_SITE> <SYMPTOM id=e>palsy of the nerve</SYMPTOM>", "palsy of the nerve"),
        ("<SYMPTOM>rash</SYMPTOM> <SYMPTOM id=e>pain</SYMPTOM>", "pain"),
        ("<SYMPTOM id=e>pain</SYMPTOM>", "pain"),
    ],
)
def test_a_bare_finding_takes_the_site_before_it(markup: str, expected: str) -> None:
    example = parse(blank(), f"<DRUG id=d>Dapsone</DRUG> led to {markup}.")

    def mention(key: str) -> Mention:
        span = example.spans[key]
        return Mention(text=span.text, start=span.start_char, end=span.end_char, label=span.label_)

    (link,) = with_sites(example.doc, [Link(drug=mention("d"), event=mention("e"), rule="test", score=1.0)])
    assert link.event.text == expected
    assert example.doc.text[link.event.start : link.event.end] == expected
    assert link.drug == mention("d")
