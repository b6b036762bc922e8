"""The project's own annotated reports contradict neither themselves nor their texts."""

from __future__ import annotations

from pathlib import Path

from sequela.corpora import brat
from sequela.corpora.checks import check_corpus

FOLDER = Path(__file__).parents[2] / "corpora" / "casebook"


def test_no_problem():
    documents, problems = check_corpus(FOLDER)
    assert [str(problem) for problem in problems] == []
    assert documents >= 24


def test_files_are_in_the_form_in_which_they_are_written(tmp_path):
    brat.write(brat.read(FOLDER), tmp_path)
    for file in sorted(tmp_path.iterdir()):
        lines = [line.rstrip() for line in (FOLDER / file.name).read_text(encoding="utf-8").splitlines()]
        assert [line.rstrip() for line in file.read_text(encoding="utf-8").splitlines()] == lines, file.name
