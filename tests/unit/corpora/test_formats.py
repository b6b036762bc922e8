from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

from sequela.corpora.document import Attribute, Document, Entity, Event, Note, Relation
from sequela.corpora.formats import FORMATS, get_format, read_corpus, sniff_format
from sequela.corpora.labels import apply, load_label_map, names
from sequela.corpora.problems import Problem
from sequela.errors import CorpusError
from sequela.schema import Label

EXAMPLES = {
    "brat": {"a.txt": "rash", "a.ann": "T1\tX 0 4\trash\n"},
    "pubtator": {"a.PubTator": "1|t|rash\n1|a|x\n"},
    "bioc": {"a.xml": "<?xml version='1.0'?><collection><source/></collection>"},
    "phee": {"dev.json": '{"id": "1_1", "context": "x", "is_mult_event": false, "annotations": []}\n'},
    "casebook": {
        "a.txt": "x",
        "a.json": '{"doc_id": "a", "reactions": [], "background": [], "treatment_drugs": []}',
    },
    "ade": {"DRUG-AE.rel": "1|rash after x|rash|0|4|x|11|12\n"},
    "docbin": {"a.spacy": ""},
    "conll": {"a.iob": "rash\tB-X\n"},
    "jsonl": {"a.jsonl": '{"text": "x", "spans": []}\n'},
    "triples": {"t.csv": "doc_id,triple_id,drug,event,drug_start,drug_end,event_start,event_end\n"},
}


def fill(folder: Path, contents: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_text(content)
    return folder


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_format_is_recognised_and_no_other(tmp_path, name):
    folder = fill(tmp_path / "corpus", {**EXAMPLES[name], "README.md": "# text", "notes.txt": "hello"})
    assert sniff_format(folder).name == name
    for file in EXAMPLES[name]:
        if not (name == "casebook" and file.endswith(".txt")):
            assert sniff_format(folder / file).name == name


def test_every_format_that_can_be_recognised_has_an_example():
    assert set(EXAMPLES) == set(FORMATS) - {"doccano"}


def test_a_directory_with_several_formats_is_not_guessed(tmp_path):
    folder = fill(tmp_path, {**EXAMPLES["brat"], **EXAMPLES["conll"]})
    with pytest.raises(
        CorpusError, match=r"several formats: brat \(a.ann\), conll \(a.iob\); say which .*--from"
    ):
        sniff_format(folder)
    assert [document.text for document in read_corpus(folder, "conll")] == ["rash"]
    assert [document.doc_id for document in read_corpus(folder, "brat")] == ["a"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda folder: sniff_format(folder / "none"), "no such file or directory"),
        (lambda folder: sniff_format(folder), "of no format known here; name it .*, one of brat, pubtator"),
        (lambda folder: get_format("xmi"), "xmi: no such format: give one of brat, pubtator, "),
        (lambda folder: read_corpus(folder, "triples"), "a triples CSV holds rows, not annotated texts"),
        (lambda folder: list(read_corpus(folder, "brat")), "no file that ends in .txt or .ann in this dir"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, call, message):
    (tmp_path / "image.png").write_bytes(b"\x89PNG")
    with pytest.raises(CorpusError, match=message):
        call(tmp_path)


def test_label_maps_of_the_package():
    assert names() == ["ade", "bc5cdr", "biored", "maccrobat", "phee"]
    allowed = {label.value for label in Label} | {None}
    for name in names():
        source = (files("sequela.corpora") / "label_maps" / f"{name}.json").read_text(encoding="utf-8")
        label_map = load_label_map(name)
        assert set(label_map.values()) <= allowed
        assert source == json.dumps(dict(sorted(label_map.items())), indent=2) + "\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "map.json:1: not JSON"),
        ("[]", "a label map is a JSON object such as"),
        ('{"a": 1}', "a label map is a JSON object such as"),
        ('{"a": ""}', "a label map is a JSON object such as"),
    ],
)
def test_a_file_that_is_no_label_map_is_refused(tmp_path, content, message):
    path = tmp_path / "map.json"
    path.write_text(content)
    with pytest.raises(CorpusError, match=message):
        load_label_map(path)


def test_an_unknown_name_of_a_map_lists_the_known_ones():
    with pytest.raises(CorpusError, match="xyz: no such label map: give a file, or one of ade, bc5cdr"):
        load_label_map("xyz")


DOCUMENT = Document(
    doc_id="a",
    text="zolmarin rash arm",
    entities=[
        Entity(id="T1", label="Medication", fragments=((0, 8),), text="zolmarin", codes=("M:1",)),
        Entity(id="T2", label="Sign", fragments=((9, 13),), text="rash"),
        Entity(id="T3", label="Site", fragments=((14, 17),), text="arm"),
    ],
    events=[
        Event(id="E1", label="Sign", trigger="T2", arguments=(("Cause", "T1"), ("Place", "E2"))),
        Event(id="E2", label="Site", trigger="T3"),
        Event(id="E3", label="Reaction", trigger="T2"),
    ],
    relations=[
        Relation(id="R1", label="MODIFY", head="T3", tail="E1"),
        Relation(id="R2", label="CAUSE", head="M:1", tail="E1"),
    ],
    attributes=[Attribute(id="A1", label="NEG", target="E2"), Attribute(id="A2", label="NEG", target="R2")],
    notes=[
        Note(id="#1", label="Note", target="T3", text="x"),
        Note(id="#2", label="Note", target="E1", text="y"),
    ],
    meta={"normalisations": [{"target": "T1"}, {"target": "T3"}], "tails": {"T3": "\t"}},
)


def test_a_map_renames_and_leaves_out_with_what_hangs_on_it():
    result = apply(DOCUMENT, {"Medication": "DRUG", "Sign": "SYMPTOM", "Site": None})
    assert [(item.id, item.label) for item in result.entities] == [("T1", "DRUG"), ("T2", "SYMPTOM")]
    assert result.events == [
        Event(id="E1", label="SYMPTOM", trigger="T2", arguments=(("Cause", "T1"),)),
        Event(id="E3", label="Reaction", trigger="T2"),
    ]
    assert [item.id for item in result.relations] == ["R2"]
    assert [item.id for item in result.attributes] == ["A2"]
    assert [item.id for item in result.notes] == ["#2"]
    assert result.meta == {"normalisations": [{"target": "T1"}], "tails": {}}
    assert len(DOCUMENT.entities) == 3


def test_a_label_that_the_map_forgets_is_an_error():
    found: list[Problem] = []
    document = Document(**{**vars(DOCUMENT), "path": "a.ann", "lines": {"T3": 7}})
    apply(document, {"Medication": "DRUG", "Sign": "SYMPTOM"}, report=found.append)
    assert [str(item) for item in found] == ["a.ann:7: T3 has the label Site, which is not in the label map"]
    with pytest.raises(CorpusError, match=r"a\.ann:7: T3 has the label Site"):
        apply(document, {"Medication": "DRUG", "Sign": "SYMPTOM"})
