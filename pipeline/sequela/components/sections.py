"""Article zones of a report: by headings, captions, tables and reference lists; none of them is needed.

The text is read line by line. A heading is a line of its own or stands before a colon ("CONCLUSION: …"),
numbered or not. Captions, table rows and references interrupt a zone, which goes on after them. Headings of
kind ``sub`` in ``lexicons/sections_headings.csv`` ("Treatment") name a part of the case in a case section and
leave the zone as it is inside a discussion; those of kind ``line`` ("Abbreviations: …") tell of their own
line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from spacy.language import Language
from spacy.tokens import Doc

from sequela.attributes import get_meta, set_sections
from sequela.components.cues import Words, expand, number_of
from sequela.components.texts import text_of
from sequela.lexicons.loader import load_table
from sequela.schema import Section, Zone

_LINE = re.compile(r"[^\n]+")
_BLANK = re.compile(r"(?:\s*\n)?")
# "pmc": text dumps of PubMed Central put it before the first heading
_NUMBER = re.compile(
    r"\s{0,8}(?:pmc(?=[A-Z0-9]))?(?:(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVX]{1,4}\.)[ \t]{1,3})?"
)
_HEADING_END = re.compile(r"[:–—](?=\s)")
_HEADING_INSIDE = re.compile(
    r"(?<=[.!?)\]] )(?P<heading>[A-Z][A-Za-z]{2,20}(?:[ /-][A-Za-z]{2,15}){0,4}):(?=\s)"
)
_LONGEST_HEADING = 80
_UNKNOWN_HEADING = re.compile(r"[A-Z][^\n\t.;!?]{2,60}[^\s.;,!?]\s*$")  # "Conduct of anaesthesia"
_HEADING_WORDS = 7
_CAPTION = re.compile(
    r"(?:Supplementary |Suppl\. )?"
    r"(?P<kind>Fig(?:ure|s?\.|(?= ?\d))|FIG(?:URE|\.)|Table|TABLE|Scheme|Box|Graph|Chart|Video)"
    r" {0,2}S?(?:\d{1,2}|[IVX]{1,4}\b)(?: ?[A-Fa-f](?![A-Za-z]))?"
    r"(?P<mark> {0,2}[.:|–-] ?| {1,3}|(?=[A-Z]|$))"
)
_SENTENCE_END = re.compile(r"[.!?:;)\]][\d,–-]{0,12}[ \t]{0,3}$")
# "Figure 2 shows the rash" is a sentence about a figure, "Figure 2 Rash on the trunk" a caption
_POINTING = re.compile(r"[a-z(,;)\]]")
_TABLE_ROW = re.compile(r"[^\n\t]*\t[^\n\t]*\t|[^\n\t]+\t[ ]*$")
_REFERENCE = re.compile(
    r"\s{0,3}\[?\d{1,3}[.\])]?\s{1,3}[A-Z][^\n]{20,400}?(?:(?:19|20)\d\d\s{0,2};|doi|(?:19|20)\d\d\)?\.)"
)
_TITLE_WORDS = 40
_SUMMARY_AT_START = 0.3  # of the text; a later "Summary" concludes
# In which order zones follow one another, for headings that only one of their words tells
_ORDER = {
    zone: rank
    for rank, zone in enumerate(
        (
            Zone.CASE,
            Zone.DISCUSSION,
            Zone.CONCLUSION,
            Zone.BACK_MATTER,
            Zone.REFERENCES,
        )
    )
}
_RETELLING = frozenset((Zone.INTRODUCTION, Zone.DISCUSSION, Zone.CONCLUSION, Zone.BACK_MATTER))


@dataclass(frozen=True)
class _Heading:
    zone: Zone
    kind: str  # "main", "sub", "summary", "guessed", or "line": tells of its own line only


@dataclass(frozen=True)
class _Mark:
    """A place where a zone begins. It holds until the next mark; up to ``end`` only, where that is set."""

    zone: Zone
    start: int
    body_start: int
    heading: str = ""
    end: int | None = None


@Language.factory("sequela_sections", assigns=["doc._.sections"])
def create_sections(nlp: Language, name: str) -> SectionFinder:
    """Make the component."""
    return SectionFinder()


class SectionFinder:
    """Set ``doc._.sections``."""

    def __call__(self, doc: Doc) -> Doc:
        """Set the sections."""
        set_sections(doc, find_sections(text_of(doc), title=get_meta(doc).get("title", "")))
        return doc


def find_sections(text: str, *, title: str = "") -> list[Section]:
    """Give the sections of a text; they cover it without a gap, and an empty text has none.

    ``title`` is the title where the reader knows it; it is looked for in the first line.
    """
    zone, heading = Zone.BODY, ""
    sections: list[Section] = []
    position = 0
    for mark in _marks(text, title):
        _append(sections, zone, position, position, mark.start, heading)
        end = mark.end
        if end is None:
            zone, heading, end = mark.zone, mark.heading, mark.body_start
        _append(sections, mark.zone, mark.start, mark.body_start, end, mark.heading)
        position = end
    _append(sections, zone, position, position, len(text), heading)
    return sections


def _append(sections: list[Section], zone: Zone, start: int, body_start: int, end: int, heading: str) -> None:
    """Add a section, or lengthen the last one where the new one goes on with it: text, rows of a table."""
    if end == start:
        return
    if sections:
        last = sections[-1]
        if last.zone is zone and body_start == start and heading in (last.heading, ""):
            sections[-1] = replace(last, end=end)
            return
    sections.append(Section(zone=zone, start=start, body_start=body_start, end=end, heading=heading))


def _marks(text: str, title: str) -> Iterator[_Mark]:
    zone = Zone.BODY
    first = True
    for match in _LINE.finditer(text):
        line, start = match.group(), match.start()
        if line.isspace():
            continue
        end = _BLANK.match(text, match.end()).end()  # type: ignore[union-attr]
        is_first, first = first, False
        heading = _heading_of(line)
        caption = _CAPTION.match(line)
        if heading is None and not caption and not is_first:
            heading = _guessed_heading(line)
        if heading is not None:
            entry, begin, stop = heading
            if entry.kind == "line":
                yield _Mark(entry.zone, start, start + stop, line[begin:stop].rstrip(" \t.:–—"), end)
                continue
            zone_after = _zone_after(zone, entry, start / len(text))
            if zone_after is not zone or entry.kind not in ("sub", "guessed"):
                zone = zone_after
                yield _Mark(zone, start, start + stop, line[begin:stop].rstrip(" \t.:–—"))
            for inner in _marks_inside(text, start + stop, end, zone):
                zone = inner.zone if inner.end is None else zone
                yield inner
            continue
        if caption and not _POINTING.match(line, caption.end()):
            kind = Zone.TABLE if caption["kind"].lower() == "table" else Zone.CAPTION
            label = line[: caption.start("mark")].strip()
            yield _Mark(kind, start, start + caption.end(), label, end)
        elif _TABLE_ROW.match(line):
            yield _Mark(Zone.TABLE, start, start, "", end)
        elif zone is not Zone.REFERENCES and _REFERENCE.match(line):
            yield _Mark(Zone.REFERENCES, start, start, "", end)
        elif is_first and _is_title(line, title, alone=not text[end:].strip()):
            yield _Mark(Zone.TITLE, start, start, "", end)
        else:
            for inner in _marks_inside(text, start, end, zone):
                zone = inner.zone if inner.end is None else zone
                yield inner


def _zone_after(zone: Zone, entry: _Heading, place: float) -> Zone:
    if entry.kind == "summary" and place > _SUMMARY_AT_START:
        return Zone.CONCLUSION
    if entry.kind == "sub" and zone in _RETELLING:
        return zone
    if entry.kind == "guessed" and _ORDER[entry.zone] <= _ORDER.get(zone, -1):
        return zone  # "Clinical features" in a discussion
    return entry.zone


def _heading_of(line: str) -> tuple[_Heading, int, int] | None:
    """Give the heading that a line consists of or begins with, and where in the line it lies."""
    begin = _NUMBER.match(line).end()  # type: ignore[union-attr]
    if not line[begin : begin + 1].isalpha():
        return None
    if len(line) - begin <= _LONGEST_HEADING:
        entry = _lookup(line[begin:].rstrip(" \t.:"))
        if entry is not None:
            return entry, begin, len(line)
    colon = _HEADING_END.search(line, begin, begin + _LONGEST_HEADING)
    if colon is not None:
        entry = _lookup(line[begin : colon.start()])
        if entry is not None:
            return entry, begin, colon.end()
    return None


def _guessed_heading(line: str) -> tuple[_Heading, int, int] | None:
    """Give what a short line without a full stop says by one of its words ("Clinical summary")."""
    begin = _NUMBER.match(line).end()  # type: ignore[union-attr]
    if len(line) - begin > _LONGEST_HEADING or not _UNKNOWN_HEADING.match(line, begin):
        return None
    words = Words(line[begin:]).lower
    if len(words) > _HEADING_WORDS:
        return None
    known = _heading_words()
    zone = next((known[word] for word in words if word in known), None)
    return (_Heading(zone, "guessed"), begin, len(line)) if zone else None


@cache
def _heading_words() -> dict[str, Zone]:
    return {row["word"]: Zone(row["zone"]) for row in load_table("sections_heading_words.csv")}


def _marks_inside(text: str, start: int, end: int, zone: Zone) -> Iterator[_Mark]:
    """Give headings with a colon in the middle of a line, and a caption glued to the end of a paragraph."""
    caption = next(
        (
            match
            for match in _CAPTION.finditer(text, start, end)
            if match.start() > start
            and _SENTENCE_END.search(text, max(start, match.start() - 20), match.start())
            and not _POINTING.match(text, match.end())
        ),
        None,
    )
    for match in _HEADING_INSIDE.finditer(text, start, caption.start() if caption else end):
        entry = _lookup(match["heading"])
        if entry is not None and entry.kind != "sub":
            zone = _zone_after(zone, entry, match.start() / len(text))
            yield _Mark(zone, match.start(), match.end(), match["heading"])
    if caption:
        kind = Zone.TABLE if caption["kind"].lower() == "table" else Zone.CAPTION
        yield _Mark(kind, caption.start(), caption.end(), text[caption.start() : caption.start("mark")], end)


def _is_title(line: str, title: str, *, alone: bool) -> bool:
    line = line.strip()
    if title and line.rstrip(".") == title.strip().rstrip("."):
        return True
    return (
        not alone
        and len(line.split()) <= _TITLE_WORDS
        and not line.endswith((".", ";", ","))
        and not re.search(r"[.;] [A-Z]", line)
    )


def _lookup(heading: str) -> _Heading | None:
    words = tuple(Words(heading).lower)
    entry = _headings().get(words)
    if entry is None and len(words) > 1 and number_of(words[-1]) is not None:
        entry = _headings().get(words[:-1])
        return entry if entry is not None and entry.zone is Zone.CASE else None  # "Case 2"
    return entry


@cache
def _headings() -> dict[tuple[str, ...], _Heading]:
    return {
        words: _Heading(Zone(row["zone"]), row["kind"])
        for row in load_table("sections_headings.csv")
        for words in expand(row["heading"])
    }
