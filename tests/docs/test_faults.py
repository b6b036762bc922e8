from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "faults.md"


def test_every_fault_has_the_test_that_is_named() -> None:
    named, unknown, without = 0, [], []
    for row in PAGE.read_text(encoding="utf-8").splitlines():
        if not row.startswith("| ") or row.startswith(("| fault", "| |")):
            continue
        file = ""
        tests = re.findall(r"`((?:unit|integration)/[\w/]+\.py)?::(\w+)`", row)
        if not tests:
            without.append(row)
        for path, name in tests:
            file = path or file  # the same file as the one before
            named += 1
            if not re.search(rf"^ *def {name}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE):
                unknown.append(f"{file}::{name}")
    assert (unknown, without) == ([], [])
    assert named > 40
