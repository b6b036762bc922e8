"""Functions that take a result from a Doc, for tests of what happens when one goes wrong.

They are in a file of their own because worker processes import them.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from spacy.tokens import Doc

from sequela import attributes


def doc_id(doc: Doc) -> str:
    return attributes.get_meta(doc)["doc_id"]


def text_of(doc: Doc) -> str:
    return doc.text


def fail_on_rash(doc: Doc) -> str:
    if "rash" in doc.text:
        raise ValueError("no rash, please")
    return doc_id(doc)


def die_on_rash(doc: Doc) -> str:
    if "rash" in doc.text:
        os.kill(os.getpid(), signal.SIGKILL)
    return doc_id(doc)


def hang_on_rash(doc: Doc) -> str:
    if "rash" in doc.text:
        signal.pause()
    return doc_id(doc)


def die_once_on_rash(doc: Doc, *, folder: Path) -> str:
    """Die where the folder does not say yet that this has happened."""
    if "rash" in doc.text and not (folder / "died").exists():
        (folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return doc_id(doc)


def process_of(doc: Doc) -> int:
    time.sleep(0.2)
    return os.getpid()


class DieOnArrival:
    """Ends the worker that gets it, before the worker has loaded anything."""

    def __call__(self, doc: Doc) -> str:
        raise AssertionError("nobody gets as far as this")

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return _end, (os.getpid(),)


def _end(parent: int) -> DieOnArrival:
    if os.getpid() != parent:
        os._exit(9)
    return DieOnArrival()
