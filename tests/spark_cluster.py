"""A Spark cluster for tests: a master and two workers on loopback, gone at the end; and reports that go wrong on it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spacy.tokens import Doc

from sequela import attributes
from sequela.running.extract import rows_of

# Where this is set, a missing Spark or Java is a failure and no reason to skip
REQUIRED = "SEQUELA_REQUIRE_SPARK"
# Quick to start rather than quick to run
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
SETTINGS = {
    "spark.driver.extraJavaOptions": JAVA_OPTIONS,
    "spark.executor.extraJavaOptions": JAVA_OPTIONS,
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
    "spark.cores.max": "2",
    "spark.sql.shuffle.partitions": "4",
}


def missing() -> str | None:
    """Name what is not there and must be for Spark to run."""
    if importlib.util.find_spec("pyspark") is None:
        return "no PySpark"
    home = os.environ.get("JAVA_HOME")
    return None if shutil.which("java", path=str(Path(home, "bin")) if home else None) else "no Java"


@contextmanager
def running_cluster() -> Iterator[str]:
    """Start a master and two workers, with room for two runs at a time; gives the address of the master."""
    import pyspark

    home = Path(pyspark.__file__).parent
    folder = Path(tempfile.mkdtemp(prefix="sequela-spark-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"spark://127.0.0.1:{port}"
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": JAVA_OPTIONS,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }
    processes: list[subprocess.Popen[bytes]] = []

    def start(kind: str, *arguments: str) -> None:
        command = [home / "bin" / "spark-class", f"org.apache.spark.deploy.{kind}", "--host", "127.0.0.1"]
        with (folder / f"log{len(processes)}").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--webui-port", "0", *arguments],
                env=environment,
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        processes.append(process)

    try:
        start("master.Master", "--port", str(port))
        for number in range(2):
            place = str(folder / f"work{number}")
            start("worker.Worker", "--cores", "2", "--memory", "1g", "--work-dir", place, address)
        _wait_for(port, processes[0], folder)
        yield address
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port: int, master: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if master.poll() is not None:
            break
        time.sleep(0.2)
    raise RuntimeError(f"the master did not start: {(folder / 'log0').read_text()}")


def rows_or_trouble(doc: Doc, *, include_all: bool) -> tuple[int, str]:
    """Give the rows of a report, unless its text asks for something else."""
    if "raise" in doc.text:
        raise ValueError(doc.text)
    if "hang" in doc.text:
        signal.pause()
    if "die" in doc.text:
        os.kill(os.getpid(), signal.SIGKILL)
    return rows_of(doc, include_all=include_all)


def lose_executor_once(doc: Doc, *, include_all: bool) -> tuple[int, str]:
    """Kill the executor that this process belongs to, the first time that a report named ``lost-...`` comes by."""
    doc_id = attributes.get_meta(doc)["doc_id"]
    marker = Path(tempfile.gettempdir(), f"sequela-{doc_id}")
    if doc_id.startswith("lost") and not marker.exists():
        marker.touch()
        os.kill(_executor(), signal.SIGKILL)
        signal.pause()
    return rows_of(doc, include_all=include_all)


def _executor() -> int:
    """Give the id of the Java process among the ancestors of this one."""
    process = os.getppid()
    while b"CoarseGrainedExecutorBackend" not in Path(f"/proc/{process}/cmdline").read_bytes():
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return process
