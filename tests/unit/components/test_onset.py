"""Onsets of examples that carry drug and event as markup; times are found by the rules of `timex`."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from markup import Example, blank, parse
from sequela import attributes
from sequela.components.onset import OnsetFinder, find_onset, strength
from sequela.components.sentences import Sentences
from sequela.components.time.words import any_of, whole
from sequela.components.timex import Timex
from sequela.lexicons.loader import load_lines, load_table
from sequela.schema import Link, Mention, OnsetAnchor

_DATA = Path(__file__).parent / "data" / "onset.txt"
_NLP = blank()
_FIELDS = ("min", "max", "anchor", "ordinal", "basis", "text")


def _cases() -> list[tuple[str, dict[str, str] | None]]:
    cases: list[tuple[str, dict[str, str] | None]] = []
    for line in _DATA.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        *told, markup = line.split("|")
        values = [part.strip() for part in told]
        cases.append(
            (markup.strip(), None if values == ["none"] else dict(zip(_FIELDS, values, strict=True)))
        )
    return cases


def _read(markup: str) -> tuple[Example, Link]:
    example = parse(_NLP, markup)
    Sentences(overwrite=True)(example.doc)
    Timex()(example.doc)

    def mention(key: str) -> Mention:
        span = example.spans[key]
        return Mention(text=span.text, start=span.start_char, end=span.end_char, label=span.label_)

    return example, Link(drug=mention("d"), event=mention("e"), rule="test", score=1.0)


@pytest.mark.parametrize(("markup", "expected"), _cases(), ids=[case[0][:70] for case in _cases()])
def test_onset(markup: str, expected: dict[str, str] | None) -> None:
    example, link = _read(markup)
    onset = find_onset(example.doc, link)
    if expected is None:
        assert onset is None
        return
    assert onset is not None
    told = {
        "min": onset.min,
        "max": onset.max,
        "anchor": onset.anchor.value,
        "ordinal": "" if onset.ordinal is None else str(onset.ordinal),
        "basis": onset.basis.value,
        "text": onset.text,
    }
    assert told == expected
    assert example.doc.text[onset.start : onset.end] == onset.text


def test_component_fills_links_that_were_not_rejected() -> None:
    example, link = _read(
        "<SYMPTOM id=e>Rash</SYMPTOM> appeared 3 weeks after starting <DRUG id=d>minocycline</DRUG>."
    )
    attributes.set_links(example.doc, [link, replace(link, rejected="ruled out")])
    first, second = attributes.get_links(OnsetFinder()(example.doc))
    assert first.onset == find_onset(example.doc, link)
    assert first.onset is not None
    assert (first.onset.hours_min, first.onset.hours_max) == (504.0, 504.0)
    assert first.onset.anchor is OnsetAnchor.START
    assert second.onset is None


def test_component_leaves_a_doc_without_links_alone() -> None:
    doc = _NLP.make_doc("Nothing happened for 3 days.")
    assert attributes.get_links(OnsetFinder()(doc)) == []


def test_a_time_holds_to_the_end_of_its_paragraph() -> None:
    told = "On 3 May 2019 <DRUG id=d>dapsone</DRUG> was started. "
    told += "On 9 May 2019 he was seen.{}There was a <SYMPTOM id=e>rash</SYMPTOM>."
    example, link = _read(told.format(" "))
    onset = find_onset(example.doc, link)
    assert onset is not None
    assert (onset.min, onset.rule) == ("P6D", "dates")
    example, link = _read(told.format("\n\n"))
    assert find_onset(example.doc, link) is None


@pytest.mark.parametrize(("published", "days"), [("2020-08-01", "P2D"), ("2019", "P1D"), ("", "P1D")])
def test_the_publication_tells_the_year_of_dates_without_one(published: str, days: str) -> None:
    example, link = _read(
        "<DRUG id=d>Dapsone</DRUG> was given on 28 February. On 1 March he had a <SYMPTOM id=e>rash</SYMPTOM>."
    )
    attributes.set_meta(example.doc, {"publication_date": published} if published else {})
    onset = find_onset(example.doc, link)
    assert onset is not None
    assert (onset.min, onset.basis.value) == (days, "dates")


def test_a_full_date_of_the_report_goes_before_the_year_of_the_publication() -> None:
    example, link = _read(
        "He was admitted on 20 February 2019. <DRUG id=d>Dapsone</DRUG> was given on 28 February. "
        "On 1 March he had a <SYMPTOM id=e>rash</SYMPTOM>."
    )
    attributes.set_meta(example.doc, {"publication_date": "2020-08-01"})
    onset = find_onset(example.doc, link)
    assert onset is not None
    assert onset.min == "P1D"


def test_a_leap_day_without_a_year_is_a_date() -> None:
    example, link = _read(
        "<DRUG id=d>Dapsone</DRUG> was given on 26 February. On 29 February he had a <SYMPTOM id=e>rash</SYMPTOM>."
    )
    onset = find_onset(example.doc, link)
    assert onset is not None
    assert onset.min == "P3D"


def test_an_onset_with_a_number_and_a_named_exposure_is_the_stronger_one() -> None:
    example, link = _read(
        "<SYMPTOM id=e>Rash</SYMPTOM> appeared 3 weeks after starting <DRUG id=d>minocycline</DRUG>."
    )
    direct = find_onset(example.doc, link)
    example, link = _read(
        "<SYMPTOM id=e>Rash</SYMPTOM> appeared shortly after starting <DRUG id=d>minocycline</DRUG>."
    )
    vague = find_onset(example.doc, link)
    assert direct is not None
    assert vague is not None
    assert strength(direct) > strength(vague)


@pytest.mark.parametrize("name", ["time_onset_cues.csv"])
def test_cue_lexicon_is_sorted_trimmed_and_without_duplicates(name: str) -> None:
    rows = load_table(name)
    words = [row["word"] for row in rows]
    assert words == sorted(set(words))
    assert all(value == value.strip() and value for row in rows for value in row.values())
    assert {row["cue"] for row in rows} == {
        "start",
        "give",
        "stop",
        "change",
        "again",
        "recover",
        "other",
        "develop",
    }


def test_words_of_the_rules_are_sorted_trimmed_and_without_duplicates() -> None:
    rows = [(row["word"], row["group"]) for row in load_table("time_onset_words.csv")]
    assert rows == sorted(set(rows))
    assert all(value == value.strip() and value for row in rows for value in row)
    assert all("*" not in word[:-1] for word, _ in rows)


def test_groups_of_words_become_patterns() -> None:
    assert {match.group() for match in whole("still").finditer("Still there; it remained until then")} == {
        "Still",
        "remained",
        "until",
    }
    assert whole("stopped").fullmatch("discontinuing")
    assert whole("goes_on").search("and\n then") is not None
    assert whole("stopped").search("nonstop") is None
    with pytest.raises(KeyError, match="no group 'nothing'"):
        any_of("nothing")


@pytest.mark.parametrize("name", ["time_dose_words.txt", "time_generic_drugs.txt", "time_syndromes.txt"])
def test_word_lists_are_sorted_and_without_duplicates(name: str) -> None:
    words = load_lines(name)
    assert list(words) == sorted(set(words))


@pytest.mark.parametrize(
    "piece", ["first-", "two days later ", "after the second ", "on 3 May 2019 ", "start "]
)
def test_time_grows_linearly_on_hostile_text(piece: str) -> None:
    def seconds(count: int) -> float:
        text = "rash from dapsone " + piece * count
        doc = _NLP.make_doc(text)
        doc.set_ents([doc.char_span(0, 4, label="SYMPTOM"), doc.char_span(10, 17, label="DRUG")])
        Timex()(doc)
        link = Link(
            drug=Mention(text="dapsone", start=10, end=17, label="DRUG"),
            event=Mention(text="rash", start=0, end=4, label="SYMPTOM"),
            rule="test",
            score=1.0,
        )
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            find_onset(doc, link)
            best = min(best, time.process_time() - start)
        return best

    assert seconds(4000) < 8 * seconds(500) * 2.5 + 0.05
