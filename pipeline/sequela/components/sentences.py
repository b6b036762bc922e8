"""Sentence boundaries by rule: fast, and right about "et al.", "Fig. 1", "i.v." and decimal doses."""

from __future__ import annotations

import re

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from sequela.components.texts import token_texts
from sequela.lexicons.loader import load_lines

_CLOSERS = frozenset("\"'”’)]»")
_CITATION = re.compile(r"^[\[(]?\d{1,3}(?:[,–-]\d{1,3})*[\])]?$")
_ENDS = frozenset((".", "?", "!", "…"))


@Language.factory(
    "sequela_sentences",
    assigns=["doc.sents", "token.is_sent_start"],
    default_config={"overwrite": True},
)
def create_sentences(nlp: Language, name: str, overwrite: bool) -> Sentences:
    """Make the component."""
    return Sentences(overwrite=overwrite)


class Sentences:
    """Set ``token.is_sent_start`` for every token."""

    def __init__(self, *, overwrite: bool) -> None:
        self.overwrite = overwrite
        self.abbreviations = frozenset(load_lines("sentence_abbreviations.txt"))

    def __call__(self, doc: Doc) -> Doc:
        """Set the boundaries of one report."""
        if self.overwrite or not doc.has_annotation("SENT_START"):
            # In one go: spaCy looks through the whole Doc each time a single token is set
            values = np.full(len(doc), -1, dtype="int64")
            values[self.find_starts(doc)] = 1
            doc.from_array(["SENT_START"], values.astype("uint64"))  # type: ignore[arg-type]
        return doc

    def find_starts(self, doc: Doc) -> list[int]:
        """Give the indices of the tokens that begin a sentence."""
        starts = [0] if len(doc) else []
        words = token_texts(doc)
        i = 0
        while i < len(words):
            if "\n" in words[i] and words[i].isspace():
                # a line break ends a sentence where the next line begins like one
                if i + 1 < len(words) and (words[i].count("\n") > 1 or self._opens(words[i + 1])):
                    starts.append(i + 1)
                i += 1
                continue
            if self._ends_here(words, i):
                after = i + 1
                while after < len(words) and self._belongs(doc, words, after):
                    after += 1
                if after < len(words) and not words[after].isspace() and self._opens(words[after]):
                    starts.append(after)
                    i = after
                    continue
            i += 1
        return sorted(set(starts))

    @staticmethod
    def _belongs(doc: Doc, words: list[str], i: int) -> bool:
        """Whether a token after the full stop is still of the sentence: a closing mark, a citation glued to it."""
        if words[i] in _CLOSERS:
            return True
        if doc[i - 1].whitespace_:
            return False
        opens = words[i] in ("(", "[") and i + 1 < len(words)
        return bool(_CITATION.match(words[i + 1] if opens else words[i]))

    def _ends_here(self, words: list[str], i: int) -> bool:
        word = words[i]
        if word in _ENDS:
            if word != "." or i == 0:
                return True
            previous = words[i - 1]
            return f"{previous}.".lower() not in self.abbreviations and not (
                len(previous) == 1 and previous.isupper() and previous not in "ACDKI"
            )
        return (
            word.endswith(".")
            and len(word) > 3
            and word.lower() not in self.abbreviations
            and word[-2] != "."
        )

    @staticmethod
    def _opens(word: str) -> bool:
        return bool(word) and (word[0].isupper() or word[0].isdigit() or word[0] in "([\"“‘'-•α")
