"""A report as linking and the pair network read it, and what linking leaves to the network."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from weakref import WeakKeyDictionary

from spacy.tokens import Doc

from sequela import attributes
from sequela.components.links.items import masked_sentences
from sequela.components.links.names import NameKeys
from sequela.components.links.roles import Roles
from sequela.components.texts import sentence_starts, text_of
from sequela.schema import Blame, Frame, Label, Link

_SENTENCES_OF_A_REPORT = 2  # a single sentence is a quotation: that it blames no drug says nothing
_BESIDE = 12  # characters between a drug and its dose or route
_AMOUNTS = frozenset((Label.DOSE.value, Label.ROUTE.value, Label.FREQUENCY.value))


class Account:
    """What a report says, put together once; nothing in it belongs to the Doc.

    Attributes
    ----------
    text
        Of the report.
    sentence_starts
        Where its sentences begin.
    in_report
        Whether it is long enough that what it leaves unsaid says something.
    sections, frames
        In the order of the text.
    sentences
        Those with a drug or an event, as the rules see them.
    roles
        What the role head of the tagger sees.
    keys
        Of the names of drugs and events.
    amounts
        Where drugs begin that have a dose, a route or a frequency next to them.
    times
        Where time expressions begin.
    """

    def __init__(self, doc: Doc) -> None:
        ents = doc.ents
        self.text = text_of(doc)
        self.sentence_starts = sentence_starts(doc)
        self.in_report = len(self.sentence_starts) >= _SENTENCES_OF_A_REPORT
        self.sections = attributes.get_sections(doc)
        self.frames = attributes.get_frames(doc)
        self._frame_starts = [frame.start for frame in self.frames]
        self.sentences = masked_sentences(doc, ents)
        self.roles = Roles(doc)
        self.keys = NameKeys(ents)
        places = [(ent.start_char, ent.end_char, ent.label_) for ent in ents]
        self.amounts = _beside_amount(places)
        self.times = [start for start, _, label in places if label == Label.TIME]

    def frame_at(self, offset: int) -> Frame | None:
        """Give the frame that holds an offset."""
        number = bisect_right(self._frame_starts, offset) - 1
        if number >= 0 and offset < self.frames[number].end:
            return self.frames[number]
        return None


def _beside_amount(places: Sequence[tuple[int, int, str]]) -> frozenset[int]:
    found = set()
    for (start, end, label), (next_start, _, next_label) in pairwise(places):
        if next_start - end <= _BESIDE:
            if label == Label.DRUG and next_label in _AMOUNTS:
                found.add(start)
            elif next_label == Label.DRUG and label in _AMOUNTS:
                found.add(next_start)
    return frozenset(found)


# What linking has put together and the pair network, which comes next, need not put together again.
_LEFT: WeakKeyDictionary[Doc, Account] = WeakKeyDictionary()


def leave_account(doc: Doc) -> Account:
    """Make the account of a Doc, and keep it for `LinkedReport.of`."""
    account = _LEFT[doc] = Account(doc)
    return account


@dataclass(frozen=True)
class LinkedReport:
    """A report when all rules have spoken."""

    doc: Doc
    account: Account
    links: Sequence[Link]
    blame: Blame

    @classmethod
    def of(cls, doc: Doc) -> LinkedReport:
        """Read what `sequela.components.linking` and the stages before it have set.

        The account that linking has made is taken, and made anew for a Doc that comes from elsewhere.
        """
        account = _LEFT.pop(doc, None)
        return cls(
            doc=doc,
            account=Account(doc) if account is None else account,
            links=attributes.get_links(doc),
            blame=attributes.get_blame(doc),
        )


def in_order(links: Iterable[Link]) -> list[Link]:
    """Sort links by the place of their evidence, event and drug."""
    return sorted(links, key=lambda link: (link.cues[0].start, link.event.start, link.drug.start))
