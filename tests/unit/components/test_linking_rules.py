"""Every linking rule of a sentence: an example on which it decides, and a near one on which it must not."""

from __future__ import annotations

import re
import time
from functools import cache

import pytest
from spacy.language import Language

from markup import blank, parse
from sequela.components.linking import Linking
from sequela.components.links.items import masked_sentences
from sequela.components.links.rules import Verdict, compile_pattern, decide, load_rules
from sequela.lexicons.loader import load_lines, load_table

# rule → (a sentence on which it decides, one on which another rule does); D and E mark what is linked
EXAMPLES = {
    "compound": ("[D:Flurotol]-induced [E:hepatitis] is rare.", "[D:Flurotol] cleared the [E:hepatitis]."),
    "dechallenge": (
        "The [E:tremor] disappeared after withdrawal of [D:Flurotol].",
        "The [E:tremor] disappeared after [D:Flurotol].",
    ),
    "not_the_cause": (
        "The [E:hepatitis] was not due to [D:Flurotol].",
        "The [E:hepatitis] was not only due to [D:Flurotol].",
    ),
    "stopped_for": (
        "[D:Flurotol] was discontinued because of [E:diarrhoea].",
        "[D:Flurotol] was continued in spite of the [E:diarrhoea].",
    ),
    "withdrawal": (
        "The [E:seizures] began shortly after stopping [D:Flurotol].",
        "The [E:seizures] began shortly after starting [D:Flurotol].",
    ),
    "in_spite_of": (
        "The [E:oedema] worsened despite [D:Flurotol].",
        "The [E:oedema] worsened because of [D:Flurotol].",
    ),
    "treated_with": (
        "The [E:eczema] was successfully treated with [D:Flurotol].",
        "The [E:eczema] was seen in a woman treated with [D:Flurotol].",
    ),
    "resolved_with": (
        "The [E:itching] improved with oral [D:Flurotol].",
        "The [E:itching] appeared with oral [D:Flurotol].",
    ),
    "treatment_of": ("We tried to control [E:pain] with [D:Flurotol].", "We saw [E:pain] with [D:Flurotol]."),
    "given_for": (
        "She was taking [D:Flurotol] for her [E:migraine].",
        "[D:Flurotol] was responsible for her [E:migraine].",
    ),
    "used_to_treat": (
        "[D:Flurotol] was used to treat the [E:gout].",
        "[D:Flurotol] was thought to have caused the [E:gout].",
    ),
    "therapy_of": (
        "[D:Flurotol] therapy of [E:asthma] is common.",
        "[D:Flurotol] therapy led to [E:asthma].",
    ),
    "treats": ("[D:Flurotol] completely abolished the [E:cramps].", "[D:Flurotol] caused the [E:cramps]."),
    "effective_in": (
        "[D:Flurotol] proved effective against [E:vertigo].",
        "[D:Flurotol] is known to cause [E:vertigo].",
    ),
    "treated_people": (
        "In [D:Flurotol]-treated patients with [E:lupus] levels were low.",
        "[D:Flurotol]-induced [E:lupus] was found.",
    ),
    "given_to_people_with": (
        "We gave [D:Flurotol] to two patients with [E:angina].",
        "[D:Flurotol] caused two attacks of [E:angina].",
    ),
    "people_with_given": (
        "A man with [E:psoriasis] receiving [D:Flurotol] was admitted.",
        "A man developed [E:psoriasis] after [D:Flurotol].",
    ),
    "event_people_given": (
        "[E:Epilepsy] patients receiving [D:Flurotol] were studied.",
        "[E:Epilepsy] occurred in patients receiving [D:Flurotol].",
    ),
    "started_for": (
        "He had [E:cellulitis] for which [D:Flurotol] was chosen.",
        "He had [E:cellulitis] due to [D:Flurotol].",
    ),
    "condition_of_patient": (
        "A woman with [E:sarcoidosis] developed a cough that began after [D:Flurotol].",
        "We saw [E:sarcoidosis] after [D:Flurotol].",
    ),
    "history_of": (
        "He had a long history of [E:asthma] and developed cramps after [D:Flurotol].",
        "He had an attack of [E:asthma] after [D:Flurotol].",
    ),
    "drug_in_disease": ("We review [D:Flurotol] in [E:sepsis].", "We review [D:Flurotol] [E:fever]."),
    "then_treated": (
        "The [E:eczema] spread and he was soon afterwards started on [D:Flurotol].",
        "The [E:eczema] spread after he was started on [D:Flurotol].",
    ),
    "given_to_induce": (
        "She was treated with [D:Flurotol] to induce [E:amnesia].",
        "She took [D:Flurotol], which is known to induce [E:amnesia].",
    ),
    "treated_well": (
        "We report a [E:meningitis] after an operation, successfully treated with [D:Flurotol].",
        "We report a [E:meningitis] after she had been treated with [D:Flurotol].",
    ),
    "improved_after": (
        "Following [D:Flurotol] his [E:cough] gradually resolved.",
        "Following [D:Flurotol] his [E:cough] gradually worsened.",
    ),
    "betters": (
        "[D:Flurotol] resulted in complete reversal of the [E:paralysis].",
        "[D:Flurotol] resulted in [E:paralysis].",
    ),
    "not_given": (
        "[D:Flurotol] was avoided, as it may cause [E:hyperthermia].",
        "[D:Flurotol] was given and may have caused [E:hyperthermia].",
    ),
    "only_considered": (
        "[E:Delirium] was considered because of [D:Flurotol], but she was alert.",
        "[E:Delirium] was considered to be due to [D:Flurotol].",
    ),
    "given_because": (
        "[D:Flurotol] was added because [E:tics] continued.",
        "[D:Flurotol] was stopped because [E:tics] began.",
    ),
    "cause_of": (
        "The [E:neutropenia] was secondary to [D:Flurotol].",
        "The [E:neutropenia] was treated with [D:Flurotol].",
    ),
    "causes": ("[D:Flurotol] may cause [E:jaundice].", "[D:Flurotol] was given for [E:jaundice]."),
    "side_effect_list": (
        "[D:Flurotol] has side effects such as [E:nausea].",
        "[D:Flurotol] was given for [E:nausea].",
    ),
    "cannot_tolerate": (
        "[D:Flurotol] was poorly tolerated because of [E:dizziness].",
        "[D:Flurotol] was chosen for [E:dizziness].",
    ),
    "side_effect_of": (
        "Side effects of [D:Flurotol] include [E:insomnia].",
        "Indications of [D:Flurotol] include [E:insomnia].",
    ),
    "event_is_side_effect": (
        "[E:Alopecia] is a known adverse effect when using [D:Flurotol].",
        "[E:Alopecia] was treated with [D:Flurotol].",
    ),
    "toxicity": (
        "[D:Flurotol] overdose with [E:coma] was diagnosed.",
        "[D:Flurotol] relieved the [E:coma].",
    ),
    "drug_disease": (
        "They described [D:Flurotol] [E:pneumonitis] at length.",
        "They described [D:Flurotol] in [E:pneumonitis] at length.",
    ),
    "drug_event": (
        "[D:Flurotol] lung [E:pneumonitis] is reviewed.",
        "[D:Flurotol] in [E:pneumonitis] is reviewed.",
    ),
    "event_from_drug": (
        "She had [E:bleeding] from [D:Flurotol].",
        "She had [E:bleeding] of unknown cause and took [D:Flurotol].",
    ),
    "event_of_drug": (
        "She had an [E:allergy] to [D:Flurotol].",
        "She had an [E:allergy] treated with [D:Flurotol].",
    ),
    "reported_after": (
        "We report a case of [E:uveitis] following [D:Flurotol].",
        "The [E:uveitis] began following [D:Flurotol].",
    ),
    "stopped_after": (
        "She had [E:hives], and therefore [D:Flurotol] was stopped.",
        "She had [E:hives], and therefore [D:Flurotol] was given.",
    ),
    "timed_onset": (
        "The [E:rash] appeared <TIME>three days</TIME> after starting [D:Flurotol].",
        "The [E:rash] appeared after starting [D:Flurotol].",
    ),
    "event_after_drug": (
        "Her [E:anaemia] worsened following [D:Flurotol].",
        "Her [E:anaemia] was treated with [D:Flurotol].",
    ),
    "event_under_drug": (
        "The [E:bradycardia] was seen while taking [D:Flurotol].",
        "The [E:bradycardia] was treated with [D:Flurotol].",
    ),
    "event_in_people_under": (
        "The first [E:neuropathy] in a man exposed to [D:Flurotol] was severe.",
        "[E:Neuropathy] patients given [D:Flurotol] were seen.",
    ),
    "outlasts": (
        "The [E:neutropenia] went on despite withdrawal of [D:Flurotol].",
        "The [E:neutropenia] went on despite a dose of [D:Flurotol].",
    ),
    "event_with_drug": (
        "There was [E:hiccup] with [D:Flurotol].",
        "There was [E:hiccup] but no [D:Flurotol].",
    ),
    "not_sensitive": (
        "The [E:cystitis] was by an organism sensitive to [D:Flurotol].",
        "The [E:cystitis] was due to [D:Flurotol].",
    ),
    "developed_under": (
        "A boy on [D:Flurotol] developed [E:stomatitis].",
        "A boy on [D:Flurotol] for [E:stomatitis] was seen.",
    ),
    "after_drug_event": (
        "After [D:Flurotol] there came [E:chills].",
        "With [D:Flurotol] there came [E:chills].",
    ),
    "and_event": ("He got [D:Flurotol] then and [E:oedema].", "He got [D:Flurotol], no [E:oedema]."),
    "same_sentence": ("He got [D:Flurotol], no [E:oedema].", "[D:Flurotol] caused [E:oedema]."),
    "same_sentence_far": (
        "[D:Flurotol] is a drug that has been on the market for a good many years and was first made from "
        "the bark of a tree, whereas [E:oedema] is not.",
        "[D:Flurotol] caused [E:oedema].",
    ),
}


