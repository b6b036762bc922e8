"""Substance and event names with codes for the DRUG and SYMPTOM entities."""

from __future__ import annotations

from collections.abc import Iterator

from spacy.language import Language
from spacy.tokens import Doc, Span

from sequela import attributes
from sequela.components.terms.drugs import normalise_drug
from sequela.components.terms.events import normalise_event
from sequela.schema import Label, Term


@Language.factory("sequela_normalise", requires=["doc.ents", "span._.refers_to"], assigns=["span._.code"])
def create_normalise(nlp: Language, name: str) -> Normalise:
    """Make the component."""
    return Normalise()


class Normalise:
    """Give drugs and events their codes, from the terminologies that travel with the package."""

    def __call__(self, doc: Doc) -> Doc:
        """Find, then annotate."""
        for ent, term in self.find_terms(doc):
            attributes.set_code(ent, term)
        return doc

    def find_terms(self, doc: Doc) -> Iterator[tuple[Span, Term]]:
        """Give the entities that a terminology knows, with their terms.

        An anaphor ("this medication") takes the term of what it refers to; where it refers to nothing it has
        none, for a class name would be a guess.
        """
        for ent in doc.ents:
            if ent.label_ not in (Label.DRUG, Label.SYMPTOM):
                continue
            antecedent = ent._.refers_to
            text = antecedent["text"] if antecedent else ent.text
            term = normalise_drug(text) if ent.label_ == Label.DRUG else normalise_event(text)
            if term is not None:
                yield ent, term
