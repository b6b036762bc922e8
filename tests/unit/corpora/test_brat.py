from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequela.corpora import brat
from sequela.corpora.document import (
    Attribute,
    Document,
    Entity,
    Event,
    Note,
    Relation,
    covered_text,
)
from sequela.corpora.problems import Problem
from sequela.errors import CorpusError

TEXT = "Zolmarin caused a rash on arm and leg.\nIt faded.\n"
ANNOTATIONS = """\
T1\tDRUG 0 8\tZolmarin
T2\tSYMPTOM 18 22\trash
E1\tSYMPTOM:T2 Cause:T1
T3\tBODY_SITE 26 29;34 37\tarm leg
E2\tBODY_SITE:T3\x20
R1\tSITE Arg1:T3 Arg2:E1\t
A1\tNEGATED E1
A2\tSEVERITY E1 very mild
N1\tReference T1 MESH:D000001\tzolmarin
N2\tReference T1 ATC:X01\tzolmarin
*\tSame T1 T2
#1\tAnnotatorNotes T2\tsure?\twith a tab
"""


def write_pair(folder: Path, annotations: str, text: str = TEXT, name: str = "a") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_bytes(text.encode())
    path = folder / f"{name}.ann"
    path.write_bytes(annotations.encode())
    return path


def read_one(path: Path) -> Document:
    (document,) = brat.read(path)
    return document


def problems_of(path: Path) -> list[str]:
    found: list[Problem] = []
    list(brat.read(path, report=found.append))
    return [str(problem).removeprefix(f"{path.parent}/") for problem in found]


def test_everything_is_read(tmp_path):
    document = read_one(write_pair(tmp_path, ANNOTATIONS))
    assert document == Document(
        doc_id="a",
        text=TEXT,
        entities=[
            Entity(
                id="T1",
                label="DRUG",
                fragments=((0, 8),),
                text="Zolmarin",
                codes=("MESH:D000001", "ATC:X01"),
            ),
            Entity(id="T2", label="SYMPTOM", fragments=((18, 22),), text="rash"),
            Entity(id="T3", label="BODY_SITE", fragments=((26, 29), (34, 37)), text="arm leg"),
        ],
        events=[
            Event(id="E1", label="SYMPTOM", trigger="T2", arguments=(("Cause", "T1"),)),
            Event(id="E2", label="BODY_SITE", trigger="T3"),
        ],
        relations=[Relation(id="R1", label="SITE", head="T3", tail="E1")],
        attributes=[
            Attribute(id="A1", label="NEGATED", target="E1"),
            Attribute(id="A2", label="SEVERITY", target="E1", value="very mild"),
        ],
        notes=[Note(id="#1", label="AnnotatorNotes", target="T2", text="sure?\twith a tab")],
        meta=document.meta,
    )


def test_a_file_comes_back_byte_for_byte(tmp_path):
    path = write_pair(tmp_path / "in", ANNOTATIONS)
    assert brat.write(brat.read(path), tmp_path / "out") == 1
    assert (tmp_path / "out" / "a.ann").read_bytes() == path.read_bytes()
    assert (tmp_path / "out" / "a.txt").read_bytes() == TEXT.encode()


def test_new_annotations_are_written_last_and_read_again(tmp_path):
    document = read_one(write_pair(tmp_path / "in", ANNOTATIONS))
    document.entities.append(
        Entity(id="T9", label="TIME", fragments=((42, 47),), text="faded", codes=("X:1",))
    )
    brat.write([document], tmp_path / "out")
    content = (tmp_path / "out" / "a.ann").read_text()
    assert content == ANNOTATIONS + "T9\tTIME 42 47\tfaded\nN3\tReference T9 X:1\tfaded\n"
    assert read_one(tmp_path / "out" / "a.ann").entities == document.entities


def test_an_entity_without_its_code_loses_its_normalisation(tmp_path):
    document = read_one(write_pair(tmp_path / "in", ANNOTATIONS))
    document.entities[0] = Entity(id="T1", label="DRUG", fragments=((0, 8),), text="Zolmarin")
    assert "Reference" not in brat.format_annotations(document)


