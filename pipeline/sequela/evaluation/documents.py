"""Documents: which reactions of a report were found, and what was recorded that did not happen.

Gold is a `Casebook`; predicted are the rows of the report. Rows count that are in the file by default
(`Triple.happened`), because each of them is a claim about a patient. See ``docs/evaluation-definitions.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sequela.corpora.casebook import Casebook, Reaction
from sequela.evaluation.details import DETAILS, about_index, same_patient
from sequela.evaluation.matching import Matching, assign
from sequela.evaluation.names import names_drug, names_event
from sequela.evaluation.scores import Rate, Tally, total_rate
from sequela.evaluation.triples import EXACT, LOG_RATIO, value_rates
from sequela.schema import Triple

FALSE_ATTRIBUTION = "false_attribution"
CLEAN = "clean_reports"
REPEATED = "repeated_rows"


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
    row_of
        From each found reaction to the row that stands for it; see `_stand_ins`.
    """

    matching: Matching
    false: tuple[int, ...]
    repeated: int
    row_of: Mapping[int, int]


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
    false = tuple(p for p in matching.spurious if about_index(rows[p]) and _is_false(gold, rows[p]))
    partners = {r: [p for other, p in hits if other == r] for r in sorted(found)}
    row_of = _stand_ins(gold.reactions, rows, partners)
    return Judgement(matching, false, len(right) - len(assign(partners)), row_of)


def score_documents(gold: Mapping[str, Casebook], predicted: Mapping[str, Sequence[Triple]]) -> Tally:
    """Score the rows of reports.

    Labels are "index" and "other_case": of the reaction for recall, of the row for precision; a row need
    not have the label of the reaction it names. Rates: `FALSE_ATTRIBUTION`, `CLEAN` (reports without a
    reaction that have no row), `REPEATED` (right rows that say again what another row said), and over the
    found reactions with a gold onset value `EXACT` and `LOG_RATIO`, with other gold values the measures of
    `DETAILS`. They compare a reaction with its row of `Judgement.row_of`.
    """
    tally = Tally(level="documents", rule="reactions", counts={})
    tally.rates = {name: {} for name in (FALSE_ATTRIBUTION, CLEAN, REPEATED, EXACT, LOG_RATIO, *DETAILS)}
    for doc_id in sorted(gold):
        reactions = gold[doc_id].reactions
        rows = claims(predicted.get(doc_id, ()))
        judgement = judge(gold[doc_id], rows)
        matching = judgement.matching
        tally.add(
            doc_id,
            matching,
            [reaction.patient for reaction in reactions],
            ["index" if about_index(row) else "other_case" for row in rows],
            reason=partial(_reason, judgement),
        )
        tally.rates[FALSE_ATTRIBUTION][doc_id] = Rate(len(judgement.false), sum(map(about_index, rows)))
        tally.rates[CLEAN][doc_id] = Rate(not rows, 1) if not reactions else Rate()
        tally.rates[REPEATED][doc_id] = Rate(judgement.repeated, len(matching.right_predicted))
        found = [(reactions[r], rows[p]) for r, p in judgement.row_of.items()]
        tally.rates[EXACT][doc_id], tally.rates[LOG_RATIO][doc_id] = value_rates(
            [
                ((reaction.onset_min, reaction.onset_max), (row.onset_min, row.onset_max))
                for reaction, row in found
                if reaction.onset_min
            ]
        )
        for name, measure in DETAILS.items():
            tally.rates[name][doc_id] = total_rate(measure(reaction, row) for reaction, row in found)
    return tally


def claims(rows: Sequence[Triple]) -> list[Triple]:
    """Rows that are in the file by default."""
    return [row for row in rows if row.happened]


def _stand_ins(
    reactions: Sequence[Reaction], rows: Sequence[Triple], partners: Mapping[int, Sequence[int]]
) -> dict[int, int]:
    """Choose the row that stands for each reaction, of all that name it.

    One about the same kind of patient comes first, then with the very words of the gold event and drug,
    with an onset value if the gold has one, one that stands for no reaction before (a series may tell of
    two patients in the same words), the most confident, the first.
    """
    chosen: dict[int, int] = {}
    for r, candidates in partners.items():
        reaction, taken = reactions[r], set(chosen.values())

        def nearness(p: int, reaction: Reaction = reaction, taken: set[int] = taken) -> tuple[float, ...]:
            row = rows[p]
            return (
                same_patient(reaction, row),
                row.event.casefold() == reaction.event.casefold(),
                row.drug.casefold() == reaction.drug.casefold(),
                bool(row.onset_min) or not reaction.onset_min,
                p not in taken,
                row.confidence,
            )

        chosen[r] = max(candidates, key=nearness)
    return chosen


def _reason(judgement: Judgement, _missed: int | None, spurious: int | None) -> tuple[int | None, str]:
    return None, "false attribution" if spurious in judgement.false else ""


def _is_false(gold: Casebook, row: Triple) -> bool:
    return _names_drug(row, gold.treatment_drugs) or any(
        _names_drug(row, (pair.drug,)) and names_event(row.event, (pair.event,)) for pair in gold.background
    )


def _names_drug(row: Triple, names: Sequence[str]) -> bool:
    return names_drug(row.drug, names) or (bool(row.drug_name) and names_drug(row.drug_name, names))
