from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import spacy
from click.testing import Result

Run = Callable[..., Result]


@pytest.fixture
def other_labels(tmp_path: Path) -> Path:
    """Give a model none of whose labels is one of sequela's."""
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "ORG", "pattern": "Acme"}])  # type: ignore[attr-defined]
    nlp.to_disk(tmp_path / "other")
    return tmp_path / "other"


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Give a folder that is no model."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "meta.json").write_text("{")
    return tmp_path / "broken"


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(
    ("model", "message"),
    [
        pytest.param(
            "other_labels", "has none of sequela's labels; it has ORG: say what they mean", id="labels"
        ),
        pytest.param("broken", "give --model another one|cannot be loaded|no model", id="broken"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_before_anything_is_written(
    sequela: Run, reports: Path, request: pytest.FixtureRequest, model: str, message: str, jobs: str
) -> None:
    result = sequela("extract", reports, "--model", request.getfixturevalue(model), "--jobs", jobs)
    assert result.exit_code == 2
    assert any(part in result.stderr for part in message.split("|"))
    assert "Traceback" not in result.stderr
    assert list(Path().iterdir()) == []
