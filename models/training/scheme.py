"""The annotation schemes, one tagging head each, and the BIOES encoding.

Spans of PHEE overlap across some labels (a span is both Duration and Time_elapsed in 126 of 147 Durations of its
train split; 111 Effects hold a Drug), so PHEE's labels are spread over heads within which they hardly do.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

HEADS: dict[str, tuple[str, ...]] = {
    "phee_arguments": ("Drug", "Dosage", "Route", "Freq", "Age", "Gender", "Population"),
    "phee_effect": ("Effect",),
    "phee_disorder": ("Disorder",),
    "phee_elapsed": ("Time_elapsed",),
    "phee_duration": ("Duration",),
    "maccrobat": (
        "DRUG",
        "DOSE",
        "SYMPTOM",
        "BODY_SITE",
        "TIME",
        "FREQUENCY",
        "ROUTE",
        "AGE",
        "SEX",
        "PROCEDURE",
    ),
    "bc5cdr": ("Chemical", "Disease"),
}
MACCROBAT_LABELS = {
    "Medication": "DRUG",
    "Dosage": "DOSE",
    "Sign_symptom": "SYMPTOM",
    "Disease_disorder": "SYMPTOM",
    "Biological_structure": "BODY_SITE",
    "Date": "TIME",
    "Duration": "TIME",
    "Time": "TIME",
    "Frequency": "FREQUENCY",
    "Administration": "ROUTE",
    "Age": "AGE",
    "Sex": "SEX",
    "Diagnostic_procedure": "PROCEDURE",
    "Therapeutic_procedure": "PROCEDURE",
}
BIORED_LABELS = {"ChemicalEntity": "Chemical", "DiseaseOrPhenotypicFeature": "Disease"}
UNKNOWN = -1  # the corpus says nothing about this head here


def tags(labels: Iterable[str]) -> list[str]:
    """Give the BIOES tags of a head: "O" first, then B, I, E, S of each label."""
    return ["O", *(f"{prefix}-{label}" for label in labels for prefix in "BIES")]


def encode(
    length: int, spans: Iterable[tuple[int, int, str]], labels: tuple[str, ...]
) -> npt.NDArray[np.int8]:
    """Encode token spans (half-open) as tag numbers; of overlapping spans the longest stays, then the first."""
    row = np.zeros(length, dtype=np.int8)
    for start, end, label in sorted(spans, key=lambda s: (s[0] - s[1], s[0], s[2])):
        if row[start:end].any():
            continue
        base = 1 + 4 * labels.index(label)
        if end - start == 1:
            row[start] = base + 3
        else:
            row[start], row[end - 1] = base, base + 2
            row[start + 1 : end - 1] = base + 1
    return row
