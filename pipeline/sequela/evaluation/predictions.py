"""What a run says, as the plain spans, pairs and rows that are scored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sequela.corpora.document import Document
from sequela.evaluation.links import Pair
from sequela.evaluation.matching import Span
from sequela.evaluation.schemes import Scheme
from sequela.evaluation.views import (
    casebook_of,
    concept_relations,
    entity_spans,
    has_casebook,
    reaction_pairs,
    rows_of_casebook,
)
from sequela.schema import Assertion, Attribution, Label, Link, Mention, StrEnum, Triple

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.tokens import Span as DocSpan

_COUNTED_ATTRIBUTIONS = frozenset({Attribution.INDEX_PATIENT, Attribution.OTHER_CASE, Attribution.BACKGROUND})
_COUNTED_ASSERTIONS = frozenset({Assertion.AFFIRMED, Assertion.POSSIBLE})
_ENDS = frozenset({Label.DRUG.value, Label.SYMPTOM.value})


class Given(StrEnum):
    """What the pipeline is given from the gold, and need not find."""

    NOTHING = "nothing"
    ENTITIES = "entities"
    PAIRS = "pairs"  # and entities

    @property
    def disabled(self) -> tuple[str, ...]:
        """Stages that would find it."""
        return {Given.NOTHING: (), Given.ENTITIES: (_TAGGER,), Given.PAIRS: (_TAGGER, *_LINKING)}[self]


_TAGGER, _LINKING = "sequela_tagger", ("sequela_linking", "sequela_pairs")

BATCH_SIZE = 32


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What was predicted of one document.

    Attributes
    ----------
    entities
        Spans in the labels that are scored.
    mentions
        Drugs and events that were tagged, labelled DRUG and SYMPTOM, found pairs or not; None where that is
        not known.
    links
        Pairs before they are split into rows: for strict pairs.
    pairs
        Rows as pairs with their onset: for relaxed pairs and triples.
    concepts
        Pairs of concept ids that a predicted file relates without mentions (PubTator).
    rows
        Rows as they would be in the file: for the document level.
    """

    entities: Sequence[Span] = ()
    mentions: Sequence[Span] | None = None
    links: Sequence[Pair] = ()
    pairs: Sequence[Pair] = ()
    concepts: Sequence[tuple[str, str]] = ()
    rows: Sequence[Triple] = ()


def counts_as_pair(item: Link | Triple) -> bool:
    """Whether a link or row states a reaction, of whichever patient: sentence sets do not tell."""
    return item.attribution in _COUNTED_ATTRIBUTIONS and item.assertion in _COUNTED_ASSERTIONS


def predict(
    nlp: Language,
    documents: Sequence[Document],
    scheme: Scheme,
    *,
    given: Given = Given.NOTHING,
) -> Iterator[tuple[str, Prediction]]:
    """Run the pipeline over the texts of a corpus, in order.

    What is ``given`` is set on the Docs; the pipeline must come without the stages that would find it.
    """
    docs = (prepare(nlp, document, scheme, given=given) for document in documents)
    for document, doc in zip(documents, nlp.pipe(docs, batch_size=BATCH_SIZE), strict=True):
        yield document.doc_id, prediction_of_doc(doc, scheme)


def prepare(nlp: Language, document: Document, scheme: Scheme, *, given: Given = Given.NOTHING) -> Doc:
    """Make the Doc of a corpus document, with its entities and pairs set if asked for.

    Entities that do not fall on token boundaries are widened to them; of overlapping ones the longest is
    kept, the first when equal. Role spans are not set: they would give the answer away.
    """
    from spacy.util import filter_spans

    from sequela import attributes

    doc = nlp.make_doc(document.text)
    attributes.set_meta(doc, {"doc_id": document.doc_id})
    if given is not Given.NOTHING:
        spans: list[DocSpan] = []
        for span in entity_spans(document, scheme.inject):
            for start, end in span.fragments:
                found = doc.char_span(start, end, label=span.label, alignment_mode="expand")
                if found is not None:
                    spans.append(found)
        doc.set_ents(filter_spans(spans))
    if given is Given.PAIRS:
        attributes.set_links(doc, [_link_of_pair(pair, document.text) for pair in reaction_pairs(document)])
    return doc


