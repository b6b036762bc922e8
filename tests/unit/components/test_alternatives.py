"""Phrases as one regular expression."""

from __future__ import annotations

import re
import time

import pytest

from sequela.components.alternatives import any_of

PHRASES = ("day", "days", "d", "once a day", "once", "q.d", "q. d", "µg", "x+")


@pytest.mark.parametrize("phrase", PHRASES)
def test_each_phrase_is_found(phrase: str) -> None:
    assert re.fullmatch(any_of(PHRASES), phrase)


@pytest.mark.parametrize("text", ["", "da", "onc", "once a", "once  aday", "qxd", "xx", "dayss"])
def test_nothing_else_is_found(text: str) -> None:
    assert re.fullmatch(any_of(PHRASES), text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("days", "days", id="the longest"),
        pytest.param("day 2", "day", id="the longest that fits"),
        pytest.param("once a dose", "once", id="back to the shorter one"),
        pytest.param("once \n a day", "once \n a day", id="any white space"),
    ],
)
def test_the_longest_goes_first(text: str, found: str) -> None:
    match = re.match(any_of(PHRASES), text)
    assert match is not None
    assert match[0] == found


def test_a_shorter_phrase_is_taken_where_what_follows_asks_for_it() -> None:
    match = re.match(rf"(?:{any_of(['once', 'once daily'])})(?= daily)", "once daily")
    assert match is not None
    assert match[0] == "once"


def test_no_phrase_matches_nothing_more() -> None:
    assert any_of([]) == ""


def test_linear_on_a_hostile_text() -> None:
    pattern = re.compile(any_of(PHRASES))
    started = time.process_time()
    assert not pattern.findall("onc e" + " " * 100_000)
    assert time.process_time() - started < 5
