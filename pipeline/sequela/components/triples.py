"""Accepted links to rows: everything the other stages found about a drug and an event, in one place."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from functools import cached_property
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from sequela import __version__, attributes
from sequela.components.dose_links import doses_of
from sequela.components.links.confidence import confidence_of
from sequela.components.links.merging import Reaction, happened, merge
from sequela.components.links.names import NameKeys
from sequela.components.onset import ReactionOnsets
from sequela.components.places import Places
from sequela.components.sites import sites_of
from sequela.components.texts import sentence_offsets, text_of
from sequela.schema import (
    Action,
    Attribution,
    Challenge,
    Dose,
    Link,
    Mention,
    Outcome,
    Triple,
)

_JOIN = " … "
_COURSE = {
    "outcome": Outcome.UNKNOWN,
    "action": Action.UNKNOWN,
    "dechallenge": Challenge.UNKNOWN,
    "rechallenge": Challenge.UNKNOWN,
}


@Language.factory(
    "sequela_triples",
    requires=[
        "doc.ents",
        "doc.sents",
        "doc._.sections",
        "doc._.patients",
        "doc._.frames",
        "doc._.links",
        "span._.timex",
        "span._.dose",
        "span._.code",
        "doc._.mention_codes",
    ],
    assigns=["doc._.triples"],
)
def create_triples(nlp: Language, name: str) -> Triples:
    """Make the component."""
    return Triples(nlp)


class Triples:
    """Set the rows of the report."""

    def __init__(self, nlp: Language) -> None:
        self.nlp = nlp

    def __call__(self, doc: Doc) -> Doc:
        """Find, then annotate."""
        attributes.set_triples(doc, self.find_triples(doc))
        return doc

    def find_triples(self, doc: Doc) -> list[Triple]:
        """Give one row per patient, drug and event, in the order of the events."""
        links = attributes.get_links(doc)
        if not links:
            return []
        report = _Report(doc)
        model = attributes.get_meta(doc).get("model", "")
        rows = [report.row(reaction, model) for reaction in merge(links, report.keys)]
        return sorted(
            rows,
            key=lambda row: (row.event_start, row.event_end, row.drug_start, row.drug_end, row.patient_id),
        )


class _Report:
    """What the rows of one report have in common."""

    def __init__(self, doc: Doc) -> None:
        self.doc = doc
        self.text = text_of(doc)
        self.doc_id = attributes.get_meta(doc).get("doc_id", "")
        self.keys = NameKeys(doc.ents)
        self.codes = {(ent.start_char, ent.end_char): code for ent in doc.ents if (code := ent._.code)}
        self.codes |= {place: term.to_dict() for place, term in attributes.get_mention_codes(doc).items()}
        self.doses = doses_of(doc)
        self.sites = sites_of(doc)
        self.patients = {patient.patient_id: patient for patient in attributes.get_patients(doc)}
        self.sections = attributes.get_sections(doc)
        self.sentences = sentence_offsets(doc)
        self.starts = [start for start, _ in self.sentences]

    @cached_property
    def places(self) -> Places:
        return Places(self.doc, self.keys)

    @cached_property
    def onsets(self) -> ReactionOnsets:
        return ReactionOnsets(self.doc, self.places)

    def row(self, reaction: Reaction, model: str) -> Triple:
        link = reaction.best
        drug_code, event_code = self._code(link.drug), self._code(link.event)
        return Triple(
            doc_id=self.doc_id,
            triple_id=triple_id(self.doc_id, link),
            drug=link.drug.text,
            event=link.event.text,
            drug_name=drug_code.get("name", ""),
            drug_code=drug_code.get("code", ""),
            event_name=event_code.get("name", ""),
            event_code=event_code.get("code", ""),
            role=link.role,
            attribution=link.attribution,
            assertion=link.assertion,
            confidence=confidence_of(reaction),
            rule=link.rule,
            section=self._section(link),
            sentence=self._sentence(link),
            drug_start=link.drug.start,
            drug_end=link.drug.end,
            event_start=link.event.start,
            event_end=link.event.end,
            mentions=_places(reaction),
            model=model,
            version=__version__,
            body_sites=self._sites(reaction),
            **self._onset(reaction),
            **_course(reaction),
            **self._dose(reaction),
            **self._patient(link),
        )

    def _code(self, mention: Mention) -> dict[str, Any]:
        return self.codes.get((mention.start, mention.end)) or {}

    def _onset(self, reaction: Reaction) -> dict[str, Any]:
        """Give the onset that is told best, by the evidence or elsewhere in the history of the patient."""
        onset = self.onsets.of(reaction)
        if onset is None:
            return {}
        return {
            "onset": onset.text,
            "onset_min": onset.min,
            "onset_max": onset.max,
            "onset_hours_min": onset.hours_min,
            "onset_hours_max": onset.hours_max,
            "onset_approximate": onset.approximate,
            "onset_anchor": onset.anchor.value,
            "onset_anchor_ordinal": onset.ordinal,
            "onset_basis": onset.basis.value,
            "onset_start": onset.start,
            "onset_end": onset.end,
        }

    def _dose(self, reaction: Reaction) -> dict[str, Any]:
        """Give the dose told with the best evidence, else the one that the history tells before the event."""
        doses = self._doses_of([link.drug for link in reaction.links])
        if _of_patient(reaction.best) and not any(dose.value_max is not None for dose in doses):
            told = [
                dose for dose in self._doses_of(self.places.drugs_of(reaction)) if dose.value_max is not None
            ]
            first = min((told[0].start, *(dose.start for dose in told))) if told else 0
            events = [event.start for event in self.places.events_of(reaction) if event.start > first]
            before = [dose for dose in told if not events or dose.start < events[0]]
            doses = [*before[-1:], *doses]
        amounts = [dose for dose in doses if dose.value_max is not None]
        for dose in (*amounts, *doses):
            return _dose_columns(dose)
        return {}

    def _doses_of(self, drugs: list[Mention]) -> list[Dose]:
        return [dose for drug in drugs for dose in self.doses.get((drug.start, drug.end), ())]

    def _sites(self, reaction: Reaction) -> str:
        """Verbatim sites of every mention of the event, each once."""
        events = [link.event for link in reaction.links]
        if _of_patient(reaction.best):
            events += self.places.events_of(reaction)
        found: dict[str, None] = {}
        for event in events:
            for (start, end), sites in self.sites.items():
                if start < event.end and event.start < end:
                    found.update((" ".join(site.text.split()), None) for site in sites)
        return ";".join(found)

    def _patient(self, link: Link) -> dict[str, Any]:
        patient = self.patients.get(link.patient_id)
        if patient is None or link.attribution is not Attribution.INDEX_PATIENT:
            return {"patient_id": link.patient_id}
        return {
            "patient_id": link.patient_id,
            "patient_age": patient.age,
            "patient_age_unit": patient.age_unit,
            "patient_sex": patient.sex,
        }

    def _section(self, link: Link) -> str:
        place = link.cues[0].start if link.cues else link.event.start
        for section in self.sections:
            if section.start <= place < section.end:
                return section.zone.value
        return ""

    def _sentence(self, link: Link) -> str:
        """Give the sentence of the evidence; where drug, event and evidence lie in several, these joined."""
        places = [link.drug.start, link.event.start, *(cue.start for cue in link.cues)]
        numbers = sorted({bisect_right(self.starts, place) - 1 for place in places})
        parts = [self.text[slice(*self.sentences[number])] for number in numbers if number >= 0]
        return _JOIN.join(" ".join(part.split()) for part in parts)


def _of_patient(link: Link) -> bool:
    return happened(link) and link.attribution is Attribution.INDEX_PATIENT


def _course(reaction: Reaction) -> dict[str, Any]:
    """For each column the value of the best evidence that has one."""
    values: dict[str, Any] = {}
    for link in reaction.links:
        if link.course is None or link.attribution is not reaction.best.attribution:
            continue
        for name, unknown in _COURSE.items():
            value = getattr(link.course, name)
            if value is not unknown:
                values.setdefault(name, value)
    return values


def _dose_columns(dose: Dose) -> dict[str, Any]:
    return {
        "dose": dose.text if dose.value_max is not None else "",
        "dose_value": dose.value_max,
        "dose_unit": dose.unit,
        "route": dose.route,
        "frequency": dose.frequency,
        "dose_ordinal": dose.ordinal,
    }


def _places(reaction: Reaction) -> tuple[tuple[int, int, int, int], ...]:
    first = _place(reaction.best)
    return tuple(sorted({_place(link) for link in reaction.links} - {first}))


def _place(link: Link) -> tuple[int, int, int, int]:
    return (link.drug.start, link.drug.end, link.event.start, link.event.end)


def triple_id(doc_id: str, link: Link) -> str:
    """Stable id of a row: the same report and the same places give the same id."""
    places = map(str, _place(link))
    key = "\x1f".join(
        (doc_id, link.drug.text, link.event.text, link.attribution.value, link.patient_id, *places)
    )
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def rows_of(doc: Doc, *, include_all: bool = False) -> list[Triple]:
    """Rows of a processed report, in the order of the events; by default only what happened to patients."""
    return [row for row in attributes.get_triples(doc) if include_all or row.happened]
