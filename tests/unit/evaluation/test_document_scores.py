from __future__ import annotations

import pytest

from sequela.corpora.casebook import BackgroundPair, Casebook, Reaction
from sequela.corpora.document import Attribute, Document, Entity, Event, Note, Relation
from sequela.errors import CorpusError
from sequela.evaluation.details import (
    ANCHOR,
    DECHALLENGE,
    DETAILS,
    DOSE,
    OUTCOME,
    PATIENT,
    RECHALLENGE,
    SITES,
    same_dose,
)
from sequela.evaluation.documents import CLEAN, FALSE_ATTRIBUTION, REPEATED, score_documents
from sequela.evaluation.scores import Counts, Rate
from sequela.evaluation.triples import EXACT, LOG_RATIO
from sequela.evaluation.views import casebook_of, rows_of_casebook
from sequela.schema import Assertion, Attribution, Triple

SECOND_DOSE = {"onset": "a day later", "onset_min": "P1D", "onset_max": "P1D", "onset_anchor": "nth dose"}
GOLD = {
    "full": Casebook(
        doc_id="full",
        reactions=(
            Reaction(
                drug="Zelvor",
                drug_aliases=("ZVR",),
                event="rash",
                event_aliases=("exanthem",),
                dose="5 mg daily",
                body_sites=("trunk", "left arm", "soles of the feet"),
                outcome="not recovered",
                dechallenge="negative",
                rechallenge="not done",
                **SECOND_DOSE,
            ),
            Reaction(drug="Zelvor", event="fever", onset="soon", onset_anchor="start"),
            Reaction(drug="Zelvor", event="jaundice", patient="other_case"),
            Reaction(drug="Zelvor", event="cough", certain=False),
            Reaction(drug="Zelvor", event="alopecia", certain=False),
        ),
        background=(BackgroundPair(drug="Zelvor", event="stroke"),),
        treatment_drugs=("prednisone",),
    ),
    "none": Casebook(doc_id="none"),
    "left out": Casebook(doc_id="left out", reactions=(Reaction(drug="Orbalin", event="gout"),)),
}


def row(drug: str, event: str, **more) -> Triple:
    return Triple(
        doc_id="d",
        triple_id="t",
        drug=drug,
        event=event,
        drug_start=0,
        drug_end=1,
        event_start=2,
        event_end=3,
        **more,
    )


PREDICTED = {
    "full": [
        row("zvr", "itchy rash", confidence=0.4, onset_min="P2D", onset_max="P2D", onset_anchor="start"),
        row(
            "oral Zelvor",
            "Exanthem",
            confidence=0.9,
            onset_min="P1D",
            onset_max="P1D",
            onset_anchor="nth_dose",
            dose="5 mg",
            body_sites="arms; face",
            outcome="not_recovered",
            dechallenge="positive",
        ),
        row("Zelvor", "cough"),  # uncertain: neither right nor wrong
        row("Zelvor", "stroke"),  # told as background
        row("prednisone", "rash"),  # given as treatment
        row("Zelvor", "headache"),  # wrong, but no false attribution
        row("Zelvor", "stroke", attribution=Attribution.OTHER_CASE),  # wrong about another patient
        row("Zelvor", "fever", attribution=Attribution.BACKGROUND),  # not in the file
        row("Zelvor", "jaundice", assertion=Assertion.NEGATED),  # not in the file
    ],
    "none": [row("Zelvor", "rash", attribution=Attribution.BACKGROUND)],
    "unknown": [row("Zelvor", "rash")],
}


def test_case_counted_by_hand():
    tally = score_documents(GOLD, PREDICTED)
    assert tally.by_label() == {"index": Counts(1, 3, 2, 5), "other_case": Counts(0, 1, 0, 1)}
    micro = tally.micro()
    assert micro == Counts(1, 4, 2, 6)
    assert {name: tally.rate(name) for name in tally.rates} == {
        FALSE_ATTRIBUTION: Rate(2, 6),
        CLEAN: Rate(1, 1),
        REPEATED: Rate(1, 2),
        EXACT: Rate(1, 1),
        LOG_RATIO: Rate(0, 1),
        ANCHOR: Rate(1, 1),
        PATIENT: Rate(1, 1),
        OUTCOME: Rate(1, 1),
        DECHALLENGE: Rate(0, 1),
        RECHALLENGE: Rate(0, 1),
        DOSE: Rate(1, 1),
        SITES: Rate(1, 3),
    }
    reasons = sorted((one.predicted, one.reason) for one in tally.findings if one.kind == "spurious")
    assert reasons == [(3, "false attribution"), (4, "false attribution"), (5, ""), (6, "")]


