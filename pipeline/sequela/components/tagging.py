"""Entities and role spans, from the trained tagger or from another spaCy model.

The shipped tagger has a head for each annotation scheme it was trained on. Their spans are kept as they are in
``doc.spans`` ("roles" with PHEE's labels, "maccrobat", "bc5cdr"); `merge` makes ``doc.ents`` of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from sequela import attributes
from sequela.components.decoding import Decoder
from sequela.components.features import Gazetteer
from sequela.components.layers import Array
from sequela.components.network import Flags, Network
from sequela.components.sentences import Sentences
from sequela.components.texts import text_of, token_texts
from sequela.errors import ModelError
from sequela.lexicons.loader import load_lines, load_table
from sequela.schema import Label, RoleLabel

SHIPPED = "en_sequela_case"
FORMAT = 1  # of the model folder
ROLES = "roles"
GROUPS = (ROLES, "maccrobat", "bc5cdr")
_WINDOW = 128  # words; what the network was trained on
# A report needs its words' vectors where a drug and an event may belong together.
_PAIR = frozenset((Label.DRUG.value, Label.SYMPTOM.value))
_LETTERS = 4  # of the name of a species
_GROUP_WORDS = 512  # padded words scored at once; more overflow the cache
_DECODED_WORDS = 8192  # whose tags are searched at once

Found = tuple[int, int, str, float]  # token start, token end, label, probability

_FROM_ROLES = {
    RoleLabel.DRUG: Label.DRUG,
    RoleLabel.EFFECT: Label.SYMPTOM,
    RoleLabel.DISORDER: Label.SYMPTOM,
    RoleLabel.TIME_ELAPSED: Label.TIME,
    RoleLabel.DURATION: Label.TIME,
    RoleLabel.DOSAGE: Label.DOSE,
    RoleLabel.ROUTE: Label.ROUTE,
    RoleLabel.FREQ: Label.FREQUENCY,
    RoleLabel.AGE: Label.AGE,
    RoleLabel.GENDER: Label.SEX,
}
_FROM_BC5CDR = {"Chemical": Label.DRUG, "Disease": Label.SYMPTOM}


@Language.factory(
    "sequela_tagger",
    assigns=["doc.ents", "doc.spans", "doc.tensor", "span._.tagged_by"],
    default_config={"model": None, "label_map": {}},
)
def create_tagger(
    nlp: Language, name: str, model: str | None, label_map: dict[str, str]
) -> Tagger | ForeignTagger:
    """Make the component: the tagger in the folder ``model``, or any spaCy pipeline of that name or path."""
    folder = shipped() if model is None else Path(model)
    if (folder / "model.json").is_file():
        return Tagger.read(folder)
    return ForeignTagger(str(model), label_map)


def shipped() -> Path:
    """Folder of the tagger that comes with the package."""
    try:
        return Path(str(files(SHIPPED)))
    except ModuleNotFoundError as error:
        raise ModelError(
            f"the tagger {SHIPPED} that comes with sequela is not installed; install sequela again, "
            "or give --model the folder of a model"
        ) from error


class Tagger:
    """The trained tagger.

    Performance: see the model card beside the weights (strict F1 by label, words per second).
    """

    def __init__(
        self, network: Network, gazetteers: tuple[Gazetteer, Gazetteer], meta: dict[str, Any]
    ) -> None:
        self.network = network
        self.drugs, self.events = gazetteers
        self.meta = meta
        self.decoders = [Decoder(head) for head in network.heads]
        self.sentences = Sentences(overwrite=False)

    @property
    def label(self) -> str:
        """Name and version, as the rows give them."""
        return f"{self.meta['name']}-{self.meta['version']}"

    @classmethod
    def read(cls, folder: Path) -> Tagger:
        """Read a model folder.

        Raises
        ------
        ModelError
            The folder is of another format, or a file of it is missing or broken.
        """
        try:
            meta = json.loads((folder / "model.json").read_text(encoding="utf-8"))
            if meta.get("format") != FORMAT:
                raise ModelError(
                    f"the model in {folder} has format {meta.get('format')}, this sequela reads format {FORMAT}; "
                    "install the version of sequela that the model was made for, or leave out --model"
                )
            network = Network.read(folder, meta)
            names = [
                (folder / f"{kind}_names.txt").read_text(encoding="utf-8").splitlines()
                for kind in ("drug", "event")
            ]
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise ModelError(
                f"the model in {folder} cannot be read ({error}); install sequela again, "
                "or give --model another one"
            ) from error
        return cls(network, (Gazetteer(names[0]), Gazetteer(names[1])), meta)

    def __call__(self, doc: Doc) -> Doc:
        """Tag one report."""
        self._tag([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int) -> Iterator[Doc]:
        """Tag reports in batches: chunks of like length of several reports are scored together."""
        docs = iter(stream)
        while batch := list(islice(docs, batch_size)):
            self._tag(batch)
            yield from batch

    def _tag(self, docs: list[Doc]) -> None:
        chunks = [(number, chunk) for number, doc in enumerate(docs) for chunk in self._chunks(doc)]
        found, states = self.find_spans([(docs[number], chunk) for number, chunk in chunks])
        by_doc: list[dict[str, list[Found]]] = [{group: [] for group in GROUPS} for _ in docs]
        for (number, _), spans in zip(chunks, found, strict=True):
            for group, of_group in spans.items():
                by_doc[number][group].extend(of_group)
        for doc, groups in zip(docs, by_doc, strict=True):
            for group, spans_of_group in groups.items():
                doc.spans[group] = [Span(doc, s, e, label=label) for s, e, label, _ in sorted(spans_of_group)]
            entities = merge(doc, groups, self.drugs)
            doc.set_ents([Span(doc, start, end, label=label) for start, end, label, _ in entities])
            _sign(doc, self.label)
            for ent, (_, _, _, probability) in zip(doc.ents, entities, strict=True):
                ent._.tagged_by = {"model": self.label, "score": round(probability, 3)}
            if {ent.label_ for ent in doc.ents} >= _PAIR:
                doc.tensor = np.zeros((len(doc), self.network.width), dtype=np.float16)
        for (number, chunk), vectors in zip(chunks, states, strict=True):
            if docs[number].tensor.size:
                docs[number].tensor[chunk] = vectors

    def find_spans(
        self, chunks: list[tuple[Doc, list[int]]]
    ) -> tuple[list[dict[str, list[Found]]], list[npt.NDArray[np.float16]]]:
        """Give the spans of each head group, and the vectors of the words, for chunks of documents.

        A chunk is a list of token indices; the vectors of one have the shape (tokens, width of the network).
        """
        words = [[texts[i] for i in chunk] for doc, chunk in chunks for texts in (token_texts(doc),)]
        flags = [self._flags(chunk) for chunk in words]
        results: list[dict[str, list[Found]]] = [{group: [] for group in GROUPS} for _ in chunks]
        scores: list[Array] = []
        scored: list[int] = []
        vectors: dict[int, npt.NDArray[np.float16]] = {}
        waiting = 0
        for group in _groups([len(chunk) for chunk in words]):
            states = self.network.states([words[n] for n in group], [flags[n] for n in group])
            scores += [self.network.tag_scores(rows) for rows in states]
            vectors |= {n: rows.astype(np.float16) for n, rows in zip(group, states, strict=True)}
            scored += group
            waiting += sum(len(words[n]) for n in group)
            if waiting >= _DECODED_WORDS:
                self._decode(scores, scored, chunks, results)
                scores, scored, waiting = [], [], 0
        if scored:
            self._decode(scores, scored, chunks, results)
        return results, [vectors[n] for n in range(len(chunks))]

    def _decode(
        self,
        scores: list[Array],
        scored: list[int],
        chunks: list[tuple[Doc, list[int]]],
        results: list[dict[str, list[Found]]],
    ) -> None:
        """Add the spans of the chunks whose numbers are ``scored``."""
        together = np.concatenate(scores)
        lengths = np.array([len(rows) for rows in scores])
        tokens = [i for number in scored for i in chunks[number][1]]
        owners = np.repeat(scored, lengths).tolist()
        for decoder in self.decoders:
            name = decoder.head.name
            group = ROLES if name.startswith("phee") else name
            for start, end, label, probability in decoder.spans(together[:, decoder.head.columns], lengths):
                found = (tokens[start], tokens[end - 1] + 1, label, probability)
                results[owners[start]][group].append(found)

    def _flags(self, words: list[str]) -> Flags:
        lowered = [word.lower() for word in words]
        return np.uint8(3) * self.drugs.flags(lowered) + self.events.flags(lowered)

    def _chunks(self, doc: Doc) -> Iterator[list[int]]:
        """Cut a report at sentence boundaries into chunks of about `_WINDOW` words, white space left out."""
        starts = [*self.sentences.find_starts(doc), len(doc)]
        texts = token_texts(doc)
        chunk: list[int] = []
        for start, end in pairwise(starts):
            tokens = [i for i in range(start, end) if not texts[i].isspace()]
            if chunk and len(chunk) + len(tokens) > _WINDOW:
                yield chunk
                chunk = []
            for first in range(0, len(tokens), 2 * _WINDOW):  # a "sentence" without end
                piece = tokens[first : first + 2 * _WINDOW]
                if chunk and len(chunk) + len(piece) > 2 * _WINDOW:
                    yield chunk
                    chunk = []
                chunk = chunk + piece
        if chunk:
            yield chunk


def _groups(lengths: list[int]) -> Iterator[list[int]]:
    """Group chunks of like length so that each group's padded size is at most `_GROUP_WORDS`."""
    order = sorted(range(len(lengths)), key=lambda n: (lengths[n], n))
    group: list[int] = []
    for number in order:
        if group and lengths[number] * (len(group) + 1) > _GROUP_WORDS:
            yield group
            group = []
        group.append(number)
    if group:
        yield group


