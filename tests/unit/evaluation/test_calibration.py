"""The fit of confidences, on rows counted by hand."""

from __future__ import annotations

import math

import pytest

from sequela.evaluation.calibration import Bin, Judged, brier, fit, left_out, plot, reliability

ROWS = [(0.5, False)] * 6 + [(0.5, True)] * 6 + [(0.9, True)] * 12


def test_points_are_smoothed_shares():
    assert fit(ROWS) == [[0.5, 0.5], [0.9, round(13 / 14, 3)]]


def test_points_rise():
    points = fit([(0.3, True)] * 12 + [(0.6, False)] * 12 + [(0.9, True)] * 12)
    assert points == [[0.45, 0.5], [0.9, round(13 / 14, 3)]]


def test_order_does_not_matter():
    assert fit(ROWS) == fit(reversed(ROWS))


def test_reliability_has_bins_of_equal_size():
    assert reliability(ROWS, bins=2) == [Bin(0.5, 0.5, 12), Bin(pytest.approx(0.9), 1.0, 12)]


def test_interval_of_a_share():
    low, high = Bin(0.5, 0.5, 100).interval
    assert (round(low, 3), round(high, 3)) == (0.404, 0.596)


def test_rows_left_out_are_not_in_their_fit():
    judged = [Judged("a", 0.5, 0.5, right=True)] * 12 + [Judged("b", 0.5, 0.5, right=False)] * 12
    assert left_out(judged, folds=2) == [(round(1 / 14, 3), True)] * 12 + [(round(13 / 14, 3), False)] * 12


def test_brier():
    assert brier([(1.0, True), (0.0, True)]) == 0.5
    assert math.isnan(brier([]))


def test_plot_is_written(tmp_path):
    pytest.importorskip("matplotlib")
    plot(reliability(ROWS), tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
