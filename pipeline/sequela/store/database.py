"""Connecting to a reaction database, and locking it for writing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from sequela.errors import StoreError
from sequela.store import schema_version

# How long one loader waits for another. A batch takes well under a second.
LOCK_SECONDS = 120
_FIRST_BYTES = b"SQLite format 3\x00"
_ADVISORY_LOCK = 0x5E9_0E1A  # any number that other programs are unlikely to take


class Database:
    """An open reaction database. Use `open_database`."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.name = str(url.database) if self.is_sqlite else url.render_as_string(hide_password=True)
        self.engine = _engine(url)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a SQLite file, and not on a PostgreSQL server."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database to the end."""
        with self._explained(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            else:
                connection.exec_driver_sql("BEGIN")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection in a transaction that no other writer of sequela is in.

        It is committed at the end, and rolled back when an error comes out or the process ends.
        """
        with self._explained(), self.engine.begin() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            yield connection

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise StoreError(
                f"{self.name}: {_first_line(error)}. {_remedy(error, self.is_sqlite)}"
            ) from error


@contextmanager
def open_database(address: str, *, create: bool = False) -> Iterator[Database]:
    """Open a database and see to it that its schema is the one this release knows.

    Parameters
    ----------
    address
        Path of a SQLite file, or a URL: ``sqlite:///reactions.db``, ``postgresql://user@host/name``.
    create
        Make what is not there yet: the file, the tables.

    Raises
    ------
    StoreError
        No such database, no rights, not a database of sequela, or written by a newer release.
    """
    url = parse_address(address)
    if url.get_backend_name() == "sqlite":
        _check_file(Path(str(url.database)), create=create)
    database = Database(url)
    try:
        with database.reading() as connection:
            state = schema_version.state_of(connection)
        if state is schema_version.State.EMPTY and not create:
            raise StoreError(
                f"{database.name}: there is no reaction database. "
                "Load one first, as in 'sequela db load triples.csv --db ...'."
            )
        schema_version.refuse(state, database.name)
        if state is not schema_version.State.CURRENT:
            if database.is_sqlite:
                _write_ahead(database.engine)
            with database.writing() as connection:
                schema_version.upgrade(connection)
        yield database
    finally:
        database.close()


def parse_address(address: str) -> URL:
    """Read a path or URL.

    Raises
    ------
    StoreError
        Another kind of database, no name of one, or the PostgreSQL driver is not installed.
    """
    if "://" not in address:
        return URL.create("sqlite", database=str(Path(address).expanduser()))
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise StoreError(_OTHER_ADDRESS.format(address.partition("://")[0])) from None
    backend = url.drivername.partition("+")[0]
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return URL.create("sqlite", database=url.database)
    if backend in ("postgresql", "postgres") and url.database:
        try:
            import psycopg  # noqa: F401
        except ImportError:
            raise StoreError(
                "PostgreSQL needs a driver that is not installed. Run: pip install 'sequela[postgres]'"
            ) from None
        return url.set(drivername="postgresql+psycopg")
    raise StoreError(_OTHER_ADDRESS.format(url.drivername))


_OTHER_ADDRESS = (
    "--db {}...: write the path of a SQLite file, as in --db reactions.db, or the URL of a PostgreSQL "
    "database, as in --db postgresql://user@host/reactions."
)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, connect_args={"connect_timeout": 10})
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": LOCK_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        # Transactions begin where this module says so, not where the driver thinks they should
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        # Safe against a kill of the process; a power cut can lose the last batches, which load again
        connection.execute("PRAGMA synchronous = NORMAL")

    return engine


def _write_ahead(engine: Engine) -> None:
    """Let readers go on while a loader writes; the file remembers it."""
    with engine.connect() as connection:
        # Another loader that does the same at this moment is not waited for by SQLite; it does our work
        try:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        except OperationalError as error:
            if "locked" not in str(error):
                raise


def _check_file(path: Path, *, create: bool) -> None:
    if path.is_dir():
        raise StoreError(f"{path} is a folder. Name a file in it, as in {path / 'reactions.db'}.")
    if not path.exists():
        if not create:
            raise StoreError(
                f"{path}: no such database. Load one first, as in 'sequela db load triples.csv --db {path}'."
            )
        if not path.parent.is_dir():
            raise StoreError(f"{path.parent}: no such folder. Create it first.")
        return
    try:
        with path.open("rb") as file:
            begin = file.read(len(_FIRST_BYTES))
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}. Check the rights of the file.") from error
    if begin and begin != _FIRST_BYTES:
        raise StoreError(f"{path} is not a SQLite database. Name another file; this one was left as it is.")


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0].rstrip(".")


def _remedy(error: DBAPIError, is_sqlite: bool) -> str:
    message = str(error.orig).lower()
    if "locked" in message or "lock timeout" in message:
        return "Another program writes to it: wait for it to end, then run the command again"
    if "disk" in message or "full" in message:
        return "Make room on the disk, then run the command again: it goes on where it stopped"
    if "readonly" in message or "read-only" in message or "permission" in message:
        return "Get the right to write there, or name another database with --db"
    if "malformed" in message or "corrupt" in message:
        return "Restore the file from a copy, or load the CSV into a new one"
    if is_sqlite:
        return "Check that the file can be read and written, and run 'sequela db check'"
    return "Check the URL, that the server runs, and the rights of the user; then run the command again"
