"""Loaders that are killed, and loaders that write at once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from sequela.store.database import open_database
from sequela.store.loading import load_file
from sequela.store.query import Filter, check, find_rows
from store_rows import many_rows, write_csv

REPORTS = 400
ROWS = 3
# Small batches, so that there are many moments at which it can be killed
LOAD = """
import sys
from pathlib import Path
from sequela.store import loading
from sequela.store.database import open_database
loading.BATCH_ROWS = 10
with open_database(sys.argv[1], create=True) as database:
    print("open", flush=True)
    print(loading.load_file(database, Path(sys.argv[2]), progress=lambda rows: print(rows, flush=True)))
"""


def start(address: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", LOAD, address, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "rows.csv", many_rows(REPORTS, ROWS))


def test_a_killed_load_goes_on_where_it_stopped(address: str, csv: Path) -> None:
    for reports_read in (1, 37, 150):
        with start(address, csv) as loader:
            assert loader.stdout is not None
            assert loader.stdout.readline() == "open\n"
            for _ in range(reports_read):
                assert loader.stdout.readline() == f"{ROWS}\n"
            loader.kill()
        assert loader.returncode == -9

        with open_database(address) as database:
            assert check(database).problems == []
            with database.reading() as connection:
                rows = Counter(row.doc_id for row in find_rows(connection, Filter()))
        assert set(rows.values()) <= {ROWS}
        assert len(rows) < REPORTS

    with open_database(address) as database:
        loaded = load_file(database, csv)
        assert loaded.unchanged > 100
        assert loaded.new + loaded.unchanged == REPORTS
        with database.reading() as connection:
            assert list(find_rows(connection, Filter())) == many_rows(REPORTS, ROWS)


def test_two_loaders_at_once(address: str, csv: Path) -> None:
    loaders = [start(address, csv) for _ in range(2)]
    results = [loader.communicate(timeout=120) for loader in loaders]

    assert [loader.returncode for loader in loaders] == [0, 0], results
    new = [int(out.splitlines()[-1].split()[0]) for out, _ in results]
    assert sum(new) == REPORTS
    with open_database(address) as database:
        assert check(database).problems == []
        with database.reading() as connection:
            rows = sorted(find_rows(connection, Filter()), key=lambda row: (row.doc_id, row.triple_id))
    assert rows == many_rows(REPORTS, ROWS)
