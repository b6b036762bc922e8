"""The rows as a Parquet folder: the columns of the triples CSV with their types, written by the executors."""

from __future__ import annotations

import types
from enum import Enum
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from sequela.schema import COLUMNS, Triple

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TYPES: dict[type, str] = {str: "string", int: "long", float: "double", bool: "boolean"}


def schema() -> str:
    """Give the columns and their Spark types."""
    hints = get_type_hints(Triple)
    return ", ".join(f"{column} {_type_of(hints[column])}" for column in COLUMNS)


def write_rows(frame: DataFrame, place: str) -> None:
    """Write the rows of processed reports into a folder that is there, in the order of the reports.

    Parameters
    ----------
    frame
        As of `sequela.running.spark.plan.results`, with rows as JSON.
    place
        A folder; when all is written it holds a file ``_SUCCESS``, as always with Spark.
    """
    from pyspark.sql import functions

    rows = functions.from_json("text", f"array<struct<{schema().replace(' ', ': ')}>>".replace(",: ", ", "))
    ordered = frame.where("rows > 0").orderBy("position", "number")
    table = ordered.select(functions.explode(rows).alias("row")).select("row.*")
    table.write.mode("append").parquet(place)


def _type_of(hint: Any) -> str:
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (one for one in get_args(hint) if one is not type(None))
    return "string" if issubclass(hint, Enum) else _TYPES[hint]
