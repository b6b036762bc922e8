from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import sequela
from sequela.reading import Report
from sequela.running.batches import make_doc
from sequela.running.extract import rows_of

pytestmark = pytest.mark.model

CASEBOOK = Path(__file__).parents[2] / "corpora" / "casebook"


def test_hash_seeds_processes_and_interruptions_do_not_show(tmp_path: Path) -> None:
    ways = [("0", "--jobs", "1"), ("1", "--jobs", "2"), ("2", "--timeout", "0")]
    for number, (seed, *options) in enumerate(ways):
        subprocess.run(
            [sys.executable, "-m", "sequela", "extract", CASEBOOK, "--all", "-o", f"{number}.csv", *options],
            check=True,
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
    outputs = [(tmp_path / f"{number}.csv").read_bytes() for number in range(len(ways))]
    assert outputs[0].count(b"\n") > 10
    assert outputs[1:] == outputs[:1] * (len(ways) - 1)


def test_the_company_of_a_report_does_not_show() -> None:
    nlp = sequela.load()
    reports = [
        Report(doc_id=path.stem, text=path.read_bytes().decode()) for path in sorted(CASEBOOK.glob("*.txt"))
    ]
    rows = {
        size: [
            rows_of(doc, include_all=True)
            for doc in nlp.pipe((make_doc(nlp, report) for report in reports), batch_size=size)
        ]
        for size in (1, 3, 32)
    }
    assert rows[1] == rows[3] == rows[32]
