from __future__ import annotations

import pytest

from markup import blank, parse
from sequela import attributes
from sequela.components.dose import DoseFinder
from sequela.components.dose_links import doses_of, link_doses
from sequela.components.sentences import Sentences


@pytest.fixture(scope="module")
def nlp():
    return blank()


def read(nlp, markup, *, find_entities=True):
    doc = parse(nlp, markup).doc
    return DoseFinder(find_entities=find_entities)(Sentences(overwrite=True)(doc))


def entities(doc):
    return [(ent.text, ent.label_) for ent in doc.ents]


MERGING = {
    "new ones beside a drug": (
        "Oral <DRUG>aspirin</DRUG> 75 mg twice daily",
        [("Oral", "ROUTE"), ("aspirin", "DRUG"), ("75 mg twice daily", "DOSE")],
    ),
    "a time inside gives way": (
        "<DRUG>aspirin</DRUG> 75 mg <TIME>twice daily</TIME> for <TIME>7 days</TIME>",
        [("aspirin", "DRUG"), ("75 mg twice daily", "DOSE"), ("7 days", "TIME")],
    ),
    "pieces of the tagger are joined": (
        "<DRUG>aspirin</DRUG> <DOSE>75</DOSE> mg <FREQUENCY>daily</FREQUENCY>",
        [("aspirin", "DRUG"), ("75 mg daily", "DOSE")],
    ),
    "a longer span of the same label gives way": (
        "<DRUG>aspirin</DRUG> <DOSE>75 mg in the</DOSE> ward",
        [("aspirin", "DRUG"), ("75 mg", "DOSE")],
    ),
    "a longer time cuts the dose short": (
        "<DRUG>aspirin</DRUG> 75 mg <TIME>daily for 3 days</TIME>",
        [("aspirin", "DRUG"), ("75 mg", "DOSE"), ("daily for 3 days", "TIME")],
    ),
    "symptoms are never touched": (
        "<SYMPTOM>high-dose toxicity</SYMPTOM> of <DRUG>aspirin</DRUG>",
        [("high-dose toxicity", "SYMPTOM"), ("aspirin", "DRUG")],
    ),
    "frequency before the drug": (
        "Daily <DRUG>metformin</DRUG> was stopped",
        [("Daily", "FREQUENCY"), ("metformin", "DRUG")],
    ),
    "route and frequency after the amount": (
        "<DRUG>cefazolin</DRUG> 1 g IV q8h",
        [("cefazolin", "DRUG"), ("1 g", "DOSE"), ("IV", "ROUTE"), ("q8h", "FREQUENCY")],
    ),
    "no frequency of symptoms": (
        "<SYMPTOM>seizures</SYMPTOM> occurred daily",
        [("seizures", "SYMPTOM")],
    ),
    "no route: a part of the body": (
        "<SYMPTOM>ulcers</SYMPTOM> of the oral cavity and rectal mucosa",
        [("ulcers", "SYMPTOM")],
    ),
    "no route: a numeral": (
        "stage IV <SYMPTOM>lymphoma</SYMPTOM>",
        [("lymphoma", "SYMPTOM")],
    ),
    "no laboratory value": (
        "<SYMPTOM>creatinine</SYMPTOM> 3.1 mg/dL",
        [("creatinine", "SYMPTOM")],
    ),
}


@pytest.mark.parametrize(("markup", "expected"), MERGING.values(), ids=MERGING)
def test_entities(nlp, markup, expected):
    assert entities(read(nlp, markup)) == expected


def test_only_values_where_entities_are_not_wanted(nlp):
    doc = read(nlp, "<DRUG>aspirin</DRUG> <DOSE>75 mg</DOSE>, then 1 g IV", find_entities=False)
    assert entities(doc) == [("aspirin", "DRUG"), ("75 mg", "DOSE")]
    dose = attributes.get_dose(doc.ents[1])
    assert dose is not None
    assert (dose.value_min, dose.unit) == (75, "mg")


