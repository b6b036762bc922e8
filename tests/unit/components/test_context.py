from __future__ import annotations

import time

import pytest
from spacy.tokens import Span

from markup import blank, parse
from sequela import attributes
from sequela.components.context import CATEGORIES, find_assertions
from sequela.lexicons.loader import load_table
from sequela.schema import Assertion

# One example a rule that fires it, and one near it that must leave the entity affirmed and without that rule.
RULES: dict[str, tuple[str, str]] = {
    "allergy:allergic to": (
        "He is allergic to <DRUG>penicillin</DRUG>.",
        "He took <DRUG>penicillin</DRUG> and became allergic to nuts.",
    ),
    "allergy:allergy": (
        "He had a <DRUG>penicillin</DRUG> allergy.",
        "An allergy clinic prescribed <DRUG>cetirizine</DRUG>.",
    ),
    "excluded:excluded": (
        "Computed tomography excluded a <SYMPTOM>haemorrhage</SYMPTOM>.",
        "The <SYMPTOM>rash</SYMPTOM> was an exclusive finding.",
    ),
    "excluded:ruled out": (
        "<SYMPTOM>Infection</SYMPTOM> was ruled out.",
        "Tests ruled out any other cause of the <SYMPTOM>bleeding</SYMPTOM>.",
    ),
    "family:family history": (
        "There was a family history of <SYMPTOM>asthma</SYMPTOM>.",
        "Her family noticed <SYMPTOM>confusion</SYMPTOM>.",
    ),
    "family:relative": (
        "His mother had <SYMPTOM>epilepsy</SYMPTOM>.",
        "His <SYMPTOM>epilepsy</SYMPTOM> began when his mother died.",
    ),
    "history:history of": (
        "She had a past medical history of <SYMPTOM>gout</SYMPTOM>.",
        "After a long history she developed <SYMPTOM>gout</SYMPTOM>.",
    ),
    "history:known case of": (
        "He was a known case of <SYMPTOM>epilepsy</SYMPTOM>.",
        "In this case <SYMPTOM>epilepsy</SYMPTOM> was new.",
    ),
    "history:underlying": (
        "Pre-existing <SYMPTOM>renal failure</SYMPTOM> was stable.",
        "<SYMPTOM>Renal failure</SYMPTOM> had no underlying cause.",
    ),
    "hypothetical:if": (
        "Stop the drug if <SYMPTOM>fever</SYMPTOM> appears.",
        "<SYMPTOM>Fever</SYMPTOM> appeared; we asked if others were ill.",
    ),
    "hypothetical:question": (
        "Does dapsone cause <SYMPTOM>rash</SYMPTOM>?",
        "Dapsone caused the <SYMPTOM>rash</SYMPTOM>!",
    ),
    "hypothetical:risk of": (
        "Heparin was given to prevent <SYMPTOM>thrombosis</SYMPTOM>.",
        "<SYMPTOM>Thrombosis</SYMPTOM> occurred in spite of heparin to prevent it.",
    ),
    "negated:absence of": (
        "In the absence of <SYMPTOM>fever</SYMPTOM> he went home.",
        "<SYMPTOM>Fever</SYMPTOM> began in the absence of his wife.",
    ),
    "negated:absent": (
        "<SYMPTOM>Fever</SYMPTOM> was absent.",
        "He was absent because of <SYMPTOM>fever</SYMPTOM>.",
    ),
    "negated:denied": (
        "She denied <SYMPTOM>chest pain</SYMPTOM>.",
        "She had <SYMPTOM>chest pain</SYMPTOM> and denied smoking.",
    ),
    "negated:did not": (
        "She did not develop <SYMPTOM>fever</SYMPTOM>.",
        "She had <SYMPTOM>fever</SYMPTOM> and did not sleep.",
    ),
    "negated:failed to show": (
        "The scan failed to show <SYMPTOM>metastases</SYMPTOM>.",
        "The <SYMPTOM>metastases</SYMPTOM> failed to respond.",
    ),
    "negated:free": (
        "He remained <SYMPTOM>seizure</SYMPTOM> free for a year.",
        "The <SYMPTOM>seizure</SYMPTOM> followed a free interval.",
    ),
    "negated:free of": (
        "She was free of <SYMPTOM>pain</SYMPTOM>.",
        "He moved, free of fear, although in <SYMPTOM>pain</SYMPTOM>.",
    ),
    "negated:instead of": (
        "It was eczema instead of <SYMPTOM>psoriasis</SYMPTOM>.",
        "<SYMPTOM>Psoriasis</SYMPTOM> was found instead of eczema.",
    ),
    "negated:lack of": (
        "The picture lacked <SYMPTOM>eosinophilia</SYMPTOM>.",
        "<SYMPTOM>Eosinophilia</SYMPTOM> was there, other signs were lacking.",
    ),
    "negated:negative": (
        "Tests for <SYMPTOM>malaria</SYMPTOM> were negative.",
        "The <SYMPTOM>malaria</SYMPTOM> patient had negative thoughts.",
    ),
    "negated:negative for": (
        "The smear was negative for <SYMPTOM>malaria</SYMPTOM>.",
        "<SYMPTOM>Malaria</SYMPTOM> was found in a smear negative for bacteria.",
    ),
    "negated:neither": (
        "He had neither <SYMPTOM>fever</SYMPTOM> nor cough.",
        "He had <SYMPTOM>fever</SYMPTOM>, neither high nor long.",
    ),
    "negated:never": (
        "He never had <SYMPTOM>seizures</SYMPTOM>.",
        "He had <SYMPTOM>seizures</SYMPTOM> as never before.",
    ),
    "negated:nil": (
        "Nil <SYMPTOM>oedema</SYMPTOM>.",
        "<SYMPTOM>Oedema</SYMPTOM> was marked, urine output nil.",
    ),
    "negated:no": (
        "There was no <SYMPTOM>fever</SYMPTOM>.",
        "He had <SYMPTOM>fever</SYMPTOM> and no appetite.",
    ),
    "negated:no evidence of": (
        "There was no clinical evidence of <SYMPTOM>sepsis</SYMPTOM>.",
        "There was evidence of <SYMPTOM>sepsis</SYMPTOM>.",
    ),
    "negated:no longer": (
        "She no longer had <SYMPTOM>headache</SYMPTOM>.",
        "The <SYMPTOM>headache</SYMPTOM> lasted no longer than an hour.",
    ),
    "negated:non": (
        "A non <SYMPTOM>thrombotic</SYMPTOM> occlusion was seen.",
        "A non-specific, later typical <SYMPTOM>rash</SYMPTOM> was seen.",
    ),
    "negated:none": (
        "None had <SYMPTOM>fever</SYMPTOM>.",
        "Of the <SYMPTOM>fever</SYMPTOM> charts of this long and difficult week on the ward none was kept.",
    ),
    "negated:nor": (
        "He was not tired, nor had he <SYMPTOM>fever</SYMPTOM>.",
        "He had <SYMPTOM>fever</SYMPTOM>, nor was that all.",
    ),
    "negated:not": (
        "It was not <SYMPTOM>urticaria</SYMPTOM>.",
        "<SYMPTOM>Urticaria</SYMPTOM> was not only visible but itching.",
    ),
    "negated:no change": (
        "There was no <SYMPTOM>improvement</SYMPTOM>.",
        "There was no improvement of the <SYMPTOM>rash</SYMPTOM>.",
    ),
    "negated:not had": (
        "It can cause <SYMPTOM>rash</SYMPTOM>, which our patient did not have.",
        "She had a <SYMPTOM>rash</SYMPTOM>, which our patient had too.",
    ),
    "negated:not observed": (
        "<SYMPTOM>Relapse</SYMPTOM> was not observed.",
        "<SYMPTOM>Relapse</SYMPTOM> was observed.",
    ),
    "negated:without": (
        "He recovered without <SYMPTOM>sequelae</SYMPTOM>.",
        "<SYMPTOM>Sequelae</SYMPTOM> remained without end.",
    ),
    "hypothetical:to exclude": (
        "A scan was done to rule out <SYMPTOM>embolism</SYMPTOM>.",
        "A scan was done and showed <SYMPTOM>embolism</SYMPTOM>.",
    ),
    "possible:cannot be excluded": (
        "<SYMPTOM>Vasculitis</SYMPTOM> cannot be excluded.",
        "<SYMPTOM>Vasculitis</SYMPTOM> cannot be treated.",
    ),
    "possible:differential diagnosis": (
        "The differential diagnosis included <SYMPTOM>scabies</SYMPTOM>.",
        "The diagnosis was <SYMPTOM>scabies</SYMPTOM>.",
    ),
    "possible:might": (
        "This might be <SYMPTOM>lupus</SYMPTOM>.",
        "The might of her <SYMPTOM>lupus</SYMPTOM> surprised us.",
    ),
    "possible:possible": (
        "A possible <SYMPTOM>pneumonia</SYMPTOM> was treated.",
        "A <SYMPTOM>pneumonia</SYMPTOM> was treated as soon as possible.",
    ),
    "possible:question of": (
        "There was a question of <SYMPTOM>tuberculosis</SYMPTOM>.",
        "There was a question on his <SYMPTOM>tuberculosis</SYMPTOM>.",
    ),
    "possible:suggestive of": (
        "Findings were suggestive of <SYMPTOM>hepatitis</SYMPTOM>.",
        "We made a suggestion on the <SYMPTOM>hepatitis</SYMPTOM>.",
    ),
    "possible:suspected": (
        "<SYMPTOM>Meningitis</SYMPTOM> was suspected.",
        "<SYMPTOM>Meningitis</SYMPTOM> was proven.",
    ),
    "possible:thought to be": (
        "The lesion was thought to be <SYMPTOM>melanoma</SYMPTOM>.",
        "The <SYMPTOM>melanoma</SYMPTOM> made him thoughtful.",
    ),
    "possible:to exclude": (
        "<SYMPTOM>Embolism</SYMPTOM> had to be excluded.",
        "<SYMPTOM>Embolism</SYMPTOM> had to be treated.",
    ),
    "possible:working diagnosis": (
        "Our working diagnosis was <SYMPTOM>colitis</SYMPTOM>.",
        "The final diagnosis was <SYMPTOM>colitis</SYMPTOM>.",
    ),
}


