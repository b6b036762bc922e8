"""Whose reaction is it? Patients of the report, a frame for every statement, values for single entities."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from sequela.attributes import set_frames, set_patients
from sequela.components.frames import find_frames
from sequela.components.patients import assign_patients, find_patients


@Language.factory(
    "sequela_attribution",
    requires=["doc.sents", "doc.ents", "doc._.sections"],
    assigns=["doc._.frames", "doc._.patients", "span._.attribution"],
)
def create_attribution(nlp: Language, name: str) -> AttributionFinder:
    """Make the component."""
    return AttributionFinder()


class AttributionFinder:
    """Set the patients and frames of a report, and the attribution of entities that carry their own evidence."""

    def __call__(self, doc: Doc) -> Doc:
        frames = find_frames(doc)
        patients = find_patients(doc, frames)
        set_patients(doc, patients)
        set_frames(doc, assign_patients(frames, patients))
        return doc
