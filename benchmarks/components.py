"""What each component costs: microseconds a word, share of the time, seconds until it works.

    python benchmarks/components.py [TEXTS]

``TEXTS`` is a folder with ``*.txt``; without it the casebook is taken. Prints a Markdown table; ``--json`` prints
what `run.py` puts on its page. Processor time of one process. What several components share is counted
where it is asked for first; what is made at first use is counted as loading.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"):
    os.environ[variable] = "1"

CASEBOOK = Path(__file__).parents[1] / "corpora" / "casebook"
BATCH = 32
IMPORTS, TOKENIZER, ROWS = "imports", "tokenizer", "rows as CSV"
TAGGER, PAIRS = "sequela_tagger", "sequela_pairs"  # trained models; the other components are rules
LIMIT = 0.15  # of the whole time, for a component that is not the tagger


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "texts", type=Path, nargs="?", default=CASEBOOK, help="folder with *.txt (the casebook)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which the median is taken")
    parser.add_argument("--json", action="store_true", help="print figures, not a table")
    options = parser.parse_args()
    profile = measure(read_texts(options.texts), options.rounds)
    print(json.dumps(profile) if options.json else "\n".join(table(profile)))


def read_texts(folder: Path) -> list[str]:
    """Read the reports of a folder."""
    texts = [path.read_bytes().decode("utf-8") for path in sorted(folder.rglob("*.txt"))]
    if not texts:
        raise SystemExit(f"no *.txt in {folder}")
    return texts


def measure(texts: list[str], rounds: int) -> dict[str, Any]:
    """Give for each component, in the order of the pipeline, the seconds until it works and over all texts."""
    clock = Clock()
    import sequela.build
    from sequela.components.tokenizer import create_tokenizer
    from sequela.reading import Report
    from sequela.running.batches import make_doc
    from sequela.running.extract import rows_of

    clock.add(IMPORTS)
    sequela.build.attributes.register()
    nlp = sequela.build.spacy.blank("en")
    clock.add(IMPORTS)
    nlp.tokenizer = create_tokenizer(nlp)
    clock.add(TOKENIZER)
    for factory, _ in sequela.build.STAGES:
        nlp.add_pipe(factory)
        clock.add(factory)

    def run(some: list[str]) -> None:
        reports = [Report(doc_id=str(number), text=text) for number, text in enumerate(some)]
        clock.start()
        docs = [make_doc(nlp, report) for report in reports]
        clock.add(TOKENIZER)
        for name, component in nlp.pipeline:
            if hasattr(component, "pipe"):
                docs = list(component.pipe(docs, batch_size=BATCH))
            else:
                docs = [component(doc) for doc in docs]
            clock.add(name)
        for doc in docs:
            rows_of(doc, include_all=False)
        clock.add(ROWS)

    run(texts[:1])
    loading = clock.take()
    run(texts[:BATCH])  # caches are as full as they are in the middle of a run
    clock.take()
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for first in range(0, len(texts), BATCH):
            run(texts[first : first + BATCH])
        for name, seconds in clock.take().items():
            found[name].append(seconds)
    return {
        "texts": len(texts),
        "words": sum(len(text.split()) for text in texts),
        "loading": loading,
        "seconds": {name: statistics.median(values) for name, values in found.items()},
    }


class Clock:
    """Adds up processor time by name."""

    def __init__(self) -> None:
        self.start()
        self.total: dict[str, float] = defaultdict(float)

    def start(self) -> None:
        """Leave out what has passed."""
        self._last = time.process_time()

    def add(self, name: str) -> None:
        """Count what has passed since the last call."""
        now = time.process_time()
        self.total[name] += now - self._last
        self._last = now

    def take(self) -> dict[str, float]:
        """Give the sums and begin anew."""
        total, self.total = dict(self.total), defaultdict(float)
        return total


def table(profile: dict[str, Any]) -> list[str]:
    """Give the table, and what it says about the two rules that the components are held to."""
    seconds, words = profile["seconds"], profile["words"]
    whole = sum(seconds.values())
    lines = [
        "| | µs a word | share | until it works, s |",
        "|---|---|---|---|",
        f"| {IMPORTS} | | | {profile['loading'][IMPORTS]:.2f} |",
    ]
    lines += [
        f"| {name.removeprefix('sequela_')} | {value / words * 1e6:.1f} | {value / whole:.1%} "
        f"| {profile['loading'].get(name, 0):.2f} |"
        for name, value in seconds.items()
    ]
    lines.append(
        f"| **whole** | **{whole / words * 1e6:.1f}** | | **{sum(profile['loading'].values()):.2f}** |"
    )
    others = {name: value for name, value in seconds.items() if name != TAGGER}
    dearest = max(others, key=others.__getitem__)
    share = others[dearest] / whole
    tagger, pairs = seconds[TAGGER] / words * 1e6, seconds[PAIRS] / words * 1e6
    rules = sum(value for name, value in others.items() if name not in (TOKENIZER, PAIRS, ROWS)) / words * 1e6
    lines += [
        "",
        f"- The dearest beside the tagger is `{dearest.removeprefix('sequela_')}` with {share:.1%} of the time: "
        f"{'below' if share <= LIMIT else '**above**'} the {LIMIT:.0%} that one may cost.",
        f"- All rules together, from sentences to triples without the pair network, cost {rules:.1f} µs a word: "
        f"{'less' if rules < tagger else '**more**'} than the tagger with {tagger:.1f}, "
        f"{'as' if rules < tagger else '**not** as'} they should.",
        f"- The pair network (`pairs`), a trained model like the tagger, costs {pairs:.1f} µs a word. Rules and pair "
        f"network together cost {rules + pairs:.1f}, {'less' if rules + pairs < tagger else 'more'} than the tagger.",
    ]
    return lines


if __name__ == "__main__":
    main()
