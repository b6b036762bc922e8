from __future__ import annotations

import pytest
from spacy.language import Language

import sequela


@pytest.fixture(scope="session")
def shipped() -> Language:
    """Give the whole pipeline with the shipped tagger."""
    return sequela.load()
