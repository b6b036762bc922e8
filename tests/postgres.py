"""A PostgreSQL server for tests: private port and data directory, an unprivileged user, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Where this is set, a missing server is a failure and no reason to skip
REQUIRED = "SEQUELA_REQUIRE_POSTGRES"


def find_binaries() -> Path | None:
    """Give the folder of initdb and pg_ctl: on the path, or where Debian puts them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[-3])
    return folders[-1].parent if folders else None


@contextmanager
def running_server(binaries: Path) -> Iterator[str]:
    """Start a server; gives its URL without a database name."""
    folder = Path(tempfile.mkdtemp(prefix="sequela-postgres-"))
    data = folder / "data"
    user = _unprivileged()
    if user is not None:
        shutil.chown(folder, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def call(program: str, *arguments: str) -> None:
        # The server inherits what pg_ctl has: a pipe would stay open as long as the server runs
        with (folder / "log").open("ab") as log:
            done = subprocess.run(
                [binaries / program, *arguments], user=user, cwd=folder, stdout=log, stderr=log, timeout=120
            )
        if done.returncode:
            raise RuntimeError(f"{program}: {(folder / 'log').read_text()}")

    options = f"-p {port} -h 127.0.0.1 -k '' -c fsync=off -c max_connections=20 -c shared_buffers=32MB"
    try:
        call(
            "initdb", "-D", str(data), "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )
        call("pg_ctl", "-D", str(data), "-w", "-l", str(data / "server.log"), "-o", options, "start")
        try:
            yield f"postgresql://tester@127.0.0.1:{port}"
        finally:
            call("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _unprivileged() -> str | None:
    """Give a user other than root, under whom PostgreSQL refuses to run; None when this process has one."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)
