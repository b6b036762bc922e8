from __future__ import annotations

from pathlib import Path

import pytest

from sequela.corpora import pubtator
from sequela.corpora.document import Attribute, Document, Entity, Relation
from sequela.corpora.problems import Problem
from sequela.errors import CorpusError

CONTENT = """\
11|t|Zolmarin and rash.
11|a|Rash and liver or kidney failure | after zolmarin.
11\t0\t8\tZolmarin\tChemical\tD000001
11\t13\t17\trash\tDisease\tD000002
11\t28\t51\tliver or kidney failure\tDisease\tD000003|D000004\tliver failure|kidney failure
11\t60\t68\tzolmarin\tChemical\t-1
11\tCID\tD000001\tD000003

12|t|A title
12|a|
12\t2\t7\ttitle\tGeneOrGeneProduct\t10,20
12\tAssociation\t20\t10\tNovel

"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "x.PubTator"
    path.write_text(CONTENT)
    return path


def test_everything_is_read(corpus):
    first, second = pubtator.read(corpus)
    assert first.text == "Zolmarin and rash.\nRash and liver or kidney failure | after zolmarin."
    assert first.entities == [
        Entity(id="T1", label="Chemical", fragments=((0, 8),), text="Zolmarin", codes=("MESH:D000001",)),
        Entity(id="T2", label="Disease", fragments=((13, 17),), text="rash", codes=("MESH:D000002",)),
        Entity(
            id="T3",
            label="Disease",
            fragments=((28, 51),),
            text="liver or kidney failure",
            codes=("MESH:D000003", "MESH:D000004"),
        ),
        Entity(id="T4", label="Chemical", fragments=((60, 68),), text="zolmarin"),
    ]
    assert first.relations == [Relation(id="R1", label="CID", head="MESH:D000001", tail="MESH:D000003")]
    assert second == Document(
        doc_id="12",
        text="A title\n",
        entities=[
            Entity(
                id="T1",
                label="GeneOrGeneProduct",
                fragments=((2, 7),),
                text="title",
                codes=("NCBIGene:10", "NCBIGene:20"),
            )
        ],
        relations=[Relation(id="R1", label="Association", head="NCBIGene:20", tail="NCBIGene:10")],
        attributes=[Attribute(id="A1", label="Novelty", target="R1", value="Novel")],
        meta={"split": "x", "columns": {"T1": ["10,20"]}},
    )


def test_a_file_comes_back_byte_for_byte(corpus, tmp_path):
    out = tmp_path / "out.PubTator"
    assert pubtator.write(pubtator.read(corpus), out) == 2
    assert out.read_text() == CONTENT


def test_a_relation_with_a_composite_concept_is_one_with_the_mention(tmp_path):
    path = tmp_path / "x.PubTator"
    path.write_text(
        "1|t|liver or kidney failure\n1|a|x\n"
        "1\t0\t23\tliver or kidney failure\tDisease\tD3|D4\n1\tCID\tD3|D4\tD4\n"
    )
    (document,) = pubtator.read(path)
    assert document.relations == [Relation(id="R1", label="CID", head="T1", tail="MESH:D4")]
    pubtator.write([document], tmp_path / "y.PubTator")
    assert (tmp_path / "y.PubTator").read_text() == path.read_text() + "\n"


def test_a_variant_is_one_concept(tmp_path):
    path = tmp_path / "x.PubTator"
    path.write_text("1|t|del x, y\n1|a|x\n1\t0\t3\tdel\tSequenceVariant\tc|DEL|5|2\n")
    (document,) = pubtator.read(path)
    assert document.entities[0].codes == ("tmVar:c|DEL|5|2",)


def test_a_line_that_is_there_twice_is_read_once(tmp_path):
    path = tmp_path / "x.PubTator"
    line = "1\t0\t4\trash\tDisease\tD2\n"
    path.write_text(f"1|t|rash\n1|a|x\n{line}{line}")
    (document,) = pubtator.read(path)
    assert len(document.entities) == 1


def test_title_and_abstract_can_stand_alone_between_blank_lines(tmp_path):
    path = tmp_path / "x.PubTator"
    path.write_bytes(b"\xef\xbb\xbf\r\n\r\n1|t|a\r\n1|a|b\r\n\r\n\r\n2|t|c\r\n2|a|d")
    assert [(d.doc_id, d.text) for d in pubtator.read(path)] == [("1", "a\nb"), ("2", "c\nd")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["1\t0\t4\trash\tDisease"], ["1: not PubTator: the first line of a document is ID|t|TITLE"]),
        (["1|t|rash"], ["1: 1 has no line 1|a|"]),
        (["1|t|rash", "2|a|x"], ["2: abstract of 2 below the title of 1", "1: 1 has no line 1|a|"]),
        (["1|t|rash", "1|a|x", "1|a|y"], ["3: a second abstract of 1"]),
        (["1|t|rash", "1|a|x", "2\t0\t4\trash\tD\tD2"], ["3: annotation of 2 among those of 1"]),
        (["1|t|rash", "1|a|x", "1\t0\t4\trush\tD\tD2"], ["3: T1 says 'rush', the text has 'rash' at 0:4"]),
        (["1|t|rash", "1|a|x", "1\t3\t9\tx\tD\tD2"], ["3: T1 lies at 3:9, outside the text of 6 characters"]),
        (
            ["1|t|rash", "1|a|x", "1\tCID\tD1\tD2"],
            [f"3: R1 points to D{n}, which is not in the document" for n in (1, 2)],
        ),
        (
            ["1|t|rash", "1|a|x", "1\t0\t4"],
            ["3: neither an entity (ID, START, END, TEXT, LABEL, CONCEPT) nor a relation"],
        ),
    ],
)
def test_contradictions_are_reported_with_file_and_line(tmp_path, lines, expected):
    path = tmp_path / "x.PubTator"
    path.write_text("\n".join(lines))
    found: list[Problem] = []
    list(pubtator.read(path, report=found.append))
    assert [str(problem) for problem in found] == [f"{path}:{message}" for message in expected]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (Document(doc_id="1", text="a\nb\nc"), "1: PubTator has room for one line break"),
        (
            Document(
                doc_id="1",
                text="a b",
                entities=[Entity(id="T1", label="X", fragments=((0, 1), (2, 3)), text="a b")],
            ),
            "1: T1 is in fragments",
        ),
        (
            Document(
                doc_id="1",
                text="a b",
                entities=[Entity(id="T1", label="X", fragments=((0, 1),), text="a")],
                relations=[Relation(id="R1", label="S", head="T1", tail="T1")],
            ),
            "1: R1 relates T1, which has no code to be named by",
        ),
    ],
)
def test_what_pubtator_cannot_say_is_refused(tmp_path, document, message):
    with pytest.raises(CorpusError, match=message):
        pubtator.write([document], tmp_path / "x.PubTator")
