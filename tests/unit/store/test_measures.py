from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequela.store.measures import (
    FourfoldTable,
    chi_squared,
    criteria,
    information_component,
    prr,
    ror,
)

# Rifabutin and uveitis: Evans, Waller and Davis (2001), table 2, which gives PRR 586 and chi-squared 22,740
RIFABUTIN = FourfoldTable(41, 14, 754, 591_958)
counts = st.integers(0, 5_000)
tables = st.builds(FourfoldTable, counts, counts, counts, counts).filter(
    lambda table: table.a + table.b and table.c + table.d and table.a + table.c and table.b + table.d
)


def test_the_published_example_of_the_proportional_reporting_ratio() -> None:
    assert round(prr(RIFABUTIN).value) == 586
    # The printed chi-squared is the one without correction; ours follows from it
    a, b, c, d = RIFABUTIN.a, RIFABUTIN.b, RIFABUTIN.c, RIFABUTIN.d
    plain = RIFABUTIN.total * (a * d - b * c) ** 2 / ((a + b) * (c + d) * (a + c) * (b + d))
    assert round(plain, -1) == 22_740
    correction = (1 - RIFABUTIN.total / 2 / (a * d - b * c)) ** 2
    assert chi_squared(RIFABUTIN) == pytest.approx(plain * correction)
    assert criteria(RIFABUTIN) == ("PRR", "ROR", "IC")


def test_a_table_counted_by_hand() -> None:
    table = FourfoldTable(6, 4, 10, 80)
    # (6/10) / (10/90) = 5.4; sqrt(1/6 - 1/10 + 1/10 - 1/90) = 0.394405
    assert prr(table).value == pytest.approx(5.4)
    assert prr(table).lower == pytest.approx(5.4 / math.exp(1.959964 * 0.394405), rel=1e-5)
    assert prr(table).upper == pytest.approx(5.4 * math.exp(1.959964 * 0.394405), rel=1e-5)
    # 6 * 80 / (4 * 10) = 12; sqrt(1/6 + 1/4 + 1/10 + 1/80) = 0.727438
    assert ror(table).value == pytest.approx(12)
    assert ror(table).lower == pytest.approx(12 / math.exp(1.959964 * 0.727438), rel=1e-5)
    # expected 10 * 16 / 100 = 1.6; log2(6.5 / 2.1)
    assert table.expected == pytest.approx(1.6)
    assert information_component(table).value == pytest.approx(1.630050, abs=1e-5)
    # 1.630050 - 3.3 / sqrt(6.5) - 2 / 6.5^1.5 = 1.630050 - 1.294366 - 0.120686
    assert information_component(table).lower == pytest.approx(0.214998, abs=1e-5)
    # 100 * (480 - 40 - 50)^2 / (10 * 90 * 16 * 84)
    assert chi_squared(table) == pytest.approx(12.574405, abs=1e-5)
    assert criteria(table) == ("PRR", "ROR", "IC")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param(FourfoldTable(2, 0, 0, 50), (), id="two patients are too few"),
        pytest.param(FourfoldTable(10, 90, 100, 900), (), id="as expected"),
        pytest.param(FourfoldTable(3, 20, 30, 900), ("ROR",), id="odds only: chi-squared below 4"),
        pytest.param(FourfoldTable(60, 40, 340, 660), ("ROR", "IC"), id="no PRR below 2"),
        pytest.param(FourfoldTable(5, 0, 0, 500), ("PRR", "ROR", "IC"), id="empty cells"),
    ],
)
def test_criteria(table: FourfoldTable, expected: tuple[str, ...]) -> None:
    assert criteria(table) == expected


def test_counts_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="below zero"):
        FourfoldTable(1, -1, 1, 1)


@given(tables)
def test_intervals_hold_their_value_and_everything_is_finite(table: FourfoldTable) -> None:
    for measure in (prr, ror, information_component):
        found = measure(table)
        assert found.lower <= found.value <= found.upper
        assert all(map(math.isfinite, (found.lower, found.value, found.upper)))
    assert chi_squared(table) >= 0


@given(tables)
def test_drug_and_event_are_alike_to_the_odds_and_the_component(table: FourfoldTable) -> None:
    turned = FourfoldTable(table.a, table.c, table.b, table.d)
    assert ror(turned).value == pytest.approx(ror(table).value)
    assert information_component(turned).value == pytest.approx(information_component(table).value)
    assert chi_squared(turned) == pytest.approx(chi_squared(table))


@pytest.mark.parametrize("observed", [1, 3, 10, 100])
@pytest.mark.parametrize("expected", [1, 5, 50])
def test_the_bounds_of_the_component_are_near_those_of_the_gamma_distribution(
    observed: int, expected: int
) -> None:
    stats = pytest.importorskip("scipy.stats")
    table = FourfoldTable(observed, 1000 - observed, 1000 * expected - observed, 0)
    table = FourfoldTable(table.a, table.b, table.c, 1_000_000 - table.a - table.b - table.c)
    assert table.expected == pytest.approx(expected)
    found = information_component(table)
    exact = [
        math.log2(stats.gamma.ppf(q, observed + 0.5, scale=1 / (expected + 0.5))) for q in (0.025, 0.975)
    ]
    assert found.lower == pytest.approx(exact[0], abs=0.2)
    assert found.upper == pytest.approx(exact[1], abs=0.1)


def test_chi_squared_is_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    for a, b, c, d in itertools.product((1, 7, 40), (2, 30), (3, 50), (60, 900)):
        known = stats.chi2_contingency([[a, b], [c, d]], correction=True).statistic
        # scipy limits the correction to the difference, which is the same as a floor of zero
        assert chi_squared(FourfoldTable(a, b, c, d)) == pytest.approx(known, abs=1e-9)


def test_ratios_are_those_of_vigipy() -> None:
    pandas = pytest.importorskip("pandas")
    vigipy = pytest.importorskip("vigipy", reason="vigipy is not installed")
    cells = {("x", "e"): 12, ("x", "f"): 31, ("y", "e"): 7, ("y", "f"): 90, ("z", "e"): 4, ("z", "f"): 55}
    frame = pandas.DataFrame([{"name": d, "AE": e, "count": n} for (d, e), n in cells.items()])
    container = vigipy.convert(frame)
    total = sum(cells.values())
    for name, ours in (("PRR", prr), ("ROR", ror)):
        theirs = getattr(vigipy, name.lower())(container, min_events=1).all_signals
        assert len(theirs) == len(cells)
        for _, line in theirs.iterrows():
            pair = (line["Product"], line["Adverse Event"])
            a = cells[pair]
            b = sum(n for (d, _), n in cells.items() if d == pair[0]) - a
            c = sum(n for (_, e), n in cells.items() if e == pair[1]) - a
            estimate = ours(FourfoldTable(a, b, c, total - a - b - c))
            assert line[name] == pytest.approx(estimate.value)
            assert line["CI Lower"] == pytest.approx(estimate.lower)
            assert line["CI Upper"] == pytest.approx(estimate.upper)
