"""``sequela linker``: the terminologies of the package for scispaCy's entity linker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(linker)


def linker(
    folder: Annotated[Path, typer.Argument(metavar="DIR", show_default=False, help="Folder for the files.")],
    kb: Annotated[
        Path | None,
        typer.Option(
            "--kb",
            metavar="FILE",
            show_default=False,
            help="Index this knowledge base (JSONL of scispaCy) and not the terminologies of the package.",
        ),
    ] = None,
) -> None:
    """Write a knowledge base and its index, for scispaCy's EntityLinker and for 'extract --linker'.

    Without --kb it holds the drugs and events that sequela knows.
    """
    import shutil

    from sequela.components.terms.knowledge_base import (
        KNOWLEDGE_BASE,
        build_index,
        entities,
        write_knowledge_base,
    )
    from sequela.errors import TerminologyError
    from sequela.schema import Label

    if kb is None:
        write_knowledge_base(folder, entities(Label.DRUG, Label.SYMPTOM))
    elif not kb.is_file():
        raise TerminologyError(f"{kb}: no such file. Name the JSONL file of a knowledge base of scispaCy.")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kb, folder / KNOWLEDGE_BASE)
    typer.echo(f"{folder}: {build_index(folder):,} names", err=True)
