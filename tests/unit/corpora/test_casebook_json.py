from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sequela.corpora import casebook
from sequela.corpora.casebook import BackgroundPair, Casebook, Reaction
from sequela.corpora.problems import Problem

TEXT = "Rash began 2 days after zolmarin (ZLM). It was treated with cetolin. ZLM can cause fever."
REACTION = {
    "drug": "zolmarin",
    "drug_aliases": ["ZLM"],
    "event": "Rash",
    "event_aliases": [],
    "onset": "2 days after",
    "onset_iso": {"min": "P2D", "max": "P2D"},
    "onset_anchor": "start",
    "patient": "index",
    "dose": None,
    "body_sites": [],
    "outcome": "not recovered",
    "dechallenge": "not done",
    "rechallenge": "unknown",
    "evidence": "Rash began 2 days after zolmarin",
    "certain": False,
}


def write(folder: Path, **changes: Any) -> Path:
    (folder / "a.txt").write_text(TEXT)
    data = {
        "doc_id": "a",
        "reactions": [REACTION],
        "background": [{"drug": "ZLM", "event": "fever"}],
        "treatment_drugs": ["cetolin"],
        **changes,
    }
    path = folder / "a.json"
    path.write_text(json.dumps(data, indent=1))
    return path


def problems_of(path: Path) -> list[str]:
    found: list[Problem] = []
    list(casebook.read(path, report=found.append))
    return [str(problem).removeprefix(f"{path.parent}/") for problem in found]


def test_everything_is_read_and_typed(tmp_path):
    (document,) = casebook.read(write(tmp_path))
    assert (document.doc_id, document.text, document.entities) == ("a", TEXT, [])
    assert document.meta["casebook"]["reactions"] == [REACTION]
    assert casebook.casebook(document) == Casebook(
        doc_id="a",
        reactions=(
            Reaction(
                drug="zolmarin",
                drug_aliases=("ZLM",),
                event="Rash",
                onset="2 days after",
                onset_min="P2D",
                onset_max="P2D",
                onset_anchor="start",
                outcome="not recovered",
                dechallenge="not done",
                evidence="Rash began 2 days after zolmarin",
                certain=False,
            ),
        ),
        background=(BackgroundPair(drug="ZLM", event="fever"),),
        treatment_drugs=("cetolin",),
    )


@pytest.mark.parametrize(
    ("changes", "near", "message"),
    [
        ({"treatment_drugs": ["aspirin"]}, '"aspirin"', "'aspirin' is not in the text"),
        ({"background": [{"drug": "ZLM", "event": "cough"}]}, '"cough"', "'cough' is not in the text"),
        ({"reactions": [{**REACTION, "event": "rash"}]}, '"rash"', "'rash' is not in the text"),
        (
            {"reactions": [{**REACTION, "dechallenge": "better"}]},
            '"better"',
            "'better' is not one of negative, not done, positive, unknown",
        ),
        (
            {"reactions": [{**REACTION, "onset_iso": {"min": "P2D"}}]},
            '"onset_iso"',
            "onset_iso of zolmarin/Rash needs both min and max",
        ),
        ({"doc_id": "b"}, '"doc_id"', "doc_id is 'b', the file is named 'a'"),
    ],
)
def test_contradictions_are_reported_with_file_and_line(tmp_path, changes, near, message):
    path = write(tmp_path, **changes)
    (line,) = [n for n, text in enumerate(path.read_text().splitlines(), start=1) if near in text]
    assert problems_of(path) == [f"a.json:{line}: {message}"]


def test_files_without_their_pair_are_reported(tmp_path):
    path = write(tmp_path)
    (tmp_path / "b.txt").write_text("x")
    (tmp_path / "c.json").write_text(path.read_text().replace('"a"', '"c"'))
    found: list[Problem] = []
    assert [document.doc_id for document in casebook.read(tmp_path, report=found.append)] == ["a"]
    assert [str(problem) for problem in found] == [
        f"{tmp_path}/b.txt:1: no b.json beside it; a report without a reaction has empty lists",
        f"{tmp_path}/c.json:1: no c.txt beside it",
    ]


def test_a_text_that_is_not_utf8_is_reported(tmp_path):
    path = write(tmp_path)
    path.with_suffix(".txt").write_bytes(b"Ras\xff")
    (problem,) = problems_of(path)
    assert problem.startswith("a.txt:1: not UTF-8 (byte 0xff)")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"doc_id": 1,\n}', "a.json:2: not JSON: "),
        ("[]", "a.json:1: not a casebook annotation: it needs the keys background, doc_id, reactions"),
        (
            '{"doc_id": "a", "reactions": [], "background": [], "treatment_drugs": [5]}',
            "a.json:1: not a casebook annotation: TypeError('treatment_drugs holds 5')",
        ),
    ],
)
def test_another_kind_of_file_is_refused(tmp_path, content, message):
    path = write(tmp_path)
    path.write_text(content)
    (problem,) = problems_of(path)
    assert problem.startswith(message)
