"""What speaks against a time as the onset of an event: distance, recovery, another clause, a second exposure."""

from __future__ import annotations

import re

from sequela.components.time.scene import CueWord, Scene, Time
from sequela.components.time.words import any_of, whole, words
from sequela.schema import Link

SHORT_PHRASE = 40  # characters
WINDOW = 160  # characters of a sentence on each side of a time
EXPOSURE = frozenset({"start", "give", "stop", "change", "again"})
_TURN = re.compile(r"\bhowever\b", re.IGNORECASE)
_STILL = whole("still")
_THEN = whole("then")
# A clause begins with the time.
_LEADS = re.compile(r"(?:^|[;,]|\band\b|\bbut\b|\bthat\b)\s*(?:\w+\s+){0,2}$")
_SENTENCE_END = re.compile(r"[.;](?=\s|$)")
_END_OF = re.compile(rf"\b{any_of('end')} (?:of|in)(?:\s[a-z-]+){{0,3}}\s$", re.IGNORECASE)
_DIED = whole("died")
_NOUNS_OF_EXPOSURE = frozenset(words("noun_of_exposure"))


def distance_cost(scene: Scene, link: Link, time: Time) -> float:
    """Cost of what stands between the time and the event."""
    if link.event.start >= time.end:
        start, end = time.end, link.event.start
    else:
        start, end = link.event.end, time.start
    text = scene.text[start:end]
    cost = min(len(text), 400) / 2000
    cost += 0.15 * len(_SENTENCE_END.findall(text))
    if _TURN.search(text):  # "he tolerated day 1; however, after day 8 …"
        cost += 0.5
    cost += 0.1 * len(scene.times_between(start, end))
    return cost


def is_recovery(scene: Scene, link: Link, time: Time, sentence: tuple[int, int]) -> bool:
    """Whether the time tells when the event ended: "resolved within 24 hours"."""
    if _STILL.search(scene.text, max(sentence[0], time.start - 40), time.start):
        return True
    if sentence[0] <= link.event.start < sentence[1] and is_end_of(scene, link):
        return True
    if time.end <= link.event.start < sentence[1]:
        told = [
            cue.kind
            for cue in scene.cues_between(time.end, sentence[1])
            if cue.kind == "recover" or (cue.kind == "develop" and cue.start < link.event.start)
        ]
        ends = [
            c
            for c in scene.cues_between(link.event.end, min(sentence[1], link.event.end + 60))
            if c.kind == "recover"
        ]
        if ends and "develop" not in told:
            return True
    previous = [other.end for other in scene.times_between(sentence[0], time.start)]
    start = max([sentence[0], *previous[-1:]])
    cues: list[CueWord] = [
        c for c in scene.cues_between(start, time.start) if c.kind in ("recover", "develop")
    ]
    if cues:
        return cues[-1].kind == "recover" and not scene.symptoms_between(cues[-1].end, time.start)
    if link.event.start < time.start or scene.symptoms_between(time.end, time.end + 60):
        return False
    following = [c for c in scene.cues_between(time.end, sentence[1]) if c.kind in ("recover", "develop")]
    return bool(following) and following[0].kind == "recover" and following[0].start < link.event.start


def is_end_of(scene: Scene, link: Link) -> bool:
    """Whether the words before an event name its end: "resolution of the infiltrates"."""
    start = max(0, link.event.start - SHORT_PHRASE)
    return _END_OF.search(scene.text, start, link.event.start) is not None


def comes_later(scene: Scene, link: Link, time: Time) -> bool:
    """Whether the event follows on what the time tells: "after 3 days fever, followed by jaundice"."""
    told = scene.symptoms_between(time.end, link.event.start)
    near = max(told[0].end, link.event.start - WINDOW) if told else 0
    return bool(told) and _THEN.search(scene.text, near, link.event.start) is not None


def tells_of_stopping(scene: Scene, link: Link, time: Time, sentence: tuple[int, int]) -> bool:
    """Whether the clause of a time that stands behind the event tells that the drug was stopped.

    "He worsened, and on day 4 after the first dose the drug was withdrawn": no beginning is told.
    """
    if link.event.start > time.start or not leads(scene, time, sentence):
        return False
    end = min(sentence[1], time.end + WINDOW)
    comma = scene.text.find(",", time.end, end)
    start = comma if comma >= 0 else time.end
    kinds = [cue.kind for cue in scene.cues_between(start, end) if not is_noun_of_exposure(cue)]
    return kinds[:1] == ["stop"] and "develop" not in kinds


def tells_of_death(scene: Scene, link: Link, time: Time, sentence: tuple[int, int]) -> bool:
    """Whether the clause of a time tells of dying, and the event is another: "she died of it six weeks after …"."""
    if _DIED.search(link.event.text):
        return False
    told = [cue for cue in scene.cues_between(sentence[0], time.start) if cue.kind in ("develop", "recover")]
    if not told and link.event.start > time.end:
        told = [cue for cue in scene.cues_between(time.end, link.event.start) if cue.kind == "develop"]
    return bool(told) and _DIED.fullmatch(told[-1].text) is not None


def leads(scene: Scene, time: Time, sentence: tuple[int, int]) -> bool:
    """Whether a clause begins with a time: "and on day 4 …"."""
    start = max(sentence[0], time.start - SHORT_PHRASE)
    match = _LEADS.search(scene.text[start : time.start])
    return match is not None and (start == sentence[0] or match.start() > 0)


def is_noun_of_exposure(cue: CueWord) -> bool:
    """Whether a cue names a thing and not what was done: "the treatment"."""
    return cue.kind == "give" and cue.text in _NOUNS_OF_EXPOSURE


def is_given_again(scene: Scene, time: Time, *, named: bool) -> bool:
    """Whether what is told last of an exposure is that the drug was given again: "X was resumed. Two hours …".

    Where the time itself names the drug, the sentence before may tell of something else.
    """
    before = scene.sentences[max(scene.sentence_of(time.start) - (0 if named else 1), 0)][0]
    told = [
        cue.kind
        for cue in scene.cues_between(max(before, time.start - 2 * WINDOW), time.start)
        if cue.kind in EXPOSURE and not is_noun_of_exposure(cue)
    ]
    return bool(told) and told[-1] == "again"
