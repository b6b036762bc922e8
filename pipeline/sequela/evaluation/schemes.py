"""Annotation schemes: which labels are scored, and where the pipeline keeps its answer to them.

The tagger has a head for each scheme. Its spans are in ``doc.spans[group]`` with the labels of the scheme;
where a Doc has no such group (another model), ``doc.ents`` are used and their labels mapped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sequela.corpora.document import Document
from sequela.corpora.labels import load_label_map
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

    @property
    def predicted(self) -> dict[str, str]:
        """From the labels of predicted files, which may already be those that are scored."""
        return {label: label for label in self.gold.values()} | dict(self.gold)


_SEQUELA = {label.value: label.value for label in Label}

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


def _inject(*maps: str | Path) -> dict[str, str]:
    """Join label maps to the labels of ``doc.ents``."""
    return {
        label: target for name in maps for label, target in load_label_map(name).items() if target is not None
    }


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
            inject=_inject("phee", "ade"),
        ),
        Scheme(
            name="maccrobat",
            groups=("maccrobat",),
            gold=_MACCROBAT,
            ents={label: label for label in _MACCROBAT_SCORED},
            inject=_inject("maccrobat"),
        ),
        Scheme(
            name="bc5cdr",
            groups=("bc5cdr",),
            gold=_CHEMICAL_DISEASE,
            ents={Label.DRUG: "Chemical", Label.SYMPTOM: "Disease"},
            inject=_inject("bc5cdr", "biored"),
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


def narrow(scheme: Scheme, documents: Iterable[Document]) -> Scheme:
    """Leave out labels that the gold never uses: where nobody looked, finding one is no error."""
    used = {entity.label for document in documents for entity in document.entities}
    return replace(scheme, gold={label: target for label, target in scheme.gold.items() if label in used})


def labels_left_out(scheme: Scheme, documents: Iterable[Document]) -> list[str]:
    """List the entity labels of the gold that the scheme does not score, sorted."""
    return sorted({entity.label for document in documents for entity in document.entities} - set(scheme.gold))


def scheme_of_labels(name_or_path: str | Path) -> Scheme:
    """Make a scheme of a label map: what it gives is compared with ``doc.ents``.

    Raises
    ------
    CorpusError
        No such map.
    """
    labels = _inject(name_or_path)
    return Scheme(
        name=f"labels {name_or_path}",
        gold=labels,
        ents={label: label for label in labels.values()},
        inject=labels,
    )