def test_the_text_file_names_the_pair_too(tmp_path):
    path = write_pair(tmp_path, ANNOTATIONS)
    assert list(brat.read(path.with_suffix(".txt"))) == list(brat.read(path))


def test_a_directory_is_read_in_order_with_paths_as_ids(tmp_path):
    write_pair(tmp_path / "b", "", name="2.1")
    write_pair(tmp_path / "b", "", name="2")
    write_pair(tmp_path, "", name="c")
    assert [document.doc_id for document in brat.read(tmp_path)] == ["b/2", "b/2.1", "c"]


def test_an_empty_annotation_file_is_a_document_without_annotations(tmp_path):
    assert read_one(write_pair(tmp_path, "")) == Document(doc_id="a", text=TEXT)


def test_windows_line_endings_count_as_two_characters(tmp_path):
    text = "One.\r\nTwo.\r\n"
    path = write_pair(tmp_path, "T1\tX 6 9\tTwo\r\n\r\n", text=text)
    document = read_one(path)
    assert document.entities == [Entity(id="T1", label="X", fragments=((6, 9),), text="Two")]
    assert document.text == text


def test_a_byte_order_mark_is_not_counted(tmp_path):
    path = write_pair(tmp_path, "\ufeffT1\tX 0 3\tOne\n", text="\ufeffOne.")
    assert read_one(path).entities == [Entity(id="T1", label="X", fragments=((0, 3),), text="One")]


def test_a_line_break_inside_an_entity_is_a_blank(tmp_path):
    path = write_pair(tmp_path, "T1\tX 0 7\tOne Two\n", text="One\nTwo")
    assert read_one(path).entities[0].text == "One Two"


def test_what_follows_a_tab_after_the_text_is_kept_but_no_part_of_it(tmp_path):
    path = write_pair(tmp_path, "T1\tX 0 3\tOne\t \n", text="One")
    document = read_one(path)
    assert document.entities[0].text == "One"
    assert brat.format_annotations(document) == "T1\tX 0 3\tOne\t \n"


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ("T1\tX 0 8\tzolmarin\n", ["a.ann:1: T1 says 'zolmarin', the text has 'Zolmarin' at 0:8"]),
        (
            "T1\tX 17 21\trash\n",
            ["a.ann:1: T1 says 'rash', the text has ' ras' at 17:21; 'rash' is at 18:22"],
        ),
        ("T1\tX 40 90\tx\n", ["a.ann:1: T1 lies at 40:90, outside the text of 49 characters"]),
        ("T1\tX 8 8\t\n", ["a.ann:1: T1 lies at 8:8, which holds no text"]),
        ("T1\tX 9 8\tx\n", ["a.ann:1: T1 lies at 9:8, which holds no text"]),
        ("T1\tX 4 8;0 3\tmarin\n", ["a.ann:1: the fragments of T1 overlap or are out of order"]),
        (
            "T1\tDRUG 0 8\tZolmarin\nT1\tX 18 22\trash\n",
            ["a.ann:2: id T1 twice in document a"],
        ),
        (
            "T1\tDRUG 0 8\tZolmarin\nR1\tSITE Arg1:T1 Arg2:T7\n",
            ["a.ann:2: R1 points to T7, which is not in the document"],
        ),
        ("\nA1\tNEGATED E1\n", ["a.ann:2: A1 points to E1, which is not in the document"]),
        ("#1\tNote T5\tx\n", ["a.ann:1: #1 points to T5, which is not in the document"]),
        ("E1\tX:T4\n", ["a.ann:1: E1 points to T4, which is not in the document"]),
        ("N1\tReference T4 A:1\tx\n", ["a.ann:1: N1 points to T4, which is not in the document"]),
        ("*\tSame T4 T5\n", [f"a.ann:1: * points to T{n}, which is not in the document" for n in (4, 5)]),
        ("T1 X 0 8 Zolmarin\n", ["a.ann:1: no tab after the id"]),
        ("T1\tX 0\tZolmarin\n", ["a.ann:1: T1 is not of the form 'LABEL START END<tab>TEXT'"]),
        ("T1\tX 0 8\n", ["a.ann:1: T1 is not of the form 'LABEL START END<tab>TEXT'"]),
        ("Q1\tX 0 8\tx\n", ["a.ann:1: 'Q1' is no id: it begins with none of T, R, E, A, M, N, #, *"]),
        ("R1\tSITE T1 T2\n", ["a.ann:1: R1: 'T1' is not of the form ROLE:ID"]),
        ("R1\tSITE Arg1:T1\n", ["a.ann:1: R1 is not of the form 'LABEL ROLE:ID ROLE:ID'"]),
        ("T\tX 0 8\tx\n", ["a.ann:1: 'T' is no id"]),
    ],
)
def test_contradictions_are_reported_with_file_and_line(tmp_path, annotations, expected):
    path = write_pair(tmp_path, annotations)
    assert problems_of(path) == expected
    with pytest.raises(CorpusError) as error:
        list(brat.read(path))
    assert str(error.value) == f"{tmp_path}/{expected[0]}"


