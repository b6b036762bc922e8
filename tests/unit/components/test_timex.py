"""Time expressions: places, labels and values of examples that carry them as markup."""

from __future__ import annotations

import csv
import doctest
import json
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from markup import blank, parse
from sequela import attributes
from sequela.components.time.grammar import load_grammar
from sequela.components.timex import Timex, find_times, normalise
from sequela.lexicons.loader import load_json, load_table
from sequela.schema import TimeExpression, TimexType

_DATA = Path(__file__).parent / "data"
_NLP = blank()
_LABELS = frozenset({"TIME", "AGE", "FREQUENCY"})


def _lines(name: str) -> list[str]:
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _told(value: TimeExpression) -> dict[str, str]:
    """Give a value as the attributes of a tag; what equals the default is left out."""
    told = {"type": value.type.value, "value": value.value, "min": value.min, "max": value.max}
    told |= {"relation": value.relation, "reference": value.reference, "mod": value.mod}
    return told | {
        "approximate": "true" if value.approximate else "",
        "ordinal": str(value.ordinal) if value.ordinal is not None else "",
    }


def _expected(tag: dict[str, str], label: str) -> dict[str, str]:
    kind = tag.get("type", "SET" if label == "FREQUENCY" else "DURATION")
    bounds = tag["value"] if kind == "DURATION" else ""
    expected = {
        "type": kind,
        "value": tag["value"],
        "min": tag.get("min", bounds),
        "max": tag.get("max", bounds),
    }
    for name in ("relation", "mod", "approximate", "ordinal"):
        expected[name] = tag.get(name, "")
    expected["reference"] = tag.get("reference", "birth" if label == "AGE" else "")
    return expected


@pytest.mark.parametrize("line", _lines("timex.txt"))
def test_finds_every_time_expression_with_its_value(line: str) -> None:
    example = parse(_NLP, line, labels=_LABELS)
    expected = {
        (span.start_char, span.end_char, span.label_): _expected(example.expected[key], span.label_)
        for key, span in example.spans.items()
    }
    doc = Timex()(_NLP.make_doc(example.doc.text))
    found = {}
    for ent in doc.ents:
        value = attributes.get_timex(ent)
        assert value is not None
        told = _told(value)
        if "mod" not in line and told["mod"] == "APPROX":
            told["mod"] = ""
        found[(ent.start_char, ent.end_char, ent.label_)] = told
    assert found == expected


@pytest.mark.parametrize("line", _lines("timex_none.txt"))
def test_finds_nothing_where_no_time_is_told(line: str) -> None:
    assert [line[item.start : item.end] for item in find_times(line)] == []


@pytest.mark.parametrize("row", load_json("time_rules.json")["rules"], ids=lambda row: row["name"])
def test_every_rule_has_an_example_and_a_counterexample(row: dict[str, str]) -> None:
    assert row["name"] in {item.expression.rule for item in find_times(row["example"])}
    assert row["name"] not in {item.expression.rule for item in find_times(row["counterexample"])}


@pytest.mark.parametrize("row", load_json("time_rules.json")["phrase_rules"], ids=lambda row: row["name"])
def test_every_phrase_rule_has_an_example_and_a_counterexample(row: dict[str, str]) -> None:
    near = date(1989, 11, 2)
    found = normalise(row["example"], document_date=near)
    assert found is not None
    assert found.rule == row["name"]
    other = normalise(row["counterexample"], document_date=near)
    assert other is None or other.rule != row["name"]


