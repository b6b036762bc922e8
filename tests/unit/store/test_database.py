from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from sequela import __version__
from sequela.errors import StoreError
from sequela.schema import COLUMNS
from sequela.store import load_rows
from sequela.store.database import Database, open_database, parse_address
from sequela.store.query import Filter, find_rows
from sequela.store.schema_version import VERSIONS, State, _config, state_of, upgrade, version_of
from sequela.store.tables import VERSION_TABLE, metadata, triple
from store_rows import make_row


def test_the_migrations_build_the_tables(address: str) -> None:
    with open_database(address, create=True) as database, database.reading() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": VERSION_TABLE,
                "include_name": lambda name, kind, _: kind != "table" or not name.startswith("triple_fts"),
            },
        )
        assert compare_metadata(context, metadata) == []
        assert version_of(connection) == VERSIONS[-1]
        views = {column["name"] for column in inspect(connection).get_columns("reaction")}
        assert set(COLUMNS) <= views


def test_the_known_versions_are_those_of_the_migrations() -> None:
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    assert [script.revision for script in scripts][::-1] == list(VERSIONS)


def test_every_own_column_of_a_triple_has_a_place() -> None:
    joined = {column.name for table in metadata.tables.values() for column in table.c}
    assert set(COLUMNS) <= joined
    assert "sentence" in triple.c


def test_an_older_schema_is_brought_up_to_date_with_its_rows(address: str) -> None:
    database = Database(parse_address(address))
    with database.writing() as connection:
        upgrade(connection, VERSIONS[0])
        for statement in (
            "INSERT INTO run VALUES (1, 'tagger 1', '0.1.0')",
            "INSERT INTO report VALUES (1, 'r1', 1, '', '2026-01-01T00:00:00+00:00')",
            "INSERT INTO drug VALUES (1, 'amoxicillin', '', '')",
            "INSERT INTO event VALUES (1, 'rash', '', '')",
            "INSERT INTO triple (triple_key, report_id, position, drug_id, event_id, triple_id, drug, event, onset,"
            " onset_min, onset_max, onset_anchor, onset_basis, dose, dose_unit, route, frequency, body_sites, role,"
            " attribution, assertion, outcome, action, dechallenge, rechallenge, confidence, rule, section,"
            " sentence, drug_start, drug_end, event_start, event_end)"
            " VALUES (1, 1, 0, 1, 1, 't1', 'amoxicillin', 'rash', '', '', '', '', '', '', '', '', '', '',"
            " 'suspect', 'index_patient', 'affirmed', 'unknown', 'unknown', 'unknown', 'unknown', 0.5, '', '',"
            " 'A rash.', 0, 11, 12, 16)",
        ):
            connection.execute(text(statement))
        assert state_of(connection) is State.OLDER
    database.close()

    with open_database(address) as opened, opened.reading() as connection:
        assert state_of(connection) is State.CURRENT
        assert [(row.doc_id, row.sentence) for row in find_rows(connection, Filter())] == [("r1", "A rash.")]
        if opened.is_sqlite:
            found = connection.execute(text("SELECT rowid FROM triple_fts WHERE triple_fts MATCH 'rash'"))
            assert found.all() == [(1,)]


def test_a_newer_schema_is_refused(address: str) -> None:
    with open_database(address, create=True) as database, database.writing() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    for create in (False, True):
        with pytest.raises(StoreError) as error, open_database(address, create=create):
            pass
        assert str(error.value).endswith(
            f"was written by a newer release of sequela than this one ({__version__}). "
            "Update it: pip install --upgrade sequela"
        )


def test_tables_of_another_program_are_left_alone(address: str) -> None:
    database = Database(parse_address(address))
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE report (other TEXT)"))
    database.close()
    with pytest.raises(StoreError, match="holds tables of another program"):
        load_rows(address, [("r1", [make_row()])])


def test_reading_makes_no_tables(address: str) -> None:
    with pytest.raises(StoreError) as error, open_database(address):
        pass
    assert "Load one first, as in 'sequela db load triples.csv --db" in str(error.value)


def test_the_file_is_written_ahead_and_keys_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "reactions.db"
    load_rows(str(path), [("r1", [make_row()])])
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    with (
        open_database(str(path)) as database,
        pytest.raises(StoreError, match="FOREIGN KEY"),
        database.writing() as opened,
    ):
        opened.execute(text("DELETE FROM report"))


def test_the_search_index_follows_the_rows(tmp_path: Path) -> None:
    path = str(tmp_path / "reactions.db")
    load_rows(path, [("r1", [make_row(sentence="Erythema spread.")])])
    load_rows(path, [("r1", [make_row(sentence="Blisters appeared.", version="0.2.0")])])
    with sqlite3.connect(path) as connection:
        search = "SELECT count(*) FROM triple_fts WHERE triple_fts MATCH ?"
        assert connection.execute(search, ("erythema",)).fetchone() == (0,)
        assert connection.execute(search, ("blister",)).fetchone() == (1,)
        connection.execute("INSERT INTO triple_fts (triple_fts, rank) VALUES ('integrity-check', 1)")
    connection.close()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        pytest.param("mysql://host/name", "--db mysql...: write the path", id="another kind"),
        pytest.param("postgresql://host", "--db postgresql...: write the path", id="no name"),
        pytest.param("sqlite://", "--db sqlite...: write the path", id="in memory"),
        pytest.param("://", "--db ...: write the path", id="nothing"),
    ],
)
def test_addresses_that_are_none(address: str, message: str) -> None:
    with pytest.raises(StoreError) as error:
        parse_address(address)
    assert str(error.value).startswith(message)


def test_files_that_are_no_database(tmp_path: Path) -> None:
    text_file = tmp_path / "notes.txt"
    text_file.write_text("this is not a database, and longer than sixteen bytes")
    for path, message in (
        (tmp_path, "is a folder. Name a file in it"),
        (text_file, "is not a SQLite database. Name another file; this one was left as it is."),
        (tmp_path / "no" / "reactions.db", "no such folder. Create it first."),
    ):
        with pytest.raises(StoreError) as error, open_database(str(path), create=True):
            pass
        assert message in str(error.value)
    assert text_file.read_text().startswith("this is not a database")


def test_a_server_that_is_not_there() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError) as error, open_database("postgresql://someone:secret@127.0.0.1:9/name"):
        pass
    assert "Check the URL, that the server runs, and the rights of the user" in str(error.value)
    assert "secret" not in str(error.value)


def test_without_the_driver_the_remedy_is_named() -> None:
    code = """
import sys
sys.modules["psycopg"] = None
from sequela.store.database import parse_address
try:
    parse_address("postgresql://host/name")
except Exception as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == (
        "PostgreSQL needs a driver that is not installed. Run: pip install 'sequela[postgres]'\n"
    )
