from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markup import blank
from sequela import attributes
from sequela.components.sections import find_sections


def zones(text, **kwargs):
    return [
        (str(s.zone), s.heading, text[s.body_start : s.end].strip()) for s in find_sections(text, **kwargs)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("She had a rash.", [("body", "", "She had a rash.")], id="no heading"),
        pytest.param(
            "Rash after dapsone\nShe had a rash.",
            [("title", "", "Rash after dapsone"), ("body", "", "She had a rash.")],
            id="title",
        ),
        pytest.param(
            "She had a rash.\nIt went.",
            [("body", "", "She had a rash.\nIt went.")],
            id="a sentence is no title",
        ),
        pytest.param(
            "and was well.\nDiscussion\nRash is rare.",
            [("body", "", "and was well."), ("discussion", "Discussion", "Rash is rare.")],
            id="fragment that starts in the middle",
        ),
        pytest.param(
            "Background\nRash is rare.\nClinical notes\nHer rash.\nRemarks and literature\nWe think.",
            [
                ("introduction", "Background", "Rash is rare."),
                ("case", "Clinical notes", "Her rash."),
                ("discussion", "Remarks and literature", "We think."),
            ],
            id="headings that one word tells",
        ),
        pytest.param(
            "Discussion\nWe think.\nClinical features\nRash is red.",
            [("discussion", "Discussion", "We think.\nClinical features\nRash is red.")],
            id="a case word in a discussion is no case",
        ),
        pytest.param(
            "Case\nHer rash.\nThe patient slept.\nThe patient had\tno rash\tat all",
            [
                ("case", "Case", "Her rash.\nThe patient slept."),
                ("table", "", "The patient had\tno rash\tat all"),
            ],
            id="a short statement is no heading",
        ),
        pytest.param(
            "She slept. Fig. 1. A rash. CONCLUSION: It heals.",
            [("body", "", "She slept."), ("caption", "Fig. 1", "A rash. CONCLUSION: It heals.")],
            id="a caption runs to the end of its line",
        ),
        pytest.param(
            "1. Introduction\nRash.\n2.1 Case presentation\nHer.\nIV. DISCUSSION:\nWe think.",
            [
                ("introduction", "Introduction", "Rash."),
                ("case", "Case presentation", "Her."),
                ("discussion", "DISCUSSION", "We think."),
            ],
            id="numbered",
        ),
        pytest.param(
            "pmcIntroduction\nRash.",
            [("introduction", "Introduction", "Rash.")],
            id="glued prefix of text dumps",
        ),
        pytest.param(
            "BACKGROUND: Rash is rare. CASE REPORT: A man had it. CONCLUSION: Mind it.",
            [
                ("introduction", "BACKGROUND", "Rash is rare."),
                ("case", "CASE REPORT", "A man had it."),
                ("conclusion", "CONCLUSION", "Mind it."),
            ],
            id="inline",
        ),
        pytest.param(
            "He came. Result: none of these.",
            [("body", "", "He came."), ("case", "Result", "none of these.")],
            id="inline in the middle",
        ),
        pytest.param(
            "He came. Treatment: none.",
            [("body", "", "He came. Treatment: none.")],
            id="a sub-heading in the middle of a line is none",
        ),
        pytest.param(
            "Discussion\nRash.\nTreatment\nStop it.",
            [("discussion", "Discussion", "Rash.\nTreatment\nStop it.")],
            id="sub-heading inside a discussion",
        ),
        pytest.param(
            "Case\nHer.\nTreatment\nWe stopped it.",
            [("case", "Case", "Her.\nTreatment\nWe stopped it.")],
            id="sub-heading inside a case",
        ),
        pytest.param(
            "Background\nRash.\nTreatment\nWe stopped it.\nCase report\nHer.",
            [
                ("introduction", "Background", "Rash.\nTreatment\nWe stopped it."),
                ("case", "Case report", "Her."),
            ],
            id="sub-heading inside an introduction",
        ),
        pytest.param(
            "Summary\nRash.\nCase\nHer, as told at length here.\nSummary\nMind it.",
            [
                ("abstract", "Summary", "Rash."),
                ("case", "Case", "Her, as told at length here."),
                ("conclusion", "Summary", "Mind it."),
            ],
            id="summary at the start and at the end",
        ),
        pytest.param(
            "Case\nHer.\nFigure 1. Rash on the trunk.\nShe slept.",
            [
                ("case", "Case", "Her."),
                ("caption", "Figure 1", "Rash on the trunk."),
                ("case", "Case", "She slept."),
            ],
            id="caption",
        ),
        pytest.param(
            "Case\nShe recovered. Figure 2 : Rash on day 3.\nShe slept.",
            [
                ("case", "Case", "She recovered."),
                ("caption", "Figure 2", "Rash on day 3."),
                ("case", "Case", "She slept."),
            ],
            id="caption glued to a paragraph",
        ),
        pytest.param(
            "Case\nShe recovered (Fig. 2). Figure 2 shows the rash. Fig 3 and 4 too.",
            [("case", "Case", "She recovered (Fig. 2). Figure 2 shows the rash. Fig 3 and 4 too.")],
            id="figures pointed at",
        ),
        pytest.param(
            "Case\nHer.\nTable 1 Laboratory values\nALT\t40\tU/L\nAST\t30\tU/L\n\nShe slept.",
            [
                ("case", "Case", "Her."),
                ("table", "Table 1", "Laboratory values\nALT\t40\tU/L\nAST\t30\tU/L"),
                ("case", "Case", "She slept."),
            ],
            id="table",
        ),
        pytest.param(
            "Case\nHer.\nAbbreviations: ALT, alanine aminotransferase.\nShe slept.",
            [
                ("case", "Case", "Her."),
                ("back_matter", "Abbreviations", "ALT, alanine aminotransferase."),
                ("case", "Case", "She slept."),
            ],
            id="abbreviations tell of their own line",
        ),
        pytest.param(
            "Conclusion\nMind it.\nConflict of interest: none.\nAcknowledgements\nThanks.\n"
            "References\n1. Weber A. Rash.",
            [
                ("conclusion", "Conclusion", "Mind it."),
                ("back_matter", "Conflict of interest", "none."),
                ("back_matter", "Acknowledgements", "Thanks."),
                ("references", "References", "1. Weber A. Rash."),
            ],
            id="back matter and references",
        ),
        pytest.param(
            "She slept.\n1. Weber A, Lang B. Rash after dapsone. J Test Med. 2010;12:33-5.",
            [
                ("body", "", "She slept."),
                ("references", "", "1. Weber A, Lang B. Rash after dapsone. J Test Med. 2010;12:33-5."),
            ],
            id="references without heading",
        ),
        pytest.param(
            "Case 1: A man.\nHe slept.\nPatient II\nA woman.\nTable 3",
            [
                ("case", "Case 1", "A man.\nHe slept."),
                ("case", "Patient II", "A woman."),
                ("table", "Table 3", ""),
            ],
            id="numbered cases",
        ),
        pytest.param(
            "The discussion was long and the conclusion: he slept.",
            [("body", "", "The discussion was long and the conclusion: he slept.")],
            id="heading words inside a sentence",
        ),
    ],
)
def test_zones(text, expected):
    assert zones(text) == expected


