"""Whose reaction is it? Patients of the report, a frame for every statement, values for single entities."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from sequela.attributes import set_attribution, set_frames, set_patients
from sequela.components.clearance import find_cleared
from sequela.components.entity_attribution import find_entity_attributions
from sequela.components.frames import find_frames
from sequela.components.patients import assign_patients, find_patients
from sequela.components.texts import words_of


@Language.factory(
    "sequela_attribution",
    requires=["doc.sents", "doc.ents", "doc._.sections", "span._.assertion"],
    assigns=["doc._.frames", "doc._.patients", "span._.attribution"],
)
def create_attribution(nlp: Language, name: str) -> AttributionFinder:
    """Make the component."""
    return AttributionFinder()


class AttributionFinder:
    """Set patients and frames of a report, and the attribution of entities with evidence of their own."""

    def __call__(self, doc: Doc) -> Doc:
        """Set patients, frames and the attributions of single entities."""
        frames = find_frames(doc)
        patients, stretches = find_patients(doc, frames)
        set_patients(doc, patients)
        set_frames(doc, assign_patients(frames, stretches))
        found = find_entity_attributions(doc)
        for ent, value, cue in [*found, *find_cleared(doc, words_of(doc), frames, found)]:
            set_attribution(ent, value, cue)
        return doc