def test_a_right_row_is_no_false_attribution():
    gold = {
        "d": Casebook(
            doc_id="d",
            reactions=(Reaction(drug="prednisone", event="rash"),),
            background=(BackgroundPair(drug="prednisone", event="rash"),),
            treatment_drugs=("prednisone",),
        )
    }
    tally = score_documents(gold, {"d": [row("prednisone", "rash")]})
    assert tally.rate(FALSE_ATTRIBUTION) == Rate(0, 1)


def test_a_row_in_a_report_without_a_reaction():
    tally = score_documents({"none": GOLD["none"]}, {"none": [row("Zelvor", "rash")]})
    assert tally.rate(CLEAN) == Rate(0, 1)
    assert tally.micro() == Counts(0, 0, 0, 1)
    assert tally.micro().precision == 0


def test_drug_by_its_normalised_name():
    assert (
        score_documents(GOLD, {"left out": [row("Orb", "gout", drug_name="orbalin")]}).micro().right_gold == 1
    )


@pytest.mark.parametrize(
    ("gold", "predicted", "right"),
    [
        ("start", "start", True),
        ("start", "first_dose", True),
        ("nth dose", "first_dose", True),
        ("first dose", "start", True),
        ("nth dose", "last_dose", False),
        ("last dose", "last_dose", True),
        ("stop", "stop", True),
        ("dose change", "dose_change", True),
        ("unspecified", "unspecified", True),
        ("unspecified", "start", False),
        ("start", "", False),
    ],
)
def test_anchors(gold, predicted, right):
    casebook = Casebook(
        doc_id="d", reactions=(Reaction(drug="Zelvor", event="rash", onset="soon", onset_anchor=gold),)
    )
    tally = score_documents({"d": casebook}, {"d": [row("Zelvor", "rash", onset_anchor=predicted)]})
    assert tally.rate(ANCHOR) == Rate(right, 1)


def test_gold_against_gold_is_one():
    tally = score_documents(GOLD, {doc_id: rows_of_casebook(gold) for doc_id, gold in GOLD.items()})
    assert tally.micro().f1 == 1
    shares = {name: tally.rate(name).value for name in tally.rates}
    nought = {FALSE_ATTRIBUTION: 0, REPEATED: 0, LOG_RATIO: 0}
    assert shares == {**nought, CLEAN: 1, EXACT: 1, **dict.fromkeys(DETAILS, 1)}


def test_what_the_gold_does_not_know_is_not_compared():
    gold = {
        "d": Casebook(doc_id="d", reactions=(Reaction(drug="Zelvor", event="rash", patient="other_case"),))
    }
    said = row("Zelvor", "rash", outcome="fatal", dechallenge="positive", dose="5 mg", body_sites="trunk")
    tally = score_documents(gold, {"d": [said]})
    found = {name: tally.rate(name) for name in DETAILS}
    assert found == {**dict.fromkeys(DETAILS, Rate(0, 0)), PATIENT: Rate(0, 1)}


def test_rows_are_shared_out():
    patients = tuple(Reaction(drug="Zelvor", event="rash", outcome=value) for value in ("fatal", "recovered"))
    gold = {"d": Casebook(doc_id="d", reactions=patients)}
    both = [row("Zelvor", "rash", outcome=value) for value in ("fatal", "recovered")]
    assert score_documents(gold, {"d": both}).rate(OUTCOME) == Rate(2, 2)
    assert score_documents(gold, {"d": both[:1]}).rate(OUTCOME) == Rate(1, 2)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("300 mg four times daily", "300 mg", True),
        ("300mg", "300 mg", True),
        ("2.5 mg", "5 mg", False),
        ("1,500 mg", "500 mg", False),
        ("5 mg", "", False),
        ("5 mg", "5 g", False),
        ("reduced to 75%", "75 %", True),
    ],
)
def test_same_dose(one, other, same):
    assert same_dose(one, other) is same_dose(other, one) is same


def test_order_of_rows_does_not_matter():
    turned = {doc_id: rows[::-1] for doc_id, rows in reversed(PREDICTED.items())}
    assert score_documents(GOLD, turned).counts == score_documents(GOLD, PREDICTED).counts
    assert score_documents(GOLD, turned).rates == score_documents(GOLD, PREDICTED).rates


