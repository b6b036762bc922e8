"""What cannot be a reaction, whatever a rule says of the sentence: the nature of the event, or of the situation."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from sequela.components.links.names import is_generic_event
from sequela.components.links.rules import is_bare_measurement, is_improvement
from sequela.lexicons.loader import load_table

_OTHER_CAUSE = re.compile(r"\w-(?:induced|associated|related|mediated) ")
_AFTER = re.compile(r" (?:after|during|following|from|of) ")  # "perforation after colonoscopy"
_AROUND = 80  # characters before and after the event that are looked at
_BLAMED = ("causal", "role")


def why_no_reaction(event: str, before: str, after: str, evidence: str, *, in_report: bool = True) -> str:
    """Give the reason why an event is no reaction, "" where it can be one.

    Parameters
    ----------
    event, before, after
        The mention and the text on both sides of it.
    evidence
        Kind of evidence of the rule. Tumours that grow and injuries can be reactions; time alone does not make
        them one.
    in_report
        Whether the text is a whole report, not a quotation of a sentence that tells of a reaction: there, patients
        catch infections under treatments.
    """
    event, before, after = event.lower(), before[-_AROUND:].lower(), after[:_AROUND].lower()
    patterns = _patterns()
    if patterns["no_event"].fullmatch(event):
        return "the words name no event"
    if is_generic_event(event) and patterns["denied"].search(before):
        return "there was none"
    if is_improvement(event) or patterns["relieved"].match(after):
        return "an improvement is no reaction"
    if patterns["operation"].fullmatch(event.rpartition(" ")[2]) and not _AFTER.search(event):
        return "an operation is no reaction"
    if patterns["capacity"].search(event) and (
        patterns["got_better"].match(after) or patterns["resolution"].search(before)
    ):
        return "what got better is an ability"
    if is_bare_measurement(event, before, after):
        return "a measurement, and no change of it"
    if _OTHER_CAUSE.search(event):
        return "the event names another cause"
    if patterns["trait"].search(event):
        return "a trait that the patient was born with"
    if patterns["long_ago"].search(after) or (
        patterns["allergy"].search(event) and patterns["known_before"].search(before)
    ):
        return "told of an earlier time"
    if patterns["names_another"].match(after):
        return "a part of the name of another event"
    if patterns["mistaken_for"].search(before):
        return "what it was mistaken for"
    if patterns["on_purpose"].search(before):
        return "brought about on purpose"
    if patterns["accident"].search(before):
        return "the result of an accident"
    if in_report and patterns["progress"].search(event):
        return "the course of a tumour"
    if evidence not in _BLAMED:
        better = patterns["resolved"].match(after) or patterns["resolution"].search(before)
        if better and not patterns["capacity"].search(event):
            return "it got better after the drug"
        if in_report and patterns["infection"].search(event):
            return "an infection, and no more than time blames the drug"
        if patterns["injury"].search(event):
            return "an injury, and no more than time blames the drug"
        if patterns["progress"].search(event) or (
            patterns["neoplasm"].search(event)
            and (evidence != "timed" or patterns["relapse"].search(f"{before} {event}"))
        ):
            return "the course of a tumour, and no more than time blames the drug"
    return ""


@lru_cache(maxsize=8)
def _tells_of_test(sentence: str) -> tuple[bool, bool]:
    """Whether a sentence tells of a procedure that provokes, and whether it tells of any test."""
    patterns = _patterns()
    return bool(patterns["provocation"].search(sentence)), bool(patterns["test"].search(sentence))


def is_provoked(sentence: str, drug: str, event: str) -> bool:
    """Whether a sentence tells of what is brought about on purpose ("ajmaline challenge", "propofol-induced coma")."""
    patterns = _patterns()
    drug, event = drug.lower(), event.lower()
    provokes, tests = _tells_of_test(sentence)
    return bool(
        provokes
        or (tests and patterns["test_agent"].fullmatch(drug))
        or (patterns["sedative"].search(drug) and patterns["sedation"].search(event))
    )


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    cues: dict[str, list[str]] = {}
    for row in load_table("linking_cues.csv"):
        cues.setdefault(row["class"], []).append(row["cue"])
    relief = "|".join(cues["improvement_noun"])
    resolve = "|".join((*cues["resolve"], *cues["improvement_verb"]))
    accidents = "|".join(cues["accident"])
    leads_to = r"\b(?:caus|lead|led|result|sustain|with)[^.;]{0,40}$"
    known_before = rf"\b(?:{'|'.join(cues['known_before'])}) (?:an? )?(?:\w+ )?$"
    return {
        "accident": re.compile(rf"\b(?:{accidents})\b[^.;]{{0,30}}{leads_to}"),
        "mistaken_for": re.compile(rf"\b(?:{'|'.join(cues['mistaken_for'])}) (?:an? )?(?:[\w-]+ ){{0,2}}$"),
        "on_purpose": re.compile(rf"\b(?:{'|'.join(cues['on_purpose'])}) (?:\w+ )?$"),
        "names_another": re.compile(
            r"^ ?[-‐‑–](?:associated|dependent|induced|like|mediated|positive|related) "
        ),
        "resolution": re.compile(rf"\b(?:{'|'.join(cues['improvement_noun'])}) (?:in|of) (?:\w+ ){{0,2}}$"),
        "relieved": re.compile(rf" (?:{relief})\b"),
        "resolved": re.compile(rf" (?:\w+ ){{0,3}}(?:{resolve})\b"),
        "operation": re.compile("|".join(cues["operation"])),
        "got_better": re.compile(rf" (?:\w+ ){{0,3}}(?:{'|'.join(cues['got_better'])})\b"),
        "capacity": re.compile(rf"(?:^|\s)(?:{'|'.join(cues['capacity'])})$"),
        "denied": re.compile(r"\b(?:no|without|any) (?:\w+ ){0,2}$"),
        "known_before": re.compile(known_before),
        "long_ago": re.compile(rf"^,? (?:\w+ ){{0,3}}(?:{'|'.join(cues['long_ago'])})\b"),
    } | {
        name: re.compile(rf"\b(?:{'|'.join(cues[name])})\b")
        for name in (
            "allergy",
            "infection",
            "injury",
            "neoplasm",
            "no_event",
            "progress",
            "provocation",
            "relapse",
            "sedation",
            "sedative",
            "test",
            "test_agent",
            "trait",
        )
    }
