from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from sequela.corpora.triples_csv import read_triples, triples_files
from sequela.reading import find_reports
from sequela.schema import COLUMNS
from support import read_rows

Run = Callable[..., Result]
Start = Callable[..., "subprocess.Popen[str]"]

BEFORE = ",".join(COLUMNS) + "\n"


def pairs(file: Path) -> list[tuple[str, str, str]]:
    return [(row["doc_id"], row["drug"], row["event"]) for row in read_rows(file)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_becomes_a_csv(sequela: Run, reports: Path) -> None:
    result = sequela("extract", reports)
    assert result.exit_code == 0
    output = Path("triples.csv")
    assert output.read_text(encoding="utf-8").splitlines()[0] == ",".join(COLUMNS)
    assert pairs(output) == [("a", "Amiodarone", "fever"), ("b", "clindamycin", "rash")]
    assert result.stderr.startswith("sequela: 3 reports read, 0 failed, 2 rows, ")
    assert result.stdout == ""
    assert names(Path()) == ["triples.csv"]


def test_offsets_count_the_characters_of_the_file(sequela: Run, tmp_path: Path) -> None:
    file = tmp_path / "case.txt"
    file.write_bytes("\ufeffÄrzte:\r\n\r\nAmiodarone caused fever.".encode())
    assert sequela("extract", file).exit_code == 0
    (row,) = read_rows(Path("triples.csv"))
    text = file.read_bytes().decode("utf-8-sig")
    assert text[int(row["drug_start"]) : int(row["drug_end"])] == row["drug"] == "Amiodarone"
    assert text[int(row["event_start"]) : int(row["event_end"])] == row["event"] == "fever"


def test_standard_output(sequela: Run, reports: Path) -> None:
    result = sequela("extract", reports, "-o", "-")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert [line.split(",")[0] for line in lines[1:]] == ["a", "b"]
    assert names(Path()) == []


def test_limit(sequela: Run, reports: Path) -> None:
    assert sequela("extract", reports, "--limit", "1").exit_code == 0
    assert pairs(Path("triples.csv")) == [("a", "Amiodarone", "fever")]


def test_rows_that_did_not_happen_come_with_all(sequela: Run, tmp_path: Path) -> None:
    file = tmp_path / "case.txt"
    file.write_text("Amiodarone may cause rash. Clindamycin caused fever.")
    assert sequela("extract", file).exit_code == 0
    default = read_rows(Path("triples.csv"))
    assert sequela("extract", file, "--all").exit_code == 0
    everything = read_rows(Path("triples.csv"))
    assert {row["attribution"] for row in default} <= {"index_patient", "other_case"}
    assert {row["assertion"] for row in default} <= {"affirmed", "possible"}
    assert {row["triple_id"] for row in default} < {row["triple_id"] for row in everything}


def test_same_names_in_different_folders(sequela: Run, tmp_path: Path) -> None:
    for year in ("2019", "2020"):
        (tmp_path / year).mkdir()
        (tmp_path / year / "case.txt").write_text("Amiodarone caused fever.")
    assert sequela("extract", tmp_path / "2019", tmp_path / "2020").exit_code == 0
    rows = read_rows(Path("triples.csv"))
    assert [row["doc_id"] for row in rows] == ["2019/case", "2020/case"]
    assert len({row["triple_id"] for row in rows}) == 2


def test_cells_that_a_spreadsheet_would_run_are_neutralised(sequela: Run, tmp_path: Path) -> None:
    (tmp_path / "=1+1.txt").write_text("Amiodarone caused fever.")
    assert sequela("extract", tmp_path / "=1+1.txt").exit_code == 0
    assert [row["doc_id"] for row in read_rows(Path("triples.csv"))] == ["'=1+1"]


def test_the_output_does_not_depend_on_the_number_of_processes(sequela: Run, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(40):
        text = "Amiodarone caused fever. " * (number % 7) + "Clindamycin caused a rash."
        (folder / f"{number:02}.txt").write_text(text)
    (folder / "20.txt").write_bytes(b"\xff\xff\xff")
    outputs = []
    for jobs in ("1", "2"):
        assert sequela("extract", folder, "--jobs", jobs, "-o", f"{jobs}.csv").exit_code == 1
        outputs.append((Path(f"{jobs}.csv").read_bytes(), Path(f"{jobs}.csv.errors.csv").read_bytes()))
    assert outputs[0] == outputs[1]
    assert len({row["doc_id"] for row in read_rows(Path("1.csv"))}) == 39


def test_what_cannot_be_read_is_named_and_the_rest_is_there(sequela: Run, reports: Path) -> None:
    (reports / "a2.txt").write_bytes(b"")
    (reports / "z.txt").symlink_to("nowhere")
    result = sequela("extract", reports)
    assert result.exit_code == 1
    assert pairs(Path("triples.csv")) == [("a", "Amiodarone", "fever"), ("b", "clindamycin", "rash")]
    assert read_rows(Path("triples.csv.errors.csv")) == [
        {
            "path": str(reports / "a2.txt"),
            "reason": "the file is empty",
            "what_to_do": "Save the text of the report in it, or leave it out",
        },
        {
            "path": str(reports / "z.txt"),
            "reason": "the file is not there",
            "what_to_do": "If it is a link, mend it; else check the path",
        },
    ]
    assert result.stderr.splitlines()[0] == (
        f"sequela: {reports / 'a2.txt'}: the file is empty. "
        "Save the text of the report in it, or leave it out."
    )
    assert "3 reports read, 2 failed, 2 rows" in result.stderr


def test_the_errors_of_an_earlier_run_do_not_stay(sequela: Run, reports: Path) -> None:
    (reports / "a2.txt").write_bytes(b"")
    assert sequela("extract", reports).exit_code == 1
    (reports / "a2.txt").unlink()
    assert sequela("extract", reports).exit_code == 0
    assert names(Path()) == ["triples.csv"]


def test_encoding(sequela: Run, tmp_path: Path) -> None:
    (tmp_path / "case.txt").write_bytes("Naïve to it, amiodarone caused fever.".encode("cp1252"))
    result = sequela("extract", tmp_path / "case.txt")
    assert result.exit_code == 1
    assert "add --encoding cp1252" in result.stderr
    assert sequela("extract", tmp_path / "case.txt", "--encoding", "cp1252").exit_code == 0
    assert pairs(Path("triples.csv")) == [("case", "amiodarone", "fever")]


def test_a_longer_report_can_be_allowed(sequela: Run, tmp_path: Path) -> None:
    (tmp_path / "case.txt").write_text("Amiodarone caused fever.")
    result = sequela("extract", tmp_path / "case.txt", "--max-chars", "20")
    assert result.exit_code == 1
    assert "raise the limit with --max-chars" in result.stderr
    assert sequela("extract", tmp_path / "case.txt", "--max-chars", "24").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["nowhere"], "no such file or folder: nowhere. Check the path.", id="no such path"),
        pytest.param(["."], "no report in .: sequela looks for files named *.txt.", id="no report"),
        pytest.param(["REPORTS", "-o", "no/t.csv"], "its folder does not exist.", id="no such folder"),
        pytest.param(["REPORTS", "-o", "."], "cannot write .: it is a folder.", id="output is a folder"),
        pytest.param(
            ["REPORTS", "--encoding", "cp1525"], "no such encoding: 'cp1525'.", id="no such encoding"
        ),
        pytest.param(
            ["REPORTS", "--labels", "A"], "A: no such label map: give a file, or", id="no label map"
        ),
        pytest.param(
            ["REPORTS", "--labels", "A=B"],
            "--labels A=B: write FROM=TO, where TO is one of DRUG, ",
            id="no label",
        ),
        pytest.param(["REPORTS", "--model", "no_such_model"], "no_such_model", id="no such model"),
        pytest.param(
            ["REPORTS", "--model", "no_such_model", "--jobs", "2"],
            "no_such_model",
            id="no such model, 2 jobs",
        ),
        pytest.param(["REPORTS", "--jobs", "-1"], "Invalid value for '--jobs'", id="jobs below 0"),
        pytest.param([], "Missing argument", id="no path"),
    ],
)
def test_bad_input_writes_nothing_and_says_what_to_do(
    sequela: Run, reports: Path, arguments: list[str], message: str
) -> None:
    result = sequela("extract", *[str(reports) if word == "REPORTS" else word for word in arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert names(Path()) == []


def test_there_is_no_progress_bar_in_a_pipe(start: Start, reports: Path, tmp_path: Path) -> None:
    process = start("extract", reports, "-o", tmp_path / "t.csv")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert errors.splitlines() == [errors.strip()]
    assert errors.startswith("sequela: 3 reports read")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "asked to end"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_run_leaves_the_earlier_output(
    start: Start, tmp_path: Path, number: signal.Signals, jobs: str
) -> None:
    folder, output = tmp_path / "many", tmp_path / "out" / "t.csv"
    folder.mkdir()
    output.parent.mkdir()
    output.write_text(BEFORE)
    for report in range(3000):
        (folder / f"{report}.txt").write_text("Amiodarone caused fever. " * 100)
    process = start("extract", folder, "-o", output, "--jobs", jobs)
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size for path in output.parent.glob(".*.part")):  # rows are being written
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert output.read_text() == BEFORE
    assert names(output.parent) == ["t.csv", "t.csv.interrupted.csv"]
    kept = output.with_name("t.csv.interrupted.csv")
    reports = re.match("sequela: the rows of ([0-9,]+) reports are in ", errors)
    assert reports
    assert errors == (
        f"{reports[0]}{kept}. With --resume, the next run goes on where it was interrupted.\n"
        "sequela: interrupted\n"
    )
    assert [row.to_dict()["drug"] for row in read_triples(kept)] == ["Amiodarone"] * int(
        reports[1].replace(",", "")
    )
    assert [path.name for path in triples_files(output.parent)] == ["t.csv"]


def test_an_interrupted_run_without_a_finished_report_leaves_nothing(
    sequela: Run, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sequela.running.extract.rows_of", interrupt)
    result = sequela("extract", reports)
    assert (result.exit_code, result.stderr) == (130, "sequela: interrupted\n")
    assert names(Path()) == []


@pytest.mark.parametrize("resume", [[], ["--resume"]], ids=["", "resume"])
def test_a_file_that_is_no_output_is_not_replaced(sequela: Run, reports: Path, resume: list[str]) -> None:
    texts = {path: path.read_bytes() for path in reports.glob("*.txt")}
    result = sequela("extract", "-o", *sorted(texts), *resume)  # the name of the output is forgotten
    assert result.exit_code == 2
    assert result.stderr == (
        f"sequela: {reports / 'a.txt'} exists and is no triples CSV, so that it is not replaced. "
        "Move it away, or choose another name with --output.\n"
    )
    assert {path: path.read_bytes() for path in reports.glob("*.txt")} == texts
    assert names(reports) == ["a.txt", "b.txt", "more"]
    for content in ("", BEFORE):
        Path("ours").write_text(content)
        assert sequela("extract", reports, "-o", "ours", *resume).exit_code == 0
        assert len(pairs(Path("ours"))) == 2


def test_a_closed_pipe_ends_the_run_quietly(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for report in range(300):
        (folder / f"{report}.txt").write_text("Amiodarone caused fever. " * 100)
    process = start("extract", folder, "-o", "-", "--all")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=60), errors) == (141, "")


def test_odd_names_and_links_in_a_circle(sequela: Run, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    (folder / "deep" / "er").mkdir(parents=True)
    for name in (
        b"new\nline.txt",
        b"quo\"te,'.txt",
        b"caf\xe9.txt",
        b"-o.txt",
        b"deep/er/\xf0\x9f\x92\x8a.txt",
    ):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("Amiodarone caused fever.")
    (folder / "deep" / "up").symlink_to(folder)
    (folder / "self.txt").symlink_to("self.txt")
    (folder / "gone\x1b[2J.txt").symlink_to("nowhere")
    result = sequela("extract", folder)
    assert result.exit_code == 1
    rows = read_rows(Path("triples.csv"))
    assert {row["doc_id"] for row in rows} == {"new\nline", "quo\"te,'", r"caf\xe9", "'-o", "💊"}
    assert len(rows) == 5
    assert [row["path"] for row in read_rows(Path("triples.csv.errors.csv"))] == [
        str(folder / r"gone\x1b[2J.txt"),
        str(folder / "self.txt"),
    ]
    assert "\x1b" not in result.stderr


def test_a_huge_file_is_named_at_once_and_the_rest_is_there(sequela: Run, reports: Path) -> None:
    with (reports / "dump.txt").open("wb") as file:
        file.truncate(50_000_000)
    assert sequela("extract", reports).exit_code == 1
    assert len(pairs(Path("triples.csv"))) == 2
    (failed,) = read_rows(Path("triples.csv.errors.csv"))
    assert failed["reason"] == (
        "the file is too long for a case report (50,000,000 bytes; the limit is 1,000,000 characters)"
    )


def test_thousands_of_files_cost_little_memory(tmp_path: Path) -> None:
    for number in range(5000):
        if not number % 500:
            folder = tmp_path / f"{number}"
            folder.mkdir()
        (folder / f"{number:05}.txt").touch()
    find_reports([folder])  # what is imported at first use is not part of the cost
    tracemalloc.start()
    found = find_reports([tmp_path])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.files) == 5000
    assert peak / 5000 < 1500  # bytes: 100,000 files fit into the memory that the model takes


@pytest.mark.parametrize("resume", [[], ["--resume"]], ids=["plain", "resume"])
def test_a_folder_that_goes_while_the_run_goes_on(
    sequela: Run, reports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resume: list[str]
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()

    def remove(_: object, **__: object) -> tuple[int, str, str]:
        shutil.rmtree(folder, ignore_errors=True)
        return 0, "", ""

    monkeypatch.setattr("sequela.running.extract.rows_of", remove)
    result = sequela("extract", reports, "-o", folder / "t.csv", *resume)
    assert result.exit_code == 2
    assert result.stderr == (
        f"sequela: cannot write {folder / 't.csv'}: No such file or directory. "
        "Free space or permit writing there, or choose another place.\n"
    )
    assert not folder.exists()


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        pytest.param(["--all"], set(), id="output"),
        pytest.param(["--resume"], {"t.csv.journal"}, id="journal"),
    ],
)
def test_a_disk_that_is_full(start: Start, tmp_path: Path, options: list[str], kept: set[str]) -> None:
    folder, output = tmp_path / "many", tmp_path / "out" / "t.csv"
    folder.mkdir()
    output.parent.mkdir()
    for number in range(48):
        (folder / f"{number:02}.txt").write_text(
            f"Amiodarone {number} caused fever. Clindamycin caused rash."
        )
    largest = 8192
    process = start(
        "extract", folder, "-o", output, "--timeout", "0", *options,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest)),
    )  # fmt: skip
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "File too large. Free space or permit writing there, or" in errors
    assert "Traceback" not in errors
    assert set(names(output.parent)) <= kept