@pytest.mark.parametrize(
    ("phrase", "kind", "value"),
    [
        ("yesterday", "DATE", "2001-03-13"),
        ("last Friday", "DATE", "2001-03-09"),
        ("Wednesday", "DATE", "2001-03-14"),
        ("Monday", "DATE", "2001-03-12"),
        ("last week", "DATE", "2001-W10"),
        ("next month", "DATE", "2001-04"),
        ("this year", "DATE", "2001"),
        ("the third quarter", "DATE", "2001-Q3"),
        ("the latest quarter", "DATE", "2000-Q4"),
        ("early February", "DATE", "2001-02"),
        ("last June", "DATE", "2000-06"),
        ("Jan. 9", "DATE", "2001-01-09"),
        ("Dec. 30", "DATE", "2000-12-30"),
        ("ten days ago", "DATE", "2001-03-04"),
        ("three years ago", "DATE", "1998"),
        ("the 1970s", "DATE", "197"),
        ("the 19th century", "DATE", "18"),
        ("nineteen eighty-four", "DATE", "1984"),
        ("now", "DATE", "PRESENT_REF"),
        ("recently", "DATE", "PAST_REF"),
        ("this morning", "TIME", "2001-03-14TMO"),
        ("last night", "TIME", "2001-03-13TNI"),
        ("9 p.m. Monday", "TIME", "2001-03-12T21:00"),
        ("more than four hours", "DURATION", "PT4H"),
        ("the past two years", "DURATION", "P2Y"),
        ("each April", "SET", "XXXX-04"),
    ],
)
def test_reads_phrases_relative_to_the_document_date(phrase: str, kind: str, value: str) -> None:
    found = normalise(phrase, document_date=date(2001, 3, 14))
    assert found is not None
    assert (found.type.value, found.value) == (kind, value)


def _phrases() -> list[dict[str, str]]:
    with (_DATA / "onset_phrases.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", _phrases(), ids=lambda row: row["phrase"])
def test_reads_clinical_onset_phrases(row: dict[str, str]) -> None:
    found = normalise(row["phrase"])
    assert found is not None
    assert (found.min, found.max) == (row["min"], row["max"])


def test_a_phrase_without_time_has_no_value() -> None:
    assert normalise("the second patient") is None
    assert normalise("") is None


def test_other_dates_of_the_report_tell_the_order_of_day_and_month() -> None:
    found = find_times("Started on 25/03/2019, seen on 04/05/2019.")
    assert [item.expression.value for item in found] == ["2019-03-25", "2019-05-04"]


def test_dates_that_disagree_leave_the_order_open() -> None:
    found = find_times("Started on 25/03/2019, stopped on 03/26/2019, seen on 04/05/2019.")
    assert [item.expression.value for item in found] == ["2019-03-25", "2019-03-26", "2019"]


@pytest.mark.parametrize(
    ("tagged", "expected"),
    [
        # a shorter or equal TIME of the tagger gives way
        ("Rash <TIME>two days</TIME> later.", {("two days later", "TIME")}),
        # a longer one stays where it is one expression, and gives way where it holds its anchor, too
        ("Rash <TIME>on hospital day 3</TIME> in 2 wards.", {("hospital day 3", "TIME")}),
        ("Rash <TIME>ten days after the second dose</TIME>.", {("ten days", "TIME")}),
        # other labels stay, unless wholly inside
        ("She took <DOSE>5 mg daily</DOSE> for a week.", {("5 mg daily", "DOSE"), ("a week", "TIME")}),
        ("Rash on <DOSE>3</DOSE> May 2019.", {("3 May 2019", "TIME")}),
        ("<SYMPTOM>Fever for 3 days</SYMPTOM> was told.", {("Fever for 3 days", "SYMPTOM")}),
        # what only the tagger saw stays
        ("She fell <TIME>in childhood</TIME>.", {("in childhood", "TIME")}),
        # an age is no time
        ("A <TIME>58-year-old</TIME> man.", {("58-year-old", "AGE")}),
        ("Given <FREQUENCY>every 3 weeks</FREQUENCY>.", {("every 3 weeks", "FREQUENCY")}),
    ],
)
def test_merges_with_the_entities_of_the_tagger(tagged: str, expected: set[tuple[str, str]]) -> None:
    doc = Timex()(parse(_NLP, tagged).doc)
    assert {(ent.text, ent.label_) for ent in doc.ents} == expected


def test_values_survive_serialisation() -> None:
    doc = Timex()(_NLP.make_doc("Rash 12 to 24 hours after the dose."))
    again = type(doc)(_NLP.vocab).from_bytes(doc.to_bytes())
    assert [attributes.get_timex(ent) for ent in again.ents] == [
        TimeExpression(
            type=TimexType.DURATION,
            value="PT12H",
            min="PT12H",
            max="PT24H",
            relation="after",
            reference="dose",
            rule="duration",
        )
    ]


