"""One row per patient, drug and event: links that tell the same reaction fall together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sequela.components.links.names import NameKeys, is_class_name, is_generic_event, same_event
from sequela.components.links.splitting import split_event
from sequela.schema import Assertion, Attribution, Link

_ASIDE = (Attribution.TREATMENT, Attribution.INDICATION, Attribution.EXCLUDED)
_ABOUT_PATIENTS = (Attribution.INDEX_PATIENT, Attribution.OTHER_CASE)
_ASSERTED = (Assertion.AFFIRMED, Assertion.POSSIBLE)
_ORDER = {value: rank for rank, value in enumerate(Attribution)}
_ASSERTION_ORDER = {value: rank for rank, value in enumerate(Assertion)}


@dataclass
class Reaction:
    """A drug and an event of a patient, with every link that tells of them, the best evidence first."""

    drug: str
    event: str
    links: list[Link] = field(default_factory=list)

    @property
    def best(self) -> Link:
        """The link that the row is made of."""
        return self.links[0]


def happened(link: Link) -> bool:
    """Whether a link tells what happened to a patient."""
    return not link.rejected and link.attribution in _ABOUT_PATIENTS and link.assertion in _ASSERTED


def merge(links: Iterable[Link], keys: NameKeys) -> list[Reaction]:
    """Fold links of the same patient, drug and event.

    A statement in general ("alemtuzumab may cause …"), a negated or hypothetical one about a pair that
    happened to the index patient is evidence for that row and no row of its own. An event without a name of
    its own ("an adverse reaction") is folded into the named reactions of the drug.
    """
    kept = [
        replace(link, event=event)
        for link in links
        if not link.rejected or link.attribution in _ASIDE
        for event in split_event(link.event)
    ]
    ranked = sorted(kept, key=_rank)
    reactions: list[tuple[str, Reaction]] = []
    for link in ranked:
        drug, event, whose = keys.drug(link.drug), keys.event(link.event), _whose(link)
        home = _home(reactions, whose, drug, event, generic=is_generic_event(link.event.text))
        if home is None:
            home = Reaction(drug, event)
            reactions.append((whose, home))
        home.links.append(link)
    return [reaction for _, reaction in _named_before_classes(reactions)]


def _named_before_classes(reactions: list[tuple[str, Reaction]]) -> list[tuple[str, Reaction]]:
    """Fold "the antibiotic – rash" into "amoxicillin – rash" of the same patient.

    Not where both stand in one list ("antipsychotics, antidepressants and methylphenidate"): these are several.
    """
    kept: list[tuple[str, Reaction]] = []
    named = [(whose, one) for whose, one in reactions if not is_class_name(one.best.drug.text)]
    for whose, one in reactions:
        home = None
        if is_class_name(one.best.drug.text):
            told = _places(one)
            home = next(
                (
                    other
                    for owner, other in named
                    if owner == whose and same_event(other.event, one.event) and not told & _places(other)
                ),
                None,
            )
        if home is None:
            kept.append((whose, one))
        else:
            home.links.extend(one.links)
    return kept


def _rank(link: Link) -> tuple[bool, bool, int, int, bool, float, int, int]:
    return (
        is_generic_event(link.event.text),
        not happened(link),
        _ORDER[link.attribution],
        _ASSERTION_ORDER[link.assertion],
        len(link.cues) > 1,  # through an anaphor
        -link.score,
        link.event.start,
        link.drug.start,
    )


def _whose(link: Link) -> str:
    if not happened(link):
        return "aside" if link.attribution in _ASIDE else "general"
    return f"index {link.patient_id}" if link.attribution is Attribution.INDEX_PATIENT else "other"


def _home(
    reactions: list[tuple[str, Reaction]], whose: str, drug: str, event: str, *, generic: bool
) -> Reaction | None:
    for owner, reaction in reactions:
        if reaction.drug != drug:
            continue
        if owner != whose and not (whose == "general" and owner.startswith("index")):
            continue
        if same_event(reaction.event, event) or (generic and owner == whose):
            return reaction
    return None


def _places(reaction: Reaction) -> set[int]:
    """Where the evidence of a reaction ends: drugs listed side by side share it."""
    return {link.cues[0].end for link in reaction.links if link.cues}
