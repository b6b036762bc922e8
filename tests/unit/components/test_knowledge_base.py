"""scispaCy's entity linker on an index of our own, and as a terminology for us. Nothing is downloaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from scispacy.linking import EntityLinker

from markup import blank, parse
from sequela import attributes
from sequela.components.normalise import create_normalise
from sequela.components.terms.knowledge_base import (
    KNOWLEDGE_BASE,
    PICKLE,
    VECTORIZER,
    Linker,
    build_index,
    code_of,
    entities,
    load_generator,
    write_knowledge_base,
)
from sequela.errors import TerminologyError
from sequela.schema import Label

KEPT = (
    "HP:0000967",
    "HP:0000421",
    "HP:0000988",
    "HP:0001919",
    "MESH:D000638",
    "MESH:D008727",
    "MESH:D002220",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A part of our terminologies, indexed, and a concept of UMLS whose type is neither drug nor event."""
    folder = tmp_path_factory.mktemp("kb")
    found = [item for item in entities(Label.DRUG, Label.SYMPTOM) if item["concept_id"] in KEPT]
    assert [item["concept_id"] for item in found if item["canonical_name"] == "Amiodarone"] == [
        "MESH:D000638"
    ]
    other = {
        "concept_id": "C9999999",
        "canonical_name": "Glimmer",
        "aliases": ["rash maker"],
        "types": ["T061"],
    }
    assert write_knowledge_base(folder, [*found, other]) == len(KEPT) + 1
    assert build_index(folder, min_df=1) > 30
    return folder


def test_scispacys_linker_works_on_it(folder: Path) -> None:
    nlp = blank()
    example = parse(
        nlp,
        "<DRUG id=d>Amiodarone</DRUG> caused <SYMPTOM id=e>petechiae</SYMPTOM> and a <SYMPTOM id=s>rash of skin"
        "</SYMPTOM> and <SYMPTOM id=n>qqq</SYMPTOM>",
    )
    linker = EntityLinker(candidate_generator=load_generator(folder), filter_for_definitions=False)
    doc = linker(example.doc)
    found = {key: [name for name, _ in span._.kb_ents[:1]] for key, span in example.spans.items()}
    assert found == {"d": ["MESH:D000638"], "e": ["HP:0000967"], "s": ["HP:0000988"], "n": []}
    assert len(doc.ents) == 4


def test_the_files_are_those_that_scispacy_reads_itself(folder: Path) -> None:
    from scispacy.candidate_generation import LinkerPaths

    paths = LinkerPaths.from_directory(folder)
    assert paths.is_locally_cached()
    aliases, vectorizer, _ = paths.load()
    ours = load_generator(folder)
    assert aliases == ours.ann_concept_aliases_list
    texts = ["amiodaron", "skin rashes"]
    assert abs(vectorizer.transform(texts) - ours.vectorizer.transform(texts)).max() < 1e-6


@pytest.mark.parametrize(
    ("label", "text", "expected"),
    [
        (Label.DRUG, "amiodarone", ("Amiodarone", "MESH:D000638", 1.0)),
        (Label.DRUG, "MTX", ("Methotrexate", "MESH:D008727", 1.0)),
        (Label.DRUG, "carbamazepines", ("Carbamazepine", "MESH:D002220", 0.95)),
        (Label.DRUG, "carbamazapime", None),
        (Label.SYMPTOM, "peteciae", ("Petechiae", "HP:0000967", 0.7)),
        (Label.SYMPTOM, "kidney", None),
        (Label.SYMPTOM, "rash skin", ("Skin rash", "HP:0000988", 0.95)),
        (Label.SYMPTOM, "amiodarone", None),
        (Label.DRUG, "petechiae", None),
        (Label.DRUG, "glimmer", None),
        (Label.SYMPTOM, "qqq", None),
        (Label.SYMPTOM, "", None),
    ],
)
def test_concepts(folder: Path, label: Label, text: str, expected: tuple[str, str, float] | None) -> None:
    term = Linker(load_generator(folder), label).find(text, whole=False)
    assert (term and (term.name, term.code, term.score)) == expected


def test_component(folder: Path) -> None:
    nlp = blank()
    example = parse(nlp, "<DRUG id=d>Cordarone</DRUG> and <SYMPTOM id=e>hyponatraemia</SYMPTOM>")
    create_normalise(nlp, "normalise", None, str(folder), False)(example.doc)
    terms = {key: attributes.get_code(span) for key, span in example.spans.items()}
    assert {key: (term.code, term.source) for key, term in terms.items() if term} == {
        "d": ("MESH:D000638", "linker"),
        "e": ("HP:0002902", "HPO"),  # not in this knowledge base
    }


def test_a_pickle_is_not_read_unless_it_is_trusted(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "kb"
    shutil.copytree(folder, copy)
    (copy / VECTORIZER).unlink()
    with pytest.raises(TerminologyError, match="is a pickle, and loading it runs whatever code it holds"):
        load_generator(copy)
    assert load_generator(copy, trust_pickle=True)(["amiodarone"], 1)[0][0].concept_id == "MESH:D000638"


@pytest.mark.parametrize("name", [KNOWLEDGE_BASE, "nmslib_index.bin", "concept_aliases.json"])
def test_missing_files(folder: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "kb"
    shutil.copytree(folder, copy)
    (copy / name).unlink()
    with pytest.raises(TerminologyError, match=f"there is no {name}"):
        load_generator(copy)


def test_broken_files(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "kb"
    shutil.copytree(folder, copy)
    (copy / "concept_aliases.json").write_text(json.dumps(["one"]))
    with pytest.raises(TerminologyError, match="the files are not of one index"):
        load_generator(copy)
    (copy / KNOWLEDGE_BASE).write_text("{}\n")
    with pytest.raises(TerminologyError, match="it is no knowledge base of scispaCy"):
        load_generator(copy)
    (copy / PICKLE).unlink()
    (copy / VECTORIZER).unlink()
    with pytest.raises(TerminologyError, match="Build the index again"):
        load_generator(copy)


@pytest.mark.parametrize(
    ("concept_id", "code"),
    [
        ("HP:0000967", "HP:0000967"),
        ("C0002598", "UMLS:C0002598"),
        ("D000638", "MESH:D000638"),
        ("x1", "KB:x1"),
    ],
)
def test_codes(concept_id: str, code: str) -> None:
    assert code_of(concept_id) == code
