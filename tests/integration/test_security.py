from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from sequela.errors import OutputError
from sequela.running.output import OutputFile
from sequela.running.tag import Format, _writer
from support import read_rows

Run = Callable[..., Result]
PACKAGE = Path(__file__).parents[2] / "pipeline" / "sequela"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.model
def test_the_network_is_not_needed(no_network: None) -> None:
    from sequela import load, process, triples

    doc = process(load(), "She developed a rash two days after starting amiodarone.", doc_id="x")
    assert [(row.drug, row.event) for row in triples(doc)] == [("amiodarone", "rash")]


def test_no_command_needs_the_network(
    no_network: None, sequela: Run, reports: Path, tiny_model: Path
) -> None:
    for command in (
        ["extract", reports, "--db", "reactions.db", "-o", "t.csv"],
        ["tag", reports, "-o", "tagged"],
        ["explain", reports / "a.txt", "--model", tiny_model, "--labels", "CHEMICAL=DRUG"],
        ["corpora", "stats", "tagged"],
        ["evaluate", "tagged", "--pred", "tagged"],
        ["db", "load", "t.csv", "--db", "other.db"],
        ["db", "export", "--db", "other.db", "-o", "out.csv"],
        ["signals", "--db", "reactions.db"],
    ):
        result = sequela(*command)
        assert (command[0], result.exit_code, result.exception) == (command[0], 0, None), result.output


@pytest.mark.parametrize("doc_id", ["../outside", "/outside", "a/../../outside", "a/\0b"])
def test_no_id_leads_out_of_the_folder(tmp_path: Path, doc_id: str) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    write = _writer(Format.JSON, folder)
    with pytest.raises(OutputError, match="leads out of the folder"):
        write({"doc_id": doc_id, "text": "", "entities": []})
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_nothing_is_unpickled() -> None:
    unsafe = (
        "import pickle",
        "allow_pickle=True",
        "import dill",
        "cloudpickle",
        "import joblib",
        "yaml.load(",
    )
    found = {
        (path.name, word)
        for path in PACKAGE.rglob("*.py")
        for word in unsafe
        if word in path.read_text(encoding="utf-8")
    }
    # scispaCy's own index holds a joblib file: it is read only with --trust-linker (test_knowledge_base.py)
    assert found == {("knowledge_base.py", "import joblib")}


def test_what_is_not_finished_is_for_its_owner_only(tmp_path: Path) -> None:
    with OutputFile(tmp_path / "t.csv") as file:
        file.write("a")
        (part,) = tmp_path.iterdir()
        assert part.stat().st_mode & 0o077 == 0


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("before")
    (tmp_path / f".t.csv.{os.getpid()}.part").symlink_to("victim")
    with OutputFile(tmp_path / "t.csv") as file:
        file.write("after")
    assert (tmp_path / "victim").read_text() == "before"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="this Python always looks into the current folder")
def test_no_program_in_a_folder_of_reports_is_run(tmp_path: Path, reports: Path, tiny_model: Path) -> None:
    mark = tmp_path / "mark"
    for name in ("multiprocessing", "random", "spacy"):
        (reports / f"{name}.py").write_text(f"open({str(mark)!r}, 'w')")
    script = tmp_path / "bin" / "sequela-command.py"  # as it is installed: in a folder of its own
    script.parent.mkdir()
    script.write_text("from sequela.cli.main import run\nif __name__ == '__main__':\n    run()\n")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"}
    command = ["extract", ".", "-o", "x.csv", "--model", str(tiny_model), "--labels", "CHEMICAL=DRUG"]
    subprocess.run([sys.executable, script, *command], cwd=reports, env=environment, check=True)
    assert {row["doc_id"] for row in read_rows(reports / "x.csv")} == {"a", "b"}
    assert not mark.exists()


def test_errors_are_no_formulas(sequela: Run) -> None:
    Path("=1+1.txt").touch()
    assert sequela("extract", "=1+1.txt").exit_code == 1
    assert [row["path"] for row in read_rows(Path("triples.csv.errors.csv"))] == ["'=1+1.txt"]


@pytest.mark.parametrize("command", [["extract", "--resume"], ["tag", "-o", "out"]], ids=["extract", "tag"])
def test_no_word_of_a_report_is_logged(
    sequela: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture, command: list[str]
) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "a.txt").write_text("Mrs Secretname took amiodarone. Amiodarone caused fever.")
    (folder / "b.txt").write_bytes(b"Mrs Secretname took amiodarone. \xff")
    with caplog.at_level("DEBUG"):
        result = sequela(*command, folder)
    assert result.exit_code == 1
    assert "b.txt" in result.stderr
    assert not {"Secretname", "amiodarone", "Amiodarone"} & set(
        re.findall(r"\w+", result.stderr + caplog.text)
    )


def test_no_word_of_a_report_is_said(sequela: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(doc: object, **_: object) -> None:
        raise ValueError(str(doc))

    (tmp_path / "case.txt").write_text("Mrs Secretname took amiodarone.")
    monkeypatch.setattr("sequela.running.extract.rows_of", fail)
    result = sequela("extract", tmp_path / "case.txt")
    assert result.exit_code == 1
    assert "ValueError in test_security.py" in result.stderr
    assert "Secretname" not in result.output + Path("triples.csv.errors.csv").read_text()
