"""Rules that read an onset from one time expression near the event."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from sequela.components.time.anchors import Anchor, find_dose_ordinal, read_anchor
from sequela.components.time.onset_checks import (
    EXPOSURE,
    SHORT_PHRASE,
    WINDOW,
    comes_later,
    distance_cost,
    is_given_again,
    is_noun_of_exposure,
    is_recovery,
    leads,
    tells_of_death,
    tells_of_stopping,
)
from sequela.components.time.scene import Place, Scene, Time
from sequela.components.time.words import any_of, whole, words
from sequela.durations import to_hours
from sequela.lexicons.loader import load_lines
from sequela.schema import Link, Onset, OnsetAnchor, OnsetBasis, TimeExpression, TimexType

_COUNT = re.compile(
    r"(?:just |only |about |a total of )?(?!after\b|following\b|first\b|second\b|third\b)[\w-]+ [\w -]*s$",
    re.IGNORECASE,
)
_AT_COUNT = re.compile(r"\b(?:after|following|during|on|at|upon)\s(?:[\w-]+\s){0,3}$", re.IGNORECASE)
_STOPPED_BEFORE = re.compile(rf"\b{any_of('stopped')}\s+$", re.IGNORECASE)
_CLAUSE_END = re.compile(
    r"[,;:)](?=\s|$)|(?<!\.[a-z])\.(?=\s|$)|\s(?:and|but|which|who|when|while|whereas|because|he|she|they)\s"
)
_DOSE_OF_THE_DAY = re.compile(rf"\s+{any_of('given_dose')}\b")
_MODAL = whole("modal")
_COORDINATION = re.compile(
    r"[\s,/+()&-]*(?:(?:and|plus|with|or|to|followed by|combined|then)\b[\s(-]*)?(?:[\w-]+[\s,/+()&-]*){0,2}$"
)
_GOES_ON = whole("goes_on")
_GIVEN_FOR = re.compile(r"\bfor\s(?:[\w-]+\s){0,3}$")
_CYCLE = re.compile(r"\s*of (?:an?|each|every) (?:[\w-]+ ){0,2}?cycles?\b", re.IGNORECASE)
_COMPLAINT = whole("complaint")
_SHARES = re.compile(r",?\s+(?:and|or|,)\s", re.IGNORECASE)
_EXPOSURE_NEAR = 60  # characters from a time to the drug that was begun then
_REMAINS = re.compile(r"\bremain(?:s|ed)?\s(?:\w+\s)?(?:in|well|free|asymptomatic|stable)\b", re.IGNORECASE)
_AND = re.compile(r",?\s+(?:and|but)\b")
_BEGAN = re.compile(r"\s(?:\w+\s){0,2}(?:began|started|commenced|set in|ensued|followed)\b", re.IGNORECASE)
_LED_TO = re.compile(rf"\b{any_of('then')}\b[^.;]{{0,30}}$", re.IGNORECASE)
_OPERATED = whole("operated")
_WHEN = re.compile(r",?\s+(?:when|before)\b")
_AFTER = re.compile(
    r"(?:,? respectively)?,?[\s(-]*(?:after|following|post|since|into|from(?! \d))\b[\s-]*"
    r"|[\s-]*post(?=[a-z])",
    re.IGNORECASE,
)
_OF = re.compile(
    r"['’]?\s*(?:or (?:more|less) )?"
    r"(?:period |course |cycle |interval |(?:of )?(?:continuous |uneventful )?)?(?:of|on|with|from)\b"
    r"|['’]?[\s-]+"
    rf"(?=(?:[a-z-]+ ){{0,2}}{any_of('use')}\b)",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"[\s-]*(?:before|prior to|previously|earlier|preceding|previous to|prior)\b", re.IGNORECASE
)
_LED_BY_AFTER = re.compile(
    r"\b(?:after|following|upon|at|into)"
    r"(?:\s+(?:an?|the|his|her|just|only|approximately|about|total|of|mean|initial|another)){0,4}\s*$",
    re.IGNORECASE,
)
_INTERVAL = whole("interval")
_PRONOUN = whole("drug_pronoun")
_INFUSED_OVER = re.compile(
    r"(?:\b(?:mg|g|ml|mcg|µg|iu|units?|doses?|kg|m2|infus\w+|injected)\b[^.;]{0,15}|\d )over\s*$",
    re.IGNORECASE,
)
_OVER = re.compile(r"\bover\s*$", re.IGNORECASE)
_BEGINS_OVER = re.compile(r"over\b", re.IGNORECASE)
_PAUSED = re.compile(rf"\b{any_of('paused')}\b[^.;]{{0,30}}$", re.IGNORECASE)
_CARDINAL_EVENT = re.compile(
    rf"\s*(?:the |this |that |his |her |their |these )?(?:[a-z-]+ ){{0,2}}?{any_of('event_noun')}\b|\s*(?:$|[,.;)])",
    re.IGNORECASE,
)
_USE_NEAR = re.compile(rf".{{0,40}}\b{any_of('use')}\b")
NAMES_EXPOSURE = frozenset({"after_exposure", "after_exposure_word", "exposure_before"})
# What is told to have happened some time before the event. An intake told so is the latest one.
_BACKWARD_ANCHORS = {
    "start": OnsetAnchor.START,
    "give": OnsetAnchor.LAST_DOSE,
    "stop": OnsetAnchor.STOP,
    "change": OnsetAnchor.DOSE_CHANGE,
    "again": OnsetAnchor.LAST_DOSE,
}
_MAY_BE_AGAIN = frozenset({OnsetAnchor.START, OnsetAnchor.UNSPECIFIED, OnsetAnchor.FIRST_DOSE})
_UNNAMED = frozenset(words("unnamed"))
_SAME_SENTENCE = 120  # characters in which "the steroid … we ascribe to prednisone" may follow
_LOWEST = 0.3  # a weaker reading is no onset


@dataclass(frozen=True)
class Candidate:
    """A reading of a time expression as the onset of a pair."""

    time: Time
    score: float
    anchor: Anchor
    rule: str
    basis: OnsetBasis = OnsetBasis.EXPRESSION


def find_direct(scene: Scene, link: Link) -> Candidate | None:
    """Find the best reading of a time expression in the sentences of the pair as its onset."""
    first = scene.sentence_of(min(link.drug.start, link.event.start))
    last = scene.sentence_of(max(link.drug.end - 1, link.event.end - 1))
    if last - first > 3:
        first = last = scene.sentence_of(link.event.start)
    start, end = scene.sentences[first][0], scene.sentences[last][1]
    candidates = []
    for time in scene.times_near(start, end, link.event.start):
        if not _is_of_event(scene, link, time):
            continue
        candidate = read_candidate(scene, link, time)
        if candidate and candidate.score >= _LOWEST:
            candidates.append(candidate)
    return max(candidates, key=lambda item: item.score, default=None)


def _is_of_event(scene: Scene, link: Link, time: Time) -> bool:
    """Whether a time may tell of the event: of its sentence, or of one beside it that names no other."""
    here, there = scene.sentence_of(link.event.start), scene.sentence_of(time.start)
    if here == there:
        return True
    if abs(here - there) != 1:
        return False
    sentence = scene.sentences[there]
    return all(
        _names_no_sign(one) or _GIVEN_FOR.search(scene.text, sentence[0], one.start)
        for one in scene.symptoms_between(*sentence)
    )


def _names_no_sign(symptom: Place) -> bool:
    """Whether an event says only that there was one: "the reaction", "clinical deterioration"."""
    return symptom.text.lower().rpartition(" ")[2] in _UNNAMED


def find_dose_count(scene: Scene, link: Link) -> Onset | None:
    """Find "after the second dose" in the sentence of the event: a place in the treatment, no length."""
    start, end = scene.sentences[scene.sentence_of(link.event.start)]
    if not start <= link.drug.start < end:
        return None
    found = find_dose_ordinal(scene.text[start:end])
    if found is None:
        return None
    place = (start + found[0], start + found[1])
    near = scene.times_between(max(start, place[0] - SHORT_PHRASE), place[1])
    if any(time.value.value and time.end >= place[0] - 1 for time in near):
        return None  # "four days after the second dose" was read, and is of something else
    following = scene.drugs_between(place[1], place[1] + 40)
    if following and not any(_is_own(drug, link) for drug in following):
        return None
    return Onset(
        text=scene.text[slice(*place)],
        start=place[0],
        end=place[1],
        anchor=found[2].kind,
        ordinal=found[2].ordinal,
        rule="dose_count",
    )


def to_onset(candidate: Candidate) -> Onset:
    """Write a candidate as an onset."""
    time, value = candidate.time, candidate.time.value
    return Onset(
        text=time.text,
        start=time.start,
        end=time.end,
        min=value.min,
        max=value.max,
        hours_min=to_hours(value.min),
        hours_max=to_hours(value.max),
        approximate=value.approximate,
        anchor=candidate.anchor.kind,
        ordinal=candidate.anchor.ordinal,
        basis=candidate.basis,
        rule=candidate.rule,
    )


def read_candidate(scene: Scene, link: Link, time: Time) -> Candidate | None:
    """Read one time expression as the onset of the pair; None where it is about something else."""
    value = time.value
    if value.type is not TimexType.DURATION or value.reference in ("birth", "history", "document"):
        return None
    if value.ordinal == 0:
        return None  # "on day 0" is what others are counted from
    if time.start <= link.event.start < time.end or time.start <= link.drug.start < time.end:
        return None
    sentence = scene.sentences[scene.sentence_of(time.start)]
    if _REMAINS.search(scene.text, max(sentence[0], time.start - 80), min(sentence[1], time.end + 160)):
        return None
    if tells_of_stopping(scene, link, time, sentence) or tells_of_death(scene, link, time, sentence):
        return None
    tail = scene.text[time.end : min(sentence[1], time.end + WINDOW)]
    head = scene.text[max(sentence[0], time.start - WINDOW) : time.start]
    reading = _by_following_words(scene, link, time, head, tail, sentence)
    if reading is None:
        return None
    rule, base, anchor, basis = reading
    if not value.value and value.ordinal and anchor.kind is not OnsetAnchor.STOP:
        kind = OnsetAnchor.FIRST_DOSE if value.ordinal == 1 else OnsetAnchor.NTH_DOSE
        anchor = Anchor(kind, value.ordinal)
    if anchor.kind in _MAY_BE_AGAIN and is_given_again(scene, time, named=rule == "after_exposure"):
        anchor = Anchor(OnsetAnchor.LAST_DOSE)
    score = base - distance_cost(scene, link, time)
    if rule not in NAMES_EXPOSURE:
        score -= 0.1 * max(scene.sentence_of(time.start) - scene.sentence_of(link.drug.start), 0)
    if not value.value:
        score -= 0.2  # where a number stands beside the cycle, it is the onset
    if is_recovery(scene, link, time, sentence):
        score -= 0.7
    if comes_later(scene, link, time):
        score -= 0.7
    if value.relation == "at" and value.ordinal and value.value.endswith("D") and not _AFTER.match(tail):
        basis = OnsetBasis.DAY_NUMBERS  # "on day 8 of treatment"
    return Candidate(time, score, anchor, rule, basis)


_Reading = tuple[str, float, Anchor, OnsetBasis]


def _by_following_words(
    scene: Scene, link: Link, time: Time, head: str, tail: str, sentence: tuple[int, int]
) -> _Reading | None:
    value = time.value
    expression = OnsetBasis.EXPRESSION
    after = _AFTER.match(tail) or (
        re.search(r"(?:after|following)$", time.text, re.IGNORECASE) and re.match("", tail)
    )
    if value.relation == "at" and _DOSE_OF_THE_DAY.match(tail):
        return None  # "his day 8 infusion" names a dose
    if after and value.reference in ("admission", "operation") and after.group().startswith(","):
        return None  # "On hospital day 5, following …"
    if after:
        return _after_anchor(scene, link, time, after.end(), tail)
    if value.rule == "vague" and not _tells_of_event(scene, link, time):
        return None
    if value.relation == "before" or _BEFORE.match(tail):
        return _backward(scene, link, time, tail, sentence)
    of = _OF.match(tail)
    led = bool(_LED_BY_AFTER.search(head))
    if _CYCLE.match(tail):
        return None  # "on days 1 to 14 of each cycle" is a schedule
    if not value.value and value.ordinal and _COUNT.match(time.text) and not (led or _AT_COUNT.search(head)):
        return None  # "received 3 cycles" tells how many there were
    if (
        value.relation in ("within", "at")
        or led
        or (value.relation == "after" and value.reference != "previous")
    ):
        if of:
            reading = _after_anchor(scene, link, time, of.end(), tail, weak=not led)
            if reading or value.reference in ("admission", "operation"):
                return reading
            if _is_of_something_else(scene, link, time, of.end(), tail):
                return None
        if value.reference in ("admission", "operation") and value.relation == "at":
            return None
        here = sentence[0] <= link.event.start < sentence[1]
        led_by = _LED_BY_AFTER.search(head)
        if led_by and link.event.start < time.start and _STOPPED_BEFORE.search(head[: led_by.start()]):
            return None  # "was stopped after 16 weeks because of …"
        if not here or (value.relation == "within" and value.reference == "previous" and not of):
            return None  # told of something else; "the same day" moves the story
        if value.relation == "at" and value.ordinal and not (of or led):
            return _ordinal_alone(scene, link, time, sentence)
        if link.drug.start < time.start:
            kind = Anchor(OnsetAnchor.START)
            if not value.value and value.ordinal:
                kind = Anchor(OnsetAnchor.NTH_DOSE, value.ordinal)
            return ("after_time" if led else f"{value.relation}_time", 0.75, kind, expression)
        return None
    shared = _shared_anchor(scene, link, time, tail)
    if shared:
        return shared
    if not value.value and value.ordinal:  # the third cycle
        return ("nth_cycle", 0.6, Anchor(OnsetAnchor.NTH_DOSE, value.ordinal), expression)
    if value.relation == "after":
        return _later(scene, link, time)
    if _INTERVAL.search(head) and re.search(r"\b(?:was|were|of|is|:|\()\s*$", head):
        begun = any(cue.kind == "start" for cue in scene.cues_between(time.start - len(head), time.start))
        anchor = OnsetAnchor.START if begun else OnsetAnchor.UNSPECIFIED
        return ("interval", 0.7, Anchor(anchor), expression)
    if value.relation == "for":
        return _exposure(scene, link, time, head, tail, sentence)
    if of and _USE_NEAR.match(tail):
        reading = _after_anchor(scene, link, time, of.end(), tail, weak=True)
        if reading:
            return reading
    return None


def _shared_anchor(scene: Scene, link: Link, time: Time, tail: str) -> _Reading | None:
    """Read the first time of "rash two days and fever three weeks after starting X"."""
    others = scene.times_between(time.end, time.end + SHORT_PHRASE + 20)
    if not others or link.event.start > time.start or time.value.relation or not time.value.value:
        return None
    last = others[0]
    if not (_SHARES.match(tail) and last.end - time.end <= len(tail)):
        return None
    skip = last.end - time.end
    after = _AFTER.match(tail, skip)
    return _after_anchor(scene, link, time, after.end(), tail) if after else None


def _is_of_something_else(scene: Scene, link: Link, time: Time, skip: int, tail: str) -> bool:
    """Whether a length is told of another drug or of the illness: "after months of constitutional symptoms"."""
    start = time.end + skip
    boundary = _CLAUSE_END.search(tail, min(skip + 3, len(tail)))
    end = time.end + (boundary.start() if boundary else len(tail))
    if any(
        not _is_own(drug, link) and not _is_generic(drug, link) for drug in scene.drugs_between(start, end)
    ):
        return True
    if scene.symptoms_between(start, min(end, start + SHORT_PHRASE)):
        return True
    return _COMPLAINT.search(scene.text, start, min(end, start + SHORT_PHRASE)) is not None


def _ordinal_alone(scene: Scene, link: Link, time: Time, sentence: tuple[int, int]) -> _Reading | None:
    """Read "he took X and on day 8 developed Y", where nothing says what the days are counted from."""
    if time.value.min != time.value.max:
        return None
    if not any(cue.kind == "develop" for cue in scene.cues_between(*sentence)):
        return None
    if sentence[0] <= link.drug.start < time.start:
        return ("ordinal_alone", 0.5, Anchor(OnsetAnchor.START), OnsetBasis.DAY_NUMBERS)
    return ("ordinal_alone", 0.4, Anchor(OnsetAnchor.UNSPECIFIED), OnsetBasis.DAY_NUMBERS)


def _tells_of_event(scene: Scene, link: Link, time: Time) -> bool:
    """Whether a bare "immediately" stands beside what happened to the patient."""
    if _MODAL.search(scene.text, max(0, time.start - 60), time.start):
        return False
    cues = scene.cues_between(max(0, time.start - 40), time.end + 40)
    return any(cue.kind == "develop" for cue in cues) and link.event.start > time.start


def _after_anchor(
    scene: Scene, link: Link, time: Time, skip: int, tail: str, *, weak: bool = False
) -> _Reading | None:
    """Read "3 weeks after starting minocycline": what follows must be the exposure."""
    boundary = _CLAUSE_END.search(tail, min(skip + 3, len(tail)))
    start, end = time.end + skip, time.end + (boundary.start() if boundary else len(tail))
    symptoms = scene.symptoms_between(start, end)
    if symptoms:
        end = symptoms[0].start
    phrase = scene.text[start:end]
    cues = scene.cues_between(start, end)
    kinds = [cue.kind for cue in cues]
    anchor = read_anchor(phrase, cues)
    base = 0.8 if weak else 0.9
    drugs = [drug for drug in scene.drugs_between(start, max(end, start + 1)) if not _is_generic(drug, link)]
    own = [drug for drug in drugs if _is_own(drug, link)]
    if own:
        if drugs[0] is not own[0] and not _COORDINATION.match(scene.text[drugs[0].end : own[0].start]):
            return None
        leading = [cue.kind for cue in cues if cue.start < own[0].start]
        if leading[:1] in (["recover"], ["other"]) and not EXPOSURE & set(leading):
            return None
        return ("after_exposure", base, anchor if cues else _start(anchor), OnsetBasis.EXPRESSION)
    if drugs:
        # "after starting X and Y": the phrase goes on behind "and"
        sharing = re.match(r"[\s,]*(?:and|with|plus|,)\s", scene.text[end : end + 60])
        if not (sharing and end <= link.drug.start < end + 60):
            return None
        return ("after_exposure", base - 0.1, _start(anchor), OnsetBasis.EXPRESSION)
    if kinds[:1] and kinds[0] in EXPOSURE:
        return ("after_exposure_word", base - 0.1, _dose_told(scene, link, anchor), OnsetBasis.EXPRESSION)
    if kinds[:1] == ["develop"] and EXPOSURE & set(kinds[:2]):
        return ("after_exposure_word", base - 0.2, anchor, OnsetBasis.EXPRESSION)
    if not kinds and _PRONOUN.match(phrase):
        return ("after_pronoun", base - 0.3, anchor, OnsetBasis.EXPRESSION)
    return None


def _dose_running(scene: Scene, link: Link, time: Time) -> Anchor:
    """Give the dose that ran at the time: "the third infusion of X had been running for an hour when …"."""
    told = read_anchor(scene.text[max(link.drug.start - SHORT_PHRASE, 0) : link.drug.start], ())
    return told if told.ordinal is not None and link.drug.start < time.start else Anchor(OnsetAnchor.START)


def _dose_told(scene: Scene, link: Link, anchor: Anchor) -> Anchor:
    """Give the number of the dose where the sentence of the drug tells it: "his first dose of X"."""
    if anchor.kind is not OnsetAnchor.UNSPECIFIED:
        return anchor
    start, end = scene.sentences[scene.sentence_of(link.drug.start)]
    told = read_anchor(scene.text[max(start, link.drug.start - 60) : min(end, link.drug.end + 60)], ())
    return told if told.ordinal is not None else anchor


def _start(anchor: Anchor) -> Anchor:
    """Give the start of the treatment where the words name no other anchor."""
    return Anchor(OnsetAnchor.START) if anchor.kind is OnsetAnchor.UNSPECIFIED else anchor


def _is_own(place: Place, link: Link) -> bool:
    """Whether a mention is of the drug of the link: the same place, the same word, or a word for it."""
    name = link.drug.text.lower()
    return place.overlaps(link.drug.start, link.drug.end) or name in (place.text.lower(), place.alias.lower())


def _is_generic(place: Place, link: Link) -> bool:
    """Whether a mention names no substance and may stand for the drug of the link: "the antibiotic"."""
    near = link.drug.start < place.start + _SAME_SENTENCE
    return near and not place.alias and place.text.lower() in _generic_drugs()


@cache
def _generic_drugs() -> frozenset[str]:
    return frozenset(load_lines("time_generic_drugs.txt"))


def _backward(scene: Scene, link: Link, time: Time, tail: str, sentence: tuple[int, int]) -> _Reading | None:
    """Read "had started carbamazepine 3 weeks earlier": the exposure lies before the event told."""
    drugs = scene.drugs_between(sentence[0], time.start)
    own = [drug for drug in drugs if _is_own(drug, link)]
    if not own or own[-1] is not drugs[-1]:
        return _backward_leading(scene, link, time, tail, sentence)
    nearest = own[-1]
    if time.start - nearest.end > 60:
        return None
    for symptom in scene.symptoms_between(nearest.end, time.start):
        if not _GIVEN_FOR.search(scene.text, nearest.end, symptom.start):
            return None
    before = _BEFORE.match(tail)
    if before:
        rest = time.end + before.end()
        names_event = any(item.start <= rest + 40 for item in scene.symptoms_between(rest, sentence[1]))
        names_event = names_event and not _AND.match(scene.text, rest)
        if not (names_event or _CARDINAL_EVENT.match(scene.text[rest : sentence[1]])):
            return None
    # Where the event comes first, the words between it and the drug tell of the drug.
    first = link.event.end if sentence[0] <= link.event.end <= nearest.start else sentence[0]
    cues = [cue for cue in scene.cues_between(first, time.start) if cue.kind in EXPOSURE]
    told = [cue.kind for cue in cues if not is_noun_of_exposure(cue)] or [cue.kind for cue in cues]
    if not told:
        return None
    kind = _BACKWARD_ANCHORS[told[-1]]
    if kind is OnsetAnchor.STOP and re.search(r"\badmi(?:ssion|tted)\b", tail):
        return None
    return ("exposure_before", 0.65, Anchor(kind), OnsetBasis.EXPRESSION)


def _backward_leading(
    scene: Scene, link: Link, time: Time, tail: str, sentence: tuple[int, int]
) -> _Reading | None:
    """Read "three weeks before admission he had started X", "two days earlier X had been injected"."""
    start = time.end
    before = _BEFORE.match(tail)
    if before:
        event = _CARDINAL_EVENT.match(tail, before.end())
        start += event.end() if event else before.end()
    if _AND.match(scene.text, start) or not leads(scene, time, sentence):
        return None  # "fever began two days before admission, and X was given"
    drugs = scene.drugs_between(start, min(sentence[1], start + _EXPOSURE_NEAR))
    if not drugs or not _is_own(drugs[0], link) or scene.symptoms_between(start, drugs[0].start):
        return None
    end = scene.times_between(start, sentence[1])
    until = min(sentence[1], drugs[0].end + _EXPOSURE_NEAR, *(other.start for other in end))
    kinds = [cue.kind for cue in scene.cues_between(start, until) if cue.kind in EXPOSURE]
    if not kinds or kinds[0] == "stop":
        return None
    return ("exposure_before", 0.6, Anchor(_BACKWARD_ANCHORS[kinds[0]]), OnsetBasis.EXPRESSION)


def _later(scene: Scene, link: Link, time: Time) -> _Reading | None:
    """Read "X was given. Two days later she developed Y"; a longer chain is left to the narrative."""
    if link.drug.start > time.start:
        return None
    between = scene.times_between(link.drug.end, time.start)
    if any(moves_story(other.value) or runs_until_event(scene, other) for other in between):
        return None
    if link.event.start > time.start and event_told(scene, link.drug.end, time.start):
        return None  # counted from that event
    if given_since(scene, link, link.drug.end, time.start):
        return None
    if link.event.end <= time.start and _GOES_ON.search(scene.text, link.event.end, time.start):
        return None  # "had oedema, which reached the face two days later"
    score = 0.6
    if any(not _is_own(drug, link) for drug in scene.drugs_between(link.drug.end, time.start)):
        score -= 0.1
    cues = [cue.kind for cue in scene.cues_between(link.drug.end, time.start)]
    if "stop" in cues[-2:]:
        return ("later", score, Anchor(OnsetAnchor.STOP), OnsetBasis.EXPRESSION)
    told = scene.text[scene.sentences[scene.sentence_of(link.drug.start)][0] : time.start]
    anchor = read_anchor(told[-200:], ())
    if anchor.kind is OnsetAnchor.UNSPECIFIED:
        anchor = Anchor(OnsetAnchor.START)
    return ("later", score, anchor, OnsetBasis.EXPRESSION)


def event_told(scene: Scene, start: int, end: int) -> bool:
    """Whether the last thing that a stretch tells is that an event began, and not an exposure after it."""
    begun = _last_event(scene, start, end)
    if begun is None:
        return False
    return scene.drugs_between(begun, end) != [] or not any(
        cue.kind in EXPOSURE and not is_noun_of_exposure(cue) for cue in scene.cues_between(begun, end)
    )


def _last_event(scene: Scene, start: int, end: int) -> int | None:
    """Give where the event ends that is told last to have begun: "developed fever", "vomiting began"."""
    symptoms = scene.symptoms_between(start, end)
    begun = [cue for cue in scene.cues_between(start, end) if cue.kind == "develop"]
    if begun and symptoms and symptoms[-1].start >= begun[0].start:
        return symptoms[-1].end
    for symptom in reversed(symptoms):
        began = _BEGAN.match(scene.text, symptom.end, end)
        if began:
            return began.end()
        if _LED_TO.search(scene.text, max(start, symptom.start - SHORT_PHRASE), symptom.start):
            return symptom.end
    return None


def given_since(scene: Scene, link: Link, start: int, end: int) -> bool:
    """Whether a later sentence tells that another drug was given, or of an operation: times count from there."""
    first = scene.sentences[scene.sentence_of(start)][1]
    if _OPERATED.search(scene.text, first, end):
        return True
    for drug in scene.drugs_between(first, end):
        if _is_own(drug, link) or _is_generic(drug, link):
            continue
        sentence = scene.sentences[scene.sentence_of(drug.start)]
        cues = scene.cues_between(sentence[0], min(sentence[1], end))
        if any(cue.kind in ("start", "give") and not is_noun_of_exposure(cue) for cue in cues):
            return True
    return False


def moves_story(value: TimeExpression) -> bool:
    """Whether a time expression sets the time of what is told next: a date, "two days later", "on day 8"."""
    if value.type is TimexType.DURATION:
        return bool(value.min) and (value.relation == "at" or value.reference == "previous")
    return (value.type is TimexType.DATE and value.value[:4].isdigit()) or value.value.startswith("XXXX-")


def runs_until_event(scene: Scene, time: Time) -> bool:
    """Whether a treatment is told up to an event: "had taken X for six weeks when headaches began"."""
    if time.value.relation != "for" or time.value.reference or not time.value.min:
        return False
    if not _WHEN.match(scene.text, time.end):
        return False
    start = scene.sentences[scene.sentence_of(time.start)][0]
    return bool(scene.drugs_between(start, time.start))


def _exposure(
    scene: Scene, link: Link, time: Time, head: str, tail: str, sentence: tuple[int, int]
) -> _Reading | None:
    """Read "had taken X for 4 years when she developed Y": the length of a treatment that ran at the time."""
    if _INFUSED_OVER.search(head) or _PAUSED.search(head):
        return None
    of = _OF.match(tail)
    if of and (reading := _after_anchor(scene, link, time, of.end(), tail, weak=True)):
        return ("exposure_length", 0.5, reading[2], OnsetBasis.INFERRED)
    if _OVER.search(head) or _BEGINS_OVER.match(time.text):
        return None
    before = [
        *scene.drugs_between(sentence[0], time.start),
        *scene.symptoms_between(sentence[0], time.start),
    ]
    if not before:
        return None
    nearest = max(before, key=lambda place: place.end)
    if not _is_own(nearest, link):
        return None
    cues = [cue.kind for cue in scene.cues_between(sentence[0], time.start)]
    if "stop" in cues[-2:] or not sentence[0] <= link.event.start < sentence[1]:
        return None
    return ("exposure_length", 0.5, _dose_running(scene, link, time), OnsetBasis.INFERRED)
