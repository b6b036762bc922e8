from __future__ import annotations

from pathlib import Path

import pytest

from sequela.corpora.mentions_csv import beside, read_mentions, write_header, write_mentions
from sequela.corpora.triples_csv import triples_files
from sequela.errors import CorpusError
from store_rows import make_row, write_csv

HEADER = "doc_id,triple_id,drug_start,drug_end,event_start,event_end\n"
PLACES = ((0, 3, 5, 9), (20, 23, 25, 29))


def write(path: Path, *rows: object) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        write_header(file)
        write_mentions(file, rows)
    return path


def test_they_come_back(tmp_path: Path) -> None:
    rows = [
        make_row('=one, "two"\nthree\'', mentions=PLACES),
        make_row("none"),
        make_row("r", mentions=PLACES[:1]),
    ]
    path = write(tmp_path / "places.csv", *rows)
    assert read_mentions(path) == {(row.doc_id, row.triple_id): row.mentions for row in rows if row.mentions}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("doc_id,drug\n", "no file of mentions", id="another table"),
        pytest.param("", "no file of mentions", id="empty"),
        pytest.param(f"{HEADER}r,t,1,2,3\n", "line 2 names no place", id="too short"),
        pytest.param(f"{HEADER}r,t,1,2,3,4\nr,t,1,2,3,x\n", "line 3 names no place", id="no number"),
        pytest.param(f"{HEADER}r,t,2,2,3,4\n", "line 2 lies at offsets that hold no text", id="no text"),
    ],
)
def test_what_is_none_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "places.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError) as caught:
        read_mentions(path)
    assert str(caught.value) == f"{path}: {problem}. Write it again with 'sequela extract --mentions'."


def test_what_lies_beside_a_csv_is_none(tmp_path: Path) -> None:
    rows = write_csv(tmp_path / "rows.csv", [make_row()])
    write(beside(rows), make_row(mentions=PLACES))
    (tmp_path / "rows.csv.errors.csv").write_text("path,reason,what_to_do\n")
    assert triples_files(tmp_path) == [rows]
    assert triples_files(beside(rows)) == [beside(rows)]
