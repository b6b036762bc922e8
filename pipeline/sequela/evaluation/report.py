"""The error report."""

from collections.abc import Sequence
from pathlib import Path

from sequela.corpora.document import Document
from sequela.evaluation.metrics import Metrics
from sequela.evaluation.run import Scored


def write_report(
    documents: Sequence[Document], scored: Sequence[Scored], metrics: Metrics, path: Path
) -> None:
    """Write the page."""
    path.write_text("")
