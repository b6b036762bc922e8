"""The version of the schema that a database has, and how it is brought up to date."""

from __future__ import annotations

import functools
from enum import Enum, auto
from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from sequela import __version__
from sequela.errors import StoreError
from sequela.store.tables import VERSION_TABLE, metadata

if TYPE_CHECKING:
    from alembic.config import Config


class State(Enum):
    """How the schema of a database stands to the one this release knows."""

    EMPTY = auto()
    OLDER = auto()
    CURRENT = auto()
    NEWER = auto()
    FOREIGN = auto()  # tables of another program under the names of ours


# Oldest first. A test compares them with the files of the folder ``migrations/versions``.
VERSIONS = ("0001", "0002", "0003")


def version_of(connection: Connection) -> str | None:
    """Give the version that is noted in a database, None where nothing is."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    return None if found is None else str(found)


def state_of(connection: Connection) -> State:
    """Compare a database with what this release knows."""
    version = version_of(connection)
    if version is None:
        taken = set(inspect(connection).get_table_names()) & set(metadata.tables)
        return State.FOREIGN if taken else State.EMPTY
    if version == VERSIONS[-1]:
        return State.CURRENT
    return State.OLDER if version in VERSIONS else State.NEWER


def refuse(state: State, name: str) -> None:
    """Raise for databases that this release must not touch.

    Raises
    ------
    StoreError
        Newer than this release, or of another program.
    """
    if state is State.NEWER:
        raise StoreError(
            f"{name} was written by a newer release of sequela than this one ({__version__}). "
            "Update it: pip install --upgrade sequela"
        )
    if state is State.FOREIGN:
        raise StoreError(
            f"{name} holds tables of another program under the names that sequela uses. "
            "Name another database with --db; this one was left as it is."
        )


def upgrade(connection: Connection, version: str = "head") -> None:
    """Create the tables or bring them up to date, inside the transaction of the connection."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, version)


@functools.cache
def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("sequela.store") / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
