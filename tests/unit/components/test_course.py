from __future__ import annotations

import re
import time

import pytest

from markup import blank, parse
from sequela import attributes
from sequela.components.course import CourseFinder, find_course
from sequela.components.course_report import Report
from sequela.components.sentences import Sentences
from sequela.lexicons.loader import load_table
from sequela.schema import (
    Action,
    Attribution,
    Challenge,
    Course,
    Frame,
    Link,
    Mention,
    Onset,
    Outcome,
)

DRUG, EVENT = "<DRUG id=d>amoxicillin</DRUG>", "<SYMPTOM id=e>rash</SYMPTOM>"
TOLD = f"She took {DRUG} and developed a {EVENT}. "


@pytest.fixture(scope="module")
def nlp():
    return blank()


def read(nlp, markup, *, others=(), attribution=Attribution.INDEX_PATIENT):
    """Give the course of the pair d, e; ``others`` are the sentences about other patients."""
    example = parse(nlp, markup)
    doc = Sentences(overwrite=True)(example.doc)
    sents = list(doc.sents)
    frames = [
        Frame(start=sents[i].start_char, end=sents[i].end_char, attribution=Attribution.OTHER_CASE)
        for i in others
    ]
    attributes.set_frames(doc, frames)
    mention = {
        key: Mention(text=span.text, start=span.start_char, end=span.end_char, label=span.label_)
        for key, span in example.spans.items()
    }
    link = Link(drug=mention["d"], event=mention["e"], rule="test", score=1.0, attribution=attribution)
    attributes.set_links(doc, [link])
    return find_course(Report(doc, [link]), link), doc.text


OUTCOMES = {
    "resolved": ("The rash resolved within a week.", "recovered", "resolved"),
    "no word of the event": ("The patient recovered completely.", "recovered", "recovered completely"),
    "improved": ("The rash improved over two days.", "recovering", "improved"),
    "improved, then resolved": (
        "The rash improved. Three weeks later the rash had disappeared.",
        "recovered",
        "disappeared",
    ),
    "not resolved": ("The rash did not resolve.", "not_recovered", "did not resolve"),
    "persisted": ("The rash persisted at follow-up.", "not_recovered", "persisted"),
    "worse, then well": (
        "The rash worsened. Later the patient recovered completely.",
        "recovered",
        "recovered completely",
    ),
    "scars": ("The rash healed with permanent scarring.", "sequelae", "permanent scarring"),
    "died of it": ("She died of the rash.", "fatal", "died"),
    "died, main event": ("The patient passed away.", "fatal", "passed away"),
    "died of a tumour": ("She died of progression of her cancer.", "unknown", None),
    "some of a group died": ("Two of them died.", "unknown", None),
    "died long after": ("She died two years later.", "unknown", None),
    "relative died": ("Her mother died of cancer.", "unknown", None),
    "advice": ("The drug should be stopped if the rash has not resolved.", "unknown", None),
    "another event": ("The <SYMPTOM>fever</SYMPTOM> resolved.", "unknown", None),
    "tumour": ("The tumour disappeared and the patient was treated on.", "unknown", None),
    "nothing": ("She went home.", "unknown", None),
}


@pytest.mark.parametrize(("text", "outcome", "cue"), OUTCOMES.values(), ids=OUTCOMES)
def test_outcome(nlp, text, outcome, cue):
    course, whole = read(nlp, TOLD + text)
    assert course.outcome == outcome
    assert (course.outcome_cue.text if course.outcome_cue else None) == cue
    if course.outcome_cue:
        assert whole[course.outcome_cue.start : course.outcome_cue.end] == cue


