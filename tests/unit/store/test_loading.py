from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from sequela.corpora.mentions_csv import beside, write_header, write_mentions
from sequela.errors import CorpusError, StoreError
from sequela.schema import Triple
from sequela.store import Loaded, load_rows, loading
from sequela.store.database import open_database
from sequela.store.loading import group_reports, load_file
from sequela.store.query import Filter, check, find_rows
from sequela.store.tables import drug, mention, metadata, patient, run, triple
from store_rows import make_row, many_rows, write_csv


def load(address: str, rows: list[Triple], *, replace: bool = False) -> Loaded:
    return load_rows(address, group_reports(rows, "test"), replace=replace)


def stored(address: str, **filters: object) -> list[Triple]:
    with open_database(address) as database, database.reading() as connection:
        return list(find_rows(connection, Filter(**filters)))


def counts(address: str) -> dict[str, int]:
    with open_database(address) as database, database.reading() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }


HARD_ROW = make_row(
    "hard",
    drug="=SUM(1)",
    drug_name="",
    drug_code="",
    event='\'-\t"rash",\nüß 漢字',
    event_code="",
    onset="",
    onset_min="",
    onset_max="",
    onset_hours_min=None,
    onset_hours_max=1.5,
    onset_approximate=None,
    onset_start=None,
    onset_end=None,
    dose_value=0.1,
    dose_ordinal=0,
    patient_id="",
    patient_age=None,
    patient_age_unit="",
    patient_sex="",
    attribution="background",
    confidence=0.1 + 0.2,
)


def test_rows_come_back_as_they_went_in(address: str) -> None:
    rows = [*many_rows(20), HARD_ROW, make_row("last", onset_approximate=True)]

    loaded = load(address, rows)

    assert str(loaded) == "22 reports new, 0 replaced, 0 unchanged, 62 rows written"
    assert stored(address) == rows


def test_loading_again_changes_nothing(address: str) -> None:
    rows = many_rows(20)
    load(address, rows)
    before = counts(address)

    again = load(address, rows)

    assert str(again) == "0 reports new, 0 replaced, 20 unchanged, 0 rows written"
    assert counts(address) == before


def test_rows_from_the_pipeline_and_from_its_csv_are_the_same(address: str, tmp_path: Path) -> None:
    rows = [make_row(patient_age=40, onset_hours_min=48, mentions=((0, 3, 5, 9), (20, 23, 25, 29)))]
    load(address, rows)
    assert counts(address)["mention"] == 2

    with open_database(address) as database:
        again = load_file(database, write_csv(tmp_path / "rows.csv", rows))

    assert (again.unchanged, again.rows) == (1, 0)


def test_mentions_beside_a_csv_are_loaded_with_it(address: str, tmp_path: Path) -> None:
    rows = [
        make_row("r1", 1, mentions=((0, 3, 5, 9), (20, 23, 25, 29))),
        make_row("r1", 2),
        make_row("r2", 1, mentions=((1, 3, 5, 9),)),
    ]
    csv = write_csv(tmp_path / "rows.csv", rows[:2])  # the last row was deleted by hand
    loaded = []
    with open_database(address, create=True) as database:
        loaded.append(load_file(database, csv))
        with beside(csv).open("w", encoding="utf-8", newline="") as file:
            write_header(file)
            write_mentions(file, rows)
        loaded += [load_file(database, csv), load_file(database, tmp_path)]
    assert [(one.new, one.replaced, one.unchanged) for one in loaded] == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    with open_database(address) as database, database.reading() as connection:
        key = select(triple.c.triple_key).where(triple.c.triple_id == "r1-1").scalar_subquery()
        places = connection.execute(select(mention).order_by(mention.c.position)).all()
        assert [tuple(place) for place in places] == [
            (connection.execute(select(key)).scalar_one(), number, *place)
            for number, place in enumerate(rows[0].mentions)
        ]


def test_a_csv_without_mentions_leaves_those_that_are_there(address: str, tmp_path: Path) -> None:
    rows = many_rows(2, mentions=((0, 3, 5, 9),))
    load(address, rows)
    with open_database(address) as database:
        again = load_file(database, write_csv(tmp_path / "rows.csv", rows))
    assert again.unchanged == 2
    assert counts(address)["mention"] == 6


def test_a_newer_version_replaces(address: str) -> None:
    old = many_rows(3, mentions=((0, 3, 5, 9),))
    load(address, old)
    newer = [replace(row, version="0.10.0", mentions=()) for row in old if row.triple_id != "r00001-0"]

    loaded = load(address, newer)

    assert (loaded.new, loaded.replaced, loaded.rows) == (0, 3, 8)
    assert stored(address) == newer
    assert counts(address)["mention"] == 0
    assert counts(address)["patient"] == 3


