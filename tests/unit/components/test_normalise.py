from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from markup import blank, parse
from sequela import attributes
from sequela.components.normalise import Normalise
from sequela.components.terms.drugs import normalise_drug
from sequela.components.terms.events import event_terms, normalise_event
from sequela.components.terms.spelling import Spellings, fold, singular, squeeze
from sequela.lexicons.loader import load_table
from sequela.lexicons.terms import load_drug_names, load_event_names
from sequela.schema import Link, Mention, Term

DRUGS = {
    # mention: (name, code)
    "alemtuzumab": ("Alemtuzumab", "MESH:D000074323"),
    "Lemtrada": ("Alemtuzumab", "MESH:D000074323"),
    "AMIODARONE": ("Amiodarone", "MESH:D000638"),
    "amiodarone hydrochloride": ("Amiodarone", "MESH:D000638"),
    "paracetamol": ("Acetaminophen", "MESH:D000082"),
    "acetylsalicylic acid": ("Aspirin", "MESH:D001241"),
    "MTX": ("Methotrexate", "MESH:D008727"),
    "5-FU": ("Fluorouracil", "MESH:D005472"),
    "oral metoprolol tartrate tablets": ("Metoprolol", "MESH:D008790"),
    "intravenous vancomycin": ("Vancomycin", "MESH:D014640"),
    "sulphasalazine": ("Sulfasalazine", "MESH:D012460"),
    "frusemide": ("Furosemide", "MESH:D005665"),
    "levofloxacin ophthalmic solution": ("Levofloxacin", "MESH:D064704"),
    "gemcitabin": ("Gemcitabine", "DRUGBANK:DB00441"),
    "carbamazapine": ("Carbamazepine", "MESH:D002220"),
    "trimethoprim/sulfamethoxazole": (
        "Trimethoprim / Sulfamethoxazole",
        "DRUGBANK:DB00440+DRUGBANK:DB01015",
    ),
    "co-trimoxazole": ("Trimethoprim / Sulfamethoxazole", "DRUGBANK:DB00440+DRUGBANK:DB01015"),
    "methotrexate and prednisone": ("Methotrexate / Prednisone", "MESH:D008727+MESH:D011241"),
    "methotrexate (MTX)": ("Methotrexate", "MESH:D008727"),
    "β-blockers": ("Beta blocker", "ATC:C07A"),
    "NSAIDs": ("NSAID", "ATC:M01A"),
    "fluoroquinolone antibiotics": ("Fluoroquinolone", "ATC:J01MA"),
    "IV antibiotics": ("Antibiotic", "ATC:J01"),
    "influenza vaccine": ("Influenza vaccine", "ATC:J07BB"),
    "steroids": ("Corticosteroid", "ATC:H02"),
    "anti-tuberculous treatment": ("Antituberculous drug", "ATC:J04A"),
    "ethinyl estradiol": ("Ethinylestradiol", "MESH:D004997"),
    "gefinitib": ("Gefitinib", "DRUGBANK:DB00317"),
    "FOLFOX": ("FOLFOX", "MESH:D002955+MESH:D005472+DRUGBANK:DB00526"),
}
NO_DRUG = [
    "alanine aminotransferase",
    "vitamin D deficiency",
    "silicone",
    "serotonin antagonists",
    "",
    "medication",
    "the drug",
    "placebo effect",
    "x",
    "-",
    "table",
    "physiotherapy",
    "a" * 5000,
]

