"""What a row says beside drug and event, against the gold reaction that it names.

Each measure counts only where the gold knows the value, so that a silent text is no error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sequela.corpora.casebook import Reaction
from sequela.evaluation.names import contains, names_event
from sequela.evaluation.scores import Rate
from sequela.schema import Attribution, OnsetAnchor, Triple

ANCHOR = "onset_anchor"
PATIENT = "patient_kind"
OUTCOME, DECHALLENGE, RECHALLENGE = "outcome", "dechallenge", "rechallenge"
DOSE = "dose"
SITES = "body_sites"

# A first dose is the start of a treatment and also a dose with a number.
_ANCHORS: dict[str, frozenset[str]] = {
    "start": frozenset({OnsetAnchor.START, OnsetAnchor.FIRST_DOSE}),
    "first dose": frozenset({OnsetAnchor.START, OnsetAnchor.FIRST_DOSE}),
    "last dose": frozenset({OnsetAnchor.LAST_DOSE}),
    "nth dose": frozenset({OnsetAnchor.NTH_DOSE, OnsetAnchor.FIRST_DOSE}),
    "stop": frozenset({OnsetAnchor.STOP}),
    "dose change": frozenset({OnsetAnchor.DOSE_CHANGE}),
    "unspecified": frozenset({OnsetAnchor.UNSPECIFIED}),
}
_UNKNOWN = "unknown"
_AMOUNT = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|%")


def about_index(row: Triple) -> bool:
    """Whether the row is about a patient of the report."""
    return row.attribution is Attribution.INDEX_PATIENT


def same_patient(reaction: Reaction, row: Triple) -> bool:
    """Whether both are about a patient of the report, or both about somebody else's."""
    return about_index(row) == (reaction.patient == "index")


def same_dose(one: str, other: str) -> bool:
    """Whether the numbers and words of one wording stand side by side in the other one."""
    ours, theirs = (tuple(_AMOUNT.findall(text.lower())) for text in (one, other))
    return contains(ours, theirs) or contains(theirs, ours)


def _patient(reaction: Reaction, row: Triple) -> Rate:
    return Rate(same_patient(reaction, row), 1)


def _anchor(reaction: Reaction, row: Triple) -> Rate:
    return Rate(row.onset_anchor in _ANCHORS[reaction.onset_anchor], 1) if reaction.onset else Rate()


def _outcome(reaction: Reaction, row: Triple) -> Rate:
    return _value(reaction.outcome, row.outcome)


def _dechallenge(reaction: Reaction, row: Triple) -> Rate:
    return _value(reaction.dechallenge, row.dechallenge)


def _rechallenge(reaction: Reaction, row: Triple) -> Rate:
    return _value(reaction.rechallenge, row.rechallenge)


def _value(gold: str, predicted: str) -> Rate:
    """Compare values of the gold, which have blanks, with those of the schema."""
    return Rate() if gold == _UNKNOWN else Rate(gold.replace(" ", "_") == predicted, 1)


def _dose(reaction: Reaction, row: Triple) -> Rate:
    return Rate(same_dose(reaction.dose, row.dose), 1) if reaction.dose else Rate()


def _sites(reaction: Reaction, row: Triple) -> Rate:
    """Count the gold sites that share head words with a site of the row."""
    said = [site for site in row.body_sites.split(";") if site.strip()]
    found = sum(any(names_event(one, (site,)) for one in said) for site in reaction.body_sites)
    return Rate(found, len(reaction.body_sites))


DETAILS: Mapping[str, Callable[[Reaction, Triple], Rate]] = {
    ANCHOR: _anchor,
    PATIENT: _patient,
    OUTCOME: _outcome,
    DECHALLENGE: _dechallenge,
    RECHALLENGE: _rechallenge,
    DOSE: _dose,
    SITES: _sites,
}
