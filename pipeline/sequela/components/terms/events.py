"""Event mentions to terms of the Human Phenotype Ontology, else of MeSH."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from sequela.components.terms.spelling import (
    CACHE,
    EXACT,
    FUZZY,
    PART,
    VARIANT,
    WORD,
    Spellings,
    bracketed,
    fold,
    has_letters,
    key_of,
    scored,
    singular,
    squeeze,
)
from sequela.lexicons.loader import load_lines, load_table
from sequela.schema import Term

_PREPOSITIONS = frozenset(
    ("after", "at", "by", "due", "during", "from", "in", "including", "leading", "of", "on", "over", "with")
)
_WITHOUT = re.compile(r"(?:^|\s)(?:without|no|not|nor|rather than)\s")
_ADJECTIVE = ("ed", "ent", "ic", "ive", "ory", "ous")
_LIST = re.compile(r"\s*(?:[,;]|\band\b|\bor\b|\bplus\b)\s*")
_MAX_WORDS = 6
# Fillers of values, but "plasma cell tumours" are no cell tumours
_OF_VALUES = frozenset(("blood", "circulating", "plasma"))
_PREFIX, _ENDING = 3, 7  # letters of the parts of a compound, at least
_OTHERWISE = ("anti", "hyper", "hypo", "non", "normo", "post", "pseudo")  # "pseudohypopyon" is no hypopyon
_LONG = 11  # from here on a misspelling may have two wrong letters


@dataclass(frozen=True)
class EventNames:
    """Names of events in a terminology, as they stand and by the keys under which others are found."""

    terms: dict[str, Term]
    bags: dict[frozenset[str], Term]
    spellings: Spellings
    words: set[str]  # of all terms: none of them is a misspelling of another
    counts: dict[str, str]  # what these words count as in a bag
    directions: dict[str, str]
    same_words: dict[str, str]  # "hepatic" is "liver"
    fillers: frozenset[str]
    not_parts: frozenset[str]
    organs: dict[str, Term]
    vague: frozenset[str]  # "involvement": words that tell of an organ only that it is ill


@lru_cache(maxsize=CACHE)
def normalise_event(text: str) -> Term | None:
    """Give the term that a sign, symptom, diagnosis or laboratory abnormality names.

    Parameters
    ----------
    text
        The mention as written: "haemolytic anaemias", "rise in serum creatinine", "severe bullous rash".

    Returns
    -------
    Term or None
        ``code`` is ``HP:…``, else ``MESH:…``; None when nothing fits.
    """
    return find_event(text, _events())


def find_event(text: str, events: EventNames, *, whole: bool = False) -> Term | None:
    """Give the term that a mention names, from any terminology.

    Parameters
    ----------
    text
        The mention as written.
    events
        From `index_events`.
    whole
        Only where all of the mention is a name, in whatever spelling; not by a part of it.
    """
    key = key_of(text)
    if not key:
        return None
    found = (
        events.terms.get(text.strip() if text.isupper() else key)
        or events.terms.get(key)
        or scored(_spelled(key, events), VARIANT)
        or scored(events.bags.get(_bag(key, events)), VARIANT)
    )
    if found is not None or whole:
        return found
    told = _WITHOUT.split(key, maxsplit=1)[0]  # "nausea without vomiting"
    if told != key:
        return scored(find_event(told, events), PART)
    return (
        bracketed(key, lambda part: find_event(part, events))
        or scored(_first_of_list(key, events), PART)
        or scored(_part(key, events), PART)
        or scored(_of_organ(key, events), PART)
        or _misspelled(key, events)
        or scored(_compound(key, events), PART)
    )


def _spelled(key: str, events: EventNames) -> Term | None:
    for form in (
        fold(key),
        singular(key),
        fold(singular(key)),
        key.replace("-", " "),
        fold(key.replace("-", "")),
        key.replace("'s ", " "),
    ):
        if form in events.terms:
            return events.terms[form]
    return None


def _bag(key: str, events: EventNames) -> frozenset[str]:
    """Give the words that count, in no order, rises and falls in one word: "rise in creatinine levels"."""
    words = WORD.findall(fold(key).replace("-", " ").replace("/", " "))
    known = events.counts
    counts = {known[word] if word in known else _count(word, events) for word in words}
    return frozenset(counts - {""})


def _count(word: str, events: EventNames) -> str:
    """Give what a word counts as in a bag; "" for nothing."""
    word = singular(word.removesuffix("'s"))
    if word in events.fillers:
        return ""
    return events.directions.get(word) or events.same_words.get(word, word)


def _first_of_list(key: str, events: EventNames) -> Term | None:
    """Give the first of several events that is one as it stands: "fever, rash and jaundice"."""
    parts = _LIST.split(key)
    if len(parts) == 1:
        return None
    found = (
        events.terms.get(part) or _spelled(part, events) or events.bags.get(_bag(part, events))
        for part in parts
        if has_letters(part)
    )
    return next((term for term in found if term is not None), None)


def _part(key: str, events: EventNames) -> Term | None:
    """Back off to fewer words; the head stands last, or before a preposition: "rash", "thrombosis of …"."""
    words = [word.strip("'./-") for word in WORD.findall(key)]
    head_end = next((i for i, word in enumerate(words) if i and word in _PREPOSITIONS), len(words))
    needed = events.not_parts.intersection(words)  # "neoplasm" is no part of "tumour resection"
    vague = None
    for first, last in ((0, head_end), (head_end, len(words))):
        for length in range(min(len(words) - 1, _MAX_WORDS), 0, -1):
            for start in range(min(last, len(words) - length + 1) - 1, first - 1, -1):
                run = words[start : start + length]
                if not needed.issubset(run) or _is_modifier(run, start, head_end, words):
                    continue
                term = _run(run, events)
                if term is not None and not term.name.startswith("Abnormal"):
                    return term
                vague = vague or term
    if vague is not None:
        return vague  # "Abnormality of …" names the place alone
    if any("-" in word or "/" in word for word in words):
        return _part(key.replace("-", " ").replace("/", " "), events)
    return None


def _is_modifier(run: list[str], start: int, head_end: int, words: list[str]) -> bool:
    """Tell whether a single word says what sort of thing the next one is: "inflammatory pseudotumour"."""
    return len(run) == 1 and start + 1 not in (head_end, len(words)) and run[0].endswith(_ADJECTIVE)


def _run(words: list[str], events: EventNames) -> Term | None:
    form = " ".join(words)
    if len(words) == 1 and (len(form) < 4 or form in events.fillers or form in events.directions):
        return None
    term = events.terms.get(form) or _spelled(form, events)
    if term is None and len(words) > 1 and words[0] not in _PREPOSITIONS:
        term = events.bags.get(_bag(form, events))
    return term


def _of_organ(key: str, events: EventNames) -> Term | None:
    """Give the abnormality of the organ for an event that tells no more: "joint involvement", "lesion of the lung"."""
    words = [singular(word) for word in WORD.findall(fold(key).replace("-", " ").replace("/", " "))]
    if not events.not_parts.isdisjoint(words):
        return None
    for place, word in enumerate(words):
        if word in events.vague:
            near = (*reversed(words[max(place - 2, 0) : place]), *words[place + 1 : place + 4])
            found = next((events.organs[other] for other in near if other in events.organs), None)
            if found is not None:
                return found
    return None


def _compound(key: str, events: EventNames) -> Term | None:
    """Find the name that a longer word ends with: "neurosarcoidosis", "leptomeningitis"."""
    word = fold(key.rsplit(" ", 1)[-1])
    if not word.isalpha() or word in events.words or word.startswith(_OTHERWISE) or word.endswith(_ADJECTIVE):
        return None
    for cut in range(_PREFIX, len(word) - _ENDING + 1):
        term = events.terms.get(word[cut:]) or events.terms.get(singular(word[cut:]))
        if term is not None:
            return term
    return None


def _misspelled(key: str, events: EventNames) -> Term | None:
    word = key.rsplit(" ", 1)[-1]
    if not 7 <= len(word) <= 30 or not word.isalpha():
        return None
    if word in events.words or word in events.not_parts:
        return None
    limit = 2 if len(word) >= _LONG and word == key else 1
    best = events.spellings.nearest(word, limit=limit)
    return scored(events.terms[best], FUZZY) if best else None


def event_terms(*, loose: bool = True) -> dict[str, Term]:
    """Give the names of events in the terminologies of the package; ``loose`` takes in those that only come near."""
    terms: dict[str, Term] = {}
    _add_own(terms, "event_names.csv")
    rows = [
        (row, Term(name=row["name"], code=row["code"], source="HPO", score=EXACT))
        for row in load_table("events.csv")
    ]
    for row, term in rows:
        terms.setdefault(row["name"].lower(), term)
    _add_own(terms, "event_synonyms.csv")
    _add_forms(terms, rows, "forms")
    _add_mesh(terms)
    if loose:
        _add_forms(terms, rows, "loose")
    return terms


def _add_own(terms: dict[str, Term], table: str) -> None:
    capitals = frozenset(load_lines("event_capitals.txt"))
    for row in load_table(table):
        term = Term(name=row["name"], code=row["code"], source=_source(row["code"]), score=EXACT)
        for form in row["forms"].split("|"):  # "IRIS" is a syndrome, "iris" a part of the eye
            terms.setdefault(form.upper() if form in capitals else form, term)


def _add_forms(terms: dict[str, Term], rows: list[tuple[dict[str, str], Term]], column: str) -> None:
    for row, term in rows:
        for form in filter(None, row[column].split("|")):
            if has_letters(key := squeeze(form)):
                terms.setdefault(key, term)


def _add_mesh(terms: dict[str, Term]) -> None:
    """Add the headings of MeSH; one that a table before has keeps the name that it has there."""
    known = {term.code: term for term in terms.values()}
    for row in load_table("events_mesh.csv"):
        term = known.get(row["code"])
        if term is None:
            term = Term(name=row["name"], code=row["code"], source="MeSH", score=EXACT)
        for form in (row["name"].lower(), *filter(None, row["forms"].split("|"))):
            terms.setdefault(form, term)


@cache
def _events() -> EventNames:
    terms = event_terms()
    organs = {row["word"]: terms[row["name"].lower()] for row in load_table("event_organs.csv")}
    return index_events(terms, organs)


def index_events(terms: dict[str, Term], organs: dict[str, Term] | None = None) -> EventNames:
    """Make the names of a terminology ready for `find_event`.

    ``terms`` holds the names as `sequela.components.terms.spelling.squeeze` writes them; it is added to.
    ``organs`` are terms for what befalls an organ, by the word for the organ.
    """
    for form in list(terms):
        terms.setdefault(fold(form), terms[form])
    events = EventNames(
        terms=terms,
        bags={},
        spellings=Spellings(form for form in terms if len(form) >= 7 and form.isalpha()),
        words={word for form in terms for word in form.split(" ")},
        counts={},
        directions={row["word"]: row["direction"] for row in load_table("event_directions.csv")},
        same_words={row["word"]: row["same_as"] for row in load_table("event_words.csv")},
        fillers=frozenset(load_lines("event_fillers.txt")),
        not_parts=frozenset(load_lines("event_not_parts.txt")),
        organs=organs or {},
        vague=frozenset(load_lines("event_vague.txt")),
    )
    events.counts.update((word, _count(word, events)) for word in events.words)
    for form, term in terms.items():
        if term.source == "MeSH" and not _OF_VALUES.isdisjoint(form.split(" ")):
            continue
        bag = _bag(form, events)
        if bag - {"increased", "decreased"} and (len(bag) > 1 or " " not in form):
            events.bags.setdefault(bag, term)
    return events


def _source(code: str) -> str:
    return "HPO" if code.startswith("HP:") else "MeSH"
