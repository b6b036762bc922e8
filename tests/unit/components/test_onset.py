"""Onsets of examples that carry drug and event as markup; times are found by the rules of `timex`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from markup import Example, blank, parse

from sequela import attributes
from sequela.components.onset import OnsetFinder, find_onset
from sequela.components.sentences import Sentences
from sequela.components.timex import Timex
from sequela.lexicons.loader import load_table
from sequela.schema import Link, Mention, OnsetAnchor

_DATA = Path(__file__).parent / "data" / "onset.txt"
_NLP = blank()
_FIELDS = ("min", "max", "anchor", "ordinal", "basis", "text")


def _cases() -> list[tuple[str, dict[str, str] | None]]:
    cases: list[tuple[str, dict[str, str] | None]] = []
    for line in _DATA.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        *told, markup = line.split("|")
        values = [part.strip() for part in told]
        cases.append(
            (markup.strip(), None if values == ["none"] else dict(zip(_FIELDS, values, strict=True)))
        )
    return cases


def _read(markup: str) -> tuple[Example, Link]:
    example = parse(_NLP, markup)
    Sentences(overwrite=True)(example.doc)
    Timex()(example.doc)

    def mention(key: str) -> Mention:
        span = example.spans[key]
        return Mention(text=span.text, start=span.start_char, end=span.end_char, label=span.label_)

    return example, Link(drug=mention("d"), event=mention("e"), rule="test", score=1.0)


@pytest.mark.parametrize(("markup", "expected"), _cases(), ids=[case[0][:70] for case in _cases()])
def test_onset(markup: str, expected: dict[str, str] | None) -> None:
    example, link = _read(markup)
    onset = find_onset(example.doc, link)
    if expected is None:
        assert onset is None
        return
    assert onset is not None
    told = {
        "min": onset.min,
        "max": onset.max,
        "anchor": onset.anchor.value,
        "ordinal": "" if onset.ordinal is None else str(onset.ordinal),
        "basis": onset.basis.value,
        "text": onset.text,
    }
    assert told == expected
    assert example.doc.text[onset.start : onset.end] == onset.text
