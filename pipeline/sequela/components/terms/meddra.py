"""A user's own release of MedDRA: event mentions to preferred terms, and these to their place in the hierarchy.

MedDRA is licensed and no part of this package. What is read is the ASCII release as the MSSO distributes it
("MedDRA Distribution File Format Document"): fields end with ``$``, a record is a line. Of its files two are needed,
``llt.asc`` (lowest level terms, the preferred term of each, and whether it is current) and ``mdhier.asc`` (preferred
terms with the higher levels of every path, the primary one marked); ``meddra_release.asc`` gives the version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from pathlib import Path

from sequela.components.terms.events import EventNames, find_event, index_events
from sequela.components.terms.spelling import EXACT, has_letters, squeeze
from sequela.errors import TerminologyError
from sequela.schema import Term

PREFIX = "MEDDRA:"
_LLT_FIELDS, _HIERARCHY_FIELDS = 10, 12


@dataclass(frozen=True, kw_only=True)
class Place:
    """A preferred term in the hierarchy, along its primary path; the codes without prefix."""

    pt_code: str
    pt_name: str
    hlt_code: str
    hlt_name: str
    hlgt_code: str
    hlgt_name: str
    soc_code: str
    soc_name: str


LEVELS = ("pt", "hlt", "hlgt", "soc")


@dataclass(frozen=True, eq=False)
class Release:
    """A release of MedDRA.

    Attributes
    ----------
    version
        "27.0 English"; "" where the release does not tell.
    names
        Current lowest level terms by name: the code of the preferred term. Those that are no longer current are
        not for new coding.
    preferred
        All lowest level terms by code, the others too: the code of the preferred term.
    places
        Preferred terms by code.
    """

    version: str
    names: dict[str, str]
    preferred: dict[str, str]
    places: dict[str, Place]

    @cached_property
    def index(self) -> EventNames:
        """Names for `find_event`; a preferred term's own name goes before the others."""
        terms = {
            code: Term(name=place.pt_name, code=f"{PREFIX}{code}", source=self.source, score=EXACT)
            for code, place in self.places.items()
        }
        found = {squeeze(term.name): term for term in terms.values()}
        for name, code in self.names.items():
            found.setdefault(squeeze(name), terms[code])
        return index_events({key: term for key, term in found.items() if has_letters(key)})

    @property
    def source(self) -> str:
        """What a coded term names as its origin."""
        return f"MedDRA {self.version}".strip()

    def find(self, text: str, *, whole: bool) -> Term | None:
        """Give the preferred term that a mention names, with ``whole`` only if all of the mention does."""
        return find_event(text, self.index, whole=whole)

    def place_of(self, code: str) -> Place | None:
        """Give the place of a preferred or lowest level term by its code, with prefix or without."""
        number = code.removeprefix(PREFIX)
        return self.places.get(self.preferred.get(number, number))


@lru_cache(maxsize=2)
def read_release(folder: str) -> Release:
    """Read the files of a release.

    Parameters
    ----------
    folder
        Where ``llt.asc`` and ``mdhier.asc`` are, or the folder above it; the case of names does not matter.

    Raises
    ------
    TerminologyError
        A file is missing or broken; the message names file and line.
    """
    files = _find_files(Path(folder))
    places: dict[str, Place] = {}
    known = set()
    for line, record in _records(files["mdhier.asc"], _HIERARCHY_FIELDS):
        pt, hlt, hlgt, soc, pt_name, hlt_name, hlgt_name, soc_name, *_, primary = record[:_HIERARCHY_FIELDS]
        if not (pt and pt_name and soc and soc_name):
            raise _broken(files["mdhier.asc"], line, "a preferred term or system organ class is empty")
        known.add(pt)
        if primary.upper() == "Y":
            places[pt] = Place(
                pt_code=pt, pt_name=pt_name, hlt_code=hlt, hlt_name=hlt_name,
                hlgt_code=hlgt, hlgt_name=hlgt_name, soc_code=soc, soc_name=soc_name,
            )  # fmt: skip
    if without := sorted(known - set(places)):
        raise TerminologyError(
            f"{files['mdhier.asc']}: no path of preferred term {without[0]} is marked as the primary one. {_REMEDY}"
        )
    names: dict[str, str] = {}
    preferred: dict[str, str] = {}
    for line, record in _records(files["llt.asc"], _LLT_FIELDS):
        code, name, pt, currency = record[0], record[1], record[2], record[9]
        if pt not in places:
            raise _broken(files["llt.asc"], line, f"its preferred term {pt!r} is not in mdhier.asc")
        preferred[code] = pt
        if currency.upper() == "Y":
            names.setdefault(name, pt)
    if not names:
        raise TerminologyError(f"{files['llt.asc']}: no lowest level term is current. {_REMEDY}")
    return Release(_version(files.get("meddra_release.asc")), names, preferred, places)


def level_names() -> tuple[str, ...]:
    """Give the names of the fields of `Place`, in the order of the levels."""
    return tuple(item.name for item in fields(Place))


_REMEDY = "Unpack the release again, and give the folder with its ASCII files."


def _find_files(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise TerminologyError(
            f"{folder}: no such folder. Give the one with the ASCII files of your MedDRA release."
        )
    inside = sorted(path for path in folder.iterdir() if path.is_dir())
    for place in (folder, *inside):
        files = {path.name.lower(): path for path in place.iterdir()}
        if "llt.asc" in files:
            break
    else:
        raise TerminologyError(_MISSING.format(folder, "llt.asc"))
    if "mdhier.asc" not in files:
        raise TerminologyError(_MISSING.format(folder, "mdhier.asc"))
    return files


_MISSING = "{}: there is no {}. Give the folder with the ASCII files of your MedDRA release."


def _records(path: Path, wanted: int) -> Iterator[tuple[int, Sequence[str]]]:
    """Give the fields of each line, with its number.

    Releases are UTF-8 or Latin-1, which the bytes tell apart.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TerminologyError(f"{path}: {error.strerror}. Check the rights of the file.") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")
        if line:
            record = [field.strip() for field in line.split("$")]
            if len(record) < wanted or not record[0].isdigit():
                raise _broken(path, number, f"{wanted} fields that end with $ are expected, a code first")
            yield number, record


def _broken(path: Path, line: int, what: str) -> TerminologyError:
    return TerminologyError(f"{path}, line {line}: {what}. {_REMEDY}")


def _version(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        first = path.read_bytes().decode("latin-1").partition("\n")[0]
    except OSError:
        return ""
    return " ".join(part.strip() for part in first.split("$")[:2] if part.strip())
