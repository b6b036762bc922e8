from __future__ import annotations

import pytest

from markup import blank
from sequela import attributes
from sequela.components.cues import Words
from sequela.components.frames import find_frames, frame_matcher
from sequela.lexicons.loader import load_table
from sequela.schema import Attribution

# One example in which a cue is found, and one near it in which it must not be.
CUES: dict[str, tuple[str, str]] = {
    "animal": ("Twelve male rats had ataxia.", "He could not rat on twelve male friends."),
    "animal_patient": ("A 6-year-old Siamese cat came.", "A 6-year-old man came."),
    "another_patient": ("Another patient was younger.", "Another approach, patient-centred, failed."),
    "author_reported": ("Gruber et al. reported a man with rash.", "Gruber and his wife lived there."),
    "case_reported": ("They described a fatal case.", "The reported rash was mild."),
    "case_series": ("A case series appeared.", "In this case a series of scans was done."),
    "case_table": ("Summary of published cases.", "Summary of drug doses."),
    "cases_reported": ("Previously reported cases were mild.", "She reported pain in each case."),
    "causality_scale": ("The Naranjo score was 7.", "The pain score was 7."),
    "citation": ("Data of Gruber et al suggest so.", "The metal was not the cause."),
    "clinical_moment": ("On admission she was pale.", "The admission office closed."),
    "comparison": ("As in our patient, fever was high.", "Our fever charts were kept."),
    "could_not": ("It could not be seen.", "It could be seen."),
    "counted_cases": ("There are only three reported cases.", "The reported cases were mild."),
    "counted_patients": ("Two patients had rash.", "The patients had rash."),
    "definition": ("Dapsone is a sulfone antibiotic.", "She was an anxious woman."),
    "deictic": ("In the present case the drug was stopped.", "In the present winter it snowed."),
    "effect_list": ("It has side effects such as rash.", "It had an effect on the side."),
    "first_report": ("This is the first case of ileus.", "The first thing was ileus."),
    "general_present": ("Rash is common.", "Rash was widespread."),
    "general_therapy": ("First-line agents exist.", "In the first line of the letter he complained."),
    "generic_adverb": ("It usually resolves.", "It resolved on day 3."),
    "generic_drugs": ("Drugs such as dapsone exist.", "The drug was dapsone."),
    "generic_plural": ("Patients treated with dapsone differ.", "The patient treated himself."),
    "group": ("Four of these patients recovered.", "Four doses were given to this patient."),
    "guideline": ("Current guidelines differ.", "The guide said so."),
    "incidence": ("In 5 % of patients it is severe.", "Saturation was 95 %."),
    "known_effect": ("Common side effects exist.", "The side effect bothered him."),
    "known_to": ("It is known to trigger gout.", "He was known to have gout."),
    "label_information": ("The package insert lists rash.", "He read the package."),
    "literature": ("Such data in the literature are rare.", "She studied literature."),
    "literature_search": ("A PubMed search found two.", "We searched her bag."),
    "mechanism": ("The mechanism remains obscure.", "The machine was obscure."),
    "modal": ("Dapsone may cause rash.", "In May causes of rash were sought."),
    "modal_bare": ("Nobody might know.", "The mighty knew."),
    "narrative_time": ("Two days later he died.", "Day care was arranged."),
    "narrative_verb": ("She developed rash.", "Development of rash is slow."),
    "new_person": ("A 45-year-old man came.", "A 45-year study began."),
    "numbered_case": ("Patient 2 slept.", "Both patients slept 2 hours."),
    "past_tense": ("The rash was red.", "The rash itches."),
    "percentage": ("Risk rises by about 5 % .", "About five people came."),
    "present_tense": ("The rash has a red border.", "The rash had a red border."),
    "pronoun": ("She slept.", "They slept."),
    "pronoun_possessive": ("Her skin peeled.", "Their skin peeled."),
    "recommendation": ("Physicians should be aware of it.", "The physician was aware of it."),
    "regulator": ("Reports to the FDA exist.", "Reports to the ward exist."),
    "reported_generally": ("Rash has been described.", "She described her rash."),
    "reported_in": ("It has been reported in one patient.", "It has been seen in spring."),
    "one_animal": ("The dog developed ataxia.", "The dogma developed slowly."),
    "participant": ("A 61-year-old participant died.", "A 61-year-old patient died."),
    "single_patient": ("Rash in a patient with gout.", "The patient with gout slept."),
    "statistics": ("It began after a median of 20 days.", "The median nerve was hurt."),
    "study": ("In a large study rash was rare.", "He studied at home."),
    "that_case": ("In that case the rash was mild.", "In that winter the rash was mild."),
    "trial": ("They were randomised to dapsone.", "The random visit was short."),
    "the_patient": ("The patient slept.", "The patients slept."),
    "this_patient": ("This woman slept.", "This women's ward was closed."),
    "author_saw": ("Beekman saw two sisters with rash.", "Nobody saw the two boxes."),
    "causes_generally": ("Dapsone causes rash.", "Other causes of rash were sought."),
    "comparison_picture": ("For comparison, a healthy lung.", "It was compared with a lung."),
    "enumerated": ("The second had a rash.", "The second dose was given."),
    "experiment": ("In vitro it binds to albumin.", "In Vitré it rained."),
    "first_reported": ("It was first described in 1987.", "She was first seen by a nurse."),
    "here": ("It was not needed here.", "Here begins the tale."),
    "informant": ("His mother noticed a rash.", "His mother slept."),
    "modal_past": ("It may have caused the rash.", "It may rain."),
    "no_verb": ("Other causes of rash were sought.", "Dapsone causes rash."),
    "question": ("Does dapsone cause rash?", "Dapsone did not cause rash."),
    "relative": ("Her brother had a rash.", "Her brother noticed a rash."),
    "we_acted": ("We stopped dapsone.", "We saw dapsone crystals."),
    "we_report": ("We report a woman with rash.", "We were told of a woman with rash."),
}

