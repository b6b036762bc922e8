"""``metrics.json``: scores with intervals, and the counts of every document, so that runs can be compared."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sequela.errors import CorpusError
from sequela.evaluation.bootstrap import RESAMPLES, Difference, compare, intervals
from sequela.evaluation.scores import MACRO, MICRO, Counts, Rate, Tally

FORMAT = 1  # of the file; raised when an older reader could not understand a newer one
_DIGITS = 6


@dataclass(kw_only=True)
class Metrics:
    """The outcome of an evaluation.

    Attributes
    ----------
    info
        How it was made: gold, predictions, scheme, versions.
    tallies
        One for each level and rule.
    missing, extra
        Gold documents without a prediction, predictions without a gold document.
    seed, resamples
        Of the bootstrap.
    """

    info: dict[str, Any]
    tallies: list[Tally]
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    seed: int = 0
    resamples: int = RESAMPLES

    def intervals(self) -> dict[str, dict[str, tuple[float, float]]]:
        """Compute the intervals of each tally, by its name and that of the score."""
        return {
            tally.name: intervals(tally.counts, tally.rates, resamples=self.resamples, seed=self.seed)
            for tally in self.tallies
        }


def to_json(metrics: Metrics) -> dict[str, Any]:
    """Give the content of the file."""
    ranges = metrics.intervals()
    return {
        "format": FORMAT,
        **metrics.info,
        "bootstrap": {"resamples": metrics.resamples, "seed": metrics.seed, "level": 0.95},
        "documents": {
            "scored": max((len(tally.counts) for tally in metrics.tallies), default=0),
            "missing": metrics.missing,
            "extra": metrics.extra,
        },
        "scores": {tally.name: _scores(tally, ranges[tally.name]) for tally in metrics.tallies},
        "counts": {tally.name: _counts(tally) for tally in metrics.tallies},
    }


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write the file."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_tallies(path: Path) -> dict[str, Tally]:
    """Read the counts of an earlier run, by the names of the tallies; findings are not in the file.

    Raises
    ------
    CorpusError
        Not such a file.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise CorpusError(
                f"{path}: format {data['format']} of metrics.json; this version reads format {FORMAT}. "
                "Run `sequela evaluate` again to write it anew."
            )
        return {name: _tally(name, content) for name, content in data["counts"].items()}
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorpusError(
            f"{path}: not a metrics.json of `sequela evaluate -o DIR`: {type(error).__name__} {error}"
        ) from error


def compare_tallies(
    ours: Sequence[Tally], theirs: Mapping[str, Tally], *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, dict[str, Difference]]:
    """Compare two runs level by level, on the documents that both scored."""
    return {
        tally.name: compare(
            tally.counts,
            theirs[tally.name].counts,
            our_rates=tally.rates,
            their_rates=theirs[tally.name].rates,
            resamples=resamples,
            seed=seed,
        )
        for tally in ours
        if tally.name in theirs
    }


def differences_to_json(found: Mapping[str, Mapping[str, Difference]]) -> dict[str, Any]:
    """Give plain values."""
    return {
        tally: {
            name: {key: _round(value) for key, value in asdict(one).items()} for name, one in scores.items()
        }
        for tally, scores in found.items()
    }


def _scores(tally: Tally, ranges: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    def block(label: str, counts: Counts) -> dict[str, Any]:
        scores: dict[str, Any] = {}
        for name in ("precision", "recall", "f1"):
            scores[name] = _round(getattr(counts, name))
            scores[f"{name}_interval"] = _interval(ranges, f"{label}/{name}")
        return {**scores, "support": counts.gold, **counts._asdict()}

    content: dict[str, Any] = {
        "labels": {label: block(label, counts) for label, counts in tally.by_label().items()},
        MICRO: block(MICRO, tally.micro()),
        MACRO: {"f1": _round(tally.macro_f1()), "f1_interval": _interval(ranges, f"{MACRO}/f1")},
    }
    if tally.rates:
        content["rates"] = {}
        for name in tally.rates:
            rate = tally.rate(name)
            content["rates"][name] = {
                "value": _round(rate.value),
                "interval": _interval(ranges, f"rate/{name}"),
                "part": _round(rate.part),
                "whole": _round(rate.whole),
            }
    return content


def _counts(tally: Tally) -> dict[str, Any]:
    content: dict[str, Any] = {
        "columns": list(Counts._fields),
        "documents": {
            doc_id: {label: list(counts) for label, counts in by_label.items()}
            for doc_id, by_label in tally.counts.items()
        },
    }
    if tally.rates:
        content["rates"] = {
            name: {doc_id: list(rate) for doc_id, rate in rates.items() if any(rate)}
            for name, rates in tally.rates.items()
        }
    return content


def _tally(name: str, content: Mapping[str, Any]) -> Tally:
    level, _, rule = name.partition("/")
    counts = {
        doc_id: {label: Counts(*numbers) for label, numbers in by_label.items()}
        for doc_id, by_label in content["documents"].items()
    }
    rates = {
        measure: {doc_id: Rate(*by_document.get(doc_id, (0.0, 0.0))) for doc_id in counts}
        for measure, by_document in content.get("rates", {}).items()
    }
    return Tally(level=level, rule=rule, counts=counts, rates=rates)


def _interval(ranges: Mapping[str, tuple[float, float]], name: str) -> list[float | None] | None:
    return [_round(bound) for bound in ranges[name]] if name in ranges else None


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
