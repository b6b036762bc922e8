"""The project's own annotated reports contradict neither themselves nor their texts."""

from __future__ import annotations

from pathlib import Path

from sequela.corpora.checks import check_corpus

FOLDER = Path(__file__).parents[2] / "corpora" / "casebook"


def test_no_problem():
    documents, problems = check_corpus(FOLDER)
    assert [str(problem) for problem in problems] == []
    assert documents == len(list(FOLDER.glob("*.txt"))) >= 24
