"""The fit of confidences, on rows counted by hand."""

from __future__ import annotations

import math

import pytest

from sequela.evaluation.calibration import Bin, Judged, brier, fit, fit_all, left_out, plot, reliability

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


def rows(doc_id: str, number: int, points: str = "probabilities", *, right: bool) -> list[Judged]:
    return [Judged(doc_id, points, 0.5, 0.5, right=right)] * number


def test_rows_left_out_are_not_in_their_fit():
    judged = rows("a", 40, right=True) + rows("b", 40, right=False)
    assert left_out(judged, folds=2) == [(round(1 / 42, 3), True)] * 40 + [(round(41 / 42, 3), False)] * 40


def test_probabilities_and_scores_of_rules_have_points_of_their_own():
    judged = rows("a", 40, right=True) + rows("a", 40, "scores", right=False)
    assert fit_all(judged) == {
        "probabilities": [[0.5, round(41 / 42, 3)]],
        "scores": [[0.5, round(1 / 42, 3)]],
    }


def test_few_rows_have_no_points():
    assert fit_all(rows("a", 39, right=True)) == {}


def test_brier():
    assert brier([(1.0, True), (0.0, True)]) == 0.5
    assert math.isnan(brier([]))


def test_plot_is_written(tmp_path):
    pytest.importorskip("matplotlib")
    plot(reliability(ROWS), tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
