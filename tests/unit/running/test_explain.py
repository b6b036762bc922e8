"""The explanation of a report names the rule, cue and score of every candidate."""

from __future__ import annotations

import json

from markup import blank, parse
from sequela import attributes
from sequela.build import STAGES
from sequela.running.explain import explanation_of, print_explanation

REPORT = (
    "<DRUG>Flurotol</DRUG> caused <SYMPTOM>jaundice</SYMPTOM>. The <SYMPTOM>jaundice</SYMPTOM> was treated with "
    "<DRUG>prednisone</DRUG>. This medication caused <SYMPTOM>fever</SYMPTOM>, said \x1b[31mnobody."
)


def explained(**options):
    nlp = blank()
    for factory, _ in STAGES:
        if factory not in ("sequela_tagger", "sequela_normalise"):
            nlp.add_pipe(factory)
    doc = parse(nlp, REPORT).doc
    attributes.set_meta(doc, {"doc_id": "case"})
    for _, component in nlp.pipeline:
        doc = component(doc)
    return doc, explanation_of(doc, **options)


def test_every_candidate_is_explained():
    doc, found = explained()
    told = sum(len(entry["evidence"]) for key in ("rows", "set_aside") for entry in found[key])
    assert told + len(found["rejected"]) == len(attributes.get_links(doc))
    assert all(
        0 < link["score"] <= 1 and link["rule"] for entry in found["rows"] for link in entry["evidence"]
    )
    assert all(link["reason"] for link in found["rejected"])


def test_rows_name_what_decided():
    _, found = explained()
    first = found["rows"][0]
    assert (first["drug"], first["event"], first["rule"]) == ("Flurotol", "jaundice", "causes")
    assert first["evidence"][0]["cues"][0]["text"] == "caused"


def test_rows_only():
    _, found = explained(rows_only=True)
    assert set(found) == {"doc_id", "rows"}


def test_explanation_is_plain_values():
    _, found = explained()
    assert json.loads(json.dumps(found)) == found


def test_printing_lets_nothing_steer_the_terminal(capsys):
    _, found = explained()
    print_explanation(found)
    printed = capsys.readouterr().out
    assert "Flurotol – jaundice" in printed
    assert "Rejected:" in printed
    assert "\x1b" not in printed
