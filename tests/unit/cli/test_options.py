from __future__ import annotations

import os

import pytest

from sequela.cli.options import parse_labels, processes
from sequela.errors import SequelaError


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], {}),
        (["CHEMICAL=DRUG"], {"CHEMICAL": "DRUG"}),
        (
            ["CHEMICAL=DRUG, DISEASE=SYMPTOM", "A=B=TIME"],
            {"CHEMICAL": "DRUG", "DISEASE": "SYMPTOM", "A=B": "TIME"},
        ),
    ],
)
def test_labels(pairs: list[str], expected: dict[str, str]) -> None:
    assert parse_labels(pairs) == expected


@pytest.mark.parametrize("pair", ["=DRUG", "CHEMICAL=", "CHEMICAL=Drug"])
def test_labels_that_cannot_be_used(pair: str) -> None:
    with pytest.raises(SequelaError, match=f"^--labels {pair}: "):
        parse_labels([pair])


def test_label_maps() -> None:
    assert parse_labels(["bc5cdr", "Route=ROUTE"]) == {
        "Chemical": "DRUG",
        "Disease": "SYMPTOM",
        "Route": "ROUTE",
    }


def test_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 5}, raising=False)
    assert (processes(0), processes(1), processes(7)) == (3, 1, 7)
