"""What the program finds when it starts, and must not trip over."""

from __future__ import annotations

import os


def prepare() -> None:
    """Make the environment safe, for this process and those it starts."""
    # They would import modules from the current folder before Python's own, and there may be reports of anybody
    os.environ.setdefault("PYTHONSAFEPATH", "1")
