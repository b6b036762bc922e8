"""Accepted links to rows: everything the other stages found about a drug and an event, in one place."""

from __future__ import annotations

import hashlib

from spacy.language import Language
from spacy.tokens import Doc

from sequela import __version__, attributes
from sequela.schema import Link, Triple


@Language.factory("sequela_triples", requires=["doc._.links"], assigns=["doc._.triples"])
def create_triples(nlp: Language, name: str) -> Triples:
    """Make the component."""
    return Triples(model=f"{nlp.meta.get('name', '')} {nlp.meta.get('version', '')}".strip())


class Triples:
    """Set the rows of the report."""

    def __init__(self, *, model: str) -> None:
        self.model = model

    def __call__(self, doc: Doc) -> Doc:
        attributes.set_triples(doc, self.find_triples(doc))
        return doc

    def find_triples(self, doc: Doc) -> list[Triple]:
        """Give one row per patient, drug and event, in the order of the events."""
        rows = [self._row(doc, link) for link in attributes.get_links(doc) if not link.rejected]
        return sorted(rows, key=lambda row: (row.event_start, row.event_end, row.drug_start, row.drug_end))

    def _row(self, doc: Doc, link: Link) -> Triple:
        meta = attributes.get_meta(doc)
        return Triple(
            doc_id=meta.get("doc_id", ""),
            triple_id=triple_id(meta.get("doc_id", ""), link),
            drug=link.drug.text,
            event=link.event.text,
            role=link.role,
            attribution=link.attribution,
            assertion=link.assertion,
            patient_id=link.patient_id,
            confidence=link.score,
            rule=link.rule,
            drug_start=link.drug.start,
            drug_end=link.drug.end,
            event_start=link.event.start,
            event_end=link.event.end,
            model=self.model,
            version=__version__,
        )


def triple_id(doc_id: str, link: Link) -> str:
    """Stable id of a row: the same report and the same places give the same id."""
    places = (link.drug.start, link.drug.end, link.event.start, link.event.end)
    key = "\x1f".join((doc_id, link.drug.text, link.event.text, link.patient_id, *map(str, places)))
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def rows_of(doc: Doc, *, include_all: bool = False) -> list[Triple]:
    """Rows of a processed report; by default only what happened to patients."""
    return [row for row in attributes.get_triples(doc) if include_all or row.happened]
