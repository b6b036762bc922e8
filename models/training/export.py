"""Trained student → model folder.

    python -m training.export runs/data runs/student/student.npz configs/student.json -o en_sequela_case

Copies weights, vocabulary and name lists, and writes ``model.json`` (architecture, heads, provenance).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np

NAME, VERSION = "en_sequela_case", "0.1.0"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("config", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    config = options.config.read_bytes()
    settings = json.loads(config)
    with np.load(options.weights) as arrays:
        np.savez_compressed(options.output / "weights.npz", **{k: arrays[k] for k in arrays.files})
    for name in ("vocabulary.txt", "drug_names.txt", "event_names.txt"):
        shutil.copy(options.data / name, options.output / name)
    meta = {
        "format": 1,
        "name": NAME,
        "version": VERSION,
        "width": settings["width"],
        "blocks": settings["blocks"],
        "heads": json.loads((options.data / "heads.json").read_text(encoding="utf-8")),
        "seed": settings["seed"],
        "config_sha256": hashlib.sha256(config).hexdigest(),
    }
    (options.output / "model.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
