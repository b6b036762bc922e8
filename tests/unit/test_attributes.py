"""Extension attributes: plain values in the Doc, and the objects that are made of them."""

from __future__ import annotations

import pytest
from spacy.tokens import Doc, Span

from markup import blank
from sequela import attributes
from sequela.schema import Course, Cue, Link, Mention, Onset, Outcome


@pytest.fixture
def doc() -> Doc:
    return blank()("Amiodarone caused a rash after two days.")


def link_of(doc: Doc) -> Link:
    drug, event = (
        Mention(text=span.text, start=span.start_char, end=span.end_char, label=label)
        for span, label in ((doc[0:1], "DRUG"), (doc[3:4], "SYMPTOM"))
    )
    return Link(
        drug=drug, event=event, rule="causes", score=0.9, cues=(Cue(text="caused", start=11, end=17),)
    )


@pytest.mark.parametrize("name", sorted(attributes._SPAN_ATTRIBUTES))
def test_what_a_span_holds_is_what_spacy_keeps(doc: Doc, name: str) -> None:
    span, other = doc[0:1], doc[3:4]
    setattr(span._, name, {"value": 1})
    again = Doc(doc.vocab).from_bytes(doc.to_bytes())
    for kept in (span, Span(doc, 0, 1, label="DRUG"), again[0:1]):
        assert attributes._kept(kept, name) == getattr(kept._, name) == {"value": 1}
    assert attributes._kept(other, name) is getattr(other._, name) is None


def test_links_are_those_that_were_set(doc: Doc) -> None:
    link = link_of(doc)
    assert attributes.get_links(doc) == []
    attributes.set_links(doc, [link, link])
    assert attributes.get_links(doc) == [link, link]
    attributes.set_links(doc, [link])
    assert attributes.get_links(doc) == [link]


def test_links_are_read_from_what_the_doc_holds(doc: Doc) -> None:
    link = link_of(doc)
    attributes.set_links(doc, [link])
    doc._.links = [{**link.to_dict(), "rule": "another"}]
    assert [one.rule for one in attributes.get_links(doc)] == ["another"]
    again = Doc(doc.vocab).from_bytes(doc.to_bytes())
    assert attributes.get_links(again) == attributes.get_links(doc)


def test_a_list_that_was_given_can_be_changed(doc: Doc) -> None:
    attributes.set_links(doc, [link_of(doc)])
    attributes.get_links(doc).clear()
    assert attributes.get_links(doc) == [link_of(doc)]


def test_onsets_and_courses_are_set_by_number(doc: Doc) -> None:
    link = link_of(doc)
    onset, course = Onset(text="two days", start=31, end=39), Course(outcome=Outcome.RECOVERED)
    attributes.set_links(doc, [link, link])
    attributes.set_onsets(doc, {0: onset, 1: None})
    attributes.set_courses(doc, {1: course})
    assert [(one.onset, one.course) for one in attributes.get_links(doc)] == [(onset, None), (None, course)]
    again = Doc(doc.vocab).from_bytes(doc.to_bytes())
    assert attributes.get_links(again) == attributes.get_links(doc)
