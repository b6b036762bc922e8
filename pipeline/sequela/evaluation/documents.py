"""Documents: which reactions of a report were found, and what was recorded that did not happen.

Gold is a `Casebook`; predicted are the rows of the report. Rows count that are in the file by default
(`Triple.happened`), because each of them is a claim about a patient. See ``docs/evaluation-definitions.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sequela.corpora.casebook import Casebook, Reaction
from sequela.evaluation.matching import Matching, assign
from sequela.evaluation.names import names_drug, names_event
from sequela.evaluation.scores import Rate, Tally
from sequela.evaluation.triples import EXACT, LOG_RATIO, value_rates
from sequela.schema import Attribution, OnsetAnchor, Triple

FALSE_ATTRIBUTION = "false_attribution"
CLEAN = "clean_reports"
ANCHOR = "onset_anchor"
REPEATED = "repeated_rows"

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


@dataclass(frozen=True)
class Judgement:
    """What the rows of one report are, as indices.

    Attributes
    ----------
    matching
        Certain gold reactions and the rows that name them. Rows that name only an uncertain reaction are in
        neither list.
    false
        Spurious rows about the index patient that name a background pair or a drug that was given as
        treatment.
    repeated
                Number of right rows beyond one for each reaction.
    """

    matching: Matching
    false: tuple[int, ...]
    repeated: int


def row_names(row: Triple, reaction: Reaction) -> bool:
    """Whether a row names the drug and the event of a gold reaction."""
    return _names_drug(row, (reaction.drug, *reaction.drug_aliases)) and names_event(
        row.event, (reaction.event, *reaction.event_aliases)
    )


def judge(gold: Casebook, rows: Sequence[Triple]) -> Judgement:
    """Compare the rows of a report with its gold; all of them are taken as claims."""
    hits = []
    pardoned = set()
    for r, reaction in enumerate(gold.reactions):
        for p, row in enumerate(rows):
            if row_names(row, reaction):
                if reaction.certain:
                    hits.append((r, p))
                else:
                    pardoned.add(p)
    found, right = {r for r, _ in hits}, {p for _, p in hits}
    matching = Matching(
        hits=tuple(hits),
        missed=tuple(r for r, one in enumerate(gold.reactions) if one.certain and r not in found),
        spurious=tuple(p for p in range(len(rows)) if p not in right | pardoned),
    )
    false = tuple(
        p
        for p in matching.spurious
        if rows[p].attribution is Attribution.INDEX_PATIENT and _is_false(gold, rows[p])
    )
    partners = {r: [p for other, p in hits if other == r] for r in sorted(found)}
    return Judgement(matching, false, len(right) - len(assign(partners)))


def score_documents(gold: Mapping[str, Casebook], predicted: Mapping[str, Sequence[Triple]]) -> Tally:
    """Score the rows of reports.

    Labels are "index" and "other_case": of the reaction for recall, of the row for precision; a row need
    not have the label of the reaction it names. Rates: `FALSE_ATTRIBUTION`, `CLEAN` (reports without a
    reaction that have no row), `REPEATED` (right rows that say again what another row said), and over the
    found reactions with a gold onset value `EXACT` and `LOG_RATIO`, with a gold onset `ANCHOR`. Where
    several rows name a reaction, `best_row` chooses.
    """
    tally = Tally(level="documents", rule="reactions", counts={})
    tally.rates = {name: {} for name in (FALSE_ATTRIBUTION, CLEAN, REPEATED, EXACT, LOG_RATIO, ANCHOR)}
    for doc_id in sorted(gold):
        reactions = gold[doc_id].reactions
        rows = claims(predicted.get(doc_id, ()))
        judgement = judge(gold[doc_id], rows)
        matching = judgement.matching
        tally.add(
            doc_id,
            matching,
            [reaction.patient for reaction in reactions],
            ["index" if _about_index(row) else "other_case" for row in rows],
            reason=partial(_reason, judgement),
        )
        about_index = sum(map(_about_index, rows))
        tally.rates[FALSE_ATTRIBUTION][doc_id] = Rate(len(judgement.false), about_index)
        tally.rates[CLEAN][doc_id] = Rate(not rows, 1) if not reactions else Rate()
        tally.rates[REPEATED][doc_id] = Rate(judgement.repeated, len(matching.right_predicted))
        values, anchors = [], []
        for r in matching.right_gold:
            reaction = reactions[r]
            row = best_row(reaction, [rows[p] for g, p in matching.hits if g == r])
            if reaction.onset_min:
                bounds = (reaction.onset_min, reaction.onset_max)
                values.append((bounds, (row.onset_min, row.onset_max)))
            if reaction.onset:
                anchors.append(row.onset_anchor in _ANCHORS[reaction.onset_anchor])
        tally.rates[EXACT][doc_id], tally.rates[LOG_RATIO][doc_id] = value_rates(values)
        tally.rates[ANCHOR][doc_id] = Rate(sum(anchors), len(anchors))
    return tally


def claims(rows: Sequence[Triple]) -> list[Triple]:
    """Rows that are in the file by default."""
    return [row for row in rows if row.happened]


def best_row(reaction: Reaction, rows: Sequence[Triple]) -> Triple:
    """Choose the row that stands for a reaction that several rows name.

    One about the same kind of patient, with the very words of the gold event and drug, with an onset value,
    the most confident, the first.
    """

    def nearness(row: Triple) -> tuple[bool, bool, bool, bool, float]:
        return (
            _about_index(row) == (reaction.patient == "index"),
            row.event.casefold() == reaction.event.casefold(),
            row.drug.casefold() == reaction.drug.casefold(),
            bool(row.onset_min),
            row.confidence,
        )

    return max(rows, key=nearness)


def _reason(judgement: Judgement, _missed: int | None, spurious: int | None) -> tuple[int | None, str]:
    return None, "false attribution" if spurious in judgement.false else ""


def _about_index(row: Triple) -> bool:
    return row.attribution is Attribution.INDEX_PATIENT


def _is_false(gold: Casebook, row: Triple) -> bool:
    return _names_drug(row, gold.treatment_drugs) or any(
        _names_drug(row, (pair.drug,)) and names_event(row.event, (pair.event,)) for pair in gold.background
    )


def _names_drug(row: Triple, names: Sequence[str]) -> bool:
    return names_drug(row.drug, names) or (bool(row.drug_name) and names_drug(row.drug_name, names))