@pytest.fixture(scope="module")
def nlp():
    nlp = blank()
    nlp.add_pipe("sequela_sentences")
    nlp.add_pipe("sequela_context")
    return nlp


def annotate(nlp, markup):
    example = parse(nlp, markup)
    for _, component in nlp.pipeline:
        component(example.doc)
    return example


def rules_of(example):
    cues = [attributes.get_assertion(span)[1] for span in example.doc.ents]
    return {cue.rule for cue in cues if cue}


def test_every_rule_of_the_lexicon_has_examples():
    rows = load_table("context_cues.csv")
    deciding = {f"{row['category']}:{row['rule']}" for row in rows if row["category"] in CATEGORIES}
    assert deciding == set(RULES)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_rule_fires(nlp, rule):
    example = annotate(nlp, RULES[rule][0])
    assert rules_of(example) == {rule}
    value, cue = attributes.get_assertion(example.doc.ents[0])
    assert value is CATEGORIES[rule.split(":")[0]]
    assert cue is not None
    assert example.doc.text[cue.start : cue.end] == cue.text


@pytest.mark.parametrize("rule", sorted(RULES))
def test_rule_stays_silent(nlp, rule):
    example = annotate(nlp, RULES[rule][1])
    assert attributes.get_assertion(example.doc.ents[0]) == (Assertion.AFFIRMED, None)


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param(
            "The tumour did not <SYMPTOM assertion=negated>regress</SYMPTOM> and the patient was "
            "<SYMPTOM assertion=negated>pain</SYMPTOM>-free without <SYMPTOM assertion=negated>relief</SYMPTOM>.",
            id="the cue covers the finding",
        ),
        pytest.param(
            "An absence of appetite and <SYMPTOM assertion=affirmed>vomiting</SYMPTOM> were noted.",
            id="a lack that is a finding of its own",
        ),
        pytest.param(
            "He had no <SYMPTOM assertion=negated>fever</SYMPTOM>, "
            "<SYMPTOM assertion=negated>chills</SYMPTOM> or "
            "<SYMPTOM assertion=negated>rash</SYMPTOM>.",
            id="list",
        ),
        pytest.param(
            "No <SYMPTOM assertion=negated>fever</SYMPTOM> was noted, but "
            "<SYMPTOM assertion=affirmed>rash</SYMPTOM> "
            "persisted.",
            id="but",
        ),
        pytest.param(
            "No <SYMPTOM assertion=negated>pallor</SYMPTOM>, "
            "mild <SYMPTOM assertion=affirmed>jaundice</SYMPTOM>.",
            id="adjective of degree begins an affirmed finding",
        ),
        pytest.param(
            "Without <SYMPTOM assertion=negated>fever</SYMPTOM> he developed "
            "<SYMPTOM assertion=affirmed>rash</SYMPTOM>.",
            id="finite verb ends the scope",
        ),
        pytest.param(
            "There was no improvement of the <SYMPTOM assertion=affirmed>rash</SYMPTOM>.",
            id="pseudo negation",
        ),
        pytest.param(
            "The <SYMPTOM assertion=affirmed>rash</SYMPTOM> resolved completely.",
            id="resolved is not negated",
        ),
        pytest.param(
            "The differential diagnosis included <SYMPTOM assertion=negated>scabies</SYMPTOM>, "
            "which was excluded.",
            id="exclusion wins over possibility",
        ),
        pytest.param(
            "Other causes of <SYMPTOM assertion=affirmed>rash</SYMPTOM>, such as "
            "<SYMPTOM assertion=negated>scabies</SYMPTOM>, were ruled out.",
            id="the causes were ruled out",
        ),
        pytest.param(
            "We saw <SYMPTOM assertion=negated>no signs of sepsis</SYMPTOM>.",
            id="cue at the start of the entity",
        ),
        pytest.param(
            "He had <SYMPTOM assertion=affirmed>non-productive cough</SYMPTOM>.",
            id="cue about part of the entity",
        ),
        pytest.param(
            "There was no <SYMPTOM assertion=negated>rash</SYMPTOM>. "
            "<SYMPTOM assertion=affirmed>Fever</SYMPTOM> rose.",
            id="scope ends with the sentence",
        ),
        pytest.param(
            "She was not taking <DRUG assertion=negated>warfarin</DRUG>.", id="drugs are asserted too"
        ),
    ],
)
def test_scopes(nlp, markup):
    example = annotate(nlp, markup)
    found = {key: str(attributes.get_assertion(span)[0]) for key, span in example.spans.items()}
    assert found == {key: values["assertion"] for key, values in example.expected.items()}


