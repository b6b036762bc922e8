from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sequela.cli.main import app
from sequela.corpora.triples_csv import write_header, write_rows
from sequela.errors import CorpusError
from sequela.evaluation.command import Request, run
from sequela.evaluation.documents import CLEAN
from sequela.evaluation.inputs import read_gold
from sequela.evaluation.matching import Span
from sequela.evaluation.metrics import compare_tallies, read_tallies, to_json
from sequela.evaluation.predictions import Given
from sequela.evaluation.report import pieces_of, render
from sequela.evaluation.run import Level
from sequela.evaluation.scores import Counts, Rate
from sequela.schema import Triple

CAUSED = {"T1": ("DRUG", "Zelvor"), "T2": ("SYMPTOM", "rash"), "T3": ("TIME", "two days")}
REACTION = (
    "E1\tReaction:T2 Drug:T1 Event:T2 Onset:T3\nA1\tAttribution E1 index_patient\nA2\tAssertion E1 affirmed\n"
    "A3\tOnsetAnchor E1 start\n#1\tAnnotatorNotes E1\tonset_min=P2D; onset_max=P2D\n"
)
TEXT = "Zelvor caused a rash after two days & <b>no</b> fever."


def write_brat(
    folder: Path, name: str, entities: dict[str, tuple[str, str]], more: str = "", text: str = TEXT
) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    lines = []
    for key, (label, mention) in entities.items():
        start = text.index(mention)
        lines.append(f"{key}\t{label} {start} {start + len(mention)}\t{mention}\n")
    (folder / f"{name}.ann").write_text("".join(lines) + more, encoding="utf-8")


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    folder = tmp_path / "gold"
    write_brat(folder, "one", CAUSED, REACTION)
    write_brat(folder, "two", {"T1": ("SYMPTOM", "fever")})
    return folder


@pytest.fixture
def predicted(tmp_path: Path) -> Path:
    folder = tmp_path / "predicted"
    write_brat(folder, "one", {**CAUSED, "T2": ("SYMPTOM", "a rash")}, "")
    write_brat(folder, "three", CAUSED)
    return folder


def invoke(*arguments: object):
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)], env={"COLUMNS": "120"})


def test_files_against_files(gold, predicted):
    outcome = run(Request(gold=gold, predicted=predicted))
    assert {tally.name: tally.micro() for tally in outcome.metrics.tallies} == {
        "entities/strict": Counts(2, 4, 2, 3),
        "entities/relaxed": Counts(3, 4, 3, 3),
        "documents/reactions": Counts(0, 1, 0, 0),
    }
    assert (outcome.metrics.missing, outcome.metrics.extra) == (["two"], ["three"])


def test_gold_against_itself(gold):
    outcome = run(Request(gold=gold, predicted=gold))
    assert {tally.micro().f1 for tally in outcome.metrics.tallies} == {1}


