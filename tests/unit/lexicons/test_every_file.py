"""What holds for every lexicon, whoever reads it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from importlib.resources import files

import pytest

FOLDER = files("sequela.lexicons")
NAMES = sorted(entry.name for entry in FOLDER.iterdir() if entry.name.endswith((".txt", ".csv", ".json")))
LISTS = [name for name in NAMES if name.endswith(".txt")]
TABLES = [name for name in NAMES if name.endswith(".csv")]
# Lists of regular expressions, and the columns of tables that hold them (or cue patterns, which have their own tests)
PATTERN_LISTS = ["event_heads.txt"]
ORDERED = {  # the first that matches decides
    "linking_neighbours.csv",
    "linking_rules.csv",
    "link_confidence.json",
}


def read(name: str) -> str:
    return FOLDER.joinpath(name).read_text(encoding="utf-8")


def entries(name: str) -> list[str]:
    return [line for line in read(name).splitlines() if line and not line.startswith("#")]


def records(name: str) -> list[list[str]]:
    return list(csv.reader(read(name).splitlines()))


def test_the_readme_lists_exactly_these_files() -> None:
    listed = re.findall(
        r"`(\w+\.(?:txt|csv|json))`",
        "\n".join(line.split(" | ")[0] for line in read("README.md").splitlines() if line.startswith("| `")),
    )
    assert [name for name, count in Counter(listed).items() if count > 1] == []
    assert sorted(listed) == NAMES


def test_the_readme_names_the_columns_of_every_table() -> None:
    lines = [line for line in read("README.md").splitlines() if line.startswith("| `")]
    missing = {
        name: column
        for name in TABLES
        for column in records(name)[0]
        for line in lines
        if f"`{name}`" in line.split(" | ")[0] and f"`{column}`" not in line
    }
    assert missing == {}


@pytest.mark.parametrize("name", NAMES)
def test_file(name: str) -> None:
    text = read(name)
    assert text.endswith("\n")
    assert "\r" not in text
    assert "\t" not in text
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("name", LISTS)
def test_list(name: str) -> None:
    lines = entries(name)
    assert lines
    assert lines == sorted(set(lines))
    assert [line for line in lines if line != line.strip()] == []


@pytest.mark.parametrize("name", PATTERN_LISTS)
def test_every_expression_compiles(name: str) -> None:
    assert all(re.compile(line) for line in entries(name))


@pytest.mark.parametrize("name", TABLES)
def test_table(name: str) -> None:
    header, *rows = records(name)
    assert rows
    assert len(set(header)) == len(header)
    assert [row for row in rows if len(row) != len(header)] == []
    assert [row for row in rows if any(cell != cell.strip() for cell in row)] == []
    assert [row for row, count in Counter(map(tuple, rows)).items() if count > 1] == []
    if name not in ORDERED:
        first = [row[0].lower() for row in rows]
        assert first == sorted(first)
