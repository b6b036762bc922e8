"""Keys under which mentions of the same drug or the same event fall together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from spacy.tokens import Span

from sequela.attributes import get_reference
from sequela.components.links.classes import class_of
from sequela.components.terms.drugs import normalise_drug
from sequela.components.terms.spelling import FUZZY
from sequela.lexicons.loader import load_lines, load_table
from sequela.schema import Label, Mention

_NAMED = (Label.DRUG.value, Label.SYMPTOM.value)
_WORDS = re.compile(r"[a-z0-9]+")


class NameKeys:
    """Keys of mentions: the normalised name, else the words, of the long form where it is an abbreviation.

    ``ents`` are the entities of the report.
    """

    def __init__(self, ents: Iterable[Span]) -> None:
        self.long_forms: dict[tuple[int, int], str] = {}
        for ent in ents:
            found = get_reference(ent) if ent.label_ in _NAMED else None
            if found and found["rule"] == "abbreviation":
                self.long_forms[ent.start_char, ent.end_char] = found["text"]

    def drug(self, mention: Mention) -> str:
        """Key of a drug mention."""
        return _drug_key(self._text(mention))

    def is_coded(self, mention: Mention) -> bool:
        """Whether a terminology knows the drug of a mention."""
        term = normalise_drug(self._text(mention))
        return term is not None and term.score > FUZZY

    def event(self, mention: Mention) -> str:
        """Key of an event mention."""
        return event_words(self._text(mention))

    def _text(self, mention: Mention) -> str:
        return self.long_forms.get((mention.start, mention.end), mention.text)


@lru_cache(maxsize=4096)
def _drug_key(text: str) -> str:
    term = normalise_drug(text)
    return term.name.lower() if term and term.name else drug_words(text)


@lru_cache(maxsize=4096)
def drug_words(text: str) -> str:
    """Give the name without what does not tell substances apart (articles, "therapy", "sodium")."""
    words = [
        word for word in _WORDS.findall(text.lower()) if word not in _degrees() and word not in _drug_noise()
    ]
    return " ".join(words) or text.lower()


@lru_cache(maxsize=4096)
def event_words(text: str) -> str:
    """Give the event in the singular, British spelling folded, without articles and degrees."""
    words = [_singular(word) for word in _WORDS.findall(_fold(text.lower())) if word not in _degrees()]
    return " ".join(words) or text.lower()


def same_event(one: str, other: str) -> bool:
    """Whether the words of one key are among those of the other, with the same last word."""
    if one == other:
        return True
    first, second = one.split(), other.split()
    if first[-1:] != second[-1:]:
        return False
    short, long = (first, second) if len(first) <= len(second) else (second, first)
    return set(short) <= set(long)


def _fold(text: str) -> str:
    return (
        text.replace("haem", "hem").replace("aemia", "emia").replace("oedema", "edema").replace("oea", "ea")
    )


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


@lru_cache(maxsize=1)
def _degrees() -> frozenset[str]:
    return frozenset(load_lines("event_degree_words.txt"))


@lru_cache(maxsize=1)
def _drug_noise() -> frozenset[str]:
    nouns = {row["noun"] for row in load_table("anaphora_nouns.csv") if row["kind"] in ("drug", "exposure")}
    return frozenset(nouns | set(load_lines("drug_salts.txt")))


@lru_cache(maxsize=4096)
def is_generic_event(text: str) -> bool:
    """Whether an event has no name of its own ("side effects", "an adverse drug reaction", "toxicity")."""
    words = re.sub(
        r"^(?:an?|the|his|her|these|this|such|some|serious|severe|similar|other) ", "", text.lower().strip()
    )
    return words in _generic_events() or (words.endswith("s") and words[:-1] in _generic_events())


@lru_cache(maxsize=4096)
def is_side_effect(text: str) -> bool:
    """Whether an event says only that something is the effect of a drug ("toxicity", "an adverse reaction")."""
    return bool(_side_effect().search(text.lower().strip())) and is_generic_event(text)


@lru_cache(maxsize=4096)
def is_generic_drug(text: str) -> bool:
    """Whether a drug mention names nothing ("medications", "the drug", "treatment", "fluids")."""
    words = re.sub(
        r"^(?:an?|the|his|her|these|this|such|some|other|all|any|intravenous|iv|oral) ",
        "",
        text.lower().strip(),
    )
    return any(form in _generic_drugs() for form in (words, words[:-1] if words.endswith("s") else words))


@lru_cache(maxsize=4096)
def is_class_name(text: str) -> bool:
    """Whether a drug mention names a class ("the antibiotic", "serotonergic drugs") and no substance."""
    last = re.split("[ -]", text.lower())[-1]
    return (
        bool(class_of(text) or class_of(last))
        or last in _generic_drugs()
        or last.rstrip("s") in _generic_drugs()
    )


@lru_cache(maxsize=1)
def _side_effect() -> re.Pattern[str]:
    cues = "|".join(
        row["cue"] for row in load_table("linking_cues.csv") if row["class"] == "side_effect_noun"
    )
    return re.compile(rf"\b(?:{cues})$")


@lru_cache(maxsize=1)
def _generic_drugs() -> frozenset[str]:
    nouns = {row["noun"] for row in load_table("anaphora_nouns.csv") if row["kind"] in ("drug", "exposure")}
    return frozenset(nouns | set(load_lines("linking_not_suspects.txt")))


@lru_cache(maxsize=1)
def _generic_events() -> frozenset[str]:
    nouns = {row["noun"] for row in load_table("anaphora_nouns.csv") if row["kind"] == "event"}
    return frozenset(nouns | set(load_lines("linking_generic_events.txt")))