@pytest.mark.parametrize(
    "piece",
    [
        "the ",
        "3 ",
        "3 to ",
        "a few ",
        "on the ",
        "3-",
        "1/2 ",
        "two and a half ",
        "week ",
        "May ",
        "3 days and ",
        "1,",
    ],
)
def test_time_grows_linearly_on_hostile_text(piece: str) -> None:
    find_times("warm up 3 days later")

    def seconds(count: int) -> float:
        text = piece * count
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            find_times(text)
            best = min(best, time.process_time() - start)
        return best

    small, large = seconds(2000), seconds(16000)
    assert large < 8 * small * 2.5 + 0.02


@pytest.mark.parametrize(("name", "key"), [("time_words.csv", "word"), ("time_references.csv", "word")])
def test_lexicon_is_sorted_trimmed_and_without_duplicates(name: str, key: str) -> None:
    rows = load_table(name)
    words = [row[key] for row in rows]
    assert words == sorted(set(words))
    assert all(value == value.strip() for row in rows for value in row.values())


def test_rule_names_are_unique() -> None:
    rules = load_json("time_rules.json")
    names = [row["name"] for scope in ("rules", "phrase_rules") for row in rules[scope]]
    assert len(names) == len(set(names))
    assert [rule.name for rule in load_grammar("rules").rules] == [row["name"] for row in rules["rules"]]


_WORDS = [row["word"] for row in load_table("time_words.csv")] + [
    "3",
    "12",
    "2019",
    "½",
    "-",
    ",",
    "(",
    ")",
    "/",
    "May",
]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(_WORDS), max_size=14).map(" ".join)))
def test_any_text_gives_ordered_spans_of_it(text: str) -> None:
    end = 0
    for item in find_times(text):
        assert end <= item.start < item.end <= len(text)
        end = item.end
        assert item.expression.value or item.expression.reference == "cycle"
    normalise(text, document_date=date(2001, 3, 14))


def test_the_documentation_shows_what_happens() -> None:
    page = Path(__file__).parents[3] / "docs" / "time.md"
    assert doctest.testfile(str(page), module_relative=False).failed == 0


def _elapsed(folder: Path) -> list[tuple[str, str, int]]:
    """Sentence, phrase and place of every Time_elapsed of PHEE."""
    found = []
    for name in ("train.json", "dev.json"):
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            sentence = json.loads(line)
            for event in (event for part in sentence["annotations"] for event in part["events"]):
                elapsed = event.get("Treatment", {}).get("Time_elapsed")
                if elapsed:
                    texts = [text for mention in elapsed["text"] for text in mention]
                    starts = [start for mention in elapsed["start"] for start in mention]
                    found += [(sentence["context"], *pair) for pair in zip(texts, starts, strict=True)]
    return found


@pytest.mark.shared
def test_recognition_and_values_on_phee(shared_corpora: Path) -> None:
    spans = _elapsed(shared_corpora / "phee2")
    overlapping = valued = 0
    for context, text, start in spans:
        overlapping += any(
            item.start < start + len(text) and start < item.end for item in find_times(context)
        )
        value = normalise(text)
        valued += value is not None and bool(value.value or value.ordinal)
    assert overlapping / len(spans) >= 0.98
    assert valued / len(spans) >= 0.98


@pytest.mark.shared
def test_values_on_timenorm(shared_corpora: Path) -> None:
    right = total = 0
    for block in (shared_corpora / "timenorm" / "train.tsv").read_text(encoding="utf-8").split("\n\n"):
        rows = [line.split("\t") for line in block.splitlines() if line]
        if not rows:
            continue
        day = date.fromisoformat(rows[0][2].partition("T")[0])
        for phrase, _, value in rows:
            found = normalise(phrase, document_date=day)
            total += 1
            right += found is not None and found.value == value
    assert right / total >= 0.84
