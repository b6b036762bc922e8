"""Measures of disproportionality of a drug-event pair, from a fourfold table.

In the words of the sources, with patients in the place of reports::

                    event    other events
    drug              a           b
    other drugs       c           d

What is compared are the patients of case reports. They are published because they are rare or instructive, so that
a high value is a reason to look at the reports, and none of risk.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# The 97.5th percentile of the normal distribution
_Z = 1.959963984540054

MIN_PATIENTS = 3
PRR_THRESHOLD = 2.0
CHI2_THRESHOLD = 4.0


@dataclass(frozen=True)
class FourfoldTable:
    """Numbers of patients: ``a`` with drug and event, ``b`` drug only, ``c`` event only, ``d`` neither."""

    a: int
    b: int
    c: int
    d: int

    def __post_init__(self) -> None:
        if min(self.a, self.b, self.c, self.d) < 0:
            raise ValueError(f"a count below zero: {self}")

    @property
    def total(self) -> int:
        """All patients."""
        return self.a + self.b + self.c + self.d

    @property
    def expected(self) -> float:
        """Patients with both, if drug and event had nothing to do with each other."""
        return (self.a + self.b) * (self.a + self.c) / self.total

    def cells(self) -> tuple[float, float, float, float]:
        """Give the cells for a ratio: with half a patient added to each where one of them is empty.

        Without it the ratio would be divided by zero (Haldane, Ann Hum Genet 1956;20:309-311, and Anscombe,
        Biometrika 1956;43:461-464).
        """
        counts = (self.a, self.b, self.c, self.d)
        add = 0.0 if all(counts) else 0.5
        a, b, c, d = (count + add for count in counts)
        return a, b, c, d


@dataclass(frozen=True)
class Estimate:
    """A value with the bounds of its 95 % interval."""

    value: float
    lower: float
    upper: float


def prr(table: FourfoldTable) -> Estimate:
    """Give the proportional reporting ratio, a/(a+b) over c/(c+d).

    Evans SJW, Waller PC, Davis S. Use of proportional reporting ratios (PRRs) for signal generation from
    spontaneous adverse drug reaction reports. Pharmacoepidemiol Drug Saf 2001;10:483-486. The interval is
    that of a relative risk: exp(ln PRR ± 1.96 · sqrt(1/a - 1/(a+b) + 1/c - 1/(c+d))).
    """
    a, b, c, d = table.cells()
    return _log_normal(math.log(a / (a + b) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))


def ror(table: FourfoldTable) -> Estimate:
    """Give the reporting odds ratio, ad/bc.

    van Puijenbroek EP, Bate A, Leufkens HGM, Lindquist M, Orre R, Egberts ACG. A comparison of measures of
    disproportionality for signal detection in spontaneous reporting systems for adverse drug reactions.
    Pharmacoepidemiol Drug Saf 2002;11:3-10. The interval is Woolf's:
    exp(ln ROR ± 1.96 · sqrt(1/a + 1/b + 1/c + 1/d)).
    """
    a, b, c, d = table.cells()
    return _log_normal(math.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d)


def information_component(table: FourfoldTable) -> Estimate:
    """Give the information component: log2 of observed over expected, both with half a patient added.

    Norén GN, Hopstadius J, Bate A. Shrinkage observed-to-expected ratios for robust and transparent large-scale
    pattern discovery. Stat Methods Med Res 2013;22:57-69. The bounds are their closed approximations:
    IC - 3.3 (a+1/2)^(-1/2) - 2 (a+1/2)^(-3/2) and IC + 2.4 (a+1/2)^(-1/2) - 0.5 (a+1/2)^(-3/2).
    """
    observed = table.a + 0.5
    value = math.log2(observed / (table.expected + 0.5))
    return Estimate(
        value,
        value - 3.3 * observed**-0.5 - 2 * observed**-1.5,
        value + 2.4 * observed**-0.5 - 0.5 * observed**-1.5,
    )


def chi_squared(table: FourfoldTable) -> float:
    """Give chi-squared on one degree of freedom with the correction of Yates, as Evans et al. (2001) use it.

    Yates F. Contingency tables involving small numbers and the χ2 test. Suppl J R Stat Soc 1934;1:217-235.
    """
    a, b, c, d = table.a, table.b, table.c, table.d
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if not margins:
        return 0.0
    difference = max(0.0, abs(a * d - b * c) - table.total / 2)
    return table.total * difference**2 / margins


def criteria(table: FourfoldTable, min_patients: int = MIN_PATIENTS) -> tuple[str, ...]:
    """Give the names of the measures by which the pair is a signal, of PRR, ROR and IC.

    PRR: at least 2, chi-squared at least 4 and at least 3 patients (Evans et al. 2001). ROR: lower bound of the
    95 % interval above 1 and at least 3 patients (European Medicines Agency, Screening for adverse reactions in
    EudraVigilance, EMA/849944/2016). IC: lower bound of the 95 % interval above 0 (Bate A et al. A Bayesian
    neural network method for adverse drug reaction signal generation. Eur J Clin Pharmacol 1998;54:315-321).
    """
    enough = table.a >= min_patients
    found = {
        "PRR": enough and prr(table).value >= PRR_THRESHOLD and chi_squared(table) >= CHI2_THRESHOLD,
        "ROR": enough and ror(table).lower > 1,
        "IC": information_component(table).lower > 0,
    }
    return tuple(name for name, holds in found.items() if holds)


def _log_normal(value: float, variance: float) -> Estimate:
    error = _Z * math.sqrt(max(0.0, variance))
    return Estimate(math.exp(value), math.exp(value - error), math.exp(value + error))