def brat_report() -> Document:
    words = ["Zelvor", "ZVR", "rash", "exanthem", "aspirin", "gout", "prednisone", "stroke"]
    words += ["5mg", "arm", "leg"]
    labels = ["DRUG", "DRUG", "SYMPTOM", "SYMPTOM", "DRUG", "SYMPTOM", "DRUG", "SYMPTOM"]
    labels += ["DOSE", "BODY_SITE", "BODY_SITE"]
    text, entities = "", []
    for number, (word, label) in enumerate(zip(words, labels, strict=True), start=1):
        fragments = ((len(text), len(text) + len(word)),)
        entities.append(Entity(id=f"T{number}", label=label, fragments=fragments, text=word))
        text += f"{word} "
    events = [
        Event(id="E1", label="Reaction", trigger="T3", arguments=(("Drug", "T1"), ("Event", "T3"))),
        Event(
            id="E2",
            label="Reaction",
            trigger="T4",
            arguments=(("Drug", "T2"), ("Event", "T4"), ("Dose", "T9"), ("Site", "T10"), ("Site2", "T11")),
        ),
        Event(id="E3", label="Reaction", trigger="T6", arguments=(("Drug", "T5"), ("Event", "T6"))),
        Event(id="E4", label="Reaction", trigger="T8", arguments=(("Drug", "T1"), ("Event", "T8"))),
        Event(id="E5", label="Reaction", trigger="T6", arguments=(("Drug", "T1"), ("Event", "T6"))),
    ]
    attributes = [
        ("Attribution", "E3", "other_case"),
        ("Attribution", "E4", "background"),
        ("Assertion", "E5", "negated"),
        ("Outcome", "E2", "not_recovered"),
        ("Dechallenge", "E2", "negative"),
        ("Rechallenge", "E2", "not_done"),
    ]
    return Document(
        doc_id="d",
        text=text,
        entities=entities,
        events=events,
        relations=[
            Relation(id="R1", label="ALIAS", head="T2", tail="T1"),
            Relation(id="R2", label="ALIAS", head="T4", tail="T3"),
            Relation(id="R3", label="TREATS", head="T7", tail="T3"),
            Relation(id="R4", label="INDICATION", head="T1", tail="T8"),
        ],
        attributes=[
            Attribute(id=f"A{number}", label=label, target=target, value=value)
            for number, (label, target, value) in enumerate(attributes)
        ],
        notes=[
            Note(id="#1", label="AnnotatorNotes", target="E2", text="patient=1; onset_min=P1D; onset_max=P2D")
        ],
    )


def test_reactions_of_a_brat_report():
    gold = casebook_of(brat_report())
    assert [(one.drug, one.event, one.patient, one.onset_min, one.onset_max) for one in gold.reactions] == [
        ("ZVR", "exanthem", "index", "P1D", "P2D"),
        ("aspirin", "gout", "other_case", "", ""),
    ]
    first = gold.reactions[0]
    assert (first.dose, first.body_sites) == ("5mg", ("arm", "leg"))
    assert (first.outcome, first.dechallenge, first.rechallenge) == ("not recovered", "negative", "not done")
    assert set(gold.reactions[0].drug_aliases) == {"Zelvor", "ZVR"}
    assert set(gold.reactions[0].event_aliases) == {"rash", "exanthem"}
    assert {(one.drug, one.event) for one in gold.background} == {
        ("Zelvor", "stroke"),
        ("ZVR", "stroke"),
        ("Zelvor", "gout"),
        ("ZVR", "gout"),
    }
    assert gold.treatment_drugs == ("prednisone",)


def test_a_brat_report_against_itself():
    gold = {"d": casebook_of(brat_report())}
    tally = score_documents(gold, {"d": rows_of_casebook(gold["d"])})
    assert tally.micro() == Counts(2, 2, 2, 2)
    assert {name: tally.rate(name).value for name in (OUTCOME, DECHALLENGE, RECHALLENGE, DOSE, SITES)} == {
        OUTCOME: 1,
        DECHALLENGE: 1,
        RECHALLENGE: 1,
        DOSE: 1,
        SITES: 1,
    }


@pytest.mark.parametrize(
    ("arguments", "value", "message"),
    [
        ((("Drug", "T1"),), "affirmed", "the Reaction E9: its Event must be an entity"),
        ((("Drug", "E1"), ("Event", "T3")), "affirmed", "the Reaction E9: its Drug must be an entity"),
        (
            (("Drug", "T1"), ("Event", "T3")),
            "maybe",
            "the Reaction E9: Assertion is 'maybe', not one of affirm",
        ),
    ],
)
def test_reactions_that_cannot_be_understood(arguments, value, message):
    report = brat_report()
    report.events.append(Event(id="E9", label="Reaction", trigger="T3", arguments=arguments))
    report.attributes.append(Attribute(id="A9", label="Assertion", target="E9", value=value))
    with pytest.raises(CorpusError, match=message):
        casebook_of(report)


@pytest.mark.shared
def test_shared_casebook_against_itself(shared_corpora):
    from sequela.corpora import casebook

    gold = {one.doc_id: casebook_of(one) for one in casebook.read(shared_corpora / "casebook_dev")}
    tally = score_documents(gold, {doc_id: rows_of_casebook(one) for doc_id, one in gold.items()})
    assert (len(gold), tally.micro().gold, tally.micro().f1) == (60, 171, 1)
    shares = {name: tally.rate(name).value for name in (CLEAN, EXACT, *DETAILS)}
    assert shares == dict.fromkeys(shares, 1)