def test_an_older_version_and_other_rows_of_the_same_are_kept_out(address: str) -> None:
    rows = [replace(row, version="0.10.0") for row in many_rows(4)]
    load(address, rows)

    older = load(address, [replace(row, version="0.9.0") for row in rows])
    other = load(address, [replace(row, confidence=0.2) for row in rows])

    assert (older.kept, older.rows, other.kept, other.rows) == (4, 0, 4, 0)
    assert str(other).splitlines()[1] == (
        "4 reports kept as they were, such as r00000, r00001, r00002: the database holds other rows of the "
        "same or a newer version. Add --replace to load these instead."
    )
    assert stored(address) == rows


def test_replace_takes_what_is_given(address: str) -> None:
    rows = many_rows(2)
    load(address, rows)
    other = [replace(row, confidence=0.2) for row in rows]

    assert load(address, other, replace=True).replaced == 2
    assert stored(address) == other


def test_a_newer_version_that_finds_nothing_removes_the_rows(address: str) -> None:
    load(address, many_rows(2))

    loaded = load_rows(address, [("r00000", [])], ("tagger 1", "0.2.0"))

    assert loaded.replaced == 1
    assert {row.doc_id for row in stored(address)} == {"r00001"}
    assert load_rows(address, [("r00000", [])], ("tagger 1", "0.2.0")).unchanged == 1


def test_drugs_are_one_by_code_and_by_their_words_without_one(address: str) -> None:
    uncoded = {"drug_name": "", "drug_code": ""}
    load(
        address,
        [
            make_row(number=1, drug="Amoxil"),
            make_row(number=2, drug="amoxicillin"),
            make_row(number=3, drug="Herbal  tea", **uncoded),
            make_row(number=4, drug="herbal tea", **uncoded),
        ],
    )
    with open_database(address) as database, database.reading() as connection:
        assert set(connection.scalars(select(drug.c.term))) == {"DRUGBANK:DB01060", "herbal tea"}


def test_patients_of_a_series_are_apart(address: str) -> None:
    load(
        address, [make_row(number=1), make_row(number=2, patient_id="2", patient_age=7.0), make_row(number=3)]
    )
    with open_database(address) as database, database.reading() as connection:
        found = connection.execute(select(patient.c.patient_id, patient.c.patient_age)).all()
        assert sorted(map(tuple, found)) == [("1", 40.0), ("2", 7.0)]
        assert connection.execute(select(run.c.model, run.c.version)).all() == [("tagger 1", "0.1.0")]


def test_batches_end_between_reports(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "BATCH_ROWS", 2)
    rows = many_rows(7, 3)

    with pytest.raises(StoreError, match="several versions"):
        load(address, [*rows, make_row("bad", 1), make_row("bad", 2, version="0.2.0")])

    assert stored(address) == rows


def test_a_failure_inside_a_batch_leaves_nothing_of_it(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load(address, many_rows(1))
    before = counts(address)
    monkeypatch.setattr(loading, "own_values", lambda row: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        load(address, [make_row("new", drug_code="NEW:1"), *many_rows(1, version="0.2.0")])

    assert counts(address) == before


def test_nul_is_kept_out_of_the_database(address: str) -> None:
    load(address, [make_row(sentence="a\x00b")])
    assert [row.sentence for row in stored(address)] == ["a\ufffdb"]
    with open_database(address) as database:
        assert check(database).problems == []


def test_rows_of_a_report_must_stand_together(address: str) -> None:
    with pytest.raises(StoreError) as error:
        load(address, [make_row("a"), make_row("b"), make_row("a", 2)])
    assert str(error.value) == (
        "test: the rows of report 'a' stand in more than one place. "
        "Sort the file by doc_id; load files that hold the same report one after the other."
    )


def test_a_row_that_is_there_twice_is_refused(address: str) -> None:
    with pytest.raises(StoreError) as error:
        load(address, [make_row("a"), make_row("a")])
    assert str(error.value) == (
        "report 'a' has a triple_id twice: its rows are there more than once. "
        "Remove the second copy from the file."
    )


def test_a_damaged_csv_keeps_the_reports_before(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "BATCH_ROWS", 1)
    rows = many_rows(3, 1)
    path = write_csv(tmp_path / "rows.csv", rows)
    path.write_text(path.read_text() + "half a line,x\n")

    with pytest.raises(CorpusError), open_database(address, create=True) as database:
        load_file(database, path)

    assert {row.doc_id for row in stored(address)} >= {"r00000", "r00001"}
