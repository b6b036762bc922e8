from __future__ import annotations

import json

import pytest
import spacy

import sequela
from markup import blank
from sequela.components.features import Gazetteer
from sequela.components.tagging import GROUPS, Tagger, merge
from sequela.errors import ModelError
from support import save_tiny_model

TEXT = (
    "Lithium toxicity with fever, chills and rash; creatinine rose after amphotericin B was given. "
    "A biliary stent, then pancreatectomy; D-dimer was normal. S. mansoni ova and H. pylori; swollen eyelids, "
    "bloody stools, swollen and eyelids red. She took vitamin D. Later G. lithium was given."
)


def merged(drugs=("lithium", "amphotericin b"), **groups):
    """Merge spans given by their text; gives (text, label) of the entities."""
    doc = blank().make_doc(TEXT)
    found = {group: [] for group in GROUPS}
    for group, spans in groups.items():
        for text, label in spans:
            start = TEXT.index(text)
            span = doc.char_span(start, start + len(text))
            found[group].append((span.start, span.end, label, 0.9))
    return [(doc[s:e].text, label) for s, e, label, _ in merge(doc, found, Gazetteer(drugs))]


CASES = {
    "a drug inside a finding is cut out of it": (
        {"roles": [("Lithium", "Drug"), ("Lithium toxicity", "Effect")]},
        [("Lithium", "DRUG"), ("toxicity", "SYMPTOM")],
    ),
    "several findings in one effect stay apart": (
        {
            "roles": [("fever, chills and rash", "Effect")],
            "maccrobat": [("fever", "SYMPTOM"), ("chills", "SYMPTOM"), ("rash", "SYMPTOM")],
        },
        [("fever", "SYMPTOM"), ("chills", "SYMPTOM"), ("rash", "SYMPTOM")],
    ),
    "one finding in an effect: the effect stands": (
        {"roles": [("chills and rash", "Effect")], "maccrobat": [("rash", "SYMPTOM")]},
        [("chills and rash", "SYMPTOM")],
    ),
    "a chemical that is no known drug is none": ({"bc5cdr": [("creatinine", "Chemical")]}, []),
    "a chemical that is a known drug": (
        {"bc5cdr": [("amphotericin B", "Chemical")]},
        [("amphotericin B", "DRUG")],
    ),
    "the longer drug": (
        {"roles": [("amphotericin", "Drug")], "maccrobat": [("amphotericin B", "DRUG")]},
        [("amphotericin B", "DRUG")],
    ),
    "an operation is no drug": ({"roles": [("pancreatectomy", "Drug")]}, [("pancreatectomy", "PROCEDURE")]),
    "a device is no drug": ({"maccrobat": [("biliary stent", "DRUG")]}, [("biliary stent", "PROCEDURE")]),
    "an assay is no drug": ({"roles": [("D-dimer", "Drug")]}, [("D-dimer", "PROCEDURE")]),
    "a species is no drug": (
        {"roles": [("mansoni ova", "Drug")], "maccrobat": [("pylori", "DRUG"), ("H", "DRUG")]},
        [],
    ),
    "a drug after an initial stays": ({"roles": [("lithium", "Drug")]}, [("lithium", "DRUG")]),
    "a vitamin at the end of a sentence stays": ({"roles": [("vitamin D", "Drug")]}, [("vitamin D", "DRUG")]),
    "an adjective is joined with the place": (
        {"maccrobat": [("swollen", "SYMPTOM"), ("eyelids", "BODY_SITE")]},
        [("swollen eyelids", "SYMPTOM")],
    ),
    "an adjective is joined with the finding": (
        {"maccrobat": [("bloody", "SYMPTOM"), ("stools", "SYMPTOM")]},
        [("bloody stools", "SYMPTOM")],
    ),
    "what no adjective precedes is not joined": (
        {"maccrobat": [("fever", "SYMPTOM"), ("eyelids red", "SYMPTOM")]},
        [("fever", "SYMPTOM"), ("eyelids red", "SYMPTOM")],
    ),
    "population is no entity": ({"roles": [("fever", "Population")]}, []),
}