INDEX, OTHER, BACKGROUND = "index_patient", "other_case", "background"


@pytest.fixture(scope="module")
def nlp():
    nlp = blank()
    for name in ("sequela_sentences", "sequela_sections", "sequela_attribution"):
        nlp.add_pipe(name)
    return nlp


def attributions(nlp, text):
    doc = nlp(text)
    return [str(frame.attribution) for frame in attributes.get_frames(doc)]


def test_every_cue_of_the_lexicon_has_examples():
    assert {row["cue"] for row in load_table("attribution_cues.csv")} == set(CUES)


@pytest.mark.parametrize("cue", sorted(CUES))
def test_cue_is_found_where_it_should(cue):
    fires, silent = ({found.entry.name for found in frame_matcher().find(Words(text))} for text in CUES[cue])
    assert cue in fires
    assert cue not in silent


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("She developed a rash two days after dapsone.", [INDEX], id="narrative"),
        pytest.param(
            "This medication has side effects such as rash and fever.", [BACKGROUND], id="effect list"
        ),
        pytest.param(
            "Skin reactions typically begin within 12 to 24 hours.", [BACKGROUND], id="generic adverb"
        ),
        pytest.param("Rash occurs in 5-10 % of patients taking dapsone.", [BACKGROUND], id="incidence"),
        pytest.param("According to the label, dapsone causes haemolysis.", [BACKGROUND], id="label"),
        pytest.param("Dapsone can lead to agranulocytosis.", [BACKGROUND], id="modal"),
        pytest.param("Dapsone hypersensitivity is a rare reaction.", [BACKGROUND], id="definition"),
        pytest.param(
            "Clinicians should be aware of dapsone-related fever.", [BACKGROUND], id="recommendation"
        ),
        pytest.param("Patients treated with dapsone typically have mild anaemia.", [BACKGROUND], id="plural"),
        pytest.param("Weber et al. reported a man who developed fever on dapsone.", [OTHER], id="authors"),
        pytest.param(
            "Weber and colleagues described two children with dapsone rash.", [OTHER], id="colleagues"
        ),
        pytest.param("Dapsone fever has been reported in one patient.", [OTHER], id="reported in one"),
        pytest.param("There have been only three reported cases of dapsone colitis.", [OTHER], id="counted"),
        pytest.param("We report a 30-year-old man with dapsone colitis.", [INDEX], id="we report"),
    ],
)
def test_single_statements(nlp, text, expected):
    assert attributions(nlp, text) == expected


def test_a_group_of_the_cited_patients_stays_theirs_and_the_patient_does_not(nlp):
    text = (
        "Discussion\nWeber et al. reported six patients treated with dapsone who developed colitis. "
        "Four of these patients recovered after treatment. "
        "The patient's symptoms began one day after the second dose of dapsone."
    )
    assert attributions(nlp, text)[1:] == [OTHER, OTHER, INDEX]


