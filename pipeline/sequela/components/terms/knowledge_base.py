"""Knowledge bases and indexes in the format of scispaCy's entity linker: ours for it, a user's for us.

A folder holds the knowledge base as ``kb.jsonl`` (`scispacy.linking_utils.Entity`, one a line) and the index under the
names of `scispacy.candidate_generation.LinkerPaths`. `build_index` takes the place of scispaCy's
``create_tfidf_ann_index``, which refuses to work with SciPy 1.11 and later; vectors, search and file names are
the same.

scispaCy keeps the vectorizer as a joblib file, which is a pickle: loading it can run any code. `build_index` writes
it as JSON too, and that is what is read; a joblib file without it is read only when told to trust it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rapidfuzz.fuzz import token_sort_ratio

from sequela.components.terms.drugs import drug_terms
from sequela.components.terms.events import event_terms
from sequela.components.terms.spelling import EXACT, FUZZY, VARIANT, squeeze
from sequela.errors import TerminologyError
from sequela.lexicons.loader import load_table
from sequela.schema import Label, Term

if TYPE_CHECKING:
    from scispacy.candidate_generation import CandidateGenerator
    from scispacy.linking_utils import KnowledgeBase

KNOWLEDGE_BASE = "kb.jsonl"
VECTORIZER = "tfidf_vectorizer.json"
ALIASES, VECTORS, INDEX, PICKLE = (
    "concept_aliases.json",
    "tfidf_vectors_sparse.npz",
    "nmslib_index.bin",
    "tfidf_vectorizer.joblib",
)
# Semantic types of UMLS that our own concepts get
_TYPES = {Label.DRUG: "T121", Label.SYMPTOM: "T033"}
# Of the neighbour search: quick to build, and finds what is there (measured in docs/normalisation.md)
_BUILD = {"M": 16, "efConstruction": 100, "post": 0, "indexThreadQty": 1}
_NEIGHBOURS, _SEARCH = 30, 200
# How alike the letters of mention and name must be, in per cent, the words in any order: for all of the mention, and
# at all. Three letters in common are not enough: "adenocarcinoma" is near to "adenocarcinoma of the lung"
_WHOLE, _LIKE = 95, 92
_UMLS, _MESH = re.compile(r"C\d{7}"), re.compile(r"[CD]\d{6}(?:\d{3})?")


def entities(*labels: Label) -> Iterator[dict[str, Any]]:
    """Give drugs and events of the terminologies of the package as scispaCy's entities, by name."""
    for label in labels:
        terms = drug_terms() if label is Label.DRUG else event_terms(loose=False)
        concepts: dict[str, dict[str, Any]] = {}
        for form, term in terms.items():
            concept = concepts.setdefault(
                term.code,
                {
                    "concept_id": term.code,
                    "canonical_name": term.name,
                    "aliases": [],
                    "types": [_TYPES[label]],
                },
            )
            if form != term.name:
                concept["aliases"].append(form)
        yield from sorted(
            concepts.values(), key=lambda concept: (concept["canonical_name"], concept["concept_id"])
        )