EVENTS = {
    "petechiae": ("Petechiae", "HP:0000967"),
    "epistaxis": ("Epistaxis", "HP:0000421"),
    "nosebleeds": ("Epistaxis", "HP:0000421"),
    "hyponatraemia": ("Hyponatremia", "HP:0002902"),
    "low sodium": ("Hyponatremia", "HP:0002902"),
    "low serum sodium levels": ("Hyponatremia", "HP:0002902"),
    "decrease in plasma potassium": ("Hypokalemia", "HP:0002900"),
    "elevated creatinine": ("Elevated circulating creatinine concentration", "HP:0003259"),
    "rise in serum creatinine": ("Elevated circulating creatinine concentration", "HP:0003259"),
    "haemolytic anaemia": ("Hemolytic anemia", "HP:0001878"),
    "diarrhoea": ("Diarrhea", "HP:0002014"),
    "seizures": ("Seizure", "HP:0001250"),
    "AKI": ("Acute kidney injury", "HP:0001919"),
    "acute renal failure": ("Acute kidney injury", "HP:0001919"),
    "SJS": ("Stevens-Johnson syndrome", "MESH:D013262"),
    "DRESS syndrome": ("DRESS", "MESH:D063926"),
    "serotonin syndrome": ("Serotonin syndrome", "MESH:D020230"),
    "severe generalized rash": ("Skin rash", "HP:0000988"),
    "thrombosis of neck vessels": ("Thrombosis", "MESH:D013927"),
    "urticaria (hives)": ("Urticaria", "HP:0001025"),
    "thrombocytopaenia": ("Thrombocytopenia", "HP:0001873"),
    "rhabdomyolisis": ("Rhabdomyolysis", "HP:0003201"),
    "left pulmonary artery thrombosis": ("Arterial thrombosis", "HP:0004420"),
    "shortness of breath": ("Dyspnea", "HP:0002094"),
    "angio-oedema": ("Angioedema", "HP:0100665"),
    "hypotensive": ("Hypotension", "HP:0002615"),
    "IRIS": ("Immune reconstitution inflammatory syndrome", "MESH:D054019"),
    "scar": ("Scarring", "HP:0100699"),
    "nausea without vomiting": ("Nausea", "HP:0002018"),
    "ileum perforation": ("Small intestinal perforation", "HP:0031370"),
    "mental status changes": ("Reduced consciousness", "HP:0004372"),
    "neural hyperplasia": ("Hyperplasia", "MESH:D006965"),  # no misspelling of hyperphagia
    "pulmonary hypertension": ("Pulmonary arterial hypertension", "HP:0002092"),
    # MeSH has diagnoses that HPO lacks; a heading that HPO has too carries its code
    "empyema": ("Empyema", "MESH:D004653"),
    "calciphylaxis": ("Calciphylaxis", "MESH:D002115"),
    "oesophageal perforation": ("Esophageal Perforation", "MESH:D004939"),
    "Sjögren’s syndrome": ("Sjogren's Syndrome", "MESH:D012859"),
    "hearing loss": ("Hearing impairment", "HP:0000365"),
    "urinary tract infection": ("Urinary tract infection", "MESH:D014552"),
    "germ cell tumour": ("Neoplasm", "HP:0002664"),
    # what an organ has, where no more is told
    "joint involvement": ("Abnormal joint morphology", "HP:0001367"),
    "lesion of the lung": ("Abnormal lung morphology", "HP:0002088"),
    # the end of a compound
    "neurosarcoidosis": ("Sarcoidosis", "MESH:D012507"),
    "leptomeningitis": ("Meningitis", "HP:0001287"),
    # abbreviations in capitals
    "ALL": ("Acute lymphoblastic leukemia", "HP:0006721"),
}
NO_EVENT = [
    "wedding ring",
    "no sign of jaundice",
    "left iris",
    "tumour resection",
    "",
    "of the",
    "increased",
    "reduction of it",
    "all",
    "involvement",
    "joint",
    "improvement of kidney disease",
    "pseudohypopyon",
    "holiday",
    "-",
    "b" * 5000,
]


@pytest.mark.parametrize(("text", "expected"), DRUGS.items(), ids=DRUGS)
def test_drug(text, expected):
    term = normalise_drug(text)
    assert term is not None
    assert (term.name, term.code) == expected


@pytest.mark.parametrize("text", NO_DRUG, ids=[text[:12] for text in NO_DRUG])
def test_no_drug(text):
    assert normalise_drug(text) is None


@pytest.mark.parametrize(("text", "expected"), EVENTS.items(), ids=EVENTS)
def test_event(text, expected):
    term = normalise_event(text)
    assert term is not None
    assert (term.name, term.code) == expected


@pytest.mark.parametrize("text", NO_EVENT, ids=[text[:12] for text in NO_EVENT])
def test_no_event(text):
    assert normalise_event(text) is None


@pytest.mark.parametrize(
    "names",
    [
        ("alemtuzumab", "Campath", "mabcampath"),
        ("lithium", "lithium carbonate"),
        ("MTX", "methotrexate sodium"),
    ],
)
def test_a_substance_has_one_code(names):
    assert len({term.code for term in map(normalise_drug, names) if term}) == 1


@pytest.mark.parametrize("table", ["event_names.csv", "event_synonyms.csv", "events_mesh.csv"])
def test_events_of_our_own_have_the_names_of_the_ontology(table):
    names = {row["code"]: row["name"] for row in load_table("events.csv")}
    rows = [row for row in load_table(table) if row["code"].startswith("HP:")]
    assert rows
    assert [row for row in rows if names.get(row["code"]) != row["name"]] == []


def test_every_organ_leads_to_a_term():
    terms = event_terms()
    assert [row for row in load_table("event_organs.csv") if row["name"].lower() not in terms] == []


def test_the_score_falls_with_the_distance():
    scores = [
        term.score
        for term in map(
            normalise_event, ("petechiae", "anaemias", "severe painful petechiae", "rhabdomyolisis")
        )
        if term
    ]
    assert scores == [1.0, 0.95, 0.85, 0.7]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Amiodarone®", "amiodarone"), ("IFN‑α", "ifn-alpha"), ("  St.  John’s wort ,", "st. john's wort")],
)
def test_squeeze(text, expected):
    assert squeeze(text) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [("rashes", "rashe"), ("seizures", "seizure"), ("biopsies", "biopsy"), ("virus", "virus"), ("ss", "ss")],
)
def test_singular(word, expected):
    assert singular(word) == expected


