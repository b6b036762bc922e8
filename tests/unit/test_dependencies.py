"""What comes with an installation: a package more is a decision, not an accident."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"
# What reads, computes or connects; the rest is what these stand on
DIRECT = {
    "alembic", "isodate", "numpy", "packaging", "rapidfuzz", "rich", "scispacy", "spacy", "sqlalchemy", "typer",
}  # fmt: skip


def needed(name: str, extras: frozenset[str] = frozenset()) -> set[tuple[str, frozenset[str]]]:
    """Give the packages that one wants here, with the extras that it wants of them."""
    found = set()
    for line in requires(name) or ():
        requirement = Requirement(line)
        if requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in extras or {""}
        ):
            found.add((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return found


def test_few_packages_are_asked_for() -> None:
    assert {name for name, _ in needed("sequela")} == DIRECT


def test_all_that_comes_with_them_is_pinned() -> None:
    pinned = {
        canonicalize_name(Requirement(line).name)
        for line in CONSTRAINTS.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    }
    waiting, seen = {("sequela", frozenset[str]())}, set()
    while waiting:
        package = waiting.pop()
        seen.add(package)
        try:
            waiting |= needed(*package) - seen
        except PackageNotFoundError:
            continue  # wanted on another system
    names = {name for name, _ in seen} - {"sequela"}
    assert names > DIRECT
    assert names <= pinned