def write_knowledge_base(folder: Path, concepts: Iterable[dict[str, Any]]) -> int:
    """Write a knowledge base; gives the number of its concepts."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(concept, ensure_ascii=False) + "\n" for concept in concepts]
    (folder / KNOWLEDGE_BASE).write_text("".join(lines), encoding="utf-8")
    return len(lines)


def build_index(folder: Path, *, min_df: int = 10) -> int:
    """Write the index of the knowledge base in a folder; gives the number of names in it.

    Parameters
    ----------
    min_df
        Names that a group of three letters must be in to count, as `scispacy` has it; fewer for a small
        knowledge base.
    """
    import joblib
    import numpy as np
    import scipy.sparse
    from sklearn.feature_extraction.text import TfidfVectorizer

    aliases = sorted(_read_kb(folder).alias_to_cuis)
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), min_df=min_df, dtype=np.float32)
    vectors = vectorizer.fit_transform(aliases)
    known = np.asarray(vectors.sum(axis=1) != 0).reshape(-1)  # the search cannot hold empty ones
    aliases = [alias for alias, kept in zip(aliases, known.tolist(), strict=True) if kept]
    vectors = vectors[known]
    index = _new_index(vectors)
    index.createIndex(_BUILD)
    index.saveIndex(str(folder / INDEX))
    scipy.sparse.save_npz(folder / VECTORS, vectors)
    (folder / ALIASES).write_text(json.dumps(aliases), encoding="utf-8")
    state = {
        "analyzer": "char_wb",
        "ngram_range": [3, 3],
        "vocabulary": {gram: int(number) for gram, number in sorted(vectorizer.vocabulary_.items())},
        "idf": [float(value) for value in vectorizer.idf_],
    }
    (folder / VECTORIZER).write_text(json.dumps(state), encoding="utf-8")
    joblib.dump(vectorizer, folder / PICKLE)  # what scispaCy itself reads
    return len(aliases)


def load_generator(folder: Path, *, trust_pickle: bool = False) -> CandidateGenerator:
    """Load knowledge base and index for scispaCy's ``EntityLinker(candidate_generator=...)``.

    Parameters
    ----------
    trust_pickle
        Read the vectorizer from ``tfidf_vectorizer.joblib`` where there is no other. This runs whatever code the
        file holds.

    Raises
    ------
    TerminologyError
        A file is missing or broken, or is a pickle that is not trusted.
    """
    from scispacy.candidate_generation import CandidateGenerator

    check_files(folder, trust_pickle=trust_pickle)
    knowledge = _read_kb(folder)
    try:
        vectors = _load_vectors(folder / VECTORS)
        index = _new_index(vectors)
        index.loadIndex(str(folder / INDEX))
        index.setQueryTimeParams({"efSearch": _SEARCH})
        aliases = json.loads((folder / ALIASES).read_text(encoding="utf-8"))
        vectorizer = _load_vectorizer(folder)
    except (ValueError, KeyError, OSError) as error:
        raise TerminologyError(f"{folder}: the index cannot be read ({error}). Build it again.") from error
    if len(aliases) != vectors.shape[0]:
        raise TerminologyError(f"{folder}: the files are not of one index. Build it again.")
    return CandidateGenerator(index, vectorizer, aliases, knowledge)


class Linker:
    """A scispaCy knowledge base as a terminology for drugs or for events.

    Concepts of UMLS types that are neither are left out; those without a type count for both.
    """

    def __init__(self, generator: CandidateGenerator, label: Label) -> None:
        self.generator = generator
        self.label = label
        types = {row["type"] for row in load_table("umls_types.csv") if row["label"] == label.value}
        kept = {
            concept_id
            for concept_id, entity in generator.kb.cui_to_entity.items()
            if not entity.types or not types.isdisjoint(entity.types)
        }
        self.concepts = kept
        self.names: dict[str, str] = {}
        for alias in sorted(generator.kb.alias_to_cuis):
            for concept_id in sorted(kept & generator.kb.alias_to_cuis[alias]):
                self.names.setdefault(squeeze(alias), concept_id)

    def find(self, text: str, *, whole: bool) -> Term | None:
        """Give the concept that a mention names, else one of a name that is written almost alike."""
        key = squeeze(text)
        if key in self.names:
            return self._term(self.names[key], EXACT)
        if not key:
            return None
        found = [
            (max(token_sort_ratio(key, squeeze(alias)) for alias in candidate.aliases), candidate.concept_id)
            for candidate in self.generator([key], _NEIGHBOURS)[0]
            if candidate.concept_id in self.concepts
        ]
        alike, concept_id = min(found, key=lambda one: (-one[0], one[1]), default=(0.0, ""))
        if alike >= (_WHOLE if whole else _LIKE):
            return self._term(concept_id, VARIANT if alike >= _WHOLE else FUZZY)
        return None

    def _term(self, concept_id: str, score: float) -> Term:
        name = self.generator.kb.cui_to_entity[concept_id].canonical_name
        return Term(name=name, code=code_of(concept_id), source="linker", score=score)


@lru_cache(maxsize=1)
def load_linkers(folder: str, trust_pickle: bool = False) -> dict[Label, Linker]:
    """Load a knowledge base for drugs and for events; errors as of `load_generator`."""
    generator = load_generator(Path(folder), trust_pickle=trust_pickle)
    return {label: Linker(generator, label) for label in (Label.DRUG, Label.SYMPTOM)}


def code_of(concept_id: str) -> str:
    """Give the code of a concept with the prefix of its system, as far as its form tells."""
    if ":" in concept_id:
        return concept_id
    if _UMLS.fullmatch(concept_id):
        return f"UMLS:{concept_id}"
    return f"MESH:{concept_id}" if _MESH.fullmatch(concept_id) else f"KB:{concept_id}"


def check_files(folder: Path, *, trust_pickle: bool = False) -> None:
    """See that a knowledge base and its index are there; errors as of `load_generator`."""
    for name in (KNOWLEDGE_BASE, ALIASES, VECTORS, INDEX):
        if not (folder / name).is_file():
            raise TerminologyError(
                f"{folder}: there is no {name}. 'sequela linker DIR' writes a folder as it must be; for a "
                f"knowledge base of scispaCy put its JSONL file there as {KNOWLEDGE_BASE}, with the files of its index."
            )
    if not (folder / VECTORIZER).is_file():
        if not (folder / PICKLE).is_file():
            raise TerminologyError(f"{folder}: there is no {VECTORIZER}. Build the index again.")
        if not trust_pickle:
            raise TerminologyError(
                f"{folder / PICKLE} is a pickle, and loading it runs whatever code it holds. If you know where it "
                "is from, add --trust-linker."
            )


def _read_kb(folder: Path) -> KnowledgeBase:
    from scispacy.linking_utils import KnowledgeBase

    path = folder / KNOWLEDGE_BASE
    try:
        return KnowledgeBase(str(path))
    except (ValueError, TypeError, OSError) as error:
        raise TerminologyError(f"{path}: it is no knowledge base of scispaCy ({error}).") from error


def _load_vectors(path: Path) -> Any:
    import numpy as np
    import scipy.sparse

    # An array of objects is a pickle, and is refused; published indexes have half the digits
    return scipy.sparse.load_npz(path).astype(np.float32)


def _load_vectorizer(folder: Path) -> Any:
    import joblib
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not (folder / VECTORIZER).is_file():
        return joblib.load(folder / PICKLE)  # the user has said so
    state = json.loads((folder / VECTORIZER).read_text(encoding="utf-8"))
    vectorizer = TfidfVectorizer(
        analyzer=state["analyzer"],
        ngram_range=tuple(state["ngram_range"]),
        vocabulary=state["vocabulary"],
        dtype=np.float32,
    )
    vectorizer.idf_ = np.asarray(state["idf"], dtype=np.float32)
    return vectorizer


def _new_index(vectors: Any) -> Any:
    import nmslib

    index = nmslib.init(method="hnsw", space="cosinesimil_sparse", data_type=nmslib.DataType.SPARSE_VECTOR)
    index.addDataPointBatch(vectors)
    return index
