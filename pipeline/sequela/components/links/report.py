"""What linking knows of a report: its sentences as the rules see them, its frames, the drugs that it blames."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from spacy.tokens import Doc

from sequela import attributes
from sequela.components.links.blame import Blame
from sequela.components.links.evidence import is_report
from sequela.components.links.masking import Masked
from sequela.components.links.names import NameKeys
from sequela.schema import Frame, Link


class Frames:
    """The text of the report and the frame at a place of it."""

    def __init__(self, doc: Doc) -> None:
        self.text = doc.text  # spaCy puts it together anew each time
        self.in_report = is_report(doc)
        self.frames = attributes.get_frames(doc)
        self.starts = [frame.start for frame in self.frames]

    def at(self, offset: int) -> Frame | None:
        """Give the frame that holds an offset."""
        number = bisect_right(self.starts, offset) - 1
        if number >= 0 and offset < self.frames[number].end:
            return self.frames[number]
        return None


@dataclass(frozen=True)
class LinkedReport:
    """A report when all rules have spoken."""

    doc: Doc
    sentences: Sequence[Masked]
    links: Sequence[Link]
    keys: NameKeys
    frames: Frames
    blame: Blame
    never_given: frozenset[str]  # keys of drugs that nobody had
