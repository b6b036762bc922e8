from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
Start = Callable[..., "subprocess.Popen[str]"]

KILLS = 20  # in all about half a minute


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Give a folder with reports of various lengths, two of which cannot be read."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(240):
        text = f"Case {number}. Clindamycin caused a rash after {number % 9 + 1} days. "
        (folder / f"{number:03}.txt").write_text(text + "Amiodarone caused fever. " * (number % 40))
    (folder / "100.txt").write_bytes(b"")
    (folder / "200.txt").write_bytes(b"\xff\xff")
    return folder


def results(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def wait_until(process: subprocess.Popen[str], reached: Callable[[], bool]) -> bool:
    """Say whether it came to that before the process ended."""
    deadline = time.monotonic() + 120
    while not reached():
        if process.poll() is not None:
            return False
        assert time.monotonic() < deadline
        time.sleep(0.002)
    return True


def test_killed_again_and_again_a_run_gives_what_an_undisturbed_one_does(
    sequela: Run, start: Start, many: Path, tmp_path: Path
) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    undisturbed.mkdir()
    killed.mkdir()
    assert sequela("extract", many, "-o", undisturbed / "t.csv").exit_code == 1
    expected = results(undisturbed)
    assert set(expected) == {"t.csv", "t.csv.errors.csv"}

    output, journal = killed / "t.csv", killed / "t.csv.journal"
    ways = (*[["--timeout", "0"]] * 4, ["--jobs", "2"])
    moment = random.Random(0)
    kills = 0
    while kills < KILLS:
        process = start("extract", many, "-o", output, "--resume", *ways[kills % 5])
        size = size_of(journal)
        wanted = size + moment.choice([1, 1, 10_000, 40_000])
        if wait_until(process, lambda w=wanted: size_of(journal) >= w):  # type: ignore[misc]
            time.sleep(moment.uniform(0, 0.05))
        process.kill()
        _, errors = process.communicate()
        assert process.returncode in (1, -signal.SIGKILL), errors
        if process.returncode == 1:  # it had come to its end
            assert results(killed) == expected
            output.unlink()
        else:
            kills += 1
    process = start("extract", many, "-o", output, "--resume")
    assert "reports read" in process.communicate(timeout=120)[1]
    assert process.returncode == 1
    assert results(killed) == expected


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "asked to end"])
def test_an_interrupted_run_keeps_the_journal(
    start: Start, many: Path, tmp_path: Path, number: signal.Signals
) -> None:
    output = tmp_path / "out" / "t.csv"
    output.parent.mkdir()
    output.write_text("doc_id,\n")
    journal = Path(f"{output}.journal")
    process = start("extract", many, "-o", output, "--resume")
    assert wait_until(process, lambda: journal.exists() and journal.stat().st_size > 5000)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-2:] == [
        f"sequela: finished reports are kept in {journal}: run the same command again to go on.",
        "sequela: interrupted",
    ]
    assert results(output.parent) == {"t.csv": b"doc_id,\n", "t.csv.journal": journal.read_bytes()}
    assert journal.stat().st_mode & 0o077 == 0

    process = start("extract", many, "-o", output, "--resume")
    assert " of them before)" in process.communicate(timeout=120)[1]
    assert process.returncode == 1
    assert set(results(output.parent)) == {"t.csv", "t.csv.errors.csv"}


def test_only_what_has_changed_is_done_again(sequela: Run, reports: Path, interrupted: Path) -> None:
    (reports / "b.txt").write_text("Minocycline caused petechiae.")
    result = sequela("extract", reports, "-o", interrupted, "--resume")
    assert "3 reports read (2 of them before), 0 failed, 2 rows" in result.stderr
    resumed = interrupted.read_bytes()
    assert sequela("extract", reports, "-o", interrupted).exit_code == 0
    assert interrupted.read_bytes() == resumed
    assert b"Minocycline,petechiae" in resumed


def test_a_line_that_was_not_written_to_its_end_is_dropped(
    sequela: Run, reports: Path, interrupted: Path
) -> None:
    journal = Path(f"{interrupted}.journal")
    journal.write_bytes(journal.read_bytes()[:-10])
    result = sequela("extract", reports, "-o", interrupted, "--resume")
    assert "3 reports read (2 of them before), 0 failed, 2 rows" in result.stderr


