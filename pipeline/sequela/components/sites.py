"""Which event a body site belongs to."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass
from functools import cache

from spacy.tokens import Doc, Span

from sequela.components.skin_sites import SkinSites, events_in_list
from sequela.components.texts import sentence_starts, text_of
from sequela.lexicons.loader import load_lines
from sequela.schema import Label, Mention

Offsets = tuple[int, int]

_MODIFIERS = re.compile(r"[\s-]*(?:[^\s,;:.()]{1,18}[\s-]){0,3}$")  # "abdominal [severe] pain"
_PREPOSITION = re.compile(
    r"\b(?:in|of|on|over|to|at|from|involving|affecting|around|along|within|under|with|near|across|throughout)\b",
    re.I,
)
_LIST = re.compile(
    r"(?:[\s,/&]|\b(?:and|or|then|as well as|the|his|her|both|left|right|bilateral)\b)*$", re.I
)
_CONJUNCTION = re.compile(r"\b(?:and|or|with|was|were|is|are)\b", re.I)
_JOINED = re.compile(r"\s(?:and|or)\s$", re.I)
_BARRIER = re.compile(
    r"[;:]|,?\s(?:but|while|whereas|without|who|with no"
    r"|which(?! (?:then |later |also )?(?:reached|spread|involved|extended|affected|covered)))\s",
    re.I,
)
# Between a site and an event after it that is elsewhere: "swelling of the leg without fever", "in the clinic, pain"
_APART = re.compile(r"\s?,|\s(?:with|without|had|despite|plus|revealed|after)\s", re.I)
# What a tagger takes into a site: "extending to the neck"
_LEAD = re.compile(r"^(?:also\s|(?:\w+ing|\w+ed|\w+s)\s(?:up\s)?to\s(?:the\s)?)", re.I)
_MAX_GAP = 110


def sites_of(doc: Doc) -> dict[Offsets, list[Mention]]:
    """Give the body sites of each event mention, in the order of the text.

    Parameters
    ----------
    doc
        With SYMPTOM and BODY_SITE entities and sentence boundaries.

    Returns
    -------
    dict
        From the offsets of an event mention to its sites; events without any are left out.
    """
    ents = doc.ents
    events = [(ent.start_char, ent.end_char) for ent in ents if ent.label_ == Label.SYMPTOM]
    sites = {(ent.start_char, ent.end_char): ent for ent in ents if ent.label_ == Label.BODY_SITE}
    if not events or not sites:
        return {}
    found: dict[Offsets, list[Mention]] = {}
    linked = set()
    places = {site: ent for site, ent in sites.items() if ent.text.lower() not in _not_places()}
    for site, event in link_sites(text_of(doc), list(sites), events, sentence_starts(doc)):
        linked.add(site)
        if site in places:
            found.setdefault(event, []).append(_mention(places[site]))
    SkinSites(doc, found).add([ent for site, ent in places.items() if site not in linked])
    return found


def _mention(ent: Span) -> Mention:
    lead = _LEAD.match(ent.text)
    skipped = lead.end() if lead else 0
    return Mention(
        text=ent.text[skipped:],
        start=ent.start_char + skipped,
        end=ent.end_char,
        label=Label.BODY_SITE.value,
    )


def link_sites(
    text: str,
    sites: list[Offsets],
    events: list[Offsets],
    sentence_starts: list[int],
) -> list[tuple[Offsets, Offsets]]:
    """Pair body sites with their events.

    Parameters
    ----------
    text
        The report.
    sites, events
        Offsets, in any order.
    sentence_starts
        Offsets of sentence beginnings, in order.

    Returns
    -------
    list of (site, event)
        Offsets; a site that only says where was looked ("chest X-ray") is left out, one that holds for
        several events ("swelling and pain of the knee") comes once for each.
    """
    events = sorted(events)
    sites = sorted(sites)
    links: list[tuple[Offsets, Offsets]] = []
    before: tuple[Offsets, list[Offsets]] | None = None
    for site in sites:
        place = bisect.bisect_right(sentence_starts, site[0])
        begin = sentence_starts[place - 1] if place else 0
        end = sentence_starts[place] if place < len(sentence_starts) else len(text)
        if _says_where_was_looked(text, site, begin, end) or _is_alias(text, site):
            continue
        inside = [event for event in events if begin <= event[0] < end]
        chosen = _events_of(text, site, inside)
        if before and before[0][0] >= begin and before[1] and not _named_with(text, site, inside):
            # "swelling of the face, lips and tongue": the sites of a list share their event
            shared = before[1][0][1] <= before[0][0]
            if shared and _LIST.match(text[before[0][1] : site[0]]):
                chosen = before[1]
        named = {event for _, event in links}
        links += [(site, event) for event in chosen if event == chosen[0] or event not in named]
        before = (site, chosen)
    return links


def _named_with(text: str, site: Offsets, events: list[Offsets]) -> Offsets | None:
    """Give the event right after the site: "abdominal pain"."""
    event = next((event for event in events if event[0] >= site[1]), None)
    if event is not None:
        gap = text[site[1] : event[0]]
        if (
            _MODIFIERS.match(gap)
            and not _PREPOSITION.search(gap)
            and not _CONJUNCTION.search(gap)
            and not _APART.match(gap)
        ):
            return event
    return None


def _events_of(text: str, site: Offsets, events: list[Offsets]) -> list[Offsets]:
    showing = _patterns().showing
    named = _named_with(text, site, events)
    if named is not None:
        return [named]
    left = [event for event in events if event[1] <= site[0]]
    if left:
        gap = text[left[-1][1] : site[0]]
        if len(gap) <= _MAX_GAP and not _BARRIER.search(gap):
            chosen = [left[-1]]
            for earlier in reversed(left[:-1]):  # "swelling and pain in the knee"
                if not _JOINED.match(text[earlier[1] : chosen[-1][0]]) or not _PREPOSITION.match(
                    gap.lstrip()
                ):
                    break
                chosen.append(earlier)
            if _PREPOSITION.match(gap.lstrip()):
                chosen += [event for event in events_in_list(text, left, left[-1]) if event not in chosen]
            return chosen
    right = next((event for event in events if event[0] >= site[1]), None)
    if right is not None:
        gap = text[site[1] : right[0]]
        if (
            len(gap) <= _MAX_GAP
            and not _BARRIER.search(gap)
            and not _APART.match(gap)
            and not showing.search(gap)
        ):
            return [right]
    return []


def _says_where_was_looked(text: str, site: Offsets, begin: int, end: int) -> bool:
    patterns = _patterns()
    before = text[max(begin, site[0] - 50) : site[0]]
    return bool(patterns.looked_after.match(text, site[1], end) or patterns.looked_before.search(before))


def _is_alias(text: str, site: Offsets) -> bool:
    """Tell whether the site only abbreviates the one before it: "left ventricle (LV)"."""
    name = text[site[0] : site[1]]
    return len(name) <= 6 and name.isupper() and text[max(0, site[0] - 1) : site[1] + 1] == f"({name})"


@cache
def _not_places() -> frozenset[str]:
    return frozenset(load_lines("site_not_places.txt"))


@dataclass(frozen=True)
class _Patterns:
    looked_after: re.Pattern[str]
    looked_before: re.Pattern[str]
    showing: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    words = "|".join(sorted(map(re.escape, load_lines("site_procedures.txt")), key=len, reverse=True))
    findings = "|".join(sorted(map(re.escape, load_lines("site_findings.txt")), key=len, reverse=True))
    return _Patterns(
        looked_after=re.compile(rf"[\s-](?:\(?[\w/-]{{1,16}}\)?[\s-]){{0,3}}(?:{words})\b", re.I),
        looked_before=re.compile(
            rf"\b(?:{words})\)?(?:\s\([^)]{{1,20}}\))?\s(?:of|over)\s(?:[\w-]{{1,14}}\s){{0,4}}$", re.I
        ),
        showing=re.compile(rf"\b(?:{findings})\b", re.I),
    )
