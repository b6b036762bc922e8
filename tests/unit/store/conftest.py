from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from postgres import REQUIRED, find_binaries, running_server

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    binaries = find_binaries()
    if binaries is None:
        if os.environ.get(REQUIRED):
            pytest.fail(
                f"no PostgreSQL, and {REQUIRED} is set: install it, as with apt-get install postgresql"
            )
        pytest.skip("no PostgreSQL")
    pytest.importorskip("psycopg")
    with running_server(binaries) as url:
        yield url


@pytest.fixture
def postgres(postgres_server: str) -> str:
    """An empty PostgreSQL database."""
    import psycopg

    name = f"test{next(_numbers)}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{postgres_server}/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place for a database, once of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "reactions.db")
    return request.getfixturevalue("postgres")
