"""Score the shipped tagger on the dev sets and render its model card.

    python -m training.card CORPORA_DIR en_sequela_case

Writes ``metrics.json`` (strict scores by label with 95 % intervals, speed, size) by the code of
``sequela evaluate``, and ``MODEL_CARD.md`` and the plot ``docs/images/tagger.png`` from it and from
``history.json`` (the scores printed while training: peers, ablations).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import time
from pathlib import Path
from typing import Any

SETS = {
    "PHEE": ("phee2/dev.json", {}),
    "MACCROBAT": ("maccrobat2020", {"split": "dev"}),
    "BC5CDR": ("bc5cdr/CDR_DevelopmentSet.PubTator.txt", {}),
}


def measure(corpora: Path) -> dict[str, Any]:
    """Score on the dev sets and time the tagger on one core."""
    import subprocess
    import sys
    import tempfile

    scores = {}
    for name, (path, options) in SETS.items():
        with tempfile.TemporaryDirectory() as folder:
            flags = [f"--{key}={value}" for key, value in options.items()]
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "sequela",
                    "evaluate",
                    str(corpora / path),
                    "--level",
                    "entities",
                    *flags,
                    "-o",
                    folder,
                ],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            metrics = json.loads((Path(folder) / "metrics.json").read_text(encoding="utf-8"))
        scores[name] = {
            "command": f"sequela evaluate {path} --level entities {' '.join(flags)}".strip(),
            **{kind: metrics["scores"][f"entities/{kind}"] for kind in ("strict", "relaxed")},
        }
    return {"scores": scores, "speed": speed(corpora)}


def speed(corpora: Path) -> dict[str, float]:
    """Words (by white space) per second of processor time, tokenizer and tagger, one core."""
    import sequela

    with gzip.open(corpora / "e3c_raw" / "case_reports.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line, _ in zip(lines, range(300), strict=False)]
    nlp = sequela.load()
    nlp.select_pipes(enable=["sequela_tagger"])
    words = sum(len(text.split()) for text in texts)
    rates = []
    for _ in range(4):  # the first fills the cache of word vectors
        began = time.process_time()
        for _ in nlp.pipe(texts, batch_size=32):
            pass
        rates.append(words / (time.process_time() - began))
    return {"words_per_second": round(sorted(rates[1:])[1]), "words": words}


def table(metrics: dict[str, Any]) -> str:
    """Render strict scores by set and label."""
    rows = ["| set | label | P | R | F1 | 95 % | support |", "|---|---|---:|---:|---:|---|---:|"]
    for name, scores in metrics["scores"].items():
        strict = scores["strict"]
        for label, s in [("**micro**", strict["micro"]), *strict["labels"].items()]:
            low, high = s["f1_interval"]
            rows.append(
                f"| {name} | {label} | {s['precision']:.3f} | {s['recall']:.3f} | {s['f1']:.3f} "
                f"| {low:.3f}–{high:.3f} | {s['support']} |"
            )
    return "\n".join(rows)


def errors(metrics: dict[str, Any], rows: int = 10) -> str:
    """Render the most frequent kinds of error: wrong ends (an overlap, but not the span), missed, spurious."""
    found = []
    for name, scores in metrics["scores"].items():
        for label, strict in scores["strict"]["labels"].items():
            relaxed = scores["relaxed"]["labels"][label]
            ends = relaxed["right_gold"] - strict["right_gold"]
            found += [
                (ends, name, label, "wrong ends"),
                (relaxed["gold"] - relaxed["right_gold"], name, label, "missed"),
                (relaxed["predicted"] - relaxed["right_predicted"], name, label, "spurious"),
            ]
    examples = json.loads((Path(__file__).parent / "errors.json").read_text(encoding="utf-8"))
    lines = ["| errors | set | label | kind | for instance (invented) |", "|---:|---|---|---|---|"]
    for count, name, label, kind in sorted(found, reverse=True)[:rows]:
        lines.append(f"| {count} | {name} | {label} | {kind} | {examples.get(f'{label} {kind}', '')} |")
    return "\n".join(lines)


def history_table(history: dict[str, Any], columns: list[str]) -> str:
    """Render the scores noted while training."""
    rows = [f"| {history['title']} | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
    rows += [
        f"| {row['name']} | " + " | ".join(f"{row[c]:.3f}" if c in row else "–" for c in columns) + " |"
        for row in history["rows"]
    ]
    return "\n".join(rows)


def plot(metrics: dict[str, Any], history: dict[str, Any], file: Path) -> None:
    """Draw accuracy over speed of the shipped tagger and its peers."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2))
    markers = {"PHEE": "o", "MACCROBAT": "s", "BC5CDR": "^"}
    ours = {name: s["strict"]["micro"]["f1"] for name, s in metrics["scores"].items()}
    points = [("sequela", metrics["speed"]["words_per_second"], ours)]
    points += [
        (peer["name"], peer["words_per_second"], {k: peer[k] for k in markers if k in peer})
        for peer in history["speed"]
    ]
    for index, (name, rate, scores) in enumerate(points):
        for corpus, f1 in scores.items():
            axes.scatter(rate, f1, marker=markers[corpus], color=f"C{index}", s=55)
        axes.annotate(
            name, (rate, max(scores.values())), textcoords="offset points", xytext=(6, 6), fontsize=8
        )
    for corpus, marker in markers.items():
        axes.scatter([], [], marker=marker, color="grey", label=f"{corpus} dev")
    axes.set_xscale("log")
    axes.set_xlim(1000, 40_000)
    axes.set_xticks(
        [1000, 2000, 5000, 10_000, 20_000, 40_000], ["1,000", "2,000", "5,000", "10,000", "20,000", "40,000"]
    )
    axes.minorticks_off()
    axes.margins(y=0.15)
    axes.set_xlabel("words per second, one core, tokenizer and tagger")
    axes.set_ylabel("strict F1, micro")
    axes.legend(loc="center", fontsize=8)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)


def main() -> None:
    """Run from the command line."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--render-only", action="store_true", help="use the metrics.json that is there")
    options = parser.parse_args()
    file = options.model / "metrics.json"
    if not options.render_only:
        file.write_text(json.dumps(measure(options.corpora), indent=1) + "\n", encoding="utf-8")
    metrics = json.loads(file.read_text(encoding="utf-8"))
    history = json.loads((Path(__file__).parent / "history.json").read_text(encoding="utf-8"))
    meta = json.loads((options.model / "model.json").read_text(encoding="utf-8"))
    size = sum(path.stat().st_size for path in options.model.iterdir() if path.is_file())
    template = (Path(__file__).parent / "card.md.in").read_text(encoding="utf-8")
    card = template.format(
        name=meta["name"],
        version=meta["version"],
        seed=meta["seed"],
        config=meta["config_sha256"][:16],
        megabytes=round(size / 1e6),
        rate=f"{metrics['speed']['words_per_second']:,}",
        blocks=", ".join(str(block) for block in meta["blocks"]),
        width=meta["width"],
        scores=table(metrics),
        errors=errors(metrics),
        commands="\n".join(f"    {s['command']}" for s in metrics["scores"].values()),
        ablation=history_table(
            history["ablation"], ["PHEE", "MACCROBAT", "BC5CDR", "Effect", "Time_elapsed"]
        ),
        variants=history_table(
            history["variants"], ["PHEE", "MACCROBAT", "BC5CDR", "Effect", "Time_elapsed"]
        ),
    )
    (options.model / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    plot(metrics, history, Path(__file__).parents[2] / "docs" / "images" / "tagger.png")


if __name__ == "__main__":
    main()
