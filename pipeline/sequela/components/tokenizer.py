"""The scispaCy tokenizer, with drug compounds split.

scispaCy keeps hyphenated words whole, so that "amiodarone-induced" is one token and the drug in it cannot be
an entity. Compounds of the kinds listed in ``lexicons/compound_suffixes.txt`` are split at the hyphen.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

from scispacy.custom_tokenizer import combined_rule_tokenizer
from spacy.language import Language
from spacy.tokenizer import Tokenizer

from sequela.lexicons.loader import load_lines

_HYPHENS = "-‐‑–"
# One token: of a longer run spaCy would take off a character at a time, copying the rest.
_RUN = r"(?:[^\w\s]|_){12,}"
_RUN_STARTS = r"(?<![^\w\s])(?<!_)"
_UNITS_WITH_STOP = frozenset({"d.", "g.", "h.", "l.", "m.", "s."})


def create_tokenizer(nlp: Language) -> Tokenizer:
    """Give the tokenizer of the pipeline for ``nlp``'s vocabulary."""
    with warnings.catch_warnings():
        # scispaCy's own character classes; "Possible set union" is about a later Python
        warnings.simplefilter("ignore", FutureWarning)
        base = combined_rule_tokenizer(nlp)
    words = "|".join(sorted(map(re.escape, load_lines("compound_suffixes.txt")), key=len, reverse=True))
    # Lookarounds of fixed width only: spaCy compiles with `re`.
    compounds = [
        rf"(?<=[A-Za-z0-9)\]])[{_HYPHENS}](?=(?:{words})\b)",  # drug-induced
        r"(?<=[A-Za-z0-9])/(?=[A-Za-z]{3})",  # amoxicillin/clavulanate, SJS/TEN
        r"(?<=[a-z]{3})[–+](?=[a-z]{3})",
        rf"(?<=[0-9])[{_HYPHENS}](?=(?:years?|months?|weeks?|days?|hours?|minutes?|yrs?|y)\b)",  # 58-year-old
        rf"(?<=year|onth|week|.day|..yr)[{_HYPHENS}](?=old\b)",
        r"(?<=[0-9])(?:mg|mcg|[uµμ]g|g|m[Ll]|IU|U)(?=/)",  # 500mg/day
        r"(?<=[a-z]{3})\.(?=[0-9]{1,3}(?:[,–-][0-9]{1,3})*\b)",  # "events.12 The": a citation
        # "(ITP).(5) Five": a citation in brackets, glued to the full stop
        r"(?<=[A-Za-z)\]])\.(?=[(\[][0-9])",
        r"(?<=\.)[(\[](?=[0-9])",
        r"\)(?=\.[(\[][0-9])",
        rf"\)(?=[{_HYPHENS}](?:{words})\b)",  # "(MTX)-induced"
    ]
    units = r"(?<=[0-9])(?<![qQ][0-9])(?<![qQ][0-9][0-9])(?:h|hrs?|min|days?|weeks?|wks?|months?|mcg|IU|U|mEq|mmol)"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        base.infix_finditer = re.compile("|".join([*compounds, _pattern(base.infix_finditer)])).finditer
        base.prefix_search = re.compile(
            rf"^{_RUN}|^\((?=[^()\s]{{1,20}}\)(?:\.[(\[]|[{_HYPHENS}](?:{words})\b))|{_pattern(base.prefix_search)}"
        ).search
        # the same, without a search from each of many full stops
        suffixes = _pattern(base.suffix_search).replace(r"\.\.+$", r"(?<!\.)\.\.+$")
        base.suffix_search = re.compile(rf"{_RUN_STARTS}{_RUN}$|{units}$|(?<=^[A-Z])\.$|{suffixes}").search
    # "within 24 h." ends a sentence: the full stop is no part of a unit
    base.rules = {word: rule for word, rule in base.rules.items() if word not in _UNITS_WITH_STOP}
    return base


def _pattern(bound: Any) -> str:
    """Give the pattern of the compiled expression that a method is bound to."""
    return str(bound.__self__.pattern)
