from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from collectors import die_on_rash, doc_id, fail_on_rash, text_of

from sequela.errors import ModelError
from sequela.reading import ReportFile, find_reports
from sequela.running import batches
from sequela.running.batches import Failure, Outcome, Settings, limit_threads
from sequela.running.local import chunk_size, run
from support import save_tiny_model

FAILED = Failure(
    "the pipeline failed on this text "
    f"(ValueError in collectors.py, line {fail_on_rash.__code__.co_firstlineno + 2})",
    "Please report it to the developers, with the text if you may pass it on",
)
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


@pytest.mark.parametrize(
    ("collect", "failure", "jobs"),
    [
        pytest.param(fail_on_rash, FAILED, 1, id="error"),
        pytest.param(fail_on_rash, FAILED, 2, id="error in a worker"),
        pytest.param(die_on_rash, DIED, 2, id="death of a worker"),
    ],
)
def test_a_report_that_fails_does_not_take_its_neighbours_with_it(
    tmp_path: Path, settings: Settings, collect: Callable[..., Any], failure: Failure, jobs: int
) -> None:
    # 40 reports go in chunks of two: the failing ones have neighbours
    texts = ["Fever."] * 40
    texts[3] = texts[20] = "A rash."
    texts[21] = ""
    outcomes = list(run(write(tmp_path, *texts), collect, settings, jobs=jobs))
    assert [outcome.file.doc_id for outcome in outcomes] == [f"{number:02}" for number in range(40)]
    failed = {outcome.file.doc_id: outcome.failure for outcome in outcomes if outcome.failure}
    assert failed == {
        "03": failure,
        "20": failure,
        "21": Failure("the file is empty", "Save the text of the report in it, or leave it out"),
    }
    assert all(outcome.result == outcome.file.doc_id for outcome in outcomes if not outcome.failure)


def test_reports_that_change_while_the_run_goes_on_are_read_as_they_then_are(
    tmp_path: Path, settings: Settings
) -> None:
    files = write(tmp_path, "Fever.", "Fever.", "Fever.", "Fever.")
    outcomes = run(files, text_of, settings)
    assert next(outcomes).result == "Fever."
    files[1].path.write_text("A rash.")
    files[2].path.unlink()
    files[3].path.unlink()
    files[3].path.mkdir()
    assert [(outcome.result, outcome.failure) for outcome in outcomes] == [
        ("A rash.", None),
        (None, Failure("the file is not there", "If it is a link, mend it; else check the path")),
        (None, Failure("this is no regular file", "Leave it out, or copy its content to one")),
    ]


def test_results_do_not_pile_up(tmp_path: Path, settings: Settings) -> None:
    files = write(tmp_path, *["Fever."] * 600)
    size = 100_000
    outcomes = run(files, doc_id, settings, known=lambda file: Outcome(file=file, result="x" * size))
    next(outcomes)  # the pipeline is loaded
    tracemalloc.start()
    count = sum(1 for _ in outcomes)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 599
    assert peak < 2.5 * chunk_size(600) * size


def test_a_model_that_is_not_there_is_found_out_by_the_workers(tmp_path: Path) -> None:
    files = write(tmp_path, *["Fever."] * 4)
    with pytest.raises(ModelError, match="no_such_model"):
        list(run(files, doc_id, Settings(model="no_such_model"), jobs=2))


def test_no_files(settings: Settings) -> None:
    assert list(run([], doc_id, settings, jobs=2)) == []


def test_batches_are_bounded_by_characters(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    process = batches._process

    def count(nlp: Any, reports: list[Any], collect: Any) -> Any:
        sizes.append(len(reports))
        return process(nlp, reports, collect)

    monkeypatch.setattr(batches, "_process", count)
    monkeypatch.setattr(batches, "_CHARACTERS_A_BATCH", 10)
    nlp = batches.load_pipeline(settings)
    files = write(tmp_path, "Fever.", "Rash.", "", "Fever and rash.", "Rash.")
    outcomes = list(batches.process_files(nlp, files, doc_id, settings))
    assert [outcome.result for outcome in outcomes] == ["00", "01", None, "03", "04"]
    assert sizes == [2, 1, 1]


@pytest.mark.parametrize(("kept", "learned"), [(0, 0), (1_000_000, 40)], ids=["forgotten", "kept"])
def test_words_of_a_batch_are_forgotten_once_there_are_enough(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, kept: int, learned: int
) -> None:
    monkeypatch.setattr(batches, "_KEPT_STRINGS", kept)
    nlp = batches.load_pipeline(settings)
    tagger: Any = nlp.get_pipe("sequela_tagger")
    list(batches.process_files(nlp, write(tmp_path, "Rash."), doc_id, settings))
    vocabularies = (nlp.vocab, tagger.nlp.vocab)
    before = [len(vocabulary.strings) for vocabulary in vocabularies]
    texts = [f"The rash of xyz{'q' * number} had gone." for number in range(40)]  # two batches
    outcomes = list(batches.process_files(nlp, write(tmp_path, *texts), text_of, settings))
    assert [outcome.result for outcome in outcomes] == texts
    gained = [
        len(vocabulary.strings) - number for vocabulary, number in zip(vocabularies, before, strict=True)
    ]
    assert all(number >= learned if learned else number == 0 for number in gained)


def test_a_batch_in_a_zone_of_the_caller(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_KEPT_STRINGS", 0)
    nlp = batches.load_pipeline(settings)
    with nlp.memory_zone():
        outcomes = list(batches.process_files(nlp, write(tmp_path, "A rash."), text_of, settings))
    assert [outcome.result for outcome in outcomes] == ["A rash."]


def test_a_raised_limit_holds_for_another_model_too(settings: Settings) -> None:
    nlp = batches.load_pipeline(replace(settings, max_characters=2_000_000))
    tagger: Any = nlp.get_pipe("sequela_tagger")
    assert (nlp.max_length, tagger.nlp.max_length) == (2_000_000, 2_000_000)


@pytest.mark.parametrize(("files", "size"), [(0, 1), (1, 1), (20, 1), (64, 4), (10_000, 32)])
def test_chunk_size(files: int, size: int) -> None:
    assert chunk_size(files) == size


def test_threads_are_limited_unless_the_user_has_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    limit_threads()
    assert (os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]) == ("3", "1")