def prediction_of_doc(doc: Doc, scheme: Scheme) -> Prediction:
    """Read what the pipeline left on a Doc."""
    from sequela import attributes

    group = next((name for name in scheme.groups if name in doc.spans), None)
    if group is not None:
        spans: Iterable[tuple[DocSpan, str]] = ((span, span.label_) for span in doc.spans[group])
    else:
        spans = ((ent, scheme.ents.get(ent.label_, "")) for ent in doc.ents)
    scored = set(scheme.gold.values())
    rows = attributes.get_triples(doc)
    return Prediction(
        entities=sorted(
            {Span.of(span.start_char, span.end_char, label) for span, label in spans if label in scored}
        ),
        mentions=[
            Span.of(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents if ent.label_ in _ENDS
        ],
        links=[
            _pair_of_link(link)
            for link in attributes.get_links(doc)
            if not link.rejected and counts_as_pair(link)
        ],
        pairs=pairs_of_rows(rows),
        rows=rows,
    )


def prediction_of_document(document: Document, labels: Mapping[str, str]) -> Prediction:
    """Read what a predicted file says."""
    pairs = reaction_pairs(document)
    return Prediction(
        entities=entity_spans(document, labels),
        links=pairs,
        pairs=pairs,
        concepts=concept_relations(document),
        rows=rows_of_casebook(casebook_of(document)) if has_casebook(document) else (),
    )


def predictions_of_rows(rows: Iterable[Triple]) -> dict[str, Prediction]:
    """Sort the rows of a triples CSV by document. They hold no entities and nothing unsplit."""
    by_document: dict[str, list[Triple]] = {}
    for row in rows:
        by_document.setdefault(row.doc_id, []).append(row)
    found = {}
    for doc_id, its_rows in by_document.items():
        pairs = pairs_of_rows(its_rows)
        found[doc_id] = Prediction(links=pairs, pairs=pairs, rows=its_rows)
    return found


def pairs_of_rows(rows: Iterable[Triple]) -> list[Pair]:
    """Give the rows that count as pairs."""
    return [
        Pair(
            drug=Span.of(row.drug_start, row.drug_end),
            event=Span.of(row.event_start, row.event_end),
            places=tuple(
                (Span.of(drug_start, drug_end), Span.of(event_start, event_end))
                for drug_start, drug_end, event_start, event_end in row.mentions
            ),
            onsets=_spans(row.onset_start, row.onset_end),
            onset_min=row.onset_min,
            onset_max=row.onset_max,
            drug_code=row.drug_code,
            event_code=row.event_code,
            note=f"{row.rule} · {row.attribution} · {row.assertion}",
        )
        for row in rows
        if counts_as_pair(row)
    ]


def _pair_of_link(link: Link) -> Pair:
    return Pair(
        drug=Span.of(link.drug.start, link.drug.end),
        event=Span.of(link.event.start, link.event.end),
        onsets=_spans(link.onset.start, link.onset.end) if link.onset else (),
        note=f"{link.rule} · {link.attribution} · {link.assertion}",
    )


def _link_of_pair(pair: Pair, text: str) -> Link:
    drug, event = (
        Mention(text=text[span.start : span.end], start=span.start, end=span.end, label=label)
        for span, label in ((pair.drug, Label.DRUG.value), (pair.event, Label.SYMPTOM.value))
    )
    return Link(drug=drug, event=event, rule="gold", score=1.0)


def _spans(start: int | None, end: int | None) -> tuple[Span, ...]:
    return () if start is None or end is None or start == end else (Span.of(start, end),)
