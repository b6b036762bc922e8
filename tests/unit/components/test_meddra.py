from __future__ import annotations

from pathlib import Path

import pytest

from markup import blank, parse
from meddra_release import write_release
from sequela import attributes
from sequela.components.normalise import create_normalise
from sequela.components.terms.drugs import normalise_drug
from sequela.components.terms.events import normalise_event
from sequela.components.terms.meddra import Place, Release, read_release
from sequela.components.terms.plugged import Plugged
from sequela.errors import TerminologyError
from sequela.schema import Label, Term

GLIMMER = Term(name="Glimmer rash", code="MEDDRA:90000001", source="MedDRA 0.9 Invented")


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return read_release(str(write_release(tmp_path)))


def test_a_release(release: Release) -> None:
    assert release.version == "0.9 Invented"
    assert set(release.places) == {"90000001", "90000002", "90000003", "90000004"}
    assert release.preferred["90000012"] == "90000001"
    assert set(release.names) == {
        "Glimmer rash", "Skin glimmering", "Humming ear", "Kidney marker raised",
        "Elevated circulating creatinine concentration", "Renal marker increased", "Ödème d'été",
    }  # fmt: skip


@pytest.mark.parametrize("code", ["MEDDRA:90000002", "90000002"])
def test_the_primary_path_is_the_place(release: Release, code: str) -> None:
    assert release.place_of(code) == Place(
        pt_code="90000002", pt_name="Humming ear", hlt_code="91000002", hlt_name="Hums",
        hlgt_code="92000002", hlgt_name="Sounds", soc_code="93000002", soc_name="Ear things",
    )  # fmt: skip


def test_a_code_of_a_term_that_is_no_longer_current_has_a_place(release: Release) -> None:
    found = release.place_of("MEDDRA:90000012")
    assert found is not None
    assert found.pt_name == "Glimmer rash"
    assert release.place_of("HP:0000967") is None


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("inner", ["", "MedAscii", "ascii-09"])
def test_encodings_and_folders(tmp_path: Path, encoding: str, inner: str) -> None:
    found = read_release(str(write_release(tmp_path, encoding=encoding, inner=inner)))
    assert found.places["90000004"].pt_name == "Ödème d'été"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("glimmer rash", ("Glimmer rash", "MEDDRA:90000001", 1.0)),
        ("Skin glimmering", ("Glimmer rash", "MEDDRA:90000001", 1.0)),
        ("rise in kidney marker", ("Renal marker increased", "MEDDRA:90000003", 0.95)),
        ("elevated creatinine", ("Renal marker increased", "MEDDRA:90000003", 0.95)),
        ("severe glimmer rash of the arm", ("Glimmer rash", "MEDDRA:90000001", 0.85)),
        ("petechiae", ("Petechiae", "HP:0000967", 1.0)),
        ("generalised petechiae", ("Petechiae", "HP:0000967", 0.85)),
    ],
    ids=["preferred term", "lower term", "variant", "through HPO", "part", "not in MedDRA", "part in HPO"],
)
def test_events(release: Release, text: str, expected: tuple[str, str, float]) -> None:
    term = Plugged(release, Label.SYMPTOM, normalise_event).find(text)
    assert term is not None
    assert (term.name, term.code, term.score) == expected


@pytest.mark.parametrize("text", ["shimmer", "holiday", "", "of the", "x" * 5000])
def test_no_event(release: Release, text: str) -> None:
    assert Plugged(release, Label.SYMPTOM, normalise_event).find(text) is None


def test_component(tmp_path: Path) -> None:
    nlp = blank()
    example = parse(
        nlp, "<DRUG id=d>Amiodarone</DRUG> caused a <SYMPTOM id=e>glimmer rash</SYMPTOM> and petechiae."
    )
    doc = create_normalise(nlp, "normalise", str(write_release(tmp_path)), None, False)(example.doc)
    assert attributes.get_code(example.spans["e"]) == GLIMMER
    assert attributes.get_code(example.spans["d"]) == normalise_drug("amiodarone")
    assert len(doc.ents) == 2


def _llt(place: Path, text: str) -> None:
    (place / "llt.asc").write_text(text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda place: (place / "llt.asc").unlink(), "there is no llt.asc. Give the folder with the ASCII files"),
        (lambda place: (place / "mdhier.asc").unlink(), "there is no mdhier.asc. Give the folder"),
        (lambda place: _llt(place, "90000001$Glimmer rash\n"), "llt.asc, line 1: 10 fields that end with $"),
        (lambda place: _llt(place, "90000001$Rash$5$$$$$$$Y$$\n"), "line 1: its preferred term '5' is not in"),
        (lambda place: _llt(place, "1$Rash$90000001$$$$$$$N$$\n"), "no lowest level term is current"),
        (lambda place: _llt(place, ""), "no lowest level term is current"),
        (
            lambda place: (place / "mdhier.asc").write_text("1$2$3$4$A$B$C$D$D$$4$N$\n"),
            "no path of preferred term 1 is marked as the primary one",
        ),
        (
            lambda place: (place / "mdhier.asc").write_text("1$2$3$$A$B$C$$D$$4$Y$\n"),
            "line 1: a preferred term or system organ class is empty",
        ),
    ],
    ids=[
        "no terms", "no hierarchy", "too few fields", "unknown term", "not current", "empty", "not primary",
        "no class",
    ],
)  # fmt: skip
def test_broken_releases(tmp_path: Path, change, message: str) -> None:
    write_release(tmp_path)
    change(tmp_path / "MedAscii")
    with pytest.raises(TerminologyError) as error:
        read_release(str(tmp_path))
    assert message in str(error.value)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(TerminologyError) as error:
        read_release(str(tmp_path / "none"))
    assert str(error.value).endswith(
        "none: no such folder. Give the one with the ASCII files of your MedDRA release."
    )
