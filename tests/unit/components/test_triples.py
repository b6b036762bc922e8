"""From links to rows: merging, best evidence, ids, what is in the file by default."""

from __future__ import annotations

from functools import cache

from spacy.language import Language
from spacy.tokens import Doc

import sequela
from markup import blank, parse
from sequela import attributes
from sequela.build import STAGES
from sequela.schema import Attribution, Triple


@cache
def nlp() -> Language:
    pipeline = blank()
    for factory, _ in STAGES:
        if factory not in ("sequela_tagger", "sequela_normalise"):
            pipeline.add_pipe(factory)
    return pipeline


def process(markup: str) -> Doc:
    doc = parse(nlp(), markup).doc
    attributes.set_meta(doc, {"doc_id": "case"})
    for _, component in nlp().pipeline:
        doc = component(doc)
    return doc


def rows(markup: str, *, include_all: bool = False) -> list[Triple]:
    return sequela.triples(process(markup), include_all=include_all)


REPORT = (
    "<DRUG>Flurotol</DRUG>-induced <SYMPTOM>toxic epidermal necrolysis</SYMPTOM> (<SYMPTOM>TEN</SYMPTOM>).\n\n"
    "CASE REPORT\nA 40-year-old man developed <SYMPTOM>TEN</SYMPTOM> <TIME>three days</TIME> after starting "
    "<DRUG>flurotol</DRUG>. The <SYMPTOM>TEN</SYMPTOM> was treated with <DRUG>prednisone</DRUG>.\n\n"
    "DISCUSSION\n<DRUG>Flurotol</DRUG> may cause <SYMPTOM>headache</SYMPTOM> and <SYMPTOM>TEN</SYMPTOM>."
)


def test_one_row_for_a_reaction_told_several_times():
    (row,) = rows(REPORT)
    assert (row.drug.lower(), row.attribution) == ("flurotol", Attribution.INDEX_PATIENT)
    assert row.event in ("TEN", "toxic epidermal necrolysis")
    assert len(row.mentions) >= 3
    assert (row.drug_start, row.drug_end, row.event_start, row.event_end) not in row.mentions


def test_onset_comes_from_the_evidence_that_tells_one():
    (row,) = rows(REPORT)
    assert (row.onset_min, row.onset_max) == ("P3D", "P3D")


def test_all_rows_hold_background_and_treatment_too():
    found = {(row.drug.lower(), row.event, row.attribution.value) for row in rows(REPORT, include_all=True)}
    assert ("flurotol", "headache", "background") in found
    assert ("prednisone", "TEN", "treatment") in found
    assert {row.attribution for row in rows(REPORT)} == {Attribution.INDEX_PATIENT}


def test_ids_are_stable_and_unique():
    once, again = rows(REPORT, include_all=True), rows(REPORT, include_all=True)
    assert [row.triple_id for row in once] == [row.triple_id for row in again]
    assert len({row.triple_id for row in once}) == len(once)


def test_rows_are_in_the_order_of_the_events_and_slices_of_the_text():
    doc = process(REPORT)
    found = sequela.triples(doc, include_all=True)
    assert [row.event_start for row in found] == sorted(row.event_start for row in found)
    assert all(doc.text[row.drug_start : row.drug_end] == row.drug for row in found)
    assert all(doc.text[row.event_start : row.event_end] == row.event for row in found)
    assert all(0 <= row.confidence <= 1 for row in found)


def test_generic_event_is_folded_into_the_named_one():
    (row,) = rows(
        "We report <SYMPTOM>jaundice</SYMPTOM> caused by <DRUG>flurotol</DRUG>. He had an "
        "<SYMPTOM>adverse reaction</SYMPTOM> to <DRUG>flurotol</DRUG>."
    )
    assert row.event == "jaundice"


def test_generic_event_stays_where_nothing_is_named():
    (row,) = rows("He had an <SYMPTOM>adverse reaction</SYMPTOM> to <DRUG>flurotol</DRUG> that day.")
    assert row.event == "adverse reaction"


