from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from sequela.cli.main import app
from support import save_tiny_model

REPORT = "A rash developed 3 days after the first dose of clindamycin."


# A background job of a shell ignores Ctrl-C, and so would the commands that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """Give a folder with three reports."""
    folder = tmp_path / "reports"
    (folder / "more").mkdir(parents=True)
    (folder / "b.txt").write_text(REPORT, encoding="utf-8")
    (folder / "a.txt").write_text("Amiodarone caused fever.", encoding="utf-8")
    (folder / "more" / "c.txt").write_text("Nothing happened.", encoding="utf-8")
    return folder


@pytest.fixture
def sequela(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command in this process, in a folder of its own, with the tiny model unless another is named."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def run(command: str, *arguments: str | Path) -> Result:
        words = [command, *map(str, arguments)]
        if command in ("extract", "tag") and "--model" not in words:
            words += ["--model", str(tiny_model), "--labels", "CHEMICAL=DRUG"]
        if command in ("extract", "tag") and "--timeout" not in words:
            words += ["--timeout", "0"]  # quicker: no process beside this one
        return CliRunner().invoke(app, words)

    return run


@pytest.fixture
def shell(tiny_model: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run a line of the shell, with ``$MODEL`` for the options of the tiny model."""

    def run(line: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
        model = f"--model {tiny_model} --labels CHEMICAL=DRUG"
        words = f'sequela() {{ "{sys.executable}" -m sequela "$@"; }}; MODEL="{model}"; {line}'
        return subprocess.run(
            ["bash", "-c", words],
            cwd=tmp_path,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )

    return run


@pytest.fixture
def start(tiny_model: Path, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a command as a process of its own."""

    def run(command: str, *arguments: str | Path, **options: object) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "sequela", command, *map(str, arguments)]
        if command in ("extract", "tag"):
            words += ["--model", str(tiny_model), "--labels", "CHEMICAL=DRUG"]
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            **options,  # type: ignore[call-overload]
        )

    return run
