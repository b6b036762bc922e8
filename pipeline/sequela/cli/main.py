"""The application: its commands, and what a user sees when something goes wrong."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from sequela import __version__
from sequela.cli import surroundings
from sequela.cli.exits import Exit
from sequela.errors import SequelaError

# In the order of the help. Each is a file of this package with a function `register(app)`.
COMMANDS = ("extract", "tag", "explain", "evaluate", "corpora", "db", "signals", "linker")


class Commands(TyperGroup):
    """Turns the errors of every command into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            surroundings.check_folder()
            try:
                return super().invoke(ctx)
            finally:
                if sys.stdout is not None:  # closed
                    sys.stdout.flush()
        except SequelaError as error:
            typer.echo(f"sequela: {error}", err=True)
            raise typer.Exit(Exit.BAD_INPUT) from error
        except KeyboardInterrupt as error:
            typer.echo("sequela: interrupted", err=True)
            raise typer.Exit(Exit.INTERRUPTED) from error
        except BrokenPipeError as error:
            surroundings.drop_output()
            raise typer.Exit(Exit.BROKEN_PIPE) from error
        except OSError as error:
            if not surroundings.is_full(error):
                raise
            surroundings.drop_output()
            typer.echo(f"sequela: cannot write: {error.strerror}. Free space, or write elsewhere.", err=True)
            raise typer.Exit(Exit.BAD_INPUT) from error


app = typer.Typer(
    name="sequela",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Reads medical case reports and writes down drug-event-onset triples.",
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"sequela {__version__}")
        raise typer.Exit()


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def mount(commands: tuple[str, ...] = COMMANDS) -> None:
    """Add the commands to the application; a name without a file is passed over."""
    for name in commands:
        if importlib.util.find_spec(f"sequela.cli.{name}"):
            importlib.import_module(f"sequela.cli.{name}").register(app)


mount()


def run() -> None:
    """Entry point of the ``sequela`` command."""
    surroundings.prepare()
    try:
        app()
    except Exception:
        traceback.print_exc()
        typer.echo(f"sequela {__version__}: this is a bug. Please report it with the lines above.", err=True)
        sys.exit(Exit.BUG)