def merge(doc: Doc, groups: dict[str, list[Found]], drugs: Gazetteer) -> list[Found]:
    """Make entities without overlap of the spans of all heads, in the order of the text.

    Drugs are what MACCROBAT calls a medication or PHEE a drug; a chemical alone counts where the lexicon knows it
    as a drug (BC5CDR's chemicals include laboratory analytes); what is by its name an operation, an image or a test is
    a procedure. Of findings the role head's Effect goes first,
    unless other heads see several findings in it ("fever, chills and rash"); a drug inside a finding ("lithium
    toxicity") is cut out of it.
    """
    ranked: list[tuple[int, Found]] = []
    for start, end, label, p in groups[ROLES]:
        if label in _FROM_ROLES:
            rank = {RoleLabel.DRUG.value: 0, RoleLabel.EFFECT.value: 2, RoleLabel.DISORDER.value: 5}.get(
                label, 1
            )
            ranked.append((rank, (start, end, _FROM_ROLES[RoleLabel(label)].value, p)))
    for start, end, label, p in groups["maccrobat"]:
        rank = {"DRUG": 0, "SYMPTOM": 3, "PROCEDURE": 6}.get(label, 1)
        ranked.append((rank, (start, end, label, p)))
    ranked = [
        one for one in ranked if one[1][2] != Label.DRUG or not _is_species(doc, one[1][0], one[1][1], drugs)
    ]
    ranked = [
        (6, (start, end, Label.PROCEDURE.value, p))
        if label == Label.DRUG and _is_procedure(doc, start, end)
        else (rank, (start, end, label, p))
        for rank, (start, end, label, p) in ranked
    ]
    for start, end, label, p in groups["bc5cdr"]:
        if label == "Chemical":
            lowered = [doc[i].lower_ for i in range(start, end)]
            if not drugs.find(lowered):
                continue
        ranked.append((0 if label == "Chemical" else 4, (start, end, _FROM_BC5CDR[label].value, p)))
    findings = [found for rank, found in ranked if rank in (3, 4)]
    taken: dict[int, Found] = {}
    chosen: list[Found] = []

    def take(found: Found) -> None:
        chosen.append(found)
        for i in range(found[0], found[1]):
            taken[i] = found

    # within a rank the longer span first: "liposomal amphotericin B" before "amphotericin B"
    for rank, found in sorted(ranked, key=lambda item: (item[0], item[1][0] - item[1][1], item[1])):
        start, end, label, p = found
        if rank == 2 and _several(findings, start, end):
            continue
        if rank in (2, 3, 4, 5):
            start, end = _without_ends(doc, taken, start, end)
        if start < end and not any(i in taken for i in range(start, end)):
            take((start, end, label, p))
    return _with_nouns(doc, sorted(chosen))


