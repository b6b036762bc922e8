from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sequela.errors import CorpusError
from sequela.evaluation import sheet
from sequela.evaluation.command import Request
from sequela.evaluation.predictions import Given
from sequela.evaluation.run import Level
from sequela.evaluation.scores import Rate
from sequela.evaluation.times import TYPE, VALUE, VALUE_OF_PHRASES, Phrase, read_phrases, score_times
from sequela.schema import TimeExpression, TimexType

PHRASES = (
    "2020-05-04T10:00:00\tTIME\t2020-05-04T10:00:00\ntwo days\tDURATION\tP2D\nonce\tDATE\tPAST_REF\n\n"
    "2021-01-01\tDATE\t2021-01-01\n"
)


@pytest.fixture
def phrases(tmp_path: Path) -> Path:
    path = tmp_path / "timenorm" / "train.tsv"
    path.parent.mkdir()
    path.write_text(PHRASES, encoding="utf-8")
    return path


def test_blocks(phrases):
    found = read_phrases(phrases)
    assert [day for day, _ in found.values()] == [date(2020, 5, 4), date(2021, 1, 1)]
    assert [[one.text for one in block] for _, block in found.values()] == [
        ["2020-05-04T10:00:00", "two days", "once"],
        ["2021-01-01"],
    ]
    assert found["000005"][1] == [
        Phrase(text="2021-01-01", type="DATE", value="2021-01-01", is_document_date=True)
    ]


def test_values_counted_by_hand(phrases):
    values = {
        "two days": TimeExpression(type=TimexType.DURATION, value="P2D"),
        "once": TimeExpression(type=TimexType.DATE, value="PXD"),
        "2021-01-01": TimeExpression(type=TimexType.DATE, value="2021-01-01"),
    }
    tally = score_times(read_phrases(phrases), lambda text, day: values.get(text))
    assert {name: tally.rate(name) for name in tally.rates} == {
        VALUE: Rate(2, 4),
        TYPE: Rate(3, 4),
        VALUE_OF_PHRASES: Rate(1, 2),
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [("yesterday\tDATE\tx\n", "train.tsv:1: a block begins"), ("a\n", "train.tsv:1: not of the form")],
)
def test_wrong_files(phrases, content, message):
    phrases.write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=message):
        read_phrases(phrases)


def test_command_line():
    request = Request(
        gold=Path("x"), format_name="brat", split="dev", level=Level.ENTITIES, given=Given.ENTITIES
    )
    line = sheet.command_line(request, Path("CORPORA/a set"))
    assert line == (
        "sequela evaluate 'CORPORA/a set' --format brat --split dev --level entities --gold-entities"
    )


def test_page(phrases, tmp_path, monkeypatch):
    folder = tmp_path / "cases"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.txt").write_text("Nothing happened.", encoding="utf-8")
        (folder / f"{name}.json").write_text(
            f'{{"doc_id": "{name}", "reactions": [], "background": [], "treatment_drugs": []}}',
            encoding="utf-8",
        )
    entry = sheet.Entry(title="Cases", gold=Path("cases"), note="Two.", options={"given": Given.ENTITIES})
    lost = sheet.Entry(title="Lost", gold=Path("lost"), options={})
    monkeypatch.setattr(sheet, "ENTRIES", (entry, lost))
    sheet.main([str(tmp_path), "-o", str(tmp_path / "docs" / "page.md"), "--repository", str(tmp_path)])
    page = (tmp_path / "docs" / "page.md").read_text(encoding="utf-8")
    assert "    sequela evaluate CORPORA/cases --gold-entities\n" in page
    assert "2 documents, 4 words, " in page
    assert "- reports without a reaction left clean: 100.0 (2 of 2) [100.0–100.0]\n" in page
    assert "value right, of all lines: " in page
    assert page.endswith("Not at hand when this page was written: Lost.\n")
