"""Invented rows for tests of the reaction database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sequela.corpora.triples_csv import write_header, write_rows
from sequela.schema import Triple


def make_row(doc_id: str = "r1", number: int = 1, **values: Any) -> Triple:
    """Give a row with everything filled in that must be."""
    given: dict[str, Any] = {
        "triple_id": f"{doc_id}-{number}",
        "drug": "amoxicillin",
        "event": "rash",
        "drug_name": "Amoxicillin",
        "drug_code": "DRUGBANK:DB01060",
        "event_name": "Skin rash",
        "event_code": "HP:0000988",
        "onset": "two days later",
        "onset_min": "P2D",
        "onset_max": "P2D",
        "onset_hours_min": 48.0,
        "onset_hours_max": 48.0,
        "onset_approximate": False,
        "patient_id": "1",
        "patient_age": 40.0,
        "patient_age_unit": "a",
        "patient_sex": "female",
        "confidence": 0.9,
        "rule": "onset_verb",
        "section": "case",
        "sentence": "Two days later she developed a rash.",
        "drug_start": 10,
        "drug_end": 21,
        "event_start": 60,
        "event_end": 64,
        "onset_start": 30,
        "onset_end": 44,
        "model": "tagger 1",
        "version": "0.1.0",
    }
    return Triple(doc_id=doc_id, **{**given, **values})


def many_rows(reports: int, rows_a_report: int = 3, **values: Any) -> list[Triple]:
    """Give rows of several reports, each with drugs and events of its own and shared ones."""
    return [
        make_row(
            f"r{report:05}",
            number,
            drug_name=f"Drug {report % 17}",
            drug_code=f"X:{report % 17}",
            event=f"event {number}",
            event_name="",
            event_code="",
            **values,
        )
        for report in range(reports)
        for number in range(rows_a_report)
    ]


def write_csv(path: Path, rows: list[Triple]) -> Path:
    """Write a triples CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        write_header(file)
        write_rows(file, rows)
    return path
