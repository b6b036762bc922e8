"""One measurement in a process of its own: a pipeline over texts; prints a line of JSON.

    python benchmarks/worker.py NAME TEXTS.json BATCH

Run by the Python of the environment that is measured; `peers.py` has the names.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import warnings
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"):
    os.environ[variable] = "1"

os.environ.setdefault("LOGURU_LEVEL", "ERROR")  # else a peer writes a line for each token


def main(name: str, file: str, batch: int) -> dict[str, float]:
    """Load what is called ``name``, run it over the texts of a JSON file, and give what it cost."""
    from peers import load

    texts = json.loads(Path(file).read_text(encoding="utf-8"))
    before = time.process_time()
    run = load(name)
    loading = time.process_time() - before
    for _ in run(texts[:1], batch):
        pass  # what is made at first use is not part of the speed
    wall, cpu = time.perf_counter(), time.process_time()
    done = sum(1 for _ in run(texts, batch))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if done != len(texts):
        raise RuntimeError(f"{name}: {done} of {len(texts)} texts came back")
    return {"wall": wall, "cpu": cpu, "loading_cpu": loading, "peak_mb": peak()}


def peak() -> float:
    """Give the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    output = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # some print, also from compiled code
    measured = main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    os.write(output, json.dumps(measured).encode() + b"\n")
