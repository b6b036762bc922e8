"""Assertion of drugs and events: negated, possible, hypothetical; history, family, allergy as readable cues.

ConText's idea (a cue, a direction, a scope that ends at a terminator) in one pass over the words of a
sentence. The cues are in ``lexicons/context_cues.csv``. ``Cue.rule`` is ``category:rule`` of the cue that
decided, "history:history of" for instance: history, family and allergy leave an entity affirmed, and a reader
of the cue sees what it is.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from spacy.language import Language
from spacy.tokens import Doc, Span

from sequela.attributes import set_assertion
from sequela.components.cues import CueMatcher, Found, Words
from sequela.components.texts import sentence_offsets, words_of
from sequela.lexicons.loader import load_table
from sequela.schema import Assertion, Cue, Label

# In the order in which they win over one another.
CATEGORIES: dict[str, Assertion] = {
    "excluded": Assertion.NEGATED,
    "negated": Assertion.NEGATED,
    "hypothetical": Assertion.HYPOTHETICAL,
    "possible": Assertion.POSSIBLE,
    "family": Assertion.AFFIRMED,
    "allergy": Assertion.AFFIRMED,
    "history": Assertion.AFFIRMED,
}
_RANK = {category: rank for rank, category in enumerate(CATEGORIES)}
_INNER_SCOPE = 8  # cues of narrower scope ("non", "not") that begin an entity negate a word of it only
_SHIELDED = 3  # words between "causes of" and what it protects from an exclusion that follows
_REACH = 60  # words; more than any cue and its scope together
_LABELS = frozenset((Label.SYMPTOM.value, Label.DRUG.value))


@dataclass(frozen=True)
class ContextCue:
    """An entry of the lexicon. ``scope`` counts words; a "pseudo" cue only keeps others from matching."""

    category: str
    direction: str
    scope: int
    ends: str  # "forward", "both" or "": the scopes of other cues that end here
    rule: str


@cache
def context_matcher() -> CueMatcher[ContextCue]:
    """Give the matcher of the assertion cues."""
    matcher: CueMatcher[ContextCue] = CueMatcher()
    for row in load_table("context_cues.csv"):
        cue = ContextCue(row["category"], row["direction"], int(row["scope"]), row["ends"], row["rule"])
        matcher.add(row["pattern"], cue)
    return matcher


@Language.factory("sequela_context", requires=["doc.sents", "doc.ents"], assigns=["span._.assertion"])
def create_context(nlp: Language, name: str) -> ContextFinder:
    """Make the component."""
    return ContextFinder()


class ContextFinder:
    """Set the assertion of every DRUG and SYMPTOM that a cue reaches; the others stay affirmed."""

    def __call__(self, doc: Doc) -> Doc:
        """Set the assertions."""
        for ent, value, cue in find_assertions(doc):
            set_assertion(ent, value, cue)
        return doc


def find_assertions(doc: Doc) -> list[tuple[Span, Assertion, Cue]]:
    """Give the entities that a cue reaches, with their assertion and the cue."""
    ents = [ent for ent in doc.ents if ent.label_ in _LABELS]
    if not ents:
        return []
    words = words_of(doc)
    matcher = context_matcher()
    found = []
    for start, end, inside in _statements(doc, words, ents):
        cues = matcher.find(words, start, end)
        scopes = _scopes(cues, start, end)
        if not scopes:
            continue
        places = [cue.start for cue, _, _ in scopes]
        shields = [cue.end for cue in cues if cue.entry.category == "shield"]
        for ent, first, last in inside:
            near = scopes[bisect_left(places, first - _REACH) : bisect_right(places, last + _REACH)]
            reaching = [
                cue for cue, low, high in near if low < last and first < high and _speaks_of(cue, first, last)
            ]
            shield = bisect_right(shields, first) - 1
            if shield >= 0 and first - shields[shield] <= _SHIELDED:
                # "other causes of rash were excluded": the causes were, not the rash
                reaching = [cue for cue in reaching if cue.end <= first]
            if reaching:
                best = min(reaching, key=lambda cue: (_RANK[cue.entry.category], _distance(cue, first, last)))
                found.append((ent, CATEGORIES[best.entry.category], _cue(words, best)))
    return found


def _statements(
    doc: Doc, words: Words, ents: list[Span]
) -> Iterator[tuple[int, int, list[tuple[Span, int, int]]]]:
    """Give the word ranges of sentences and table cells that hold entities, with their words."""
    placed = [(ent, *words.between(ent.start_char, ent.end_char)) for ent in ents]
    k = 0
    for begin, stop in sentence_offsets(doc):
        if k == len(placed):
            return
        if placed[k][0].start_char >= stop:
            continue
        for cell in words.text[begin:stop].split("\t"):
            start, end = words.between(begin, begin + len(cell))
            begin += len(cell) + 1
            first = k
            while k < len(placed) and placed[k][1] < end:
                k += 1
            if k > first:
                yield start, end, placed[first:k]


def _scopes(cues: list[Found[ContextCue]], start: int, end: int) -> list[tuple[Found[ContextCue], int, int]]:
    """Give the deciding cues with the words that each reaches, half-open; the cue itself lies inside."""
    stops = [cue.start for cue in cues if cue.entry.ends in ("forward", "both")]
    begins = [cue.end for cue in cues if cue.entry.ends == "both"]
    scopes = []
    for cue in cues:
        entry = cue.entry
        if entry.category not in _RANK:
            continue
        low, high = cue.start, cue.end
        if entry.direction in ("forward", "both"):
            after = bisect_left(stops, cue.end)
            high = min(cue.end + entry.scope, stops[after] if after < len(stops) else end)
        if entry.direction in ("backward", "both"):
            before = bisect_right(begins, cue.start)
            low = max(cue.start - entry.scope, begins[before - 1] if before else start)
        scopes.append((cue, low, high))
    return scopes


def _speaks_of(cue: Found[ContextCue], first: int, last: int) -> bool:
    """Whether the cue speaks of the entity: it is no part of it, or its beginning ("no signs of sepsis").

    In "non-productive cough" the cue is about a part of the entity.
    """
    if cue.end <= first or cue.start >= last:
        return True
    if cue.start <= first and last <= cue.end and last - first < cue.end - cue.start:
        return True  # "did not regress", "pain-free"
    return cue.start <= first and cue.end < last and cue.entry.scope > _INNER_SCOPE


def _distance(cue: Found[ContextCue], first: int, last: int) -> int:
    return first - cue.end if cue.end <= first else cue.start - last


def _cue(words: Words, found: Found[ContextCue]) -> Cue:
    start, end = words.starts[found.start], words.ends[found.end - 1]
    rule = f"{found.entry.category}:{found.entry.rule}"
    return Cue(text=words.text[start:end], start=start, end=end, rule=rule)
