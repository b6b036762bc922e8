"""The Spark engine on a cluster of two workers: the same files as the local engine."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import Result

from sequela import __version__
from sequela.corpora.triples_csv import read_triples
from sequela.errors import OutputError, SequelaError
from sequela.reading import find_reports
from sequela.running.batches import Failure, Settings
from sequela.running.extract import extract as extract_here
from sequela.running.spark import extract
from sequela.running.spark.plan import outcomes, results
from sequela.running.spark.session import explain, private_disk
from sequela.running.spark.worker import Job, Stop, process
from sequela.schema import COLUMNS
from spark_cluster import (
    REQUIRED,
    SETTINGS,
    lose_executor_once,
    missing,
    rows_or_trouble,
    running_cluster,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CASEBOOK = Path(__file__).parents[2] / "corpora" / "casebook"
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Give the address of a cluster with two workers."""
    what = missing()
    if what:
        if os.environ.get(REQUIRED):
            pytest.fail(f"{what}, and {REQUIRED} is set: pip install 'sequela[spark]', and Java 17")
        pytest.skip(what)
    with running_cluster() as address:
        yield address


@pytest.fixture(scope="module")
def spark(cluster: str) -> Iterator[SparkSession]:
    """Give a session, which the runs of this process then share."""
    from sequela.running.spark.session import open_session

    with open_session(cluster, SETTINGS) as session:
        yield session


