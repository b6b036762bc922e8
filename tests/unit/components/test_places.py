"""Where a report tells of the drug and the event of a row: by patient, by part of the report, by distance."""

from __future__ import annotations

from spacy.tokens import Doc

from markup import Example, blank, parse
from sequela import attributes
from sequela.components.links.merging import Reaction
from sequela.components.links.names import NameKeys
from sequela.components.places import Places
from sequela.components.sections import SectionFinder
from sequela.components.sentences import Sentences
from sequela.schema import Assertion, Attribution, Frame, Link, Mention

_NLP = blank()
REPORT = (
    "<DRUG id=title>Flurotol</DRUG>-induced <SYMPTOM>rash</SYMPTOM>\n\nCASE REPORT\n"
    "She took <DRUG id=first>flurotol</DRUG>. She had <SYMPTOM id=rash>rash</SYMPTOM> and "
    "<SYMPTOM id=fever>fever</SYMPTOM>. She got <DRUG>cetirizine</DRUG>. The <SYMPTOM id=again>rash</SYMPTOM> "
    "from <DRUG id=second>flurotol</DRUG> spread.\n\nREFERENCES\n1. <DRUG>Flurotol</DRUG> and "
    "<SYMPTOM>rash</SYMPTOM>."
)


def _read(markup: str) -> tuple[Example, Doc]:
    example = parse(_NLP, markup)
    doc = SectionFinder()(Sentences(overwrite=True)(example.doc))
    return example, doc


def _mention(example: Example, key: str) -> Mention:
    span = example.spans[key]
    return Mention(text=span.text, start=span.start_char, end=span.end_char, label=span.label_)


def _reaction(example: Example, drug: str, event: str, *, patient_id: str = "") -> Reaction:
    keys = NameKeys(example.doc.ents)
    link = Link(
        drug=_mention(example, drug),
        event=_mention(example, event),
        rule="test",
        score=1.0,
        patient_id=patient_id,
    )
    return Reaction(keys.drug(link.drug), keys.event(link.event), [link])


def _frame(doc: Doc, start: str, end: str, attribution: Attribution, patient_id: str = "") -> Frame:
    first = doc.text.index(start)
    last = doc.text.index(end, first) + len(end)
    return Frame(start=first, end=last, attribution=attribution, patient_id=patient_id)


def test_mentions_of_title_and_references_are_no_history() -> None:
    example, doc = _read(REPORT)
    places = Places(doc, NameKeys(doc.ents))
    reaction = _reaction(example, "first", "rash")
    assert places.drugs_of(reaction) == [_mention(example, "first"), _mention(example, "second")]
    assert places.events_of(reaction) == [_mention(example, "rash"), _mention(example, "again")]


def test_any_event_gives_the_other_signs_too() -> None:
    example, doc = _read(REPORT)
    found = Places(doc, NameKeys(doc.ents)).events_of(_reaction(example, "first", "rash"), any_event=True)
    assert found == [_mention(example, key) for key in ("rash", "fever", "again")]


def test_denied_events_are_not_told() -> None:
    example, doc = _read(REPORT)
    attributes.set_assertion(example.spans["rash"], Assertion.NEGATED, None)
    assert Places(doc, NameKeys(doc.ents)).events_of(_reaction(example, "first", "rash")) == [
        _mention(example, "again")
    ]


def test_what_is_told_of_others_and_of_another_patient_is_left_out() -> None:
    example, doc = _read(
        "<DRUG id=a>Flurotol</DRUG> gave the first man <SYMPTOM id=e>fever</SYMPTOM>. "
        "The second man took <DRUG>flurotol</DRUG>. Lee gave <DRUG>flurotol</DRUG> to five men. "
        "He took <DRUG id=b>flurotol</DRUG>."
    )
    attributes.set_frames(
        doc,
        [
            _frame(doc, "Flurotol", "fever.", Attribution.INDEX_PATIENT, "1"),
            _frame(doc, "The second", "flurotol.", Attribution.INDEX_PATIENT, "2"),
            _frame(doc, "Lee", "men.", Attribution.OTHER_CASE),
        ],
    )
    found = Places(doc, NameKeys(doc.ents)).drugs_of(_reaction(example, "a", "e", patient_id="1"))
    assert found == [_mention(example, "a"), _mention(example, "b")]


def test_pairs_are_made_with_the_nearest_mentions_before_the_event() -> None:
    example, doc = _read(REPORT)
    pairs = Places(doc, NameKeys(doc.ents)).pairs_of(_reaction(example, "first", "rash"))
    assert [(pair.drug.start, pair.event.start) for pair in pairs] == [
        (_mention(example, drug).start, _mention(example, event).start)
        for drug, event in (("first", "rash"), ("second", "again"), ("first", "again"))
    ]


def test_an_event_far_behind_the_drug_makes_no_pair() -> None:
    far = "He was well. " * 6
    example, doc = _read(
        f"He took <DRUG id=d>flurotol</DRUG>. {far}He had a <SYMPTOM id=e>rash</SYMPTOM> then."
    )
    assert Places(doc, NameKeys(doc.ents)).pairs_of(_reaction(example, "d", "e")) == []
    near = "He was well. " * 5
    example, doc = _read(
        f"He took <DRUG id=d>flurotol</DRUG>. {near}He had a <SYMPTOM id=e>rash</SYMPTOM> then."
    )
    assert len(Places(doc, NameKeys(doc.ents)).pairs_of(_reaction(example, "d", "e"))) == 1
