"""Starting Spark, and saying what is wrong when it does not start or does not go on."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from sequela.errors import SequelaError
from sequela.running.spark.worker import BEGIN, END

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_INSTALL = "Install it with: pip install 'sequela[spark]'"
_INSTALL_JAVA = (
    "Install it (Debian, Ubuntu: apt-get install default-jre-headless), or set JAVA_HOME to the folder of one"
)
# On this machine alone, so that nothing listens where others can reach it
_LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
_JAVA_OPTIONS = "spark.driver.extraJavaOptions"
_DEFAULTS = {
    "spark.app.name": "sequela",
    "spark.ui.enabled": "false",
    "spark.python.worker.reuse": "true",  # the model stays loaded from task to task
    "spark.executorEnv.PYTHONHASHSEED": "0",
}
# Where one of these is set, somebody else has decided about the master
_CONFIGURED_BY = (
    "PYSPARK_GATEWAY_PORT",
    "SPARK_CONF_DIR",
    "SPARK_HOME",
    "PYSPARK_SUBMIT_ARGS",
    "SPARK_REMOTE",
)
_LOCAL_DIR = "spark.local.dir"
_DISK_CONFIGURED_BY = ("SPARK_LOCAL_DIRS", "SPARK_CONF_DIR", "SPARK_HOME")
_CAUSES = (
    (
        r"No module named '(?:sequela|en_sequela_case|spacy|pandas|pyarrow)",
        "a Python of the executors lacks sequela or what it needs",
        "Install sequela there, or send an environment with --conf spark.archives",
    ),
    (
        "PYTHON_VERSION_MISMATCH|different (?:minor )?version",
        "the executors have another version of Python than this machine",
        "Set PYSPARK_PYTHON to a Python of the same version that is there on every node",
    ),
    (
        r"Cannot run program|No such file or directory.*python",
        "the executors have no Python where it was looked for",
        "Set PYSPARK_PYTHON to a Python that is there on every node",
    ),
    (
        "JAVA_GATEWAY_EXITED|[Bb]asedir must be absolute",
        "Java ended before Spark started; what it said above tells why",
        "Where it says 'basedir must be absolute' the user has no home folder: add "
        "--conf spark.jars.ivy=/some/folder",
    ),
    (
        "Could not parse Master URL",
        "this kind of --master is not known",
        "Write local[N], spark://HOST:PORT, yarn or k8s://https://HOST:PORT",
    ),
    (
        "All masters are unresponsive|Invalid Spark URL|Failed to connect to",
        "the master cannot be reached",
        "Check --master, and that the cluster is running",
    ),
    (
        "No FileSystem for scheme|ClassNotFoundException: Class org.apache.hadoop.fs",
        "Spark has no driver for this kind of address",
        "Add it, as in --conf spark.jars.packages=org.apache.hadoop:hadoop-aws:VERSION for s3a",
    ),
)


@contextmanager
def open_session(master: str | None, settings: Mapping[str, str]) -> Iterator[SparkSession]:
    """Give a Spark session; stop it at the end, unless this process had one before.

    Parameters
    ----------
    master
        Address of the cluster, as of ``spark-submit --master``; what Spark is configured for when None, and
        else this machine.
    settings
        Spark's own, by name.

    Raises
    ------
    SequelaError
        PySpark or Java is not there, or Spark does not start.
    """
    if importlib.util.find_spec("pyspark") is None:
        raise SequelaError(f"--engine spark needs PySpark, which is not installed. {_INSTALL}.")
    from pyspark.sql import SparkSession

    present = SparkSession.getActiveSession()
    if present is not None:
        there = present.sparkContext.master
        if master not in (None, there):
            raise SequelaError(f"this process has a Spark session on {there} already. Leave --master out.")
        yield present
        return
    _check_packages()
    _check_java()
    # Else executors on this machine would take the first Python on the path, which need not have sequela
    if "spark.pyspark.python" not in settings:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with private_disk(_settings_for(master, settings)) as complete:
        builder = SparkSession.builder
        for name, value in complete.items():
            builder = builder.config(name, value)
        try:
            session = builder.getOrCreate()
        except Exception as error:  # of py4j, of Spark and of the system, with no base in common
            raise _not_started(error) from error
        try:
            yield session
        finally:
            session.stop()


@contextmanager
def private_disk(settings: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Give the settings; on this machine alone, with a folder for Spark's files that others cannot look into.

    Spark lets everybody read its shuffle files, which hold texts of reports. Where it is told by somebody else
    where to put them, that is left.
    """
    alone = re.match(r"local\b", settings.get("spark.master", ""))
    if not alone or _LOCAL_DIR in settings or any(os.environ.get(name) for name in _DISK_CONFIGURED_BY):
        yield dict(settings)
        return
    with tempfile.TemporaryDirectory(prefix="sequela-spark-", ignore_cleanup_errors=True) as folder:
        yield {**settings, _LOCAL_DIR: folder}


