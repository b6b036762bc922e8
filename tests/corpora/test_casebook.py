"""The casebook holds what its guidelines say; every check fails hard."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from sequela import schema
from sequela.corpora import brat
from sequela.corpora.document import Document, Entity, Event

CASEBOOK = Path(__file__).parents[2] / "corpora" / "casebook"
STEMS = sorted(path.stem for path in CASEBOOK.glob("*.txt"))

LABELS = {label.value for label in schema.Label} - {"PROCEDURE"}
RELATIONS = {
    "ALIAS": {("DRUG", "DRUG"), ("SYMPTOM", "SYMPTOM")},
    "DOSE_OF": {("DOSE", "DRUG")},
    "ROUTE_OF": {("ROUTE", "DRUG")},
    "FREQUENCY_OF": {("FREQUENCY", "DRUG")},
    "SITE_OF": {("BODY_SITE", "SYMPTOM")},
    "TREATS": {("DRUG", "SYMPTOM")},
    "INDICATION": {("DRUG", "SYMPTOM")},
}
ARGUMENTS = {"Drug": "DRUG", "Event": "SYMPTOM", "Onset": "TIME", "Dose": "DOSE", "Site": "BODY_SITE"}
COMMON = {
    "Attribution": {"index_patient", "other_case", "background", "excluded"},
    "Assertion": {value.value for value in schema.Assertion},
}
OF_PATIENTS = {
    "Role": {value.value for value in schema.Role} - {"treatment"},
    "Outcome": {value.value for value in schema.Outcome},
    "Action": {value.value for value in schema.Action},
    "Dechallenge": {value.value for value in schema.Challenge},
    "Rechallenge": {value.value for value in schema.Challenge},
}
OF_ONSETS = {
    "OnsetAnchor": {value.value for value in schema.OnsetAnchor},
    "OnsetBasis": {value.value for value in schema.OnsetBasis},
}
NOTE = re.compile(
    r"(?:(?:patient=(?:\d|o\d)"
    r"|onset_min=(?P<min>P(?:\d+[YMWD]|T\d+[HM]))"
    r"|onset_max=(?P<max>P(?:\d+[YMWD]|T\d+[HM]))"
    r"|onset_ordinal=\d+)(?:; |$))+"
)
HOURS = {"Y": 8766.0, "M": 730.5, "W": 168.0, "D": 24.0, "TH": 1.0, "TM": 1 / 60}


@cache
def read(stem: str) -> Document:
    (document,) = brat.read(CASEBOOK / f"{stem}.ann")
    return document


@cache
def spans(stem: str) -> dict[str, Entity]:
    return {entity.id: entity for entity in read(stem).entities}


def attributes(stem: str, event: Event) -> dict[str, str]:
    return {item.label: item.value for item in read(stem).attributes if item.target == event.id}


def reactions_that_happened(stem: str) -> list[Event]:
    """Reactions of patients, affirmed or possible: what a triples file holds by default."""
    found = []
    for event in read(stem).events:
        values = attributes(stem, event)
        of_patient = values["Attribution"] in {"index_patient", "other_case"}
        if of_patient and values["Assertion"] in {"affirmed", "possible"}:
            found.append(event)
    return found


def hours(duration: str) -> float:
    number, unit = re.fullmatch(r"P(?:T?)(\d+)([A-Z])", duration).groups()
    return int(number) * HOURS[("T" if "T" in duration else "") + unit]


def test_there_are_enough_reports_of_each_kind():
    assert len(STEMS) >= 24
    without = {stem for stem in STEMS if not reactions_that_happened(stem)}
    assert len(without) >= 5
    assert len(STEMS) - len(without) >= 18


def test_every_text_has_its_annotation_and_the_other_way_round():
    assert sorted(path.stem for path in CASEBOOK.glob("*.ann")) == STEMS


def test_numbers_and_texts_are_unique():
    numbers = [re.fullmatch(r"cb(\d\d)_[a-z0-9_]+", stem).group(1) for stem in STEMS]
    assert len(set(numbers)) == len(numbers)
    sentences = Counter(
        sentence.strip()
        for stem in STEMS
        for sentence in re.split(r"(?<=[.!?])\s", read(stem).text)
        if len(sentence.split()) >= 7
    )
    assert [sentence for sentence, times in sentences.items() if times > 1] == []


@pytest.mark.parametrize("stem", STEMS)
def test_text(stem):
    raw = (CASEBOOK / f"{stem}.txt").read_bytes()
    text = raw.decode("utf-8")
    assert b"\r" not in raw
    assert not text.startswith("\ufeff")
    assert text.endswith("\n")
    assert 150 <= len(text.split()) <= 900


@pytest.mark.parametrize("stem", STEMS)
def test_file_survives_reading_and_writing(stem):
    written = brat.format_annotations(read(stem))
    assert written == (CASEBOOK / f"{stem}.ann").read_text(encoding="utf-8")


@pytest.mark.parametrize("stem", STEMS)
def test_ids_are_unique(stem):
    document = read(stem)
    items = [
        *document.entities,
        *document.relations,
        *document.events,
        *document.attributes,
        *document.notes,
    ]
    twice = [key for key, times in Counter(item.id for item in items).items() if times > 1]
    assert twice == []


@pytest.mark.parametrize("stem", STEMS)
def test_entities_are_slices_and_do_not_overlap(stem):
    document = read(stem)
    triggers = {event.trigger for event in document.events}
    assert {entity.label for entity in document.entities if entity.id not in triggers} <= LABELS
    assert {spans(stem)[key].label for key in triggers} <= {"Reaction"}
    for entity in document.entities:
        assert document.text[entity.start : entity.end] == entity.text
        assert entity.text == entity.text.strip(" \n,;:")
    mentions = sorted((entity.start, entity.end) for entity in document.entities if entity.id not in triggers)
    for (_, end), (start, _) in pairwise(mentions):
        assert end <= start


@pytest.mark.parametrize("stem", STEMS)
def test_entities_fall_on_word_boundaries(stem):
    text = read(stem).text
    for entity in read(stem).entities:
        assert not (entity.start and text[entity.start - 1].isalnum() and text[entity.start].isalnum())
        assert not (text[entity.end - 1].isalnum() and text[entity.end : entity.end + 1].isalnum())


@pytest.mark.parametrize("stem", STEMS)
def test_relations(stem):
    known = spans(stem)
    for relation in read(stem).relations:
        pair = (known[relation.head].label, known[relation.tail].label)
        assert pair in RELATIONS[relation.label], relation
    pairs = [(relation.label, relation.head, relation.tail) for relation in read(stem).relations]
    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("stem", STEMS)
def test_aliases_are_stars_around_the_first_mention(stem):
    links = [(item.head, item.tail) for item in read(stem).relations if item.label == "ALIAS"]
    later, first = {head for head, _ in links}, {tail for _, tail in links}
    assert len(later) == len(links)
    assert not later & first
    for head, tail in links:
        assert spans(stem)[tail].start < spans(stem)[head].start


@pytest.mark.parametrize("stem", STEMS)
def test_reactions_have_their_arguments(stem):
    known = spans(stem)
    for event in read(stem).events:
        assert event.label == "Reaction"
        roles = [re.sub(r"\d+$", "", role) for role, _ in event.arguments]
        counts = Counter(roles)
        assert counts["Drug"] == counts["Event"] == 1
        assert counts["Onset"] <= 1
        assert counts["Dose"] <= 1
        for role, (_, target) in zip(roles, event.arguments, strict=True):
            assert known[target].label == ARGUMENTS[role], event
        place = dict(event.arguments)["Event"]
        assert known[event.trigger].fragments == known[place].fragments


@pytest.mark.parametrize("stem", STEMS)
def test_reactions_have_their_attributes(stem):
    for event in read(stem).events:
        found = [item.label for item in read(stem).attributes if item.target == event.id]
        assert len(found) == len(set(found))
        values = attributes(stem, event)
        expected = dict(COMMON)
        if values["Attribution"] in {"index_patient", "other_case"}:
            expected |= OF_PATIENTS
        if "Onset" in dict(event.arguments):
            expected |= OF_ONSETS
        assert set(values) - {"OnsetApproximate"} == set(expected), event
        for label, allowed in expected.items():
            assert values[label] in allowed
        if "OnsetApproximate" in values:
            assert "OnsetAnchor" in values


@pytest.mark.parametrize("stem", STEMS)
def test_notes_of_reactions(stem):
    notes = {note.target: note.text for note in read(stem).notes}
    assert set(notes) <= {event.id for event in read(stem).events}
    for event in read(stem).events:
        values, note = attributes(stem, event), notes.get(event.id, "")
        assert ("patient=" in note) or values["Attribution"] != "index_patient"
        assert ("onset_ordinal=" in note) == (values.get("OnsetAnchor") == "nth_dose")
        assert "onset" not in note or "OnsetAnchor" in values
        match = NOTE.fullmatch(note)
        assert match or not note, note
        if match and match["max"]:
            assert hours(match["min"]) <= hours(match["max"])


@pytest.mark.parametrize("stem", STEMS)
def test_one_reaction_for_a_patient_drug_and_event(stem):
    first = {item.head: item.tail for item in read(stem).relations if item.label == "ALIAS"}
    notes = {note.target: note.text for note in read(stem).notes}
    seen = Counter()
    for event in reactions_that_happened(stem):
        arguments = dict(event.arguments)
        drug, place = arguments["Drug"], arguments["Event"]
        patient = re.search(r"patient=(\w+)", notes.get(event.id, ""))
        whose = (attributes(stem, event)["Attribution"], patient[1] if patient else "")
        seen[(first.get(drug, drug), first.get(place, place), whose)] += 1
    assert [key for key, times in seen.items() if times > 1] == []


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        (
            "cb02_eptinezumab_purpura",
            {("eptinezumab", "purpura", "three days"), ("eptinezumab", "haematuria", "three days")},
        ),
        ("cb01_clindamycin_rash", {("clindamycin", "rash", "day 9")}),
        ("cb12_cefuroxime_lamotrigine", {("cefuroxime", "morbilliform rash", "15 January")}),
        ("cb03_pneumonia_no_reaction", set()),
        ("cb13_platelets_not_heparin", set()),
    ],
)
def test_gold_of_the_index_patient(stem, expected):
    found = set()
    for event in reactions_that_happened(stem):
        if attributes(stem, event)["Attribution"] == "index_patient":
            arguments = dict(event.arguments)
            words = [
                spans(stem)[arguments[role]].text if role in arguments else ""
                for role in ("Drug", "Event", "Onset")
            ]
            found.add(tuple(words))
    assert found == expected


def test_brat_configuration_names_what_is_used():
    config = (CASEBOOK / "annotation.conf").read_text(encoding="utf-8")
    names = set(re.findall(r"^([A-Za-z_]+)\s*(?:\t|$)", config, re.MULTILINE))
    used = {"Assertion"}
    for stem in STEMS:
        document = read(stem)
        for items in (document.entities, document.relations, document.events, document.attributes):
            used |= {item.label for item in items}
    assert used == names


def test_data_card_agrees_with_the_files():
    card = (CASEBOOK / "README.md").read_text(encoding="utf-8")
    written = {}
    for line in card.splitlines():
        if line.startswith("| `cb"):
            stem, _, _, *numbers = (cell.strip(" `") for cell in line.strip("|").split("|"))
            written[stem] = tuple(int(number) for number in numbers)
    counted = {}
    for stem in STEMS:
        whose = Counter(attributes(stem, event)["Attribution"] for event in reactions_that_happened(stem))
        rest = len(read(stem).events) - whose.total()
        words = len(read(stem).text.split())
        counted[stem] = (words, whose["index_patient"], whose["other_case"], rest)
    assert written == counted
