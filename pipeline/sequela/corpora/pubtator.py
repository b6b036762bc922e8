"""PubTator: title, abstract, entities with concepts, relations between concepts (BC5CDR, BioRED).

The text of a document is title, line break, abstract; offsets run through it. A concept identifier becomes a
code with the prefix of its system (``D007022`` of a disease: ``MESH:D007022``); a composite mention has
several. A relation holds between codes, not between mentions: ``head`` and ``tail`` are codes that entities
of the document carry, or, where a composite concept is related as a whole, the first entity that has it. The
fifth column of BioRED's relations is an attribute ``Novelty`` of the relation.

A line that is there twice, word for word, is read once. What does not follow from the codes (the separator
between concepts, the names of the parts of a composite mention) stays in ``meta["columns"]`` by entity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from sequela.corpora.document import Attribute, Document, Entity, Relation
from sequela.corpora.files import files_of, read_lines
from sequela.corpora.problems import Problem, Report, fail
from sequela.corpora.validate import validate
from sequela.errors import CorpusError

_TEXT_LINE = re.compile(r"([^|\t\s]+)\|([ta])\|(.*)")
_OFFSET = re.compile(r"[0-9]{1,9}")
_SYSTEMS = {
    "Chemical": "MESH",
    "Disease": "MESH",
    "ChemicalEntity": "MESH",
    "DiseaseOrPhenotypicFeature": "MESH",
    "Gene": "NCBIGene",
    "GeneOrGeneProduct": "NCBIGene",
    "Species": "NCBITaxon",
    "OrganismTaxon": "NCBITaxon",
    "CellLine": "Cellosaurus",
    "SequenceVariant": "tmVar",
}
# A variant is written with bars ("c|DEL|657|5"): it is one concept.
_UNDIVIDED = frozenset({"SequenceVariant"})
_SEPARATORS = re.compile(r"[|,;]")
_NO_CONCEPT = frozenset({"", "-", "-1"})
_NOVELTY = "Novelty"


def sniff(file: Path, head: str) -> bool:
    """Whether a file looks like this format, by its name and how it begins."""
    return bool(re.match(r"\s*[^|\t\s]+\|t\|", head)) and file.suffix.lower() != ".rel"


def read(path: Path, *, report: Report = fail) -> Iterator[Document]:
    """Read a PubTator file, or those of a directory (``*.PubTator``, ``*.pubtator``, ``*.PubTator.txt``).

    ``meta["split"]`` is the stem of the file.

    Raises
    ------
    CorpusError
        From ``report``: a line that is neither text nor annotation, offsets that do not fit the text, a
        relation with a concept that no entity has.
    """
    for file in files_of(Path(path), ".pubtator", ".pubtator.txt"):
        parser: _Parser | None = None
        for number, line in read_lines(file):
            if not line.strip():
                continue
            text = _TEXT_LINE.fullmatch(line)
            if text and text[2] == "t":
                if parser:
                    yield parser.finish()
                parser = _Parser(file, number, text[1], text[3], report)
            elif parser is None:
                message = "not PubTator: the first line of a document is ID|t|TITLE"
                report(Problem(path=str(file), line=number, message=message))
            elif text:
                parser.add_abstract(number, text[1], text[3])
            else:
                parser.add_line(number, line)
        if parser:
            yield parser.finish()


def write(documents: Iterable[Document], path: Path) -> int:
    """Write documents into one file; gives their number.

    What PubTator cannot say is left out: events, attributes of entities, notes. A text is cut into title and
    abstract at its first line break; a text with more of them cannot be written.

    Raises
    ------
    CorpusError
        A text with more than one line break, an entity in fragments, or a relation between mentions that
        carry no code.
    """
    count = 0
    with Path(path).open("w", encoding="utf-8", newline="\n") as file:
        for document in documents:
            file.write(format_document(document) + "\n")
            count += 1
    return count


def format_document(document: Document) -> str:
    """Give the lines of one document.

    Raises
    ------
    CorpusError
        See `write`.
    """
    name = document.doc_id
    title, _, abstract = document.text.partition("\n")
    if "\n" in abstract or "\r" in document.text:
        raise CorpusError(f"{name}: PubTator has room for one line break, between title and abstract")
    lines = [f"{name}|t|{title}", f"{name}|a|{abstract}"]
    columns = document.meta.get("columns", {})
    concepts: dict[str, str] = {}
    for entity in document.entities:
        if len(entity.fragments) > 1:
            raise CorpusError(f"{name}: {entity.id} is in fragments, which PubTator cannot say")
        rest = columns.get(entity.id)
        if rest is None or codes_of(entity.label, rest[0]) != entity.codes:
            rest = [_concept(entity.codes)]
        concepts[entity.id] = rest[0] if entity.codes else ""
        lines.append("\t".join([name, str(entity.start), str(entity.end), entity.text, entity.label, *rest]))
    novelty = {item.target: item.value for item in document.attributes if item.label == _NOVELTY}
    for relation in document.relations:
        ends = []
        for target in (relation.head, relation.tail):
            concept = concepts.get(target, _bare(target))
            if not concept:
                raise CorpusError(f"{name}: {relation.id} relates {target}, which has no code to be named by")
            ends.append(concept)
        extra = [novelty[relation.id]] if relation.id in novelty else []
        lines.append("\t".join([name, relation.label, *ends, *extra]))
    return "\n".join(dict.fromkeys(lines)) + "\n"


def codes_of(label: str, concept: str) -> tuple[str, ...]:
    """Split a concept identifier into codes with the prefix of their system."""
    parts = [concept] if label in _UNDIVIDED else _SEPARATORS.split(concept)
    found = []
    for part in (part.strip() for part in parts):
        if part in _NO_CONCEPT:
            continue
        system = "dbSNP" if label in _UNDIVIDED and part.startswith("rs") else _SYSTEMS.get(label, "")
        found.append(part if ":" in part or not system else f"{system}:{part}")
    return tuple(found)


def _concept(codes: tuple[str, ...]) -> str:
    return "|".join(_bare(code) for code in codes) if codes else "-"


def _bare(code: str) -> str:
    system, colon, rest = code.partition(":")
    return rest if colon and (system == "dbSNP" or system in _SYSTEMS.values()) else code


class _Parser:
    """Collects the annotations of one document."""

    def __init__(self, file: Path, number: int, doc_id: str, title: str, report: Report) -> None:
        self.document = Document(
            doc_id=doc_id, text=title, meta={"split": file.stem}, path=str(file), line=number
        )
        self.report = report
        self.lines: dict[str, int] = {}
        self.seen: set[str] = set()
        self.columns: dict[str, list[str]] = {}
        self.relations: list[tuple[int, list[str]]] = []
        self.has_abstract = False

    def problem(self, number: int, message: str) -> None:
        self.report(Problem(path=self.document.path, line=number, message=message))

    def add_abstract(self, number: int, doc_id: str, abstract: str) -> None:
        """Take the second line of the document."""
        if doc_id != self.document.doc_id:
            self.problem(number, f"abstract of {doc_id} below the title of {self.document.doc_id}")
        elif self.has_abstract:
            self.problem(number, f"a second abstract of {doc_id}")
        else:
            self.has_abstract = True
            self.document.text += f"\n{abstract}"

    def add_line(self, number: int, line: str) -> None:
        """Take an annotation."""
        if line in self.seen:
            return
        self.seen.add(line)
        doc_id, *columns = line.split("\t")
        if doc_id != self.document.doc_id:
            self.problem(number, f"annotation of {doc_id} among those of {self.document.doc_id}")
        elif len(columns) >= 4 and _OFFSET.fullmatch(columns[0]) and _OFFSET.fullmatch(columns[1]):
            self._add_entity(number, columns)
        elif len(columns) in (3, 4) and not _OFFSET.fullmatch(columns[0]):
            self.relations.append((number, columns))
        else:
            self.problem(number, "neither an entity (ID, START, END, TEXT, LABEL, CONCEPT) nor a relation")

    def _add_entity(self, number: int, columns: list[str]) -> None:
        entity_id = f"T{len(self.lines) + 1}"
        self.lines[entity_id] = number
        start, end, text, label, *rest = columns
        codes = codes_of(label, rest[0]) if rest else ()
        if rest != [_concept(codes)]:
            self.columns[entity_id] = rest
        self.document.entities.append(
            Entity(id=entity_id, label=label, fragments=((int(start), int(end)),), text=text, codes=codes)
        )

    def finish(self) -> Document:
        """Resolve the relations and check everything."""
        document = self.document
        if not self.has_abstract:
            self.problem(document.line, f"{document.doc_id} has no line {document.doc_id}|a|")
        by_concept: dict[str, str] = {}
        for entity in document.entities:
            for code in entity.codes:
                by_concept.setdefault(_bare(code), code)
            if len(entity.codes) > 1:
                composite = self.columns.get(entity.id, [_concept(entity.codes)])[0]
                by_concept.setdefault(composite, entity.id)
        for index, (number, (label, head, tail, *novelty)) in enumerate(self.relations, start=1):
            relation_id = f"R{index}"
            self.lines[relation_id] = self.lines[f"A{index}"] = number
            document.relations.append(
                Relation(
                    id=relation_id,
                    label=label,
                    head=by_concept.get(head, head),
                    tail=by_concept.get(tail, tail),
                )
            )
            if novelty:
                document.attributes.append(
                    Attribute(id=f"A{index}", label=_NOVELTY, target=relation_id, value=novelty[0])
                )
        if self.columns:
            document.meta["columns"] = self.columns
        return validate(document, report=self.report, lines=self.lines)
