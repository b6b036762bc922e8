"""ADE corpus: ``DRUG-AE.rel`` and ``DRUG-DOSE.rel`` (Gurulingappa et al. 2012), and ``ADE-NEG.txt``.

A line is ``PMID|SENTENCE|EFFECT|START|END|DRUG|START|END`` (or with a dose in the place of the effect). The
offsets of the public files count from the beginning of the abstract, which is not in the file; mentions are
placed in the sentence anew. All mentions of a sentence are shifted by the same number of characters, so that
the shift that fits most of them tells apart a mention that the sentence has twice.

One document a sentence: lines of one sentence, in both files, make one. Entities are Drug, Effect and Dose;
relations DRUG-AE and DRUG-DOSE run from the drug.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sequela.corpora.document import Document, Entity, Relation, covered_text
from sequela.corpora.files import files_of, read_lines
from sequela.corpora.problems import Problem, Report, fail
from sequela.corpora.validate import validate

_ROW = re.compile(r"([0-9]+)\|(.+)\|([^|]+)\|([0-9]{1,9})\|([0-9]{1,9})\|([^|]+)\|([0-9]{1,9})\|([0-9]{1,9})")
_NEGATIVE = re.compile(r"([0-9]+) NEG (.+)")
_KINDS = {"DRUG-AE": "Effect", "DRUG-DOSE": "Dose"}


@dataclass
class _Sentence:
    """A sentence with the mentions that lines give it."""

    pmid: str
    text: str
    path: str
    line: int
    pairs: list[tuple[int, str, tuple[str, str, int], tuple[str, str, int]]] = field(default_factory=list)


def sniff(file: Path, head: str) -> bool:
    """Whether a file looks like this format, by its name and how it begins."""
    if file.suffix == ".rel":
        return bool(_ROW.match(head))
    return file.name == "ADE-NEG.txt" and bool(_NEGATIVE.match(head))


def read(path: Path, *, report: Report = fail) -> Iterator[Document]:
    """Read a file, or ``*.rel`` and ``ADE-NEG.txt`` of a directory.

    ``doc_id`` is the PMID and the number of the sentence among those of its PMID.

    Raises
    ------
    CorpusError
        From ``report``: a line of another form, a mention that is not in its sentence.
    """
    sentences: dict[tuple[str, str], _Sentence] = {}
    for file in files_of(Path(path), ".rel", "ade-neg.txt"):
        kind = next((name for name in _KINDS if file.name.upper().startswith(name)), "DRUG-AE")
        for number, line in read_lines(file):
            if line.strip():
                _add_line(line, file, number, kind, sentences, report)
    counts: Counter[str] = Counter()
    for sentence in sentences.values():
        counts[sentence.pmid] += 1
        yield _document(sentence, f"{sentence.pmid}_{counts[sentence.pmid]}", report)


def _add_line(
    line: str,
    file: Path,
    number: int,
    kind: str,
    sentences: dict[tuple[str, str], _Sentence],
    report: Report,
) -> None:
    row, negative = _ROW.fullmatch(line), _NEGATIVE.fullmatch(line)
    if row:
        pmid, text, other, start, _, drug, drug_start, _ = row.groups()
    elif negative:
        pmid, text = negative.groups()
    else:
        message = "not of the form PMID|SENTENCE|EFFECT|START|END|DRUG|START|END"
        report(Problem(path=str(file), line=number, message=message))
        return
    sentence = sentences.setdefault((pmid, text), _Sentence(pmid, text, str(file), number))
    if row:
        label = _KINDS[kind]
        pair = (number, kind, ("Drug", drug, int(drug_start)), (label, other, int(start)))
        sentence.pairs.append(pair)


def _document(sentence: _Sentence, doc_id: str, report: Report) -> Document:
    document = Document(
        doc_id=doc_id,
        text=sentence.text,
        meta={"pmid": sentence.pmid},
        path=sentence.path,
        line=sentence.line,
    )
    shift = _shift(sentence)
    placed: dict[tuple[str, int, int], Entity] = {}
    related: set[tuple[str, str, str]] = set()
    for line, kind, *mentions in sentence.pairs:
        ends = []
        for label, mention, start in mentions:
            place = _place(sentence.text, mention, start - shift)
            if place is None:
                message = f"{mention!r} is not in its sentence"
                report(Problem(path=sentence.path, line=line, message=message))
                break
            key = (label, *place)
            if key not in placed:
                said = covered_text(sentence.text, (place,))
                placed[key] = Entity(id=f"T{len(placed) + 1}", label=label, fragments=(place,), text=said)
            ends.append(placed[key].id)
        else:
            if (kind, *ends) in related:
                continue
            related.add((kind, ends[0], ends[1]))
            document.relations.append(
                Relation(
                    id=f"R{len(related)}",
                    label=kind,
                    head=ends[0],
                    tail=ends[1],
                    head_role="Drug",
                    tail_role=mentions[1][0],
                )
            )
    document.entities = list(placed.values())
    return validate(document, report=report)


def _shift(sentence: _Sentence) -> int:
    """Count the characters of the abstract before the sentence: what fits most mentions."""
    votes: Counter[int] = Counter()
    mentions = {mention[1:] for _, _, *pair in sentence.pairs for mention in pair}
    for text, start in mentions:
        votes.update({start - place for place, _ in _places(sentence.text, text)})
    return max(votes, key=lambda shift: (votes[shift], -shift), default=0)


def _place(text: str, mention: str, expected: int) -> tuple[int, int] | None:
    return min(_places(text, mention), key=lambda place: (abs(place[0] - expected), place), default=None)


def _places(text: str, mention: str) -> Iterator[tuple[int, int]]:
    """Find the mention; a line break of the abstract may be another blank in the sentence."""
    pattern = re.compile(r"\s+".join(map(re.escape, mention.split())))
    found = pattern.search(text) if mention.strip() else None
    while found:
        yield found.span()
        found = pattern.search(text, found.start() + 1)