def test_values_survive_bytes(nlp):
    doc = read(nlp, "<DRUG>aspirin</DRUG> 75 mg daily")
    copy = type(doc)(nlp.vocab).from_bytes(doc.to_bytes())
    assert attributes.get_dose(copy.ents[1]) == attributes.get_dose(doc.ents[1])


LINKS = {
    "drug before": ("<DRUG id=a>aspirin</DRUG> <DOSE id=1>75 mg</DOSE>", {("1", "a")}),
    "drug after": ("<DOSE id=1>75 mg</DOSE> of oral <DRUG id=a>aspirin</DRUG>", {("1", "a")}),
    "leaning two ways": (
        "<DRUG id=a>metformin</DRUG> <DOSE id=1>500 mg</DOSE> and <DOSE id=2>75 mg</DOSE> "
        "<DRUG id=b>aspirin</DRUG>",
        {("1", "a"), ("2", "b")},
    ),
    "list": (
        "<DRUG id=a>aspirin</DRUG> <DOSE id=1>75 mg</DOSE>, <DRUG id=b>ramipril</DRUG> <DOSE id=2>5 mg</DOSE>"
        " and <DRUG id=c>bisoprolol</DRUG> <DOSE id=3>2.5 mg</DOSE>",
        {("1", "a"), ("2", "b"), ("3", "c")},
    ),
    "low-dose after a comma": (
        "<DRUG id=a>ramipril</DRUG>, <DOSE id=1>low-dose</DOSE> <DRUG id=b>aspirin</DRUG>",
        {("1", "b")},
    ),
    "in brackets with an abbreviation": (
        "<DRUG id=a>isoniazid</DRUG> (<DRUG id=b>INH</DRUG>, <DOSE id=1>300 mg</DOSE>)",
        {("1", "a")},
    ),
    "a member in brackets": (
        "<DRUG id=a>steroids</DRUG> (<DRUG id=b>prednisone</DRUG> <DOSE id=1>20 mg</DOSE>)",
        {("1", "b")},
    ),
    "brand in closed brackets": (
        "<DRUG id=a>quetiapine</DRUG> (<DRUG id=b>Seroquel</DRUG>) <DOSE id=1>300 mg</DOSE>",
        {("1", "a")},
    ),
    "each": (
        "<DRUG id=a>rifampicin</DRUG> and <DRUG id=b>isoniazid</DRUG> <DOSE id=1>300 mg</DOSE> each",
        {("1", "a"), ("1", "b")},
    ),
    "cycles of several": (
        "<DOSE id=1>4 cycles</DOSE> of <DRUG id=a>cisplatin</DRUG> and <DRUG id=b>etoposide</DRUG>",
        {("1", "a"), ("1", "b")},
    ),
    "sentence before": (
        "<DRUG id=a>Aspirin</DRUG> was started. The dose was raised to <DOSE id=1>300 mg</DOSE>.",
        {("1", "a")},
    ),
    "verb between": (
        "<DRUG id=a>Aspirin</DRUG> was reduced to <DOSE id=1>75 mg</DOSE> and <DRUG id=b>heparin</DRUG> "
        "stopped",
        {("1", "a")},
    ),
    "table": (
        "<DRUG id=a>ramipril</DRUG>\t<DOSE id=1>5 mg</DOSE>\n<DRUG id=b>aspirin</DRUG>\t<DOSE id=2>75 mg</DOSE>",
        {("1", "a"), ("2", "b")},
    ),
    "radiation": ("<DRUG id=a>cisplatin</DRUG> with <DOSE id=1>70 Gy</DOSE>", set()),
    "no drug": ("<DOSE id=1>75 mg</DOSE> was given", set()),
}


