"""Drug mentions to substances, combinations, vaccines and classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    key_of,
    scored,
)
from sequela.lexicons.loader import load_lines, load_table
from sequela.schema import Term

_SEPARATORS = re.compile(r"\s*(?:/|\+|&|,|\bplus\b|\band\b|\bwith\b|\bor\b)\s*")
_SHORT = 5  # shorter pieces of a mention are no evidence
_MAX_WORDS = 5
_GENERAL = frozenset(("ATC:J01", "ATC:J07", "ATC:L01"))
_LONG = 11  # from here on a misspelling may have two wrong letters
_LINKED = re.compile(r"\s*[/-]\s*")


@dataclass(frozen=True)
class _Drugs:
    terms: dict[str, Term]
    spellings: Spellings
    salts: frozenset[str]
    forms: frozenset[str]
    not_parts: frozenset[str]
    heads: frozenset[str]


@lru_cache(maxsize=CACHE)
def normalise_drug(text: str) -> Term | None:
    """Give the substance, combination, vaccine or class that a drug mention names.

    Parameters
    ----------
    text
        The mention as written: "AMIODARONE (Cordarone®)", "trimethoprim-sulfamethoxazole", "oral steroids".

    Returns
    -------
    Term or None
        ``code`` is ``MESH:…``, else ``DRUGBANK:…``; ``ATC:…`` for classes and vaccines; the codes of the
        parts joined by ``+`` for a combination. None when nothing fits.
    """
    drugs = _drugs()
    key = key_of(text)
    if not key:
        return None
    return (
        drugs.terms.get(key)
        or scored(_respelled(key, drugs), VARIANT)
        or bracketed(key, normalise_drug)
        or _combination(key)
        or scored(_part(key, drugs), PART)
        or _misspelled(key, drugs)
    )


def _respelled(key: str, drugs: _Drugs) -> Term | None:
    for form in _drug_spellings(key):
        if form in drugs.terms:
            return drugs.terms[form]
    stripped = _without_trimmings(key, drugs)
    if stripped != key:
        for form in (stripped, *_drug_spellings(stripped)):
            if form in drugs.terms:
                return drugs.terms[form]
    return None


def _drug_spellings(key: str) -> Iterator[str]:
    if key.endswith("s"):
        yield key[:-1]
    else:
        yield key + "s"
    if "-" in key:
        yield key.replace("-", " ")
        yield key.replace("-", "")
    if " " in key:
        yield key.replace(" ", "-")
        if len(key) > _LONG:
            yield key.replace(" ", "")  # "ethinyl estradiol"
    for british, american in (("sulph", "sulf"), ("oe", "e"), ("ae", "e"), ("ceph", "cef"), ("cef", "ceph")):
        if british in key:
            yield key.replace(british, american)
    if key.endswith(("in", "ol", "id", "on", "at", "az")):
        yield key + "e"
    if key.endswith(("ine", "ina", "ino", "um")):
        yield key[:-1]
        yield key[:-1] + "e"
    if key.startswith(("anti ", "non ")):
        yield key.replace(" ", "", 1)


def _without_trimmings(key: str, drugs: _Drugs) -> str:
    """Leave out salts, forms and what is said of the drug: "oral metoprolol tartrate tablets"."""
    words = [word for word in key.split(" ") if word not in drugs.forms and not word[:1].isdigit()]
    while len(words) > 1 and words[-1] in drugs.salts:
        words.pop()
    return " ".join(words).strip(" -,")


def _combination(key: str) -> Term | None:
    for pattern in (_SEPARATORS, _LINKED):
        parts = [part for part in pattern.split(key) if part]
        if 2 <= len(parts) <= 5 and all(len(part) > 2 for part in parts):
            found = [_named(part) for part in parts]
            terms = [term for term in found if term is not None]
            if len(terms) == len(parts):
                unique = list(dict.fromkeys(terms))
                if len(unique) == 1:
                    return scored(unique[0], VARIANT)
                return Term(
                    name=" / ".join(term.name for term in unique),
                    code="+".join(term.code for term in unique),
                    source="combination",
                    score=min(term.score for term in unique),
                )
    return None


def _named(key: str) -> Term | None:
    """Find a whole name, without going to parts of it."""
    drugs = _drugs()
    return drugs.terms.get(key) or scored(_respelled(key, drugs), VARIANT) or _misspelled(key, drugs)


def _part(key: str, drugs: _Drugs) -> Term | None:
    """Find the longest run of words that is a name: "levofloxacin ophthalmic solution"."""
    words = WORD.findall(key)
    if not drugs.not_parts.isdisjoint(words):
        return None
    heads = drugs.heads.intersection(words)  # "serotonin" is no part of "serotonin antagonist"
    general = None
    for length in range(min(len(words) - 1, _MAX_WORDS), 0, -1):
        for start in range(len(words) - length, -1, -1):
            run = words[start : start + length]
            if not heads.issubset(run):
                continue
            form = " ".join(run)
            if length == 1 and (len(form) < 4 or form in drugs.forms or form in drugs.salts):
                continue
            term = drugs.terms.get(form) or (_respelled(form, drugs) if len(form) > _SHORT else None)
            if term is not None and term.code not in _GENERAL:
                return term
            general = general or term
    if general is not None:
        return general  # "antibiotics" of "IV antibiotics", but not of "fluoroquinolone antibiotics"
    if "-" in key:
        known = (part for part in key.split("-") if len(part) > _SHORT and part in drugs.terms)
        return next((drugs.terms[part] for part in known), None)
    return None


def _misspelled(key: str, drugs: _Drugs) -> Term | None:
    key = _without_trimmings(key, drugs)
    if not _SHORT < len(key) <= 30 or not key.replace(" ", "").isalpha():
        return None
    spellings = drugs.spellings
    best = spellings.nearest(key, limit=1 if len(key) < _LONG else 2) or spellings.anagram(key)
    return scored(drugs.terms[best], FUZZY) if best else None


def drug_terms() -> dict[str, Term]:
    """Give the names of substances, combinations, vaccines and classes in the terminologies of the package."""
    terms: dict[str, Term] = {}
    own_codes = {row["name"].lower(): row["code"] for row in load_table("drug_names.csv")}
    for table in ("drug_names.csv", "drug_synonyms.csv"):
        for row in load_table(table):
            term = Term(name=row["name"], code=row["code"], source="sequela", score=EXACT)
            for form in row["forms"].split("|"):
                terms.setdefault(form, term)
    rows = load_table("drugs.csv")
    for own_name in (True, False):  # the name of one substance may be listed as a form of another
        for row in rows:
            code = own_codes.get(row["name"].lower(), "")
            if not code:
                code = f"MESH:{row['mesh']}" if row["mesh"] else f"DRUGBANK:{row['drugbank']}"
            term = Term(name=row["name"], code=code, source="DrugBank", score=EXACT)
            if own_name:
                terms.setdefault(row["name"].lower(), term)
            else:
                for form in filter(None, row["forms"].split("|")):
                    terms.setdefault(form, term)
    return terms


@cache
def _drugs() -> _Drugs:
    terms = drug_terms()
    excluded = frozenset(load_lines("drugs_not_in_text.txt"))
    spellable = [
        form
        for form in terms
        if len(form) > _SHORT and form.replace(" ", "").isalpha() and form not in excluded
    ]
    return _Drugs(
        terms=terms,
        spellings=Spellings(spellable),
        salts=frozenset(load_lines("drug_salts.txt")),
        forms=frozenset(load_lines("drug_forms.txt")),
        not_parts=frozenset(load_lines("drug_not_parts.txt")),
        heads=frozenset(load_lines("drug_heads.txt")),
    )
