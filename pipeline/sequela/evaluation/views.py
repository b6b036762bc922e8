"""What a corpus document says, as the plain spans, pairs and reactions that are scored.

The same functions serve gold files and predicted files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sequela.corpora.casebook import BackgroundPair, Casebook, Reaction, casebook
from sequela.corpora.document import Document, Entity, Event
from sequela.errors import CorpusError
from sequela.evaluation.links import ConceptMention, Forbidden, Pair
from sequela.evaluation.matching import Span
from sequela.schema import (
    Assertion,
    Attribution,
    Challenge,
    OnsetAnchor,
    Outcome,
    RoleLabel,
    StrEnum,
    Triple,
)

# Relations that say "the first causes the second": BC5CDR, BioRED (between a chemical and a disease), ADE.
_CAUSES = frozenset({"ADE", "CID", "DRUG-AE", "Positive_Correlation"})
_KINDS: dict[str, str] = {
    "Chemical": "drug",
    "ChemicalEntity": "drug",
    "Disease": "event",
    "DiseaseOrPhenotypicFeature": "event",
}
# PHEE.
_ADVERSE, _THERAPEUTIC, _NEGATED = "Adverse_event", "Potential_therapeutic_event", "Negated"
_TARGETS = frozenset({RoleLabel.EFFECT.value, RoleLabel.DISORDER.value, "Subject_Disorder"})
# Case reports in brat, as the project annotates them.
_REACTION, _ALIAS = "Reaction", "ALIAS"
_NOT_SUSPECTED = frozenset({"INDICATION", "TREATS"})
_HAPPENED = frozenset({Assertion.AFFIRMED.value, Assertion.POSSIBLE.value})
_VALUES: dict[str, type[StrEnum]] = {
    "Attribution": Attribution,
    "Assertion": Assertion,
    "OnsetAnchor": OnsetAnchor,
    "Outcome": Outcome,
    "Dechallenge": Challenge,
    "Rechallenge": Challenge,
}


def span_of(entity: Entity, label: str = "") -> Span:
    """Take the place of an entity."""
    return Span(entity.fragments, label)


def entity_spans(document: Document, labels: Mapping[str, str]) -> list[Span]:
    """Give the entities whose label is mapped, each span and label once, in the order of the text."""
    return sorted(
        {span_of(entity, labels[entity.label]) for entity in document.entities if labels.get(entity.label)}
    )


def reaction_pairs(document: Document) -> list[Pair]:
    """Give the pairs that the document states as adverse, each pair of spans once.

    Of PHEE every drug with every effect of an adverse event, negated ones included; of other formats every
    relation between two mentions that says that the first causes the second.
    """
    entities = {entity.id: entity for entity in document.entities}
    found: dict[tuple[Span, Span], set[Span]] = {}
    for event in document.events:
        if event.label != _ADVERSE:
            continue
        onsets = {span_of(entities[one]) for one in _arguments(event, RoleLabel.TIME_ELAPSED)}
        for drug in _arguments(event, RoleLabel.DRUG):
            for effect in _arguments(event, RoleLabel.EFFECT):
                key = (span_of(entities[drug]), span_of(entities[effect]))
                found.setdefault(key, set()).update(onsets)
    for relation in document.relations:
        if relation.label in _CAUSES and relation.head in entities and relation.tail in entities:
            key = (span_of(entities[relation.head]), span_of(entities[relation.tail]))
            found.setdefault(key, set())
    return [
        Pair(drug=drug, event=event, onsets=tuple(sorted(onsets)))
        for (drug, event), onsets in sorted(found.items(), key=lambda item: item[0])
    ]


def therapeutic_statements(document: Document) -> list[Forbidden]:
    """Give the potential therapeutic events of PHEE that name a drug."""
    return [
        statement
        for event in document.events
        if event.label == _THERAPEUTIC and (statement := _forbidden(document, event)).drugs
    ]


def negated_statements(document: Document) -> list[Forbidden]:
    """Give the negated adverse events of PHEE that name a drug."""
    negated = {attribute.target for attribute in document.attributes if attribute.label == _NEGATED}
    return [
        statement
        for event in document.events
        if event.label == _ADVERSE
        and event.id in negated
        and (statement := _forbidden(document, event)).drugs
    ]


def affirmed_pairs(document: Document) -> list[Pair]:
    """Give the pairs of `reaction_pairs` that stand in an adverse event which is not negated."""
    negated = {attribute.target for attribute in document.attributes if attribute.label == _NEGATED}
    kept = [event for event in document.events if event.id not in negated]
    return reaction_pairs(
        Document(
            doc_id=document.doc_id,
            text=document.text,
            entities=document.entities,
            relations=document.relations,
            events=kept,
        )
    )


def concept_mentions(document: Document) -> list[ConceptMention]:
    """Give the chemicals and diseases with their concept ids, in the order of the text."""
    return sorted(
        (
            ConceptMention(span=span_of(entity), kind=_KINDS[entity.label], ids=entity.codes)
            for entity in document.entities
            if entity.label in _KINDS
        ),
        key=lambda mention: (mention.span, mention.kind, mention.ids),
    )


def concept_relations(document: Document) -> list[tuple[str, str]]:
    """Give the pairs of concept ids (drug, event) that are related as cause and effect, each once, sorted."""
    kinds: dict[str, str] = {}
    codes = {}
    for entity in document.entities:
        codes[entity.id] = entity.codes
        for code in entity.codes:
            if entity.label in _KINDS:
                kinds[code] = _KINDS[entity.label]
    found = set()
    for relation in document.relations:
        if relation.label not in _CAUSES:
            continue
        for head in codes.get(relation.head, (relation.head,)):
            for tail in codes.get(relation.tail, (relation.tail,)):
                ends = {kinds.get(head): head, kinds.get(tail): tail}
                if "drug" in ends and "event" in ends:
                    found.add((ends["drug"], ends["event"]))
    return sorted(found)


def has_casebook(document: Document) -> bool:
    """Whether the document says which reactions its patients had."""
    return "casebook" in document.meta or any(event.label == _REACTION for event in document.events)


def casebook_of(document: Document) -> Casebook:
    """Give the reactions of a report, from casebook JSON or from the project's annotation in brat.

    In brat, mentions joined by ALIAS are names of one thing; reactions of the same drug and event, to
    patients of the same kind, are one entry (the first with an onset value wins); what did not happen is
    background; a drug that treats or is indicated for something and is no suspect is a treatment. A document
    without a Reaction is a report without a reaction.

    Raises
    ------
    CorpusError
        A Reaction without drug or event, or with an unknown value.
    """
    if "casebook" in document.meta:
        return casebook(document)
    return _BratCasebook(document).read()


def rows_of_casebook(gold: Casebook) -> list[Triple]:
    """Give the rows that a perfect run would write, without offsets."""
    return [
        Triple(
            doc_id=gold.doc_id,
            triple_id=f"{gold.doc_id}-{number}",
            drug=reaction.drug,
            event=reaction.event,
            onset=reaction.onset,
            onset_min=reaction.onset_min,
            onset_max=reaction.onset_max,
            onset_anchor=reaction.onset_anchor.replace(" ", "_") if reaction.onset else "",
            dose=reaction.dose,
            body_sites=";".join(reaction.body_sites),
            outcome=Outcome(reaction.outcome.replace(" ", "_")),
            dechallenge=Challenge(reaction.dechallenge.replace(" ", "_")),
            rechallenge=Challenge(reaction.rechallenge.replace(" ", "_")),
            attribution=(
                Attribution.OTHER_CASE if reaction.patient == "other_case" else Attribution.INDEX_PATIENT
            ),
            drug_start=0,
            drug_end=0,
            event_start=0,
            event_end=0,
        )
        for number, reaction in enumerate(gold.reactions, start=1)
    ]


class _BratCasebook:
    """Reads the reactions of a brat document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.entities = {entity.id: entity for entity in document.entities}
        self.values: dict[str, dict[str, str]] = {}
        for attribute in document.attributes:
            self.values.setdefault(attribute.target, {})[attribute.label] = attribute.value
        for note in document.notes:
            self.values.setdefault(note.target, {}).update(_settings(note.text))
        self.groups = _groups(document)

    def read(self) -> Casebook:
        """Give the typed content."""
        reactions: dict[tuple[str, str, str], Reaction] = {}
        background: dict[BackgroundPair, None] = {}
        for event in self.document.events:
            if event.label != _REACTION:
                continue
            self._check(event)
            for drug in _arguments(event, "Drug"):
                for effect in _arguments(event, "Event"):
                    patient = self._patient(event)
                    if patient:
                        reaction = self._reaction(event, drug, effect, patient)
                        key = (patient, self.groups[drug], self.groups[effect])
                        if key not in reactions or (reaction.onset_min and not reactions[key].onset_min):
                            reactions[key] = reaction
                    else:
                        background.update(dict.fromkeys(self._background(drug, effect)))
        suspects = {drug for _, drug, _ in reactions}
        treatments = {
            self.groups[relation.head]
            for relation in self.document.relations
            if relation.label in _NOT_SUSPECTED and self.groups.get(relation.head, "") not in suspects | {""}
        }
        return Casebook(
            doc_id=self.document.doc_id,
            reactions=tuple(reactions.values()),
            background=tuple(background),
            treatment_drugs=tuple(sorted({name for group in treatments for name in self._names(group)})),
        )

    def _patient(self, event: Event) -> str:
        values = self.values.get(event.id, {})
        if values.get("Assertion", Assertion.AFFIRMED.value) not in _HAPPENED:
            return ""
        attribution = values.get("Attribution", Attribution.INDEX_PATIENT.value)
        return {"index_patient": "index", "other_case": "other_case"}.get(attribution, "")

    def _reaction(self, event: Event, drug: str, effect: str, patient: str) -> Reaction:
        values = self.values.get(event.id, {})
        onsets = _arguments(event, RoleLabel.TIME_ELAPSED) or _arguments(event, "Onset")
        return Reaction(
            drug=self.entities[drug].text,
            drug_aliases=self._names(self.groups[drug]),
            event=self.entities[effect].text,
            event_aliases=self._names(self.groups[effect]),
            onset=" ".join(self._texts(onsets)),
            onset_min=values.get("onset_min", ""),
            onset_max=values.get("onset_max", ""),
            onset_anchor=values.get("OnsetAnchor", "unspecified").replace("_", " "),
            patient=patient,
            dose=" ".join(self._texts(_arguments(event, "Dose"))),
            body_sites=self._texts(_arguments(event, "Site")),
            outcome=values.get("Outcome", "unknown").replace("_", " "),
            dechallenge=values.get("Dechallenge", "unknown").replace("_", " "),
            rechallenge=values.get("Rechallenge", "unknown").replace("_", " "),
        )

    def _background(self, drug: str, effect: str) -> Iterable[BackgroundPair]:
        for name in (self.entities[drug].text, *self._names(self.groups[drug])):
            for other in (self.entities[effect].text, *self._names(self.groups[effect])):
                yield BackgroundPair(drug=name, event=other)

    def _texts(self, ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.entities[one].text for one in ids if one in self.entities)

    def _check(self, event: Event) -> None:
        """Stop at a reaction that cannot be understood: leaving it out would make a report look clean."""
        problems = [
            f"its {role} must be an entity"
            for role in ("Drug", "Event")
            if not self._texts(_arguments(event, role))
        ]
        for label, value in self.values.get(event.id, {}).items():
            allowed = [one.value for one in _VALUES.get(label, ())]
            if allowed and value not in allowed:
                problems.append(f"{label} is {value!r}, not one of {', '.join(allowed)}")
        if problems:
            document = self.document
            place = f"{document.path or document.doc_id}:{document.line_of(event.id)}"
            raise CorpusError(f"{place}: the Reaction {event.id}: {'; '.join(problems)}")

    def _names(self, group: str) -> tuple[str, ...]:
        members = (entity.text for entity in self.document.entities if self.groups[entity.id] == group)
        return tuple(dict.fromkeys(members))


def _groups(document: Document) -> dict[str, str]:
    """From every mention to the first mention that means the same."""
    leader = {entity.id: entity.id for entity in document.entities}

    def find(one: str) -> str:
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    for relation in document.relations:
        if relation.label == _ALIAS:
            leader[find(relation.head)] = find(relation.tail)
    return {one: find(one) for one in leader}


def _settings(text: str) -> dict[str, str]:
    """Read "patient=1; onset_min=P5D"."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {key.strip(): value.strip() for key, equals, value in pairs if equals}


def _arguments(event: Event, role: str) -> list[str]:
    """Targets of a role; brat numbers those after the first (Site, Site2, Site3)."""
    return [target for name, target in event.arguments if name.rstrip("0123456789") == role]


def _forbidden(document: Document, event: Event) -> Forbidden:
    entities = {entity.id: entity for entity in document.entities}
    return Forbidden(
        drugs=_spans(entities, [one for role, one in event.arguments if role == RoleLabel.DRUG]),
        events=_spans(entities, [one for role, one in event.arguments if role in _TARGETS]),
    )


def _spans(entities: Mapping[str, Entity], ids: Sequence[str]) -> tuple[Span, ...]:
    return tuple(sorted({span_of(entities[one]) for one in ids}))