def test_the_patient_of_a_cited_author_stays_theirs(nlp):
    text = (
        "Discussion\nWeber et al. reported a man who took dapsone for acne. The patient developed colitis. "
        "He recovered after dapsone was stopped.\n"
        "In our patient, colitis began on day 9."
    )
    assert attributions(nlp, text)[1:] == [OTHER, OTHER, OTHER, INDEX]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("Case report", INDEX), ("Discussion", OTHER), ("Introduction", OTHER)],
)
def test_whose_patient_is_introduced_depends_on_the_zone(nlp, zone, expected):
    assert attributions(nlp, f"{zone}\nA 41-year-old man developed colitis on dapsone.")[-1] == expected


def test_a_known_age_in_the_discussion_is_the_index_patient(nlp):
    text = (
        "Case report\nA 41-year-old man developed colitis.\n"
        "Discussion\nIn a 41-year-old man colitis developed on day 9. "
        "In a 70-year-old man colitis developed on day 3."
    )
    assert attributions(nlp, text)[-2:] == [INDEX, OTHER]


def test_clauses_about_different_patients_are_frames_of_their_own(nlp):
    text = "Weber et al. reported a fatal course in two patients, whereas our patient recovered from colitis."
    doc = nlp(text)
    frames = attributes.get_frames(doc)
    assert [(str(f.attribution), text[f.start : f.end]) for f in frames] == [
        (OTHER, "Weber et al. reported a fatal course in two patients, "),
        (INDEX, "whereas our patient recovered from colitis."),
    ]


def test_rows_under_a_table_of_published_cases(nlp):
    text = (
        "Case report\nShe developed colitis.\n"
        "Table 1. Summary of published cases of colitis.\n"
        "Weber 2010\t53-year-old man\tcolitis developed on day 4\t\n"
        "Lang 2012\t20-year-old woman\tcolitis developed on day 6\t\n"
        "Present case\t41-year-old woman\tcolitis began on day 7\t\n"
        "\nShe recovered.\n"
    )
    doc = nlp(text)
    rows = [f.attribution for f in attributes.get_frames(doc) if "developed on" in text[f.start : f.end]]
    assert set(rows) == {Attribution.OTHER_CASE}
    own = [f.attribution for f in attributes.get_frames(doc) if "Present case" in text[f.start : f.end]]
    assert own == [Attribution.INDEX_PATIENT]
    assert attributes.get_frames(doc)[-1].attribution is Attribution.INDEX_PATIENT


def test_a_superscript_citation_does_not_join_two_statements(nlp):
    text = "One case of colitis was reported in 2011.12 Here, the case of a woman with ileus is presented."
    assert attributions(nlp, text) == [OTHER, INDEX]


def test_a_number_makes_cases_of_what_is_reported(nlp):
    text = (
        "Discussion\nFever has been reported with dapsone. "
        "At least 19 patients with dapsone fever have been reported."
    )
    assert attributions(nlp, text)[1:] == [BACKGROUND, OTHER]


def test_counts_after_a_study_are_background(nlp):
    text = (
        "Discussion\nIn a large study 22 cases of rash were seen. "
        "There were nine cases of fever in the same group. "
        "Four of these patients recovered."
    )
    assert attributions(nlp, text)[1:] == [BACKGROUND, BACKGROUND, BACKGROUND]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("His uncle died after halothane.", [OTHER], id="relative"),
        pytest.param("His mother noticed a rash.", [INDEX], id="a relative who tells of the patient"),
        pytest.param("Does dapsone cause fever?", [BACKGROUND], id="question"),
        pytest.param("In rats dapsone induced tumours.", [BACKGROUND], id="animals"),
        pytest.param("Beekhof saw two sisters with dapsone fever.", [OTHER], id="author without et al."),
        pytest.param("Paradoxical rashes are explained by immunity.", [BACKGROUND], id="present without cue"),
        pytest.param("Treatments failed and lead to fever.", [INDEX], id="past without cue"),
        pytest.param("Dapsone may have caused the fever.", [INDEX], id="a guess about what happened"),
        pytest.param(
            "Dapsone was avoided, as it may trigger haemolysis.", [INDEX, BACKGROUND], id="general reason"
        ),
        pytest.param(
            "Dapsone can cause fits, which our patient did not have.",
            [BACKGROUND, INDEX],
            id="relative clause",
        ),
    ],
)
def test_more_single_statements(nlp, text, expected):
    assert attributions(nlp, text) == expected


