from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
Shell = Callable[..., "subprocess.CompletedProcess[bytes]"]
Start = Callable[..., "subprocess.Popen[str]"]

full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
NO_ROOM = b"sequela: cannot write: No space left on device. Free space, or write elsewhere.\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
def test_terminals_of_any_encoding(shell: Shell, reports: Path, encoding: str) -> None:
    (reports / "a.txt").write_text("≥38 °C: amiodarone caused fever.", encoding="utf-8")
    result = shell("sequela tag reports/a.txt $MODEL --timeout 0", PYTHONIOENCODING=encoding)
    assert result.returncode == 0, result.stderr
    shown = "≥38 °C: [amiodarone|DRUG] caused [fever|SYMPTOM].".encode(encoding, "backslashreplace")
    assert shown in result.stdout
    assert b"Traceback" not in result.stderr


def test_the_rows_are_utf_8_in_any_terminal(shell: Shell, reports: Path) -> None:
    (reports / "ä.txt").write_text("Amiodarone caused fever.")
    line = "sequela extract reports/ä.txt -o - $MODEL --timeout 0"
    result = shell(line, PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[1].startswith("ä,".encode())


@full
@pytest.mark.parametrize(
    "command",
    [
        pytest.param("extract reports -o - $MODEL --timeout 0", id="rows"),
        pytest.param("tag reports --format json $MODEL --timeout 0", id="json"),
        pytest.param("explain reports/a.txt $MODEL", id="explain"),
        pytest.param("corpora stats tagged", id="corpora"),
    ],
)
def test_no_room_for_standard_output(shell: Shell, reports: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "tagged").mkdir()
    (tmp_path / "tagged" / "a.txt").write_text("Fever.")
    (tmp_path / "tagged" / "a.ann").write_text("T1\tSYMPTOM 0 5\tFever\n")
    result = shell(f"sequela {command} > /dev/full")
    assert (result.returncode, result.stderr) == (2, NO_ROOM)


@full
@pytest.mark.parametrize("closed", ["2>/dev/full", "2>&-"])
def test_messages_that_nobody_can_read_do_not_end_the_run(
    shell: Shell, reports: Path, tmp_path: Path, closed: str
) -> None:
    (reports / "a.txt").write_bytes(b"")
    result = shell(f"sequela extract reports -o t.csv $MODEL --timeout 0 {closed}")
    assert (result.returncode, result.stdout, result.stderr) == (1, b"", b"")
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 2
    assert "the file is empty" in (tmp_path / "t.csv.errors.csv").read_text()


def test_closed_streams_are_not_taken_for_files(shell: Shell, reports: Path, tmp_path: Path) -> None:
    result = shell("sequela extract reports -o t.csv $MODEL <&- >&- 2>&-")
    assert result.returncode == 0
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 3


def test_a_closed_standard_output_is_refused(shell: Shell, reports: Path) -> None:
    result = shell("sequela extract reports -o - $MODEL --timeout 0 >&-")
    assert result.returncode == 2
    assert result.stderr == b"sequela: standard output is closed. Name a file with --output.\n"


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("extract reports -o /dev/stdout --all $MODEL --timeout 0", id="a pipe by its name"),
        pytest.param("tag reports $MODEL --timeout 0", id="tag"),
        pytest.param("explain reports/a.txt $MODEL", id="explain"),
    ],
)
def test_a_reader_that_has_enough(shell: Shell, reports: Path, command: str) -> None:
    result = shell(f"sequela {command} | true; exit ${{PIPESTATUS[0]}}")
    assert (result.returncode, result.stderr) == (141, b"")


def test_a_pipe_by_its_name(shell: Shell, reports: Path, tmp_path: Path) -> None:
    (reports / "b.txt").write_bytes(b"")
    result = shell("sequela extract reports -o /dev/stdout $MODEL --timeout 0 | cat; exit ${PIPESTATUS[0]}")
    assert result.returncode == 1
    assert [row.split(b",")[0] for row in result.stdout.splitlines()] == [b"doc_id", b"a"]
    assert result.stderr.endswith(b"2 reports read, 1 failed, 1 rows, " + result.stderr.split()[-2] + b" s\n")


def test_a_current_folder_that_is_gone(shell: Shell, reports: Path) -> None:
    result = shell("mkdir gone; cd gone; rmdir ../gone; sequela extract x.txt", PYTHONSAFEPATH="1")
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == (
        b"sequela: the current folder is not there any longer. Change to another one."
    )
    assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["extract", "tag", "explain"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("-", "standard input is not read. Name files, or a folder of them."),
        ("", "an empty name is no file or folder. For the current folder, write a dot."),
    ],
    ids=["standard input", "empty"],
)
def test_names_that_are_no_files(sequela: Run, command: str, name: str, message: str) -> None:
    Path("case.txt").write_text("Amiodarone caused fever.")
    result = sequela(command, name)
    assert (result.exit_code, result.stderr) == (2, f"sequela: {message}\n")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="terminals of this system do not say good-bye")
@pytest.mark.parametrize("ignored", [False, True], ids=["", "nohup"])
def test_a_terminal_that_is_closed(start: Start, tmp_path: Path, ignored: bool) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(100 if ignored else 3000):
        (folder / f"{number}.txt").write_text("Amiodarone caused fever. " * (20 if ignored else 100))
    handler = signal.SIG_IGN if ignored else signal.SIG_DFL
    process = start(
        "extract", folder, "-o", "t.csv",
        preexec_fn=lambda: signal.signal(signal.SIGHUP, handler),
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size for path in tmp_path.glob(".*.part")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == (0 if ignored else 130)
    assert (tmp_path / "t.csv").exists() == ignored
    assert (tmp_path / "t.csv.interrupted.csv").exists() != ignored
