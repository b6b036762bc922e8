"""`build_pipeline`: the one place where the order of the components is written."""

from __future__ import annotations

from pathlib import Path

import spacy
from spacy.language import Language

from sequela import attributes
from sequela.components.tokenizer import create_tokenizer
from sequela.model_files import check_model_files

# Each stage reads what earlier ones wrote; the pairs are (factory, what it is for).
STAGES: tuple[tuple[str, str], ...] = (
    ("sequela_tagger", "entities and role spans, from the trained model"),
    ("sequela_sentences", "sentence boundaries"),
    ("sequela_sections", "article zones"),
    ("sequela_timex", "TIME entities and their ISO 8601 values"),
    ("sequela_dose", "DOSE, ROUTE and FREQUENCY values, linked to their drug"),
    ("sequela_context", "assertion: negated, possible, hypothetical, historical"),
    ("sequela_attribution", "whose reaction; the patients of the report"),
    ("sequela_anaphora", "'this medication' to the drug meant, 'the rash' to the event"),
    ("sequela_linking", "drug-event candidates by rules, scored"),
    ("sequela_pairs", "how likely each is in the report as a whole, from the pair network"),
    ("sequela_onset", "time from exposure to reaction"),
    ("sequela_course", "outcome, action taken, dechallenge, rechallenge"),
    ("sequela_normalise", "substance and event names with codes"),
    ("sequela_triples", "rows"),
)


def build_pipeline(
    model: str | Path | None = None,
    *,
    label_map: dict[str, str] | None = None,
    meddra: str | Path | None = None,
    linker: str | Path | None = None,
    trust_linker: bool = False,
    disable: tuple[str, ...] = (),
) -> Language:
    """Build the pipeline around the shipped tagger or another spaCy model.

    Parameters
    ----------
    model
        Directory of a tagger, or name or path of any spaCy pipeline with an entity recogniser; the shipped
        tagger when None.
    label_map
        From the labels of ``model`` to those of sequela (`sequela.schema.Label`).
    meddra
        Folder of a MedDRA release that events are coded by.
    linker, trust_linker
        Folder of a scispaCy knowledge base that drugs and events are coded by; whether a pickle in it is read.
    disable
        Factories of `STAGES` to leave out.

    Raises
    ------
    sequela.errors.ModelError
        No such model, none of its labels is known, or its folder holds pickled files.
    sequela.errors.TerminologyError
        The MedDRA release or the knowledge base is not there, or broken.
    """
    if model is not None:
        check_model_files(Path(model))
    attributes.register()
    nlp = spacy.blank("en")
    nlp.tokenizer = create_tokenizer(nlp)
    for factory, _ in STAGES:
        if factory in disable:
            continue
        if factory == "sequela_tagger":
            config = {"model": str(model) if model is not None else None, "label_map": label_map or {}}
            nlp.add_pipe(factory, config=config)
        elif factory == "sequela_pairs":
            nlp.add_pipe(factory, config={"model": str(model) if model is not None else None})
        elif factory == "sequela_normalise":
            plugged = {"meddra": _text(meddra), "linker": _text(linker), "trust_linker": trust_linker}
            nlp.add_pipe(factory, config=plugged)
        else:
            nlp.add_pipe(factory)
    return nlp


def _text(path: str | Path | None) -> str | None:
    return str(path) if path is not None else None
