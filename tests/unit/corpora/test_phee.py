from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sequela.corpora import phee
from sequela.corpora.document import Attribute, Entity, Event
from sequela.corpora.problems import Problem
from sequela.errors import CorpusError

TEXT = "Rash of arms and possibly legs after 5 mg zolmarin plus tavenol for gout in a woman."


def spans(*mentions: str | tuple[str, ...]) -> dict[str, Any]:
    pieces = [(mention,) if isinstance(mention, str) else mention for mention in mentions]
    return {
        "text": [list(parts) for parts in pieces],
        "start": [[TEXT.index(part) for part in parts] for parts in pieces],
        "entity_id": [f"T{number}" for number in range(len(pieces))],
    }


def event(**arguments: Any) -> dict[str, Any]:
    return {
        "event_id": "E1",
        "event_type": "Adverse_event",
        "Trigger": spans("after"),
        "Effect": spans(("Rash of arms", "legs")),
        "Treatment": {**spans("5 mg zolmarin plus tavenol"), "Drug": spans("zolmarin", "tavenol")},
        **arguments,
    }


def write(path: Path, *events: dict[str, Any], **changes: Any) -> Path:
    record = {
        "id": "77_3",
        "context": TEXT,
        "is_mult_event": len(events) > 1,
        "annotations": [{"events": list(events)}],
        **changes,
    }
    path.write_text(json.dumps(record) + "\n")
    return path


def labelled(document: Any) -> dict[str, tuple[str, str]]:
    return {entity.id: (entity.label, entity.text) for entity in document.entities}


def test_arguments_become_entities_and_events(tmp_path):
    (document,) = phee.read(write(tmp_path / "dev.json", event()))
    assert (document.doc_id, document.text) == ("77_3", TEXT)
    assert document.meta == {"split": "dev", "pmid": "77", "is_mult_event": False}
    assert labelled(document) == {
        "T1": ("Trigger", "after"),
        "T2": ("Effect", "Rash of arms legs"),
        "T3": ("Treatment", "5 mg zolmarin plus tavenol"),
        "T4": ("Drug", "zolmarin"),
        "T5": ("Drug", "tavenol"),
    }
    assert document.entities[1] == Entity(
        id="T2", label="Effect", fragments=((0, 12), (26, 30)), text="Rash of arms legs"
    )
    assert document.events == [
        Event(
            id="E1",
            label="Adverse_event",
            trigger="T1",
            arguments=(("Effect", "T2"), ("Treatment", "T3"), ("Drug", "T4"), ("Drug", "T5")),
        )
    ]


def test_a_span_of_several_events_is_one_entity(tmp_path):
    second = event(event_type="Potential_therapeutic_event")
    (document,) = phee.read(write(tmp_path / "dev.json", event(), second))
    assert len(document.entities) == 5
    assert [(item.id, item.label, item.trigger) for item in document.events] == [
        ("E1", "Adverse_event", "T1"),
        ("E2", "Potential_therapeutic_event", "T1"),
    ]


def test_the_disorder_of_the_patient_has_a_role_of_its_own(tmp_path):
    treatment = {**spans("zolmarin"), "Disorder": spans("gout")}
    subject = {**spans("a woman"), "Gender": spans("woman"), "Disorder": spans("gout")}
    (document,) = phee.read(write(tmp_path / "dev.json", event(Treatment=treatment, Subject=subject)))
    names = labelled(document)
    arguments = [(role, names[target]) for role, target in document.events[0].arguments]
    assert arguments == [
        ("Effect", ("Effect", "Rash of arms legs")),
        ("Treatment", ("Treatment", "zolmarin")),
        ("Disorder", ("Disorder", "gout")),
        ("Subject", ("Subject", "a woman")),
        ("Gender", ("Gender", "woman")),
        ("Subject_Disorder", ("Disorder", "gout")),
    ]


def test_cues_are_attributes_and_arguments(tmp_path):
    (document,) = phee.read(
        write(
            tmp_path / "dev.json",
            event(
                Speculated={**spans("possibly"), "value": True},
                Severity={**spans("5 mg"), "value": "High"},
                Negated={**spans("for"), "value": False},
            ),
        )
    )
    assert document.attributes == [
        Attribute(id="A1", label="Speculated", target="E1"),
        Attribute(id="A2", label="Severity", target="E1", value="High"),
    ]
    names = labelled(document)
    assert [names[target] for role, target in document.events[0].arguments if role == role.title()][-3:] == [
        ("Speculated", "possibly"),
        ("Severity", "5 mg"),
        ("Negated", "for"),
    ]


def test_a_combination_is_an_event_in_the_event(tmp_path):
    combination = {
        "event_id": "E9",
        "event_type": "Combination",
        "Trigger": spans("plus"),
        "Drug": spans("zolmarin", "tavenol"),
    }
    treatment = {**spans("zolmarin"), "Drug": spans("zolmarin"), "Combination": [combination]}
    (document,) = phee.read(write(tmp_path / "dev.json", event(Treatment=treatment)))
    outer, inner = document.events
    assert ("Combination", inner.id) in outer.arguments
    names = labelled(document)
    assert (inner.label, names[inner.trigger]) == ("Combination", ("Combination", "plus"))
    assert [(role, names[target][1]) for role, target in inner.arguments] == [
        ("Drug", "zolmarin"),
        ("Drug", "tavenol"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "dev.json:1: not a line of JSON: "),
        ("[]", "dev.json:1: not a PHEE sentence: it needs the keys id, context and annotations"),
        (
            json.dumps({"id": "1", "context": "x", "annotations": [{}]}),
            "is not in PHEE's form: KeyError('events')",
        ),
    ],
)
def test_another_kind_of_file_is_refused(tmp_path, content, message):
    path = tmp_path / "dev.json"
    path.write_text(content)
    with pytest.raises(CorpusError) as error:
        list(phee.read(path))
    assert message in str(error.value)


def test_offsets_that_do_not_fit_are_reported_with_their_line(tmp_path):
    path = write(tmp_path / "dev.json", event(Effect={**spans("Rash"), "start": [[1]]}))
    path.write_text("\n" + path.read_text())
    found: list[Problem] = []
    (document,) = phee.read(path, report=found.append)
    assert [str(problem) for problem in found] == [
        f"{path}:2: T2 says 'Rash', the text has 'ash ' at 1:5; 'Rash' is at 0:4"
    ]
    assert document.events == []


@pytest.mark.parametrize(
    "change",
    [{"Cause": spans("for")}, {"Treatment": {**spans("zolmarin"), "Colour": spans("for")}}],
    ids=["event", "treatment"],
)
def test_an_unknown_argument_is_refused(tmp_path, change):
    with pytest.raises(CorpusError, match=r"dev\.json:1: event of 77_3 .*unknown argument"):
        list(phee.read(write(tmp_path / "dev.json", event(**change))))
