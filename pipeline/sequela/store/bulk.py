"""Many lines into a table at once, by the quickest way that each database has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError


def insert_lines(
    connection: Connection, table: Table, names: Sequence[str], lines: Sequence[Sequence[Any]]
) -> None:
    """Add lines to a table, inside the transaction of the connection.

    PostgreSQL takes them by COPY, SQLite by one prepared statement.

    Parameters
    ----------
    names
        The columns that are given; others take their defaults.
    lines
        A value for each of them, plain text, numbers, truth values and None.
    """
    if not lines:
        return
    columns = ", ".join(names)  # names of this package, which need no quotes
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", [tuple(line) for line in lines]
        )
        return
    import psycopg

    driver: Any = connection.connection.driver_connection
    statement = f"COPY {table.name} ({columns}) FROM STDIN"
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for line in lines:
                copy.write_row(line)
    except psycopg.Error as error:  # as SQLAlchemy does for what it runs itself
        raise DBAPIError(statement, None, error) from error
