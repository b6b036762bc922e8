"""Functions that take a result from a Doc, for tests of what happens when one goes wrong.

They are in a file of their own because worker processes import them.
"""

from __future__ import annotations

import os
import signal

from spacy.tokens import Doc

from sequela import attributes


def doc_id(doc: Doc) -> str:
    return attributes.get_meta(doc)["doc_id"]


def fail_on_rash(doc: Doc) -> str:
    if "rash" in doc.text:
        raise ValueError("no rash, please")
    return doc_id(doc)


def die_on_rash(doc: Doc) -> str:
    if "rash" in doc.text:
        os.kill(os.getpid(), signal.SIGKILL)
    return doc_id(doc)
