from __future__ import annotations

from sequela.corpora.brat import format_annotations
from sequela.running.tag import to_document

TAGGED = {
    "doc_id": "case",
    "text": "No rash\r\nafter 2 days.",
    "entities": [
        {"start": 3, "end": 7, "label": "SYMPTOM", "text": "rash", "assertion": "negated"},
        {
            "start": 9,
            "end": 21,
            "label": "TIME",
            "text": "after 2 days",
            "value": {"type": "DURATION", "value": "P2D", "min": "", "ordinal": None, "rule": "number_unit"},
        },
    ],
}


def test_entities_as_brat() -> None:
    assert format_annotations(to_document(TAGGED)).splitlines() == [
        "T1\tSYMPTOM 3 7\trash",
        "T2\tTIME 9 21\tafter 2 days",
        "A1\tAssertion T1 negated",
        "#1\tAnnotatorNotes T2\ttype=DURATION; value=P2D",
    ]
