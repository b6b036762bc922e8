from __future__ import annotations

import pytest

from sequela.evaluation.names import head_words, names_drug, names_event
from sequela.lexicons.loader import load_lines


@pytest.mark.parametrize(
    ("mention", "name", "expected"),
    [
        ("oral Prednisone", "prednisone", True),
        ("prednisone", "oral prednisone", False),
        ("amoxicillin-clavulanate", "amoxicillin", True),
        ("ACE inhibitors", "ACE inhibitor", True),
        ("amoxicilline", "amoxicillin", False),
        ("Sulphasalazine", "sulphasalazine", True),
        ("oestradiol", "estradiol", True),
        ("", "aspirin", False),
        ("aspirin", "", False),
    ],
)
def test_names_drug(mention, name, expected):
    assert names_drug(mention, [name]) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("epidermal necrolysis", "toxic epidermal necrolysis", True),
        ("severe maculopapular rash", "rash", True),
        ("rash on both arms", "widespread rash", True),
        ("acute renal failure", "renal failure", True),
        ("Anaemia", "anemia", True),
        ("seizures", "seizure", True),
        ("fever and chills", "chills", True),
        ("fever and chills", "fever", True),
        ("loss of consciousness", "sudden loss of consciousness", True),
        ("drug-induced liver injury", "liver injury", True),
        ("toxicity due to lithium", "toxicity", True),
        ("Sweet’s syndrome", "Sweet syndrome", True),
        ("heart failure", "renal failure", False),
        ("hepatitis", "reactivation of hepatitis", False),
        ("consciousness", "loss of consciousness", False),
        ("rash", "fever", False),
        ("lithium", "toxicity due to lithium", False),
        ("hepatitis", "hepatitis B reactivation", False),
        ("severe", "severe rash", False),
        ("", "rash", False),
    ],
)
def test_names_event_both_ways(one, other, expected):
    assert names_event(one, [other]) is expected
    assert names_event(other, [one]) is expected


def test_any_name_will_do():
    assert names_event("TEN", ["toxic epidermal necrolysis", "TEN"])
    assert not names_event("TEN", [])


@pytest.mark.parametrize(
    ("event", "words", "heads"),
    [
        ("toxic epidermal necrolysis", {"toxic", "epidermal", "necrolysis"}, {"necrolysis"}),
        ("acute loss of hearing in the left ear", {"loss", "hearing"}, {"loss"}),
        ("nausea, vomiting", {"nausea", "vomiting"}, {"nausea", "vomiting"}),
        ("worsening", {"worsening"}, {"worsening"}),
        ("following", {"following"}, {"following"}),
    ],
)
def test_head_words(event, words, heads):
    found = head_words(event)
    assert found.words == words
    assert found.heads == heads


@pytest.mark.parametrize("name", ["event_degree_words.txt", "event_phrase_ends.txt"])
def test_word_lists_are_in_order(name):
    lines = load_lines(name)
    assert list(lines) == sorted(set(lines))
    assert all(line == line.lower() for line in lines)
