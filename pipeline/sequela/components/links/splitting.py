"""Event mentions that hold several events, split: rows are atomic, tagged spans are not.

"fever, chills and rash" is three events; "liver and kidney failure" is not cut: "liver" alone names none.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from sequela.lexicons.loader import load_lines
from sequela.schema import Mention

_JOINED = (
    r"and|or|as well as|along with|together with|followed by|accompanied by|associated with|complicated by"
    r"|suggestive of|triggering|with"
)
_CUT = re.compile(
    rf"(?:\s*[,;]\s*(?:(?:{_JOINED}) )?|\s+(?:{_JOINED}) |\s?/\s?|\s?\((?=[A-Z]{{2,}})"
    rf"|\)\s*(?:(?:{_JOINED}) |, )?)"
)
_EDGE = re.compile(
    r"^(?:(?:an?|the|his|her|their|its|subsequent|subsequently|also|then|even|both) )+|[\s,;.()]+$",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r" (?:(?:triggering|resulting|manifesting|presenting|occurring|developing)\b|caused by|due to|secondary to).*$",
    re.IGNORECASE,
)


def split_event(mention: Mention) -> list[Mention]:
    """Give the events of a mention; the mention itself where it is one event or cannot be cut safely."""
    tail = _TAIL.search(mention.text)
    if tail:
        kept = mention.text[: tail.start()]
        mention = replace(mention, text=kept, end=mention.start + len(kept))
    parts = _parts(mention)
    if len(parts) < 2 or not all(_names_event(part.text) for part in parts):
        return [mention]
    return parts


def _parts(mention: Mention) -> list[Mention]:
    parts = []
    position = 0
    for match in (*_CUT.finditer(mention.text), None):
        end = match.start() if match else len(mention.text)
        piece = mention.text[position:end]
        left = _EDGE.match(piece)
        start = position + (left.end() if left and not left.group().isspace() else 0)
        text = mention.text[start:end].rstrip(" ,;.()")
        if text:
            at = mention.start + start
            parts.append(Mention(text=text, start=at, end=at + len(text), label=mention.label))
        position = match.end() if match else end
    return parts


def _names_event(text: str) -> bool:
    last = text.lower().rsplit(" ", 1)[-1]
    return bool(_event_words().search(last)) or (text.isupper() and 2 <= len(text) <= 6)


@cache
def _event_words() -> re.Pattern[str]:
    words = "|".join(load_lines("event_heads.txt"))
    return re.compile(rf"(?:{words})$")
