"""Onset from a narrative: dates on both sides, day numbers, chains of "two days later".

Every drug and event mention gets the time that the text has reached where it stands; the difference is the
onset.
"""

from __future__ import annotations

import calendar
import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import date

from sequela.components.time.anchors import Anchor, read_anchor
from sequela.components.time.onset_checks import comes_later, is_end_of
from sequela.components.time.onset_rules import (
    NAMES_EXPOSURE,
    Candidate,
    event_told,
    given_since,
    moves_story,
    read_candidate,
    runs_until_event,
    to_onset,
)
from sequela.components.time.scene import Place, Scene, Time
from sequela.components.time.words import any_of, whole
from sequela.durations import add, from_days, subtract, to_hours
from sequela.schema import Link, Mention, Onset, OnsetAnchor, OnsetBasis, TimeExpression, TimexType

_PARAGRAPH = re.compile(r"\n[ \t]*\n|[.!?:][ \t]*\n")  # not the end of a line inside a sentence
_BEFORE_ADMISSION = re.compile(
    r"\s*(?:(?:prior to|before)\s+(?:(?:the|his|her|this|current|hospital)\s+){0,2}"
    rf"{any_of('admission')}|PTH?A)\b"
)
_NAMED = whole("named")
_CLAUSE = re.compile(r"[,;:]|\b(?:and|but|when|while|which|who)\b")
_MOST_MENTIONS = 40  # of the drug, the nearest to the event first
_NEAR = 80  # characters from a mention to a time behind it
_NEAR_DOSE = 40  # characters from the number of a dose to the drug
_LONG = 300  # characters before a step of the story in which another event may be told
_CARRY = 3  # sentences for which a time holds for what is told next
_CHAIN_REACH = 6  # sentences between drug and event in a chain of relative times
_CALENDAR, _STORY = "calendar", "story"
_DAY_OF = "day of"
_LONGEST = 3653  # days; dates farther apart are of different histories
_LONGEST_OF_MONTHS = 730  # where one of them is only a month
_REACH = {"calendar": 20}  # sentences from the exposure to the event; for other scales _CHAIN_REACH
_HALF_A_YEAR = 182  # days
_UNKNOWN_YEAR = 2001  # stands for a year that the text does not give; no leap year
_LAST_DAY = date.max.toordinal()


@dataclass(frozen=True)
class Point:
    """A time on one of the scales of a report: the calendar, day numbers, or steps since an untold start.

    ``low`` and ``high`` are days; equal unless the text is not exact ("in May 2019"). ``steps`` are the
    durations passed since the scale began; the onset of a chain is written from them.
    """

    scale: str
    low: float
    high: float
    steps: tuple[str, ...] = ()
    approximate: bool = False


@dataclass(frozen=True)
class Stage:
    """A time expression that moves the story, and the point it leads to."""

    time: Time
    point: Point
    ends_exposure: bool = False  # "had taken X for six weeks when …": X was begun before


def find_by_dates(scene: Scene, link: Link) -> Onset | None:
    """Find the onset from the times that the story has reached at the exposure and at the event."""
    if "stages" not in scene.memo:
        scene.memo["stages"] = read_stages(scene)
    stages: list[Stage] = scene.memo["stages"]
    if not stages:
        return None
    event_stage = _stage_of(scene, stages, link.event.start, link.event.end)
    if event_stage is None or ends_there(scene, link):
        return None
    mentions = sorted(_mentions(scene, link), key=lambda mention: abs(mention.start - link.event.start))
    onsets = (_between(scene, stages, link, mention, event_stage) for mention in mentions[:_MOST_MENTIONS])
    return next((onset for onset in onsets if onset is not None), None)


def find_before_admission(scene: Scene, link: Link) -> Onset | None:
    """Find the onset from "X was started ten weeks before admission" and "a week before admission … developed"."""
    own = [
        time
        for time in scene.times_between(*_sentence(scene, link.event))
        if _is_before_admission(scene, time)
    ]
    if len(own) != 1 or ends_there(scene, link):
        return None
    for drug in _mentions(scene, link):
        if "start" not in (cues := _exposure_cues(scene, drug)) and "give" not in cues:
            continue
        for time in scene.times_between(*_sentence(scene, drug)):
            if time == own[0] or not _is_before_admission(scene, time):
                continue
            elapsed = subtract(time.value.min, own[0].value.min)
            if not elapsed:
                continue
            return Onset(
                text=own[0].text,
                start=own[0].start,
                end=own[0].end,
                min=elapsed,
                max=elapsed,
                hours_min=to_hours(elapsed),
                hours_max=to_hours(elapsed),
                approximate=time.value.approximate or own[0].value.approximate,
                anchor=OnsetAnchor.START,
                basis=OnsetBasis.INFERRED,
                rule="before_admission",
            )
    return None


