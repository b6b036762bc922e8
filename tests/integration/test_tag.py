from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from sequela.corpora import brat
from sequela.corpora.document import Document
from sequela.running.output import OutputFile

Run = Callable[..., Result]
Start = Callable[..., "subprocess.Popen[str]"]


def test_entities_in_brackets_where_there_is_no_colour(sequela: Run, reports: Path) -> None:
    result = sequela("tag", reports, "--limit", "1")
    assert result.exit_code == 0
    assert result.stdout == "== a ==\n[Amiodarone|DRUG] caused [fever|SYMPTOM].\n"
    assert result.stderr == "sequela: 1 reports read, 0 failed\n"


def test_entities_in_colour(sequela: Run, reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    result = sequela("tag", reports / "a.txt")
    assert "\x1b[" in result.stdout
    assert " Amiodarone \x1b[0m\x1b[2mDRUG" in result.stdout
    assert "[Amiodarone|DRUG]" not in result.stdout


def test_a_report_cannot_steer_the_terminal(sequela: Run, tmp_path: Path) -> None:
    file = tmp_path / "case.txt"
    file.write_bytes(b"\x1b]0;title\x07 Amiodarone\r\ncaused \x1b[2J fever.")
    result = sequela("tag", file)
    assert result.stdout == "== case ==\n␛]0;title␇ [Amiodarone|DRUG]\ncaused ␛[2J [fever|SYMPTOM].\n"


def test_brat_files(sequela: Run, reports: Path) -> None:
    assert sequela("tag", reports, "-o", "out").exit_code == 0
    documents = {document.doc_id: document for document in brat.read(Path("out"))}
    assert {
        key: [(entity.label, entity.start, entity.end) for entity in document.entities]
        for key, document in documents.items()
    } == {
        "a": [("DRUG", 0, 10), ("SYMPTOM", 18, 23)],
        "b": [("SYMPTOM", 2, 6), *_times(documents["b"]), ("DRUG", 48, 59)],
        "c": [],
    }
    assert documents["a"].text == (reports / "a.txt").read_text()


def _times(document: Document) -> list[tuple[str, int, int]]:
    """Give what the rules find beside the model, which is not what is tested here."""
    return [
        (entity.label, entity.start, entity.end)
        for entity in document.entities
        if entity.label not in ("DRUG", "SYMPTOM")
    ]


def test_json_files_and_lines(sequela: Run, reports: Path) -> None:
    assert sequela("tag", reports, "-o", "out", "--format", "json").exit_code == 0
    files = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(Path("out").iterdir())]
    lines = sequela("tag", reports, "--format", "json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == files
    assert files[0] == {
        "doc_id": "a",
        "text": "Amiodarone caused fever.",
        "entities": [
            {"start": 0, "end": 10, "label": "DRUG", "text": "Amiodarone", "assertion": "affirmed"},
            {"start": 18, "end": 23, "label": "SYMPTOM", "text": "fever", "assertion": "affirmed"},
        ],
    }


def test_reports_of_one_name_go_to_folders(sequela: Run, tmp_path: Path) -> None:
    for year in ("2019", "2020"):
        (tmp_path / year).mkdir()
        (tmp_path / year / "case.txt").write_text("Amiodarone caused fever.")
    assert sequela("tag", tmp_path / "2019", tmp_path / "2020", "-o", "out").exit_code == 0
    assert sorted(path.as_posix() for path in Path("out").rglob("*.ann")) == [
        "out/2019/case.ann",
        "out/2020/case.ann",
    ]


def test_annotations_that_exist_are_not_lost(sequela: Run, reports: Path) -> None:
    (reports / "a.ann").write_text("T1\tDRUG 0 10\tAmiodarone\n")
    result = sequela("tag", reports, "-o", reports)
    assert result.exit_code == 2
    assert result.stderr == (
        f"sequela: {reports / 'a.txt'} exists already. Choose another folder, or add --overwrite.\n"
    )
    assert (reports / "a.ann").read_text() == "T1\tDRUG 0 10\tAmiodarone\n"
    assert not (reports / "b.ann").exists()
    Path("out").mkdir()
    (reports / "a.ann").rename("out/a.ann")
    assert sequela("tag", reports, "-o", "out", "--overwrite").exit_code == 0
    assert "SYMPTOM 18 23" in Path("out/a.ann").read_text()


def test_reports_are_not_written_over(sequela: Run, reports: Path) -> None:
    (reports / "a.txt").write_bytes(b"\xef\xbb\xbfAmiodarone caused fever.")
    linked = Path("linked")
    linked.symlink_to(reports)
    result = sequela("tag", reports, "-o", linked, "--overwrite", "--format", "brat")
    assert result.exit_code == 2
    assert result.stderr == (
        "sequela: linked/a.txt is one of the reports that are read. Choose another folder.\n"
    )
    assert (reports / "a.txt").read_bytes() == b"\xef\xbb\xbfAmiodarone caused fever."
    assert names(reports) == ["a.txt", "b.txt", "more"]


def test_what_fails_is_noted_beside_the_files(sequela: Run, reports: Path) -> None:
    (reports / "a.txt").write_bytes(b"\xff")
    assert sequela("tag", reports, "-o", "out").exit_code == 1
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "b.ann",
        "b.txt",
        "c.ann",
        "c.txt",
        "errors.csv",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--format", "brat"], "Name a folder for them with --output DIR.", id="no folder"),
        pytest.param(["--format", "terminal", "-o", "out"], "Leave out --output", id="folder for a terminal"),
        pytest.param(["--resume"], "Name a folder for them with --output DIR.", id="nothing to go on with"),
        pytest.param(["-o", "file/out"], "cannot make the folder file/out: Not a directory.", id="no place"),
        pytest.param(["-o", "file"], "cannot make the folder file: File exists.", id="a file"),
    ],
)
def test_bad_input(sequela: Run, reports: Path, arguments: list[str], message: str) -> None:
    Path("file").write_text("")
    result = sequela("tag", reports, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert [path.name for path in Path().iterdir()] == ["file"]


@pytest.fixture
def interrupted(sequela: Run, reports: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a run that was interrupted when it was to write the last of three reports."""
    commit = OutputFile._commit

    def interrupt(self: OutputFile) -> None:
        if self.target.name == "c.ann":
            raise KeyboardInterrupt
        commit(self)

    with monkeypatch.context() as patch:
        patch.setattr(OutputFile, "_commit", interrupt)
        result = sequela("tag", reports, "-o", "out", "--resume")
    assert result.exit_code == 130
    assert f"kept in {Path('out/tag.journal')}: run the same command again" in result.stderr
    assert names(Path("out")) == ["a.ann", "a.txt", "b.ann", "b.txt", "c.txt", "tag.journal"]
    return Path("out")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_run_goes_on_and_leaves_alone_what_is_done(sequela: Run, reports: Path, interrupted: Path) -> None:
    (interrupted / "a.ann").write_text("corrected by hand")
    (interrupted / "b.ann").unlink()
    result = sequela("tag", reports, "-o", interrupted, "--resume")
    assert result.stderr == "sequela: 3 reports read (1 of them before), 0 failed\n"
    assert names(interrupted) == ["a.ann", "a.txt", "b.ann", "b.txt", "c.ann", "c.txt"]
    assert (interrupted / "a.ann").read_text() == "corrected by hand"
    assert sequela("tag", reports, "-o", "again").exit_code == 0
    for name in ("b.ann", "b.txt", "c.ann", "c.txt"):
        assert (interrupted / name).read_bytes() == (Path("again") / name).read_bytes()


def test_another_format_is_not_mixed(sequela: Run, reports: Path, interrupted: Path) -> None:
    result = sequela("tag", reports, "-o", interrupted, "--resume", "--format", "json")
    assert result.exit_code == 2
    assert "was begun with another --format. Go on with the same, or delete the file." in result.stderr


def test_files_of_a_finished_run_are_not_taken_for_those_of_an_interrupted_one(
    sequela: Run, reports: Path
) -> None:
    assert sequela("tag", reports, "-o", "out", "--resume").exit_code == 0
    result = sequela("tag", reports, "-o", "out", "--resume")
    assert result.exit_code == 2
    assert "exists already" in result.stderr


def test_a_killed_run_goes_on(sequela: Run, start: Start, tmp_path: Path) -> None:
    folder, output = tmp_path / "many", tmp_path / "out"
    folder.mkdir()
    for number in range(160):
        (folder / f"{number:03}.txt").write_text("Amiodarone caused fever. " * (number % 40 + 1))
    journal = output / "tag.journal"
    process = start("tag", folder, "-o", output, "--resume", "--timeout", "0")
    deadline = time.monotonic() + 60
    while not (journal.exists() and journal.read_bytes().count(b'"results"') > 1):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate()
    (output / f".000.ann.{process.pid}.part").write_text("half of it")
    result = sequela("tag", folder, "-o", output, "--resume")
    assert " of them before), 0 failed" in result.stderr
    assert sequela("tag", folder, "-o", tmp_path / "undisturbed").exit_code == 0
    for path in (tmp_path / "undisturbed").iterdir():
        assert (output / path.name).read_bytes() == path.read_bytes()
    assert names(output) == names(tmp_path / "undisturbed")
