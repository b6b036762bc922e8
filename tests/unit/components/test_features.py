from __future__ import annotations

import pytest

from sequela.components.features import MAX_NGRAMS, NGRAM_BUCKETS, Gazetteer, ngram_ids, norm, shape


@pytest.mark.parametrize(
    ("word", "expected"),
    [("Alemtuzumab", "Xxxx"), ("IL-6", "XX-d"), ("58", "dd"), ("mg/kg", "xx/xx"), ("QTc", "XXx")],
)
def test_shape_cuts_runs_at_three(word, expected):
    assert shape(word) == expected


@pytest.mark.parametrize(("word", "expected"), [("B12", "b00"), ("7", "7"), ("Rash", "rash")])
def test_norm_folds_case_and_digits_of_longer_words(word, expected):
    assert norm(word) == expected


def test_ngrams_are_bounded_and_stable():
    assert ngram_ids("rash") == ngram_ids("RASH")
    assert ngram_ids("rash") != ngram_ids("rush")
    ids = ngram_ids("a" * 10_000)
    assert len(ids) == MAX_NGRAMS
    assert all(0 <= i < NGRAM_BUCKETS for i in ids)


def test_ngrams_of_a_long_word_keep_both_ends():
    assert set(ngram_ids("hyperbilirubinaemia")) & set(ngram_ids("hypertension"))
    assert set(ngram_ids("hyperbilirubinaemia")) & set(ngram_ids("anaemia"))


def test_gazetteer_takes_the_longest_match_from_the_left():
    gazetteer = Gazetteer(["amphotericin b", "amphotericin", "b", "liposomal amphotericin b"])
    words = ["liposomal", "amphotericin", "b", ",", "amphotericin", "and", "rash"]
    assert gazetteer.find(words) == [(0, 3), (4, 5)]
    assert gazetteer.flags(words).tolist() == [1, 2, 2, 0, 1, 0, 0]


def test_gazetteer_without_a_match_flags_nothing():
    assert Gazetteer(["rash"]).flags(["rashes", "are", "common"]).tolist() == [0, 0, 0]