def before_admission(scene: Scene, link: Link) -> list[Time]:
    """Give the times before admission that the sentence of the event tells."""
    times = scene.times_between(*_sentence(scene, link.event))
    return [time for time in times if _is_before_admission(scene, time)]


def _sentence(scene: Scene, place: Place | Mention) -> tuple[int, int]:
    return scene.sentences[scene.sentence_of(place.start)]


def _is_before_admission(scene: Scene, time: Time) -> bool:
    value = time.value
    if value.type is not TimexType.DURATION or not value.min or value.min != value.max:
        return False
    return _BEFORE_ADMISSION.match(scene.text, time.end) is not None


def ends_there(scene: Scene, link: Link) -> bool:
    """Whether the sentence of an event tells that it ended: "by day 25 the fever had resolved"."""
    start, end = _sentence(scene, link.event)
    if is_end_of(scene, link):
        return True
    kinds = [cue.kind for cue in scene.cues_between(link.event.end, min(end, link.event.end + _NEAR))]
    return "recover" in kinds[:2] and "develop" not in [
        cue.kind for cue in scene.cues_between(start, link.event.start)
    ]


def find_carried(scene: Scene, link: Link) -> Onset | None:
    """Find the onset told before the event: "Five days into the course he was weak. Myositis was diagnosed".

    Times that follow ("six hours later") are added; a date or a time of another kind ends the search. An
    event that is told without a time of its own must stand in a sentence that says what was diagnosed: other
    events of later sentences have begun at other times.
    """
    if ends_there(scene, link):
        return None
    here = scene.sentence_of(link.event.start)
    start = scene.sentences[max(here - _CARRY - 1, 0)][0]
    told: tuple[Candidate, Time, list[str]] | None = None
    for time in scene.times_near(start, link.event.start, link.event.start):
        if comes_later(scene, link, time):
            continue
        candidate = read_candidate(scene, link, time)
        if candidate and candidate.rule in NAMES_EXPOSURE and _told_before(scene, link, time):
            told = (candidate, time, [time.value.min])
        elif told and time.value.reference == "previous" and time.value.relation == "after":
            told = (told[0], time, [*told[2], time.value.min])
        elif told and moves_story(time.value):
            told = None
    if told is None:
        return None
    candidate, time, steps = told
    if scene.sentence_of(time.start) != here and not _NAMED.search(scene.text, *scene.sentences[here]):
        return None
    onset = to_onset(candidate)
    started = scene.sentences[scene.sentence_of(candidate.time.start)]
    if len(steps) > 1 and not any(cue.kind == "develop" for cue in scene.cues_between(*started)):
        return None  # "the dose was raised after two weeks. Ten days later …" is counted from the start
    if len(steps) == 1:
        return replace(onset, basis=OnsetBasis.INFERRED, rule="carried")
    if not all(steps):
        return None
    total = add(steps)
    return replace(
        onset,
        text=time.text,
        start=time.start,
        end=time.end,
        min=total,
        max=total,
        hours_min=to_hours(total),
        hours_max=to_hours(total),
        basis=OnsetBasis.INFERRED,
        rule="carried_chain",
    )


def _told_before(scene: Scene, link: Link, time: Time) -> bool:
    """Whether the drug of the link is named before a time or in its clause."""
    named = scene.drugs_named(link.drug.text)
    return bool(named) and named[0].start < time.end + _NEAR


def read_stages(scene: Scene) -> list[Stage]:
    """Follow the time of the story through the report."""
    stages: list[Stage] = []
    current: Point | None = None
    dates = [
        time.value.value.split("T")[0].split("-") for time in scene.times if time.value.type is TimexType.DATE
    ]
    told = [parts for parts in dates if len(parts) == 3 and parts[0].isdigit()]
    # Dates without a year are of the year of the first full date (often the admission), else of the publication.
    year = int(told[0][0]) if told else scene.published or _UNKNOWN_YEAR
    if not told and ["XXXX", "02", "29"] in dates:
        year -= year % 4
    for time in scene.times:
        if runs_until_event(scene, time):
            low, high = _days(time.value)
            step = time.value.min if time.value.min == time.value.max else ""
            point: Point | None = Point(_STORY, low, high, (step,), time.value.approximate)
        elif moves_story(time.value):
            point = _move(current, time, year)
        else:
            continue
        if point is None:
            continue
        if point.scale == _CALENDAR:
            if not 1 <= point.low <= _LAST_DAY:  # "99999999 days later"
                continue
            year = date.fromordinal(int(point.low)).year
        stages.append(Stage(time, point, ends_exposure=runs_until_event(scene, time)))
        current = point
    return stages


