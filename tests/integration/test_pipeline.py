"""What every stage promises: declared data, entry points, values that survive bytes and processes."""

from __future__ import annotations

from importlib.metadata import entry_points
from itertools import chain
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

import sequela
from sequela import attributes
from sequela.build import STAGES, build_pipeline

ROOT = Path(__file__).parents[2]
FACTORIES = [factory for factory, _ in STAGES]
REPORTS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "corpora" / "casebook").glob("*.txt"))[:4]
}
# Attributes that no stage of the pipeline sets: what the reader knows
FROM_OUTSIDE = {"doc._.meta"}


@pytest.fixture(scope="module")
def nlp() -> Language:
    return sequela.load()


@pytest.fixture(scope="module")
def docs(nlp: Language) -> list[Doc]:
    return [sequela.process(nlp, text, doc_id=name) for name, text in REPORTS.items()]


def rows(docs: list[Doc]) -> list[list[dict[str, object]]]:
    return [[row.to_dict() for row in sequela.triples(doc, include_all=True)] for doc in docs]


def registered() -> set[str]:
    return {
        f"{owner}._.{name}"
        for owner, names in (("doc", attributes._DOC_ATTRIBUTES), ("span", attributes._SPAN_ATTRIBUTES))
        for name in names
    }


def test_the_factories_of_the_package_are_the_stages() -> None:
    declared = {point.name for point in entry_points(group="spacy_factories") if point.dist.name == "sequela"}
    assert declared == set(FACTORIES)
    assert len(FACTORIES) == len(declared)


@pytest.mark.parametrize("factory", FACTORIES)
def test_every_entry_point_loads_and_declares_what_it_reads_and_sets(factory: str) -> None:
    (point,) = (point for point in entry_points(group="spacy_factories") if point.name == factory)
    assert callable(point.load())
    meta = Language.get_factory_meta(factory)
    assert meta.assigns
    extensions = {name for name in chain(meta.assigns, meta.requires) if "._." in name}
    assert extensions <= registered()


def test_every_attribute_is_set_by_a_stage() -> None:
    set_by_stages = {name for factory in FACTORIES for name in Language.get_factory_meta(factory).assigns}
    assert {name for name in set_by_stages if "._." in name} == registered() - FROM_OUTSIDE


@pytest.mark.model
def test_what_a_stage_reads_was_set_before(nlp: Language) -> None:
    assert nlp.pipe_names == FACTORIES
    problems = nlp.analyze_pipes()["problems"]
    assert {name: missing for name, missing in problems.items() if missing} == {}
    assert set(problems) == set(FACTORIES)


def test_a_stage_that_is_out_of_place_is_noticed() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sequela_triples")
    assert "doc._.links" in nlp.analyze_pipes()["problems"]["sequela_triples"]


@pytest.mark.model
def test_disabled_stages_are_left_out() -> None:
    nlp = build_pipeline(disable=("sequela_normalise", "sequela_course"))
    assert nlp.pipe_names == [
        name for name in FACTORIES if name not in ("sequela_normalise", "sequela_course")
    ]
    doc = sequela.process(nlp, "A rash developed three days after starting minocycline.")
    assert [(row.drug, row.event, row.drug_code) for row in sequela.triples(doc)] == [
        ("minocycline", "rash", "")
    ]


@pytest.mark.model
def test_bytes_keep_everything(nlp: Language, docs: list[Doc]) -> None:
    assert sum(map(len, rows(docs))) > 0
    for doc in docs:
        again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
        assert rows([again]) == rows([doc])
        for read in (
            attributes.get_meta,
            attributes.get_sections,
            attributes.get_patients,
            attributes.get_frames,
            attributes.get_links,
            attributes.get_blame,
            attributes.get_triples,
        ):
            assert read(again) == read(doc)
        for before, after in zip(doc.ents, again.ents, strict=True):
            assert (before.start_char, before.end_char, before.label_) == (
                after.start_char,
                after.end_char,
                after.label_,
            )
            assert values(before) == values(after)


def values(span: Span) -> list[object]:
    return [getattr(span._, name) for name in attributes._SPAN_ATTRIBUTES]


@pytest.mark.model
def test_two_processes_give_what_one_gives(nlp: Language, docs: list[Doc]) -> None:
    texts = [nlp.make_doc(text) for text in REPORTS.values()]
    for doc, name in zip(texts, REPORTS, strict=True):
        attributes.set_meta(doc, attributes.get_meta(docs[list(REPORTS).index(name)]))
    assert rows(list(nlp.pipe(texts, n_process=2, batch_size=1))) == rows(docs)


@pytest.mark.model
def test_the_order_of_the_reports_does_not_matter(nlp: Language, docs: list[Doc]) -> None:
    again = [sequela.process(nlp, text, doc_id=name) for name, text in reversed(REPORTS.items())]
    assert rows(again[::-1]) == rows(docs)


@pytest.mark.model
@pytest.mark.parametrize("text", ["", " ", "\n\n", ".", "rash", "µ" * 50, "a" * 5000])
def test_texts_without_a_reaction(nlp: Language, text: str) -> None:
    assert sequela.triples(nlp(text), include_all=True) == []


@pytest.mark.model
def test_offsets_point_to_the_words(docs: list[Doc]) -> None:
    wrong = [
        row
        for doc in docs
        for row in sequela.triples(doc, include_all=True)
        if doc.text[row.drug_start : row.drug_end] != row.drug
        or doc.text[row.event_start : row.event_end] != row.event
    ]
    assert wrong == []
