"""ADE, CoNLL, JSON lines, DocBin and BioC."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequela.corpora import ade, bioc_format, conll, docbin, jsonl
from sequela.corpora.document import Attribute, Document, Entity, Event, Note, Relation
from sequela.corpora.problems import Problem
from sequela.errors import CorpusError

TEXT = "Zolmarin caused a rash on arm and leg.\nIt faded."


def entity(number: int, label: str, *fragments: tuple[int, int], codes: tuple[str, ...] = ()) -> Entity:
    text = " ".join(TEXT[start:end] for start, end in fragments)
    return Entity(id=f"T{number}", label=label, fragments=fragments, text=text, codes=codes)


RICH = Document(
    doc_id="a/1",
    text=TEXT,
    entities=[
        entity(1, "DRUG", (0, 8), codes=("MESH:D1", "ATC:X")),
        entity(2, "SYMPTOM", (18, 22)),
        entity(3, "BODY_SITE", (26, 29), (34, 37)),
        entity(4, "SYMPTOM", (16, 22)),
        entity(5, "SYMPTOM", (19, 21), codes=("HP:1",)),
    ],
    relations=[Relation(id="R1", label="SITE", head="T3", tail="E1", head_role="Site", tail_role="Of")],
    events=[Event(id="E1", label="SYMPTOM", trigger="T2", arguments=(("Cause", "T1"), ("Cause", "T3")))],
    attributes=[
        Attribute(id="A1", label="NEGATED", target="E1"),
        Attribute(id="A2", label="SEVERITY", target="T2", value="mild"),
    ],
    notes=[Note(id="#1", label="AnnotatorNotes", target="R1", text="sure?")],
)
PLAIN = Document(doc_id="b", text="No drug – at all.")


def found_in(read, path: Path) -> list[str]:
    found: list[Problem] = []
    list(read(path, report=found.append))
    return [str(problem).removeprefix(f"{path.parent}/") for problem in found]


@pytest.mark.parametrize(
    ("module", "name"), [(bioc_format, "x.xml"), (bioc_format, "x.json"), (docbin, "x.spacy")]
)
def test_everything_survives(tmp_path, module, name):
    assert module.write([RICH, PLAIN], tmp_path / name) == 2
    first, second = module.read(tmp_path / name)
    first.meta, second.meta = {}, {}
    first.attributes.sort(key=lambda attribute: attribute.id)
    assert first == RICH
    assert second == PLAIN


class TestBioc:
    XML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE collection SYSTEM "BioC.dtd">
<collection><source>s</source><date>d</date><key>k</key>
<document><id>7</id>
<passage><infon key="type">title</infon><offset>100</offset><text>Rash &amp; fever</text>
<annotation id="1"><infon key="type">Disease</infon><infon key="MESH">D1</infon>
<location offset="100" length="4"/><text>Rash</text></annotation>
</passage>
<passage><offset>113</offset>
<sentence><offset>113</offset><text>One.</text></sentence>
<sentence><offset>118</offset><text>Two.</text>
<annotation id="2"><infon key="type">Chemical</infon><infon key="identifier">D2</infon>
<location offset="118" length="3"/><text>Two</text></annotation></sentence>
</passage>
<relation id="R1"><infon key="relation">CID</infon><infon key="Chemical">D2</infon>
<infon key="Disease">D1</infon></relation>
</document></collection>
"""

    def write(self, folder: Path, *changes: tuple[str, str]) -> Path:
        content = self.XML
        for old, new in changes:
            assert old in content
            content = content.replace(old, new)
        path = folder / "x.xml"
        path.write_text(content)
        return path

    def test_passages_and_sentences_make_one_text(self, tmp_path):
        (document,) = bioc_format.read(self.write(tmp_path))
        assert document.text == "Rash & fever\nOne. Two."
        assert document.entities == [
            Entity(id="1", label="Disease", fragments=((0, 4),), text="Rash", codes=("MESH:D1",)),
            Entity(id="2", label="Chemical", fragments=((18, 21),), text="Two", codes=("MESH:D2",)),
        ]
        assert document.relations == [
            Relation(
                id="R1",
                label="CID",
                head="MESH:D2",
                tail="MESH:D1",
                head_role="Chemical",
                tail_role="Disease",
            )
        ]

    @pytest.mark.parametrize("name", ["y.xml", "y.json"])
    def test_passages_sentences_and_infons_come_back(self, tmp_path, name):
        documents = list(bioc_format.read(self.write(tmp_path)))
        bioc_format.write(documents, tmp_path / name)
        assert list(bioc_format.read(tmp_path / name)) == documents

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ((">Rash<", ">Rush<"), "x.xml:6: 1 says 'Rush', the text has 'Rash' at 0:4"),
            (('offset="118"', 'offset="218"'), "x.xml:12: 2 lies at 118:121, outside the text of 22 char"),
            (('annotation id="2"', 'annotation id="1"'), "x.xml:12: id 1 twice in document 7"),
            ((">D1</infon></relation>", ">D9</infon></relation>"), "x.xml:15: R1 points to D9, which is not"),
            (("<offset>113</offset>\n", "<offset>110</offset>\n"), None),
            (
                ("<offset>118</offset>", "<offset>115</offset>"),
                "x.xml:4: document 7: the passage at 15 overl",
            ),
            (("<offset>118</offset>", "<offset>999999999</offset>"), "x.xml:4: document 7: a gap of "),
            (
                ('<infon key="type">Disease</infon>', ""),
                "x.xml:6: document 7: annotation 1 has no infon type",
            ),
            (("<document>", "<documents>"), "x.xml:17: not XML: "),
        ],
    )
    def test_contradictions_are_reported_with_file_and_line(self, tmp_path, change, expected):
        problems = found_in(bioc_format.read, self.write(tmp_path, change))
        if expected is None:
            assert problems == []
        else:
            assert problems[0].startswith(expected)

    @pytest.mark.parametrize(
        "dtd",
        [
            '<!DOCTYPE collection [<!ENTITY a "b">]>',
            '<!DOCTYPE collection [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
            '<!DOCTYPE collection [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        ],
        ids=["internal", "external", "nested"],
    )
    def test_entities_are_refused(self, tmp_path, dtd):
        path = self.write(
            tmp_path,
            ('<!DOCTYPE collection SYSTEM "BioC.dtd">', dtd),
            ("Rash &amp; fever", "Rash &a; fever"),
        )
        assert found_in(bioc_format.read, path) == [
            "x.xml:1: declares XML entities, which are not read: write the characters themselves"
        ]

    def test_another_xml_is_refused(self, tmp_path):
        path = tmp_path / "x.xml"
        path.write_text("<article/>")
        assert found_in(bioc_format.read, path) == [
            "x.xml:1: not BioC: the root element is article, expected collection"
        ]

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("{", "x.json:1: not JSON: "),
            ('{"documents": [{}]}', "x.json:1: not BioC JSON: KeyError('id')"),
            (
                '{"documents": [{"id": "1", "infons": {}, "relations": [], "passages": [{"offset": "0", '
                '"infons": {}, "text": "x", "sentences": [], "annotations": [], "relations": []}]}]}',
                "x.json:1: document 1 is not in BioC's form: TypeError(",
            ),
        ],
    )
    def test_another_json_is_refused(self, tmp_path, content, message):
        path = tmp_path / "x.json"
        path.write_text(content)
        (problem,) = found_in(bioc_format.read, path)
        assert problem.startswith(message)


