"""What cannot be a reaction, whatever a rule says of the sentence: the nature of the event, or of the situation."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from sequela.components.links.names import is_generic_event
from sequela.components.links.rules import is_improvement, is_quantity, tells_of_change
from sequela.lexicons.loader import load_table

_AFTER = re.compile(r" (?:after|during|following|from|of) ")  # "perforation after colonoscopy"
_AROUND = 80  # characters before and after the event that are looked at
_BESIDE = 40  # of these, the characters that tell of the change of a quantity
_BLAMED = ("causal", "role")
# Patterns that the words of an event match or not, wherever it stands.
_NATURES = ("allergy", "capacity", "infection", "injury", "neoplasm", "other_cause", "progress", "trait")


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
    patterns, nature = _patterns(), _nature(event)
    if "no_event" in nature:
        return "the words name no event"
    if "generic" in nature and patterns["denied"].search(before):
        return "there was none"
    if "improvement" in nature or patterns["relieved"].match(after):
        return "an improvement is no reaction"
    if "operation" in nature:
        return "an operation is no reaction"
    if "capacity" in nature and (
        patterns["got_better"].match(after) or patterns["resolution"].search(before)
    ):
        return "what got better is an ability"
    if "quantity" in nature and not tells_of_change(before[-_BESIDE:], after[:_BESIDE]):
        return "a measurement, and no change of it"
    if "other_cause" in nature:
        return "the event names another cause"
    if "trait" in nature:
        return "a trait that the patient was born with"
    if patterns["long_ago"].match(after) or ("allergy" in nature and patterns["known_before"].search(before)):
        return "told of an earlier time"
    if patterns["names_another"].match(after):
        return "a part of the name of another event"
    if patterns["mistaken_for"].search(before):
        return "what it was mistaken for"
    if patterns["on_purpose"].search(before):
        return "brought about on purpose"
    if patterns["accident"].search(before):
        return "the result of an accident"
    if in_report and "progress" in nature:
        return "the course of a tumour"
    if evidence not in _BLAMED:
        if got_better(event, before, after):
            return "it got better after the drug"
        if in_report and "infection" in nature:
            return "an infection, and no more than time blames the drug"
        if "injury" in nature:
            return "an injury, and no more than time blames the drug"
        if "progress" in nature or (
            "neoplasm" in nature and (evidence != "timed" or patterns["relapse"].search(f"{before} {event}"))
        ):
            return "the course of a tumour, and no more than time blames the drug"
    return ""


def beside(text: str, start: int, end: int) -> tuple[str, str]:
    """Give as much of the text on both sides of a mention as the functions here look at."""
    return text[max(0, start - _AROUND) : start], text[end : end + _AROUND]


def got_better(event: str, before: str, after: str) -> bool:
    """Whether the words beside an event, all in lower case, tell that it ended or got better."""
    patterns = _patterns()
    better = patterns["resolved"].match(after) or patterns["resolution"].search(before)
    return bool(better) and "capacity" not in _nature(event)


@lru_cache(maxsize=4096)
def _nature(event: str) -> frozenset[str]:
    """Give what the words of an event, in lower case, say of it wherever it stands; a quantity tells of no change."""
    patterns = _patterns()
    kinds = {name for name in _NATURES if patterns[name].search(event)}
    if patterns["no_event"].fullmatch(event):
        kinds.add("no_event")
    if patterns["operation"].fullmatch(event.rpartition(" ")[2]) and not _AFTER.search(event):
        kinds.add("operation")
    if is_generic_event(event):
        kinds.add("generic")
    if is_improvement(event):
        kinds.add("improvement")
    if is_quantity(event) and not tells_of_change(event):
        kinds.add("quantity")
    return frozenset(kinds)


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
            r" ?[-‐‑–](?:associated|dependent|induced|like|mediated|positive|related) "
        ),
        "resolution": re.compile(rf"\b(?:{'|'.join(cues['improvement_noun'])}) (?:in|of) (?:\w+ ){{0,2}}$"),
        "other_cause": re.compile(r"\w-(?:induced|associated|related|mediated) "),
        "relieved": re.compile(rf" (?:{relief})\b"),
        "resolved": re.compile(rf" (?:\w+ ){{0,3}}(?:{resolve})\b"),
        "operation": re.compile("|".join(cues["operation"])),
        "got_better": re.compile(rf" (?:\w+ ){{0,3}}(?:{'|'.join(cues['got_better'])})\b"),
        "capacity": re.compile(rf"(?:^|\s)(?:{'|'.join(cues['capacity'])})$"),
        "denied": re.compile(r"\b(?:no|without|any) (?:\w+ ){0,2}$"),
        "known_before": re.compile(known_before),
        "long_ago": re.compile(rf",? (?:\w+ ){{0,3}}(?:{'|'.join(cues['long_ago'])})\b"),
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