def _move(current: Point | None, time: Time, year: int) -> Point | None:
    value = time.value
    if value.type is TimexType.DATE:
        return _date_point(value.value, year, current)
    low, high = _days(value)
    if value.relation == "at" and value.ordinal is not None:
        if low != high:  # a week or several days are no point
            return None
        return Point(f"{_DAY_OF} {value.reference}", low, high)
    if value.reference == "previous" and value.relation == "after":
        start = current or Point(_STORY, 0.0, 0.0)
        step = value.min if value.min == value.max else ""
        approximate = start.approximate or value.approximate
        return Point(start.scale, start.low + low, start.high + high, (*start.steps, step), approximate)
    return None


def _days(value: TimeExpression) -> tuple[float, float]:
    low, high = to_hours(value.min), to_hours(value.max)
    return (low or 0.0) / 24, (high if high is not None else low or 0.0) / 24


def _date_point(text: str, year: int, current: Point | None) -> Point | None:
    parts = text.split("T")[0].split("-")
    if parts[0].isdigit():
        return _point_in(int(parts[0]), parts)
    point = _point_in(year, parts)
    if point and current and current.scale == _CALENDAR and point.high < current.low - _HALF_A_YEAR:
        return _point_in(year + 1, parts)  # "On 29 December … On 3 January"
    return point


def _point_in(year: int, parts: list[str]) -> Point | None:
    try:
        if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
            number = float(date(year, int(parts[1]), int(parts[2])).toordinal())
            return Point(_CALENDAR, number, number)
        if len(parts) == 2 and parts[1].isdigit():
            month = int(parts[1])
            first = float(date(year, month, 1).toordinal())
            return Point(_CALENDAR, first, first + calendar.monthrange(year, month)[1] - 1, (), True)
    except ValueError:
        return None
    return None


def _mentions(scene: Scene, link: Link) -> list[Place]:
    """Mentions of the drug of the link, before the event or in its sentence."""
    end = scene.sentences[scene.sentence_of(link.event.start)][1]
    named = scene.drugs_named(link.drug.text)
    own = named[: bisect_left(named, end, key=lambda drug: drug.start)]
    return own or [Place(link.drug.start, link.drug.end, link.drug.text)]


def _stage_of(scene: Scene, stages: list[Stage], start: int, end: int, *, own: bool = False) -> Stage | None:
    """Give the stage of a mention: the one of its clause or sentence, else the last one told before."""
    sentence = scene.sentences[scene.sentence_of(start)]
    if own:
        stages = [stage for stage in stages if not stage.ends_exposure]
    before = [stage for stage in stages if sentence[0] <= stage.time.start < start]
    after = [stage for stage in stages if end <= stage.time.start < sentence[1]]
    near_after = bool(after) and after[0].time.start - end < _NEAR
    if before and near_after:
        # "X was started on 1 March, and fever followed on 8 March": the time of the own clause
        parted = _CLAUSE.search(scene.text, before[-1].time.end, start)
        parted_after = _CLAUSE.search(scene.text, end, after[0].time.start)
        return after[0] if parted and not parted_after else before[-1]
    if before:
        return before[-1]
    if near_after:
        return after[0]
    if own:
        return None
    earlier = [stage for stage in stages if stage.time.start < sentence[0]]
    if not earlier or scene.sentence_of(start) - scene.sentence_of(earlier[-1].time.start) > _CARRY:
        return None
    # A time holds to the end of its paragraph: what follows a heading is another story.
    return None if _PARAGRAPH.search(scene.text, earlier[-1].time.end, start) else earlier[-1]


