"""From one format to another, and what is lost on the way."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sequela.corpora.document import Document, Entity
from sequela.corpora.formats import FORMATS, Format, get_format, read_corpus
from sequela.corpora.labels import LabelMap, apply
from sequela.corpora.problems import Problem
from sequela.corpora.validate import validate
from sequela.errors import CorpusError

_LINKED = ("relations", "events", "attributes", "notes")


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What was written: number of documents, and of what the format has no place for."""

    format: str
    documents: int
    left_out: dict[str, int]


def convert_corpus(
    source: Path,
    target: Path,
    *,
    source_format: str | None = None,
    target_format: str | None = None,
    label_map: LabelMap | None = None,
    lossy: bool = False,
    overwrite: bool = False,
) -> Conversion:
    """Read a corpus and write it in another format; ``target`` appears when all of it is written.

    Relations, events, attributes and notes that the new format has no place for are left out and counted.
    Entities that it has none for (in fragments, overlapping) are an error, or with ``lossy`` are left out, of
    overlapping ones the shorter.

    Raises
    ------
    CorpusError
        A format that is not known or cannot be written, an annotated file that contradicts itself, something
        the new format cannot say without being wrong, a target that exists.
    """
    chosen = get_format(target_format) if target_format is not None else _format_of(target)
    if chosen.write is None:
        writable = ", ".join(name for name, item in FORMATS.items() if item.write)
        raise CorpusError(f"{chosen.name} cannot be written: give one of {writable}")
    if target.exists() and not overwrite:
        raise CorpusError(f"{target} exists: give another name, or --overwrite")
    left_out: Counter[str] = Counter()
    documents = _prepare(read_corpus(source, source_format), chosen, label_map, lossy, left_out)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that moving it into place is one step on the same disk.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        written = Path(folder) / target.name
        count = chosen.write(documents, written)
        if not written.exists():  # no document, in a format of one file each
            written.mkdir()
        if target.is_dir():
            shutil.rmtree(target)
        written.replace(target)
    return Conversion(format=chosen.name, documents=count, left_out=dict(+left_out))


def _format_of(target: Path) -> Format:
    found = [item for item in FORMATS.values() if item.write and target.suffix in item.suffixes]
    if found:
        return found[0]
    raise CorpusError(f"{target}: its ending names no format: give --to, for instance --to brat")


def _prepare(
    documents: Iterable[Document],
    chosen: Format,
    label_map: LabelMap | None,
    lossy: bool,
    left_out: Counter[str],
) -> Iterator[Document]:
    for document in documents:
        if "casebook" in document.meta:
            raise CorpusError(f"{document.path}: casebook annotations quote and do not place their mentions")
        mapped = apply(document, label_map) if label_map is not None else document
        if lossy:
            _leave_entities_out(mapped, chosen, left_out)
        _leave_relations_out(mapped, chosen, left_out)
        for what in _LINKED[1:]:
            if what not in chosen.holds:
                left_out[what] += len(getattr(mapped, what))
                setattr(mapped, what, [])
        yield mapped


def _leave_entities_out(document: Document, chosen: Format, left_out: Counter[str]) -> None:
    kept = document.entities
    if "fragments" not in chosen.holds:
        kept = [entity for entity in kept if len(entity.fragments) == 1]
        left_out["entities in fragments"] += len(document.entities) - len(kept)
    if "overlaps" not in chosen.holds:
        taken: list[Entity] = []
        # The longest first, then the first in the text, as in doc.ents of spaCy.
        for entity in sorted(kept, key=lambda entity: (entity.start - entity.end, entity.start)):
            if all(entity.end <= other.start or other.end <= entity.start for other in taken):
                taken.append(entity)
        left_out["overlapping entities"] += len(kept) - len(taken)
        kept = sorted(taken, key=lambda entity: entity.start)
    if len(kept) < len(document.entities):
        before = {what: len(getattr(document, what)) for what in _LINKED}
        document.entities = kept
        validate(document, report=_pass_over, lines=document.lines)  # what hung on them goes too
        for what in _LINKED:
            left_out[what] += before[what] - len(getattr(document, what))


def _pass_over(problem: Problem) -> None:
    del problem


def _leave_relations_out(document: Document, chosen: Format, left_out: Counter[str]) -> None:
    if "relations" not in chosen.holds:
        kept = []
    elif "concept relations" not in chosen.holds:
        entities = {entity.id for entity in document.entities}
        kept = [item for item in document.relations if {item.head, item.tail} <= entities]
    else:
        return
    left_out["relations"] += len(document.relations) - len(kept)
    document.relations = kept
