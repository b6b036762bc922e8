"""Onset from a narrative: dates on both sides, day numbers, chains of "two days later"."""

from __future__ import annotations

from sequela.components.time.scene import Scene
from sequela.schema import Link, Onset


def find_by_dates(scene: Scene, link: Link) -> Onset | None:
    """Find the onset from the dates of exposure and event."""
    return None
