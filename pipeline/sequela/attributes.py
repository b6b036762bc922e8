"""The extension attributes, registered in one place, and the typed functions that read and write them.

Attributes hold plain values only, so that they survive ``doc.to_bytes()`` and ``n_process=2``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from spacy.tokens import Doc, Span

from sequela.schema import (
    Assertion,
    Attribution,
    Blame,
    Course,
    Cue,
    Dose,
    Frame,
    Link,
    Mention,
    Onset,
    Patient,
    Section,
    Term,
    TimeExpression,
    Triple,
    ValueObject,
)

Value = TypeVar("Value", bound=ValueObject)

_DOC_ATTRIBUTES: dict[str, Any] = {
    "meta": None,  # what the reader knows: doc_id, publication_date (ISO), title …
    "sections": None,
    "patients": None,
    "frames": None,  # whom each statement is about
    "links": None,
    "blame": None,  # which drugs the report blames, as linking read it
    "triples": None,
    "mention_codes": None,  # [{"start", "end", "name", "code" …}] of linked mentions that are no entity as it stands
}
_SPAN_ATTRIBUTES: dict[str, Any] = {
    "timex": None,  # TIME
    "dose": None,  # DOSE
    "assertion": None,  # SYMPTOM, DRUG: {"value": …, "cue": {…}}
    "attribution": None,  # SYMPTOM, DRUG: {"value": …, "cue": {…}}
    "refers_to": None,  # anaphor → {"start", "end", "text", "rule"} of its antecedent
    "code": None,  # normalised {"name", "code", "source", "score"}
    "tagged_by": None,  # which head or lexicon found the entity, and the score
}


def register() -> None:
    """Register every extension attribute. Called by `sequela.build`; calling it again changes nothing."""
    for owner, attributes in ((Doc, _DOC_ATTRIBUTES), (Span, _SPAN_ATTRIBUTES)):
        for name, default in attributes.items():
            if not owner.has_extension(name):
                owner.set_extension(name, default=default)


def get_meta(doc: Doc) -> dict[str, str]:
    """Give what the reader knows of the report; empty when the Doc was made from bare text."""
    return dict(doc._.meta or {})


def set_meta(doc: Doc, meta: dict[str, str]) -> None:
    """Keep what the reader knows of the report."""
    doc._.meta = dict(meta)


def get_sections(doc: Doc) -> list[Section]:
    """Sections in the order of the text; they cover it without a gap."""
    return [Section(**item) for item in doc._.sections or ()]


def set_sections(doc: Doc, sections: list[Section]) -> None:
    """Keep the sections."""
    doc._.sections = [section.to_dict() for section in sections]


def get_patients(doc: Doc) -> list[Patient]:
    """Patients of the report in the order of the text."""
    return [Patient(**item) for item in doc._.patients or ()]


def set_patients(doc: Doc, patients: list[Patient]) -> None:
    """Keep the patients."""
    doc._.patients = [patient.to_dict() for patient in patients]


class _Objects(Generic[Value]):
    """Plain values of a Doc with the objects that were made of them: many stages ask for all of a report."""

    def __init__(self, name: str, read: Callable[[dict[str, Any]], Value]) -> None:
        self._name, self._read = name, read
        self._known: WeakKeyDictionary[Doc, tuple[list[dict[str, Any]], list[Value]]] = WeakKeyDictionary()

    def get(self, doc: Doc) -> list[Value]:
        """Give the objects in their order."""
        return list(self._both(doc)[1])

    def _both(self, doc: Doc) -> tuple[list[dict[str, Any]], list[Value]]:
        """Plain values and objects; these are made anew where the Doc holds other values than those that are known."""
        plain = getattr(doc._, self._name) or []
        known = self._known.get(doc)
        if known is None or known[0] is not plain:
            known = self._known[doc] = (plain, [self._read(item) for item in plain])
        return known

    def set(self, doc: Doc, values: list[Value]) -> None:
        """Keep the objects, and their plain values in the Doc."""
        plain = [value.to_dict() for value in values]
        setattr(doc._, self._name, plain)
        self._known[doc] = (plain, list(values))

    def set_field(self, doc: Doc, field: str, found: Mapping[int, ValueObject | None]) -> None:
        """Keep a field of some objects, by their number."""
        plain, objects = self._both(doc)
        for number, value in found.items():
            plain[number][field] = value.to_dict() if value else None
            objects[number] = replace(objects[number], **{field: value})  # type: ignore[type-var]


_FRAMES = _Objects("frames", Frame.from_dict)
_LINKS = _Objects("links", Link.from_dict)


def get_frames(doc: Doc) -> list[Frame]:
    """Whom each statement is about: frames in the order of the text, which do not overlap."""
    return _FRAMES.get(doc)


def set_frames(doc: Doc, frames: list[Frame]) -> None:
    """Keep the frames."""
    _FRAMES.set(doc, frames)


def get_links(doc: Doc) -> list[Link]:
    """Every drug–event candidate, the rejected ones too."""
    return _LINKS.get(doc)


def set_links(doc: Doc, links: list[Link]) -> None:
    """Keep the candidates."""
    _LINKS.set(doc, links)


def get_blame(doc: Doc) -> Blame:
    """Which drugs the report blames; none where no rule has looked."""
    return Blame.from_dict(doc._.blame or {})


def set_blame(doc: Doc, blame: Blame) -> None:
    """Keep which drugs the report blames."""
    doc._.blame = blame.to_dict()


def get_accepted_links(doc: Doc) -> dict[int, Link]:
    """Candidates that were not rejected, by their number among all."""
    return {number: link for number, link in enumerate(get_links(doc)) if not link.rejected}


def set_onsets(doc: Doc, onsets: dict[int, Onset | None]) -> None:
    """Keep the onsets of candidates, by their number among all."""
    _LINKS.set_field(doc, "onset", onsets)


def set_courses(doc: Doc, courses: dict[int, Course]) -> None:
    """Keep the courses of candidates, by their number among all."""
    _LINKS.set_field(doc, "course", courses)


def get_triples(doc: Doc) -> list[Triple]:
    """Every row of the report, background, negated and hypothetical ones too."""
    return [Triple(**item) for item in doc._.triples or ()]


def set_triples(doc: Doc, triples: list[Triple]) -> None:
    """Keep the rows."""
    doc._.triples = [triple.to_dict() for triple in triples]


def get_linked_mentions(doc: Doc, kind: str) -> set[Mention]:
    """Give the mentions of all candidates, the rejected ones too; ``kind`` is "drug" or "event"."""
    return {getattr(link, kind) for link in get_links(doc)}


def _kept(span: Span, name: str) -> Any:
    """Give what an attribute of a span holds, None where it was never set.

    ``span._`` makes an object for each look-up and takes five times as long. This is the key under which spaCy 3 keeps
    attributes, and writes them to bytes.
    """
    user_data: dict[Any, Any] = span.doc.user_data
    return user_data.get(("._.", name, span.start_char, span.end_char))


def get_timex(span: Span) -> TimeExpression | None:
    """Give the normalised value of a time expression; None where it has none."""
    plain = _kept(span, "timex")
    return TimeExpression(**plain) if plain else None


def set_timex(span: Span, value: TimeExpression) -> None:
    """Keep the value of a time expression."""
    span._.timex = value.to_dict()


def get_dose(span: Span) -> Dose | None:
    """Give the normalised value of a dose; None where it has none."""
    plain = _kept(span, "dose")
    return Dose(**plain) if plain else None


def set_dose(span: Span, value: Dose) -> None:
    """Keep the value of a dose."""
    span._.dose = value.to_dict()


def get_code(span: Span) -> Term | None:
    """Give the normalised drug or event; None where it has no code."""
    plain = _kept(span, "code")
    return Term(**plain) if plain else None


def set_code(span: Span, value: Term) -> None:
    """Keep the normalised drug or event."""
    span._.code = value.to_dict()


def get_mention_codes(doc: Doc) -> dict[tuple[int, int], Term]:
    """Give the terms of linked mentions that are no entity as it stands, by their offsets."""
    return {
        (item["start"], item["end"]): Term(**{k: v for k, v in item.items() if k not in ("start", "end")})
        for item in doc._.mention_codes or ()
    }


def set_mention_codes(doc: Doc, terms: dict[tuple[int, int], Term]) -> None:
    """Keep the terms of linked mentions that are no entity as it stands."""
    doc._.mention_codes = [
        {"start": start, "end": end, **term.to_dict()} for (start, end), term in terms.items()
    ]


def get_reference(span: Span) -> dict[str, Any] | None:
    """Give what an anaphor or an abbreviation refers to: place, text, the rule, and ``others`` meant with it."""
    found: dict[str, Any] | None = _kept(span, "refers_to")
    return found


def get_assertion(span: Span) -> tuple[Assertion, Cue | None]:
    """Give the assertion of an entity and its cue; affirmed without a cue where nothing was found."""
    found = _kept(span, "assertion")
    return (Assertion(found["value"]), _cue(found)) if found else (Assertion.AFFIRMED, None)


def set_assertion(span: Span, value: Assertion, cue: Cue | None) -> None:
    """Keep the assertion of an entity."""
    span._.assertion = {"value": value.value, "cue": cue.to_dict() if cue else None}


def get_attribution(span: Span) -> tuple[Attribution, Cue | None]:
    """Whom an entity is about, and the cue; the index patient where nothing was found."""
    found = _kept(span, "attribution")
    return (Attribution(found["value"]), _cue(found)) if found else (Attribution.INDEX_PATIENT, None)


def set_attribution(span: Span, value: Attribution, cue: Cue | None) -> None:
    """Keep whom an entity is about."""
    span._.attribution = {"value": value.value, "cue": cue.to_dict() if cue else None}


def _cue(found: dict[str, Any]) -> Cue | None:
    return Cue(**found["cue"]) if found.get("cue") else None
