"""The registry of formats, and reading a corpus whose format is not named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sequela.corpora import (
    ade,
    bioc_format,
    brat,
    casebook,
    conll,
    docbin,
    jsonl,
    phee,
    pubtator,
    triples_csv,
)
from sequela.corpora.document import Document
from sequela.corpora.files import all_files
from sequela.corpora.problems import Report, fail
from sequela.errors import CorpusError

_OPTIONS = "--from NAME; of `sequela evaluate` --format or --pred-format NAME"
_HEAD_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class Format:
    """A format with what reads, writes and recognises it.

    Attributes
    ----------
    name, description
        As ``--from`` and ``--to`` take it; one line for people.
    read
        ``read(path, report=…)`` gives documents; None for the triples CSV, which has no text.
    sniff
        Whether a file with this beginning looks like the format.
    write
        ``write(documents, path)``, or None.
    suffixes
        Endings of the file that ``write`` makes, the usual one first; () where it makes a directory.
    holds
        What documents keep in it besides entities in one piece that do not overlap.
    """

    name: str
    description: str
    sniff: Callable[[Path, str], bool]
    read: Callable[..., Iterator[Document]] | None = None
    write: Callable[[Iterable[Document], Path], int] | None = None
    suffixes: tuple[str, ...] = ()
    holds: frozenset[str] = frozenset()


_ALL = frozenset({"fragments", "overlaps", "relations", "concept relations", "events", "attributes", "notes"})


def _never(file: Path, head: str) -> bool:
    """Recognise nothing: another name for a format that has been recognised."""
    del file, head
    return False


FORMATS: dict[str, Format] = {
    item.name: item
    for item in (
        Format(
            name="brat",
            description="brat standoff: NAME.txt with NAME.ann beside it",
            sniff=brat.sniff,
            read=brat.read,
            write=brat.write,
            holds=_ALL,
        ),
        Format(
            name="pubtator",
            description="PubTator: title, abstract, entities, relations of concepts",
            sniff=pubtator.sniff,
            read=pubtator.read,
            write=pubtator.write,
            suffixes=(".PubTator", ".pubtator"),
            holds=frozenset({"overlaps", "relations", "concept relations"}),
        ),
        Format(
            name="bioc",
            description="BioC XML or JSON",
            sniff=bioc_format.sniff,
            read=bioc_format.read,
            write=bioc_format.write,
            suffixes=(".xml", ".json"),
            holds=_ALL,
        ),
        Format(
            name="phee",
            description="PHEE: sentences with pharmacovigilance events, JSON lines",
            sniff=phee.sniff,
            read=phee.read,
        ),
        Format(
            name="casebook",
            description="reactions of a report: NAME.json beside NAME.txt",
            sniff=casebook.sniff,
            read=casebook.read,
        ),
        Format(
            name="ade",
            description="ADE corpus: DRUG-AE.rel, DRUG-DOSE.rel, ADE-NEG.txt",
            sniff=ade.sniff,
            read=ade.read,
        ),
        Format(
            name="docbin",
            description="DocBin of spaCy",
            sniff=docbin.sniff,
            read=docbin.read,
            write=docbin.write,
            suffixes=(".spacy",),
            holds=_ALL,
        ),
        Format(
            name="conll",
            description="CoNLL: a token a line with its IOB2 tag",
            sniff=conll.sniff,
            read=conll.read,
            write=conll.write,
            suffixes=(".conll", ".iob", ".iob2", ".bio"),
        ),
        Format(
            name="jsonl",
            description="JSON lines of Prodigy or doccano (written for Prodigy)",
            sniff=jsonl.sniff,
            read=jsonl.read,
            write=jsonl.write,
            suffixes=(".jsonl",),
            holds=frozenset({"overlaps", "relations"}),
        ),
        Format(
            name="doccano",
            description="JSON lines, written for doccano",
            sniff=_never,
            read=jsonl.read,
            write=jsonl.write_doccano,
            suffixes=(".jsonl",),
            holds=frozenset({"overlaps", "relations"}),
        ),
        Format(
            name="triples",
            description="triples CSV (rows without a text)",
            sniff=triples_csv.sniff,
            suffixes=(".csv",),
        ),
    )
}


def get_format(name: str) -> Format:
    """Give the format of this name.

    Raises
    ------
    CorpusError
        There is none.
    """
    if name not in FORMATS:
        raise CorpusError(f"{name}: no such format: give one of {', '.join(FORMATS)}")
    return FORMATS[name]


def sniff_format(path: Path) -> Format:
    """Recognise the format of a file, or of the files of a directory.

    Raises
    ------
    CorpusError
        Nothing there, no format fits, or files of several formats.
    """
    path = Path(path)
    if path.is_file():
        files = [path, path.with_suffix(".ann")] if path.suffix == ".txt" else [path]
        files = [file for file in files if file.is_file()]
    elif path.is_dir():
        files = all_files(path)
    else:
        raise CorpusError(f"{path}: no such file or directory")
    found: dict[str, Path] = {}
    for file in files:
        head = _head(file)
        for name, item in FORMATS.items():
            if name not in found and item.sniff(file, head):
                found[name] = file
    if len(found) == 1:
        return FORMATS[next(iter(found))]
    if found:
        where = ", ".join(f"{name} ({file.name})" for name, file in found.items())
        raise CorpusError(f"{path}: holds several formats: {where}; say which one is meant ({_OPTIONS})")
    raise CorpusError(f"{path}: of no format known here; name it ({_OPTIONS}), one of {', '.join(FORMATS)}")


def read_corpus(path: Path, format: str | None = None, *, report: Report = fail) -> Iterator[Document]:
    """Read the documents of a file or directory.

    Parameters
    ----------
    path
        A file, or a directory that is searched.
    format
        Name of the format; recognised from the files when None.
    report
        Is given each problem (see `sequela.corpora.problems`).

    Raises
    ------
    CorpusError
        The format is not known or not clear, or from ``report``.
    """
    chosen = get_format(format) if format is not None else sniff_format(path)
    if chosen.read is None:
        raise CorpusError(f"{path}: a triples CSV holds rows, not annotated texts: give the annotated files")
    return chosen.read(Path(path), report=report)


def _head(file: Path) -> str:
    with file.open("rb") as stream:
        return stream.read(_HEAD_BYTES).decode("utf-8-sig", errors="replace")