@cache
def nlp() -> Language:
    pipeline = blank()
    pipeline.add_pipe("sequela_sentences")
    return pipeline


def rule_for(markup: str, disabled: tuple[str, ...] = ()) -> str:
    text = re.sub(r"\[D:([^\]]+)\]", r"<DRUG>\1</DRUG>", markup)
    doc = parse(nlp(), re.sub(r"\[E:([^\]]+)\]", r"<SYMPTOM>\1</SYMPTOM>", text)).doc
    (masked,) = masked_sentences(nlp().get_pipe("sequela_sentences")(doc), doc.ents)
    kinds = [item.kind for item in masked.items]
    decision = decide(masked, kinds.index("D"), kinds.index("E"), load_rules(disabled))
    return decision.rule if decision else ""


@pytest.mark.parametrize("rule", EXAMPLES)
def test_rule_decides(rule):
    assert rule_for(EXAMPLES[rule][0]) == rule


@pytest.mark.parametrize("rule", EXAMPLES)
def test_rule_stays_silent(rule):
    assert rule_for(EXAMPLES[rule][1]) != rule


@pytest.mark.parametrize("rule", EXAMPLES)
def test_rule_can_be_switched_off(rule):
    assert rule_for(EXAMPLES[rule][0], (rule,)) != rule


