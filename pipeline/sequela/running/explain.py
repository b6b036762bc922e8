"""Why each row of a report is there, and why each rejected candidate is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sequela.running.terminal import CONTROLS, make_console

if TYPE_CHECKING:
    from rich.text import Text
    from spacy.tokens import Doc

    from sequela.schema import Cue, Link, Triple


_LONGEST_CUE = 160


def explanation_of(doc: Doc, *, rows_only: bool = False) -> dict[str, Any]:
    """Give rows with their evidence, what was set aside, what was rejected and what anaphors stand for.

    Parameters
    ----------
    doc
        A processed report.
    rows_only
        Leave out what became no row.

    Returns
    -------
    dict
        ``doc_id``; ``rows`` and ``set_aside`` (background, negated ...), each with its values
        and ``evidence``; ``rejected``, candidates with ``reason``; ``anaphors``.
    """
    from sequela import attributes
    from sequela.components.links.merging import happened, merge
    from sequela.components.links.names import NameKeys

    links = attributes.get_links(doc)
    triples = {
        (row.drug_start, row.event_start, row.attribution, row.assertion, row.patient_id): row
        for row in attributes.get_triples(doc)
    }
    rows: list[dict[str, Any]] = []
    aside: list[dict[str, Any]] = []
    for reaction in merge(links, NameKeys(doc.ents)):
        best = reaction.best
        row = triples.get(
            (best.drug.start, best.event.start, best.attribution, best.assertion, best.patient_id)
        )
        if row is None:
            continue
        entry = {**_row(row), "evidence": [_link(doc, link) for link in reaction.links]}
        (rows if happened(best) else aside).append(entry)
    explained: dict[str, Any] = {
        "doc_id": attributes.get_meta(doc).get("doc_id", ""),
        "rows": sorted(rows, key=_place),
    }
    if not rows_only:
        explained["set_aside"] = sorted(aside, key=_place)
        explained["rejected"] = [
            {**_link(doc, link), "reason": link.rejected}
            for link in links
            if link.rejected and link.attribution not in _asides()
        ]
        explained["anaphors"] = [
            {
                "text": span.text,
                "start": span.start_char,
                "end": span.end_char,
                "rule": span._.refers_to["rule"],
                "stands_for": [
                    span._.refers_to["text"],
                    *(other["text"] for other in span._.refers_to["others"]),
                ],
            }
            for span in doc.spans.get("anaphora", ())
            if span._.refers_to
        ]
    return explained


def print_explanation(explained: dict[str, Any]) -> None:
    """Print an explanation: in colour on a terminal, plain in a pipe."""
    from rich.text import Text

    console = make_console()
    console.print(Text(_safe(f"== {explained['doc_id']} =="), style="bold"))
    for title, key in (("Rows", "rows"), ("Set aside", "set_aside")):
        if key not in explained:
            continue
        console.print(Text(f"\n{title}: {len(explained[key])}", style="bold"))
        for entry in explained[key]:
            console.print(_headline(entry))
            for link in entry["evidence"]:
                console.print(_evidence(link))
    if explained.get("rejected") is not None:
        console.print(Text(f"\nRejected: {len(explained['rejected'])}", style="bold"))
        for link in explained["rejected"]:
            line = Text(_safe(f"{link['drug']} – {link['event']}"), style="dim")
            line.append(_safe(f"  {link['reason']}"), style="yellow")
            console.print(line)
            console.print(_evidence(link))
    if explained.get("anaphors"):
        console.print(Text(f"\nAnaphors: {len(explained['anaphors'])}", style="bold"))
        for anaphor in explained["anaphors"]:
            stands_for = ", ".join(anaphor["stands_for"])
            console.print(
                Text(_safe(f"{anaphor['text']} = {stands_for}  ({anaphor['rule']}, at {anaphor['start']})"))
            )


def _headline(entry: dict[str, Any]) -> Text:
    from rich.text import Text

    line = Text(_safe(f"{entry['drug']} – {entry['event']}"), style="bold")
    if entry["onset"]:
        value = "–".join(dict.fromkeys(filter(None, (entry["onset_min"], entry["onset_max"]))))
        line.append(_safe(f"  onset: {entry['onset']}{f' ({value})' if value else ''}"), style="green")
    patient = f" {entry['patient_id']}" if entry["patient_id"] else ""
    line.append(_safe(f"  {entry['attribution']}{patient}, {entry['assertion']}"), style="cyan")
    line.append(f"  confidence {entry['confidence']:.2f}")
    return line


def _evidence(link: dict[str, Any]) -> Text:
    from rich.text import Text

    line = Text(f"    {link['rule']} {link['score']:.2f}")
    if link["probability"] is not None:
        line.append(f"  pair model {link['probability']:.2f}")
    for cue in link["cues"]:
        if cue["text"] and len(cue["text"]) <= _LONGEST_CUE:
            line.append(
                _safe(f"  “{cue['text']}”" + (f" ({cue['rule']})" if cue["rule"] != link["rule"] else ""))
            )
    for name in ("attribution", "assertion"):
        cue = link[f"{name}_cue"]
        if cue:
            line.append(_safe(f"  {name}: {link[name]} “{cue['text']}”"), style="cyan")
    line.append(_safe(f"\n        {link['sentence']}"), style="dim")
    return line


def _row(row: Triple) -> dict[str, Any]:
    names = (
        "triple_id drug drug_name event event_name onset onset_min onset_max onset_anchor role attribution "
        "assertion patient_id confidence rule section drug_start event_start"
    )
    values = row.to_dict()
    return {name: values[name] for name in names.split()}


def _link(doc: Doc, link: Link) -> dict[str, Any]:
    return {
        "drug": link.drug.text,
        "event": link.event.text,
        "rule": link.rule,
        "score": link.score,
        "probability": link.probability,
        "cues": [cue.to_dict() for cue in link.cues],
        "attribution": link.attribution.value,
        "attribution_cue": _cue(link.attribution_cue),
        "assertion": link.assertion.value,
        "assertion_cue": _cue(link.assertion_cue),
        "sentence": _sentence(doc, link),
    }


def _cue(cue: Cue | None) -> dict[str, Any] | None:
    return cue.to_dict() if cue else None


def _sentence(doc: Doc, link: Link) -> str:
    """Give the sentence of the evidence; of the pair network, which has no words to show, those of both mentions."""
    from sequela.components.links.judging import RULE

    places = [link.cues[0].start if link.cues else link.event.start]
    if link.rule == RULE:
        places = [link.drug.start, link.event.start]
    told = [sent for sent in doc.sents if any(sent.start_char <= place < sent.end_char for place in places)]
    return " … ".join(" ".join(sent.text.split()) for sent in told)


def _place(entry: dict[str, Any]) -> tuple[int, int]:
    return entry["event_start"], entry["drug_start"]


def _asides() -> tuple[str, ...]:
    from sequela.schema import Attribution

    return (Attribution.TREATMENT, Attribution.INDICATION, Attribution.EXCLUDED)


def _safe(text: str) -> str:
    """Show control characters as pictures: a report must not steer the terminal."""
    return " ".join(text.translate(CONTROLS).split(" "))
