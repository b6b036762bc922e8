"""Labels, enumerations and frozen value objects that pass between the stages.

Offsets are character offsets into the text of the report as read, half-open. The columns of the triples CSV
are the fields of `Triple`, in their order, and are written down nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, TypeVar

_Value = TypeVar("_Value", bound="ValueObject")


class StrEnum(str, Enum):
    """An enumeration whose members are their own text (Python 3.11 has it built in)."""

    def __str__(self) -> str:
        return str(self.value)


class Label(StrEnum):
    """Entity labels of ``doc.ents``."""

    DRUG = "DRUG"  # a substance, brand, vaccine, or class name used for one
    DOSE = "DOSE"  # an amount of a drug, with its unit
    SYMPTOM = "SYMPTOM"  # sign, symptom, diagnosis, laboratory abnormality: whatever can be a reaction
    BODY_SITE = "BODY_SITE"
    TIME = "TIME"  # a time expression of any TIMEX3 type
    ROUTE = "ROUTE"
    FREQUENCY = "FREQUENCY"
    AGE = "AGE"
    SEX = "SEX"
    PROCEDURE = "PROCEDURE"  # diagnostic or therapeutic


class RoleLabel(StrEnum):
    """Labels of ``doc.spans["roles"]``: what a span does in a drug event, by PHEE's scheme."""

    DRUG = "Drug"
    EFFECT = "Effect"
    TIME_ELAPSED = "Time_elapsed"
    DOSAGE = "Dosage"
    ROUTE = "Route"
    FREQ = "Freq"
    DURATION = "Duration"
    DISORDER = "Disorder"
    AGE = "Age"
    GENDER = "Gender"
    POPULATION = "Population"


class Zone(StrEnum):
    """Article zones."""

    TITLE = "title"
    ABSTRACT = "abstract"
    INTRODUCTION = "introduction"
    CASE = "case"
    DISCUSSION = "discussion"
    CONCLUSION = "conclusion"
    CAPTION = "caption"
    TABLE = "table"
    REFERENCES = "references"
    BACK_MATTER = "back_matter"  # acknowledgements, funding, consent, competing interests
    BODY = "body"  # text under no heading that tells


class TimexType(StrEnum):
    """TIMEX3 types (ISO-TimeML)."""

    DATE = "DATE"
    TIME = "TIME"
    DURATION = "DURATION"
    SET = "SET"


class Assertion(StrEnum):
    """Did it happen, by what the text says of it?"""

    AFFIRMED = "affirmed"
    POSSIBLE = "possible"
    NEGATED = "negated"
    HYPOTHETICAL = "hypothetical"


class Attribution(StrEnum):
    """Whose reaction is it?"""

    INDEX_PATIENT = "index_patient"
    OTHER_CASE = "other_case"
    BACKGROUND = "background"
    EXCLUDED = "excluded"
    TREATMENT = "treatment"
    INDICATION = "indication"


class Role(StrEnum):
    """The part of the drug in the pair."""

    SUSPECT = "suspect"
    INTERACTING = "interacting"
    CONCOMITANT = "concomitant"
    TREATMENT = "treatment"


class OnsetAnchor(StrEnum):
    """What the onset is counted from."""

    FIRST_DOSE = "first_dose"
    LAST_DOSE = "last_dose"
    NTH_DOSE = "nth_dose"
    START = "start"
    STOP = "stop"
    DOSE_CHANGE = "dose_change"
    UNSPECIFIED = "unspecified"


class OnsetBasis(StrEnum):
    """How the onset was found."""

    EXPRESSION = "expression"
    DATES = "dates"
    DAY_NUMBERS = "day_numbers"
    INFERRED = "inferred"


class Outcome(StrEnum):
    """Outcome of the reaction (the values of E2B(R3) E.i.7)."""

    RECOVERED = "recovered"
    RECOVERING = "recovering"
    NOT_RECOVERED = "not_recovered"
    SEQUELAE = "sequelae"
    FATAL = "fatal"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """Action taken with the drug (the values of E2B(R3) G.k.8)."""

    WITHDRAWN = "withdrawn"
    REDUCED = "reduced"
    INCREASED = "increased"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"


