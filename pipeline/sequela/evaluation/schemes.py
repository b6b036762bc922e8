"""Annotation schemes: which labels are scored, and where the pipeline keeps its answer to them.

The tagger has a head for each scheme. Its spans are in ``doc.spans[group]`` with the labels of the scheme;
where a Doc has no such group (another model), ``doc.ents`` are used and their labels mapped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sequela.corpora.document import Document
from sequela.errors import CorpusError
from sequela.schema import Label, RoleLabel


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """A set of labels to score.

    Attributes
    ----------
    name
        As ``--scheme`` takes it.
    groups
        Span groups of the pipeline that answer in these labels; the first one that a Doc has is used.
    gold
        From the labels of gold files to the labels that are scored; others are left out.
    ents
        From the labels of ``doc.ents`` to those that are scored, for Docs without such a group.
    inject
        From the labels of gold files to those of ``doc.ents``, for a run on gold entities.
    """

    name: str
    groups: tuple[str, ...] = ()
    gold: Mapping[str, str] = field(default_factory=dict)
    ents: Mapping[str, str] = field(default_factory=dict)
    inject: Mapping[str, str] = field(default_factory=dict)


_SEQUELA = {label.value: label.value for label in Label}

_PHEE_TO_ENTS: dict[str, str] = {
    RoleLabel.DRUG: Label.DRUG,
    RoleLabel.EFFECT: Label.SYMPTOM,
    RoleLabel.DISORDER: Label.SYMPTOM,
    RoleLabel.TIME_ELAPSED: Label.TIME,
    RoleLabel.DURATION: Label.TIME,
    RoleLabel.DOSAGE: Label.DOSE,
    RoleLabel.ROUTE: Label.ROUTE,
    RoleLabel.FREQ: Label.FREQUENCY,
    RoleLabel.AGE: Label.AGE,
    RoleLabel.GENDER: Label.SEX,
}
_MACCROBAT: dict[str, str] = {
    "Medication": Label.DRUG,
    "Dosage": Label.DOSE,
    "Sign_symptom": Label.SYMPTOM,
    "Disease_disorder": Label.SYMPTOM,
    "Biological_structure": Label.BODY_SITE,
    "Date": Label.TIME,
    "Duration": Label.TIME,
    "Time": Label.TIME,
}
_MACCROBAT_SCORED = sorted(set(_MACCROBAT.values()))
_CHEMICAL_DISEASE: dict[str, str] = {
    "Chemical": "Chemical",
    "ChemicalEntity": "Chemical",
    "Disease": "Disease",
    "DiseaseOrPhenotypicFeature": "Disease",
}
_CHEMICAL_DISEASE_TO_ENTS: dict[str, str] = {"Chemical": Label.DRUG, "Disease": Label.SYMPTOM}

SCHEMES: dict[str, Scheme] = {
    scheme.name: scheme
    for scheme in (
        Scheme(name="sequela", gold=_SEQUELA, ents=_SEQUELA, inject=_SEQUELA),
        Scheme(
            name="phee",
            groups=("phee", "roles"),
            gold={label.value: label.value for label in RoleLabel},
            ents={
                Label.DRUG: RoleLabel.DRUG,
                Label.SYMPTOM: RoleLabel.EFFECT,
                Label.DOSE: RoleLabel.DOSAGE,
                Label.ROUTE: RoleLabel.ROUTE,
                Label.FREQUENCY: RoleLabel.FREQ,
                Label.AGE: RoleLabel.AGE,
                Label.SEX: RoleLabel.GENDER,
            },
            inject=_PHEE_TO_ENTS,
        ),
        Scheme(
            name="maccrobat",
            groups=("maccrobat",),
            gold=_MACCROBAT,
            ents={label: label for label in _MACCROBAT_SCORED},
            inject=_MACCROBAT,
        ),
        Scheme(
            name="bc5cdr",
            groups=("bc5cdr",),
            gold=_CHEMICAL_DISEASE,
            ents={Label.DRUG: "Chemical", Label.SYMPTOM: "Disease"},
            inject={gold: _CHEMICAL_DISEASE_TO_ENTS[scored] for gold, scored in _CHEMICAL_DISEASE.items()},
        ),
    )
}


def choose_scheme(documents: Iterable[Document]) -> Scheme:
    """Choose the scheme that knows most of the entities of the gold; "sequela" when none knows any."""
    counts = dict.fromkeys(SCHEMES, 0)
    for document in documents:
        for entity in document.entities:
            for name, scheme in SCHEMES.items():
                counts[name] += entity.label in scheme.gold
    return SCHEMES[max(counts, key=lambda name: counts[name])]


def read_label_map(path: Path) -> dict[str, str]:
    """Read a label map: a JSON object from the labels of files to those that are scored.

    Raises
    ------
    CorpusError
        Not such an object.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CorpusError(f"{path}: not JSON: {error}") from error
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        raise CorpusError(f'{path}: a label map is a JSON object such as {{"Medication": "DRUG"}}')
    return data
