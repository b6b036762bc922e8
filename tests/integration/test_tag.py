from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from sequela.corpora import brat
from sequela.corpora.document import Document

Run = Callable[..., Result]


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
    assert sequela("tag", reports, "-o", reports, "--overwrite").exit_code == 0
    assert "SYMPTOM 18 23" in (reports / "a.ann").read_text()


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
