"""What is read of a Doc once."""

from __future__ import annotations

import gc
import weakref

import pytest
import spacy
from spacy.tokens import Doc

from sequela.components.texts import (
    once_a_document,
    sentence_offsets,
    sentence_starts,
    text_of,
    token_texts,
    words_of,
)


@pytest.fixture
def doc() -> Doc:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    return nlp("  A rash, day 2.\nShe stopped  it. Next")


def test_the_text_and_its_tokens(doc: Doc) -> None:
    assert text_of(doc) == doc.text
    assert token_texts(doc) == [token.text for token in doc]
    assert words_of(doc).lower == ["a", "rash", ",", "day", "2", ".", "she", "stopped", "it", ".", "next"]


def test_sentences_are_those_of_the_doc(doc: Doc) -> None:
    expected = [(sent.start_char, sent.end_char) for sent in doc.sents]
    assert len(expected) == 3
    assert sentence_offsets(doc) == expected
    assert sentence_starts(doc) == [start for start, _ in expected]


def test_without_sentences_the_whole_text_is_one() -> None:
    doc = spacy.blank("en")("One. Two.")
    assert sentence_offsets(doc) == [(0, 9)]


def test_nothing_in_an_empty_text() -> None:
    doc = spacy.blank("en")("")
    assert (text_of(doc), token_texts(doc), sentence_offsets(doc)) == ("", [], [])


def test_asked_once_a_document_and_forgotten_with_it() -> None:
    asked = []

    @once_a_document
    def length(doc: Doc) -> int:
        asked.append(doc.text)
        return len(doc)

    nlp = spacy.blank("en")
    one, same_text = nlp("a b"), nlp("a b")
    assert [length(one), length(one), length(same_text)] == [2, 2, 2]
    assert asked == ["a b", "a b"]
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None
