"""sequela: drug–event–onset triples from medical case reports.

``sequela.load()`` gives a spaCy pipeline; ``sequela.triples(doc)`` gives the rows of a processed report.
Importing this module imports nothing heavy.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from spacy.language import Language
    from spacy.tokens import Doc

    from sequela.schema import Triple

__all__ = ["__version__", "load", "process", "triples"]

__version__ = version("sequela")


def load(
    model: str | Path | None = None,
    *,
    label_map: dict[str, str] | None = None,
    meddra: str | Path | None = None,
    linker: str | Path | None = None,
    trust_linker: bool = False,
) -> Language:
    """Build the whole pipeline around a tagger.

    Parameters
    ----------
    model
        Name or path of a spaCy pipeline whose entity recogniser takes the tagger's place; the shipped
        tagger when left out.
    label_map
        From the labels of ``model`` to those of sequela, for instance ``{"CHEMICAL": "DRUG"}``.
    meddra
        Folder with the ASCII files of your MedDRA release: events then get its preferred terms.
    linker
        Folder with a scispaCy knowledge base and its index: drugs and events then get its concepts.
    trust_linker
        Read the index also where it holds a pickle, which can run any code.

    Raises
    ------
    sequela.errors.ModelError
        No such model, or none of its labels can be mapped.
    sequela.errors.TerminologyError
        The MedDRA release or the knowledge base is not there, or broken.
    """
    from sequela.build import build_pipeline

    return build_pipeline(model, label_map=label_map, meddra=meddra, linker=linker, trust_linker=trust_linker)


def process(nlp: Language, text: str, *, doc_id: str = "", **meta: str) -> Doc:
    """Run the pipeline over one report whose rows are to carry an id.

    Parameters
    ----------
    nlp
        From `load`.
    text
        The report; offsets of the rows count its characters.
    doc_id
        What the rows are called by.
    meta
        What else is known of the report, such as ``publication_date`` (ISO 8601).
    """
    from sequela.reading import Report
    from sequela.running.batches import make_doc

    return nlp(make_doc(nlp, Report(doc_id=doc_id, text=text, meta=meta)))


def triples(doc: Doc, *, include_all: bool = False) -> list[Triple]:
    """Give the rows of a processed report, in the order of the file.

    By default what happened to patients; with ``include_all`` also background, negated and hypothetical rows.
    """
    from sequela.components.triples import rows_of

    return rows_of(doc, include_all=include_all)
