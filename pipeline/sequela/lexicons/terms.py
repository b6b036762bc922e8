"""Names of drugs and of reactions for a gazetteer, drawn from the terminologies of this folder."""

from __future__ import annotations

import re
from functools import cache

from sequela.lexicons.loader import load_lines, load_table

# DrugBank lists allergens, foods and whole organisms beside medicines
_NATURAL = re.compile(
    r"\b(?:allergenic|pollen|hair|dander|milk|meat|seed|seeds|whole|leaf|root|bark|egg|fish|nut|flower|fruit|oil"
    r"|feather|fur|extract|venom|mold|dust|berry|bean|juice|wood|starch|rice|tree|grass|cell|cells|water|acid)\b"
)
_NAME = re.compile(r"[a-z][a-z0-9 '/+-]+\Z")
_SHORT = 5  # single words up to here are taken from the curated table only


@cache
def load_drug_names() -> frozenset[str]:
    """Give drug names, brands and abbreviations, in lower case, that mean a drug wherever they stand.

    Left out are short or ambiguous names, body substances, foods and germs; they are in the tables for
    normalisation, where it is known that a drug is meant.
    """
    excluded = frozenset(load_lines("drugs_not_in_text.txt"))
    names = set()
    for row in load_table("drugs.csv"):
        for form in (row["name"].lower(), *row["forms"].split("|")):
            words = form.count(" ") + 1
            if (
                _NAME.match(form)
                and words <= 3
                and len(form) > _SHORT
                and not _NATURAL.search(form)
                and re.search("[a-z]{4}", form)
            ):
                names.add(form)
    for row in load_table("drug_names.csv"):
        names.update(form for form in row["forms"].split("|") if len(form) > 4 or re.search("[0-9-]", form))
    names.update(load_lines("drug_abbreviations.txt"))
    return frozenset(names - excluded)


@cache
def load_event_names() -> frozenset[str]:
    """Give names of signs, symptoms, diagnoses and laboratory abnormalities, in lower case."""
    excluded = frozenset(load_lines("events_not_in_text.txt"))
    names: set[str] = set()
    for row in load_table("events.csv"):
        names.update(form for form in (row["name"].lower(), *row["forms"].split("|")) if len(form) > 3)
    for row in load_table("event_names.csv"):
        names.update(form for form in row["forms"].split("|") if len(form) > 3)
    return frozenset(names - excluded)