@pytest.mark.parametrize(("groups", "expected"), CASES.values(), ids=CASES.keys())
def test_merge(groups, expected):
    assert merged(**groups) == expected


@pytest.mark.model
def test_the_shipped_tagger_tags_and_survives_bytes():
    nlp = sequela.load()
    nlp.select_pipes(enable=["sequela_tagger"])
    doc = nlp("A 45-year-old woman developed a rash two days after starting amoxicillin 500 mg.")
    assert {("rash", "SYMPTOM"), ("amoxicillin", "DRUG"), ("500 mg", "DOSE")} <= {
        (ent.text, ent.label_) for ent in doc.ents
    }
    assert {("rash", "Effect"), ("amoxicillin", "Drug")} <= {(s.text, s.label_) for s in doc.spans["roles"]}
    again = spacy.tokens.Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert [(e.text, e.label_, e._.tagged_by) for e in again.ents] == [
        (e.text, e.label_, e._.tagged_by) for e in doc.ents
    ]


@pytest.mark.model
def test_batches_change_nothing():
    nlp = sequela.load()
    nlp.select_pipes(enable=["sequela_tagger"])
    texts = ["Rash after penicillin.", "", "  \n ", "He had fever. " * 60, "No drug here."]
    alone = [[(e.start_char, e.end_char, e.label_) for e in nlp(text).ents] for text in texts]
    for size in (1, 2, 5):
        found = [
            [(e.start_char, e.end_char, e.label_) for e in d.ents] for d in nlp.pipe(texts, batch_size=size)
        ]
        assert found == alone


def test_another_pipeline_takes_its_place(tmp_path):
    model = save_tiny_model(tmp_path)
    nlp = sequela.load(model)
    tagger = nlp.get_pipe("sequela_tagger")
    assert type(tagger).__name__ == "ForeignTagger"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no model"),
        ("{", "cannot be read"),
        (json.dumps({"format": 99}), "has format 99, this sequela reads format 1"),
        (json.dumps({"format": 1, "name": "x", "version": "1"}), "cannot be read"),
    ],
    ids=["missing", "broken", "other format", "no weights"],
)
def test_a_model_that_cannot_be_used_says_what_to_do(tmp_path, content, message):
    if content is not None:
        (tmp_path / "model.json").write_text(content)
    with pytest.raises(ModelError, match=message) as caught:
        sequela.load(tmp_path)
    assert "--model" in str(caught.value)


def test_a_pipeline_with_other_labels_says_how_to_map_them(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "CHEMICAL", "pattern": "aspirin"}])
    nlp.to_disk(tmp_path / "other")
    with pytest.raises(ModelError, match="--labels CHEMICAL=DRUG"):
        sequela.load(tmp_path / "other")
    mapped = sequela.load(tmp_path / "other", label_map={"CHEMICAL": "DRUG"})
    mapped.select_pipes(enable=["sequela_tagger"])
    assert [(e.text, e.label_) for e in mapped("He took aspirin.").ents] == [("aspirin", "DRUG")]
    with pytest.raises(ModelError, match="unknown label 'MEDICINE'"):
        sequela.load(tmp_path / "other", label_map={"CHEMICAL": "MEDICINE"})


def test_chunks_cover_every_word_once():
    nlp = blank()
    doc = nlp.make_doc("Word " * 700 + ". " + "Next one. \n\n" * 90)
    tagger = Tagger.__new__(Tagger)
    from sequela.components.sentences import Sentences

    tagger.sentences = Sentences(overwrite=False)
    chunks = list(tagger._chunks(doc))
    assert [i for chunk in chunks for i in chunk] == [t.i for t in doc if not t.is_space]
    assert max(map(len, chunks)) <= 256
