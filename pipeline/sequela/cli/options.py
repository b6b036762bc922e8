"""Options that several commands share, and what becomes of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sequela.errors import SequelaError
from sequela.reading import Found, find_reports
from sequela.reading.text import check_encoding
from sequela.running.batches import Settings, limit_threads
from sequela.schema import Label

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATHS",
        show_default=False,
        help="Report files (plain text), and folders that are searched for *.txt.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME_OR_PATH",
        show_default=False,
        help="A spaCy pipeline whose entity recogniser takes the place of the shipped tagger.",
    ),
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FROM=TO",
        show_default=False,
        help="What a label of the model is called here, as in CHEMICAL=DRUG, or a label map (a JSON file, or "
        "one that comes with the package: bc5cdr, maccrobat ...). May be given several times.",
    ),
]
Meddra = Annotated[
    Path | None,
    typer.Option(
        "--meddra",
        metavar="DIR",
        show_default=False,
        help="Folder with the ASCII files of your MedDRA release: events then get its preferred terms.",
    ),
]
LinkerFolder = Annotated[
    Path | None,
    typer.Option(
        "--linker",
        metavar="DIR",
        show_default=False,
        help="Folder with a knowledge base of scispaCy's entity linker and its index: drugs and events then get "
        "its concepts. 'sequela linker' writes such a folder.",
    ),
]
TrustLinker = Annotated[
    bool,
    typer.Option(
        "--trust-linker",
        help="Read the index of --linker also where it holds a pickle, which can run any code.",
    ),
]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", metavar="N", min=0, help="Number of processes; 0 for one a core.")
]
Limit = Annotated[
    int | None, typer.Option(min=1, metavar="N", show_default=False, help="Only the first N reports.")
]
Encoding = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        show_default=False,
        help="Encoding of files that are neither UTF-8 nor begin with a byte order mark: cp1252, latin-1 ...",
    ),
]
MaxChars = Annotated[
    int, typer.Option("--max-chars", metavar="N", min=1, help="Longest report that is read.")
]

Timeout = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        min=0,
        help="Give up a report that takes longer; 0 for no limit.",
    ),
]
DEFAULT_TIMEOUT = 120.0  # the longest report that is read takes half of it on a slow machine


def check_names(paths: Sequence[str]) -> None:
    """Refuse an empty name, which a variable of a script without a value leaves; it would mean the current folder.

    Raises
    ------
    SequelaError
        With what to do.
    """
    if "" in paths:
        raise SequelaError("an empty name is no file or folder. For the current folder, write a dot.")


def find_limited(paths: Sequence[str], limit: int | None) -> Found:
    """List the reports under the paths, the first ``limit`` of them.

    Raises
    ------
    SequelaError
        As `check_names` and `sequela.reading.find_reports`.
    """
    check_names(paths)
    found = find_reports([Path(path) for path in paths])
    return Found(found.files[:limit], found.problems)


def make_settings(
    model: str | None,
    labels: list[str] | None,
    encoding: str | None,
    max_characters: int,
    *,
    meddra: Path | None = None,
    linker: Path | None = None,
    trust_linker: bool = False,
) -> Settings:
    """Check the options before anything is loaded, and put them together.

    Raises
    ------
    SequelaError
        An unknown encoding or label, or a MedDRA release or knowledge base that cannot be read.
    """
    if encoding is not None:
        check_encoding(encoding)
    if meddra is not None:
        from sequela.components.terms.meddra import read_release

        read_release(str(meddra))
    if linker is not None:
        from sequela.components.terms.knowledge_base import check_files

        check_files(linker, trust_pickle=trust_linker)
    limit_threads()
    return Settings(
        model=model,
        label_map=parse_labels(labels or []),
        meddra=str(meddra) if meddra is not None else None,
        linker=str(linker) if linker is not None else None,
        trust_linker=trust_linker,
        encoding=encoding,
        max_characters=max_characters,
    )


def parse_labels(pairs: list[str]) -> dict[str, str]:
    """Read ``FROM=TO``, also several with commas between them, and names of label maps.

    Raises
    ------
    SequelaError
        Not of this form, or ``TO`` is no label of sequela.
    """
    known = [label.value for label in Label]
    label_map = {}
    for pair in ",".join(pairs).split(","):
        if not pair:
            continue
        source, equals, target = (part.strip() for part in pair.rpartition("="))
        if not equals:
            label_map.update(_load_map(pair))
        elif source and target in known:
            label_map[source] = target
        else:
            raise SequelaError(
                f"--labels {pair}: write FROM=TO, where TO is one of {', '.join(known)}, "
                "as in --labels CHEMICAL=DRUG."
            )
    return label_map


def _load_map(name: str) -> dict[str, str]:
    from sequela.corpora.labels import load_label_map

    return {source: target for source, target in load_label_map(name).items() if target is not None}


def processes(jobs: int) -> int:
    """Give the number of processes; for 0, that of the cores this process may use."""
    if jobs:
        return jobs
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(affinity(0)) if affinity else os.cpu_count() or 1
