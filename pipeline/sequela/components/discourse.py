"""Who was spoken of before: what "she", "the nurse", "both sisters" in the next statement mean.

The index patients are known by the words, the ages and the sex with which the report introduced them. Other
authors' patients are remembered for a paragraph only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sequela.components.cues import PERSONS, is_people, persons_among
from sequela.lexicons.loader import load_table
from sequela.schema import Attribution, Zone

RETELLING_ZONES = frozenset((Zone.INTRODUCTION, Zone.DISCUSSION, Zone.CONCLUSION))
INDEX, OTHER = Attribution.INDEX_PATIENT, Attribution.OTHER_CASE

_SEX = {row["word"]: row["sex"] for row in load_table("patients_sex.csv")}
# Words for human beings; animals are male or female, too, and "she".
HUMANS = (
    frozenset(row["word"] for row in load_table("patients_sex.csv") if row["kind"] == "noun")
    | frozenset(word for word, row in PERSONS.items() if row["number"] == "one" and row["kind"] != "kin")
) - {"female", "male"}
_CALLINGS = frozenset(word for word, row in PERSONS.items() if row["kind"] == "role")
_SEVERAL = frozenset(("patients", "cases", "series"))
_TABLE_OF_CASES = (OTHER, 4.0)  # prior of the rows under "Summary of the reported cases"


_PATIENCE = 2  # general statements after which "he" is no longer the other patient


@dataclass
class Memory:
    """What earlier statements leave behind for the next one.

    Attributes
    ----------
    other
        The case spoken of last is another author's.
    many
        … and it is several patients.
    study
        What was told last are counts of a study or a database.
    table
        Prior that the caption of a table gives its rows.
    ages
        Of the index patients, as written.
    series
        The report presents several patients.
    """

    other: bool = False
    many: bool = False
    study: bool = False
    general: int = 0  # statements since, that were about nobody
    table: tuple[Attribution, float] | None = None
    ages: set[str] = field(default_factory=set)
    series: bool = False
    own: set[str] = field(default_factory=set)  # words for the index patients: "nurse"
    theirs: set[str] = field(default_factory=set)  # … for the other patients of the paragraph

    def begin_paragraph(self) -> None:
        """Forget the other patients."""
        self.other, self.study, self.general = False, False, 0
        self.theirs.clear()

    def begin_section(self) -> None:
        """Forget the table as well."""
        self.begin_paragraph()
        self.table = None

    def whose(self, said: Collection[str], zone: Zone) -> Attribution | None:
        """Whom a reference back means by its own words; None where these do not tell.

        "The nurse" is whoever was introduced as one. "She" is not the man of the case report, nor the man whom
        another author described.
        """
        nouns = persons_among(said)
        if nouns & self.theirs:
            return OTHER
        if nouns & self.own:
            return INDEX
        if nouns & _CALLINGS and self.other:
            return OTHER
        sexes = {_SEX[word] for word in said if word in _SEX}
        if len(sexes) != 1 or zone not in RETELLING_ZONES:
            return None
        theirs, own = _sexes(self.theirs), _sexes(self.own)
        if self.other and theirs and not sexes & theirs:
            return INDEX
        return OTHER if own and not sexes & own else None

    def remember_background(self, *, study: bool) -> None:
        """Keep that a statement was general; after some of them the other patients are forgotten."""
        self.study = self.study or study
        self.general += 1
        if self.general == _PATIENCE:
            self.other = False
            self.theirs.clear()

    def remember_other(self, said: Collection[str], zone: Zone, *, relative: bool) -> None:
        """Keep that a statement was about somebody else's patients.

        After a word on a relative the history goes on with the patient.
        """
        persons = persons_among(said)
        if relative and zone not in RETELLING_ZONES:
            self.theirs |= persons
            return
        self.other, self.study, self.general = True, False, 0
        self.theirs |= persons
        if any(is_several(word) for word in said):
            self.many = True
        elif persons or "patient" in said or "case" in said:
            self.many = False
        if zone is Zone.TABLE and self.table is None:
            self.table = _TABLE_OF_CASES

    def remember_index(
        self, said: Collection[str], ages: Iterable[str], zone: Zone, *, introduces: bool, several: bool
    ) -> None:
        """Keep that a statement was about an index patient, whom it may introduce."""
        self.other, self.study, self.general = False, False, 0
        new = set(ages)
        if zone not in RETELLING_ZONES:
            several = several or bool(new and self.ages and not new & self.ages)
            self.ages |= new
        self.series = self.series or several
        if introduces:
            self.own |= persons_among(said)


def _sexes(nouns: set[str]) -> set[str]:
    return {_SEX[noun] for noun in nouns if noun in _SEX}


def is_several(word: str) -> bool:
    """Whether a word means several patients ("women", "cases")."""
    return word in _SEVERAL or is_people(word)
