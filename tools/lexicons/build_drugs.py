"""Derive `drugs.csv` from the dictionary of the PyPI package drug-named-entity-recognition.

    pip install drug-named-entity-recognition==2.0.9
    python tools/lexicons/build_drugs.py --pubtator CDR_TrainingSet.PubTator.txt [FILE …] \
        -o pipeline/sequela/lexicons/drugs.csv

Names, brands and DrugBank ids come from the package (its DrugBank part is CC0). Its MeSH ids do not: of 804
names that BC5CDR or BioRED annotate too, 704 carry another id there, mostly that of a pharmacological action
(aspirin, paracetamol and metamizole share D058633, "Antipyretics"). MeSH ids are therefore taken from the
annotated abstracts given with ``--pubtator`` (both corpora are in the public domain), where the substance
occurs; others keep their DrugBank id alone.

The package's file is a pickle: it is read here, once, and never at run time.
"""

from __future__ import annotations

import argparse
import bz2
import csv
import importlib.util
import pickle
import re
from collections import Counter, defaultdict
from pathlib import Path

MAX_LENGTH = 45
# systematic chemical names, which no case report uses
CHEMICAL = re.compile(r"\d,\d|[\[\]{}<>'*=;\"|]|\(\w*\)-|-\d+-|\d[a-z]?-[a-z]+yl")


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pubtator", type=Path, nargs="*", default=[], help="files with annotated chemicals")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    variants, data = read_package()
    mesh = read_mesh(arguments.pubtator)
    names: dict[str, set[str]] = defaultdict(set)
    for variant, canonicals in variants.items():
        if usable(variant):
            for canonical in canonicals[:1]:
                if data.get(canonical, {}).get("drugbank_id"):
                    names[canonical].add(variant)
    rows = []
    for canonical, forms in names.items():
        forms.discard(canonical)
        votes = Counter()
        for form in {canonical, *forms}:
            if len(form) >= 5:
                votes.update(mesh.get(form, {}))
        best = votes.most_common(1)
        descriptor = best[0][0] if best and best[0][1] >= 0.6 * votes.total() else ""
        name = (data[canonical].get("name") or canonical).strip()
        forms = {form for form in forms if not inverted(form)}
        if usable(canonical) or forms:
            rows.append([name, data[canonical]["drugbank_id"], descriptor, "|".join(sorted(forms))])
    rows.sort(key=lambda row: (row[0].lower(), row[1]))
    with arguments.output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "drugbank", "mesh", "forms"])
        writer.writerows(rows)
    coded = sum(bool(row[2]) for row in rows)
    print(f"{len(rows)} substances, {coded} with a MeSH descriptor, {sum(map(len, names.values()))} forms")


def read_package() -> tuple[dict[str, list[str]], dict[str, dict[str, object]]]:
    """Give the variants with their canonical names, and the data of these."""
    spec = importlib.util.find_spec("drug_named_entity_recognition")
    if spec is None or spec.origin is None:
        raise SystemExit("pip install drug-named-entity-recognition==2.0.9")
    with bz2.open(Path(spec.origin).parent / "drug_ner_dictionary.pkl.bz2") as file:
        content = pickle.load(file)
    return content["drug_variant_to_canonical"], content["drug_canonical_to_data"]


def read_mesh(paths: list[Path]) -> dict[str, Counter[str]]:
    """Count the MeSH descriptors of each name; supplementary records (C…) change and are left out."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            columns = line.split("\t")
            if len(columns) >= 6 and columns[4].startswith("Chemical"):
                descriptor = columns[5].removeprefix("MESH:")
                if re.fullmatch(r"D\d{6,9}", descriptor):
                    found[columns[3].lower()][descriptor] += 1
    return found


def usable(name: str) -> bool:
    """Tell whether a case report may hold the name: no systematic chemical name, no foreign alphabet."""
    return (
        3 <= len(name) <= MAX_LENGTH
        and name.isascii()
        and re.search("[a-z]{2}", name) is not None
        and not CHEMICAL.search(name)
    )


def inverted(form: str) -> bool:
    """Tell whether a form is written for an index: "heparin, sodium"."""
    return ", " in form


if __name__ == "__main__":
    main()