def test_other_settings_are_not_mixed(sequela: Run, reports: Path, interrupted: Path) -> None:
    journal = Path(f"{interrupted}.journal")
    before = journal.read_bytes()
    result = sequela("extract", reports, "-o", interrupted, "--resume", "--all")
    assert result.exit_code == 2
    assert result.stderr == (
        f"sequela: {journal} was begun with another --all. Go on with the same, or delete the file.\n"
    )
    assert journal.read_bytes() == before
    assert not interrupted.exists()


def test_a_file_of_somebody_else_is_left_alone(sequela: Run, reports: Path) -> None:
    Path("triples.csv.journal").write_text("Dear diary")
    result = sequela("extract", reports, "--resume")
    assert result.exit_code == 2
    assert "triples.csv.journal is no journal of sequela. Move it away" in result.stderr
    assert Path("triples.csv.journal").read_text() == "Dear diary"


def a_pipe(journal: Path) -> None:
    os.mkfifo(journal)


def a_link(journal: Path) -> None:
    journal.with_name("victim").write_text("")
    journal.symlink_to("victim")


@pytest.mark.parametrize(
    ("lay", "what"), [(a_pipe, "is no regular file"), (a_link, "is a link"), (Path.mkdir, "Is a directory")]
)
def test_what_is_no_file_is_no_journal(
    sequela: Run, reports: Path, lay: Callable[[Path], None], what: str
) -> None:
    lay(Path("triples.csv.journal"))
    before = sorted(path.name for path in Path().iterdir())
    result = sequela("extract", reports, "--resume")
    assert result.exit_code == 2
    assert what in result.stderr
    assert "None" not in result.stderr
    assert sorted(path.name for path in Path().iterdir()) == before


def test_a_journal_of_somebody_else_is_refused(
    sequela: Run, reports: Path, interrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Path(f"{interrupted}.journal")
    before = journal.read_bytes()
    monkeypatch.setattr(os, "geteuid", lambda: journal.stat().st_uid + 1)
    result = sequela("extract", reports, "-o", interrupted, "--resume")
    assert result.exit_code == 2
    assert result.stderr == (
        f"sequela: {journal} belongs to another user. Move it away, or choose another output.\n"
    )
    assert journal.read_bytes() == before


def test_a_journal_that_others_could_read_is_closed_to_them(
    sequela: Run, reports: Path, interrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Path(f"{interrupted}.journal")
    journal.chmod(0o644)
    interrupt_at_the_end(monkeypatch)
    assert sequela("extract", reports, "-o", interrupted, "--resume").exit_code == 130
    assert journal.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "line",
    ['{"results": 5}', '{"process": "x"}', '{"identity": [], "process": 1}', "5", "[" * 100_000],
    ids=["results", "process", "identity", "number", "depth"],
)
def test_a_line_of_another_shape_is_dropped(
    sequela: Run, reports: Path, interrupted: Path, line: str
) -> None:
    journal = Path(f"{interrupted}.journal")
    with journal.open("a") as file:
        file.write(f"{line}\n")
    result = sequela("extract", reports, "-o", interrupted, "--resume")
    assert result.exit_code == 0
    assert "3 reports read (3 of them before), 0 failed, 2 rows" in result.stderr


def test_two_runs_do_not_share_a_journal(sequela: Run, start: Start, many: Path, tmp_path: Path) -> None:
    output = tmp_path / "t.csv"
    process = start("extract", many, "-o", output, "--resume")
    assert wait_until(process, lambda: Path(f"{output}.journal").exists())
    time.sleep(0.1)
    result = sequela("extract", many, "-o", output, "--resume")
    process.kill()
    process.communicate()
    assert result.exit_code == 2
    assert f"another run is writing {output}" in result.stderr


def test_standard_output_cannot_be_resumed(sequela: Run, reports: Path) -> None:
    result = sequela("extract", reports, "-o", "-", "--resume")
    assert result.exit_code == 2
    assert result.stderr == "sequela: --resume needs a file to write to. Name one with --output.\n"


def test_without_it_there_is_no_journal(sequela: Run, reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt_at_the_end(monkeypatch)
    assert sequela("extract", reports).exit_code == 130
    assert list(Path().iterdir()) == []


@pytest.fixture
def interrupted(sequela: Run, reports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the output, not yet there, of a run that was interrupted when all reports were done."""
    with monkeypatch.context() as patch:
        interrupt_at_the_end(patch)
        assert sequela("extract", reports, "-o", tmp_path / "t.csv", "--resume").exit_code == 130
    return tmp_path / "t.csv"


def interrupt_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sequela.running.output.OutputFile._commit", interrupt)
