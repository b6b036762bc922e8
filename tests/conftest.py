from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_corpora() -> Path:
    """Folder of the annotated corpora that are not part of the repository."""
    named = os.environ.get("SEQUELA_CORPORA")
    if not named:
        pytest.skip("the annotated corpora are not at hand; set SEQUELA_CORPORA to their folder")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"SEQUELA_CORPORA names {folder}, which is no folder")
    return folder
