"""Drug-event candidates, each with the rule, the cues and the score that decided."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, Span

from sequela import attributes
from sequela.components.clearance import is_cleared
from sequela.components.links.blame import Blame, find_blamed
from sequela.components.links.evidence import (
    ANOTHER_NAMED,
    NEVER_GIVEN,
    WEAK,
    find_told_of_patient,
    reactions_of,
    review,
)
from sequela.components.links.exposure import find_never_given
from sequela.components.links.extension import (
    find_poisoning,
    find_signs,
    find_story,
)
from sequela.components.links.judging import RULE, Thresholds, judge
from sequela.components.links.masking import Item, Masked, mask
from sequela.components.links.names import NameKeys, is_generic_drug
from sequela.components.links.neighbours import find_told_before
from sequela.components.links.pair_network import PairNetwork
from sequela.components.links.plausibility import is_provoked, why_no_reaction
from sequela.components.links.report import Frames, LinkedReport
from sequela.components.links.roles import Roles
from sequela.components.links.rules import (
    Decision,
    Verdict,
    decide,
    evidence_of,
    load_rules,
)
from sequela.components.links.sited import with_sites
from sequela.components.tagging import shipped
from sequela.schema import Assertion, Attribution, Cue, Label, Link, Mention, Role

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
        "doc.tensor",
        "doc._.sections",
        "doc._.frames",
        "span._.assertion",
        "span._.attribution",
        "span._.refers_to",
    ],
    assigns=["doc._.links"],
    default_config={
        "disabled_rules": [],
        "threshold": 0.5,
        "neighbours": True,
        "model": None,
        "pair_thresholds": asdict(Thresholds()),
    },
)
def create_linking(
    nlp: Language,
    name: str,
    disabled_rules: list[str],
    threshold: float,
    neighbours: bool,
    model: str | None,
    pair_thresholds: dict[str, float],
) -> Linking:
    """Make the component, with the pair network in the folder of the tagger if it has one."""
    weights = (shipped() if model is None else Path(model)) / "pairs.npz"
    return Linking(
        disabled_rules=disabled_rules,
        threshold=threshold,
        neighbours=neighbours,
        pair_network=PairNetwork.read(weights) if weights.is_file() else None,
        pair_thresholds=Thresholds(**pair_thresholds),
    )


class Linking:
    """Set the candidates of the report, accepted and rejected ones.

    Parameters
    ----------
    disabled_rules
        Names of rules that are not to be used: those of ``lexicons/linking_rules.csv`` and the rules across
        sentences (``docs/linking.md`` lists both).
    threshold
        Candidates below this score are kept with a reason in ``rejected``.
    neighbours
        Whether an event is linked to a drug of the sentences before and after.
    pair_network
        What weighs every pair of a report after the rules; None leaves it to them. It looks at texts of several
        sentences that our own tagger has tagged.
    pair_thresholds
        Probabilities from which on it is believed.
    """

    def __init__(
        self,
        *,
        disabled_rules: Sequence[str],
        threshold: float,
        neighbours: bool,
        pair_network: PairNetwork | None = None,
        pair_thresholds: Thresholds | None = None,
    ) -> None:
        self.switch_off(disabled_rules)
        self.threshold = threshold
        self.neighbours = neighbours
        self.pair_network = pair_network
        self.pair_thresholds = pair_thresholds or Thresholds()

    def switch_off(self, rules: Collection[str]) -> None:
        """Use all rules but these."""
        self.disabled = frozenset(rules)
        self.rules = load_rules(rules)

    def __call__(self, doc: Doc) -> Doc:
        """Find, then annotate."""
        attributes.set_links(doc, self.find_links(doc))
        return doc

    def find_links(self, doc: Doc) -> list[Link]:
        """Give every candidate in the order of the text."""
        report = self.find_told(doc)
        links = list(report.links)
        if (
            self.pair_network
            and RULE not in self.disabled
            and report.frames.in_report
            and self._has_vectors(doc)
        ):
            links = judge(report, self.pair_network, self.pair_thresholds)
        links = with_sites(doc, links)
        return sorted(links, key=lambda link: (link.cues[0].start, link.event.start, link.drug.start))

    def _has_vectors(self, doc: Doc) -> bool:
        """Whether the tagger of the pair network has left its vectors."""
        return (
            self.pair_network is not None
            and doc.tensor.ndim == 2
            and doc.tensor.shape[1] == self.pair_network.width
        )

    def find_told(self, doc: Doc) -> LinkedReport:
        """Give what the rules make of a report."""
        sentences = masked_sentences(doc)
        frames = Frames(doc)
        roles = Roles(doc)
        links: list[Link] = []
        for masked in sentences:
            links += self._links_of(masked, frames, roles)
        if self.neighbours:
            for drug, event, decision in find_told_before(doc, sentences, links):
                if decision.rule not in self.disabled:
                    links.append(self._link(drug, event, decision, frames))
        links += self._links_of_report(doc, sentences, links, frames)
        keys = NameKeys(doc)
        blame = find_blamed(sentences, keys, frames.at, self.disabled)
        links = review(doc, links, blame.blamed, blame.stopped, self.disabled)
        if frames.in_report:
            links += self._extensions(doc, sentences, links, keys, blame, frames)
        if "told_of_patient" not in self.disabled:
            links += find_told_of_patient(doc, links)
        never: frozenset[str] = frozenset()
        if "never_given" not in self.disabled and frames.in_report:
            causes = {
                keys.drug(link.drug)
                for link in links
                if not link.rejected
                and evidence_of().get(link.rule) == "causal"
                and not _by_association(link)
            }
            never = find_never_given(doc, sentences, keys, causes)
            links = [
                replace(link, rejected=NEVER_GIVEN)
                if not link.rejected and keys.drug(link.drug) in never
                else link
                for link in links
            ]
        return LinkedReport(
            doc=doc,
            sentences=sentences,
            links=[self._weigh(link) for link in links],
            keys=keys,
            frames=frames,
            blame=blame,
            never_given=never,
        )

    def _links_of(self, masked: Masked, frames: Frames, roles: Roles) -> list[Link]:
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
                decisions[drug] = roles.decide(masked.items[drug].span, item.span, decided[groups])
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
                        link = self._link(one, other, decision, frames)
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

    def _links_of_report(
        self, doc: Doc, sentences: list[Masked], links: list[Link], frames: Frames
    ) -> list[Link]:
        """Link "the patient's symptoms" of a sentence: they stand for the reactions told elsewhere."""
        keys = NameKeys(doc)
        found = []
        for masked in sentences:
            for number, item in enumerate(masked.items):
                if item.mentions or item.anaphor is None:
                    continue
                for drug, other in enumerate(masked.items):
                    decision = decide(masked, drug, number, self.rules) if other.kind == "D" else None
                    if decision is None or decision.verdict is not Verdict.REACTION or not other.mentions:
                        continue
                    found += [
                        self._link(other, replace(item, mentions=(event,)), decision, frames)
                        for event in reactions_of(links, keys, keys.drug(other.mention))
                    ]
        return found

    def _extensions(
        self,
        doc: Doc,
        sentences: list[Masked],
        links: list[Link],
        keys: NameKeys,
        blame: Blame,
        frames: Frames,
    ) -> list[Link]:
        story = find_story(doc, sentences, frames.at)
        found = [
            *find_signs(sentences, links),
            *find_poisoning(story, links, keys, blame.poisons),
        ]
        return [
            self._link(drug, event, decision, frames)
            for drug, event, decision in found
            if decision.rule not in self.disabled
        ]

    def _link(self, drug: Item, event: Item, decision: Decision, frames: Frames) -> Link:
        score = decision.score
        words = frames.text[decision.start : decision.end]
        cues = [Cue(text=words.strip(), start=decision.start, end=decision.end, rule=decision.rule)]
        for item in (drug, event):
            if item.anaphor:
                cues.append(item.anaphor)
                score *= _ANAPHOR_FACTOR
        assertion, assertion_cue = attributes.get_assertion(event.span)
        attribution, attribution_cue = attributes.get_attribution(event.span)
        patient_id = ""
        rejected = ""
        role = Role.SUSPECT
        if attribution in _ASIDE and decision.verdict is Verdict.REACTION:
            if decision.score >= _OVERRULES and attribution is not Attribution.EXCLUDED:
                attribution, attribution_cue = Attribution.INDEX_PATIENT, None
            else:
                rejected = _ASIDE[attribution]
        if (
            is_cleared(drug.span)
            and decision.verdict is Verdict.REACTION
            and not (decision.score >= _OVERRULES and assertion is Assertion.AFFIRMED)
        ):
            attribution = Attribution.EXCLUDED
            attribution_cue = attributes.get_attribution(drug.span)[1]
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
                frames.text[max(0, place.start - 80) : place.start],
                frames.text[place.end : place.end + 80],
                "temporal" if decision.rule in _MERELY_TOLD else evidence_of()[decision.rule],
                in_report=frames.in_report,
            )
        if not rejected and attribution is Attribution.INDEX_PATIENT:
            frame = frames.at(event.start)
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
            assertion=assertion,
            assertion_cue=assertion_cue,
            patient_id=patient_id,
            rejected=rejected,
        )

    def _weigh(self, link: Link) -> Link:
        if not link.rejected and link.score < self.threshold:
            return replace(link, rejected=WEAK)
        return link


# A rule at least this sure is believed against the entity's own attribution ("treated", "given for").
_OVERRULES = 0.9


def masked_sentences(doc: Doc) -> list[Masked]:
    """Every sentence that holds a drug or an event, as the rules see it."""
    anaphors = sorted(doc.spans.get("anaphora", ()), key=lambda span: span.start_char)
    masked = []
    text, ents = doc.text, list(doc.ents)  # spaCy puts both together anew each time
    first = 0
    for sent in doc.sents:
        last = first
        while last < len(ents) and ents[last].start < sent.end:
            last += 1
        inside = [span for span in anaphors if sent.start <= span.start < sent.end]
        items = _items(ents[first:last], inside)
        if items:
            others = [ent for ent in ents[first:last] if ent.label_ not in _KINDS]
            masked.append(mask(text[sent.start_char : sent.end_char], sent.start_char, items, others))
        first = last
    return masked


def _interacting(links: list[Link], event: Item) -> list[Link]:
    """Drugs that a sentence about an interaction blames together."""
    mentions = {(mention.start, mention.end) for mention in event.mentions}
    blamed = [link for link in links if not link.rejected and (link.event.start, link.event.end) in mentions]
    if len({link.drug.start for link in blamed}) < 2:
        return links
    return [replace(link, role=Role.INTERACTING) if link in blamed else link for link in links]


_KINDS = {Label.DRUG.value: "D", Label.SYMPTOM.value: "E"}


_VACCINE = re.compile(r"vaccin(?:e|es|ation)$", re.IGNORECASE)
_PART_OF_NAME = re.compile(
    r"[A-Z0-9][\w-]*|mRNA\S*|[-/]|influenza|tetanus|hepatitis|measles|pneumococcal|rabies|booster"
)


def _named(ent: Span) -> Mention:
    """Give the mention of an entity; a vaccine with what tells it apart ("COVID-19 vaccine")."""
    start = ent.start
    if _VACCINE.match(ent.text):
        while start > ent.sent.start and _PART_OF_NAME.fullmatch(ent.doc[start - 1].text):
            start -= 1
    span = ent.doc[start : ent.end]
    return Mention(text=span.text, start=span.start_char, end=span.end_char, label=ent.label_)


_HYPHENS = frozenset("-‐‑–")
# "methicillin-resistant Staphylococcus", "preservative-free eye drops": nobody had the drug
_NOT_TAKEN = ("free", "naive", "naïve", "refractory", "resistan", "sensitiv", "susceptib")


def _is_not_taken(drug: Span) -> bool:
    """Whether the drug is half of a word that says what works against a disease, or what is not in a product."""
    after = drug.doc[drug.end : drug.end + 2]
    return len(after) == 2 and after[0].text in _HYPHENS and after[1].lower_.startswith(_NOT_TAKEN)


def _items(ents: list[Span], anaphors: list[Span]) -> list[Item]:
    items = []
    for ent in ents:
        kind = _KINDS.get(ent.label_)
        if kind == "D" and (is_generic_drug(ent.text) or _is_not_taken(ent)):
            continue
        if kind and not any(ent.start < span.end and span.start < ent.end for span in anaphors):
            mention = _named(ent)
            items.append(
                Item(kind=kind, span=ent, mentions=(mention,), start=ent.start_char, end=ent.end_char)
            )
    for span in anaphors:
        found = span._.refers_to
        places = (found, *found["others"]) if found else ()
        mentions = tuple(
            Mention(text=place["text"], start=place["start"], end=place["end"], label=span.label_)
            for place in places
        )
        rule = found["rule"] if found else "reactions_of_report"
        cue = Cue(text=span.text, start=span.start_char, end=span.end_char, rule=rule)
        items.append(
            Item(
                kind=_KINDS[span.label_],
                span=span,
                mentions=mentions,
                start=span.start_char,
                end=span.end_char,
                anaphor=cue,
            )
        )
    return sorted(items, key=lambda item: item.start)


def _by_association(link: Link) -> bool:
    """Whether the compound may as well name a disease: "ANCA-associated vasculitis"."""
    return link.rule == "compound" and any(
        word in cue.text.lower() for cue in link.cues for word in ("associated", "related", "dependent")
    )
