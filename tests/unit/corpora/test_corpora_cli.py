"""``sequela corpora``: checks of whole corpora, conversion, counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from sequela.cli.corpora import register
from sequela.corpora import brat
from sequela.corpora.checks import check_corpus
from sequela.corpora.conversion import convert_corpus
from sequela.errors import CorpusError

ANNOTATIONS = (
    "T1\tDRUG 0 8\tZolmarin\nT2\tSYMPTOM 18 22\trash\nT3\tSYMPTOM 16 22\ta rash\n"
    "T4\tSITE 26 29;34 37\tarm leg\nR1\tCAUSE Arg1:T1 Arg2:T2\t\nR2\tAT Arg1:T4 Arg2:T2\t\nA1\tNEGATED T2\n"
)
TEXT = "Zolmarin caused a rash on arm and leg."


@pytest.fixture
def run():
    app = typer.Typer()
    register(app)
    app.command("other")(lambda: None)  # with one command only, typer takes it for the application

    def call(*arguments: object):
        return CliRunner().invoke(app, ["corpora", *map(str, arguments)])

    return call


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "gold"
    add(folder / "train" / "a")
    add(folder / "dev" / "b", text=TEXT.replace("arm", "ear"), annotations="")
    return folder


def add(stem: Path, *, text: str = TEXT, annotations: str = ANNOTATIONS) -> None:
    stem.parent.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(".txt").write_bytes(text.encode())
    stem.with_suffix(".ann").write_bytes(annotations.encode())


def problems_of(path: Path) -> list[str]:
    return [str(problem).removeprefix(f"{path}/") for problem in check_corpus(path)[1]]


class TestCheck:
    def test_a_sound_corpus(self, run, corpus):
        result = run("check", corpus)
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == f"{corpus}: 2 documents, no problem\n"

    def test_problems_are_printed_and_the_exit_code_says_so(self, run, corpus):
        add(
            corpus / "dev" / "c",
            annotations="T1\tDRUG 0 4\tZolmarin\nT1\tDRUG 0 8\tZolmarin\n",
            text=TEXT + " ",
        )
        result = run("check", corpus)
        assert result.exit_code == 1
        assert result.stdout.splitlines() == [
            f"{corpus}/dev/c.ann:2: id T1 twice in document dev/c",
            f"{corpus}/dev/c.ann:1: T1 says 'Zolmarin', the text has 'Zolm' at 0:4; 'Zolmarin' is at 0:8",
            f"{corpus}/train/a.ann:1: the text of a is in two splits: also at {corpus}/dev/c.ann:1",
        ]
        assert result.stderr == f"{corpus}: 3 documents, 3 problems\n"

    def test_a_document_in_two_splits(self, corpus):
        add(corpus / "dev" / "a", text="Another text.", annotations="")
        assert problems_of(corpus) == [
            f"train/a.ann:1: document a is in two splits: also at {corpus}/dev/a.ann:1"
        ]

    def test_a_text_in_two_splits_with_other_blanks(self, corpus):
        add(corpus / "dev" / "c", text=TEXT.replace(" ", "\n"), annotations="")
        assert problems_of(corpus) == [
            f"train/a.ann:1: the text of a is in two splits: also at {corpus}/dev/c.ann:1"
        ]

    def test_two_documents_of_one_id_in_a_file(self, tmp_path):
        (tmp_path / "x.PubTator").write_text("1|t|a\n1|a|b\n\n1|t|c\n1|a|d\n")
        assert problems_of(tmp_path) == [
            f"x.PubTator:4: document 1 is there twice: also at {tmp_path}/x.PubTator:1"
        ]

    def test_splits_that_are_given_one_by_one(self, run, corpus):
        add(corpus / "dev" / "a", text="Another text.", annotations="")
        result = run("check", corpus / "dev", corpus / "train")
        assert result.exit_code == 1
        assert result.stdout.splitlines() == [
            f"{corpus}/train/a.ann:1: document a is in two splits: also at {corpus}/dev/a.ann:1"
        ]

    def test_mixed_line_endings(self, corpus):
        add(corpus / "dev" / "c", text="One.\nTwo.\r\nThree.\n", annotations="")
        add(corpus / "dev" / "d", text="Un.\r\nDeux.\r\n", annotations="T1\tX 0 2\tUn\n\r\n")
        message = "mixed line endings: some lines end in \\r\\n, some in \\n; write the file with one kind"
        assert problems_of(corpus) == [f"dev/c.txt:2: {message}", f"dev/d.ann:2: {message}"]

    def test_splits_json(self, corpus):
        (corpus / "splits.json").write_text('{"train": ["a", "b"], "dev": ["b"]}')
        assert problems_of(corpus) == ["splits.json:1: document b is in two splits, train and dev"]

    def test_labels_that_the_map_does_not_know(self, run, corpus, tmp_path):
        (tmp_path / "map.json").write_text('{"DRUG": "X", "SYMPTOM": null}')
        result = run("check", corpus, "--labels", tmp_path / "map.json")
        assert result.exit_code == 1
        assert (
            result.stdout == f"{corpus}/train/a.ann:4: T4 has the label SITE, which is not in the label map\n"
        )

    def test_a_triples_csv(self, tmp_path):
        path = tmp_path / "t.csv"
        header = "doc_id,triple_id,drug,event,drug_start,drug_end,event_start,event_end"
        path.write_text(f"{header}\na,1,x,y,0,1,2,3\na,2,x,y,0,1,2,z\n")
        count, problems = check_corpus(path)
        assert count == 1
        assert [str(problem) for problem in problems] == [f"{path}:3: event_end is 'z', expected int"]


class TestConvert:
    def test_brat_to_docbin_and_back(self, run, corpus, tmp_path):
        assert run("convert", corpus, tmp_path / "x.spacy").exit_code == 0
        result = run("convert", tmp_path / "x.spacy", tmp_path / "back", "--to", "brat")
        assert (result.exit_code, result.stderr) == (0, f"{tmp_path}/back: 2 documents written as brat\n")
        for name in ("train/a", "dev/b"):
            for suffix in (".txt", ".ann"):
                assert (tmp_path / "back" / (name + suffix)).read_bytes() == (
                    corpus / (name + suffix)
                ).read_bytes()

    def test_what_is_left_out_is_said(self, run, corpus, tmp_path):
        result = run("convert", corpus, tmp_path / "x.jsonl", "--lossy")
        assert result.exit_code == 0
        assert result.stderr.splitlines() == [
            f"{tmp_path}/x.jsonl: 2 documents written as jsonl",
            "left out: 1 entities in fragments, which jsonl has no place for",
            "left out: 1 relations, which jsonl has no place for",
            "left out: 1 attributes, which jsonl has no place for",
        ]
        lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
        assert [[span["label"] for span in line["spans"]] for line in lines] == [
            [],
            ["DRUG", "SYMPTOM", "SYMPTOM"],
        ]

    def test_of_overlapping_entities_the_longest_stays(self, corpus, tmp_path):
        result = convert_corpus(corpus, tmp_path / "x.conll", lossy=True)
        assert result.left_out == {
            "entities in fragments": 1,
            "overlapping entities": 1,
            "relations": 2,
            "attributes": 1,
        }
        assert "a\tB-SYMPTOM\nrash\tI-SYMPTOM\n" in (tmp_path / "x.conll").read_text()

    def test_a_label_map(self, run, corpus, tmp_path):
        (tmp_path / "map.json").write_text('{"DRUG": "Chemical", "SYMPTOM": null, "SITE": null}')
        result = run("convert", corpus, tmp_path / "x.iob", "--labels", tmp_path / "map.json")
        assert result.exit_code == 0
        assert "Zolmarin\tB-Chemical\ncaused\tO\n" in (tmp_path / "x.iob").read_text()

    @pytest.mark.parametrize(
        ("target", "options", "message"),
        [
            ("x.pdf", {}, "its ending names no format: give --to, for instance --to brat"),
            ("x", {"target_format": "phee"}, "phee cannot be written: give one of brat, pubtator, bioc"),
            ("x.conll", {}, "train/a: T2 overlaps T3, which IOB cannot say"),
            ("gold", {"target_format": "brat"}, "gold exists: give another name, or --overwrite"),
        ],
    )
    def test_what_cannot_be_done_is_said_and_nothing_is_left(
        self, corpus, tmp_path, target, options, message
    ):
        before = sorted(tmp_path.iterdir())
        with pytest.raises(CorpusError, match=message):
            convert_corpus(corpus, tmp_path / target, **options)
        assert sorted(tmp_path.iterdir()) == before

    def test_an_output_is_replaced_only_when_asked(self, corpus, tmp_path):
        add(tmp_path / "out" / "old")
        convert_corpus(corpus, tmp_path / "out", target_format="brat", overwrite=True)
        assert [document.doc_id for document in brat.read(tmp_path / "out")] == ["dev/b", "train/a"]

    def test_casebook_annotations_have_no_offsets_to_convert(self, tmp_path):
        folder = tmp_path / "gold"
        folder.mkdir()
        (folder / "a.txt").write_text("x")
        (folder / "a.json").write_text(
            '{"doc_id": "a", "reactions": [], "background": [], "treatment_drugs": []}'
        )
        with pytest.raises(CorpusError, match="quote and do not place their mentions"):
            convert_corpus(folder, tmp_path / "out", target_format="brat")


class TestStats:
    def test_json(self, run, corpus):
        result = run("stats", corpus, "--json")
        assert result.exit_code == 0
        assert json.loads(result.stdout) == {
            "path": str(corpus),
            "documents": 2,
            "without_annotation": 1,
            "characters": 2 * len(TEXT),
            "words": 16,
            "in_fragments": 1,
            "overlapping": 1,
            "entities": {"SYMPTOM": 2, "DRUG": 1, "SITE": 1},
            "relations": {"CAUSE": 1, "AT": 1},
            "events": {},
            "attributes": {"NEGATED": 1},
            "reactions": {},
        }

    def test_table(self, run, corpus):
        lines = run("stats", corpus).stdout.splitlines()
        assert lines[0] == str(corpus)
        assert [line.split() for line in lines if "SYMPTOM" in line] == [["SYMPTOM", "2"]]


def test_the_list_of_formats(run):
    lines = run("formats").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["brat", "rw"],
        ["pubtator", "rw"],
        ["bioc", "rw"],
        ["phee", "r-"],
        ["casebook", "r-"],
        ["ade", "r-"],
        ["docbin", "rw"],
        ["conll", "rw"],
        ["jsonl", "rw"],
        ["doccano", "rw"],
        ["triples", "--"],
    ]
