"""What the onset rules look at."""

from __future__ import annotations

import pytest

from markup import blank
from sequela.components.time.scene import Scene, Time, read_scene
from sequela.schema import TimeExpression, TimexType


def test_a_table_pasted_as_one_sentence_is_cut_where_its_lines_end() -> None:
    row = "| amiodarone | rash | 2 days |\n"
    doc = blank()(row * 100)
    sentences = read_scene(doc).sentences
    assert "".join(doc.text[start:end] for start, end in sentences) == doc.text
    assert all(end - start <= 600 and doc.text[end - 1] == "\n" for start, end in sentences)


@pytest.mark.parametrize(
    ("text", "longest"), [("word " * 300, 600), ("x" * 1500, 600)], ids=["blanks", "none"]
)
def test_a_text_without_line_ends_is_cut_too(text: str, longest: int) -> None:
    sentences = read_scene(blank()(text)).sentences
    assert "".join(text[start:end] for start, end in sentences) == text
    assert max(end - start for start, end in sentences) <= longest


CUES = "She re-started it, was restarted and the drug-started fever began-start. Developed"


@pytest.mark.parametrize("start", range(0, len(CUES), 3))
def test_cue_words_of_a_stretch_are_those_of_its_text(start: int) -> None:
    scene = Scene(CUES, [], [], [], [])
    for end in range(start, len(CUES) + 1):
        alone = Scene(CUES[start:end], [], [], [], []).cues_between(0, end - start)
        found = scene.cues_between(start, end)
        assert [(c.start - start, c.end - start, c.kind) for c in found] == [
            (c.start, c.end, c.kind) for c in alone
        ]


def test_of_many_times_the_nearest_are_looked_at() -> None:
    value = TimeExpression(type=TimexType.DURATION, value="P2D")
    times = [Time(start, start + 1, "2", value=value) for start in range(100)]
    scene = Scene("x" * 100, [(0, 100)], times, [], [])
    assert [time.start for time in scene.times_near(0, 100, 50)] == list(range(38, 62))
    assert [time.start for time in scene.times_near(0, 50, 50)] == list(range(38, 50))
    assert [time.start for time in scene.times_near(90, 100, 50)] == list(range(90, 100))
