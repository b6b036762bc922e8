"""Events of a database in the hierarchy of a user's MedDRA release."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from sqlalchemy import Connection, bindparam, delete, func, select, update

from sequela.components.terms.meddra import PREFIX, Place, Release, level_names
from sequela.components.terms.plugged import names_by_code
from sequela.schema import Label
from sequela.store.bulk import insert_lines
from sequela.store.database import Database
from sequela.store.tables import event, meddra


@dataclass(frozen=True)
class Placed:
    """Numbers of events: those with a place in MedDRA, and all."""

    events: int
    total: int

    def __str__(self) -> str:
        return f"{self.events:,} of {self.total:,} events have a place in MedDRA"


def place_events(database: Database, release: Release) -> Placed:
    """Note where every event of a database stands in MedDRA, in the place of what was noted before.

    An event with a MedDRA code is found by the code; another one by its name, by the other names that HPO has for
    it, or, without a name, by the words of the mention, all of which must be a lowest level term.
    """
    with database.writing() as connection:
        events = connection.execute(
            select(event.c.event_id, event.c.term, event.c.event_name, event.c.event_code)
        ).all()
        places = {
            event_id: place
            for event_id, term, name, code in events
            if (place := _place_of(release, name or term, code)) is not None
        }
        _write(connection, places, release.source)
    return Placed(len(places), len(events))


def count_unplaced(connection: Connection) -> int:
    """Count events that have a MedDRA code and no place: they were loaded without the release."""
    query = select(func.count()).where(event.c.event_code.startswith(PREFIX), event.c.pt_code.is_(None))
    return int(connection.execute(query.select_from(event)).scalar_one())


def _place_of(release: Release, name: str, code: str) -> Place | None:
    if code.startswith(PREFIX):
        return release.place_of(code)
    for form in (name, *names_by_code(Label.SYMPTOM).get(code, ())):
        found = release.find(form, whole=True)
        if found is not None:
            return release.place_of(found.code)
    return None


def _write(connection: Connection, places: dict[int, Place], source: str) -> None:
    connection.execute(update(event).values(pt_code=None))
    connection.execute(delete(meddra))
    unique = {place.pt_code: place for place in places.values()}
    lines = [(*astuple(place), source) for _, place in sorted(unique.items())]
    insert_lines(connection, meddra, (*level_names(), "release"), lines)
    if places:
        connection.execute(
            update(event).where(event.c.event_id == bindparam("asked")),
            [{"asked": event_id, "pt_code": place.pt_code} for event_id, place in places.items()],
        )