WHOSE = {
    # what a statement is about: event named in the link, what follows, the outcome
    "the subject is the list before the verb": (
        "rash",
        "The <SYMPTOM>fever</SYMPTOM> settled; the rash persisted.",
        "not_recovered",
    ),
    "a list": ("rash", "The <SYMPTOM>fever</SYMPTOM> and the rash subsided.", "recovered"),
    "another event resolved": ("rash", "Her <SYMPTOM>headache</SYMPTOM> had gone by evening.", "unknown"),
    "object of a noun": ("rash", "There was complete resolution of the rash.", "recovered"),
    "object of a noun, another": (
        "rash",
        "There was complete resolution of the <SYMPTOM>fever</SYMPTOM>.",
        "unknown",
    ),
    "pronoun": ("rash", "The rash was mild; it faded within days.", "recovered"),
    "no verb of its own": ("rash", "The rash faded and had cleared at review.", "recovered"),
    "the symptoms": ("rash", "All symptoms disappeared over a week.", "recovered"),
    "both complaints": ("rash", "Both complaints had gone after four weeks.", "recovered"),
    "skin for a rash": ("rash", "The skin had healed by May.", "recovered"),
    "skin for a seizure": ("seizure", "The skin had healed by May.", "unknown"),
    "platelets for thrombocytopenia": (
        "thrombocytopenia",
        "The platelet count returned to normal.",
        "recovered",
    ),
    "platelets for a rash": ("rash", "The platelet count returned to normal.", "unknown"),
    "creatinine for kidney injury": ("acute kidney injury", "Creatinine normalised in a week.", "recovered"),
    "ventricular function": ("cardiomyopathy", "The ejection fraction improved.", "recovering"),
    "liver tests": ("hepatitis", "The transaminases fell steadily.", "recovering"),
    "falling platelets are no recovery": ("thrombocytopenia", "Platelets fell to 8.", "unknown"),
    "rising platelets": ("thrombocytopenia", "Platelets rose to 64 × 10⁹/L in two days.", "recovering"),
    "risen to normal": ("thrombocytopenia", "Platelets rose to 64 and to 310 × 10⁹/L.", "recovered"),
    "a value that is normal": ("hyperkalaemia", "On day 9 potassium was 4.3 mmol/L.", "recovered"),
    "a value that is not": ("hyperkalaemia", "On day 9 potassium was 6.3 mmol/L.", "unknown"),
    "normal again": ("hepatitis", "Bilirubin was normal ten weeks later.", "recovered"),
    "normal, no word of later": ("hepatitis", "Bilirubin was normal.", "unknown"),
    "an event stopped": ("haemorrhage", "The bleeding stopped within five days.", "recovered"),
    "a drug was stopped": ("haemorrhage", "Amoxicillin was stopped for the bleeding.", "unknown"),
    "spoke normally": ("encephalopathy", "After two days she spoke normally.", "recovered"),
    "almost": ("rash", "The rash had almost cleared.", "recovering"),
    "began to": ("rash", "The rash began to fade.", "recovering"),
    "transient": ("rash", "The rash was transient.", "recovered"),
    "transient, another thing": ("rash", "A transient pacemaker was placed.", "unknown"),
    "discharged": ("rash", "She was discharged on day five.", "recovered"),
    "discharged, but": ("rash", "The rash persisted when she was discharged.", "not_recovered"),
    "well before": ("rash", "She had been well until then.", "unknown"),
    "still there": ("numbness", "The numbness is still present.", "not_recovered"),
    "continued to have it": ("insomnia", "She continued to have insomnia.", "not_recovered"),
    "the tumour responded": ("paralysis", "The tumour showed a partial response.", "unknown"),
    "the event is worsening itself": ("worsening arthritis", "No other drug was given.", "unknown"),
    "fatal, of a list": ("haemorrhage", "A fatal haemorrhage followed.", "fatal"),
    "two denials in one sentence": (
        "rash",
        "The rash returned without fever and responded to a cream.",
        "recovering",
    ),
}


@pytest.mark.parametrize(("event", "text", "outcome"), WHOSE.values(), ids=WHOSE)
def test_whose_outcome(nlp, event, text, outcome):
    told = f"She took <DRUG id=d>amoxicillin</DRUG> and had <SYMPTOM id=e>{event}</SYMPTOM>. "
    assert read(nlp, told + text)[0].outcome == outcome


def courses(nlp, markup, events=("e",), drug="d", **onsets):
    """Give the courses of several events of one drug."""
    example = parse(nlp, markup)
    doc = Sentences(overwrite=True)(example.doc)

    def mention(key):
        span = example.spans[key]
        return Mention(text=span.text, start=span.start_char, end=span.end_char, label=span.label_)

    links = [
        Link(drug=mention(drug), event=mention(key), rule="test", score=1.0, onset=onsets.get(key))
        for key in events
    ]
    attributes.set_links(doc, links)
    return [link.course for link in attributes.get_links(CourseFinder()(doc))]


