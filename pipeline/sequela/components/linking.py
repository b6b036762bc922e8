"""Drug-event candidates, each with the rule, the cues and the score that decided."""

from __future__ import annotations

from collections.abc import Sequence

from spacy.language import Language
from spacy.tokens import Doc, Span

from sequela import attributes
from sequela.components.links.masking import Item, mask
from sequela.components.links.rules import Decision, Verdict, decide, load_rules
from sequela.schema import Attribution, Cue, Label, Link, Mention, Role


@Language.factory(
    "sequela_linking",
    requires=["doc.ents", "doc.sents"],
    assigns=["doc._.links"],
    default_config={"disabled_rules": [], "threshold": 0.5},
)
def create_linking(nlp: Language, name: str, disabled_rules: list[str], threshold: float) -> Linking:
    """Make the component."""
    return Linking(disabled_rules=disabled_rules, threshold=threshold)


class Linking:
    """Set the candidates of the report, accepted and rejected ones.

    Parameters
    ----------
    disabled_rules
        Names of rules of ``lexicons/linking_rules.csv`` that are not to be used.
    threshold
        Candidates below this score are kept with a reason in ``rejected``.
    """

    def __init__(self, *, disabled_rules: Sequence[str], threshold: float) -> None:
        self.rules = load_rules(disabled_rules)
        self.threshold = threshold

    def __call__(self, doc: Doc) -> Doc:
        attributes.set_links(doc, self.find_links(doc))
        return doc

    def find_links(self, doc: Doc) -> list[Link]:
        """Give every candidate in the order of the text."""
        links: list[Link] = []
        for sent in doc.sents:
            items = items_of(doc, sent)
            if not items:
                continue
            others = [ent for ent in sent.ents if ent.label_ not in (Label.DRUG, Label.SYMPTOM)]
            masked = mask(sent.text, sent.start_char, items, others)
            drugs = [number for number, item in enumerate(items) if item.kind == "D"]
            events = [number for number, item in enumerate(items) if item.kind == "E"]
            for event in events:
                for drug in drugs:
                    decision = decide(masked, drug, event, self.rules)
                    if decision:
                        links.append(self._link(items[drug], items[event], decision))
        return links

    def _link(self, drug: Item, event: Item, decision: Decision) -> Link:
        assertion, assertion_cue = attributes.get_assertion(event.span)
        attribution, attribution_cue = attributes.get_attribution(event.span)
        role = Role.SUSPECT
        rejected = ""
        if decision.verdict is Verdict.TREATMENT:
            role, attribution = Role.TREATMENT, Attribution.TREATMENT
            rejected = "the drug treats the event"
        elif decision.verdict is Verdict.INDICATION:
            role, attribution = Role.TREATMENT, Attribution.INDICATION
            rejected = "the event is what the drug was given for"
        elif decision.score < self.threshold:
            rejected = "weak evidence"
        cue = Cue(
            text=decision.cue,
            start=min(drug.start, event.start),
            end=max(drug.end, event.end),
            rule=decision.rule,
        )
        return Link(
            drug=drug.mention,
            event=event.mention,
            rule=decision.rule,
            score=decision.score,
            cues=(cue,),
            role=role,
            attribution=attribution,
            attribution_cue=attribution_cue,
            assertion=assertion,
            assertion_cue=assertion_cue,
            rejected=rejected,
        )


def items_of(doc: Doc, sent: Span) -> list[Item]:
    """Drugs and events of a sentence, in the order of the text."""
    items = []
    for ent in sent.ents:
        kind = {Label.DRUG: "D", Label.SYMPTOM: "E"}.get(ent.label_)
        if kind:
            items.append(
                Item(kind=kind, span=ent, mention=mention_of(ent), start=ent.start_char, end=ent.end_char)
            )
    return items


def mention_of(span: Span) -> Mention:
    """The mention of a span."""
    return Mention(text=span.text, start=span.start_char, end=span.end_char, label=span.label_)
