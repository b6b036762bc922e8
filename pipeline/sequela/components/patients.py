"""The patients of a report, and the stretch of text that is about each."""

from __future__ import annotations

from dataclasses import replace

from spacy.tokens import Doc

from sequela.schema import Attribution, Frame, Patient


def find_patients(doc: Doc, frames: list[Frame]) -> list[Patient]:
    """Give the index patients in the order of the text."""
    return [Patient(patient_id="1", start=0, end=len(doc.text))]


def assign_patients(frames: list[Frame], patients: list[Patient]) -> list[Frame]:
    """Give the frames with the ``patient_id`` of the stretch they lie in, where they are about an index patient."""
    assigned = []
    for frame in frames:
        patient_id = ""
        if frame.attribution is Attribution.INDEX_PATIENT:
            inside = [p.patient_id for p in patients if p.start <= frame.start < p.end]
            patient_id = inside[0] if inside else (patients[0].patient_id if len(patients) == 1 else "")
        assigned.append(replace(frame, patient_id=patient_id))
    return assigned
