from __future__ import annotations

from pathlib import Path

import pytest

from sequela.schema import Attribution
from sequela.store import load_rows
from sequela.store.database import open_database
from sequela.store.loading import group_reports
from sequela.store.query import Filter
from sequela.store.signals import Signal, count_patients, find_onsets, find_signals
from store_rows import make_row

FEVER = {"event": "fever", "event_name": "Fever", "event_code": "HP:0001945"}
WARFARIN = {"drug": "warfarin", "drug_name": "Warfarin", "drug_code": "DRUGBANK:DB00682"}
NO_DRUG_CODE = {"drug_name": "", "drug_code": ""}

ROWS = [
    # One patient with two rows of one pair, and two patients of a series
    make_row("a", 1),
    make_row("a", 2, drug="Amoxil", event="exanthem", onset_hours_min=72.0, onset_hours_max=96.0),
    make_row("b", 1),
    make_row("b", 2, patient_id="2", onset_hours_min=None, onset_hours_max=None),
    # The other cases of a report are one, apart from its index patient
    make_row("c", 1, patient_id="", patient_age=None, patient_age_unit="", attribution="other_case"),
    make_row("c", 2, patient_id="", patient_age=None, patient_age_unit="", attribution="other_case"),
    make_row("c", 3, **WARFARIN, **FEVER),
    make_row("d", 1, **WARFARIN, **FEVER, assertion="possible"),
    make_row("e", 1, drug="Herbal Tea", **NO_DRUG_CODE),
    # None of these happened to a patient by a suspected drug
    make_row("f", 1, **FEVER, assertion="negated"),
    make_row("f", 2, **FEVER, attribution="background"),
    make_row("f", 3, **FEVER, role="treatment"),
    make_row("f", 4, **FEVER, role="concomitant"),
]  # fmt: skip


@pytest.fixture
def loaded(address: str) -> str:
    load_rows(address, group_reports(ROWS, "test"))
    return address


def found(address: str, population: Filter = Filter(), **options: object) -> list[Signal]:  # noqa: B008
    with open_database(address) as database, database.reading() as connection:
        return find_signals(connection, population, **{"min_patients": 1, **options})  # type: ignore[arg-type]


def test_patients_are_counted_once() -> None:
    counts = count_patients([[("x", "e"), ("x", "e"), ("x", "f"), ("y", "e")], [("x", "e")], []])
    assert counts.total == 2
    assert counts.pairs == {("x", "e"): 2, ("x", "f"): 1, ("y", "e"): 1}
    assert counts.drugs == {"x": 2, "y": 1}
    assert counts.events == {"e": 2, "f": 1}
    assert counts.table(("x", "e")).cells() == (2.5, 0.5, 0.5, 0.5)


def test_counts_of_a_database(loaded: str) -> None:
    numbers = {
        (signal.drug, signal.event): (signal.n, signal.n_drug, signal.n_event, signal.total)
        for signal in found(loaded)
    }
    assert numbers == {
        ("Amoxicillin", "Skin rash"): (4, 4, 5, 7),
        ("Warfarin", "Fever"): (2, 2, 2, 7),
        ("herbal tea", "Skin rash"): (1, 1, 5, 7),
    }


def test_the_strongest_comes_first_and_codes_are_given(loaded: str) -> None:
    signals = found(loaded)
    assert [signal.ic025 for signal in signals] == sorted((s.ic025 for s in signals), reverse=True)
    assert {signal.drug_code for signal in signals} == {"DRUGBANK:DB01060", "DRUGBANK:DB00682", ""}


@pytest.mark.parametrize(
    ("population", "options", "expected"),
    [
        pytest.param(Filter(), {"min_patients": 3}, {("Amoxicillin", 4, 7)}, id="minimum"),
        pytest.param(Filter(), {"drug_name": "WARFARIN"}, {("Warfarin", 2, 7)}, id="drug by name"),
        pytest.param(Filter(), {"drug_name": "DRUGBANK:DB00682"}, {("Warfarin", 2, 7)}, id="drug by code"),
        pytest.param(Filter(), {"event_name": "fever"}, {("Warfarin", 2, 7)}, id="event"),
        pytest.param(
            Filter(attribution=[Attribution.OTHER_CASE]), {}, {("Amoxicillin", 1, 1)}, id="whose reaction"
        ),
        pytest.param(Filter(doc_id="d"), {}, {("Warfarin", 1, 1)}, id="population"),
        pytest.param(Filter(min_confidence=0.95), {}, set(), id="nothing"),
    ],
)
def test_choices(
    loaded: str, population: Filter, options: dict[str, object], expected: set[tuple[str, int, int]]
) -> None:
    assert {(s.drug, s.n, s.total) for s in found(loaded, population, **options)} == expected


def test_one_onset_a_patient(loaded: str) -> None:
    signals = found(loaded, drug_name="Amoxicillin")
    with open_database(loaded) as database, database.reading() as connection:
        onsets = find_onsets(connection, Filter(), signals)
    assert onsets == {("Amoxicillin", "Skin rash"): [(48.0, 48.0), (48.0, 48.0), (48.0, 48.0)]}


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_figures(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("matplotlib")
    from sequela.store.plots import check_plot, plot_forest, plot_onsets

    address = str(tmp_path / "reactions.db")
    load_rows(address, group_reports(ROWS, "test"))
    signals = found(address)
    paths = [tmp_path / f"{name}.{suffix}" for name in ("forest", "again", "onsets", "empty")]
    check_plot(paths[0])
    plot_forest(signals, paths[0])
    plot_forest(signals, paths[1])
    plot_onsets({("Amoxicillin", "Skin rash"): [(48.0, 48.0), (0.0, 12.0)], ("a $b$", "c"): []}, paths[2])
    plot_forest([], paths[3])

    begin = {"png": b"\x89PNG", "svg": b"<?xml"}[suffix]
    assert all(path.read_bytes().startswith(begin) for path in paths)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    if suffix == "svg":
        assert "Amoxicillin – Skin rash (n = 4)" in paths[0].read_text(encoding="utf-8")


def test_figures_of_another_kind(tmp_path: Path) -> None:
    from sequela.errors import SequelaError
    from sequela.store.plots import check_plot

    with pytest.raises(SequelaError, match=r"written as one of .png, .svg, .pdf. Name the file so."):
        check_plot(tmp_path / "forest.jpg")
    with pytest.raises(SequelaError, match="Create the folder first"):
        check_plot(tmp_path / "no" / "forest.png")
