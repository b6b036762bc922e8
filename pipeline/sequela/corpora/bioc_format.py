"""BioC XML and JSON, through the ``bioc`` library (``pip install 'sequela[corpora]'``).

The text of a document is put together from its passages at their offsets; a gap between them is filled with
line breaks (blanks between sentences). Offsets count characters from the first passage. Annotations may hang
on the document, a passage or a sentence; passages and sentences stay in ``meta["passages"]``, so that writing
puts everything back. The infon ``type`` is the label; ``identifier`` (or ``MESH``) gives codes.

A relation has two nodes; one with a node whose role is Trigger is an event, with any number. Relations of
BC5CDR have no nodes: their concepts stand in the infons. Attributes and notes, which BioC does not have, are
written as infons ``attribute:ID:LABEL`` and ``note:ID:LABEL`` of what they are about, and read from there.

XML is parsed without entities, external or internal, and without the network; a file that declares entities
is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sequela.corpora.document import (
    Attribute,
    Document,
    Entity,
    Event,
    Note,
    Relation,
    covered_text,
)
from sequela.corpora.files import files_of, read_text
from sequela.corpora.problems import Problem, Report, fail
from sequela.corpora.pubtator import codes_of
from sequela.corpora.validate import validate
from sequela.errors import CorpusError

_TRIGGER = "Trigger"
_LABEL_KEYS = ("type", "relation", "relation type")
_CODE_KEYS = ("identifier", "MESH")
_LONGEST_GAP = 10_000


def sniff(file: Path, head: str) -> bool:
    """Whether a file looks like this format, by its name and how it begins."""
    if file.suffix == ".xml":
        return "<collection" in head
    return file.suffix == ".json" and '"passages"' in head and '"infons"' in head


def read(path: Path, *, report: Report = fail) -> Iterator[Document]:
    """Read an XML or JSON file, or all ``*.xml`` and ``*.json`` of a directory.

    Raises
    ------
    CorpusError
        The ``bioc`` library is missing; and from ``report``: not BioC, passages that
        overlap, annotations that do not fit the text.
    """
    for file in files_of(Path(path), ".xml", ".json"):
        is_xml = file.suffix.lower() == ".xml"
        loaded = _load_xml(file, report) if is_xml else _load_json(file, report)
        if loaded is None:
            continue
        collection, lines = loaded
        for index, item in enumerate(collection.documents):
            places = lines[index] if index < len(lines) else {}
            try:
                document = _Assembler(item, file, places, report).document()
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                message = f"document {item.id} is not in BioC's form: {error!r}"
                report(Problem(path=str(file), line=places.get("", 1), message=message))
                continue
            if document is not None:
                yield document


def write(documents: Iterable[Document], path: Path) -> int:
    """Write documents into one file, JSON if its name ends in ``.json``, else XML; gives their number.

    Raises
    ------
    CorpusError
        The ``bioc`` library is missing.
    """
    bioc = _library()
    collection = bioc.BioCCollection()
    collection.source, collection.date, collection.key = "sequela", "", "sequela.key"
    collection.encoding, collection.standalone = "utf-8", True
    for document in documents:
        collection.add_document(_Disassembler(bioc, document).bioc_document())
    path = Path(path)
    if path.suffix.lower() == ".json":
        from bioc import biocjson

        content = biocjson.dumps(collection, ensure_ascii=False, indent=1) + "\n"
    else:
        content = bioc.dumps(collection)
    path.write_bytes(content.encode("utf-8"))
    return len(collection.documents)


def _library() -> Any:
    try:
        import bioc
    except ImportError as error:
        raise CorpusError("BioC needs the bioc library: pip install 'sequela[corpora]'") from error
    return bioc


def _load_json(file: Path, report: Report) -> tuple[Any, list[dict[str, int]]] | None:
    _library()
    from bioc import biocjson

    try:
        data = json.loads(read_text(file))
        # A list of collections, as the web service of PubTator gives it, or one document alone.
        if isinstance(data, list) and len(data) == 1:
            data = data[0]
        if "PubTator3" in data:
            data = {"documents": data["PubTator3"]}
        if "passages" in data:
            data = {"documents": [data]}
        for key, default in (("source", ""), ("date", ""), ("key", ""), ("infons", {})):
            data.setdefault(key, default)
        return biocjson.loads(json.dumps(data)), []
    except json.JSONDecodeError as error:
        report(Problem(path=str(file), line=error.lineno, message=f"not JSON: {error.msg}"))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        report(Problem(path=str(file), line=1, message=f"not BioC JSON: {error!r}"))
    return None


def _load_xml(file: Path, report: Report) -> tuple[Any, list[dict[str, int]]] | None:
    bioc = _library()
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CorpusError(f"{file}: cannot be read: {error.strerror}") from error
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        report(Problem(path=str(file), line=error.lineno or 1, message=f"not XML: {error.msg}"))
        return None
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        message = "declares XML entities, which are not read: write the characters themselves"
        report(Problem(path=str(file), line=1, message=message))
        return None
    if root.tag != "collection":
        message = f"not BioC: the root element is {root.tag}, expected collection"
        report(Problem(path=str(file), line=root.sourceline or 1, message=message))
        return None
    lines = [
        {
            "": item.sourceline or 1,
            **{
                element.get("id", ""): element.sourceline or 1
                for element in item.iter("annotation", "relation")
            },
        }
        for item in root.findall("document")
    ]
    try:
        # The library parses without these precautions, so it is given what has passed them, without a DTD.
        return bioc.loads(etree.tostring(root, encoding="unicode")), lines
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        report(Problem(path=str(file), line=1, message=f"not BioC XML: {error!r}"))
        return None


class _Assembler:
    """Makes a `Document` of a BioC document."""

    def __init__(self, item: Any, file: Path, lines: dict[str, int], report: Report) -> None:
        self.item = item
        self.lines = lines
        self.report = report
        self.codes: dict[str, str] = {}
        self.result = Document(doc_id=str(item.id or ""), text="", path=str(file), line=lines.get("", 1))
        self.base = min((passage.offset for passage in item.passages), default=0)

    def problem(self, message: str, line: int | None = None) -> None:
        place = self.result.line if line is None else line
        self.report(
            Problem(path=self.result.path, line=place, message=f"document {self.result.doc_id}: {message}")
        )

    def document(self) -> Document | None:
        """Give the document, or None where its passages cannot be put together."""
        passages = []
        for passage in self.item.passages:
            sentences = []
            begin = passage.offset - self.base
            if passage.text:
                if not self._append(passage.text, begin, "\n"):
                    return None
            else:
                for number, sentence in enumerate(passage.sentences):
                    filler = " " if number else "\n"
                    if not self._append(sentence.text or "", sentence.offset - self.base, filler):
                        return None
            for sentence in passage.sentences:
                start = sentence.offset - self.base
                sentences.append(
                    {"start": start, "end": start + len(sentence.text or ""), "infons": sentence.infons}
                )
            passages.append(
                {
                    "start": begin,
                    "end": len(self.result.text),
                    "infons": passage.infons,
                    "sentences": sentences,
                }
            )
        document = self.result
        document.meta["passages"] = passages
        if self.item.infons:
            document.meta["infons"] = self.item.infons
        holders = [self.item]
        for passage in self.item.passages:
            holders += [passage, *passage.sentences]
        for holder in holders:
            for annotation in holder.annotations:
                self._add_annotation(annotation)
        for holder in holders:
            for relation in holder.relations:
                self._add_relation(relation)
        return validate(document, report=self.report, lines=self.lines)

    def _append(self, text: str, start: int, filler: str) -> bool:
        gap = start - len(self.result.text)
        if gap < 0:
            self.problem(f"the passage at {start} overlaps the one before it")
            return False
        if gap > _LONGEST_GAP:
            self.problem(f"a gap of {gap} characters before the passage at {start}")
            return False
        self.result.text += filler * gap + text
        return True

    def _add_annotation(self, annotation: Any) -> None:
        infons = dict(annotation.infons)
        label = infons.pop("type", None)
        if not label:
            self.problem(f"annotation {annotation.id} has no infon type", self.lines.get(annotation.id))
            return
        codes: tuple[str, ...] = ()
        for key in _CODE_KEYS:
            codes += codes_of(label, infons.get(key) or "")
        if infons.get("identifier") == "|".join(codes):  # follows from the codes
            infons.pop("identifier", None)
        fragments = sorted(
            (place.offset - self.base, place.end - self.base) for place in annotation.locations
        )
        said = annotation.text
        text = (
            covered_text(self.result.text, tuple(fragments))
            if said is None
            else covered_text(said, ((0, len(said)),))
        )
        self._take_extras(annotation.id, infons)
        self.result.entities.append(
            Entity(
                id=annotation.id,
                label=label,
                fragments=tuple(fragments),
                text=text,
                codes=tuple(dict.fromkeys(codes)),
            )
        )
        for code in codes:
            self.codes.setdefault(code.partition(":")[2] or code, code)

    def _add_relation(self, relation: Any) -> None:
        infons = dict(relation.infons)
        label = next((infons.pop(key) for key in _LABEL_KEYS if infons.get(key)), "relation")
        nodes = [(node.role, node.refid) for node in relation.nodes]
        if not nodes and len(infons) == 2:
            nodes = [(role, self.codes.get(code, code)) for role, code in infons.items()]
            infons = {}
        self._take_extras(relation.id, infons)
        trigger = next((target for role, target in nodes if role == _TRIGGER), None)
        if trigger is not None:
            arguments = tuple(node for node in nodes if node[0] != _TRIGGER)
            self.result.events.append(
                Event(id=relation.id, label=label, trigger=trigger, arguments=arguments)
            )
        elif len(nodes) == 2:
            (head_role, head), (tail_role, tail) = nodes
            self.result.relations.append(
                Relation(
                    id=relation.id,
                    label=label,
                    head=head,
                    tail=tail,
                    head_role=head_role,
                    tail_role=tail_role,
                )
            )
        else:
            message = f"relation {relation.id} has {len(nodes)} nodes; relations of two are read, and events"
            self.problem(message, self.lines.get(relation.id))

    def _take_extras(self, target: str, infons: dict[str, str]) -> None:
        """Take attributes and notes out of the infons and keep what is left."""
        for key in list(infons):
            kind, _, rest = key.partition(":")
            item_id, _, label = rest.partition(":")
            if kind == "attribute" and label:
                value = infons.pop(key) or ""
                self.result.attributes.append(Attribute(id=item_id, label=label, target=target, value=value))
            elif kind == "note" and label:
                text = infons.pop(key) or ""
                self.result.notes.append(Note(id=item_id, label=label, target=target, text=text))
        if infons:
            self.result.meta.setdefault("item_infons", {})[target] = infons


class _Disassembler:
    """Makes a BioC document of a `Document`."""

    def __init__(self, bioc: Any, document: Document) -> None:
        self.bioc = bioc
        self.source = document
        self.extras: dict[str, dict[str, str]] = {}
        for attribute in document.attributes:
            key = f"attribute:{attribute.id}:{attribute.label}"
            self.extras.setdefault(attribute.target, {})[key] = attribute.value
        for note in document.notes:
            self.extras.setdefault(note.target, {})[f"note:{note.id}:{note.label}"] = note.text

    def bioc_document(self) -> Any:
        """Give the BioC document."""
        source = self.source
        result = self.bioc.BioCDocument()
        result.id = source.doc_id
        result.infons = dict(source.meta.get("infons", {}))
        layout = source.meta.get("passages") or [
            {"start": 0, "end": len(source.text), "infons": {}, "sentences": []}
        ]
        for place in layout:
            passage = self.bioc.BioCPassage()
            passage.offset = place["start"]
            passage.text = source.text[place["start"] : place["end"]]
            passage.infons = dict(place["infons"])
            for part in place["sentences"]:
                sentence = self.bioc.BioCSentence()
                sentence.offset = part["start"]
                sentence.text = source.text[part["start"] : part["end"]]
                sentence.infons = dict(part["infons"])
                passage.add_sentence(sentence)
            result.add_passage(passage)
        for entity in source.entities:
            holder = next(
                (
                    passage
                    for passage, place in zip(result.passages, layout, strict=True)
                    if place["start"] <= entity.start and entity.end <= place["end"]
                ),
                result,
            )
            holder.add_annotation(self._annotation(entity))
        for relation in source.relations:
            nodes = [(relation.head_role, relation.head), (relation.tail_role, relation.tail)]
            result.add_relation(self._relation(relation.id, relation.label, nodes))
        for event in source.events:
            nodes = [(_TRIGGER, event.trigger), *event.arguments]
            result.add_relation(self._relation(event.id, event.label, nodes))
        return result

    def _infons(self, item_id: str, label: str) -> dict[str, str]:
        kept = self.source.meta.get("item_infons", {}).get(item_id, {})
        return {"type": label, **kept, **self.extras.get(item_id, {})}

    def _annotation(self, entity: Entity) -> Any:
        annotation = self.bioc.BioCAnnotation()
        annotation.id = entity.id
        annotation.infons = self._infons(entity.id, entity.label)
        if entity.codes and not any(annotation.infons.get(key) for key in _CODE_KEYS):
            annotation.infons["identifier"] = "|".join(entity.codes)
        annotation.text = entity.text
        for start, end in entity.fragments:
            annotation.add_location(self.bioc.BioCLocation(start, end - start))
        return annotation

    def _relation(self, item_id: str, label: str, nodes: list[tuple[str, str]]) -> Any:
        relation = self.bioc.BioCRelation()
        relation.id = item_id
        relation.infons = self._infons(item_id, label)
        for role, target in nodes:
            relation.add_node(self.bioc.BioCNode(target, role))
        return relation