def test_fold_makes_british_and_american_alike():
    assert fold("haemorrhage of a tumour with oedema") == fold("hemorrhage of a tumor with edema")


def test_nearest():
    names = Spellings(("amiodarone", "dronedarone", "gefitinib"))
    assert names.nearest("amiodarnoe", limit=1) == "amiodarone"
    assert names.nearest("amidaron", limit=1) is None
    assert names.nearest("emiodarone", limit=1) is None
    assert names.anagram("gefinitib") == "gefitinib"
    assert names.anagram("gibitinef") is None


@pytest.fixture(scope="module")
def nlp():
    return blank()


def test_component(nlp):
    example = parse(
        nlp,
        "<DRUG id=d>Amiodarone</DRUG> caused a <SYMPTOM id=e>rash</SYMPTOM> on the "
        "<BODY_SITE id=b>arm</BODY_SITE>; "
        "<DRUG id=a>this medication</DRUG> and <DRUG id=u>the medication</DRUG> were stopped.",
    )
    example.spans["a"]._.refers_to = {"start": 0, "end": 10, "text": "Amiodarone", "rule": "test"}
    doc = Normalise()(example.doc)
    codes = {key: attributes.get_code(span) for key, span in example.spans.items()}
    amiodarone = Term(name="Amiodarone", code="MESH:D000638", source="DrugBank")
    assert codes == {
        "d": amiodarone,
        "e": Term(name="Skin rash", code="HP:0000988", source="HPO"),
        "b": None,
        "a": amiodarone,
        "u": None,
    }
    assert len(doc.ents) == 5


def test_gazetteer_of_drugs():
    names = load_drug_names()
    wanted = {"alemtuzumab", "amiodarone", "mtx", "5-fu", "augmentin", "beta-blockers", "influenza vaccine"}
    unwanted = {
        "water",
        "glucose",
        "alcohol abuse",
        "cortisol",
        "t4",
        "contrast",
        "lead",
        "it",
        "gold",
        "luminal",
    }
    assert wanted <= names
    assert not unwanted & names
    assert all(name == name.lower().strip() and len(name) > 2 for name in names)


def test_gazetteer_of_events():
    names = load_event_names()
    wanted = {"petechiae", "toxic epidermal necrolysis", "hyponatremia", "skin rash", "acute kidney injury"}
    unwanted = {"dress", "scar", "pres", "tens", "mole"}
    assert wanted <= names
    assert not unwanted & names
    assert all(name == name.lower().strip() and len(name) > 3 for name in names)


@pytest.mark.parametrize("function", [normalise_drug, normalise_event])
@pytest.mark.parametrize("piece", ["a ", "of ", "(", "-", "/", "increased ", "sulph"])
def test_hostile_mentions_end_soon(function, piece):
    function("x")
    begin = time.perf_counter()
    for length in (50, 199, 100_000):
        function((piece * length)[:length])
    assert time.perf_counter() - begin < 2


@pytest.mark.shared
def test_coverage_on_the_casebook(shared_corpora):
    drugs: set[str] = set()
    events: set[str] = set()
    for path in (shared_corpora / "casebook_dev").glob("*.json"):
        gold = json.loads(path.read_text(encoding="utf-8"))
        pairs = gold["reactions"] + gold["background"]
        drugs.update([pair["drug"] for pair in pairs] + gold["treatment_drugs"])
        events.update(pair["event"] for pair in pairs)
    assert sum(normalise_drug(text) is not None for text in drugs) / len(drugs) >= 0.94
    assert sum(normalise_event(text) is not None for text in events) / len(events) >= 0.90


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_gives_a_term_or_none(text):
    for function in (normalise_drug, normalise_event):
        term = function(text)
        assert term is None or (term.name and term.code and 0 < term.score <= 1)


def test_linked_mentions_that_are_no_entity_have_terms_too(nlp):
    example = parse(
        nlp,
        "<SYMPTOM id=e>fever and skin rash</SYMPTOM> after the influenza <DRUG id=d>vaccine</DRUG>",
    )
    event, vaccine = example.spans["e"], example.spans["d"]
    start = vaccine.start_char - len("influenza ")
    link = Link(
        drug=Mention(text="influenza vaccine", start=start, end=vaccine.end_char, label="DRUG"),
        event=Mention(text=event.text, start=event.start_char, end=event.end_char, label="SYMPTOM"),
        rule="test",
        score=1.0,
    )
    attributes.set_links(example.doc, [link])
    found = attributes.get_mention_codes(Normalise()(example.doc))
    assert {place: term.code for place, term in found.items()} == {
        (0, 5): "HP:0001945",
        (10, 19): "HP:0000988",
        (start, vaccine.end_char): "ATC:J07BB",
    }
