"""Where a report tells of the drug and the event of a row, beside the evidence that links them.

The sentence that blames a drug seldom tells its dose, the day of the reaction or the skin it showed on: the
case history does, many sentences before. What is read there is read only where the text is about the same
patient.
"""

from __future__ import annotations

from bisect import bisect_right

from spacy.tokens import Doc

from sequela import attributes
from sequela.components.links.merging import Reaction
from sequela.components.links.names import NameKeys, same_event
from sequela.components.texts import sentence_starts, text_of
from sequela.schema import Assertion, Attribution, Frame, Label, Link, Mention, Zone

_UNTOLD = frozenset((Zone.TITLE, Zone.REFERENCES, Zone.BACK_MATTER))
_REACH = 6  # sentences from the exposure to the event
_MOST_DRUGS = 2  # mentions before an event that are asked about


class Places:
    """The mentions of drugs and events in what a report tells of its patients."""

    def __init__(self, doc: Doc, keys: NameKeys) -> None:
        self.frames = attributes.get_frames(doc)
        self.frame_starts = [frame.start for frame in self.frames]
        self.untold = [
            (section.start, section.end)
            for section in attributes.get_sections(doc)
            if section.zone in _UNTOLD
        ]
        self.sentence_starts = sentence_starts(doc)
        self.length = len(text_of(doc))
        self.drugs: list[tuple[str, str, Mention]] = []
        self.events: list[tuple[str, str, Mention]] = []
        for ent in doc.ents:
            if ent.label_ not in (Label.DRUG, Label.SYMPTOM):
                continue
            whose = self._whose(ent.start_char)
            if whose is None:
                continue
            mention = Mention(text=ent.text, start=ent.start_char, end=ent.end_char, label=ent.label_)
            if ent.label_ == Label.DRUG:
                self.drugs.append((keys.drug(mention), whose, mention))
            elif (
                attributes.get_assertion(ent)[0] in (Assertion.AFFIRMED, Assertion.POSSIBLE)
                and attributes.get_attribution(ent)[0] is Attribution.INDEX_PATIENT
            ):
                self.events.append((keys.event(mention), whose, mention))

    def _whose(self, offset: int) -> str | None:
        """Give the patient whom the text at an offset is about, "" where it does not say; None for others."""
        if any(start <= offset < end for start, end in self.untold):
            return None
        number = bisect_right(self.frame_starts, offset) - 1
        frame: Frame | None = self.frames[number] if number >= 0 else None
        if frame is None or offset >= frame.end:
            return ""
        return frame.patient_id if frame.attribution is Attribution.INDEX_PATIENT else None

    def drugs_of(self, reaction: Reaction) -> list[Mention]:
        """Give the mentions of the drug in what is told of the patient, in the order of the text."""
        patient = reaction.best.patient_id
        return [
            mention
            for key, whose, mention in self.drugs
            if key == reaction.drug and (not whose or not patient or whose == patient)
        ]

    def events_of(self, reaction: Reaction, *, any_event: bool = False) -> list[Mention]:
        """Give the mentions of the event (or of any) in what is told of the patient, in the order of the text."""
        patient = reaction.best.patient_id
        return [
            mention
            for key, whose, mention in self.events
            if (any_event or same_event(key, reaction.event))
            and (not whose or not patient or whose == patient)
        ]

    def pairs_of(self, reaction: Reaction, *, any_event: bool = False) -> list[Link]:
        """Give drug and event as they stand near each other, for stages that read what is told around them."""
        drugs, events = self.drugs_of(reaction), self.events_of(reaction, any_event=any_event)
        pairs = []
        for event in events:
            here = self._sentence(event.start)
            near = [drug for drug in drugs if here - _REACH <= self._sentence(drug.start) <= here]
            pairs += [self._pair(drug, event, reaction) for drug in near[: -_MOST_DRUGS - 1 : -1]]
        if (
            any_event
        ):  # "had started X three weeks earlier": what the patient came with is told before or after
            pairs += [self._pair(drug, self._end(drug.start), reaction) for drug in drugs]
        return pairs

    @staticmethod
    def _pair(drug: Mention, event: Mention, reaction: Reaction) -> Link:
        return Link(drug=drug, event=event, rule="told", score=0.0, patient_id=reaction.best.patient_id)

    def _end(self, offset: int) -> Mention:
        """Give the end of the sentence of an offset, in the place of an event."""
        number = self._sentence(offset)
        end = self.sentence_starts[number] - 1 if number < len(self.sentence_starts) else self.length
        return Mention(text="", start=end, end=end, label=Label.SYMPTOM.value)

    def _sentence(self, offset: int) -> int:
        return bisect_right(self.sentence_starts, offset)
