"""What is measured: each entry loads a pipeline and gives a function that runs it over texts.

Imported by the Python of the environment that is measured; needs nothing but what is measured. Rules about
assertion do nothing where there is no entity, so that the rule pipelines are given the words of `TERMS` to find.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Run = Callable[[Iterable[str], int], Iterator[Any]]

TERMS = {
    "DRUG": ("amiodarone", "aspirin", "clindamycin", "ibuprofen", "insulin", "methotrexate", "prednisone"),
    "PROBLEM": (
        "diarrhoea",
        "fever",
        "headache",
        "nausea",
        "pain",
        "pneumonia",
        "rash",
        "seizure",
        "vomiting",
    ),
}
# Rule pipes that make no use of a trained model. Their cues are French.
EDSNLP = (
    "eds.normalizer", "eds.sentences", "eds.sections", "eds.matcher", "eds.dates", "eds.quantities",
    "eds.negation", "eds.hypothesis", "eds.family", "eds.history", "eds.reported_speech",
)  # fmt: skip


def load(name: str) -> Run:
    """Load what is called by a name; any other than those of `LOADERS` is a spaCy pipeline."""
    loader = LOADERS.get(name)
    if loader:
        return loader()
    import spacy

    return _run_spacy(spacy.load(name))


def _sequela() -> Run:
    import sequela

    return _run_spacy(sequela.load())


def _medspacy() -> Run:
    import medspacy
    from medspacy.target_matcher import TargetRule

    nlp = medspacy.load()
    nlp.add_pipe("medspacy_sectionizer")
    rules = [TargetRule(term, label) for label, terms in TERMS.items() for term in terms]
    nlp.get_pipe("medspacy_target_matcher").add(rules)
    return _run_spacy(nlp)


def _edsnlp() -> Run:
    import edsnlp

    nlp = edsnlp.blank("eds")
    terms = {label: list(words) for label, words in TERMS.items()}
    for name in EDSNLP:
        config = {"terms": terms, "attr": "LOWER"} if name == "eds.matcher" else {}
        nlp.add_pipe(name, config=config)
    return lambda texts, _: map(nlp, texts)


def _openmed() -> Run:
    from openmed.clinical.context import assert_context
    from openmed.clinical.relations import extract_ade_relations
    from openmed.clinical.sections.detect import detect_sections
    from openmed.clinical.severity_laterality import extract_severity_laterality
    from openmed.clinical.timeline.timex import detect_timexes

    labels = {term: label for label, terms in TERMS.items() for term in terms}
    pattern = re.compile(rf"\b(?:{'|'.join(labels)})\b", re.IGNORECASE)

    def process(text: str) -> Any:
        spans = [
            {
                "start": match.start(),
                "end": match.end(),
                "text": match.group(),
                "label": labels[match.group().lower()],
            }
            for match in pattern.finditer(text)
        ]
        sections = detect_sections(text)
        spans = assert_context(text, spans, sections=sections)
        return (
            detect_timexes(text),
            extract_severity_laterality(spans, text),
            extract_ade_relations(text, spans),
        )

    return lambda texts, _: map(process, texts)


def _run_spacy(nlp: Any) -> Run:
    return lambda texts, batch: nlp.pipe(texts, batch_size=batch)


LOADERS: dict[str, Callable[[], Run]] = {
    "sequela": _sequela,
    "medspacy": _medspacy,
    "edsnlp": _edsnlp,
    "openmed": _openmed,
}
