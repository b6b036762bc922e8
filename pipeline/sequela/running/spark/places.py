"""Files of a Hadoop file system (HDFS, object stores, ``file:``), through Spark.

An address is told from a path of this machine by its scheme, see `sequela.reading.discover.is_address`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sequela.errors import OutputError, SequelaError
from sequela.reading import Found, ReportFile, printable
from sequela.reading.discover import SUFFIXES, ids_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class RemoteFile(ReportFile):
    """A file that Spark reads: ``path`` is its address as far as a path can hold it."""

    address: str = ""
    size: int = 0

    @property
    def shown(self) -> str:
        """The address."""
        return self.address


@dataclass(frozen=True)
class Remote:
    """The files under addresses, and how Spark gets at them: a frame with ``path``, ``length`` and ``content``."""

    found: Found
    frame: DataFrame


def find_remote(spark: SparkSession, addresses: Sequence[str]) -> Remote:
    """List the report files under addresses, as `sequela.reading.find_reports` does under paths.

    Addresses may hold wildcards (``*``, ``?``, ``[ab]``, ``{a,b}``). Names that begin with a dot or an underscore
    are passed over, as everywhere in Hadoop.

    Raises
    ------
    SequelaError
        There is nothing at an address, or no report under any of them.
    """
    frames: list[DataFrame] = []
    found: dict[str, RemoteFile] = {}
    times = 0  # that files were reached: some twice, where addresses overlap
    for address in addresses:
        reached: list[tuple[str, int]] = []
        for frame in _frames(spark, address):
            frames.append(frame)
            reached.extend(_listed(frame))
        times += len(reached)
        for name, size in sorted(reached, key=lambda entry: entry[0].split("/")):
            found.setdefault(name, RemoteFile(_as_path(name), "", name, size))
    if not found:
        where = ", ".join(map(printable, addresses))
        raise SequelaError(
            f"no report in {where}: sequela looks for files named *{SUFFIXES[0]}. "
            "Name the files themselves if they are called otherwise."
        )
    ids = ids_of([file.path for file in found.values()])
    files = [replace(file, doc_id=key) for file, key in zip(found.values(), ids, strict=True)]
    frame = functools.reduce(lambda one, other: one.union(other), frames)
    return Remote(Found([*files]), frame.dropDuplicates(["path"]) if len(files) < times else frame)


def _frames(spark: SparkSession, address: str) -> Iterator[DataFrame]:
    """Give what Spark reads at an address: the folders to their bottom, and the files that are named."""
    system, path = _locate(spark, address)
    plain = system.exists(path)  # also where its name looks like a wildcard
    there = [system.getFileStatus(path)] if plain else system.globStatus(path)
    if not there:
        raise SequelaError(f"no such file or folder: {printable(address)}. Check the address.")
    kinds = {folder: [at for at in there if at.isDirectory() == folder] for folder in (True, False)}
    mixed = all(kinds.values())
    for folder, entries in kinds.items():
        if not entries:
            continue
        # A wildcard is left to Spark where it can be: what it stands for may be a million names
        as_given = not plain and not mixed
        tops = [address] if as_given else [_literal(entry.getPath().toString()) for entry in entries]
        # Files that vanish or break meanwhile are noted by the driver, which misses their outcome
        reader = spark.read.format("binaryFile").options(ignoreMissingFiles=True, ignoreCorruptFiles=True)
        if folder:
            reader = reader.options(recursiveFileLookup=True, pathGlobFilter=_SUFFIX_PATTERN)
        yield reader.load(tops).select("path", "length", "content")


def _listed(frame: DataFrame) -> list[tuple[str, int]]:
    """Give the names and sizes of files; their content is not read."""
    listed = [(row.path, row.length) for row in frame.select("path", "length").toLocalIterator()]
    names = frame._jdf.inputFiles()  # Spark's rows pass over empty files
    if len(names) > len(listed):
        known = {name for name, _ in listed}
        every = {re.sub("^file:///", "file:/", unquote(name)) for name in names}
        listed.extend((name, 0) for name in every - known)
    return listed


def _either_case(text: str) -> str:
    return "".join(f"[{c.lower()}{c.upper()}]" if c.isalpha() else c for c in text)


_SUFFIX_PATTERN = "*{" + ",".join(map(_either_case, SUFFIXES)) + "}"


def _literal(address: str) -> str:
    """Escape what would be a wildcard."""
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", address)


def _as_path(address: str) -> Path:
    return Path("/" + address.partition(":")[2].lstrip("/"))


def prepare_folder(spark: SparkSession, place: str) -> None:
    """Make a folder for output.

    Raises
    ------
    OutputError
        There is something in its place, or it cannot be made.
    """
    system, path = _locate(spark, place)
    if system.exists(path):
        raise OutputError(f"{printable(place)} exists already. Choose another place, or remove it first.")
    try:
        made = system.mkdirs(path)
    except Exception as error:  # of Java
        raise _cannot_write(place, error) from error
    if not made:
        raise _cannot_write(place, None)


def remove(spark: SparkSession, place: str) -> None:
    """Remove a file, or a folder with all that is in it."""
    system, path = _locate(spark, place)
    system.delete(path, True)


def names_in(spark: SparkSession, place: str) -> list[str]:
    """List a folder."""
    system, path = _locate(spark, place)
    return [status.getPath().getName() for status in system.listStatus(path)]


def upload(spark: SparkSession, file: Path, place: str) -> None:
    """Put a file of this machine in its place, over what is there.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    system, path = _locate(spark, place)
    _, source = _locate(spark, f"file:{file}")
    part = path.suffix(".part")
    try:
        system.copyFromLocalFile(False, True, source, part)
        system.delete(path, False)
        done = system.rename(part, path)
    except Exception as error:  # of Java
        raise _cannot_write(place, error) from error
    if not done:
        raise _cannot_write(place, None)


def _cannot_write(place: str, error: Exception | None) -> OutputError:
    reason = _reason(error) if error else "it cannot be made"
    return OutputError(
        f"cannot write {printable(place)}: {reason}. Free space or permit writing there, or choose another place."
    )


def _reason(error: Exception) -> str:
    """Give what a Java exception says, without its kind."""
    cause = getattr(error, "java_exception", None)
    return str(cause.getMessage() if cause is not None else error).partition("\n")[0]


def _locate(spark: SparkSession, place: str) -> tuple[Any, Any]:
    """Give the file system of a place and its path there, both of Hadoop."""
    context: Any = spark.sparkContext
    path = context._jvm.org.apache.hadoop.fs.Path(place)
    return path.getFileSystem(context._jsc.hadoopConfiguration()), path
