"""Gold and predicted files, in whatever format of the registry they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from sequela.corpora.document import Document
from sequela.corpora.files import read_text
from sequela.corpora.formats import get_format, read_corpus, sniff_format
from sequela.corpora.triples_csv import read_triples
from sequela.errors import CorpusError
from sequela.evaluation.predictions import Prediction, prediction_of_document, predictions_of_rows


def read_gold(
    path: Path,
    *,
    format_name: str | None = None,
    split: str | None = None,
    exclude: Sequence[Path] = (),
    limit: int | None = None,
) -> list[Document]:
    """Read gold documents.

    Parameters
    ----------
    path
        A file or a folder.
    format_name
        Of the registry; recognised when None.
    split
        Only the documents that ``splits.json`` beside the files lists under this name.
    exclude
        Corpora whose documents are left out, by id or PubMed id: those that a model was trained on.

    limit
        Only the first so many.

    Raises
    ------
    CorpusError
        A file that cannot be read, an id that two documents have, or no document at all.
    """
    found = read_corpus(path, format_name)
    if split is not None:
        wanted = _split(path, split)
        found = (document for document in found if document.doc_id in wanted)
    if exclude:
        known = {name for corpus in exclude for one in read_corpus(corpus) for name in names_of(one)}
        found = (document for document in found if not known & names_of(document))
    documents = list(islice(found, limit))

    seen: set[str] = set()
    for document in documents:
        if document.doc_id in seen:
            raise CorpusError(
                f"{document.path or path}:{document.line}: a second document with the id {document.doc_id}; "
                "scores are kept by id, so that ids must differ"
            )
        seen.add(document.doc_id)
    if not documents:
        raise CorpusError(f"{path}: no document to score")
    return documents


def read_predictions(
    path: Path,
    gold: Sequence[Document],
    labels: Mapping[str, str],
    *,
    format_name: str | None = None,
) -> dict[str, Prediction]:
    """Read predictions: triples CSV, or annotated files of any format.

    Raises
    ------
    CorpusError
        A file that cannot be read, or a predicted document whose text is not that of the gold, so that its
        offsets mean something else.
    """
    chosen = get_format(format_name) if format_name is not None else sniff_format(path)
    if chosen.read is None:
        return predictions_of_rows(read_triples(path))
    texts = {document.doc_id: document.text for document in gold}
    found = {}
    for document in chosen.read(path):
        if texts.get(document.doc_id, document.text) != document.text:
            raise CorpusError(
                f"{document.path or path}:{document.line}: the text of {document.doc_id} is not that of the "
                "gold; offsets can only be compared on the same text"
            )
        found[document.doc_id] = prediction_of_document(document, labels)
    return found


def names_of(document: Document) -> set[str]:
    """Give the id of a document and, where it is known, the PubMed id of its article."""
    return {document.doc_id, str(document.meta.get("pmid", document.doc_id))}


def _split(path: Path, name: str) -> set[str]:
    file = (path if path.is_dir() else path.parent) / "splits.json"
    try:
        splits = json.loads(read_text(file))
        return set(splits[name])
    except (ValueError, TypeError) as error:
        raise CorpusError(f"{file}: not a JSON object from split to ids: {error}") from error
    except KeyError as error:
        raise CorpusError(f"{file}: has no split {name}; there are {', '.join(splits)}") from error
