"""Substance and event names with codes for the DRUG and SYMPTOM entities."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from spacy.language import Language
from spacy.tokens import Doc, Span

from sequela import attributes
from sequela.components.links.splitting import split_event
from sequela.components.terms.drugs import normalise_drug
from sequela.components.terms.events import normalise_event
from sequela.components.terms.meddra import read_release
from sequela.components.terms.plugged import Plugged
from sequela.schema import Label, Term

Find = Callable[[str], Term | None]


@Language.factory(
    "sequela_normalise",
    requires=["doc.ents", "doc._.links", "span._.refers_to"],
    assigns=["span._.code", "doc._.mention_codes"],
    default_config={"meddra": None, "linker": None, "trust_linker": False},
)
def create_normalise(
    nlp: Language, name: str, meddra: str | None, linker: str | None, trust_linker: bool
) -> Normalise:
    """Make the component.

    Parameters
    ----------
    meddra
        Folder of a MedDRA release, which goes before all others for events.
    linker
        Folder of a scispaCy knowledge base with its index, which goes before the terminologies of the package.
    trust_linker
        Read the index also where it holds a pickle (`sequela.components.terms.knowledge_base`).
    """
    drug, event = normalise_drug, normalise_event
    if linker is not None:
        from sequela.components.terms.knowledge_base import load_linkers

        linkers = load_linkers(linker, trust_linker)
        drug = Plugged(linkers[Label.DRUG], Label.DRUG, drug).find
        event = Plugged(linkers[Label.SYMPTOM], Label.SYMPTOM, event).find
    if meddra is not None:
        event = Plugged(read_release(meddra), Label.SYMPTOM, event).find
    return Normalise(drug, event)


class Normalise:
    """Give drugs and events their codes, by default from the terminologies that travel with the package."""

    def __init__(self, drug: Find = normalise_drug, event: Find = normalise_event) -> None:
        self.drug = drug
        self.event = event

    def __call__(self, doc: Doc) -> Doc:
        """Find, then annotate."""
        for ent, term in self.find_terms(doc):
            attributes.set_code(ent, term)
        attributes.set_mention_codes(doc, self.find_mentions(doc))
        return doc

    def find_terms(self, doc: Doc) -> Iterator[tuple[Span, Term]]:
        """Give the entities that a terminology knows, with their terms.

        An anaphor ("this medication") takes the term of what it refers to; where it refers to nothing it has
        none, for a class name would be a guess.
        """
        for ent in doc.ents:
            if ent.label_ not in (Label.DRUG, Label.SYMPTOM):
                continue
            antecedent = attributes.get_reference(ent)
            text = antecedent["text"] if antecedent else ent.text
            term = self.drug(text) if ent.label_ == Label.DRUG else self.event(text)
            if term is not None:
                yield ent, term

    def find_mentions(self, doc: Doc) -> dict[tuple[int, int], Term]:
        """Give the terms of linked mentions that are no entity as it stands, by their offsets.

        An event of a list ("rash" of "fever and rash") is a part of an entity; a vaccine is more than one.
        """
        entities = {(ent.start_char, ent.end_char) for ent in doc.ents}
        places: dict[tuple[int, int], Term | None] = {}
        for drug in attributes.get_linked_mentions(doc, "drug"):
            if (drug.start, drug.end) not in entities:
                places[drug.start, drug.end] = self.drug(drug.text)
        for event in attributes.get_linked_mentions(doc, "event"):
            for part in split_event(event):
                if (part.start, part.end) not in entities:
                    places[part.start, part.end] = self.event(part.text)
        return {place: term for place, term in sorted(places.items()) if term is not None}
