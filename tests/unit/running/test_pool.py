from __future__ import annotations

import functools
import os
import signal
from pathlib import Path

import pytest
from collectors import DieOnArrival, die_on_rash, die_once_on_rash, doc_id, hang_on_rash, process_of

from sequela.errors import SequelaError
from sequela.reading import ReportFile, find_reports
from sequela.running.batches import Failure, Outcome, Settings
from sequela.running.local import run
from support import save_tiny_model

LATE = Failure("it took longer than 4 seconds, twice", "Split the file, or allow more with --timeout")
DIED = Failure(
    "the worker process ended while it was reading this file, twice (exit code -9)",
    "It may have run out of memory: try the file alone, or fewer --jobs",
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    model = save_tiny_model(tmp_path_factory.mktemp("tiny") / "model")
    return Settings(model=str(model), label_map={"CHEMICAL": "DRUG"})


def write(folder: Path, *texts: str) -> list[ReportFile]:
    for number, text in enumerate(texts):
        (folder / f"{number:02}.txt").write_text(text)
    return find_reports([folder]).files


def failures(outcomes: list[Outcome]) -> dict[str, Failure]:
    return {outcome.file.doc_id: outcome.failure for outcome in outcomes if outcome.failure}


@pytest.mark.parametrize(("jobs", "bad"), [(1, 0), (2, 3)])
def test_a_report_that_hangs_is_given_up_and_the_others_are_there(
    tmp_path: Path, settings: Settings, jobs: int, bad: int
) -> None:
    texts = ["Fever."] * 34  # two a chunk
    texts[bad] = "A rash."
    files = write(tmp_path, *texts)
    outcomes = list(run(files, hang_on_rash, settings, jobs=jobs, timeout=4))
    assert [outcome.file for outcome in outcomes] == files
    assert failures(outcomes) == {f"{bad:02}": LATE}
    assert [outcome.result for outcome in outcomes if not outcome.failure] == [
        f"{number:02}" for number in range(34) if number != bad
    ]


def test_a_report_that_kills_its_process_is_given_up_with_one_job_too(
    tmp_path: Path, settings: Settings
) -> None:
    outcomes = list(run(write(tmp_path, "A rash.", "Fever."), die_on_rash, settings, timeout=60))
    assert failures(outcomes) == {"00": DIED}
    assert outcomes[1].result == "01"


def test_a_second_try_may_succeed(tmp_path: Path, settings: Settings) -> None:
    reports = tmp_path / "reports"
    reports.mkdir()
    collect = functools.partial(die_once_on_rash, folder=tmp_path)
    outcomes = list(run(write(reports, "A rash.", "Fever."), collect, settings, timeout=60))
    assert [outcome.result for outcome in outcomes] == ["00", "01"]
    assert (tmp_path / "died").exists()


def test_a_worker_that_the_system_kills_is_replaced(tmp_path: Path, settings: Settings) -> None:
    outcomes = []
    for outcome in run(write(tmp_path, *["Fever."] * 12), process_of, settings, timeout=60):
        outcomes.append(outcome)
        if len(outcomes) == 2:
            os.kill(outcome.result, signal.SIGKILL)
    assert failures(outcomes) == {}
    assert len(outcomes) == 12
    assert len({outcome.result for outcome in outcomes}) == 2


def test_what_is_known_is_not_done_again(tmp_path: Path, settings: Settings) -> None:
    def known(file: ReportFile) -> Outcome | None:
        return Outcome(file=file, result="known", earlier=True) if int(file.doc_id) % 3 else None

    files = write(tmp_path, *["Fever."] * 40)
    expected = ["known" if number % 3 else f"{number:02}" for number in range(40)]
    for timeout in (0, 60):
        outcomes = list(run(files, doc_id, settings, timeout=timeout, known=known))
        assert [outcome.result for outcome in outcomes] == expected


def test_workers_that_end_while_they_load_end_the_run(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(SequelaError) as caught:
        list(run(write(tmp_path, "Fever.", "A rash."), DieOnArrival(), settings, jobs=2, timeout=60))
    assert str(caught.value) == (
        "a worker process ended while it was loading the model (exit code 9). "
        "It may have run out of memory: use fewer --jobs."
    )
