"""Lines made to be slow are read in time that grows with their length, not its square."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sequela.corpora import ade, brat, conll, jsonl, phee, pubtator
from sequela.corpora.problems import Problem

SIZE = 200_000


@pytest.mark.parametrize(
    ("read", "name", "line"),
    [
        (ade.read, "DRUG-AE.rel", "1|" + "1|" * SIZE),
        (ade.read, "DRUG-AE.rel", "1|" + "a|1|2|" * SIZE),
        (ade.read, "DRUG-AE.rel", "1" * SIZE),
        (pubtator.read, "x.PubTator", "1|" * SIZE),
        (pubtator.read, "x.PubTator", "1|t|x\n1|a|y\n" + "1\t" * SIZE),
        (pubtator.read, "x.PubTator", "1|t|x\n1|a|y\n1\t" + "9" * SIZE + "\t1\tx\tX"),
        (conll.read, "x.conll", "# " + "a " * SIZE),
        (conll.read, "x.conll", "a B-" + "B-" * SIZE),
        (brat.read, "x.ann", "T1\tX " + "1 2;" * SIZE + "\tx"),
        (brat.read, "x.ann", "T1\tX " + "1" * SIZE + " 2\tx"),
        (jsonl.read, "x.jsonl", '{"text": "x", "spans": [[' + "9" * SIZE),
        (phee.read, "x.json", "[" * 900 + "1" + "]" * 900),
    ],
)
def test_time_is_linear(tmp_path: Path, read, name, line):
    path = tmp_path / name
    path.write_text(line)
    path.with_suffix(".txt").write_text("x") if path.suffix == ".ann" else None
    found: list[Problem] = []
    start = time.perf_counter()
    list(read(path, report=found.append))
    assert time.perf_counter() - start < 2
    assert found or name == "x.conll"
