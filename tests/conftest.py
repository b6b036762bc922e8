from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_corpora() -> Path:
    """Folder of the annotated corpora that are not part of the repository (SEQUELA_CORPORA names it)."""
    named = os.environ.get("SEQUELA_CORPORA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "corpora"
    if not folder.is_dir():
        pytest.skip("the annotated corpora are not at hand; set SEQUELA_CORPORA to their folder")
    return folder
