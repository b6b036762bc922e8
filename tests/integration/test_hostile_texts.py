"""The whole pipeline on texts that nobody would write."""

from __future__ import annotations

import math
import random
import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spacy.language import Language

import sequela
from sequela.schema import COLUMNS

pytestmark = pytest.mark.model

CASEBOOK = Path(__file__).parents[2] / "corpora" / "casebook"
SECONDS = 15  # for the mutations, and most for a long text; in all this file takes less than a minute
GROWTH = 1.5
LENGTHS = (1000, 4000)
LONG_SENTENCES = (3200, 9600)  # in shorter ones every drug is tried with every event
STRANGE = (
    "\0", "\x1b[2J", "\u202e", "\u200f", "\u200b", "\ufeff", "\r", "\u2028", "e\u0301", "👩‍⚕️", "½", "µ", "\t\t", "((((",
    "]]]]", ",,,,,,", "=1+1", "\n\n\n", "-induced", "a" * 500, "9" * 50, "10^9/L", "0000-00-00", "99999999 days later",
)  # fmt: skip


@pytest.fixture(scope="module")
def nlp() -> Language:
    return sequela.load()


def check(nlp: Language, text: str) -> None:
    """Every offset gives its mention."""
    doc = sequela.process(nlp, text, doc_id="x")
    assert doc.text == text
    for ent in doc.ents:
        assert text[ent.start_char : ent.end_char] == ent.text
    for row in sequela.triples(doc, include_all=True):
        assert text[row.drug_start : row.drug_end] == row.drug
        assert text[row.event_start : row.event_end] == row.event
        if row.onset_start is not None:
            assert text[row.onset_start : row.onset_end] == row.onset
        assert set(row.to_dict()) >= set(COLUMNS)


@settings(
    max_examples=60,
    deadline=timedelta(seconds=20),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_any_characters(nlp: Language, text: str) -> None:
    check(nlp, text)


@settings(
    max_examples=60,
    deadline=timedelta(seconds=20),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    words=st.lists(
        st.sampled_from(
            ["amiodarone", "rash", "fever", "caused", "by", "no", "2", "days", "after", "the", "second", "dose", "of",
             "(", ")", ",", ".", "\n", "Case:", "Discussion\n", "she", "this drug", "5 mg", "on 3 May", *STRANGE]
        ),
        min_size=1,
        max_size=60,
    )
)  # fmt: skip
def test_words_in_any_order(nlp: Language, words: list[str]) -> None:
    check(nlp, " ".join(words))


def test_damaged_reports(nlp: Language) -> None:
    texts = [path.read_bytes().decode() for path in sorted(CASEBOOK.glob("*.txt"))]
    assert texts
    chance = random.Random(0)
    end = time.monotonic() + SECONDS
    rounds = 0
    while time.monotonic() < end and rounds < 200:
        check(nlp, mutate(chance.choice(texts), chance))
        rounds += 1
    assert rounds


def mutate(text: str, chance: random.Random) -> str:
    """Cut, double, swap and spoil pieces of a text."""
    for _ in range(chance.randint(1, 8)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.randint(1, 60))
        piece = text[start:end]
        text = text[:start] + chance.choice(["", piece * 2, piece[::-1], chance.choice(STRANGE)]) + text[end:]
    return text or " "


@pytest.mark.parametrize(
    "unit",
    [
        pytest.param(",", id="commas"),
        pytest.param("(", id="brackets"),
        pytest.param("_", id="underscores"),
        pytest.param(",(", id="commas and brackets"),
        pytest.param("a", id="one token"),
        pytest.param("1 ", id="numbers"),
        pytest.param("-", id="hyphens"),
        pytest.param("\n", id="line ends"),
        pytest.param("\u202e\u200f", id="directions"),
        pytest.param("2 days later ", id="times"),
        pytest.param("5 mg ", id="doses"),
        pytest.param("no ", id="negations"),
        pytest.param(". ", id="full stops"),
        pytest.param("amiodarone, ", id="drugs"),
        pytest.param("Amiodarone caused rash. ", id="sentences"),
        pytest.param("\u202erash\u202c amiodarone\u200f ", id="words in directions"),
        pytest.param("amiodarone-induced-", id="compounds"),
        pytest.param("x" * 999 + " ", id="huge tokens"),
        pytest.param("[12]", id="citations"),
        pytest.param("e\u0301\u0301\u0301", id="accents"),
        pytest.param("amiodarone\t200 mg\n", id="table of drugs"),
    ],
)
def test_time_grows_with_the_length(nlp: Language, unit: str) -> None:
    assert growth(nlp, [unit * (length // len(unit)) for length in LENGTHS]) < GROWTH


@pytest.mark.parametrize("unit", [",", "(", "\u202e", "a", "1,", "x-"])
def test_a_hundred_thousand_characters_in_a_row(nlp: Language, unit: str) -> None:
    started = time.process_time()
    check(nlp, unit * (100_000 // len(unit)))
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(
    "unit",
    [
        pytest.param("rash and fever after amiodarone ", id="words"),
        pytest.param("amiodarone\t200 mg\tday 3\trash\n", id="table"),
        pytest.param("| clindamycin | 5 mg | fever | 2 days |\n", id="table with lines"),
    ],
)
def test_time_grows_with_the_length_of_a_sentence(nlp: Language, unit: str) -> None:
    assert growth(nlp, [unit * (length // len(unit)) for length in LONG_SENTENCES]) < GROWTH


def test_time_grows_with_the_depth_of_brackets(nlp: Language) -> None:
    texts = ["(rash [fever " * (length // 26) + "]) " * (length // 26) for length in LENGTHS]
    assert growth(nlp, texts) < GROWTH


def growth(nlp: Language, texts: list[str]) -> float:
    """Give the power of the length that the time grows with, from the first text to the last."""
    seconds = []
    for text in texts:
        started = time.process_time()
        nlp(text)
        seconds.append(time.process_time() - started)
    floor = 0.05  # below, the clock measures something else
    times, lengths = max(seconds[-1], floor) / max(seconds[0], floor), len(texts[-1]) / len(texts[0])
    return math.log(times) / math.log(lengths)