SIGNS = (
    "After <DRUG id=d>amoxicillin</DRUG> she had <SYMPTOM id=a>fever</SYMPTOM> and a "
    "<SYMPTOM id=b>rash</SYMPTOM>. "
)


def onset(days):
    return Onset(text="", start=0, end=0, min=f"P{days}D", max=f"P{days}D")


EPISODES = {
    "told of one, taken for both": (SIGNS + "The fever settled.", {}, ["recovered", "recovered"]),
    "each its own": (SIGNS + "The fever settled. The rash persisted.", {}, ["recovered", "not_recovered"]),
    "begun at other times": (
        SIGNS + "The fever settled.",
        {"a": onset(1), "b": onset(30)},
        ["recovered", "unknown"],
    ),
    "not told": (SIGNS + "She was thin.", {}, ["unknown", "unknown"]),
    "a death is not shared": (SIGNS + "She died of the <SYMPTOM>fever</SYMPTOM>.", {}, ["fatal", "unknown"]),
}


@pytest.mark.parametrize(("markup", "onsets", "outcomes"), EPISODES.values(), ids=EPISODES)
def test_signs_of_one_illness(nlp, markup, onsets, outcomes):
    assert [str(course.outcome) for course in courses(nlp, markup, "ab", **onsets)] == outcomes


def test_an_illness_named_after_it_is_over(nlp):
    markup = (
        "She took <DRUG id=d>amoxicillin</DRUG> and was red all over. These symptoms resolved when "
        "amoxicillin was stopped. <SYMPTOM id=e>Serum sickness</SYMPTOM> was diagnosed."
    )
    (course,) = courses(nlp, markup)
    assert (course.outcome, course.dechallenge) == (Outcome.RECOVERED, Challenge.POSITIVE)


def test_death_is_not_the_outcome_of_a_minor_event(nlp):
    markup = (
        TOLD
        + "A <SYMPTOM>haemorrhage</SYMPTOM> followed. The <SYMPTOM>haemorrhage</SYMPTOM> led to her death."
    )
    example = parse(nlp, markup)
    doc = Sentences(overwrite=True)(example.doc)
    links = [
        Link(
            drug=Mention(text="amoxicillin", start=9, end=20, label="DRUG"),
            event=Mention(text=ent.text, start=ent.start_char, end=ent.end_char, label="SYMPTOM"),
            rule="test",
            score=1.0,
        )
        for ent in doc.ents
        if ent.label_ == "SYMPTOM"
    ]
    attributes.set_links(doc, links)
    told = CourseFinder()(doc)
    assert [
        (link.event.text, str(link.course.outcome)) for link in attributes.get_links(told) if link.course
    ] == [
        ("rash", "unknown"),
        ("haemorrhage", "fatal"),
        ("haemorrhage", "fatal"),
    ]


