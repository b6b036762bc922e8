"""``sequela corpora``: check, convert, count and fetch annotated corpora."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sequela.cli.exits import Exit

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Check, convert, count and fetch annotated corpora.",
)

Paths = Annotated[
    list[Path],
    typer.Argument(metavar="PATHS", show_default=False, help="Annotated files or directories."),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="FORMAT",
        show_default=False,
        help="Format of the files (see 'sequela corpora formats'); recognised when left out.",
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        "--labels",
        metavar="MAP",
        show_default=False,
        help="Label map: a JSON file, or one of ade, bc5cdr, biored, maccrobat, phee.",
    ),
]


def register(parent: typer.Typer) -> None:
    """Add the commands to the application."""
    parent.add_typer(app, name="corpora")


@app.command()
def formats() -> None:
    """List the formats, with r for reading and w for writing."""
    from sequela.corpora.formats import FORMATS

    for item in FORMATS.values():
        ways = ("r" if item.read else "-") + ("w" if item.write else "-")
        typer.echo(f"{item.name:10} {ways}  {item.description}")


@app.command()
def check(paths: Paths, from_: From = None, labels: Labels = None) -> None:
    """Check annotated files: every contradiction, with file and line.

    Several PATHS are the splits of one corpus: no document may be in two of them. The exit code is 1 when
    there is any problem.
    """
    from sequela.corpora.checks import Seen, check_corpus
    from sequela.corpora.labels import load_label_map

    label_map = load_label_map(labels) if labels is not None else None
    seen = Seen()
    total = 0
    for path in paths:
        count, problems = check_corpus(path, from_, label_map=label_map, seen=seen)
        for problem in problems:
            typer.echo(str(problem))
        total += len(problems)
        verdict = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}" if problems else "no problem"
        what = "rows" if path.suffix == ".csv" else "documents"
        typer.echo(f"{path}: {count} {what}, {verdict}", err=True)
    if total:
        raise typer.Exit(Exit.SOME_FAILED)


@app.command()
def convert(
    source: Annotated[
        Path, typer.Argument(metavar="IN", show_default=False, help="Annotated file or directory.")
    ],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", show_default=False, help="File to write, or directory (brat).")
    ],
    from_: From = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FORMAT",
            show_default=False,
            help="Format to write; told from the ending of OUT when left out.",
        ),
    ] = None,
    labels: Labels = None,
    lossy: Annotated[
        bool,
        typer.Option("--lossy", help="Leave out entities in fragments and overlapping ones, where OUT must."),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT where it exists.")] = False,
) -> None:
    """Convert annotated files from one format to another.

    What the new format has no place for is left out, and said at the end.
    """
    from sequela.corpora.conversion import convert_corpus
    from sequela.corpora.labels import load_label_map

    label_map = load_label_map(labels) if labels is not None else None
    result = convert_corpus(
        source,
        target,
        source_format=from_,
        target_format=to,
        label_map=label_map,
        lossy=lossy,
        overwrite=overwrite,
    )
    typer.echo(f"{target}: {result.documents} documents written as {result.format}", err=True)
    for what, number in result.left_out.items():
        typer.echo(f"left out: {number} {what}, which {result.format} has no place for", err=True)


@app.command()
def stats(
    paths: Paths,
    from_: From = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a path.")] = False,
) -> None:
    """Count documents, entities, relations, events and attributes."""
    import json

    from sequela.corpora.formats import read_corpus
    from sequela.corpora.stats import count

    for path in paths:
        numbers = count(read_corpus(path, from_)).to_dict()
        if as_json:
            typer.echo(json.dumps({"path": str(path), **numbers}, ensure_ascii=False))
            continue
        typer.echo(str(path))
        for key, value in numbers.items():
            name = key.replace("_", " ")
            if isinstance(value, int):
                typer.echo(f"  {name:20} {value:>9}")
            elif value:
                typer.echo(f"  {name:20} {sum(value.values()):>9}")
                for label, number in value.items():
                    typer.echo(f"    {label:18} {number:>9}")


@app.command()
def fetch(
    name: Annotated[
        str, typer.Argument(metavar="NAME", show_default=False, help="Corpus, or 'list' for their names.")
    ],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", show_default=False, help="Where to put it.")
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(metavar="FILE", show_default=False, help="A recipe of your own instead of a known one."),
    ] = None,
) -> None:
    """Download a public corpus from its source and check it. Needs the internet."""
    from sequela.corpora import fetching
    from sequela.errors import CorpusError

    if name == "list":
        for known in fetching.names():
            typer.echo(f"{known:14} {fetching.load_recipe(known).title}")
        return
    if to is None:
        raise CorpusError("say where to put the corpus: --to DIR")
    chosen = fetching.load_recipe(recipe if recipe is not None else name)
    for file in fetching.fetch(chosen, to):
        typer.echo(str(file))