class TestAde:
    SENTENCE = "Rash | itch after zolmarin, rash after tavenol."

    def test_mentions_are_placed_in_the_sentence(self, tmp_path):
        path = tmp_path / "DRUG-AE.rel"
        rows = [("rash", 128, "zolmarin", 118), ("rash", 128, "tavenol", 139), ("itch", 107, "zolmarin", 118)]
        path.write_text(
            "".join(
                f"55|{self.SENTENCE}|{event}|{at}|{at + len(event)}|{drug}|{on}|{on + len(drug)}\n"
                for event, at, drug, on in rows
            )
        )
        (document,) = ade.read(path)
        assert (document.doc_id, document.text) == ("55_1", self.SENTENCE)
        assert [(item.label, item.start, item.text) for item in document.entities] == [
            ("Drug", 18, "zolmarin"),
            ("Effect", 28, "rash"),
            ("Drug", 39, "tavenol"),
            ("Effect", 7, "itch"),
        ]
        assert [(item.label, item.head, item.tail) for item in document.relations] == [
            ("DRUG-AE", "T1", "T2"),
            ("DRUG-AE", "T3", "T2"),
            ("DRUG-AE", "T1", "T4"),
        ]

    def test_the_shift_of_the_sentence_tells_two_equal_words_apart(self, tmp_path):
        path = tmp_path / "DRUG-AE.rel"
        text = "rash and rash after zolmarin"
        path.write_text(f"5|{text}|rash|49|53|zolmarin|60|68\n5|{text}|rash|40|44|zolmarin|60|68\n")
        (document,) = ade.read(path)
        assert sorted(item.fragments for item in document.entities) == [((0, 4),), ((9, 13),), ((20, 28),)]

    def test_blanks_of_a_mention_may_be_others_in_the_sentence(self, tmp_path):
        path = tmp_path / "DRUG-AE.rel"
        path.write_text("5|A toxic  rash after zolmarin.|toxic rash|2|12|zolmarin|20|28\n")
        (document,) = ade.read(path)
        assert [item.text for item in document.entities] == ["zolmarin", "toxic  rash"]

    def test_a_directory_joins_the_files_by_sentence(self, tmp_path):
        text = "Rash after 5 mg zolmarin."
        (tmp_path / "DRUG-AE.rel").write_text(f"5|{text}|Rash|0|4|zolmarin|16|24\n")
        (tmp_path / "DRUG-DOSE.rel").write_text(f"5|{text}|5 mg|11|15|zolmarin|16|24\n")
        (tmp_path / "ADE-NEG.txt").write_text("5 NEG Nothing happened.\n6 NEG Nor here.\n")
        documents = {document.doc_id: document for document in ade.read(tmp_path)}
        assert set(documents) == {"5_1", "5_2", "6_1"}
        joined = next(document for document in documents.values() if document.text == text)
        assert {item.label for item in joined.entities} == {"Drug", "Effect", "Dose"}
        assert {item.label for item in joined.relations} == {"DRUG-AE", "DRUG-DOSE"}
        assert sum(bool(document.entities) for document in documents.values()) == 1

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("5|Rash.|fever|0|5|zolmarin|6|14", "DRUG-AE.rel:2: 'zolmarin' is not in its sentence"),
            ("5|Rash.|Rash|0|4|  |6|8", "DRUG-AE.rel:2: '  ' is not in its sentence"),
            ("5|Rash.|Rash|0|4", "DRUG-AE.rel:2: not of the form PMID|SENTENCE|EFFECT|START|END|DRUG|START|"),
        ],
    )
    def test_contradictions_are_reported_with_file_and_line(self, tmp_path, line, message):
        path = tmp_path / "DRUG-AE.rel"
        path.write_text(f"\n{line}\n")
        (problem,) = found_in(ade.read, path)
        assert problem.startswith(message)


