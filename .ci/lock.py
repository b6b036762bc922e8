"""Pin what `pip install '.[dev,spark]'` installs, for each Python that is given: writes ``constraints.txt``.

    python .ci/lock.py python3.10 python3.11 python3.12

A release that differs between them gets a marker. Nothing is installed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEADER = """\
# The releases that the tests were run with: pip install -c constraints.txt ...
# Written by .ci/lock.py; `just lock` writes it anew.
"""


def resolve(python: str) -> tuple[str, dict[str, str]]:
    """Give the version of a Python and what pip would install for it."""
    version = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    command = [python, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    report = subprocess.run(
        [*command, f"{ROOT}[dev,spark]"], capture_output=True, text=True, check=True
    ).stdout
    pins = {}
    for item in json.loads(report)["install"]:
        name = re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower()
        pins[name] = item["metadata"]["version"]
    del pins["sequela"]
    return version, pins


def main(pythons: list[str]) -> None:
    """Write the file."""
    resolved = dict(resolve(python) for python in pythons)
    releases: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for version, pins in resolved.items():
        for name, release in pins.items():
            releases[name][release].append(version)
    lines = []
    for name in sorted(releases):
        for release, versions in releases[name].items():
            marker = ""
            if len(releases[name]) > 1 or len(versions) < len(resolved):
                marker = " ; " + " or ".join(f'python_version == "{version}"' for version in versions)
            lines.append(f"{name}=={release}{marker}\n")
    (ROOT / "constraints.txt").write_text(HEADER + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or [sys.executable])
