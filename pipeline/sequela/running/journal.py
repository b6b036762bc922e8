"""What a run has finished, kept beside the output until the output is complete.

A line for each group of reports that were processed together, so that what is done again after an
interruption is done in the same company and gives the same scores to the last digit. A line that a dying
process has not written to its end is dropped.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import sequela
from sequela.corpora.mentions_csv import beside
from sequela.errors import OutputError, ReportError, SequelaError
from sequela.reading import ReportFile, printable, read_report
from sequela.running.batches import Outcome, Settings
from sequela.running.output import part_of

FORMAT = 2
_BEGINNING = b'{"identity": {'
_SHIPPED = "en_sequela_case"
_SHAPES = {"identity": dict, "process": int, "results": dict}
# Not on every system
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAITING = getattr(os, "O_NONBLOCK", 0)  # for somebody who reads a pipe


class Journal:
    """The finished reports of a run, in a ``with`` statement.

    Removed when the block ends well; kept when it does not and there is something in it.

    Parameters
    ----------
    output
        The file, or the folder of files, that the run writes.
    identity
        What must be equal for results to be taken over, as of `identity_of`.
    path
        The journal itself; ``OUTPUT.journal`` when left out.

    Raises
    ------
    SequelaError
        The journal is of another kind of run: one with other settings, another model or another release.
    OutputError
        It cannot be written, or another run is using it.
    """

    def __init__(self, output: Path, identity: dict[str, str], *, path: Path | None = None) -> None:
        self.path = path or Path(f"{output}.journal")
        self._output = output
        self._identity = identity
        self._places: dict[str, int] = {}  # by digest, where the line begins; results stay on the disk
        self._line: tuple[int, dict[str, Any]] = (-1, {})  # the one looked into last
        self._added = False
        self._file: BinaryIO

    def __enter__(self) -> Journal:
        try:
            self._file = os.fdopen(self._open(), "r+b")
        except OSError as error:
            raise self._cannot_write(error) from None
        try:
            self._lock()
            self._read()
        except BaseException:
            self._file.close()
            raise
        return self

    def find(self, file: ReportFile, settings: Settings) -> Outcome | None:
        """Give what an earlier run has found in a file, unless the file has changed."""
        if not self._places:
            return None
        with suppress(ReportError):  # said when its turn comes
            report = read_report(file, encoding=settings.encoding, max_characters=settings.max_characters)
            if report.digest in self._places:
                result = self._results(self._places[report.digest])[report.digest]
                return Outcome(file=file, result=result, digest=report.digest, earlier=True)
        return None

    def add(self, group: Sequence[Outcome]) -> None:
        """Keep the results of reports that were processed together; those of earlier runs are there already."""
        results = {
            outcome.digest: outcome.result for outcome in group if not (outcome.failure or outcome.earlier)
        }
        if results:
            self._added = True  # first: the run may be interrupted while it is writing
            self._append({"results": results})

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        kept = kind is not None and (self._places or self._added)
        if not kept:
            self.path.unlink(missing_ok=True)
        with suppress(OSError):  # what could not be written then cannot be written now
            self._file.close()
        if kept and self.path.exists():  # somebody may have removed its folder
            print(
                f"sequela: finished reports are kept in {printable(self.path)}: "
                "run the same command again to go on.",
                file=sys.stderr,
            )

    def _open(self) -> int:
        """Open the file, which holds sentences of reports, for the eyes of their owner only."""
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        if self.path.is_symlink():
            raise self._not_ours("is a link")
        handle = os.open(self.path, os.O_RDWR | _NO_LINK | _NO_WAITING)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise self._not_ours("is no regular file")
            if hasattr(os, "geteuid"):
                if status.st_uid != os.geteuid():
                    raise self._not_ours("belongs to another user")
                os.fchmod(handle, 0o600)
        except BaseException:
            os.close(handle)
            raise
        return handle

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # not on every system
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(
                f"another run is writing {printable(self._output)}. Wait for its end, or choose another place."
            ) from None
        except OSError:
            return  # a file system without locks

    def _read(self) -> None:
        """Find out what is there, cut off what is damaged, remove what a killed run has left."""
        good = 0
        for raw in self._file:
            if not good and not raw.startswith(_BEGINNING[: len(raw)]):
                raise self._not_ours("is no journal of sequela")
            entry = _parse(raw)
            if entry is None:
                break
            if not good and entry["identity"] != self._identity:
                raise self._other_run(entry["identity"])
            for digest in entry.get("results", ()):
                self._places[digest] = good
            if "process" in entry:
                self._remove_parts(entry["process"])
            good += len(raw)
        self._file.truncate(good)
        self._append({"identity": self._identity, "process": os.getpid()})

    def _remove_parts(self, process: int) -> None:
        """Remove the files that a process was writing when it was killed."""
        if self._output.is_dir():
            parts = list(self._output.rglob(f".*.{process}.part"))
        else:
            targets = (self._output, Path(f"{self._output}.errors.csv"), beside(self._output))
            parts = [part_of(target, process) for target in targets]
        for part in parts:
            part.unlink(missing_ok=True)

    def _results(self, place: int) -> dict[str, Any]:
        if self._line[0] != place:
            self._file.seek(place)
            self._line = (place, json.loads(self._file.readline())["results"])
        return self._line[1]

    def _append(self, entry: dict[str, Any]) -> None:
        try:
            self._file.seek(0, os.SEEK_END)
            self._file.write(json.dumps(entry).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._cannot_write(error) from None

    def _not_ours(self, what: str) -> OutputError:
        return OutputError(f"{printable(self.path)} {what}. Move it away, or choose another output.")

    def _cannot_write(self, error: OSError) -> OutputError:
        return OutputError(
            f"cannot write {printable(self.path)}: {error.strerror or error}. "
            "Free space or permit writing there, or run without --resume."
        )

    def _other_run(self, identity: dict[str, str]) -> SequelaError:
        names = sorted(set(identity) | set(self._identity))
        other = ", ".join(name for name in names if identity.get(name) != self._identity.get(name))
        return SequelaError(
            f"{printable(self.path)} was begun with another {other}. Go on with the same, or delete the file."
        )


def identity_of(settings: Settings, *, include_all: bool) -> dict[str, str]:
    """Give what the rows of a report depend on beside its text, by names that a user understands."""
    return {
        "version": sequela.__version__,
        "model": _hash_model(settings.model),
        "--labels": json.dumps(settings.label_map, sort_keys=True),
        "--meddra": _hash_folder(Path(settings.meddra)) if settings.meddra else "",
        "--linker": _hash_folder(Path(settings.linker)) if settings.linker else "",
        "--all": str(include_all),
        "format": str(FORMAT),
    }


def _hash_model(model: str | None) -> str:
    """Hash the files of a model; of one that is not there, its name: loading it will tell."""
    folder = Path(model) if model else None
    if folder is None or not folder.is_dir():
        name = model or _SHIPPED
        spec = importlib.util.find_spec(name) if name.isidentifier() else None
        places = list(spec.submodule_search_locations or ()) if spec else []
        folder = Path(places[0]) if places else None
    return _hash_folder(folder) if folder else str(model)


def _hash_folder(folder: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        total.update(f"{file.relative_to(folder).as_posix()}\0{file.stat().st_size}\0".encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def _parse(raw: bytes) -> dict[str, Any] | None:
    """Read a line; None where it is not whole, or none that `Journal` has written."""
    try:
        entry = json.loads(raw) if raw.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict):
        return None
    shaped = all(isinstance(value, _SHAPES.get(key, object)) for key, value in entry.items())
    return entry if shaped else None