def test_class_is_folded_into_its_member():
    found = rows(
        "His <SYMPTOM>rash</SYMPTOM> was caused by <DRUG>amoxicillin</DRUG>. The <SYMPTOM>rash</SYMPTOM> of this "
        "patient was due to <DRUG>antibiotics</DRUG>."
    )
    assert {(row.drug, row.event) for row in found} == {("amoxicillin", "rash")}


def test_coordinated_event_becomes_several_rows():
    found = rows("We report <SYMPTOM>fever, chills and rash</SYMPTOM> due to <DRUG>flurotol</DRUG> in a man.")
    assert {row.event for row in found} == {"fever", "chills", "rash"}
    assert len({row.triple_id for row in found}) == 3


def test_report_without_links_has_no_row():
    assert rows("He had <SYMPTOM>fever</SYMPTOM>.", include_all=True) == []


HISTORY = (
    "ABSTRACT\n<DRUG>Flurotol</DRUG>-induced <SYMPTOM>toxic epidermal necrolysis</SYMPTOM> is rare.\n\n"
    "CASE REPORT\nA 40-year-old man was treated with <DRUG>flurotol</DRUG> 200 mg twice daily. "
    "Two weeks after starting <DRUG>flurotol</DRUG> he developed a <SYMPTOM>rash</SYMPTOM>. "
    "<DRUG>Flurotol</DRUG> was stopped. "
    "This was <SYMPTOM>toxic epidermal necrolysis</SYMPTOM> caused by <DRUG>flurotol</DRUG>. "
    "The <SYMPTOM>rash</SYMPTOM> covered the <BODY_SITE>trunk</BODY_SITE>. "
    "He was given <DRUG>prednisone</DRUG> 60 mg daily.\n"
)


def test_the_history_of_the_patient_tells_dose_sites_and_onset():
    found = {row.event.lower(): row for row in rows(HISTORY) if row.drug.lower() == "flurotol"}
    assert set(found) == {"toxic epidermal necrolysis", "rash"}
    assert {row.dose for row in found.values()} == {"200 mg twice daily"}
    assert found["rash"].body_sites == "trunk"
    assert (found["rash"].onset_min, found["rash"].onset_basis) == ("P2W", "expression")


def test_a_syndrome_begins_with_the_first_of_its_signs():
    found = {row.event.lower(): row for row in rows(HISTORY)}
    syndrome = found["toxic epidermal necrolysis"]
    assert (syndrome.onset_min, syndrome.onset_max, syndrome.onset_basis) == ("P2W", "P2W", "inferred")


def test_two_times_told_for_a_drug_give_a_syndrome_none():
    other = "Ten days after starting <DRUG>flurotol</DRUG> he developed <SYMPTOM>fever</SYMPTOM>. "
    told = HISTORY.replace("<DRUG>Flurotol</DRUG> was stopped", other + "<DRUG>Flurotol</DRUG> was stopped")
    found = {row.event.lower(): row for row in rows(told)}
    assert found["toxic epidermal necrolysis"].onset_min == ""


def test_what_is_told_after_a_diagnosis_is_not_its_beginning():
    other = "Ten days after starting <DRUG>flurotol</DRUG> he developed <SYMPTOM>fever</SYMPTOM>. "
    found = {row.event.lower(): row for row in rows(HISTORY + other)}
    assert found["toxic epidermal necrolysis"].onset_min == "P2W"


def test_a_syndrome_takes_what_is_told_right_after_the_exposure():
    told = HISTORY.replace("Two weeks after starting <DRUG>flurotol</DRUG> he", "Two weeks later he")
    found = {row.event.lower(): row for row in rows(told)}
    assert found["toxic epidermal necrolysis"].onset_min == "P2W"


def test_a_recovery_or_a_second_exposure_is_no_beginning_of_a_syndrome():
    for instead in (
        "At follow-up two weeks later the <SYMPTOM>rash</SYMPTOM>",
        "Two weeks after <DRUG>flurotol</DRUG> was restarted, he developed a <SYMPTOM>rash</SYMPTOM> which",
    ):
        told = HISTORY.replace(
            "Two weeks after starting <DRUG>flurotol</DRUG> he developed a <SYMPTOM>rash</SYMPTOM>",
            instead + " disappeared",
        )
        found = {row.event.lower(): row for row in rows(told)}
        assert found["toxic epidermal necrolysis"].onset_min == ""