def test_what_hangs_on_a_faulty_annotation_is_left_out_and_not_reported_again(tmp_path):
    path = write_pair(
        tmp_path,
        "T1\tX 0 8\twrong\nE1\tX:T1\nE2\tX:T2 Of:E1\nT2\tX 18 22\trash\n"
        "A1\tN E2\nR1\tS A:T2 B:E1\n#1\tNote R1\tx\n",
    )
    assert problems_of(path) == ["a.ann:1: T1 says 'wrong', the text has 'Zolmarin' at 0:8"]
    (document,) = brat.read(path, report=lambda problem: None)
    assert [entity.id for entity in document.entities] == ["T2"]
    assert (document.events, document.relations, document.attributes, document.notes) == ([], [], [], [])


@pytest.mark.parametrize(
    ("text", "annotation", "hint"),
    [
        ("One.\r\nTwo.", "T1\tX 5 8\tTwo\n", "the offsets fit the text with \\n line endings"),
        ("One.\nTwo.", "T1\tX 6 9\tTwo\n", "the offsets fit the text with \\r\\n line endings"),
        ("Dose 5 µg daily of it", "T1\tX 11 16\tdaily\n", "the offsets count bytes, not characters"),
        ("\ufeffOne day off", "T1\tX 5 8\tday\n", "'day' is at 4:7"),
    ],
)
def test_the_message_says_what_the_offsets_do_fit(tmp_path, text, annotation, hint):
    (problem,) = problems_of(write_pair(tmp_path, annotation, text=text))
    assert hint in problem


def test_a_file_without_its_pair_is_reported(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "b.ann").write_text("")
    found: list[Problem] = []
    assert list(brat.read(tmp_path, report=found.append)) == []
    assert [str(problem) for problem in found] == [
        f"{tmp_path}/a.txt:1: no a.ann beside it; a text without annotations needs an empty one",
        f"{tmp_path}/b.ann:1: no b.txt beside it",
    ]


def test_a_text_that_is_not_utf8_is_refused_with_its_line(tmp_path):
    path = write_pair(tmp_path, "")
    path.with_suffix(".txt").write_bytes(b"One\nna\xefve\n")
    with pytest.raises(CorpusError, match=r"a\.txt:2: not UTF-8 \(byte 0xef\); convert the file"):
        list(brat.read(path))


def test_writing_two_documents_of_one_name_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="two documents have the id 'a'"):
        brat.write([Document(doc_id="a", text="x"), Document(doc_id="a", text="y")], tmp_path)


def test_texts_that_stand_aside_and_hidden_files_are_no_documents(tmp_path):
    write_pair(tmp_path, "")
    write_pair(tmp_path / ".checkpoints", "broken")
    (tmp_path / "README.txt").write_text("About the corpus.")
    (tmp_path / ".stats_cache").write_text("x")
    assert [document.doc_id for document in brat.read(tmp_path)] == ["a"]


