"""From gold documents and predictions to tallies: which levels there are, and what is scored on each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sequela.corpora.document import Document
from sequela.errors import CorpusError
from sequela.evaluation.documents import claims, score_documents
from sequela.evaluation.entities import RELAXED, STRICT, score_entities
from sequela.evaluation.links import (
    concept_pairs,
    score_concepts,
    score_pairs_relaxed,
    score_pairs_strict,
    score_recorded,
)
from sequela.evaluation.predictions import Prediction
from sequela.evaluation.schemes import Scheme
from sequela.evaluation.scores import Tally
from sequela.evaluation.triples import score_triples
from sequela.evaluation.views import (
    affirmed_pairs,
    casebook_of,
    concept_mentions,
    concept_relations,
    entity_spans,
    has_casebook,
    negated_statements,
    reaction_pairs,
    therapeutic_statements,
)
from sequela.schema import StrEnum

NOTHING = (
    "it has no annotation that can be scored; reports in which no reaction happened are scored with "
    "--level documents"
)
THERAPEUTIC = "therapeutic_recorded"
NEGATED = "negated_recorded"


class Level(StrEnum):
    """The levels of the evaluation."""

    ENTITIES = "entities"
    PAIRS = "pairs"
    TRIPLES = "triples"
    DOCUMENTS = "documents"


@dataclass(kw_only=True)
class Scored:
    """A tally with the gold and predicted items that its findings point to, by document."""

    tally: Tally
    gold: Mapping[str, Sequence[object]] = field(default_factory=dict)
    predicted: Mapping[str, Sequence[object]] = field(default_factory=dict)


def levels_of(documents: Sequence[Document], scheme: Scheme) -> list[Level]:
    """Tell which levels the gold has annotations for."""
    found = []
    if any(entity.label in scheme.gold for document in documents for entity in document.entities):
        found.append(Level.ENTITIES)
    if any(reaction_pairs(document) or concept_relations(document) for document in documents):
        found.append(Level.PAIRS)
    if any(pair.onsets for document in documents for pair in reaction_pairs(document)):
        found.append(Level.TRIPLES)
    if any(has_casebook(document) for document in documents):
        found.append(Level.DOCUMENTS)
    return found


def choose_levels(asked: Level | None, documents: Sequence[Document], scheme: Scheme) -> list[Level]:
    """Give the levels to score: the one that is asked for, or all that the gold has.

    Documents may be asked for where no report has a reaction; every row is then an error.

    Raises
    ------
    CorpusError
        The gold has no annotations for it, or for any level.
    """
    there = levels_of(documents, scheme)
    if asked is None and there:
        return there
    if asked in there:
        return [asked]
    if asked is Level.DOCUMENTS and Level.PAIRS not in there:
        return [asked]  # reports in which nothing happened have nothing annotated
    offer = f"it can be scored on: {', '.join(there)}" if there else NOTHING
    used = sorted({entity.label for document in documents for entity in document.entities})
    if used and Level.ENTITIES not in there:
        offer += f" (its entities are {', '.join(used)}; --labels MAP says what they are called here)"
    raise CorpusError(
        f"the gold has nothing for the level {asked or 'all'} (labels by scheme {scheme.name}); {offer}"
    )


def score(
    documents: Sequence[Document],
    predictions: Mapping[str, Prediction],
    scheme: Scheme,
    levels: Sequence[Level],
) -> list[Scored]:
    """Score predictions against gold documents.

    A gold document without a prediction is scored as if nothing had been predicted in it.
    """
    scorers: dict[Level, Callable[..., list[Scored]]] = {
        Level.ENTITIES: _score_entities,
        Level.PAIRS: _score_pairs,
        Level.TRIPLES: _score_triples,
        Level.DOCUMENTS: _score_documents,
    }
    known = {document.doc_id for document in documents}
    kept = {doc_id: prediction for doc_id, prediction in predictions.items() if doc_id in known}
    return [scored for level in levels for scored in scorers[level](documents, kept, scheme)]


def _score_entities(
    documents: Sequence[Document], predictions: Mapping[str, Prediction], scheme: Scheme
) -> list[Scored]:
    gold = {document.doc_id: entity_spans(document, scheme.gold) for document in documents}
    predicted = {doc_id: prediction.entities for doc_id, prediction in predictions.items()}
    return [
        Scored(tally=score_entities(gold, predicted, rule=rule), gold=gold, predicted=predicted)
        for rule in (STRICT, RELAXED)
    ]


def _score_pairs(
    documents: Sequence[Document], predictions: Mapping[str, Prediction], _scheme: Scheme
) -> list[Scored]:
    gold = {document.doc_id: reaction_pairs(document) for document in documents}
    links = {doc_id: prediction.links for doc_id, prediction in predictions.items()}
    pairs = {doc_id: prediction.pairs for doc_id, prediction in predictions.items()}
    found = []
    if any(gold.values()):
        mentions = {
            doc_id: prediction.mentions or ()
            for doc_id, prediction in predictions.items()
            if prediction.mentions is not None
        }
        relaxed = score_pairs_relaxed(gold, pairs, mentions=mentions or None)

        affirmed = {document.doc_id: affirmed_pairs(document) for document in documents}
        for name, view, right in (
            (THERAPEUTIC, therapeutic_statements, gold),
            (NEGATED, negated_statements, affirmed),
        ):
            statements = {document.doc_id: view(document) for document in documents}
            if any(statements.values()):
                relaxed.rates[name] = score_recorded(statements, right, pairs)
        found.append(Scored(tally=score_pairs_strict(gold, links), gold=gold, predicted=links))
        found.append(Scored(tally=relaxed, gold=gold, predicted=pairs))
    concepts = {document.doc_id: concept_relations(document) for document in documents}
    if any(concepts.values()):
        named = {
            document.doc_id: [
                *(predictions[document.doc_id].concepts if document.doc_id in predictions else ()),
                *concept_pairs(
                    pairs.get(document.doc_id, ()), concept_mentions(document), text=document.text
                ),
            ]
            for document in documents
        }
        found.append(Scored(tally=score_concepts(concepts, named), gold=concepts, predicted=named))
    return found


def _score_triples(
    documents: Sequence[Document], predictions: Mapping[str, Prediction], _scheme: Scheme
) -> list[Scored]:
    gold = {document.doc_id: reaction_pairs(document) for document in documents}
    predicted = {doc_id: prediction.pairs for doc_id, prediction in predictions.items()}
    return [Scored(tally=score_triples(gold, predicted), gold=gold, predicted=predicted)]


def _score_documents(
    documents: Sequence[Document], predictions: Mapping[str, Prediction], _scheme: Scheme
) -> list[Scored]:
    gold = {document.doc_id: casebook_of(document) for document in documents}
    predicted = {doc_id: claims(prediction.rows) for doc_id, prediction in predictions.items()}
    reactions = {doc_id: content.reactions for doc_id, content in gold.items()}
    return [Scored(tally=score_documents(gold, predicted), gold=reactions, predicted=predicted)]
