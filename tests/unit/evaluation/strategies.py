"""Random spans for property tests."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from sequela.evaluation.links import Pair
from sequela.evaluation.matching import Span

LABELS = ("Drug", "Effect", "Route")


@st.composite
def spans(draw, length: int = 30) -> Span:
    start = draw(st.integers(0, length - 1))
    end = draw(st.integers(start + 1, length))
    return Span.of(start, end, draw(st.sampled_from(LABELS)))


@st.composite
def flat_spans(draw, length: int = 30) -> list[Span]:
    """Spans that do not overlap, as ``doc.ents`` hold them."""
    cuts = sorted(draw(st.sets(st.integers(0, length), max_size=12)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return [Span.of(start, end, draw(st.sampled_from(LABELS))) for start, end in pairs]


@st.composite
def pairs(draw) -> Pair:
    place = st.integers(0, 5).map(lambda number: Span.of(3 * number, 3 * number + 4))
    return Pair(drug=draw(place), event=draw(place), onsets=tuple(draw(st.lists(place, max_size=1))))


def documents(items, **options):
    """Items of a few documents by id."""
    return st.dictionaries(st.sampled_from("abcdef"), items, **options)


# No deadline: a busy machine is no failure.
patient = settings(deadline=None, max_examples=60)