CHALLENGES = {
    # text, action, dechallenge, rechallenge
    "stopped and resolved": (
        "Amoxicillin was discontinued and the rash resolved.",
        "withdrawn",
        "positive",
        "unknown",
    ),
    "stopped, resolved later": (
        "The drug was stopped. She received fluids. The rash cleared within days.",
        "withdrawn",
        "positive",
        "unknown",
    ),
    "stopped and persisted": (
        "Amoxicillin was withdrawn but the rash persisted.",
        "withdrawn",
        "negative",
        "unknown",
    ),
    "stopped, nothing told": ("Amoxicillin was stopped.", "withdrawn", "unknown", "unknown"),
    "another drug stopped": (
        "<DRUG>Ramipril</DRUG> was stopped. The rash resolved.",
        "unknown",
        "unknown",
        "unknown",
    ),
    "reduced": ("The dose of amoxicillin was reduced. The rash improved.", "reduced", "positive", "unknown"),
    "continued": ("Amoxicillin was continued. The rash resolved.", "unchanged", "not_done", "unknown"),
    "given again": (
        "The rash resolved after amoxicillin was stopped. On re-exposure to amoxicillin the rash recurred.",
        "withdrawn",
        "positive",
        "positive",
    ),
    "given again without harm": (
        "Amoxicillin was reintroduced without recurrence.",
        "unknown",
        "unknown",
        "negative",
    ),
    "not given again": ("Rechallenge with amoxicillin was not attempted.", "unknown", "unknown", "not_done"),
    "no rechallenge": ("No rechallenge with the drug was done.", "unknown", "unknown", "not_done"),
    "another drug given again": (
        "<DRUG>Warfarin</DRUG> was restarted. The <SYMPTOM>bleeding</SYMPTOM> recurred.",
        "unknown",
        "unknown",
        "unknown",
    ),
    "advice": ("Amoxicillin should be discontinued.", "unknown", "unknown", "unknown"),
    "class noun": ("The antibiotic was discontinued. The rash cleared.", "withdrawn", "positive", "unknown"),
    "pronoun": (
        "<DRUG>Amoxicillin</DRUG> was blamed. It was stopped and the rash cleared.",
        "withdrawn",
        "positive",
        "unknown",
    ),
    "replaced": (
        "<DRUG>Amoxicillin</DRUG> was replaced by <DRUG>doxycycline</DRUG>. The rash cleared.",
        "withdrawn",
        "positive",
        "unknown",
    ),
    "clause of another drug": (
        "<DRUG>Ramipril</DRUG> was stopped; amoxicillin was continued. The rash faded.",
        "unchanged",
        "not_done",
        "unknown",
    ),
    "two drugs stopped": (
        "Both <DRUG>ramipril</DRUG> and <DRUG>amoxicillin</DRUG> were stopped. The rash faded.",
        "withdrawn",
        "positive",
        "unknown",
    ),
    "continued at a lower dose": (
        "Amoxicillin was continued at a lower dose and the rash faded.",
        "reduced",
        "positive",
        "unknown",
    ),
    "another thing stopped": ("Her dialysis was stopped. The rash faded.", "unknown", "unknown", "unknown"),
    "completed": ("She completed the treatment. The rash faded.", "unchanged", "not_done", "unknown"),
    "not resumed": ("Amoxicillin was not resumed.", "unknown", "unknown", "not_done"),
    "advised not to": ("He was advised not to take the drug again.", "unknown", "unknown", "not_done"),
    "permanently": (
        "Amoxicillin was permanently withdrawn and the rash faded.",
        "withdrawn",
        "positive",
        "not_done",
    ),
    "despite": ("Fever set in despite discontinuation of amoxicillin.", "withdrawn", "negative", "unknown"),
    "came back": ("Amoxicillin was resumed. The rash came back in hours.", "unknown", "unknown", "positive"),
    "did not come back": (
        "Amoxicillin was resumed. The rash did not reappear.",
        "unknown",
        "unknown",
        "negative",
    ),
    "another sign came back": (
        "Amoxicillin was resumed. The <SYMPTOM>fever</SYMPTOM> came back.",
        "unknown",
        "unknown",
        "unknown",
    ),
    "second dose": (
        "The second dose was given a year later, with neither rash nor fever.",
        "unknown",
        "unknown",
        "negative",
    ),
}


@pytest.mark.parametrize(
    ("text", "action", "dechallenge", "rechallenge"), CHALLENGES.values(), ids=CHALLENGES
)
def test_action_and_challenges(nlp, text, action, dechallenge, rechallenge):
    course, whole = read(nlp, TOLD + text)
    assert (str(course.action), str(course.dechallenge), str(course.rechallenge)) == (
        action,
        dechallenge,
        rechallenge,
    )
    for cue in (course.action_cue, course.dechallenge_cue, course.rechallenge_cue):
        assert cue is None or whole[cue.start : cue.end] == cue.text


def test_other_patients_do_not_decide(nlp):
    text = "In another patient the rash resolved when amoxicillin was stopped."
    assert read(nlp, TOLD + text, others=[1])[0] == Course()
    assert read(nlp, TOLD + text)[0].outcome is Outcome.RECOVERED


def test_another_authors_patient_has_a_course_of_its_own(nlp):
    markup = (
        "Our patient had a cough. One man took <DRUG id=d>amoxicillin</DRUG> and had a "
        "<SYMPTOM id=e>rash</SYMPTOM>. "
        "It was stopped and the rash resolved. Our own patient died."
    )
    course, _ = read(nlp, markup, others=[1, 2], attribution=Attribution.OTHER_CASE)
    assert course.outcome is Outcome.RECOVERED


