"""Whether a model folder holds something that can run a program when it is read."""

from __future__ import annotations

import mmap
import re
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.version import Version

from sequela.errors import ModelError

_PICKLED = {".pkl", ".pickle", ".joblib", ".dill"}
_PICKLE_BEGINS = re.compile(rb"\x80[\x02-\x05]")
_PYTORCH_WEIGHTS = b"data.pkl"  # the part of them that is a pickle
_SAFE_PYTORCH = Version("2.6")  # since then it reads weights as weights


def check_model_files(folder: Path) -> None:
    """Refuse a model with pickled files: reading one runs what its maker has put in.

    spaCy's own files (configuration, msgpack, JSON) hold data only. PyTorch's weights in one of them are
    pickled, and harmless where PyTorch is new enough.

    Raises
    ------
    ModelError
        There is such a file; the message names it.
    """
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or not file.stat().st_size:
            continue
        if file.suffix in _PICKLED or _is_pickle(file):
            raise ModelError(
                f"the model in {folder} holds {file.relative_to(folder)}, a pickled file: reading it could run "
                "any program; take a model without such files, spaCy's own need none"
            )
        if _holds(file, _PYTORCH_WEIGHTS) and not _pytorch_is_safe():
            raise ModelError(
                f"the model in {folder} holds weights of PyTorch ({file.relative_to(folder)}), which the PyTorch "
                "that is installed would read as a program; install torch 2.6 or newer"
            )


def _is_pickle(file: Path) -> bool:
    with file.open("rb") as content:
        begins = content.read(4)
    if not begins.startswith(b"PK\3\4") or not zipfile.is_zipfile(file):
        return _PICKLE_BEGINS.match(begins) is not None
    with zipfile.ZipFile(file) as archive:
        return any(Path(name).suffix in _PICKLED for name in archive.namelist())


def _holds(file: Path, word: bytes) -> bool:
    with file.open("rb") as content, mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(word) >= 0


def _pytorch_is_safe() -> bool:
    try:
        return Version(version("torch")) >= _SAFE_PYTORCH
    except PackageNotFoundError:
        return True  # nothing will read them