def test_a_title_the_reader_knows():
    text = "Rash. A report of one.\nShe had a rash."
    assert zones(text, title="Rash. A report of one") == [
        ("title", "", "Rash. A report of one."),
        ("body", "", "She had a rash."),
    ]


PIECES = [
    "Case report\n",
    "Discussion",
    "\n",
    " ",
    "Fig. 1 ",
    "Figure 2: ",
    "Table 1\t",
    "\t",
    "CONCLUSION: ",
    "x",
    "\r\n",
    "1. ",
]


@given(st.lists(st.sampled_from([*PIECES, "A rash. "]) | st.text(max_size=4), max_size=30).map("".join))
def test_sections_cover_the_text_without_a_gap(text):
    sections = find_sections(text)
    edges = [0, *(section.end for section in sections)]
    assert [section.start for section in sections] == edges[:-1]
    assert edges[-1] == len(text)
    assert all(s.start <= s.body_start <= s.end and s.start < s.end for s in sections)


@pytest.mark.parametrize(
    "piece", ["Fig. 1 ", "A ", "1. A", "Conclusion: ", "A B: ", ". A-", "\t", "Table ", "19"]
)
def test_time_grows_no_faster_than_the_text(piece):
    def seconds(size):
        text = piece * size
        begin = time.process_time()
        find_sections(text)
        return time.process_time() - begin

    seconds(10)
    assert min(seconds(40_000) for _ in range(2)) < 50 * max(seconds(4_000), 0.01)


def test_the_component_keeps_the_sections():
    nlp = blank()
    nlp.add_pipe("sequela_sections")
    doc = nlp("Case\nShe had a rash.")
    assert attributes.get_sections(doc) == find_sections(doc.text)
