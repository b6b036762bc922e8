"""Draw onset phrases of PHEE at random, with the values that they get, to be judged by hand.

python tools/time/draw_phrases.py CORPORA/phee2 --seed 4 --count 100
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from sequela.components.timex import normalise


def main() -> None:
    """Print phrase, type, value, bounds and ordinal, one a line, separated by tabs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=100)
    arguments = parser.parse_args()
    phrases = elapsed(arguments.folder)
    for phrase in random.Random(arguments.seed).sample(phrases, min(arguments.count, len(phrases))):
        found = normalise(phrase)
        told = (found.type, found.value, found.min, found.max, found.mod, found.ordinal) if found else ("-",)
        print(phrase, *("" if value is None else value for value in told), sep="\t")


def elapsed(folder: Path) -> list[str]:
    """Give every Time_elapsed of PHEE train and dev, in the order of the files."""
    found = []
    for name in ("train.json", "dev.json"):
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            for part in json.loads(line)["annotations"]:
                for event in part["events"]:
                    mentions = event.get("Treatment", {}).get("Time_elapsed", {}).get("text", [])
                    found += [fragment for mention in mentions for fragment in mention]
    return found


if __name__ == "__main__":
    main()