def test_an_enumeration_of_other_cases_stays_theirs(nlp):
    text = (
        "Case report\nA 30-year-old woman had colitis.\n"
        "Discussion\nThree cases of dapsone colitis have been published. "
        "The first concerned a man who took it for acne. He recovered after a week. "
        "The second patient died. The median latency was ten days. "
        "Dapsone is a sulfone. Colitis is rare. She recovered."
    )
    assert attributions(nlp, text)[-8:] == [OTHER, OTHER, OTHER, OTHER, OTHER, BACKGROUND, BACKGROUND, INDEX]


def test_both_patients_of_a_series_in_the_discussion(nlp):
    text = (
        "Case report\nA 30-year-old woman had colitis. A 50-year-old man had colitis.\n"
        "Discussion\nBoth patients recovered. Weber et al. reported two nurses with colitis. Both nurses died."
    )
    assert attributions(nlp, text)[-3:] == [INDEX, OTHER, OTHER]


def test_after_a_trial_counts_are_about_nobody(nlp):
    text = "In a randomised trial 120 patients received dapsone. Fever developed in two patients on dapsone."
    assert attributions(nlp, text) == [BACKGROUND, BACKGROUND]


def test_references_are_background(nlp):
    text = (
        "She developed colitis.\nReferences\n1. Weber A. A patient who developed colitis. J Test 2010;3:4-5."
    )
    assert attributions(nlp, text)[-1] == BACKGROUND


def test_frames_cover_the_sentences_and_show_their_cue(nlp):
    text = "Our patient slept. It may cause rash! Weber et al. described a man with rash."
    doc = nlp(text)
    frames = attributes.get_frames(doc)
    assert [(f.start, f.end) for f in frames] == [(s.start_char, s.end_char) for s in doc.sents]
    assert [frame.cue and frame.cue.text for frame in frames] == [
        "Our patient",
        "may cause",
        "et al. described a",
    ]
    assert all(text[f.cue.start : f.cue.end] == f.cue.text for f in frames if f.cue)
    assert all(0 <= frame.score <= 1 for frame in frames)


def test_an_empty_doc_and_one_without_sentences(nlp):
    assert find_frames(nlp.make_doc("")) == []
    assert [str(f.attribution) for f in find_frames(nlp.make_doc("She developed a rash."))] == [INDEX]


def test_frames_survive_serialisation(nlp):
    doc = nlp("Weber et al. reported a man with rash. Our patient recovered.")
    again = type(doc)(doc.vocab).from_bytes(doc.to_bytes())
    assert attributes.get_frames(again) == attributes.get_frames(doc)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "In a trial 120 patients received dapsone. One patient developed colitis.",
            [BACKGROUND, BACKGROUND],
            id="a trial alone",
        ),
        pytest.param(
            "The charts of 95 children were reviewed. Colitis developed in three.",
            [BACKGROUND, BACKGROUND],
            id="a cohort alone",
        ),
        pytest.param("Two patients on dapsone developed colitis.", [INDEX], id="two patients are a series"),
        pytest.param(
            "Four children took dapsone. Colitis developed in two. Dapsone was stopped.",
            [INDEX, INDEX, INDEX],
            id="a few at the beginning are a series",
        ),
        pytest.param(
            "Soldiers were given dapsone. Colitis developed after dapsone. Dapsone was stopped.",
            [BACKGROUND, BACKGROUND, BACKGROUND],
            id="nobody",
        ),
        pytest.param(
            "Colitis developed after dapsone. Dapsone was stopped.", [INDEX, INDEX], id="a quotation"
        ),
        pytest.param(
            "A 40-year-old man took dapsone. Those in the dapsone arm of a trial had colitis. He recovered.",
            [INDEX, BACKGROUND, INDEX],
            id="a trial beside a patient",
        ),
        pytest.param(
            "A patient with leprosy was randomised to dapsone. Colitis developed after a week.",
            [INDEX, INDEX],
            id="a patient who takes part",
        ),
        pytest.param(
            "A 4-year-old neutered Labrador was seen. The dog had developed colitis on dapsone.",
            [INDEX, INDEX],
            id="a veterinary report",
        ),
        pytest.param(
            "A cat was treated with dapsone and developed colitis. Its owner, a 30-year-old woman, had colitis too.",
            [BACKGROUND, INDEX],
            id="an animal beside a patient",
        ),
        pytest.param(
            "A 30-year-old woman kept two dogs. She developed colitis on dapsone.",
            [INDEX, INDEX],
            id="a patient who keeps animals",
        ),
    ],
)
def test_studies_and_animals_are_nobody(nlp, text, expected):
    assert attributions(nlp, text) == expected
