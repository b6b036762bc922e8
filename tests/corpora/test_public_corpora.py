"""Every annotated corpus at hand is read without a contradiction, and is what the data cards say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sequela.corpora import brat, casebook, phee, pubtator
from sequela.corpora.checks import check_corpus
from sequela.corpora.labels import load_label_map
from sequela.schema import RoleLabel

pytestmark = pytest.mark.shared


@pytest.mark.parametrize(
    ("folder", "documents", "label_map"),
    [
        ("phee2", 3859, "phee"),
        ("maccrobat2020", 160, "maccrobat"),
        ("bc5cdr", 1000, "bc5cdr"),
        ("biored", 431, "biored"),
        ("casebook_dev", 60, None),
    ],
)
def test_no_problem(shared_corpora: Path, folder: str, documents: int, label_map: str | None):
    known = load_label_map(label_map) if label_map else None
    assert check_corpus(shared_corpora / folder, label_map=known) == (documents, [])


def test_phee_holds_its_roles(shared_corpora: Path):
    documents = list(phee.read(shared_corpora / "phee2"))
    labels = Counter(entity.label for document in documents for entity in document.entities)
    assert set(labels) == phee.LABELS
    assert {label.value: labels[label.value] for label in RoleLabel} == {
        "Drug": 4797,
        "Effect": 3721,
        "Time_elapsed": 264,
        "Dosage": 350,
        "Route": 454,
        "Freq": 84,
        "Duration": 208,
        "Disorder": 1628,
        "Age": 536,
        "Gender": 427,
        "Population": 369,
    }
    events = Counter(event.label for document in documents for event in document.events)
    assert events == {"Adverse_event": 3596, "Combination": 531, "Potential_therapeutic_event": 411}


def test_brat_is_written_back_byte_for_byte(shared_corpora: Path, tmp_path: Path):
    folder = shared_corpora / "maccrobat2020"
    assert brat.write(brat.read(folder), tmp_path) == 160
    for file in sorted(tmp_path.iterdir()):
        assert file.read_bytes() == (folder / file.name).read_bytes(), file.name


@pytest.mark.parametrize("folder", ["bc5cdr", "biored"])
def test_pubtator_is_written_back_line_for_line(shared_corpora: Path, tmp_path: Path, folder: str):
    for file in sorted((shared_corpora / folder).glob("*PubTator*")):
        out = tmp_path / file.name
        pubtator.write(pubtator.read(file), out)
        lines, expected = ([line for line in path.read_text().split("\n") if line] for path in (out, file))
        assert lines == expected


def test_the_casebook_holds_what_its_readme_says(shared_corpora: Path):
    books = [casebook.casebook(document) for document in casebook.read(shared_corpora / "casebook_dev")]
    reactions = [reaction for book in books for reaction in book.reactions]
    assert len(reactions) == 172
    assert sum(reaction.patient == "other_case" for reaction in reactions) == 42
    assert sum(bool(reaction.onset) for reaction in reactions) == 94
    assert sum(bool(book.reactions) for book in books) == 35
    assert sum(len(book.background) for book in books) == 211
