"""What linking knows of a report: its sentences as the rules see them, its frames, the drugs that it blames."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spacy.tokens import Doc

from sequela import attributes
from sequela.components.links.evidence import is_report
from sequela.components.links.items import masked_sentences
from sequela.components.links.masking import Masked
from sequela.components.links.names import NameKeys
from sequela.components.texts import text_of
from sequela.schema import Blame, Frame, Link


class Frames:
    """The text of the report and the frame at a place of it."""

    def __init__(self, doc: Doc) -> None:
        self.text = text_of(doc)
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

    @classmethod
    def of(cls, doc: Doc) -> LinkedReport:
        """Read what `sequela.components.linking` and the stages before it have left on a Doc."""
        return cls(
            doc=doc,
            sentences=masked_sentences(doc),
            links=attributes.get_links(doc),
            keys=NameKeys(doc),
            frames=Frames(doc),
            blame=attributes.get_blame(doc),
        )


def in_order(links: Iterable[Link]) -> list[Link]:
    """Sort links by the place of their evidence, event and drug."""
    return sorted(links, key=lambda link: (link.cues[0].start, link.event.start, link.drug.start))
