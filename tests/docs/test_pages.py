"""The pages of the documentation say what the code holds."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from sequela.build import STAGES
from sequela.schema import Label, RoleLabel

DOCS = Path(__file__).parents[2] / "docs"


def first_column(page: str, heading: str) -> list[str]:
    """Give the code words in the first column of the table below a heading."""
    (section,) = re.findall(rf"^## {heading}.*?\n(.*?)(?=^## |\Z)", page, flags=re.MULTILINE | re.DOTALL)
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [word for cell in cells for word in re.findall(r"`(\w+)`", cell)]


def test_every_label_is_defined() -> None:
    page = (DOCS / "labels.md").read_text(encoding="utf-8")
    assert sorted(first_column(page, "Entities")) == sorted(label.value for label in Label)
    assert sorted(first_column(page, "Roles")) == sorted(label.value for label in RoleLabel)


def test_every_stage_is_described_in_order() -> None:
    page = (DOCS / "data-flow.md").read_text(encoding="utf-8")
    assert first_column(page, "The stages") == [factory for factory, _ in STAGES]


@pytest.mark.model
def test_the_example_of_the_data_flow_runs() -> None:
    failed, attempted = doctest.testfile(str(DOCS / "data-flow.md"), module_relative=False)
    assert (failed, attempted) == (0, 7)


def test_every_decision_is_in_the_index() -> None:
    index = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \| (.+) \|$", index, flags=re.MULTILINE)
    pages = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    titles = [
        re.sub(r"^# \d+\.? ", "", page.read_text(encoding="utf-8").partition("\n")[0]) for page in pages
    ]
    assert rows == [(page.name[:4], page.name, title) for page, title in zip(pages, titles, strict=True)]