def test_rejected_links_have_no_course(nlp):
    doc = Sentences(overwrite=True)(parse(nlp, TOLD + "The rash resolved.").doc)
    place = {
        ent.label_: Mention(text=ent.text, start=ent.start_char, end=ent.end_char, label=ent.label_)
        for ent in doc.ents
    }
    link = Link(drug=place["DRUG"], event=place["SYMPTOM"], rule="test", score=0.1, rejected="weak")
    attributes.set_links(doc, [link])
    assert [link.course for link in attributes.get_links(CourseFinder()(doc))] == [None]


def test_a_course_survives_the_attribute():
    course = Course(outcome=Outcome.RECOVERED, action=Action.WITHDRAWN, dechallenge=Challenge.POSITIVE)
    assert Course.from_dict(course.to_dict()) == course


# every rule: an example that fires it and one that must not
RULES: dict[str, tuple[str, str]] = {
    "afebrile": ("she was afebrile", "a febrile child"),
    "again_given": ("re-exposure to it", "exposure to it"),
    "asymptomatic": ("she was asymptomatic", "a symptomatic lesion"),
    "back_to_normal": ("returned to normal", "normal on admission"),
    "began_to": ("it began to subside", "it began to itch"),
    "better": ("she felt better", "a better drug"),
    "complete_recovery": ("complete clinical recovery", "recovery room"),
    "conscious_again": ("he regained consciousness", "a conscious decision"),
    "continued": ("therapy was continued", "she continued"),
    "controlled": ("responded well", "a controlled trial"),
    "decreased": ("the pain regressed", "a lower count"),
    "died": ("he died", "diet"),
    "disappeared": ("it subsided", "it appeared"),
    "discharged": ("she was discharged", "urethral discharge"),
    "discharged_stable": ("discharged in a stable condition", "discharged on day 3"),
    "discharged_well": ("discharged home in good health", "discharged on day 3"),
    "discontinued": ("was discontinued", "was continuous"),
    "dose_increased": ("increased the daily dose", "increased the pain"),
    "dose_reduced": ("the dose was reduced", "reduced the pain"),
    "fatal_event": ("a fatal haemorrhage", "a fatal dose"),
    "faded": ("the wound healed", "the health service"),
    "fully_recovered": ("she recovered completely", "recovery room"),
    "improved": ("it improved", "improper use"),
    "increased": ("platelets rose", "the rosette"),
    "measured": ("platelets were 180", "platelets were low"),
    "no_improvement": ("no clinical improvement", "an improvement"),
    "no_more": ("no further episodes", "further episodes"),
    "normal_later": ("creatinine was normal again", "creatinine was normal"),
    "normalised": ("values normalised", "normal values"),
    "not_given": ("was never rechallenged", "was rechallenged"),
    "persisted": ("it persisted", "persons"),
    "recurred": ("it recurred", "a current sign"),
    "remained_well": ("she remained well", "a well known drug"),
    "resolved": ("it resolved", "to be solved"),
    "restored": ("restored the circulation", "a restored house"),
    "self_limited": ("a self-limited event", "a limited event"),
    "sequelae": ("with sequelae", "a sequence"),
    "stopped": ("the bleeding stopped", "the drug was stopped"),
    "tolerated": ("was well tolerated", "intolerance"),
    "weaned": ("he was weaned from oxygen", "oxygen was given"),
    "without_deficit": ("without any deficits", "with deficits"),
    "without_recurrence": ("without recurrence", "with recurrences"),
    "worsened": ("it worsened", "the worst"),
}


def rules() -> dict[str, re.Pattern[str]]:
    return {row["rule"]: re.compile(row["pattern"]) for row in load_table("course_cues.csv")}


def test_every_rule_has_an_example():
    assert sorted(RULES) == sorted(rules())


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule):
    positive, negative = RULES[rule]
    assert rules()[rule].search(positive)
    assert not rules()[rule].search(negative)


@pytest.mark.parametrize(
    "piece", ["no ", "dose was ", "reduced the ", "not any ", "discharged in a ", "again "]
)
def test_linear_time_on_hostile_text(piece):
    text = piece * 20_000
    begin = time.perf_counter()
    for pattern in rules().values():
        list(pattern.finditer(text))
    assert time.perf_counter() - begin < 8
