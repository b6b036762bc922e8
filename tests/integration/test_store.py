"""The commands of the reaction database, from reports to signals."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import select

from meddra_release import write_release
from sequela.cli.exits import Exit
from sequela.corpora.triples_csv import read_triples
from sequela.store import load_rows
from sequela.store.database import open_database
from sequela.store.tables import mention, triple
from store_rows import make_row, many_rows, write_csv

Run = Callable[..., Result]


@pytest.fixture
def rows_csv(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "rows.csv", many_rows(20))


def test_load_and_export_give_the_file_back(sequela: Run, rows_csv: Path, tmp_path: Path) -> None:
    first = sequela("db", "load", rows_csv)
    again = sequela("db", "load", rows_csv)
    exported = sequela("db", "export", "-o", tmp_path / "out.csv")

    assert (first.exit_code, again.exit_code, exported.exit_code) == (0, 0, 0)
    assert first.stderr == f"{rows_csv}: 20 reports new, 0 replaced, 0 unchanged, 60 rows written\n"
    assert again.stderr == f"{rows_csv}: 0 reports new, 0 replaced, 20 unchanged, 0 rows written\n"
    assert exported.stderr == "sequela: 60 rows\n"
    assert (tmp_path / "out.csv").read_bytes() == rows_csv.read_bytes()
    assert Path("reactions.db").is_file()


def test_the_database_is_named_by_option_or_environment(
    sequela: Run, rows_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "named.db"
    assert sequela("db", "load", rows_csv, "--db", path).exit_code == 0
    assert sequela("db", "summary").exit_code == Exit.BAD_INPUT
    monkeypatch.setenv("SEQUELA_DB", str(path))
    assert sequela("db", "summary").exit_code == 0


def test_no_database(sequela: Run) -> None:
    result = sequela("db", "query")
    assert (result.exit_code, result.stderr) == (
        Exit.BAD_INPUT,
        "sequela: reactions.db: no such database. Load one first, as in "
        "'sequela db load triples.csv --db reactions.db'.\n",
    )


def test_no_file_to_load(sequela: Run) -> None:
    result = sequela("db", "load", "triples.csv")
    assert (result.exit_code, result.stderr) == (
        Exit.BAD_INPUT,
        "sequela: triples.csv: no such file. Name the CSV that 'sequela extract' wrote.\n",
    )
    assert not Path("reactions.db").exists()


def test_duplicates_are_shown_with_reasons(sequela: Run) -> None:
    case = {
        "drug_name": "Rare",
        "drug_code": "X:1",
        "event_name": "Odd",
        "event_code": "X:2",
        "patient_age": 67.0,
    }
    rows = [make_row("abstract", **case), make_row("full", **case)]
    load_rows("reactions.db", [(row.doc_id, [row]) for row in rows])
    result = sequela("db", "duplicates", "--format", "csv")
    assert [(line["doc_id"], line["other_doc_id"]) for line in _lines(result.stdout)] == [
        ("abstract", "full")
    ]
    assert "drug Rare (+" in result.stdout
    assert result.stderr == "sequela: 1 pairs\n"


def test_query_in_every_form(sequela: Run, rows_csv: Path) -> None:
    sequela("db", "load", rows_csv)
    chosen = ("--drug", "X:3", "--event", "event 1")

    as_csv = sequela("db", "query", *chosen, "--format", "csv").stdout
    as_json = sequela("db", "query", *chosen, "--format", "json").stdout
    as_table = sequela("db", "query", *chosen).stdout

    assert [line["triple_id"] for line in csv.DictReader(io.StringIO(as_csv))] == ["r00003-1"]
    assert [json.loads(line)["triple_id"] for line in as_json.splitlines()] == ["r00003-1"]
    assert "r00003" in as_table
    assert as_table.endswith("1 rows\n")


def test_summary_as_json(sequela: Run, rows_csv: Path) -> None:
    sequela("db", "load", rows_csv)
    numbers = json.loads(sequela("db", "summary", "--json").stdout)
    assert (numbers["reports"], numbers["triples"], numbers["drugs"], numbers["events"]) == (20, 60, 17, 3)
    assert "reports                    20\n" in sequela("db", "summary").stdout


def test_check_ends_with_one_where_there_are_problems(sequela: Run, rows_csv: Path) -> None:
    import sqlite3

    sequela("db", "load", rows_csv)
    good = sequela("db", "check")
    assert (good.exit_code, good.stdout) == (0, "20 reports, 60 triples, 0 problems\n")
    with sqlite3.connect("reactions.db") as connection:
        connection.execute("UPDATE triple SET drug_start = 1 WHERE triple_id = 'r00003-1'")
    connection.close()
    bad = sequela("db", "check")
    assert (bad.exit_code, bad.stdout.splitlines()[0]) == (
        Exit.SOME_FAILED,
        "report 'r00003': its rows are not those that were loaded; load it again with --replace",
    )


def test_extract_into_a_database(sequela: Run, reports: Path) -> None:
    first = sequela("extract", reports, "--db", "reactions.db", "--all")
    again = sequela("extract", reports, "--db", "reactions.db", "--all")
    sequela("db", "export", "-o", "exported.csv")

    assert (first.exit_code, again.exit_code) == (0, 0)
    rows = list(read_triples(Path("triples.csv")))
    assert rows
    assert Path("exported.csv").read_bytes() == Path("triples.csv").read_bytes()
    # A report without rows is noted too
    assert f"reactions.db: 3 reports new, 0 replaced, 0 unchanged, {len(rows)} rows written" in first.stderr
    assert "reactions.db: 0 reports new, 0 replaced, 3 unchanged, 0 rows written" in again.stderr


def test_the_other_places_of_a_reaction(sequela: Run, tmp_path: Path) -> None:
    text = "Fever was caused by amiodarone. Later, amiodarone-induced fever was confirmed."
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "twice.txt").write_text(text, encoding="utf-8")
    sequela("extract", reports, "-o", "rows.csv", "--mentions", "--db", "direct.db")
    loaded = sequela("db", "load", "rows.csv", "--db", "loaded.db")

    assert loaded.exit_code == 0
    found = [_mentions("direct.db"), _mentions("loaded.db")]
    assert found[0] == found[1]
    [(row, drug, event)] = [
        (triple_id, text[drug_start:drug_end], text[event_start:event_end])
        for triple_id, _, drug_start, drug_end, event_start, event_end in found[0]
    ]
    assert (drug.lower(), event.lower()) == ("amiodarone", "fever")
    assert [triple.triple_id for triple in read_triples(Path("rows.csv"))] == [row]

    sequela("extract", reports, "-o", "rows.csv")
    assert not Path("rows.csv.mentions.csv").exists()


def _mentions(address: str) -> list[tuple[Any, ...]]:
    with open_database(address) as database, database.reading() as connection:
        columns = [column for column in mention.c if column.name != "triple_key"]
        lines = connection.execute(select(triple.c.triple_id, *columns).join(triple).order_by(*columns))
        return [tuple(line) for line in lines]


def test_signals_in_every_form(sequela: Run, tmp_path: Path) -> None:
    rows = [make_row(f"r{number}") for number in range(4)]
    rows += [make_row(f"s{number}", drug_code="Y:1", event_code="Z:1", drug_name="Y") for number in range(9)]
    load_rows("reactions.db", [(row.doc_id, [row]) for row in rows])

    as_csv = sequela("signals", "--format", "csv").stdout
    as_json = sequela("signals", "--format", "json", "--limit", "1").stdout

    found = {(line["drug"], line["n"], line["total"], line["signal"]) for line in _lines(as_csv)}
    assert found == {("Amoxicillin", "4", "13", "PRR ROR"), ("Y", "9", "13", "PRR ROR")}
    assert len(as_json.splitlines()) == 1
    assert "Amoxicillin" in sequela("signals").stdout
    assert sequela("signals", "--min-count", "10").stderr == (
        "sequela: no pair has 10 patients; --min-count takes fewer\n"
    )


def test_figures_of_signals(sequela: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    load_rows("reactions.db", [(f"r{number}", [make_row(f"r{number}")]) for number in range(4)])
    result = sequela("signals", "--plot", "forest.svg", "--onset-plot", "onsets.png")
    assert result.exit_code == 0
    assert Path("forest.svg").is_file()
    assert Path("onsets.png").is_file()
    wrong = sequela("signals", "--plot", "forest.gif")
    assert (wrong.exit_code, wrong.stderr) == (
        Exit.BAD_INPUT,
        "sequela: forest.gif: a figure is written as one of .png, .svg, .pdf. Name the file so.\n",
    )


def _lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_reviews_by_sheet(sequela: Run, rows_csv: Path) -> None:
    sequela("db", "load", rows_csv)
    first = sequela(
        "db", "review", "set", "r00003-1", "--decision", "wrong", "--reviewer", "me", "--note", "why"
    )
    sheet = _lines(sequela("db", "review", "todo", "--limit", "2").stdout)
    Path("sheet.csv").write_text(f"triple_id,decision,note\n{sheet[0]['triple_id']},right,seen\nx,,\n")
    loaded = sequela("db", "review", "load", "sheet.csv", "--reviewer", "you")
    listed = _lines(sequela("db", "review", "list", "--format", "csv").stdout)

    assert (first.exit_code, loaded.exit_code) == (0, 0)
    assert loaded.stderr == "sheet.csv: 1 decisions noted\n"
    assert [row["triple_id"] for row in sheet] == ["r00000-0", "r00000-1"]
    assert [(row["triple_id"], row["decision"], row["reviewer"], row["note"]) for row in listed] == [
        ("r00003-1", "wrong", "me", "why"),
        ("r00000-0", "right", "you", "seen"),
    ]
    kept = _lines(sequela("db", "query", "--without-wrong", "--format", "csv").stdout)
    assert len(kept) == 59
    wrong = _lines(sequela("db", "review", "list", "--decision", "wrong", "--format", "csv").stdout)
    assert [row["standing"] for row in wrong] == ["current"]


def test_places_in_meddra(sequela: Run, tmp_path: Path) -> None:
    release = write_release(tmp_path / "release")
    rows = [make_row(f"r{n}", event_code="MEDDRA:90000001", event_name="Glimmer rash") for n in range(3)]
    write_csv(tmp_path / "rows.csv", [*rows, make_row("s", drug_code="Y:1", drug_name="Y")])

    loaded = sequela("db", "load", tmp_path / "rows.csv", "--meddra", release)
    again = sequela("db", "meddra", release)
    found = _lines(sequela("db", "query", "--within", "Skin things", "--format", "csv").stdout)
    signals = _lines(sequela("signals", "--by", "soc", "--format", "csv").stdout)
    wrong = sequela("db", "meddra", tmp_path)

    assert loaded.stderr.splitlines()[1] == "reactions.db: 1 of 2 events have a place in MedDRA"
    assert again.stderr == "reactions.db: 1 of 2 events have a place in MedDRA\n"
    assert [row["doc_id"] for row in found] == ["r0", "r1", "r2"]
    assert [(row["event"], row["event_code"], row["n"]) for row in signals] == [
        ("Skin things", "MEDDRA:93000001", "3")
    ]
    assert wrong.exit_code == Exit.BAD_INPUT
    assert "there is no llt.asc" in wrong.stderr


def test_metadata_for_datasette(sequela: Run) -> None:
    metadata = json.loads(sequela("db", "datasette-metadata", "mine").stdout)
    assert list(metadata["databases"]) == ["mine"]


def test_extract_by_meddra(sequela: Run, reports: Path, tmp_path: Path) -> None:
    result = sequela(
        "extract", reports, "--meddra", write_release(tmp_path / "release"), "--db", "reactions.db"
    )
    missing = sequela("extract", reports, "--meddra", tmp_path / "none")
    pickled = sequela("extract", reports, "--linker", tmp_path)
    assert result.exit_code == 0
    assert "events have a place in MedDRA" in result.stderr
    assert (missing.exit_code, pickled.exit_code) == (Exit.BAD_INPUT, Exit.BAD_INPUT)
    assert "none: no such folder. Give the one with the ASCII files" in missing.stderr
    assert "there is no kb.jsonl" in pickled.stderr
