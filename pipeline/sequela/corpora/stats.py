"""What a corpus holds, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sequela.corpora.casebook import casebook
from sequela.corpora.document import Document


@dataclass
class Statistics:
    """Counts over the documents of a corpus; the counters are by label."""

    documents: int = 0
    without_annotation: int = 0
    characters: int = 0
    words: int = 0
    in_fragments: int = 0
    overlapping: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    attributes: Counter[str] = field(default_factory=Counter)
    reactions: Counter[str] = field(default_factory=Counter)

    def to_dict(self) -> dict[str, int | dict[str, int]]:
        """Give plain values; labels in the order of their counts."""
        return {
            key: dict(value.most_common()) if isinstance(value, Counter) else value
            for key, value in vars(self).items()
        }


def count(documents: Iterable[Document]) -> Statistics:
    """Count what the documents hold. Words are runs of characters between white space."""
    total = Statistics()
    for document in documents:
        total.documents += 1
        total.characters += len(document.text)
        total.words += len(document.text.split())
        total.in_fragments += sum(len(entity.fragments) > 1 for entity in document.entities)
        end = 0
        for entity in sorted(document.entities, key=lambda entity: (entity.start, entity.end)):
            total.overlapping += entity.start < end
            end = max(end, entity.end)
        total.entities.update(entity.label for entity in document.entities)
        total.relations.update(relation.label for relation in document.relations)
        total.events.update(event.label for event in document.events)
        total.attributes.update(attribute.label for attribute in document.attributes)
        empty = not (document.entities or document.relations or document.events)
        if "casebook" in document.meta:
            content = casebook(document)
            total.reactions.update(reaction.patient for reaction in content.reactions)
            total.reactions["background"] += len(content.background)
            empty = not content.reactions
        total.without_annotation += empty
    return total
