from __future__ import annotations

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from sequela import __version__
from sequela.cli.exits import Exit
from sequela.cli.main import Commands, app, run
from sequela.errors import SequelaError

# Heavy, and needed by no help text
HEAVY = ("spacy", "numpy", "torch", "scispacy", "rich", "sqlalchemy")


def test_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"sequela {__version__}\n")


def test_help_without_arguments() -> None:
    result = CliRunner().invoke(app, [])
    assert "Usage: " in result.output
    assert "extract" in result.output


def test_help_imports_nothing_heavy() -> None:
    code = f"""
import sys
from sequela.cli.main import app
app(["--help"], standalone_mode=False)
print(sorted(set({HEAVY!r}) & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        pytest.param(
            SequelaError("no. Do this."), Exit.BAD_INPUT, "sequela: no. Do this.\n", id="user error"
        ),
        pytest.param(KeyboardInterrupt(), Exit.INTERRUPTED, "sequela: interrupted\n", id="interrupted"),
    ],
)
def test_errors_become_messages_and_exit_codes(error: BaseException, code: Exit, message: str) -> None:
    failing = typer.Typer(cls=Commands)

    @failing.callback()
    def main() -> None: ...

    @failing.command()
    def fail() -> None:
        raise error

    result = CliRunner().invoke(failing, ["fail"])
    assert (result.exit_code, result.stderr) == (code, message)


def test_a_bug_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise RuntimeError("unexpected")

    monkeypatch.setattr("sequela.cli.main.app", fail)
    monkeypatch.setattr("sequela.cli.surroundings.prepare", lambda: None)
    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == Exit.BUG
    errors = capsys.readouterr().err
    assert "RuntimeError: unexpected" in errors
    assert errors.endswith(f"sequela {__version__}: this is a bug. Please report it with the lines above.\n")
