"""ISO 8601 durations and hours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequela.durations import HOURS_OF_UNIT, add, format_duration, from_days, to_hours, zero_like


@pytest.mark.parametrize(
    ("duration", "hours"),
    [
        ("PT0H", 0.0),
        ("PT36H", 36.0),
        ("PT90M", 1.5),
        ("P1D", 24.0),
        ("P3W", 504.0),
        ("P1M", 730.5),
        ("P1Y", 8766.0),
        ("P12M", 8766.0),
        ("P4.5Y", 39447.0),
        ("P1M5D", 850.5),
        ("P1DT12H", 36.0),
        ("PXD", None),
        ("PXX", None),
        ("", None),
        ("soon", None),
    ],
)
def test_to_hours(duration: str, hours: float | None) -> None:
    assert to_hours(duration) == hours


@pytest.mark.parametrize(
    ("durations", "total"),
    [
        (["P10D", "P1D"], "P11D"),
        (["P1M", "P5D"], "P1M5D"),
        (["P1D", "PT12H"], "P1DT12H"),
        (["PT30M", "PT45M"], "PT75M"),
        (["P6W", "P10D"], "P52D"),
        ([], "P"),
    ],
)
def test_add(durations: list[str], total: str) -> None:
    assert add(durations) == total


def test_zero_and_days() -> None:
    assert (zero_like("PT3H"), zero_like("P3D")) == ("PT0H", "P0D")
    assert (from_days(3.0), from_days(0.5)) == ("P3D", "P0.5D")


@given(st.integers(min_value=0, max_value=5000), st.sampled_from(sorted(HOURS_OF_UNIT)))
def test_hours_follow_the_unit(amount: int, unit: str) -> None:
    hours = to_hours(format_duration(amount, unit))
    assert hours == pytest.approx(amount * HOURS_OF_UNIT[unit], rel=1e-6, abs=1e-6)