def test_a_file_that_is_not_utf8_does_not_end_the_list_of_problems(tmp_path):
    write_pair(tmp_path, "T1\tX 0 3\tTwo\n", text="One", name="c")
    write_pair(tmp_path, "", name="b").with_suffix(".txt").write_bytes(b"\xff")
    found: list[Problem] = []
    assert [document.doc_id for document in brat.read(tmp_path, report=found.append)] == ["c"]
    assert [(Path(problem.path).name, problem.line) for problem in found] == [("b.txt", 1), ("c.ann", 1)]


def test_ids_of_another_form_become_those_of_brat(tmp_path):
    document = Document(
        doc_id="a",
        text="One two three",
        entities=[
            Entity(id="x", label="X", fragments=((0, 3),), text="One", codes=("C:1",)),
            Entity(id="T1", label="X", fragments=((4, 7),), text="two"),
        ],
        events=[Event(id="ev", label="X", trigger="x", arguments=(("Of", "T1"),))],
        relations=[Relation(id="7", label="Y", head="x", tail="ev")],
        attributes=[Attribute(id="8", label="Z", target="ev", value="v")],
        notes=[Note(id="9", label="Note", target="7", text="two\nlines")],
    )
    brat.write([document], tmp_path)
    assert (tmp_path / "a.ann").read_text() == (
        "T2\tX 0 3\tOne\nT1\tX 4 7\ttwo\nE1\tX:T2 Of:T1\nR1\tY Arg1:T2 Arg2:E1\t\n"
        "A1\tZ E1 v\n#1\tNote R1\ttwo lines\nN1\tReference T2 C:1\tOne\n"
    )
    read_one(tmp_path / "a.ann")


def test_a_label_with_a_blank_is_refused(tmp_path):
    entity = Entity(id="T1", label="Adverse effect", fragments=((0, 1),), text="x")
    with pytest.raises(CorpusError, match="a: the label 'Adverse effect' has a blank, which brat cannot say"):
        brat.write([Document(doc_id="a", text="x", entities=[entity])], tmp_path)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = draw(st.text(alphabet="ab é\n\r\t\u2028\ufeff😀", min_size=1, max_size=20))
    places = st.integers(0, len(text))
    entities = []
    for number in range(draw(st.integers(0, 4))):
        borders = sorted(draw(st.sets(places, min_size=2, max_size=4)))
        fragments = tuple(zip(borders[::2], borders[1::2], strict=False))
        said = covered_text(text, fragments)
        codes = tuple(draw(st.lists(st.sampled_from(["M:1", "H:2"]), unique=True)))
        entities.append(Entity(id=f"T{number}", label="X", fragments=fragments, text=said, codes=codes))
    ids = [entity.id for entity in entities]
    if not ids:
        return Document(doc_id="a", text=text)
    pick = st.sampled_from(ids)
    return Document(
        doc_id="a",
        text=text,
        entities=entities,
        events=[Event(id="E1", label="Y", trigger=draw(pick), arguments=(("Of", draw(pick)),))],
        relations=[Relation(id="R1", label="Z", head=draw(pick), tail="E1")],
        attributes=[Attribute(id="A1", label="N", target="R1", value=draw(st.sampled_from(["", "a b"])))],
        notes=[Note(id="#1", label="Note", target=draw(pick), text="x")],
    )


@settings(max_examples=100, deadline=None)
@given(documents())
def test_any_document_comes_back(tmp_path_factory, document):
    folder = tmp_path_factory.mktemp("brat")
    brat.write([document], folder)
    back = read_one(folder / "a.ann")
    back.meta = {}
    assert back == document


@pytest.mark.parametrize("doc_id", ["../a", "/etc/a", ""])
def test_a_document_cannot_be_written_outside_the_folder(tmp_path, doc_id):
    with pytest.raises(CorpusError, match="cannot be the name of a file"):
        brat.write([Document(doc_id=doc_id, text="x")], tmp_path / "out")