@pytest.mark.parametrize("piece", ["no rash, ", "rash was not seen and ", "causes of rash ", "rash\t"])
def test_time_grows_no_faster_than_the_text(nlp, piece):
    def seconds(size):
        doc = nlp.make_doc(piece * size)
        doc.set_ents([Span(doc, token.i, token.i + 1, "SYMPTOM") for token in doc if token.text == "rash"])
        begin = time.process_time()
        find_assertions(doc)
        return time.process_time() - begin

    seconds(10)
    assert min(seconds(4_000) for _ in range(2)) < 50 * max(seconds(400), 0.01)


def test_cells_of_a_table_are_apart(nlp):
    example = annotate(
        nlp, "Weber\tnot reported\t<SYMPTOM id=x>rash</SYMPTOM> on day 4\t<SYMPTOM id=y>no fever</SYMPTOM>\t"
    )
    assert [str(attributes.get_assertion(example.spans[key])[0]) for key in "xy"] == ["affirmed", "negated"]


def test_other_labels_are_left_alone(nlp):
    example = parse(nlp, "No <TIME>two days</TIME> without <SYMPTOM>pain</SYMPTOM>.")
    nlp.get_pipe("sequela_sentences")(example.doc)
    assert [ent.text for ent, _, _ in find_assertions(example.doc)] == ["pain"]