@pytest.mark.parametrize(("markup", "expected"), LINKS.values(), ids=LINKS)
def test_links(nlp, markup, expected):
    example = parse(nlp, markup)
    doc = Sentences(overwrite=True)(example.doc)
    place = {(span.start_char, span.end_char): key for key, span in example.spans.items()}
    drugs = [(s.start_char, s.end_char) for s in example.spans.values() if s.label_ == "DRUG"]
    doses = [(s.start_char, s.end_char) for s in example.spans.values() if s.label_ == "DOSE"]
    links = link_doses(doc.text, drugs, doses, [sent.start_char for sent in doc.sents])
    assert {(place[dose], place[drug]) for dose, drug in links} == expected


def test_doses_of_fills_in_what_stands_apart(nlp):
    doc = read(
        nlp,
        "Oral <DRUG>aspirin</DRUG> 75 mg daily. One day after the second dose of "
        "<DRUG>alemtuzumab</DRUG> she fell.",
    )
    found = {
        doc.text[start:end]: [(d.value_min, d.unit, d.route, d.per_day, d.ordinal, d.rule) for d in doses]
        for (start, end), doses in doses_of(doc).items()
    }
    assert found == {
        "aspirin": [(75, "mg", "oral", 1, None, "amount")],
        "alemtuzumab": [(None, "", "", None, 2, "ordinal")],
    }


@pytest.mark.parametrize(
    ("markup", "form"),
    [
        ("<DRUG>prednisone</DRUG> tablets 20 mg daily", "tablet"),
        ("<DRUG>timolol</DRUG> 5 mg/mL eye drops, two drops daily", "eye drops"),
        ("an infusion of 80 mg <DRUG>docetaxel</DRUG>", "infusion"),
        ("<DRUG>docetaxel</DRUG> 80 mg was given before the long planned infusion", ""),
    ],
)
def test_form(nlp, markup, form):
    ((dose,),) = doses_of(read(nlp, markup)).values()
    assert dose.form == form


def test_doses_of_a_doc_without_drugs(nlp):
    assert doses_of(read(nlp, "<SYMPTOM>rash</SYMPTOM> after 75 mg")) == {}


@pytest.mark.shared
@pytest.mark.parametrize(("split", "floor"), [("dev", 0.95)])
def test_links_on_maccrobat(nlp, shared_corpora, split, floor):
    right = found = gold = 0
    for text, drugs, doses, links in maccrobat(shared_corpora, split, "Medication", "Dosage"):
        doc = Sentences(overwrite=True)(nlp.make_doc(text))
        predicted = set(link_doses(text, drugs, doses, [sent.start_char for sent in doc.sents]))
        right, found, gold = right + len(predicted & links), found + len(predicted), gold + len(links)
    assert 2 * right / (found + gold) >= floor


def maccrobat(shared_corpora, split, head, modifier):
    """Give text, heads, modifiers and the gold MODIFY pairs of the reports of a split."""
    import json

    folder = shared_corpora / "maccrobat2020"
    for name in json.loads((folder / "splits.json").read_text())[split]:
        spans, events, links = {}, {}, set()
        path = next(folder.rglob(f"{name}.ann"))
        for line in path.read_text(encoding="utf-8").splitlines():
            key, *rest = line.split("\t")
            if key.startswith("T"):
                label, offsets = rest[0].split(" ", 1)
                numbers = offsets.replace(";", " ").split()
                spans[key] = (label, (int(numbers[0]), int(numbers[-1])))
            elif key.startswith("E"):
                events[key] = rest[0].split()[0].split(":")[1]
            elif key.startswith("R"):
                links.add(tuple(part.split(":")[-1] for part in rest[0].split()))
        resolved = {
            (spans[events.get(a, a)], spans[events.get(b, b)]) for kind, a, b in links if kind == "MODIFY"
        }
        yield (
            path.with_suffix(".txt").read_text(encoding="utf-8"),
            sorted({place for label, place in spans.values() if label == head}),
            sorted({place for label, place in spans.values() if label == modifier}),
            {(a[1], b[1]) for a, b in resolved if a[0] == modifier and b[0] == head},
        )
