"""Entities in colour."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {
    "DRUG": "bold white on blue",
    "SYMPTOM": "bold white on red",
    "TIME": "black on green",
    "DOSE": "black on cyan",
    "ROUTE": "black on cyan",
    "FREQUENCY": "black on cyan",
    "BODY_SITE": "black on yellow",
    "PROCEDURE": "black on white",
    "AGE": "white on magenta",
    "SEX": "white on magenta",
}
# A report must not steer the terminal: control characters are shown as pictures, but for tabs and line ends.
CONTROLS = {code: 0x2400 + code for code in range(32)} | {0x09: "\t", 0x0A: "\n", 0x0D: None, 0x7F: 0x2421}


def make_console() -> Console:
    """Give what prints to standard output: in colour on a terminal, plain in a pipe."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            """Leave to the command line what happens then; rich itself would end the program."""
            raise

    return Plain(highlight=False, soft_wrap=True)


def make_printer() -> Callable[[dict[str, Any]], None]:
    """Give a function that prints a tagged report.

    Where there is no colour, as in a pipe, entities stand in brackets: ``[rash|SYMPTOM]``.
    """
    from rich.text import Text

    console = make_console()

    def show(report: dict[str, Any]) -> None:
        text = report["text"]
        line = Text()
        line.append(f"== {report['doc_id']} ==\n".translate(CONTROLS), style="bold")
        position = 0
        for entity in report["entities"]:
            line.append(text[position : entity["start"]].translate(CONTROLS))
            mention, label = entity["text"].translate(CONTROLS), entity["label"]
            if console.color_system is None:
                line.append(f"[{mention}|{label}]")
            else:
                line.append(f" {mention} ", style=_STYLES.get(label, "reverse"))
                line.append(label, style="dim")
            position = entity["end"]
        line.append(text[position:].translate(CONTROLS))
        console.print(line)

    return show
