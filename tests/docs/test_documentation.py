from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sequela.cli.exits import Exit
from sequela.schema import COLUMNS

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))
import generate  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")
CLI = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
ALL_COMMANDS = list(generate.commands())


def blocks(kind: str, text: str = README) -> list[str]:
    """Give the fenced blocks of a kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def test_the_reference_of_the_commands_is_fresh() -> None:
    assert generate.cli_page() == CLI, "run `python docs/generate.py`"


@pytest.mark.parametrize(("name", "command"), ALL_COMMANDS, ids=[name for name, _ in ALL_COMMANDS])
def test_every_command_says_what_it_and_its_options_do(name: str, command: object) -> None:
    assert command.help, name
    assert {parameter.name for parameter in command.params if not parameter.help} == set()
    assert f"## {name}\n" in CLI


def test_every_column_is_described_in_order() -> None:
    page = (ROOT / "docs" / "columns.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)) == COLUMNS


def test_the_readme_tells_the_exit_codes() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", README, flags=re.MULTILINE)}
    assert codes == {int(code) for code in Exit} - {Exit.BROKEN_PIPE}


def test_the_readme_sets_up_with_two_commands() -> None:
    install, test = (block.strip() for block in blocks("sh setup"))
    assert "sequela extract corpora/casebook -o triples.csv" in install
    assert test.endswith("-m pytest")
    assert "\n" not in install + test


def test_the_commands_in_the_readme_exist() -> None:
    shown = {line.split()[1] for block in blocks("sh") for line in block.splitlines()}
    assert shown <= {name.split()[1] for name, _ in ALL_COMMANDS if " " in name}
    assert shown


def test_links_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    broken = {
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
        if not target.startswith("http") and not (page.parent / target).exists()
    }
    assert broken == set()


@pytest.mark.model
def test_the_python_example_gives_what_the_readme_says() -> None:
    (example,) = blocks("python")
    (expected,) = blocks("text")
    assert len(example.splitlines()) <= 6
    result = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=True)
    assert result.stdout == expected


@pytest.mark.model
def test_the_rows_of_the_example_are_what_comes_out() -> None:
    assert generate.readme(README) == README, "run `python docs/generate.py`"


def test_the_quoted_report_says_what_is_quoted() -> None:
    report = " ".join((ROOT / generate.EXAMPLE).read_text(encoding="utf-8").split())
    quoted = " ".join(line.removeprefix("> ") for line in README.splitlines() if line.startswith("> "))
    for part in quoted.split("…"):
        assert part.strip() in report