class Challenge(StrEnum):
    """Result of stopping the drug (dechallenge) or of giving it again (rechallenge)."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NOT_DONE = "not_done"
    UNKNOWN = "unknown"


class Decision(StrEnum):
    """What a reader decided about a row of the reaction database."""

    RIGHT = "right"
    WRONG = "wrong"
    UNSURE = "unsure"


class ValueObject:
    """Mixin: to and from the plain dicts that extension attributes hold."""

    def to_dict(self) -> dict[str, Any]:
        """Give plain values: enumerations as their text, nested objects as dicts."""
        plain = dict(vars(self))
        for name, value in plain.items():
            if type(value) not in _SIMPLE:
                plain[name] = _plain(value)
        return plain

    @classmethod
    def from_dict(cls: type[_Value], data: dict[str, Any]) -> _Value:
        """Rebuild the object; the inverse of `to_dict`."""
        return cls(**data)


_SIMPLE = frozenset((bool, float, int, str, type(None)))


def _plain(value: Any) -> Any:
    # `dataclasses.asdict` copies deeply, which took a tenth of the time of the rules
    if type(value) in _SIMPLE:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, ValueObject):
        return value.to_dict()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(map(_plain, value))
    return value


@dataclass(frozen=True, kw_only=True)
class Cue(ValueObject):
    """The words that decided something, kept so that a reader sees why.

    ``rule`` names the entry of the lexicon or the rule that fired.
    """

    text: str
    start: int
    end: int
    rule: str = ""


@dataclass(frozen=True, kw_only=True)
class Mention(ValueObject):
    """A span of the report with a label."""

    text: str
    start: int
    end: int
    label: str


@dataclass(frozen=True, kw_only=True)
class TimeExpression(ValueObject):
    """A normalised time expression.

    Attributes
    ----------
    type
        TIMEX3 type.
    value
        ISO 8601 value in TIMEX3 notation (``P3W``, ``2019-05-03``, ``XXXX-05-03``, ``PXD`` when vague).
    min, max
        For durations: bounds as ISO 8601 durations, equal for a point; "" when the expression sets none.
    approximate
        "about", "a few", "several", "shortly" …
    relation
        Where the expression lies from its reference: "after" ("two days later"), "before" ("two days
        earlier"), "within" ("within 48 h"), "for" ("for 14 days"), "at" ("on day 8") or "".
    reference
        What it is relative to: "admission", "treatment", "dose", "birth" (an age), "previous" (the event
        told before), "document" or "".
    ordinal
        8 for "on day 8", 2 for "after the second dose".
    mod
        TIMEX3 ``mod``: "APPROX", "LESS_THAN", "MORE_THAN", "START", "MID", "END" …
    rule
        Name of the rule that matched.
    """

    type: TimexType
    value: str
    min: str = ""
    max: str = ""
    approximate: bool = False
    relation: str = ""
    reference: str = ""
    ordinal: int | None = None
    mod: str = ""
    rule: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", TimexType(self.type))


@dataclass(frozen=True, kw_only=True)
class Dose(ValueObject):
    """A normalised dose.

    ``value_min`` and ``value_max`` are equal for a single amount. ``unit`` is UCUM (``mg/m2``, ``mg/kg/d``).
    ``per_day`` is the number of administrations a day; ``ordinal`` the number of the dose ("second dose").
    """

    text: str
    start: int
    end: int
    value_min: float | None = None
    value_max: float | None = None
    unit: str = ""
    route: str = ""
    form: str = ""
    frequency: str = ""
    per_day: float | None = None
    ordinal: int | None = None
    total: bool = False
    overdose: bool = False
    rule: str = ""


@dataclass(frozen=True, kw_only=True)
class Onset(ValueObject):
    """Time from exposure to reaction.

    ``min`` and ``max`` are ISO 8601 durations (equal for a point; "" when the text gives no number), the
    hours the same as numbers. ``text``, ``start`` and ``end`` are the verbatim expression and its place.
    """

    text: str
    start: int
    end: int
    min: str = ""
    max: str = ""
    hours_min: float | None = None
    hours_max: float | None = None
    approximate: bool = False
    anchor: OnsetAnchor = OnsetAnchor.UNSPECIFIED
    ordinal: int | None = None
    basis: OnsetBasis = OnsetBasis.EXPRESSION
    rule: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "anchor", OnsetAnchor(self.anchor))
        object.__setattr__(self, "basis", OnsetBasis(self.basis))


@dataclass(frozen=True, kw_only=True)
class Term(ValueObject):
    """A normalised drug or event.

    ``code`` carries the prefix of its system (``MESH:``, ``DRUGBANK:``, ``ATC:``, ``HP:``); ``source`` is the
    terminology the name comes from; ``score`` in 0–1 says how far the mention is from the name.
    """

    name: str
    code: str
    source: str
    score: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Course(ValueObject):
    """What became of a reaction, and of the drug; each value with the words that decided, None where unknown."""

    outcome: Outcome = Outcome.UNKNOWN
    action: Action = Action.UNKNOWN
    dechallenge: Challenge = Challenge.UNKNOWN
    rechallenge: Challenge = Challenge.UNKNOWN
    outcome_cue: Cue | None = None
    action_cue: Cue | None = None
    dechallenge_cue: Cue | None = None
    rechallenge_cue: Cue | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "outcome", Outcome(self.outcome))
        object.__setattr__(self, "action", Action(self.action))
        object.__setattr__(self, "dechallenge", Challenge(self.dechallenge))
        object.__setattr__(self, "rechallenge", Challenge(self.rechallenge))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Course:
        """Rebuild a course from plain values."""
        cues = {key: Cue(**value) for key, value in data.items() if key.endswith("_cue") and value}
        return cls(**{**data, **cues})


@dataclass(frozen=True, kw_only=True)
class Section(ValueObject):
    """A stretch of the report: ``start`` is where its heading begins, ``body_start`` where its text does."""

    zone: Zone
    start: int
    body_start: int
    end: int
    heading: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", Zone(self.zone))


@dataclass(frozen=True, kw_only=True)
class Patient(ValueObject):
    """A patient of the report, with the stretch of text that is about this patient.

    ``patient_id`` is "1" for the index patient of a single report, "1", "2" … in a series. ``age_unit`` is
    UCUM: a, mo, wk, d. ``sex`` is "female", "male" or "".
    """

    patient_id: str
    age: float | None = None
    age_unit: str = ""
    sex: str = ""
    start: int = 0
    end: int = 0


@dataclass(frozen=True, kw_only=True)
class Frame(ValueObject):
    """Whom a statement (a sentence, or a clause of one) is about.

    ``attribution`` is index_patient, other_case or background. ``cue`` holds the words that decided, None
    where only the place in the report did. ``patient_id`` tells the patients of a series apart and is "" for
    other_case and background. ``score`` in 0-1 says how sure the rule is; below 0.5 it is a default only.
    """

    start: int
    end: int
    attribution: Attribution
    cue: Cue | None = None
    patient_id: str = ""
    rule: str = ""
    score: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "attribution", Attribution(self.attribution))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Frame:
        """Rebuild a frame from plain values."""
        return cls(**{**data, "cue": Cue(**data["cue"]) if data.get("cue") else None})


@dataclass(frozen=True, kw_only=True)
class Blame(ValueObject):
    """Drugs by what the report as a whole says of them, under the keys by which linking compares names.

    Attributes
    ----------
    blamed
        By any word, whether it names an event or not.
    stopped
        Without a reason given.
    poisons
        Taken as a poison or an overdose; they are among those blamed.
    never_given
        Tagged as drugs, and nothing tells that anybody had them.
    """

    blamed: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    poisons: frozenset[str] = frozenset()
    never_given: frozenset[str] = frozenset()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Blame:
        """Rebuild it from plain values."""
        return cls(**{name: frozenset(keys) for name, keys in data.items()})


@dataclass(frozen=True, kw_only=True)
class Link(ValueObject):
    """A drug–event candidate with everything that was decided about it, accepted or not.

    ``drug`` and ``event`` are mentions; ``score`` is in 0–1 and comparable across rules; ``rule`` names the
    rule that decided and ``cues`` hold the words it saw. ``rejected`` is the reason why no row came of it.
    ``patient_id`` is "" where attribution is background. ``probability`` is what the pair network gives that drug
    and event are a reaction, None where it did not look.
    """

    drug: Mention
    event: Mention
    rule: str
    score: float
    cues: tuple[Cue, ...] = ()
    role: Role = Role.SUSPECT
    attribution: Attribution = Attribution.INDEX_PATIENT
    attribution_cue: Cue | None = None
    assertion: Assertion = Assertion.AFFIRMED
    assertion_cue: Cue | None = None
    patient_id: str = ""
    rejected: str = ""
    probability: float | None = None
    onset: Onset | None = None
    course: Course | None = None

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "role", Role(self.role))
        set_field(self, "attribution", Attribution(self.attribution))
        set_field(self, "assertion", Assertion(self.assertion))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Link:
        """Rebuild a link from plain values."""
        nested = {
            "drug": Mention(**data["drug"]),
            "event": Mention(**data["event"]),
            "cues": tuple(Cue(**cue) for cue in data["cues"]),
        }
        for key, kind in (("attribution_cue", Cue), ("assertion_cue", Cue), ("onset", Onset)):
            nested[key] = kind(**data[key]) if data.get(key) else None
        nested["course"] = Course.from_dict(data["course"]) if data.get("course") else None
        return cls(**{**data, **nested})


@dataclass(frozen=True, kw_only=True)
class Triple(ValueObject):
    """One (drug, event, onset) of one patient in one report: a row of the triples CSV.

    Empty text and None mean "not stated". See the documentation of the columns in ``docs/columns.md``.
    """

    doc_id: str
    triple_id: str
    drug: str
    event: str
    onset: str = ""
    drug_name: str = ""
    drug_code: str = ""
    event_name: str = ""
    event_code: str = ""
    onset_min: str = ""
    onset_max: str = ""
    onset_hours_min: float | None = None
    onset_hours_max: float | None = None
    onset_approximate: bool | None = None
    onset_anchor: str = ""
    onset_anchor_ordinal: int | None = None
    onset_basis: str = ""
    dose: str = ""
    dose_value: float | None = None
    dose_unit: str = ""
    route: str = ""
    frequency: str = ""
    dose_ordinal: int | None = None
    body_sites: str = ""
    role: Role = Role.SUSPECT
    attribution: Attribution = Attribution.INDEX_PATIENT
    assertion: Assertion = Assertion.AFFIRMED
    patient_id: str = ""
    patient_age: float | None = None
    patient_age_unit: str = ""
    patient_sex: str = ""
    outcome: Outcome = Outcome.UNKNOWN
    action: Action = Action.UNKNOWN
    dechallenge: Challenge = Challenge.UNKNOWN
    rechallenge: Challenge = Challenge.UNKNOWN
    confidence: float = 0.0
    rule: str = ""
    section: str = ""
    sentence: str = ""
    drug_start: int
    drug_end: int
    event_start: int
    event_end: int
    onset_start: int | None = None
    onset_end: int | None = None
    model: str = ""
    version: str = ""
    # The other places where the same reaction is told: pairs of offsets (drug, event). Not a column.
    mentions: tuple[tuple[int, int, int, int], ...] = field(default=(), metadata={"column": False})

    def __post_init__(self) -> None:
        for name, kind in _TRIPLE_ENUMS.items():
            object.__setattr__(self, name, kind(getattr(self, name)))
        object.__setattr__(self, "mentions", tuple(tuple(place) for place in self.mentions))

    @property
    def happened(self) -> bool:
        """Whether the row is about a patient and not negated or hypothetical: what the file holds by default."""
        return self.attribution in (Attribution.INDEX_PATIENT, Attribution.OTHER_CASE) and self.assertion in (
            Assertion.AFFIRMED,
            Assertion.POSSIBLE,
        )


_TRIPLE_ENUMS: dict[str, type[StrEnum]] = {
    "role": Role,
    "attribution": Attribution,
    "assertion": Assertion,
    "outcome": Outcome,
    "action": Action,
    "dechallenge": Challenge,
    "rechallenge": Challenge,
}

COLUMNS: tuple[str, ...] = tuple(f.name for f in fields(Triple) if f.metadata.get("column", True))