class TestConll:
    def read_text(self, folder: Path, content: str) -> list[Document]:
        path = folder / "x.conll"
        path.write_text(content)
        return list(conll.read(path))

    def test_the_text_is_rebuilt_from_the_tokens(self, tmp_path):
        (document,) = self.read_text(
            tmp_path,
            "Toxic NN B-SYMPTOM\nrash NN I-SYMPTOM\nafter IN O\nzolmarin NN B-DRUG\n\n"
            "Tavenol NN B-DRUG\ntoo RB O\n",
        )
        assert (document.doc_id, document.text) == ("x", "Toxic rash after zolmarin\nTavenol too")
        assert [(item.id, item.label, item.start, item.text) for item in document.entities] == [
            ("T1", "SYMPTOM", 0, "Toxic rash"),
            ("T2", "DRUG", 17, "zolmarin"),
            ("T3", "DRUG", 26, "Tavenol"),
        ]

    @pytest.mark.parametrize(
        ("tags", "texts"),
        [
            ("B-X B-X O", ["a", "b"]),
            ("B-X I-X I-X", ["a b c"]),
            ("I-X I-X O", ["a b"]),
            ("B-X I-Y O", ["a", "b"]),
            ("S-X B-X E-X", ["a", "b c"]),
            ("U-X B-X L-X", ["a", "b c"]),
            ("O O B-X", ["c"]),
            ("O O O", []),
        ],
    )
    def test_tags(self, tmp_path, tags, texts):
        lines = "".join(f"{token}\t{tag}\n" for token, tag in zip("abc", tags.split(), strict=True))
        (document,) = self.read_text(tmp_path, lines)
        assert [item.text for item in document.entities] == texts

    def test_an_entity_ends_with_its_sentence(self, tmp_path):
        (document,) = self.read_text(tmp_path, "a\tB-X\n\nb\tI-X\n")
        assert [item.text for item in document.entities] == ["a", "b"]

    def test_documents_are_told_apart(self, tmp_path):
        documents = self.read_text(
            tmp_path,
            "-DOCSTART- -X- O\n\na O\n\n-DOCSTART- -X- O\nb O\n# doc_id = named\n-DOCSTART-\tO\n\n#\tO\n",
        )
        assert [(item.doc_id, item.text) for item in documents] == [
            ("x_1", "a"),
            ("x_2", "b"),
            ("named", "#"),
        ]

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("a\tO\nword\n", "x.conll:2: a token needs a tag: two columns"),
            ("a\tDRUG\n", "x.conll:1: 'DRUG' is no tag: expected O, B-LABEL or I-LABEL"),
            ("a\tO\n\tO\n", "x.conll:2: no token before the tag"),
        ],
    )
    def test_contradictions_are_reported_with_file_and_line(self, tmp_path, content, message):
        path = tmp_path / "x.conll"
        path.write_text(content)
        (problem,) = found_in(conll.read, path)
        assert problem.startswith(message)

    def test_written_documents_are_read_again(self, tmp_path):
        document = Document(
            doc_id="a/1",
            text="zolmarin-induced rash",
            entities=[
                Entity(id="T1", label="DRUG", fragments=((0, 8),), text="zolmarin"),
                Entity(id="T2", label="SYMPTOM", fragments=((17, 21),), text="rash"),
            ],
        )
        empty = Document(doc_id="b", text="")
        assert conll.write([document, empty], tmp_path / "x.conll") == 2
        assert (tmp_path / "x.conll").read_text() == (
            "# doc_id = a/1\n-DOCSTART-\tO\n\nzolmarin\tB-DRUG\n-\tO\ninduced\tO\nrash\tB-SYMPTOM\n\n"
            "# doc_id = b\n-DOCSTART-\tO\n\n"
        )
        first, second = conll.read(tmp_path / "x.conll")
        assert (first.doc_id, first.text) == ("a/1", "zolmarin - induced rash")
        assert [(item.label, item.text) for item in first.entities] == [
            ("DRUG", "zolmarin"),
            ("SYMPTOM", "rash"),
        ]
        assert (second.doc_id, second.text) == ("b", "")

    @pytest.mark.parametrize(
        ("entities", "message"),
        [
            ([entity(3, "X", (26, 29), (34, 37))], "a: T3 is in fragments"),
            ([entity(1, "X", (0, 8)), entity(2, "X", (5, 8))], "a: T2 overlaps T1"),
        ],
    )
    def test_what_iob_cannot_say_is_refused(self, tmp_path, entities, message):
        with pytest.raises(CorpusError, match=message):
            conll.write([Document(doc_id="a", text=TEXT, entities=entities)], tmp_path / "x.conll")

    @settings(max_examples=60, deadline=None)
    @given(st.text(alphabet="ab -,\n", max_size=30), st.lists(st.integers(0, 30), max_size=6, unique=True))
    def test_the_words_of_entities_survive(self, tmp_path_factory, text, borders):
        places = sorted(place for place in borders if place <= len(text))
        entities = [
            Entity(id=f"T{start}", label="X", fragments=((start, end),), text=text[start:end])
            for start, end in zip(places[::2], places[1::2], strict=False)
            if text[start:end].strip() and "\n" not in text[start:end]
        ]
        path = tmp_path_factory.mktemp("conll") / "x.conll"
        conll.write([Document(doc_id="a", text=text, entities=entities)], path)
        (back,) = conll.read(path)
        squeezed = ["".join(item.text.split()) for item in entities]
        assert ["".join(item.text.split()) for item in back.entities] == squeezed