def _between(scene: Scene, stages: list[Stage], link: Link, mention: Place, event: Stage) -> Onset | None:
    cues = _exposure_cues(scene, mention)
    if not cues:
        return None
    exposure = _stage_of(scene, stages, mention.start, mention.end, own=True)
    if exposure is None:
        # Told before any time of its own: the story stood where the last stage had left it.
        earlier = [stage for stage in stages if stage.time.end <= mention.start]
        start = earlier[-1].point if earlier else Point(_STORY, 0.0, 0.0)
        gap = scene.sentence_of(link.event.start) - scene.sentence_of(mention.start)
        if mention.start > link.event.start or gap > _CHAIN_REACH:
            return None
    else:
        start = exposure.point
        if exposure.time.start == event.time.start:
            return None
    point = event.point
    if point.scale != _CALENDAR and _sentences_to(scene, event, link) > (0 if point.scale == _STORY else 1):
        return None
    if point.scale == _STORY and start.scale == _CALENDAR:
        return None
    if _sentences_to(scene, event, link) and _tells_of_recovery(scene, event):
        return None
    if (
        start.scale != point.scale
        or point.high < start.low
        or (point.low == start.low and point.high == start.high)
    ):
        return None
    if scene.sentence_of(event.time.start) < scene.sentence_of(mention.start):
        return None
    exact = start.low == start.high and point.low == point.high
    if point.high - start.low > (_LONGEST if exact else _LONGEST_OF_MONTHS):
        return None
    gap = scene.sentence_of(link.event.start) - scene.sentence_of(mention.start)
    if gap > _REACH.get(point.scale, _CHAIN_REACH):
        return None
    until = min(event.time.start, link.event.start)
    if point.scale == _STORY:
        told = max(mention.end, until - _LONG, _end_of_step(scene, stages, mention.end, event.time.start))
        if event_told(scene, told, until) or given_since(scene, link, mention.end, until):
            return None  # counted from there
    return _onset(event, start, anchor_of(scene, mention, cues))


def _end_of_step(scene: Scene, stages: list[Stage], start: int, end: int) -> int:
    """Give where the sentence of the last step between two places ends: what it tells has a time of its own."""
    number = bisect_left(stages, end, key=lambda stage: stage.time.start) - 1
    if number < 0 or stages[number].time.start < start:
        return 0
    return scene.sentences[scene.sentence_of(stages[number].time.start)][1]


def _tells_of_recovery(scene: Scene, stage: Stage) -> bool:
    """Whether the sentence of a time tells of getting well and of nothing that began."""
    sentence = scene.sentences[scene.sentence_of(stage.time.start)]
    kinds = {cue.kind for cue in scene.cues_between(*sentence)}
    return "recover" in kinds and "develop" not in kinds


def anchor_of(scene: Scene, mention: Place, cues: list[str]) -> Anchor:
    """Give the anchor that the words around a mention of the drug tell: "the second course of X was given"."""
    start = scene.sentences[scene.sentence_of(mention.start)][0]
    told = read_anchor(scene.text[max(start, mention.start - _NEAR_DOSE) : mention.start], ())
    if told.ordinal is not None:
        return told
    if "start" in cues or "give" in cues:
        return Anchor(OnsetAnchor.START)
    if "stop" in cues:
        return Anchor(OnsetAnchor.STOP)
    return Anchor(OnsetAnchor.DOSE_CHANGE if "change" in cues else OnsetAnchor.LAST_DOSE)


def _sentences_to(scene: Scene, stage: Stage, link: Link) -> int:
    return abs(scene.sentence_of(stage.time.start) - scene.sentence_of(link.event.start))


def _exposure_cues(scene: Scene, mention: Place) -> list[str]:
    """Tell what the words around a mention of the drug say was done with it."""
    sentence = scene.sentences[scene.sentence_of(mention.start)]
    start, end = max(sentence[0], mention.start - 60), min(sentence[1], mention.end + 60)
    return [
        cue.kind
        for cue in scene.cues_between(start, end)
        if cue.kind in ("start", "give", "stop", "change", "again")
    ]


def _onset(event: Stage, start: Point, anchor: Anchor) -> Onset:
    point = event.point
    low, high = (
        max(point.low - start.low if start.low == start.high else point.low - start.high, 0.0),
        point.high - start.low,
    )
    steps = point.steps[len(start.steps) :]
    chain = bool(steps) and point.steps[: len(start.steps)] == start.steps
    if chain and all(steps) and low == high:
        text_low = text_high = add(steps)
    else:
        text_low, text_high = from_days(low), from_days(high)
    if chain:
        basis = OnsetBasis.EXPRESSION if len(steps) == 1 else OnsetBasis.INFERRED
    else:
        basis = OnsetBasis.DATES if point.scale == _CALENDAR else OnsetBasis.DAY_NUMBERS
    return Onset(
        text=event.time.text,
        start=event.time.start,
        end=event.time.end,
        min=text_low,
        max=text_high,
        hours_min=to_hours(text_low),
        hours_max=to_hours(text_high),
        approximate=point.approximate or start.approximate,
        anchor=anchor.kind,
        ordinal=anchor.ordinal,
        basis=basis,
        rule="chain" if chain else basis.value,
    )