def test_a_doc_without_entities_or_sentences(nlp):
    doc = nlp.make_doc("no fever")
    assert find_assertions(doc) == []
    example = parse(nlp, "no <SYMPTOM>fever</SYMPTOM>")
    assert [value for _, value, _ in find_assertions(example.doc)] == [Assertion.NEGATED]


@pytest.mark.shared
def test_negation_on_clinical_reports(nlp, shared_corpora):
    """F1 of negation given the gold spans of the dev reports; resolved findings count as negated there."""
    import json

    from spacy.util import filter_spans

    from sequela.corpora.brat import read_pair

    folder = shared_corpora / "maccrobat2020"
    hits = spurious = missed = 0
    for doc_id in json.loads((folder / "splits.json").read_text(encoding="utf-8"))["dev"]:
        document = read_pair(folder / f"{doc_id}.txt", folder / f"{doc_id}.ann", doc_id=doc_id)
        triggers = {event.id: event.trigger for event in document.events}
        polarity = {
            triggers.get(a.target, a.target): a.value for a in document.attributes if a.label == "POLARITY"
        }
        doc = nlp.make_doc(document.text)
        gold = {}
        for entity in document.entities:
            if entity.label in ("Sign_symptom", "Disease_disorder"):
                span = doc.char_span(entity.start, entity.end, label="SYMPTOM", alignment_mode="expand")
                gold[span] = polarity.get(entity.id) == "NEG"
        doc.set_ents(filter_spans(gold))
        for _, component in nlp.pipeline:
            component(doc)
        for ent in doc.ents:
            predicted = attributes.get_assertion(ent)[0] is Assertion.NEGATED
            hits += gold[ent] and predicted
            spurious += predicted and not gold[ent]
            missed += gold[ent] and not predicted
    assert 2 * hits / (2 * hits + spurious + missed) >= 0.87