class TestJsonLines:
    def read_one(self, folder: Path, record: object) -> Document:
        path = folder / "x.jsonl"
        path.write_text(json.dumps(record) + "\n")
        (document,) = jsonl.read(path)
        return document

    @pytest.mark.parametrize(
        "record",
        [
            {
                "text": TEXT,
                "spans": [{"start": 0, "end": 8, "label": "DRUG", "token_start": 0}],
                "meta": {"id": 5},
            },
            {"id": 5, "text": TEXT, "label": [[0, 8, "DRUG"]]},
            {"id": 5, "text": TEXT, "labels": [[0, 8, "DRUG"]]},
            {
                "id": 5,
                "text": TEXT,
                "entities": [{"id": 3, "label": "DRUG", "start_offset": 0, "end_offset": 8}],
            },
            {"doc_id": "5", "text": TEXT, "entities": [[0, 8, "DRUG"]], "relations": []},
        ],
        ids=["prodigy", "doccano label", "doccano labels", "doccano relations", "spacy"],
    )
    def test_spans_of_each_tool(self, tmp_path, record):
        document = self.read_one(tmp_path, record)
        assert document == Document(doc_id="5", text=TEXT, entities=[entity(1, "DRUG", (0, 8))])

    @pytest.mark.parametrize("style", ["prodigy", "doccano"])
    def test_entities_and_relations_survive(self, tmp_path, style):
        document = Document(
            doc_id="a/1",
            text=TEXT,
            entities=[
                entity(1, "DRUG", (0, 8)),
                entity(2, "SYMPTOM", (18, 22)),
                entity(3, "SYMPTOM", (16, 22)),
            ],
            relations=[Relation(id="R1", label="CAUSES", head="T1", tail="T3")],
        )
        assert jsonl.write([document, PLAIN], tmp_path / "x.jsonl", style=style) == 2
        assert list(jsonl.read(tmp_path / "x.jsonl")) == [document, PLAIN]

    def test_documents_that_were_rejected_are_left_out(self, tmp_path):
        path = tmp_path / "x.jsonl"
        answers = ["accept", "reject", "ignore"]
        path.write_text("".join(json.dumps({"text": a, "spans": [], "answer": a}) + "\n" for a in answers))
        assert [(item.doc_id, item.text) for item in jsonl.read(path)] == [("x_1", "accept")]

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("{", "x.jsonl:2: not a line of JSON"),
            (
                '{"text": "a"}',
                "x.jsonl:2: not a document of Prodigy or doccano: ValueError('no list of spans",
            ),
            ('{"spans": []}', "x.jsonl:2: not a document of Prodigy or doccano: KeyError('text')"),
            (
                '{"text": "a", "spans": [[0, 9, "X"]]}',
                "x.jsonl:2: T1 lies at 0:9, outside the text of 1 char",
            ),
            ('{"text": "a", "spans": [[0, 1, 5]]}', "x.jsonl:2: entity 'T1' has a value of the wrong type"),
            ('{"text": 5, "spans": []}', "x.jsonl:2: not a document of Prodigy or doccano: ValueError('text"),
            ('{"text": "\\ud800", "spans": []}', "x.jsonl:2: the text holds half of a surrogate pair"),
            ('{"text": "a", "spans": [["0", 1, "X"]]}', "x.jsonl:2: not a document of Prodigy or doccano"),
            (
                '{"text": "ab", "spans": [{"start": 0, "end": 1, "label": "X", "text": "b"}]}',
                "x.jsonl:2: T1 says 'b', the text has 'a' at 0:1",
            ),
            (
                '{"text": "ab", "entities": [], "relations": [{"type": "X", "from_id": 1, "to_id": 2}]}',
                "x.jsonl:2: R1 points to 1, which is not in the document",
            ),
        ],
    )
    def test_contradictions_are_reported_with_file_and_line(self, tmp_path, line, message):
        path = tmp_path / "x.jsonl"
        path.write_text(f"\n{line}\n")
        assert found_in(jsonl.read, path)[0].startswith(message)

    @pytest.mark.parametrize(
        ("document", "message"),
        [
            (Document(doc_id="a", text=TEXT, entities=[RICH.entities[2]]), "a: T3 is in fragments"),
            (
                Document(
                    doc_id="a", text=TEXT, relations=[Relation(id="R1", label="X", head="M:1", tail="M:2")]
                ),
                "a: R1 is not between two entities",
            ),
        ],
    )
    def test_what_the_tools_cannot_say_is_refused(self, tmp_path, document, message):
        with pytest.raises(CorpusError, match=message):
            jsonl.write([document], tmp_path / "x.jsonl")


