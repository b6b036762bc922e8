from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import pytest
import spacy

import sequela
from sequela import model_files
from sequela.errors import ModelError


class Program:
    """Makes a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.mark,)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "DRUG", "pattern": "aspirin"}])
    nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


def test_the_files_of_spacy_are_read(model: Path) -> None:
    (model / "empty").touch()
    (model / "weights.npz").write_bytes(zipped("weights.npy", b""))
    assert sequela.load(model).get_pipe("sequela_tagger")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickled_file_is_refused_whatever_it_is_called(model: Path, tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "mark"
    (model / "vocab" / "vectors").write_bytes(pickle.dumps(Program(mark), protocol=protocol))
    with pytest.raises(ModelError) as caught:
        sequela.load(model)
    assert str(caught.value) == (
        f"the model in {model} holds vocab/vectors, a pickled file: reading it could run any program; "
        "take a model without such files, spaCy's own need none"
    )
    assert not mark.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [("ner/model.pkl", b"anything"), ("ner/weights.bin", zipped("archive/data.pkl", b""))],
    ids=["by its name", "in an archive"],
)
def test_other_pickled_files(model: Path, name: str, content: bytes) -> None:
    (model / "ner").mkdir()
    (model / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"holds {name}, a pickled file"):
        sequela.load(model)


@pytest.mark.parametrize(("torch", "refused"), [("2.5.1", True), ("2.6.0+cpu", False), (None, False)])
def test_weights_of_pytorch_want_one_that_reads_them_as_such(
    model: Path, monkeypatch: pytest.MonkeyPatch, torch: str | None, refused: bool
) -> None:
    def version(name: str) -> str:
        if torch is None:
            raise model_files.PackageNotFoundError(name)
        return torch

    monkeypatch.setattr(model_files, "version", version)
    (model / "transformer").write_bytes(b"\x82\xa5model" + zipped("archive/data.pkl", b""))
    if refused:
        with pytest.raises(ModelError, match=r"weights of PyTorch \(transformer\).* install torch 2\.6"):
            model_files.check_model_files(model)
    else:
        model_files.check_model_files(model)
