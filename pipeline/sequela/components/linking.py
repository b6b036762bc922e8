"""Drug-event candidates, each with the rule, the cues and the score that decided."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from spacy.language import Language
from spacy.tokens import Doc

from sequela import attributes
from sequela.components.links.blame import find_blamed
from sequela.components.links.evidence import (
    ANOTHER_NAMED,
    NEVER_GIVEN,
    WEAK,
    find_told_of_patient,
    reactions_of,
    review,
)
from sequela.components.links.exposure import find_never_given
from sequela.components.links.extension import find_poisoning, find_signs
from sequela.components.links.masking import Item, Masked
from sequela.components.links.names import NameKeys
from sequela.components.links.neighbours import find_told_before
from sequela.components.links.plausibility import beside, is_provoked, why_no_reaction
from sequela.components.links.report import Account, in_order, leave_account
from sequela.components.links.rules import (
    Decision,
    Verdict,
    decide,
    evidence_of,
    load_rules,
)
from sequela.schema import Assertion, Attribution, Blame, Cue, Label, Link, Role

# Rules that bind the event to their drug so closely that no other drug of the sentence can have caused it.
_EXCLUSIVE = frozenset(("compound",))
# "improved after withdrawal of vancomycin and a steroid pulse": what follows the first drug may be given, not stopped.
_OF_ONE = frozenset(("dechallenge", "stopped_after", "stopped_for", "withdrawal"))
# "Simvastatin-induced rhabdomyolysis after clarithromycin": the second drug takes part.
_INTERACTS_WITH_NAMED = frozenset(("event_after_drug", "event_under_drug", "cause_of", "timed_onset"))
# "We report a metastasis after chemotherapy": the rule has no word of cause, which tumours and injuries need.
_MERELY_TOLD = frozenset(("reported_after",))
# Drugs and events of a sentence between a drug and an event: farther apart they are no candidate, so that time grows
# with the length of a text and not with its square. Lists of reactions are shorter.
_REACH = 50
_ENDS = frozenset((Label.DRUG.value, Label.SYMPTOM.value))  # of a link
# What a generic or a pronoun costs: its antecedent may be the wrong one.
_ANAPHOR_FACTOR = 0.9
_ASIDE = {
    Attribution.TREATMENT: "the drug treats the event",
    Attribution.INDICATION: "the event is what the drug was given for",
    Attribution.EXCLUDED: "the text rules it out",
}


@Language.factory(
    "sequela_linking",
    requires=[
        "doc.ents",
        "doc.sents",
        "doc.spans",
        "doc._.sections",
        "doc._.frames",
        "span._.assertion",
        "span._.attribution",
        "span._.refers_to",
    ],
    assigns=["doc._.links", "doc._.blame"],
    default_config={"disabled_rules": [], "threshold": 0.5, "neighbours": True},
)
def create_linking(
    nlp: Language, name: str, disabled_rules: list[str], threshold: float, neighbours: bool
) -> Linking:
    """Make the component."""
    return Linking(disabled_rules=disabled_rules, threshold=threshold, neighbours=neighbours)


class Linking:
    """Set the candidates of the report, accepted and rejected ones, and which drugs it blames.

    Parameters
    ----------
    disabled_rules
        Names of rules that are not to be used: those of ``lexicons/linking_rules.csv`` and the rules across
        sentences (``docs/linking.md`` lists both).
    threshold
        Candidates below this score are kept with a reason in ``rejected``.
    neighbours
        Whether an event is linked to a drug of the sentences before and after.
    """

    def __init__(self, *, disabled_rules: Sequence[str], threshold: float, neighbours: bool) -> None:
        self.switch_off(disabled_rules)
        self.threshold = threshold
        self.neighbours = neighbours

    def switch_off(self, rules: Collection[str]) -> None:
        """Use all rules but these."""
        self.disabled = frozenset(rules)
        self.rules = load_rules(rules)

    def __call__(self, doc: Doc) -> Doc:
        """Find, then annotate."""
        links, blame = self.find_links(doc)
        attributes.set_links(doc, links)
        attributes.set_blame(doc, blame)
        return doc

    def find_links(self, doc: Doc) -> tuple[list[Link], Blame]:
        """Give every candidate in the order of the text, and the drugs that the report blames.

        There are none without a drug and an event.
        """
        if not {ent.label_ for ent in doc.ents} >= _ENDS:
            return [], Blame()
        account = leave_account(doc)
        links: list[Link] = []
        for masked in account.sentences:
            links += self._links_of(masked, account)
        if self.neighbours:
            links += self._links_by(find_told_before(account, links), account)
        links += self._links_of_report(links, account)
        blame = find_blamed(account.sentences, account.keys, account.frame_at, self.disabled)
        links = review(account, links, blame, self.disabled)
        if account.in_report:
            found = [*find_signs(account.sentences, links), *find_poisoning(account, links, blame.poisons)]
            links += self._links_by(found, account)
        if "told_of_patient" not in self.disabled:
            links += find_told_of_patient(doc, account, links)
        if "never_given" not in self.disabled and account.in_report:
            blame = replace(blame, never_given=find_never_given(doc, account, _causes(links, account.keys)))
            links = _without(links, blame.never_given, account.keys)
        return in_order(self._weigh(link) for link in links), blame

    def _links_of(self, masked: Masked, account: Account) -> list[Link]:
        links = []
        drugs = [number for number, item in enumerate(masked.items) if item.kind == "D"]
        decided: dict[tuple[int, int], Decision | None] = {}
        for event, item in enumerate(masked.items):
            if item.kind != "E":
                continue
            decisions = {}
            near = drugs[bisect_left(drugs, event - _REACH) : bisect_left(drugs, event + _REACH)]
            for drug in near:
                groups = (masked.groups[drug], masked.groups[event])
                if groups not in decided:  # what is coordinated is decided together
                    decided[groups] = decide(masked, drug, event, self.rules)
                decisions[drug] = account.roles.decide(masked.items[drug], item, decided[groups])
            named = {drug for drug, found in decisions.items() if found and found.rule in _EXCLUSIVE}
            blamed = {
                drug
                for drug, found in decisions.items()
                if found and found.verdict is Verdict.REACTION and evidence_of()[found.rule] == "causal"
            }
            for drug, decision in decisions.items():
                if decision is None or (decision.rule in _OF_ONE and not masked.is_meant(drug)):
                    continue
                for one in masked.items[drug].each():
                    for other in item.each():
                        link = self._link(one, other, decision, account)
                        if named and drug not in named and not link.rejected:
                            if decision.rule in _INTERACTS_WITH_NAMED:
                                link = replace(link, role=Role.INTERACTING)
                            else:
                                link = replace(link, rejected=ANOTHER_NAMED)
                        if (
                            one.anaphor
                            and not link.rejected
                            and blamed - {drug}
                            and evidence_of()[decision.rule] != "causal"
                        ):
                            link = replace(link, rejected=ANOTHER_NAMED)
                        if not link.rejected and is_provoked(masked.text, link.drug.text, link.event.text):
                            link = replace(
                                link, rejected="a test or procedure that brings it about on purpose"
                            )
                        links.append(link)
            if "interact" in masked.text:
                links = _interacting(links, item)
        return links

    def _links_of_report(self, links: list[Link], account: Account) -> list[Link]:
        """Link "the patient's symptoms" of a sentence: they stand for the reactions told elsewhere."""
        keys = account.keys
        found = []
        for masked in account.sentences:
            for number, item in enumerate(masked.items):
                if item.mentions or item.anaphor is None:
                    continue
                for drug, other in enumerate(masked.items):
                    decision = decide(masked, drug, number, self.rules) if other.kind == "D" else None
                    if decision is None or decision.verdict is not Verdict.REACTION or not other.mentions:
                        continue
                    found += [
                        self._link(other, replace(item, mentions=(event,)), decision, account)
                        for event in reactions_of(links, keys, keys.drug(other.mention))
                    ]
        return found

    def _links_by(self, found: Iterable[tuple[Item, Item, Decision]], account: Account) -> list[Link]:
        """Link what rules beyond the sentence have decided on, without those that are switched off."""
        return [
            self._link(drug, event, decision, account)
            for drug, event, decision in found
            if decision.rule not in self.disabled
        ]

    def _link(self, drug: Item, event: Item, decision: Decision, account: Account) -> Link:
        score = decision.score
        words = account.text[decision.start : decision.end]
        cues = [Cue(text=words.strip(), start=decision.start, end=decision.end, rule=decision.rule)]
        for item in (drug, event):
            if item.anaphor:
                cues.append(item.anaphor)
                score *= _ANAPHOR_FACTOR
        attribution, attribution_cue = event.attribution, event.attribution_cue
        patient_id = ""
        rejected = ""
        role = Role.SUSPECT
        if attribution in _ASIDE and decision.verdict is Verdict.REACTION:
            if decision.score >= _OVERRULES and attribution is not Attribution.EXCLUDED:
                attribution, attribution_cue = Attribution.INDEX_PATIENT, None
            else:
                rejected = _ASIDE[attribution]
        if (
            drug.is_cleared
            and decision.verdict is Verdict.REACTION
            and not (decision.score >= _OVERRULES and event.assertion is Assertion.AFFIRMED)
        ):
            attribution = Attribution.EXCLUDED
            attribution_cue = drug.attribution_cue
            rejected = "the report clears the drug"
        if decision.verdict is not Verdict.REACTION:
            attribution = Attribution(decision.verdict.value)
            attribution_cue = cues[0]
            role = Role.SUSPECT if decision.verdict is Verdict.EXCLUDED else Role.TREATMENT
            rejected = _ASIDE[attribution]
        elif not rejected:
            place = event.mention
            rejected = why_no_reaction(
                place.text,
                *beside(account.text, place.start, place.end),
                "temporal" if decision.rule in _MERELY_TOLD else evidence_of()[decision.rule],
                in_report=account.in_report,
            )
        if not rejected and attribution is Attribution.INDEX_PATIENT:
            frame = account.frame_at(event.start)
            if frame:
                attribution, attribution_cue, patient_id = frame.attribution, frame.cue, frame.patient_id
        return Link(
            drug=drug.mention,
            event=event.mention,
            rule=decision.rule,
            score=round(score, 3),
            cues=tuple(cues),
            role=role,
            attribution=attribution,
            attribution_cue=attribution_cue,
            assertion=event.assertion,
            assertion_cue=event.assertion_cue,
            patient_id=patient_id,
            rejected=rejected,
        )

    def _weigh(self, link: Link) -> Link:
        if not link.rejected and link.score < self.threshold:
            return replace(link, rejected=WEAK)
        return link


# A rule at least this sure is believed against the entity's own attribution ("treated", "given for").
_OVERRULES = 0.9


def _interacting(links: list[Link], event: Item) -> list[Link]:
    """Drugs that a sentence about an interaction blames together."""
    mentions = {(mention.start, mention.end) for mention in event.mentions}
    blamed = [link for link in links if not link.rejected and (link.event.start, link.event.end) in mentions]
    if len({link.drug.start for link in blamed}) < 2:
        return links
    return [replace(link, role=Role.INTERACTING) if link in blamed else link for link in links]


def _causes(links: Iterable[Link], keys: NameKeys) -> set[str]:
    """Keys of the drugs that words of cause tie to an event."""
    return {
        keys.drug(link.drug)
        for link in links
        if not link.rejected and evidence_of()[link.rule] == "causal" and not _by_association(link)
    }


def _without(links: Iterable[Link], never_given: Collection[str], keys: NameKeys) -> list[Link]:
    """Reject the links to drugs that nobody had."""
    return [
        replace(link, rejected=NEVER_GIVEN)
        if not link.rejected and keys.drug(link.drug) in never_given
        else link
        for link in links
    ]


def _by_association(link: Link) -> bool:
    """Whether the compound may as well name a disease: "ANCA-associated vasculitis"."""
    return link.rule == "compound" and any(
        word in cue.text.lower() for cue in link.cues for word in ("associated", "related", "dependent")
    )
