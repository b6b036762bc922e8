"""Count what was judged by hand of the mentions that `draw_mentions.py` drew.

    python tools/normalisation/score_judged.py judged.tsv

Each line of the draw has a judgement put before it, and a tab: `r` its code is right, `w` wrong, `m` it has none;
with an `n` in front where the mention is no drug or event at all (`nr`, `nw`; `n` where it has no code). A broader
term, and one of several events, counts as right.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

JUDGEMENTS = ("r", "w", "m", "nr", "nw", "n")


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("judged", type=Path)
    counts = count(parser.parse_args().judged)
    coded = {kind: counts[kind] for kind in ("r", "w", "nr", "nw")}
    real = {kind: counts[kind] for kind in ("r", "w", "m")}
    for name, part, whole in (
        ("coded, of all drawn", sum(coded.values()), counts.total()),
        ("drugs or events at all", sum(real.values()), counts.total()),
        ("coded, of those", real["r"] + real["w"], sum(real.values())),
        ("right, of all coded", coded["r"] + coded["nr"], sum(coded.values())),
    ):
        print(f"{name}: {part} of {whole} ({part / whole:.3f})")


def count(path: Path) -> Counter[str]:
    """Count the judgements of a file; one that does not fit its line ends the program."""
    counts: Counter[str] = Counter()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        judgement, _, _, code, *_ = line.split("\t")
        if judgement not in JUDGEMENTS or bool(code) == (judgement in ("m", "n")):
            raise SystemExit(f"{path}, line {number}: judgement {judgement!r} does not fit")
        counts[judgement] += 1
    return counts


if __name__ == "__main__":
    main()
