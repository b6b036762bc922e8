"""Agreement between the two passes over the casebook, as a Markdown table.

    python corpora/casebook/agreement.py
    python corpora/casebook/agreement.py --list

Entities are matched as ``sequela evaluate`` matches them. Reactions are matched by document, one to one:
two fit where a mention of the one drug's ALIAS group overlaps one of the other's, and the same holds for the
events. Those of the same patient and attribution find each other first, so that a reaction is compared with
one of another attribution only where nothing nearer is left. Values are compared on the reactions in both.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sequela.corpora import brat
from sequela.corpora.document import Document, Entity, Event
from sequela.evaluation.entities import RELAXED, STRICT, score_entities
from sequela.evaluation.links import Pair, fits
from sequela.evaluation.matching import Span, assign
from sequela.evaluation.scores import Counts
from sequela.evaluation.triples import same_value
from sequela.evaluation.views import entity_spans, span_of

HERE = Path(__file__).parent
LABELS = ("DRUG", "SYMPTOM", "TIME", "DOSE", "FREQUENCY", "ROUTE", "BODY_SITE", "AGE", "SEX")
ATTRIBUTIONS = ("index_patient", "other_case", "background", "excluded")
PATIENTS = {"index_patient", "other_case"}
HAPPENED = {"affirmed", "possible"}


@dataclass(frozen=True)
class Reaction:
    """One Reaction with its values; ``pair`` holds every place where drug and event are named."""

    doc_id: str
    drug: str
    event: str
    pair: Pair
    values: dict[str, str] = field(compare=False, hash=False)

    @property
    def attribution(self) -> str:
        """Whose it is."""
        return self.values["Attribution"]

    @property
    def of_patient(self) -> bool:
        """Whether it is of a patient, and so has an outcome and the like."""
        return self.attribution in PATIENTS

    @property
    def happened(self) -> bool:
        """Whether it is a gold reaction of the document-level score."""
        return self.of_patient and self.values["Assertion"] in HAPPENED

    @property
    def onset(self) -> tuple[str, str]:
        """Both bounds; empty where there is no value."""
        return self.values.get("onset_min", ""), self.values.get("onset_max", "")


def main() -> None:
    """Print the table, and with ``--list`` the disagreements."""
    parser = argparse.ArgumentParser(description="Agreement between two passes over the casebook.")
    parser.add_argument("--first", type=Path, default=HERE, help="folder of the texts and of pass A")
    parser.add_argument(
        "--second", type=Path, default=HERE.parent / "casebook_second_pass", help="folder of pass B"
    )
    parser.add_argument("--list", action="store_true", help="print every disagreement below the table")
    arguments = parser.parse_args()
    texts = sorted(arguments.first.glob("*.txt"))
    first = [_read(text, arguments.first) for text in texts]
    second = [_read(text, arguments.second) for text in texts]
    print(f"| {len(texts)} reports | pass A vs. pass B |\n|---|---|")
    matched: list[tuple[Reaction, Reaction]] = []
    alone: tuple[list[Reaction], list[Reaction]] = ([], [])
    for one, other in zip(first, second, strict=True):
        ours, theirs = _reactions(one), _reactions(other)
        found = match(ours, theirs)
        matched += [(ours[a], theirs[b]) for a, b in found.items()]
        alone[0].extend(item for a, item in enumerate(ours) if a not in found)
        alone[1].extend(item for b, item in enumerate(theirs) if b not in found.values())
    for name, value in (*_entity_rows(first, second), *_reaction_rows(matched, *alone)):
        print(f"| {name} | {value} |")
    if arguments.list:
        for line in (*_entity_differences(first, second), *_reaction_differences(matched, *alone)):
            print(line)


def match(ours: Sequence[Reaction], theirs: Sequence[Reaction]) -> dict[int, int]:
    """Match the reactions of one document, the likest first."""
    steps: tuple[Callable[[Reaction, Reaction], bool], ...] = (
        lambda a, b: _key(a) == _key(b) and a.pair.event.overlaps(b.pair.event),
        lambda a, b: _key(a) == _key(b),
        lambda a, b: a.attribution == b.attribution,
        lambda _a, _b: True,
    )
    found: dict[int, int] = {}
    for alike in steps:
        taken = set(found.values())
        partners = {
            a: [
                b
                for b, other in enumerate(theirs)
                if b not in taken and alike(one, other) and fits(one.pair, other.pair)
            ]
            for a, one in enumerate(ours)
            if a not in found
        }
        found |= assign(partners)
    return dict(sorted(found.items()))


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa; None where chance alone explains everything."""
    if not pairs:
        return None
    total = len(pairs)
    observed = sum(a == b for a, b in pairs) / total
    ours, theirs = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(ours[value] * theirs[value] for value in ours) / total**2
    return None if chance == 1 else (observed - chance) / (1 - chance)


