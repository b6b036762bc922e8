"""One measurement in a process of its own: a pipeline over texts; prints a line of JSON.

Run by the Python of the environment that is measured; needs nothing but spaCy and what is measured.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"):
    os.environ[name] = "1"


def main(what: str, file: str, batch: int) -> None:
    """Load ``what`` ("sequela" or the name of a spaCy model) and process the texts in a JSON file."""
    with open(file, encoding="utf-8") as lines:  # noqa: PTH123 - the peer's Python may be any
        texts = json.load(lines)
    clock = _clock()
    if what == "sequela":
        import sequela

        nlp = sequela.load()
    else:
        import spacy

        nlp = spacy.load(what)
    loading = _clock()[1] - clock[1]
    nlp(texts[0])  # what is made at first use is not part of the speed
    start = _clock()
    words = sum(len(doc) for doc in nlp.pipe(texts, batch_size=batch))
    end = _clock()
    print(
        json.dumps(
            {
                "tokens": words,
                "wall": end[0] - start[0],
                "cpu": end[1] - start[1],
                "loading_cpu": loading,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def _clock() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
