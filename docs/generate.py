"""Write what the documentation shows of the program: the reference of the commands, the README's example and scores.

``python docs/generate.py`` writes; with ``--check`` it writes nothing, and the exit code is 1 when something
is stale.
"""

from __future__ import annotations

import csv
import inspect
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

import sequela
from sequela.cli.main import app
from sequela.corpora.triples_csv import write_header, write_rows

ROOT = Path(__file__).parents[1]
CLI_HEADER = """\
# Commands

Written by `docs/generate.py` from the program itself.
"""
EXAMPLE = "corpora/casebook/cb02_eptinezumab_purpura.txt"
# Sections of the score sheet that the README shows
SCORED = {
    "Reports held out, end to end": "199 short published reports, held out",
    "Case reports (casebook_dev), end to end": "60 published reports, 18 of them long, read while rules were written",
    "The casebook of this repository, end to end": "30 invented ones, made to be hard",
}
# Columns of the example that say more to a reader than to a database
SHOWN = (
    "drug", "event", "onset", "onset_min", "onset_hours_min", "onset_anchor", "onset_anchor_ordinal",
    "body_sites", "attribution", "patient_age", "patient_sex", "outcome", "drug_code", "event_code",
    "event_start", "event_end",
)  # fmt: skip


def cli_page() -> str:
    """Give the reference: every command with its arguments and options.

    Put together here and not taken from the help texts, whose layout changes with the release of typer.
    """
    parts = [CLI_HEADER]
    for name, command in commands():
        parts.append(f"\n## {name}\n\n{inspect.cleandoc(command.help or '')}\n")
        if command.params:
            parts.append("\n" + "".join(f"- {describe(parameter)}\n" for parameter in command.params))
        inside = getattr(command, "commands", {})
        if inside:
            parts.append(f"\nCommands: {', '.join(f'`{name} {key}`' for key in inside)}\n")
    return "".join(parts)


def commands() -> Iterator[tuple[str, Any]]:
    """Give the name and the object of the program, its commands and their commands, in order."""
    stack: list[tuple[str, Any]] = [("sequela", typer.main.get_command(app))]
    while stack:
        name, command = stack.pop()
        yield name, command
        inside = getattr(command, "commands", {})
        stack.extend((f"{name} {key}", inside[key]) for key in reversed(inside))


def describe(parameter: Any) -> str:
    """Give an argument or option: how it is written, what it does, what it is when left out."""
    value = "" if getattr(parameter, "is_flag", False) else parameter.metavar or parameter.name.upper()
    if parameter.param_type_name == "argument":
        written = value + (" ..." if parameter.nargs == -1 else "")
    else:
        written = " ".join(filter(None, [", ".join(parameter.opts), value]))
    text = f"`{written}`: {parameter.help}"
    default = parameter.default
    if default is not None and default is not False and not parameter.required:
        text += f" Default: {getattr(default, 'value', default)}."
    return text


def readme(text: str) -> str:
    """Give the README with the example's rows as the program finds them, and the scores of the score sheet."""
    sheet = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    text = put(text, "rows of the example", "end of the rows", example_table(ROOT / EXAMPLE))
    return put(text, "scores", "end of the scores", score_table(sheet))


def put(text: str, begin: str, end: str, content: str) -> str:
    """Put a table between two comments of a page."""
    filled, count = re.subn(
        rf"(<!-- {begin} -->\n).*?(<!-- {end} -->)",
        lambda match: f"{match[1]}\n{content}\n{match[2]}",
        text,
        flags=re.DOTALL,
    )
    if count != 1:
        raise SystemExit(f"README.md: no place between <!-- {begin} --> and <!-- {end} -->")
    return filled


def score_table(sheet: str) -> str:
    """Give a Markdown table of what is found in whole reports, by the score sheet."""
    lines = ["| reports | rows that are right | reactions found | false attributions |", "|---|--:|--:|--:|"]
    for heading, name in SCORED.items():
        (section,) = re.findall(
            rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", sheet, re.MULTILINE | re.DOTALL
        )
        _, _, reactions = section.partition("| documents, reactions |")
        precision, recall = re.findall(r"^\| micro \| ([\d.]+) \| ([\d.]+) \|", reactions, re.MULTILINE)[0]
        (false,) = re.findall(r"^- false attributions [^:]*: ([\d.]+) ", reactions, re.MULTILINE)
        lines.append(f"| {name} | {precision} % | {recall} % | {false} % |")
    return "".join(line + "\n" for line in lines)


def example_table(report: Path) -> str:
    """Give a Markdown table with a column for each row of the CSV."""
    nlp = sequela.load()
    text = report.read_bytes().decode("utf-8")
    file = io.StringIO()
    write_header(file)
    write_rows(file, sequela.triples(sequela.process(nlp, text, doc_id=report.stem)))
    rows = list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))
    lines = [["column", *(f"row {number}" for number in range(1, len(rows) + 1))]]
    lines.append(["---"] * len(lines[0]))
    lines.extend([column, *(row[column] for row in rows)] for column in SHOWN)
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def main(arguments: list[str]) -> int:
    """Write or check the pages; give the exit code."""
    readme_file = ROOT / "README.md"
    pages = {
        ROOT / "docs" / "cli.md": cli_page(),
        readme_file: readme(readme_file.read_text(encoding="utf-8")),
    }
    stale = [
        page
        for page, content in pages.items()
        if not page.exists() or page.read_text(encoding="utf-8") != content
    ]
    for page in stale:
        if "--check" in arguments:
            print(f"{page.relative_to(ROOT)} is stale: run `python docs/generate.py`", file=sys.stderr)
        else:
            page.write_text(pages[page], encoding="utf-8")
            print(f"wrote {page.relative_to(ROOT)}")
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