def _read(text: Path, folder: Path) -> Document:
    return brat.read_pair(text, folder / f"{text.stem}.ann", doc_id=text.stem)


def _reactions(document: Document) -> list[Reaction]:
    entities = {entity.id: entity for entity in document.entities}
    values: dict[str, dict[str, str]] = {event.id: {} for event in document.events}
    for attribute in document.attributes:
        values.setdefault(attribute.target, {})[attribute.label] = attribute.value or "yes"
    for note in document.notes:
        parts = (part.partition("=") for part in note.text.split(";"))
        values.setdefault(note.target, {}).update({key.strip(): value.strip() for key, _, value in parts})
    groups = _groups(document)
    return [
        _reaction(document.doc_id, event, entities, groups, values[event.id]) for event in document.events
    ]


def _reaction(
    doc_id: str,
    event: Event,
    entities: dict[str, Entity],
    groups: dict[str, list[str]],
    values: dict[str, str],
) -> Reaction:
    ends = dict(event.arguments)
    drug, effect = ends["Drug"], ends["Event"]
    places = tuple(
        (span_of(entities[one]), span_of(entities[other])) for one in groups[drug] for other in groups[effect]
    )
    pair = Pair(drug=span_of(entities[drug]), event=span_of(entities[effect]), places=places)
    return Reaction(doc_id, entities[drug].text, entities[effect].text, pair, values)


def _groups(document: Document) -> dict[str, list[str]]:
    """From every mention to all mentions of its ALIAS group, which is a star."""
    leader = {entity.id: entity.id for entity in document.entities}
    leader |= {one.head: one.tail for one in document.relations if one.label == "ALIAS"}
    members: dict[str, list[str]] = {}
    for one, first in leader.items():
        members.setdefault(first, []).append(one)
    return {one: members[first] for one, first in leader.items()}


def _key(reaction: Reaction) -> tuple[str, str, bool]:
    return reaction.attribution, reaction.values.get("patient", ""), reaction.happened


def _entity_rows(first: Sequence[Document], second: Sequence[Document]) -> Iterator[tuple[str, str]]:
    """F1 is symmetric, so that neither pass is the gold."""
    counts: dict[str, dict[str, Counts]] = {}
    for rule in (STRICT, RELAXED):
        tally = score_entities(_spans(first), _spans(second), rule=rule)
        counts[rule] = {label: Counts() for label in LABELS}
        for by_label in tally.counts.values():
            for label, count in by_label.items():
                counts[rule][label] = counts[rule][label].plus(count)
    for label in ("all", *LABELS):
        strict, relaxed = (
            _sum(list(counts[rule].values()) if label == "all" else [counts[rule][label]])
            for rule in (STRICT, RELAXED)
        )
        name = "entities" if label == "all" else label
        yield (
            f"{name}, F1 strict / relaxed",
            f"{_number(strict.f1)} / {_number(relaxed.f1)} (A {strict.gold}, B {strict.predicted})",
        )