def test_every_rule_has_an_example():
    assert list(dict.fromkeys(row["rule"] for row in load_table("linking_rules.csv"))) == list(
        dict.fromkeys(row["rule"] for row in load_table("linking_rules.csv") if row["rule"] in EXAMPLES)
    )
    assert set(EXAMPLES) == {row["rule"] for row in load_table("linking_rules.csv")}


def test_rules_are_well_formed():
    for row in load_table("linking_rules.csv"):
        assert row["order"] in ("DE", "ED")
        assert Verdict(row["verdict"])
        assert row["evidence"] in ("causal", "timed", "temporal", "weak", "aside")
        assert (row["evidence"] == "aside") == (row["verdict"] != "reaction")
        assert 0 < float(row["score"]) < 1


@pytest.mark.parametrize("name", ["linking_cues.csv", "drug_classes.csv", "anaphora_nouns.csv"])
def test_tables_are_sorted_trimmed_and_without_duplicates(name):
    rows = [tuple(row.values()) for row in load_table(name)]
    assert rows == sorted(set(rows))
    assert all(value == value.strip() for row in rows for value in row)


@pytest.mark.parametrize("name", ["event_heads.txt", "linking_not_suspects.txt"])
def test_lists_are_sorted_and_without_duplicates(name):
    lines = load_lines(name)
    assert list(lines) == sorted(set(lines))


HOSTILE = (
    "a " * 4000,
    "in a patient with E " * 400,
    "T after T of " * 600,
    "was were been " * 500,
    "effects of a reaction to " * 400,
    "-" * 8000,
    "aaaaaaaaaa" * 800,
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_patterns_are_quick_on_hostile_text(text):
    """Rules see at most a window before and after the pair; between, any length."""
    patterns = [
        compile_pattern(row[part])
        for row in load_table("linking_rules.csv")
        for part in ("before", "between", "after")
        if row[part]
    ]
    started = time.perf_counter()
    for pattern in patterns:
        pattern.search(text)
    assert time.perf_counter() - started < 10


def test_component_takes_its_options_from_the_config():
    pipeline = blank()
    pipeline.add_pipe("sequela_linking", config={"disabled_rules": ["compound"], "threshold": 0.6})
    component = pipeline.get_pipe("sequela_linking")
    assert isinstance(component, Linking)
    assert "compound" not in {rule.name for rules in component.rules.values() for rule in rules}
    assert component.threshold == 0.6
