"""Files that are processed together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sequela.reading import ReportFile
from sequela.running.batches import Outcome


class Chunk:
    """Some files and what has come of them so far.

    Parameters
    ----------
    files
        In the order of the output.
    known
        Gives what an earlier run has found in a file; None where it is still to do.
    """

    def __init__(
        self, files: Sequence[ReportFile], known: Callable[[ReportFile], Outcome | None] | None
    ) -> None:
        self.files = files
        self.outcomes: list[Outcome | None] = [known(file) if known else None for file in files]

    @property
    def to_do(self) -> list[int]:
        """Positions of the files that have no outcome yet."""
        return [position for position, outcome in enumerate(self.outcomes) if outcome is None]

    def finished(self) -> list[Outcome] | None:
        """Give the outcomes once there is one for every file."""
        outcomes = [outcome for outcome in self.outcomes if outcome is not None]
        return outcomes if len(outcomes) == len(self.files) else None