def _reaction_rows(
    matched: Sequence[tuple[Reaction, Reaction]],
    only_first: Sequence[Reaction],
    only_second: Sequence[Reaction],
) -> Iterator[tuple[str, str]]:
    both = [(a, b) for a, b in matched if a.happened and b.happened and a.attribution == b.attribution]
    ours = sum(a.happened for a, _ in matched) + sum(a.happened for a in only_first)
    theirs = sum(b.happened for _, b in matched) + sum(b.happened for b in only_second)
    yield (
        "reactions of patients (drug, event, patient), F1",
        f"{_number(2 * len(both) / (ours + theirs))} (both {len(both)}, only A {ours - len(both)}, "
        f"only B {theirs - len(both)})",
    )
    yield (
        "all Reaction pairs (drug, event)",
        f"both {len(matched)}, only A {len(only_first)}, only B {len(only_second)}",
    )
    for value in ATTRIBUTIONS:
        agreed = sum(a.attribution == b.attribution == value for a, b in matched)
        yield (
            f"of these {value}",
            f"both {agreed}, only A {sum(a.attribution == value for a in only_first)}, "
            f"only B {sum(b.attribution == value for b in only_second)}",
        )
    yield _agreement("attribution", matched, "Attribution")
    yield _agreement("assertion", matched, "Assertion")
    patients = [(a, b) for a, b in matched if a.happened and b.happened]
    for name in ("Role", "Outcome", "Action", "Dechallenge", "Rechallenge"):
        yield _agreement(name.lower(), patients, name)
    timed = [(a, b) for a, b in patients if any(a.onset) or any(b.onset)]
    valued = [(a, b) for a, b in timed if any(a.onset) and any(b.onset)]
    equal = sum(same_value(a.onset, b.onset) for a, b in valued)
    yield (
        "onset value (both bounds the same length), where both give one",
        f"{equal} of {len(valued)} ({_number(equal / len(valued))}); "
        f"only A {sum(not any(b.onset) for _, b in timed)}, only B {sum(not any(a.onset) for a, _ in timed)}",
    )
    anchored = [(a, b) for a, b in patients if "OnsetAnchor" in a.values and "OnsetAnchor" in b.values]
    yield _agreement("onset anchor, where both have an onset", anchored, "OnsetAnchor")


def _agreement(name: str, matched: Sequence[tuple[Reaction, Reaction]], value: str) -> tuple[str, str]:
    return f"{name}, kappa", _share([(a.values[value], b.values[value]) for a, b in matched])


def _share(pairs: Sequence[tuple[str, str]]) -> str:
    return f"{_number(kappa(pairs))} ({sum(a == b for a, b in pairs)} of {len(pairs)} equal)"


def _entity_differences(first: Sequence[Document], second: Sequence[Document]) -> Iterator[str]:
    ours, theirs = _spans(first), _spans(second)
    for document in first:
        one, other = set(ours[document.doc_id]), set(theirs[document.doc_id])
        for span in sorted(one ^ other):
            side = "A" if span in one else "B"
            text = document.text[span.start : span.end]
            yield f"{document.doc_id}\t{side}\t{span.label}\t{span.start}\t{text}"


def _reaction_differences(
    matched: Sequence[tuple[Reaction, Reaction]],
    only_first: Sequence[Reaction],
    only_second: Sequence[Reaction],
) -> Iterator[str]:
    for side, items in (("A", only_first), ("B", only_second)):
        for item in items:
            yield f"{item.doc_id}\tonly {side}\t{item.drug} – {item.event}\t{item.values}"
    for a, b in matched:
        different = {
            key: (a.values.get(key, "-"), b.values.get(key, "-"))
            for key in sorted(a.values.keys() | b.values.keys())
            if a.values.get(key) != b.values.get(key)
        }
        if different:
            yield f"{a.doc_id}\tboth\t{a.drug} – {a.event} | {b.drug} – {b.event}\t{different}"


def _spans(documents: Sequence[Document]) -> dict[str, list[Span]]:
    labels = {label: label for label in LABELS}
    return {document.doc_id: entity_spans(document, labels) for document in documents}


def _sum(counts: Sequence[Counts]) -> Counts:
    total = Counts()
    for count in counts:
        total = total.plus(count)
    return total


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    main()