@pytest.fixture(scope="module")
def settings(tiny_model: Path) -> Settings:
    return Settings(model=str(tiny_model), label_map={"CHEMICAL": "DRUG"}, max_characters=10_000)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with reports in several chunks, some of which cannot be read, and odd names."""
    folder = tmp_path_factory.mktemp("reports") / "many"
    for year in ("2019", "2020"):
        (folder / year).mkdir(parents=True)
        for number in range(25):
            text = (
                "Amiodarone caused fever. " * (number % 5) + f"A rash came {number} days after clindamycin."
            )
            (folder / year / f"{number:02}.txt").write_text(text)
    (folder / "2019" / "bytes.txt").write_bytes(b"\xff\xff\xff")
    (folder / "2020" / "empty.txt").write_bytes(b"")
    (folder / "2020" / "long.txt").write_text("Amiodarone caused fever. " * 2000)
    for name in ("a b", "[c]", "d*", "e%20f", "g{h}", "=1+1", "ä"):
        (folder / f"{name}.txt").write_text("Minocycline caused petechiae.", encoding="utf-8")
    return folder


def files_of(output: Path) -> tuple[bytes, bytes, bytes]:
    first, second = (Path(f"{output}{suffix}").read_bytes() for suffix in (".errors.csv", ".mentions.csv"))
    return output.read_bytes(), first, second


@pytest.fixture(scope="module")
def here(settings: Settings, many: Path) -> Path:
    """Give the CSV that the local engine makes of the folder; its errors are beside it."""
    output = many.parent / "here.csv"
    summary = extract_here(find_reports([many]), output, settings, include_all=True, mentions=True)
    assert (summary.reports, summary.failed) == (57, 3)
    return output


@pytest.mark.parametrize("partitions", [1, 50])
def test_the_files_are_those_of_the_local_engine(
    spark: SparkSession, settings: Settings, many: Path, here: Path, tmp_path: Path, partitions: int
) -> None:
    there = tmp_path / "there.csv"
    options = {"include_all": True, "mentions": True, "timeout": 60}
    summary = extract([str(many)], str(there), settings, partitions=partitions, **options)
    assert (summary.reports, summary.failed) == (57, 3)
    assert files_of(there) == files_of(here)
    assert files_of(here)[2].count(b"\n") > 5


def test_addresses_are_read_by_spark_and_give_the_same(
    spark: SparkSession, settings: Settings, many: Path, here: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there.csv"
    output = f"file:{there}"
    there.write_text("of an earlier run")
    options = {"include_all": True, "mentions": True, "timeout": 60}
    extract([f"file://{many}"], output, settings, partitions=7, **options)
    rows, errors, mentions = files_of(there)
    assert (rows, mentions) == (files_of(here)[0], files_of(here)[2])
    assert errors.replace(b"file:/", b"/") == files_of(here)[1]
    names = ["there.csv", "there.csv.errors.csv", "there.csv.mentions.csv"]
    assert sorted(path.name for path in tmp_path.glob("*there*")) == names


def test_wildcards_and_named_files(
    spark: SparkSession, settings: Settings, many: Path, tmp_path: Path
) -> None:
    (many.parent / "named.report").write_text("Amiodarone caused fever.")
    wanted = [
        f"file:{many.parent}/named.report",
        f"file:{many}/[c].txt",
        f"file:{many}/20{{19,20}}/0[1-3].txt",
    ]
    output = tmp_path / "there.csv"
    assert extract(wanted, str(output), settings, include_all=True, timeout=60).failed == 0
    ids = dict.fromkeys(row.doc_id for row in read_triples(output))
    assert list(ids) == ["named", "[c]", *(f"many/{year}/0{n}" for year in (2019, 2020) for n in (1, 2, 3))]
    with pytest.raises(SequelaError, match=r"^no such file or folder: file:/none/\*. Check the address.$"):
        extract(["file:/none/*"], str(output), settings)


def test_parquet_holds_the_rows_with_their_types(
    spark: SparkSession, settings: Settings, many: Path, here: Path, tmp_path: Path
) -> None:
    from pyarrow import parquet

    output = tmp_path / "rows.parquet"
    summary = extract([str(many)], str(output), settings, include_all=True, timeout=60)
    table = parquet.read_table(output)
    expected = [triple.to_dict() for triple in read_triples(here)]
    assert table.column_names == list(COLUMNS)
    assert table.to_pylist() == [{column: row[column] for column in COLUMNS} for row in expected]
    assert (summary.reports, summary.failed, summary.rows) == (57, 3, len(expected))
    assert Path(f"{output}.errors.csv").read_bytes() == files_of(here)[1]
    assert (output / "_SUCCESS").exists()
    with pytest.raises(OutputError, match=r"exists already. Choose another place, or remove it first.$"):
        extract([str(many)], str(output), settings)
    with pytest.raises(
        OutputError, match=r"^cannot write .*Choose another place, or free|choose another place"
    ):
        extract([str(many)], str(here / "rows.parquet"), settings)


def test_reports_that_raise_hang_or_die_leave_their_neighbours(
    spark: SparkSession, settings: Settings, tmp_path: Path
) -> None:
    for number in range(32):  # two a chunk
        what = {3: "raise", 10: "hang", 20: "die"}.get(number, "")
        (tmp_path / f"{number:02}.txt").write_text(f"Amiodarone caused fever. {what}")
    files = find_reports([tmp_path]).files
    job = Job(version=__version__, collect=rows_or_trouble, settings=settings, timeout=8)
    with results(spark, files, job, partitions=2) as frame:
        found = list(outcomes(frame, files, settings.max_characters))
    assert [outcome.file for outcome in found] == files
    assert [number for number, outcome in enumerate(found) if outcome.failure] == [3, 10, 20]
    assert {outcome.result[0] for outcome in found if not outcome.failure} == {1}
    raised, late, died = (found[number].failure for number in (3, 10, 20))
    assert raised is not None
    assert raised.reason.startswith("the pipeline failed on this text (ValueError in spark_cluster.py, line ")
    assert late == Failure(
        "it took longer than 8 seconds, twice", "Split the file, or allow more with --timeout"
    )
    assert died == Failure(
        "the worker process ended while it was reading this file, twice (exit code -9)",
        "It may have run out of memory: try the file alone, or fewer --jobs",
    )


def test_what_a_lost_executor_was_doing_is_done_again(
    spark: SparkSession, settings: Settings, tmp_path: Path
) -> None:
    name = f"lost-{uuid.uuid4().hex}"
    for doc_id in ("a", "b", name, "z"):
        (tmp_path / f"{doc_id}.txt").write_text("Amiodarone caused fever.")
    files = find_reports([tmp_path]).files
    job = Job(version=__version__, collect=lose_executor_once, settings=settings)
    marker = Path(tempfile.gettempdir(), f"sequela-{name}")
    try:
        with results(spark, files, job, partitions=2) as frame:
            found = list(outcomes(frame, files, settings.max_characters))
        assert marker.exists()
    finally:
        marker.unlink(missing_ok=True)
    assert [outcome.file.doc_id for outcome in found] == ["a", "b", name, "z"]
    assert [outcome.result[0] for outcome in found] == [1, 1, 1, 1]


def test_an_executor_with_another_release_ends_the_run_with_the_reason(settings: Settings) -> None:
    pytest.importorskip("pandas")
    job = Job(version="0.0.0", collect=rows_or_trouble, settings=settings)
    with pytest.raises(Stop) as error:
        list(process([], job))
    assert explain(f"PythonException: Traceback ... {error.value}") == (
        f"the executors have sequela {__version__}, this machine has 0.0.0. Install the same release on both."
    )


def test_errors_of_executors_do_not_quote_reports(settings: Settings) -> None:
    pandas = pytest.importorskip("pandas")
    job = Job(version=__version__, collect=rows_or_trouble, settings=settings)
    frame = pandas.DataFrame([("a report", "about", "somebody")])
    with pytest.raises(Stop) as error:
        list(process([frame], job))
    assert "report about" not in str(error.value)
    assert "an executor failed (TypeError in worker.py, line " in str(error.value)


@pytest.mark.model
def test_the_command_with_the_shipped_tagger(cluster: str, tmp_path: Path) -> None:
    def run(name: str, *options: str) -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable,
            "-m",
            "sequela",
            "extract",
            str(CASEBOOK),
            "--limit",
            "8",
            "--all",
            "-o",
            f"{name}.csv",
            *options,
        ]
        environment = {**os.environ, "PYTHONHASHSEED": "7"}
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=300
        )

    conf = [word for name, value in SETTINGS.items() for word in ("--conf", f"{name}={value}")]
    local, there = (
        run("local", "--timeout", "0"),
        run("there", "--engine", "spark", "--master", cluster, *conf),
    )
    assert (local.returncode, there.returncode) == (0, 0), there.stderr
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "local.csv").read_bytes()
    assert (tmp_path / "local.csv").read_bytes().count(b"\n") > 5
    # One line of Java's own, about a module that Spark asks for, cannot be helped
    said = [line for line in there.stderr.splitlines() if not line.startswith("WARNING: Using incubator")]
    assert [line.partition(", 0 failed")[0] for line in said] == ["sequela: 8 reports read"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            "--engine spark --jobs 2",
            "--jobs is for --engine local. On Spark the executors and their cores decide.",
        ),
        (
            "--engine spark --resume",
            "--resume is for --engine local. Spark does the work of an executor that was lost again by itself.",
        ),
        (
            "--engine spark --db x.db -o x.parquet",
            "--db needs the rows as CSV. Write to a file called .csv.",
        ),
        (
            "--engine spark --mentions -o x.parquet",
            "--mentions needs the rows as CSV. Write to a file called .csv.",
        ),
        ("-o - --mentions", "--mentions needs a file to write to. Name one with --output."),
        (
            "--engine spark --conf memory=2g",
            "--conf memory=2g: write KEY=VALUE with a setting of Spark, as in --conf spark.executor.memory=2g.",
        ),
        ("--master yarn", "--master is for Spark. Add --engine spark, or leave it out."),
        ("-o x.parquet", "x.parquet: Parquet is written by Spark. Add --engine spark, or name a CSV."),
        (
            "-o hdfs://host/x.csv",
            "hdfs://host/x.csv is an address that Spark can reach. Add --engine spark.",
        ),
    ],
    ids=lambda value: value.split()[-1] if value.startswith("-") else "",
)
def test_options_that_make_no_sense_are_refused(
    sequela: Run, reports: Path, options: str, message: str
) -> None:
    result = sequela("extract", reports, *options.split())
    assert (result.exit_code, result.stderr) == (2, f"sequela: {message}\n")
    assert list(Path().iterdir()) == []


def test_a_model_that_is_not_there_is_noticed_before_spark_starts(sequela: Run, reports: Path) -> None:
    result = sequela("extract", reports, "--engine", "spark", "--model", "no-such-model")
    assert result.exit_code == 2
    assert "no-such-model" in result.stderr
    assert list(Path().iterdir()) == []


def test_paths_and_addresses_are_not_mixed(sequela: Run, reports: Path) -> None:
    result = sequela("extract", reports, "hdfs://host/reports", "--engine", "spark")
    assert result.exit_code == 2
    assert result.stderr == (
        "sequela: give either paths of this machine or addresses such as hdfs://..., not both.\n"
    )


def test_a_missing_pyspark_is_named(sequela: Run, reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = sequela("extract", reports, "--engine", "spark")
    assert result.exit_code == 2
    assert result.stderr == (
        "sequela: --engine spark needs PySpark, which is not installed. "
        "Install it with: pip install 'sequela[spark]'.\n"
    )


@pytest.mark.parametrize(
    ("home", "message"),
    [
        (
            "",
            "--engine spark needs Java 17 or newer, which is not installed. Install it (Debian, Ubuntu: apt-get "
            "install default-jre-headless), or set JAVA_HOME to the folder of one.",
        ),
        (
            "/no/java",
            "Spark needs Java, and JAVA_HOME names /no/java, where there is no bin/java. Install it (Debian, Ubuntu: "
            "apt-get install default-jre-headless), or set JAVA_HOME to the folder of one.",
        ),
    ],
    ids=["none", "wrong JAVA_HOME"],
)
def test_a_missing_java_is_named(reports: Path, tmp_path: Path, home: str, message: str) -> None:
    pytest.importorskip("pyspark")
    environment = {**os.environ, "PATH": str(tmp_path), "JAVA_HOME": home}
    command = [sys.executable, "-m", "sequela", "extract", str(reports), "--engine", "spark"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=120)
    assert (done.returncode, done.stderr) == (2, f"sequela: {message}\n")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "PythonException: ... ModuleNotFoundError: No module named 'sequela'",
            "Spark: a Python of the executors lacks sequela or what it needs. Install sequela there, or send an "
            "environment with --conf spark.archives.",
        ),
        (
            "[JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number.",
            "Spark: Java ended before Spark started; what it said above tells why. Where it says 'basedir must be "
            "absolute' the user has no home folder: add --conf spark.jars.ivy=/some/folder.",
        ),
        (
            "org.apache.spark.SparkException: Could not parse Master URL: 'what'",
            "Spark: this kind of --master is not known. Write local[N], spark://HOST:PORT, yarn or "
            "k8s://https://HOST:PORT.",
        ),
        (
            "An error occurred while calling o1.run.\n: java.lang.OutOfMemoryException: Java heap space\n\tat x",
            "Spark ended the run: java.lang.OutOfMemoryException: Java heap space. Its own messages above, or the "
            "logs of the executors, tell more.",
        ),
    ],
    ids=["no sequela", "no home", "master", "other"],
)
def test_errors_of_spark_say_what_to_do(message: str, expected: str) -> None:
    assert explain(message) == expected


@pytest.fixture
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("SPARK_LOCAL_DIRS", "SPARK_CONF_DIR", "SPARK_HOME"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_what_spark_writes_on_this_machine_is_for_its_owner_only(unconfigured: pytest.MonkeyPatch) -> None:
    with private_disk({"spark.master": "local[*]"}) as settings:
        folder = Path(settings["spark.local.dir"])
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "blockmgr").mkdir()
    assert not folder.exists()


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ({"spark.master": "spark://head:7077"}, "OTHER"),
        ({}, "OTHER"),
        ({"spark.master": "local", "spark.local.dir": "/scratch"}, "OTHER"),
        ({"spark.master": "local"}, "SPARK_LOCAL_DIRS"),
        ({"spark.master": "local"}, "SPARK_CONF_DIR"),
    ],
    ids=["cluster", "configured", "given", "by the environment", "by a file"],
)
def test_the_disk_that_spark_is_given_stays(
    unconfigured: pytest.MonkeyPatch, settings: dict[str, str], variable: str
) -> None:
    unconfigured.setenv(variable, "/scratch")
    with private_disk(settings) as complete:
        assert complete == settings
