"""The metadata that Datasette shows a database with."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

FILE = "datasette.json"


def metadata_for(name: str) -> dict[str, Any]:
    """Give the metadata for a database that Datasette calls ``name``: its file without the extension."""
    metadata: dict[str, Any] = json.loads(files("sequela.store").joinpath(FILE).read_text(encoding="utf-8"))
    (settings,) = metadata["databases"].values()
    return {**metadata, "databases": {name: settings}}
