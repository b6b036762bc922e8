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

import numpy as np
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
    """Give the sentences as character offsets, the whole text where none are set.

    ``doc.sents`` makes an object of every token, twice; this reads the arrays behind them.
    """
    if not len(doc):
        return []
    columns = doc.to_array(["SENT_START", "IDX", "LENGTH"])
    first = np.flatnonzero(columns[:, 0] == 1)
    if not len(first) or first[0]:
        first = np.concatenate([[0], first])
    last = np.append(first[1:], len(columns)) - 1
    ends = columns[last, 1] + columns[last, 2]
    return list(zip(columns[first, 1].tolist(), ends.tolist(), strict=True))


def sentence_starts(doc: Doc) -> list[int]:
    """Give the offsets at which sentences begin, in order."""
    return [start for start, _ in sentence_offsets(doc)]
