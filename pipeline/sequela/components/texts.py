"""What many stages read of a Doc, put together once: its text, its words, its sentences.

spaCy puts ``doc.text`` together from an object for every token each time it is asked for, and half the stages
ask for it. A Doc's tokens never change once the tokenizer has made them, so what follows from them alone is
kept as long as the Doc lives.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from spacy.tokens import Doc

from sequela.components.cues import Words

Result = TypeVar("Result")


def once_a_document(read: Callable[[Doc], Result]) -> Callable[[Doc], Result]:
    """Keep what a function makes of a Doc's tokens until the Doc is gone."""
    known: WeakKeyDictionary[Doc, Result] = WeakKeyDictionary()

    @wraps(read)
    def kept(doc: Doc) -> Result:
        found = known.get(doc)
        if found is None:
            found = known[doc] = read(doc)
        return found

    return kept


@once_a_document
def text_of(doc: Doc) -> str:
    """Give the text of a Doc."""
    return doc.text


@once_a_document
def words_of(doc: Doc) -> Words:
    """Give the words of a Doc, as cues are made of."""
    return Words(text_of(doc))


@once_a_document
def token_texts(doc: Doc) -> list[str]:
    """Give the text of each token; not to be changed."""
    text = text_of(doc)
    starts, lengths = doc.to_array(["IDX", "LENGTH"]).T.tolist() if len(doc) else ([], [])
    return [text[start : start + length] for start, length in zip(starts, lengths, strict=True)]


def sentence_offsets(doc: Doc) -> list[tuple[int, int]]:
    """Give the sentences as character offsets, the whole text where none are set; not to be changed."""
    if not len(doc):
        return []
    if not doc.has_annotation("SENT_START"):
        return [(doc[0].idx, doc[-1].idx + len(doc[-1]))]
    return _set_sentences(doc)


@once_a_document  # no stage sets other sentences once they are set
def _set_sentences(doc: Doc) -> list[tuple[int, int]]:
    return [(sent.start_char, sent.end_char) for sent in doc.sents]


def sentence_starts(doc: Doc) -> list[int]:
    """Give the offsets at which sentences begin, in order."""
    return [start for start, _ in sentence_offsets(doc)]
