"""What each linking rule contributes, and what still goes wrong, on reports whose reactions are annotated.

    python -m sequela.evaluation.ablation GOLD…

``GOLD`` are folders in the casebook's JSON or in brat. Every rule that made or rejected a candidate is switched off
in turn, and so is the pair network; what the tagger and the stages before linking found stays as it is. Prints
Markdown: the change of precision, recall and false attributions for each rule, then the kinds of missed reactions
and of wrong rows. A developer's command: it runs the linking of all reports once for each rule.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sequela.corpora.casebook import Casebook, Reaction
from sequela.evaluation.names import names_drug, names_event

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from sequela.schema import Triple

_FIRST, _PAIRS = "sequela_anaphora", "sequela_pairs"
_UNTIMED = ("sequela_onset", "sequela_course")  # they change no drug, event or patient of a row


@dataclass(frozen=True)
class Outcome:
    """Counts over all reports; shares are of the rows, of the gold reactions, and of the rows of the patient."""

    rows: int
    right: int
    gold: int
    found: int
    of_patient: int
    false: int

    @property
    def shares(self) -> tuple[float, float, float]:
        """Give precision, recall and the rate of false attributions; 0 where there is nothing to share."""
        return (
            self.right / self.rows if self.rows else 0.0,
            self.found / self.gold if self.gold else 0.0,
            self.false / self.of_patient if self.of_patient else 0.0,
        )


class Reports:
    """Annotated reports, with everything that stands before linking done once."""

    def __init__(self, folders: Sequence[Path]) -> None:
        import sequela
        from sequela.build import STAGES, build_pipeline
        from sequela.corpora.formats import read_corpus
        from sequela.evaluation.views import casebook_of

        names = [name for name, _ in STAGES]
        self.early = tuple(names[: names.index(_FIRST)])
        nlp = build_pipeline(disable=tuple(names[names.index(_FIRST) :]))
        self.gold: list[Casebook] = []
        self.docs: list[bytes] = []
        for folder in folders:
            for document in read_corpus(folder):
                self.gold.append(casebook_of(document))
                self.docs.append(sequela.process(nlp, document.text, doc_id=document.doc_id).to_bytes())

    def run(
        self, disabled: Collection[str] = (), numbers: Iterable[int] | None = None
    ) -> Iterator[tuple[int, Doc]]:
        """Link reports again, those of the numbers or all, without some of the rules."""
        from spacy.tokens import Doc

        nlp = self._pipeline(disabled)
        for number in range(len(self.docs)) if numbers is None else numbers:
            doc = Doc(nlp.vocab).from_bytes(self.docs[number])
            for _, component in nlp.pipeline:
                doc = component(doc)
            yield number, doc

    def _pipeline(self, disabled: Collection[str]) -> Language:
        from sequela.build import build_pipeline
        from sequela.components.linking import Linking
        from sequela.components.links.judging import RULE as PAIR_MODEL

        without = (_PAIRS,) if PAIR_MODEL in disabled else ()
        nlp = build_pipeline(disable=(*self.early, *_UNTIMED, *without))
        linking = nlp.get_pipe("sequela_linking")
        assert isinstance(linking, Linking)
        linking.switch_off(disabled)
        return nlp


def reports_by_rule(reports: Reports) -> dict[str, list[int]]:
    """Give the rules by which something was decided, each with the numbers of the reports it can change.

    These are the reports with a candidate of the rule; for the rules about reports as a whole, those with any.
    """
    from sequela import attributes
    from sequela.components.links.blame import rule_names
    from sequela.components.links.evidence import REPORT_RULES
    from sequela.components.links.judging import RULE as PAIR_MODEL

    found: dict[str, list[int]] = {}
    linked = []
    for number, doc in reports.run():
        rules = {link.rule for link in attributes.get_links(doc)}
        linked += [number] if rules else []
        for rule in sorted(rules):
            found.setdefault(rule, []).append(number)
    return found | dict.fromkeys((*REPORT_RULES, *rule_names(), PAIR_MODEL), linked)


def outcomes_of(
    reports: Reports, disabled: Collection[str] = (), numbers: Iterable[int] | None = None
) -> dict[int, Counter[str]]:
    """Score the rows of each report: the counts of `Outcome`."""
    import sequela
    from sequela.evaluation.details import about_index
    from sequela.evaluation.documents import claims, judge

    found = {}
    for number, doc in reports.run(disabled, numbers):
        gold = reports.gold[number]
        rows = claims(sequela.triples(doc))
        judgement = judge(gold, rows)
        right, certain = len(judgement.matching.right_predicted), sum(one.certain for one in gold.reactions)
        found[number] = Counter(
            rows=right + len(judgement.matching.spurious),
            right=right,
            gold=certain,
            found=certain - len(judgement.matching.missed),
            of_patient=sum(map(about_index, rows)),
            false=len(judgement.false),
        )
    return found


def total_of(counts: Iterable[Counter[str]]) -> Outcome:
    """Add up the counts of reports."""
    total = Counter[str]()
    for one in counts:
        total.update(one)
    return Outcome(**{name: total[name] for name in Outcome.__dataclass_fields__})


def errors_of(reports: Reports) -> tuple[Counter[str], Counter[str]]:
    """Count the kinds of missed reactions and the rules of wrong rows."""
    import sequela
    from sequela.evaluation.documents import claims, judge

    missed, wrong = Counter[str](), Counter[str]()
    for place, doc in reports.run():
        gold = reports.gold[place]
        rows = claims(sequela.triples(doc))
        matching = judge(gold, rows).matching
        missed.update(why_missed(gold.reactions[number], doc) for number in matching.missed)
        wrong.update(_kind_of_error(rows[number], gold) for number in matching.spurious)
    return missed, wrong


def why_missed(reaction: Reaction, doc: Doc) -> str:
    """Give the first stage at which a gold reaction was lost."""
    from sequela import attributes
    from sequela.schema import Label

    drugs, events = (reaction.drug, *reaction.drug_aliases), (reaction.event, *reaction.event_aliases)
    if not any(ent.label_ == Label.DRUG and names_drug(ent.text, drugs) for ent in doc.ents):
        return "drug not tagged"
    if not any(ent.label_ == Label.SYMPTOM and names_event(ent.text, events) for ent in doc.ents):
        return "event not tagged"
    links = [
        link
        for link in attributes.get_links(doc)
        if names_drug(link.drug.text, drugs) and names_event(link.event.text, events)
    ]
    if not links:
        return "drug and event never in one place"
    accepted = [link for link in links if not link.rejected]
    if accepted:
        return f"taken for {accepted[0].attribution.value}, {accepted[0].assertion.value}"
    return f"rejected: {max(links, key=lambda link: link.score).rejected}"


def _kind_of_error(row: Triple, gold: Casebook) -> str:
    if any(names_drug(row.drug, (one.drug, *one.drug_aliases)) for one in gold.reactions):
        kind = "another event of a drug that is blamed"
    elif any(names_event(row.event, (one.event, *one.event_aliases)) for one in gold.reactions):
        kind = "another drug for a reaction"
    else:
        kind = "neither drug nor event of a reaction"
    return f"{kind} (by {row.rule})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m sequela.evaluation.ablation", description=main.__doc__)
    parser.add_argument("gold", type=Path, nargs="+", metavar="GOLD")
    options = parser.parse_args(arguments)
    reports = Reports(options.gold)
    counts = outcomes_of(reports)
    whole = total_of(counts.values())
    print("| without | precision | recall | false attribution |\n|---|---:|---:|---:|")
    print("| (all rules) | {:.3f} | {:.3f} | {:.3f} |".format(*whole.shares))
    changes = []
    for rule, numbers in sorted(reports_by_rule(reports).items()):
        changed = outcomes_of(reports, (rule,), numbers)
        shares = total_of((counts | changed).values()).shares
        change = tuple(one - other for one, other in zip(shares, whole.shares, strict=True))
        if any(abs(one) >= 0.0005 for one in change):
            changes.append((rule, change))
    for rule, change in sorted(changes, key=lambda one: -sum(map(abs, one[1]))):
        print("| {} | {:+.3f} | {:+.3f} | {:+.3f} |".format(rule, *change))
    for title, kinds in zip(("missed reactions", "wrong rows"), errors_of(reports), strict=True):
        print(f"\n| {title} | {kinds.total()} |\n|---|---:|")
        for kind, count in sorted(kinds.items(), key=lambda one: (-one[1], one[0])):
            print(f"| {kind} | {count} |")


if __name__ == "__main__":
    main()