def _with_nouns(doc: Doc, entities: list[Found]) -> list[Found]:
    """Join a finding that is an adjective with the noun after it: "swollen" and "eyelids", "bloody" and "stools"."""
    joined: list[Found] = []
    for found in entities:
        if joined and joined[-1][1] == found[0] and found[2] in _NOUNS and _is_adjective(doc, joined[-1]):
            start, _, label, p = joined.pop()
            found = (start, found[1], label, p)
        joined.append(found)
    return joined


_NOUNS = frozenset((Label.BODY_SITE.value, Label.SYMPTOM.value))


def _is_adjective(doc: Doc, found: Found) -> bool:
    start, end, label, _ = found
    return label == Label.SYMPTOM and end == start + 1 and doc[start].lower_ in _adjectives()


@cache
def _adjectives() -> frozenset[str]:
    return frozenset(load_lines("event_adjectives.txt"))


def _is_procedure(doc: Doc, start: int, end: int) -> bool:
    """Whether a mention names what is done or measured: "pancreatectomy", "biliary stent", "C-reactive protein"."""
    forms = _not_drugs()
    last = doc[end - 1].lower_
    return (
        last.endswith(forms["ending"])
        or last in forms["last_word"]
        or doc[start:end].text.lower() in forms["name"]
    )


def _is_species(doc: Doc, start: int, end: int, drugs: Gazetteer) -> bool:
    """Whether a mention is of an abbreviated species: "S. mansoni", its "S" or its "mansoni"."""
    first = start if _is_initial(doc, start) else start - 2
    if first < 0 or not _is_initial(doc, first) or end <= first:
        return False
    name = doc[first + 2].text
    return name.isalpha() and name.islower() and len(name) >= _LETTERS and not drugs.find([name])