def parse_settings(pairs: Sequence[str]) -> dict[str, str]:
    """Read settings of Spark as they stand on a command line, ``KEY=VALUE``.

    Raises
    ------
    SequelaError
        Not of this form.
    """
    settings = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.startswith("spark."):
            raise SequelaError(
                f"--conf {pair}: write KEY=VALUE with a setting of Spark, as in --conf spark.executor.memory=2g."
            )
        settings[name] = value
    return settings


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn an error of Spark into one that says what to do."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JError, PySparkException) as error:
        raise SequelaError(explain(str(error))) from error


def explain(message: str) -> str:
    """Give the first line that matters of what Spark says, or better, a known cause with its remedy."""
    ours = re.search(f"{BEGIN}(.*?){END}", message, re.DOTALL)
    if ours:
        return ours[1]
    for pattern, reason, remedy in _CAUSES:
        if re.search(pattern, message):
            return f"Spark: {reason}. {remedy.rstrip('.')}."
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    first = next((line for line in lines if "Exception: " in line), lines[0] if lines else "no reason given")
    first = first.lstrip(": ")
    return f"Spark ended the run: {first[:300]}. Its own messages above, or the logs of the executors, tell more."


def _settings_for(master: str | None, given: Mapping[str, str]) -> dict[str, str]:
    if master is None and not any(os.environ.get(name) for name in _CONFIGURED_BY):
        master = "local[*]"
    settings = dict(_DEFAULTS)
    settings["spark.ui.showConsoleProgress"] = str(sys.stderr.isatty()).lower()
    if master is not None:
        if master.startswith("sc:"):
            raise SequelaError(
                "--master sc://...: Spark Connect is not supported. Give the address of the cluster itself, or run "
                "sequela there with spark-submit."
            )
        settings["spark.master"] = master
        if re.match(r"local\b|spark://(127\.|localhost\b)", master):
            settings.update(_LOOPBACK)
            os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    settings.update(given)
    options = settings.get(_JAVA_OPTIONS, "")
    if "log4j" not in options:
        settings[_JAVA_OPTIONS] = f"-Dlog4j2.configurationFile={_log_settings()} {options}".strip()
    return settings


def _log_settings() -> str:
    return Path(str(files("sequela.running.spark") / "log4j2.properties")).as_uri()


def _check_packages() -> None:
    for name in ("pandas", "pyarrow"):
        if importlib.util.find_spec(name) is None:
            raise SequelaError(f"--engine spark needs {name}, which is not installed. {_INSTALL}.")


def _check_java() -> None:
    if os.environ.get("PYSPARK_GATEWAY_PORT"):
        return  # started by spark-submit, from a Java
    home = os.environ.get("JAVA_HOME")
    if home and not shutil.which("java", path=str(Path(home, "bin"))):
        raise SequelaError(
            f"Spark needs Java, and JAVA_HOME names {home}, where there is no bin/java. {_INSTALL_JAVA}."
        )
    if not home and not shutil.which("java"):
        raise SequelaError(f"--engine spark needs Java 17 or newer, which is not installed. {_INSTALL_JAVA}.")


def _not_started(error: Exception) -> SequelaError:
    version = _java_version()
    if version is not None and version < 17:
        return SequelaError(
            f"Spark did not start: it needs Java 17 or newer, and this is {version}. {_INSTALL_JAVA}."
        )
    return SequelaError(explain(str(error)))


def _java_version() -> int | None:
    """Give the version of the Java that Spark takes; None where it cannot be told."""
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else "java"
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30).stderr
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found[1]) if found else None