def test_rows_against_files(gold, tmp_path):
    row = Triple(
        doc_id="one",
        triple_id="1",
        drug="Zelvor",
        event="rash",
        drug_start=0,
        drug_end=6,
        event_start=16,
        event_end=20,
    )
    with (tmp_path / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        write_header(file)
        write_rows(file, [row])
    outcome = run(Request(gold=gold, predicted=tmp_path / "rows.csv"))
    assert {tally.name: tally.micro() for tally in outcome.metrics.tallies} == {
        "documents/reactions": Counts(1, 1, 1, 1)
    }
    assert outcome.notes == ["Entities are not scored: the predictions hold rows alone."]


def test_related_concepts_of_files(tmp_path):
    text = "1|t|Zelvor rash\n1|a|And gout.\n1\t0\t6\tZelvor\tChemical\tC1\n1\t7\t11\trash\tDisease\tD1\n"
    text += "1\t16\t20\tgout\tDisease\tD2\n"
    for name, relations in (("gold", "1\tCID\tC1\tD1\n"), ("other", "1\tCID\tC1\tD1\n1\tCID\tC1\tD2\n")):
        (tmp_path / f"{name}.PubTator").write_text(text + relations, encoding="utf-8")
    gold = tmp_path / "gold.PubTator"
    for name, counts in (("gold", Counts(1, 1, 1, 1)), ("other", Counts(1, 1, 1, 2))):
        (tally,) = run(
            Request(gold=gold, predicted=tmp_path / f"{name}.PubTator", level=Level.PAIRS)
        ).metrics.tallies
        assert (tally.name, tally.micro()) == ("pairs/concepts", counts)


def test_label_map(gold, predicted, tmp_path):
    (tmp_path / "map.json").write_text('{"DRUG": "Chemical", "SYMPTOM": null}', encoding="utf-8")
    outcome = run(
        Request(gold=gold, predicted=predicted, labels=str(tmp_path / "map.json"), level=Level.ENTITIES)
    )
    assert outcome.metrics.tallies[0].by_label() == {"Chemical": Counts(1, 1, 1, 1)}


def test_labels_that_are_not_scored_are_named(gold, predicted, tmp_path):
    write_brat(gold, "three", {"T1": ("FINDING", "rash")})
    outcome = run(Request(gold=gold, predicted=predicted))
    assert outcome.notes == [
        "Labels of the gold that are not scored (scheme sequela; --labels MAP chooses others): FINDING."
    ]


def test_a_report_without_annotations_is_one_without_a_reaction(gold, predicted):
    (gold / "three.txt").write_text(TEXT, encoding="utf-8")
    (gold / "three.ann").write_text("", encoding="utf-8")
    (tally,) = run(Request(gold=gold, predicted=gold, level=Level.DOCUMENTS)).metrics.tallies
    assert tally.rate(CLEAN) == Rate(2, 2)  # two has a symptom and no Reaction
    assert set(tally.counts) == {"one", "two", "three"}


def test_labels_that_nobody_knows(tmp_path):
    write_brat(tmp_path / "own", "one", {"T1": ("Finding", "rash"), "T2": ("Med", "Zelvor")})
    with pytest.raises(CorpusError, match=r"its entities are Finding, Med; --labels MAP says what they are"):
        run(Request(gold=tmp_path / "own", predicted=tmp_path / "own"))


def test_reports_in_which_nothing_happened(gold, tmp_path):
    for name in ("one.txt", "one.ann"):
        (gold / name).unlink()
    with pytest.raises(CorpusError, match="nothing for the level pairs"):
        run(Request(gold=gold, predicted=gold, level=Level.PAIRS))
    row = Triple(
        doc_id="two", triple_id="1", drug="a", event="b", drug_start=0, drug_end=1, event_start=2, event_end=3
    )
    with (tmp_path / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        write_header(file)
        write_rows(file, [row])
    outcome = run(Request(gold=gold, predicted=tmp_path / "rows.csv", level=Level.DOCUMENTS))
    assert outcome.metrics.tallies[0].rate(CLEAN) == Rate(0, 1)


def test_written_files(gold, predicted, tmp_path):
    result = invoke(gold, "--pred", predicted, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "Gold documents without a prediction (in a triples CSV: without a row): 1." in result.output
    assert "Predicted documents that are not in the gold: 1." in result.output
    content = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert content["documents"] == {"scored": 2, "missing": ["two"], "extra": ["three"]}
    assert content["scores"]["entities/strict"]["labels"]["TIME"]["f1"] == 1
    assert content["counts"]["entities/strict"]["documents"]["two"] == {"SYMPTOM": [0, 1, 0, 0]}
    assert (tmp_path / "out" / "errors.html").is_file()


def test_counts_come_back_from_the_file(gold, predicted, tmp_path):
    outcome = run(Request(gold=gold, predicted=predicted))
    path = outcome.write(tmp_path / "out")[0]
    again = read_tallies(path)
    assert {name: tally.counts for name, tally in again.items()} == {
        tally.name: tally.counts for tally in outcome.metrics.tallies
    }
    assert {name: tally.rates for name, tally in again.items()} == {
        tally.name: tally.rates for tally in outcome.metrics.tallies
    }


def test_comparison_of_two_runs(gold, predicted, tmp_path):
    path = run(Request(gold=gold, predicted=predicted)).write(tmp_path / "first")[0]
    result = invoke(gold, "--pred", gold, "--against", path, "-o", tmp_path / "second")
    assert result.exit_code == 0, result.output
    assert "ΔF1" in result.output
    content = json.loads((tmp_path / "second" / "metrics.json").read_text(encoding="utf-8"))
    found = content["differences"]["entities/strict"]["micro/recall"]
    assert found["value"] == 0.5
    outcome = run(Request(gold=gold, predicted=gold))
    assert compare_tallies(outcome.metrics.tallies, {}) == {}


def test_the_same_twice_is_the_same_to_the_byte(gold, predicted):
    first, second = (to_json(run(Request(gold=gold, predicted=predicted, seed=3)).metrics) for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


def test_pipeline_on_gold_entities(gold):
    outcome = run(Request(gold=gold, given=Given.ENTITIES))
    assert [tally.name for tally in outcome.metrics.tallies] == ["documents/reactions"]
    assert outcome.metrics.missing == []
    assert outcome.notes == ["Entities are not scored: they were given."]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--pred", "{gold}", "--model", "x"], "--pred and --model exclude each other"),
        (["--pred", "{gold}", "--gold-entities"], "--pred and --gold-entities exclude each other"),
        (["--pred", "{gold}", "--gold-pairs"], "--pred and --gold-pairs exclude each other"),
        (["--labels", "phee", "--scheme", "phee"], "--labels and --scheme exclude each other"),
        (["--pred", "{gold}", "--level", "triples"], "it can be scored on: entities, documents"),
        (["--pred", "{gold}", "--scheme", "bc5cdr", "--level", "entities"], "it can be scored on: documents"),
        (["--pred", "{gold}", "--against", "{gold}/one.txt"], "not a metrics.json"),
        (["--pred", "{gold}/nothing"], "no such file or directory"),
        (["--split", "dev"], "splits.json"),
    ],
)
def test_mistakes_are_told(gold, options, message):
    result = invoke(gold, *[option.format(gold=gold) for option in options])
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_newer_metrics_file_is_refused(tmp_path):
    (tmp_path / "metrics.json").write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(CorpusError, match="Run `sequela evaluate` again"):
        read_tallies(tmp_path / "metrics.json")


def test_predictions_on_another_text(gold, tmp_path):
    write_brat(tmp_path / "other", "one", CAUSED, text=f" {TEXT}")
    with pytest.raises(CorpusError, match="offsets can only be compared on the same text"):
        run(Request(gold=gold, predicted=tmp_path / "other"))


def test_split_and_limit(gold):
    (gold / "splits.json").write_text('{"dev": ["two"], "train": ["one"]}', encoding="utf-8")
    assert [one.doc_id for one in read_gold(gold, format_name="brat", split="dev")] == ["two"]
    assert [one.doc_id for one in read_gold(gold, format_name="brat", limit=1)] == ["one"]
    with pytest.raises(CorpusError, match="there are dev, train"):
        read_gold(gold, format_name="brat", split="test")


class Page(HTMLParser):
    """Collects the lines of the error list, the tags and what would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.types: list[str] = []
        self.tags: set[str] = set()
        self.fetched: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.add(tag)
        if tag == "li":
            self.types.append(values["data-type"])
        self.fetched += [values[name] for name in ("src", "href") if name in values]
        if tag not in ("meta", "input", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_error_report(gold, predicted):
    outcome = run(Request(gold=gold, predicted=predicted, level=Level.ENTITIES))
    html = render(outcome.documents, outcome.scored[:1], outcome.metrics)
    page = Page()
    page.feed(html)
    assert page.open == []
    assert page.fetched == []
    assert "&lt;b&gt;no&lt;/b&gt; fever" in html
    assert "<b>no</b>" not in html
    assert sorted(page.types) == ["boundary", "boundary", "found", "found", "missed"]


def test_a_hostile_text_stays_text(tmp_path):
    text = "</script><img src=x onerror=alert(1)> rash"
    write_brat(tmp_path / "gold", "<i>", {"T1": ("SYMPTOM", "<img src=x onerror=alert(1)>")}, text=text)
    outcome = run(Request(gold=tmp_path / "gold", predicted=tmp_path / "gold"))
    page = Page()
    page.feed(render(outcome.documents, outcome.scored, outcome.metrics))
    assert not page.tags & {"img", "i"}


def test_pieces_join_to_the_text():
    spans = [
        (Span.of(0, 6, "a"), "found"),
        (Span.of(3, 9, "b"), "missed"),
        (Span(((2, 4), (12, 14)), "c"), "spurious"),
    ]
    pieces = pieces_of("0123456789abcdef", spans)
    assert "".join(piece.text for piece in pieces) == "0123456789abcdef"
    assert [(piece.text, piece.status, piece.label) for piece in pieces] == [
        ("01", "found", ""),
        ("2", "spurious", ""),
        ("3", "missed", "c"),
        ("45", "missed", "a"),
        ("678", "missed", "b"),
        ("9ab", "", ""),
        ("cd", "spurious", "c"),
        ("ef", "", ""),
    ]


def test_error_report_of_a_report_quotes_the_gold(gold):
    outcome = run(Request(gold=gold, predicted=gold, level=Level.DOCUMENTS))
    html = render(outcome.documents, outcome.scored, outcome.metrics)
    assert '<mark class="found" title="event (found)">rash<sub>event</sub></mark>' in html
    assert '<mark class="found" title="onset (found)">two days<sub>onset</sub></mark>' in html
    assert "Zelvor → rash @ two days (P2D–P2D)" in html


ADE = """\
1|Zelvor caused a rash and later jaundice.|rash|16|20|Zelvor|0|6
1|Zelvor caused a rash and later jaundice.|jaundice|31|39|Zelvor|0|6
1|Orbalin was stopped for gout.|gout|64|68|Orbalin|40|47
"""


def ade_row(doc_id: str, drug: tuple[int, int], event: tuple[int, int], **more) -> Triple:
    return Triple(
        doc_id=doc_id,
        triple_id=str((drug, event)),
        drug="d",
        event="e",
        drug_start=drug[0],
        drug_end=drug[1],
        event_start=event[0],
        event_end=event[1],
        **more,
    )


def test_ade_relations_counted_by_hand(tmp_path):
    (tmp_path / "DRUG-AE.rel").write_text(ADE, encoding="utf-8")
    rows = [
        ade_row("1_1", (0, 6), (16, 20)),  # strict and relaxed
        ade_row("1_1", (0, 6), (25, 39), attribution="background"),  # relaxed: "later jaundice"
        ade_row("1_1", (0, 6), (7, 13)),  # wrong
        ade_row("1_2", (0, 7), (24, 28), assertion="negated"),  # does not count, so that the gold is missed
    ]
    with (tmp_path / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        write_header(file)
        write_rows(file, rows)
    outcome = run(Request(gold=tmp_path / "DRUG-AE.rel", predicted=tmp_path / "rows.csv"))
    assert {tally.name: tally.micro() for tally in outcome.metrics.tallies} == {
        "pairs/strict": Counts(1, 3, 1, 3),
        "pairs/relaxed": Counts(2, 3, 2, 3),
    }