class TestDocBin:
    def test_ents_are_set_where_none_overlaps(self, tmp_path):
        import spacy
        from spacy.tokens import DocBin

        document = Document(
            doc_id="a", text=TEXT, entities=[entity(1, "DRUG", (0, 5)), entity(2, "SYMPTOM", (18, 22))]
        )
        docbin.write([document, RICH], tmp_path / "x.spacy")
        first, second = DocBin().from_disk(tmp_path / "x.spacy").get_docs(spacy.blank("en").vocab)
        assert [(span.text, span.label_) for span in first.ents] == [("Zolma", "DRUG"), ("rash", "SYMPTOM")]
        assert second.ents == ()
        assert {span.id_ for span in second.spans["entities"]} == {"T2", "T4", "T5"}

    def test_docs_of_others_are_read(self, tmp_path):
        import spacy
        from spacy.tokens import DocBin, Span

        nlp = spacy.blank("en")
        doc = nlp.make_doc("Zolmarin caused a rash .")
        doc.set_ents([Span(doc, 0, 1, "DRUG")])
        doc.spans["sc"] = [Span(doc, 0, 1, "DRUG"), Span(doc, 2, 4, "SYMPTOM", kb_id="HP:1")]
        DocBin(docs=[doc]).to_disk(tmp_path / "x.spacy")
        (document,) = docbin.read(tmp_path / "x.spacy")
        assert document.doc_id == "x_1"
        assert document.entities == [
            Entity(id="T1", label="DRUG", fragments=((0, 8),), text="Zolmarin"),
            Entity(id="T2", label="SYMPTOM", fragments=((16, 22),), text="a rash", codes=("HP:1",)),
        ]

    def test_another_file_is_refused(self, tmp_path):
        path = tmp_path / "x.spacy"
        path.write_bytes(b"something else")
        (problem,) = found_in(docbin.read, path)
        assert problem.startswith("x.spacy:1: not a DocBin of spaCy: ")