def _is_initial(doc: Doc, i: int) -> bool:
    """Whether a capital with a full stop begins a name: "S. mansoni", not "vitamin S. Fever …"."""
    return (
        i + 2 < len(doc)
        and len(doc[i].text) == 1
        and doc[i].text.isupper()
        and doc[i + 1].text == "."
        and not doc[i].whitespace_
    )


@cache
def _not_drugs() -> dict[str, tuple[str, ...]]:
    forms: dict[str, list[str]] = {}
    for row in load_table("tagging_not_drugs.csv"):
        forms.setdefault(row["form"], []).append(row["text"])
    return {form: tuple(texts) for form, texts in forms.items()}


def _several(findings: list[Found], start: int, end: int) -> bool:
    """Whether two findings that do not overlap lie inside the stretch."""
    inside = sorted({(s, e) for s, e, _, _ in findings if start <= s and e <= end})
    return any(first[1] <= second[0] for first, second in pairwise(inside))


def _without_ends(doc: Doc, taken: dict[int, Found], start: int, end: int) -> tuple[int, int]:
    """Cut tokens that belong to another entity, what joined them, and words of grammar off both ends of a finding."""
    begin, stop, edges = start, end, _edge_words()

    def falls(i: int, *, cut: bool) -> bool:
        return i in taken or doc[i].lower_ in edges or (cut and _joins(doc, i))

    while begin < stop and falls(begin, cut=begin > start):
        begin += 1
    while stop > begin and falls(stop - 1, cut=stop < end):
        stop -= 1
    return begin, stop


@cache
def _edge_words() -> frozenset[str]:
    return frozenset(load_lines("event_edge_words.txt"))


def _joins(doc: Doc, i: int) -> bool:
    return not doc[i].text[0].isalnum() or doc[i].lower_ in {
        "induced",
        "related",
        "associated",
        "after",
        "of",
        "to",
        "from",
        "with",
        "due",
        "by",
    }


class ForeignTagger:
    """Entities of another spaCy pipeline, its labels mapped to those of sequela."""

    def __init__(self, model: str, label_map: dict[str, str]) -> None:
        import spacy

        try:
            self.nlp = spacy.load(model)
        except OSError as error:
            raise ModelError(
                f"no model {model!r}: give --model the folder of a spaCy pipeline or the name of an installed one, "
                "or leave it out to use the tagger that comes with sequela"
            ) from error
        except Exception as error:  # a broken pipeline fails in as many ways as there are components
            raise ModelError(
                f"the model {model!r} cannot be loaded ({type(error).__name__}: {error}); it may need another "
                "version of spaCy: run `python -m spacy validate`"
            ) from error
        known = {label.value for label in Label}
        offered = {label for pipe in self.nlp.pipe_names for label in self.nlp.pipe_labels.get(pipe, ())}
        self.label_map = {**{label: label for label in offered & known}, **label_map}
        wrong = sorted(set(self.label_map.values()) - known)
        if wrong:
            raise ModelError(
                f"unknown label {wrong[0]!r} in the label map: the labels of sequela are {', '.join(sorted(known))}"
            )
        if not set(self.label_map) & offered:
            raise ModelError(
                f"the model {model!r} has none of sequela's labels; it has {', '.join(sorted(offered)) or 'none'}: "
                "say what they mean with --labels, for instance --labels CHEMICAL=DRUG --labels DISEASE=SYMPTOM"
            )

    @property
    def label(self) -> str:
        """Name and version, as the rows give them."""
        meta = self.nlp.meta
        return f"{meta.get('lang', 'xx')}_{meta.get('name', 'model')}-{meta.get('version', '0')}"

    def __call__(self, doc: Doc) -> Doc:
        """Tag one report; spans that do not fall on this tokenizer's tokens are widened to them."""
        return self._copied(doc, self.nlp(text_of(doc)))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int) -> Iterator[Doc]:
        """Tag reports in batches."""
        docs = iter(stream)
        while batch := list(islice(docs, batch_size)):
            tagged = self.nlp.pipe([text_of(doc) for doc in batch], batch_size=batch_size)
            for doc, other in zip(batch, tagged, strict=True):
                yield self._copied(doc, other)

    def _copied(self, doc: Doc, tagged: Doc) -> Doc:
        spans = [
            doc.char_span(
                ent.start_char, ent.end_char, label=self.label_map[ent.label_], alignment_mode="expand"
            )
            for ent in tagged.ents
            if ent.label_ in self.label_map
        ]
        doc.set_ents(filter_spans([span for span in spans if span is not None]))
        _sign(doc, self.label)
        return doc


def _sign(doc: Doc, label: str) -> None:
    """Note on the report which tagger read it."""
    attributes.set_meta(doc, {**attributes.get_meta(doc), "model": label})
