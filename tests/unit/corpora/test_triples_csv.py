from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequela.corpora.triples_csv import neutralise, read_triples, restore, write_header, write_rows
from sequela.errors import CorpusError
from sequela.schema import COLUMNS, Action, Attribution, Outcome, Triple

PLAIN = Triple(
    doc_id="a",
    triple_id="1",
    drug="zolmarin",
    event="rash",
    drug_start=0,
    drug_end=8,
    event_start=12,
    event_end=16,
)
FULL = Triple(
    doc_id="ward/b",
    triple_id="2",
    drug="=zolmarin",
    event='\'+rash,\r\n"itchy"',
    onset="-3 weeks",
    onset_min="P3W",
    onset_max="P3W",
    onset_hours_min=504.0,
    onset_hours_max=504.5,
    onset_approximate=False,
    onset_anchor_ordinal=2,
    dose_value=0.1,
    attribution=Attribution.OTHER_CASE,
    outcome=Outcome.FATAL,
    action=Action.WITHDRAWN,
    confidence=0.25,
    drug_start=0,
    drug_end=9,
    event_start=12,
    event_end=20,
    onset_start=30,
    onset_end=38,
)


def write(path: Path, triples: list[Triple]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        write_header(file)
        assert write_rows(file, triples) == len(triples)
    return path


def test_rows_come_back_as_they_were(tmp_path):
    assert list(read_triples(write(tmp_path / "t.csv", [PLAIN, FULL]))) == [PLAIN, FULL]


def test_no_rows(tmp_path):
    assert list(read_triples(write(tmp_path / "t.csv", []))) == []


def test_lines_end_in_a_line_feed_and_begin_with_the_columns(tmp_path):
    data = write(tmp_path / "t.csv", [PLAIN]).read_bytes()
    assert data.split(b"\n")[0].decode() == ",".join(COLUMNS)
    assert b"\r" not in data
    assert data.endswith(b"\n")


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+49", "'+49"),
        ("-3 weeks", "'-3 weeks"),
        ("@cmd", "'@cmd"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("'=x", "''=x"),
        ("''@x", "'''@x"),
        ("rash", "rash"),
        ("'quoted", "'quoted"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_formula_cells_are_neutralised(cell, safe):
    assert neutralise(cell) == safe
    assert restore(safe) == cell


@given(st.text(alphabet="'=+-@\t\r\nab ", max_size=8))
def test_restore_is_the_inverse(cell):
    assert restore(neutralise(cell)) == cell
    assert not neutralise(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=12))
def test_any_text_survives(text):
    triple = Triple(**{**PLAIN.to_dict(), "event": text})
    buffer = io.StringIO(newline="")
    write_header(buffer)
    write_rows(buffer, [triple])
    rows = list(csv.DictReader(io.StringIO(buffer.getvalue(), newline="")))
    assert [restore(row["event"]) for row in rows] == [text]


def test_a_file_saved_by_a_spreadsheet_is_read(tmp_path):
    path = write(tmp_path / "t.csv", [FULL])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b",false,", b",FALSE,"))
    assert list(read_triples(path)) == [FULL]


def test_columns_with_a_default_may_be_missing(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "doc_id,triple_id,drug,event,drug_start,drug_end,event_start,event_end\na,1,zolmarin,rash,0,8,12,16\n"
    )
    assert list(read_triples(path)) == [PLAIN]


HEADER = "doc_id,triple_id,drug,event,drug_start,drug_end,event_start,event_end"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "t.csv:1: not a triples CSV: no column doc_id, triple_id, drug, event, drug_start"),
        ("doc_id;drug\n", "t.csv:1: the columns are not separated by commas: save the file as"),
        (f"{HEADER},onset_mn\n", "t.csv:1: unknown column 'onset_mn': rename or delete it"),
        (f"{HEADER},drug\n", "t.csv:1: a column is there twice"),
        (f"{HEADER}\na,1,x,y,0,1,2\n", "t.csv:2: 7 cells under 8 columns"),
        (f"{HEADER}\na,1,x,y,0,1,2,\n", "t.csv:2: event_end is '', expected int"),
        (f"{HEADER}\na,1,x,y,1,1,2,3\n", "t.csv:2: drug lies at 1:1, which holds no text"),
        (f"{HEADER},role\na,1,x,y,0,1,2,3,bad\n", "t.csv:2: role is 'bad', expected one of suspect, int"),
        (f"{HEADER},onset_start\na,1,x,y,0,1,2,3,4\n", "t.csv:2: onset lies at 4:None"),
        (
            f"{HEADER},onset_approximate\na,1,x,y,0,1,2,3,ja\n",
            "t.csv:2: onset_approximate is 'ja', expected true or false",
        ),
        (f'{HEADER}\na,1,"x\ny",y,0,1,2,3\na,2,x\n', "t.csv:4: 3 cells under 8 columns"),
        (f'{HEADER}\na,1,"x"z,y,0,1,2,3\n', "t.csv:2: not CSV: "),
        (
            f"{HEADER}\na,1,x,y,0,1,2,3\nb,1,x,y,0,1,2,3\na,1,x,z,0,1,2,3\n",
            "t.csv:4: triple_id 1 of a twice: also in line 2",
        ),
    ],
)
def test_a_bad_file_is_refused(tmp_path, content, message):
    path = tmp_path / "t.csv"
    path.write_text(content)
    with pytest.raises(CorpusError) as error:
        list(read_triples(path))
    assert message in str(error.value)
