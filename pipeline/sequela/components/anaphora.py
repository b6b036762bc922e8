"""What "this medication", "the antibiotic", "it" and "these symptoms" stand for, and abbreviations.

Anaphors are spans of ``doc.spans["anaphora"]`` with the label of what they stand for (DRUG, SYMPTOM); what
was found is kept in ``span._.refers_to`` with the rule that found it. An entity that is an abbreviation keeps
its long form in the same attribute, with the rule ``abbreviation``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import cache

from scispacy.abbreviation import find_abbreviation
from spacy.language import Language
from spacy.tokens import Doc, Span

from sequela import attributes
from sequela.components.links.classes import class_of, is_member
from sequela.components.links.exposure import is_endogenous
from sequela.components.texts import sentence_starts, text_of
from sequela.lexicons.loader import load_lines, load_table
from sequela.schema import Assertion, Attribution, Label, Zone

SPANS = "anaphora"
_ASSERTED = (Assertion.AFFIRMED, Assertion.POSSIBLE)
_LOOK_BACK = 4  # sentences
_LOOK_BACK_CLASS = 12
_SEVERAL = re.compile(
    r"combin|both|these|those|drugs|agents|medications|medicines|regimen|chemotherapy|cycle|course"
)
_NAMED_AFTER = re.compile(r" (?:of|with|for) |[-‐‑–][a-z]")
_INJECTED = re.compile(r"infusion|injection")
_CULPRIT = re.compile(
    r"offending|causative|culprit|suspected|suspect|responsible|incriminated|implicated|inciting"
)


@Language.factory(
    "sequela_anaphora",
    requires=["doc.ents", "doc.sents"],
    assigns=["doc.spans", "span._.refers_to"],
    default_config={"pronouns": True},
)
def create_anaphora(nlp: Language, name: str, pronouns: bool) -> Anaphora:
    """Make the component."""
    return Anaphora(pronouns=pronouns)


@dataclass(frozen=True)
class Anaphor:
    """A word or phrase that stands for something else, and what that is.

    ``antecedents`` are entities, the nearest first; none for "the patient's symptoms" told of nowhere near:
    they stand for the reactions of the report, which linking finds.
    """

    span: Span
    label: Label
    rule: str
    antecedents: tuple[Span, ...]


class Anaphora:
    """Set ``doc.spans["anaphora"]`` and ``span._.refers_to``.

    Parameters
    ----------
    pronouns
        Whether "it" at the beginning of a sentence is resolved too.
    """

    def __init__(self, *, pronouns: bool) -> None:
        self.pronouns = pronouns

    def __call__(self, doc: Doc) -> Doc:
        """Find, then annotate."""
        anaphors = self.find_anaphors(doc)
        spans = []
        for anaphor in anaphors:
            span = Span(doc, anaphor.span.start, anaphor.span.end, label=anaphor.label.value)
            if anaphor.antecedents:
                first, *others = anaphor.antecedents
                span._.refers_to = {
                    **_place(first),
                    "rule": anaphor.rule,
                    "others": [_place(other) for other in others],
                }
            spans.append(span)
        doc.spans[SPANS] = spans
        for short, long in find_abbreviations(doc):
            if not attributes.get_reference(short):
                short._.refers_to = {**_place(long), "rule": "abbreviation", "others": []}
        return doc

    def find_anaphors(self, doc: Doc) -> list[Anaphor]:
        """Give the anaphors that have an antecedent, in the order of the text."""
        ents = doc.ents
        drugs = [ent for ent in ents if ent.label_ == Label.DRUG and not _is_generic(ent)]
        drugs = [ent for ent in drugs if not is_endogenous(ent.text)] or drugs
        events = [ent for ent in ents if ent.label_ == Label.SYMPTOM and not _is_generic(ent)]
        if not drugs:
            return []
        sentences = _Sentences(doc)
        salient = salient_drug(doc, drugs)
        found = []
        text = text_of(doc)
        named = {token for ent in (*drugs, *events) for token in range(ent.start, ent.end)}
        for match in _noun_pattern().finditer(text):
            span = doc.char_span(match.start(), match.end(), alignment_mode="contract")
            if span is None or not named.isdisjoint(range(span.start, span.end)):
                continue
            anaphor = self._resolve(match, span, drugs, events, sentences, salient)
            if anaphor:
                found.append(anaphor)
        if self.pronouns:
            for match in _PRONOUN.finditer(text):
                span = doc.char_span(match.start("it"), match.end("it"))
                antecedents = sentences.before(drugs, match.start(), 1) if span is not None else ()
                if span is not None and antecedents:
                    found.append(Anaphor(span, Label.DRUG, "pronoun", _preferred(antecedents, salient)))
        return sorted(found, key=lambda anaphor: anaphor.span.start)

    def _resolve(
        self,
        match: re.Match[str],
        span: Span,
        drugs: list[Span],
        events: list[Span],
        sentences: _Sentences,
        salient: str,
    ) -> Anaphor | None:
        noun = match.group("noun").lower()
        if _NAMED_AFTER.match(match.string, match.end()):
            return None  # "the second dose of amoxicillin" names the drug itself; "the drug-induced rash" names none
        kind, drug_class = _nouns()[noun[:-1] if noun not in _nouns() and noun.endswith("s") else noun]
        start = match.start()
        if kind == "event":
            return self._events(span, events, sentences)
        if _CULPRIT.search(match.group().lower()):
            suspects = [ent for ent in drugs if ent.text.lower() == salient]
            return Anaphor(span, Label.DRUG, "culprit", tuple(suspects[:1])) if suspects else None
        if kind == "class":
            members = [ent for ent in drugs if is_member(ent.text, drug_class)]
            antecedents = sentences.before(members, start, _LOOK_BACK_CLASS)
            return Anaphor(span, Label.DRUG, "class_member", antecedents) if antecedents else None
        if _INJECTED.search(noun):
            drugs = [ent for ent in drugs if not _by_mouth().search(ent.text.lower())]
        antecedents = sentences.before(drugs, start, _LOOK_BACK)
        if not antecedents:
            return None
        if _SEVERAL.search(match.group().lower()):
            return Anaphor(span, Label.DRUG, f"{kind}_noun", antecedents)
        return Anaphor(span, Label.DRUG, f"{kind}_noun", _preferred(antecedents, salient))

    def _events(self, span: Span, events: list[Span], sentences: _Sentences) -> Anaphor | None:
        """Give the events of the same person shortly before."""
        start = span.start_char
        whose = sentences.whose(start)
        antecedents = tuple(
            ent
            for ent in sentences.before(
                [ent for ent in events if sentences.whose(ent.start_char) == whose], start, 2
            )
            if attributes.get_assertion(ent)[0] in _ASSERTED
            and attributes.get_attribution(ent)[0] not in (Attribution.EXCLUDED, Attribution.INDICATION)
        )
        if not antecedents and whose is not Attribution.INDEX_PATIENT:
            return None
        return Anaphor(
            span, Label.SYMPTOM, "event_noun" if antecedents else "reactions_of_report", antecedents
        )


class _Sentences:
    """Which entities come shortly before a place."""

    def __init__(self, doc: Doc) -> None:
        self.starts = sentence_starts(doc)
        self.frames = attributes.get_frames(doc)
        self.frame_starts = [frame.start for frame in self.frames]

    def whose(self, offset: int) -> Attribution | None:
        """Whom the statement at a place is about; None without frames."""
        number = bisect_right(self.frame_starts, offset) - 1
        return self.frames[number].attribution if number >= 0 else None

    def number(self, offset: int) -> int:
        return bisect_right(self.starts, offset) - 1

    def before(self, ents: list[Span], offset: int, look_back: int) -> tuple[Span, ...]:
        """Give the entities of the nearest sentence that has some, not too far back; last first."""
        here = self.number(offset)
        nearest: list[Span] = []
        for ent in reversed(ents):
            if ent.end_char > offset:
                continue
            number = self.number(ent.start_char)
            if number < here - look_back or (nearest and number != self.number(nearest[0].start_char)):
                break
            nearest.append(ent)
        return tuple(nearest)


def salient_drug(doc: Doc, drugs: list[Span]) -> str:
    """Give the drug that the report is about: named most often, above all in the title or with "-induced"."""
    titles = [
        (section.start, section.end) for section in attributes.get_sections(doc) if section.zone is Zone.TITLE
    ]
    weights: Counter[str] = Counter()
    text = text_of(doc)
    for ent in drugs:
        weight = 1
        if any(start <= ent.start_char < end for start, end in titles):
            weight += 4
        if re.match(r"\W?(?:induced|associated|related)", text[ent.end_char : ent.end_char + 11]):
            weight += 3
        weights[ent.text.lower()] += weight
    return min(weights, key=lambda name: (-weights[name], name)) if weights else ""


def find_abbreviations(doc: Doc) -> list[tuple[Span, Span]]:
    """Entities that are abbreviations, each with the entity that holds the long form.

    The definition is read where it stands in brackets ("methotrexate (MTX)"), by the algorithm of Schwartz
    and Hearst (2003) as scispaCy has it; every later mention of the short form refers to it.
    """
    long_forms: dict[tuple[str, str], Span] = {}
    named = [ent for ent in doc.ents if ent.label_ in _NAMED]
    by_start = {ent.start: ent for ent in named}
    for long in by_start.values():
        end = long.end
        if end + 2 >= len(doc) or doc[end].text not in "([":
            continue
        short = doc[end + 1 : end + 2]
        if not 2 <= len(short.text) <= 8 or not any(letter.isupper() for letter in short.text):
            continue
        found = find_abbreviation(long, short)[1]
        if found is not None:
            long_forms.setdefault((long.label_, short.text), long)
    return [
        (ent, long_forms[ent.label_, ent.text])
        for ent in named
        if (ent.label_, ent.text) in long_forms and ent.start > long_forms[ent.label_, ent.text].start
    ]


_NAMED = (Label.DRUG, Label.SYMPTOM)
_PRONOUN = re.compile(
    r"(?:(?<=[.;] )|(?<=\n))(?P<it>It) (?=(?:was|is|has been|had been)(?: then| therefore| immediately)? "
    r"(?:started|stopped|discontinued|withdrawn|given|administered|prescribed|taken|restarted)"
    r"|(?:may|can|could|might) (?:cause|induce|lead)|causes|induces|caused|is known to)"
)


@cache
def _nouns() -> dict[str, tuple[str, str]]:
    return {row["noun"]: (row["kind"], row["class"]) for row in load_table("anaphora_nouns.csv")}


@cache
def _noun_pattern() -> re.Pattern[str]:
    nouns, modifiers, determiners = (
        "|".join(sorted(map(re.escape, words), key=len, reverse=True))
        for words in (_nouns(), load_lines("anaphora_modifiers.txt"), load_lines("anaphora_determiners.txt"))
    )
    return re.compile(
        rf"\b(?<!one of )(?<!some of )(?:{determiners})(?: (?:{modifiers})){{0,2}} (?P<noun>(?:{nouns})s?)\b",
        re.IGNORECASE,
    )


@cache
def _by_mouth() -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(load_lines('anaphora_by_mouth.txt'))})(?: (?:sodium|potassium))?$")


@cache
def _not_suspects() -> frozenset[str]:
    """Give what is tagged as a drug and is none: "the therapy" does not stand for "creatinine"."""
    return frozenset(load_lines("linking_not_suspects.txt"))


def _is_generic(ent: Span) -> bool:
    """Whether an entity is a general noun ("the drug", "antibiotics", "symptoms") and names nothing."""
    words = re.sub(r"^(?:the|this|these|that|those|an?|his|her) ", "", ent.text.lower())
    for form in (words, words[:-1] if words.endswith("s") else words):
        if form in _nouns() or form in _not_suspects():
            return True
    return bool(class_of(ent.text))


def _preferred(antecedents: tuple[Span, ...], salient: str) -> tuple[Span, ...]:
    """One drug of a sentence: the one that the report is about, else the last one named."""
    about = [ent for ent in antecedents if ent.text.lower() == salient]
    return tuple(about[:1]) or antecedents[:1]


def _place(span: Span) -> dict[str, int | str]:
    return {"start": span.start_char, "end": span.end_char, "text": span.text}
