from __future__ import annotations

import time

import pytest

from markup import blank
from sequela import attributes


@pytest.fixture(scope="module")
def nlp():
    nlp = blank()
    for name in ("sequela_sentences", "sequela_sections", "sequela_attribution"):
        nlp.add_pipe(name)
    return nlp


def persons(doc):
    return [(p.patient_id, p.age, p.age_unit, p.sex) for p in attributes.get_patients(doc)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("A 58-year-old woman developed a rash.", ("1", 58.0, "a", "female"), id="hyphens"),
        pytest.param("A 7 month old boy developed a rash.", ("1", 7.0, "mo", "male"), id="months"),
        pytest.param("A 3-week-old girl was pale.", ("1", 3.0, "wk", "female"), id="weeks"),
        pytest.param("A 2-day-old male neonate was pale.", ("1", 2.0, "d", "male"), id="days"),
        pytest.param("A sixty-two-year-old lady was pale.", ("1", 62.0, "a", "female"), id="words"),
        pytest.param("A man aged 45 years was pale.", ("1", 45.0, "a", "male"), id="aged"),
        pytest.param("A woman of 33 years was pale.", ("1", 33.0, "a", "female"), id="of years"),
        pytest.param("A 40-year-old patient slept. She was pale.", ("1", 40.0, "a", "female"), id="pronoun"),
        pytest.param("The patient developed a rash. He slept.", ("1", None, "", "male"), id="no age"),
        pytest.param("The patient developed a rash.", ("1", None, "", ""), id="nothing said"),
        pytest.param(
            "She was pale. Her husband, a man of 70 years, was not.", ("1", None, "", "female"), id="relative"
        ),
    ],
)
def test_a_single_patient(nlp, text, expected):
    doc = nlp(text)
    assert persons(doc) == [expected]
    assert (attributes.get_patients(doc)[0].start, attributes.get_patients(doc)[0].end) == (0, len(text))
    assert {frame.patient_id for frame in attributes.get_frames(doc)} == {"1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "Case 1\nA 45-year-old woman developed a rash.\nCase 2\nA 60-year-old man developed fever.",
            [("1", 45.0, "a", "female"), ("2", 60.0, "a", "male")],
            id="headings",
        ),
        pytest.param(
            "Patient 1 was a 45-year-old woman. She had a rash. "
            "Patient 2 was a 60-year-old man. He had fever.",
            [("1", 45.0, "a", "female"), ("2", 60.0, "a", "male")],
            id="numbered",
        ),
        pytest.param(
            "The first patient was a 45-year-old woman. The second patient was a 60-year-old man.",
            [("1", 45.0, "a", "female"), ("2", 60.0, "a", "male")],
            id="ordinals",
        ),
        pytest.param(
            "A 45-year-old woman developed a rash. Another patient, a 60-year-old man, developed fever.",
            [("1", 45.0, "a", "female"), ("2", 60.0, "a", "male")],
            id="another patient",
        ),
        pytest.param(
            "A 45-year-old woman developed a rash. The 45-year-old woman recovered. "
            "A 45-year-old man had fever.",
            [("1", 45.0, "a", "female"), ("2", 45.0, "a", "male")],
            id="the same person again, then one of the same age",
        ),
        pytest.param(
            "A 45-year-old woman developed a rash. This is the second case reported; "
            "the first case of this kind was described in 2001.",
            [("1", 45.0, "a", "female")],
            id="cases in the literature",
        ),
        pytest.param(
            "A 45-year-old patient slept. A 45-year-old woman slept. A 30-year-old man slept.",
            [("1", 45.0, "a", "female"), ("2", 30.0, "a", "male")],
            id="sex told later",
        ),
        pytest.param(
            "A 45-year-old woman with a rash (Case 1) and a 30-year-old man with fever (Case 2) slept.",
            [("1", 45.0, "a", "female"), ("2", 30.0, "a", "male")],
            id="numbers in brackets",
        ),
        pytest.param(
            "A 45-year-old woman, gravida 2, the third child of healthy parents, developed a rash. "
            "She had donated a kidney to a 60-year-old man.",
            [("1", 45.0, "a", "female")],
            id="no series",
        ),
        pytest.param(
            "Case report\nA 45-year-old woman developed a rash.\nDiscussion\n"
            "Weber et al. reported a 60-year-old man with rash. A 70-year-old man developed fever.",
            [("1", 45.0, "a", "female")],
            id="patients of other authors",
        ),
    ],
)
def test_series(nlp, text, expected):
    assert persons(nlp(text)) == expected


def test_statements_belong_to_the_patient_of_their_stretch(nlp):
    text = (
        "Case 1\nA 45-year-old woman took dapsone. She developed a rash.\n"
        "Case 2\nA 60-year-old man took dapsone. He developed fever.\n"
        "Discussion\nPatient 1 developed a rash, and patient 2 developed fever. Dapsone may cause rash. "
        "In our cases dapsone was stopped."
    )
    doc = nlp(text)
    found = {text[f.start : f.end].strip(): f.patient_id for f in attributes.get_frames(doc)}
    assert {key: value for key, value in found.items() if len(key) > 15} == {
        "A 45-year-old woman took dapsone.": "1",
        "She developed a rash.": "1",
        "A 60-year-old man took dapsone.": "2",
        "He developed fever.": "2",
        "Patient 1 developed a rash, and": "1",
        "patient 2 developed fever.": "2",
        "Dapsone may cause rash.": "",
        "In our cases dapsone was stopped.": "",
    }


def test_a_text_about_nobody_has_no_patient(nlp):
    assert persons(nlp("Dapsone may cause rash. Patients with leprosy are often treated with it.")) == []


@pytest.mark.parametrize(
    "piece",
    [
        "Case 1 slept. ",
        "A 45-year-old man slept. ",
        "Case 2\n",
        "Discussion\nPatient 3 slept.\nCase\n",
        "aged 4 ",
        "her ",
    ],
)
def test_time_grows_no_faster_than_the_text(nlp, piece):
    def seconds(size):
        doc = nlp.make_doc(piece * size)
        for name in ("sequela_sentences", "sequela_sections"):
            nlp.get_pipe(name)(doc)
        begin = time.process_time()
        nlp.get_pipe("sequela_attribution")(doc)
        return time.process_time() - begin

    seconds(10)
    assert min(seconds(4_000) for _ in range(2)) < 50 * max(seconds(400), 0.01)
