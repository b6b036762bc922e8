"""Fetching public corpora by recipe, with pooch (``pip install 'sequela[corpora]'``).

A recipe is a JSON file: where a corpus is, under which licence, which files of it are wanted and what their
SHA-256 is. Recipes of known corpora come with the package (`names`). Nothing is left behind when a download
fails, a checksum does not fit or an archive holds a path that leads out of it. ``SOURCE.json`` beside the
files says where they are from and what their checksums are.
"""

from __future__ import annotations

import json
import logging
import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import urlsplit

from sequela.corpora.files import read_text
from sequela.errors import CorpusError

_FOLDER = files("sequela.corpora") / "recipes"
_KEYS = frozenset({"name", "title", "homepage", "licence", "citation", "note", "files"})
_SOURCE = "SOURCE.json"
_LARGEST = 4 * 1024**3  # bytes that an archive may unpack to
_TIMEOUT = 60


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file to download.

    ``sha256`` is "" where it is not known. ``members`` of an archive are taken out, by their path in it, with
    their SHA-256 or ""; a member of an archive in the archive is ``INNER.zip!PATH``; a path that ends in
    ``/`` is all that lies below it. Without members the file itself is wanted.
    """

    url: str
    name: str
    sha256: str = ""
    members: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A corpus and where it is."""

    name: str
    title: str
    homepage: str
    licence: str
    citation: str
    note: str
    files: tuple[RemoteFile, ...]


def names() -> list[str]:
    """Names of the recipes that come with the package, sorted."""
    return sorted(
        item.name.removesuffix(".json") for item in _FOLDER.iterdir() if item.name.endswith(".json")
    )


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Load a recipe by its name, or from a file.

    Raises
    ------
    CorpusError
        No such recipe, or not in this form.
    """
    if isinstance(name_or_path, Path):
        source = read_text(name_or_path)
    elif name_or_path in names():
        source = (_FOLDER / f"{name_or_path}.json").read_text(encoding="utf-8")
    else:
        raise CorpusError(
            f"{name_or_path}: no such corpus: give one of {', '.join(names())}, or --recipe FILE"
        )
    try:
        data = json.loads(source)
        if set(data) != _KEYS:
            raise ValueError(f"expected the keys {', '.join(sorted(_KEYS))}")
        return Recipe(**{**data, "files": tuple(_remote_file(item) for item in data["files"])})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorpusError(f"{name_or_path}: not a recipe: {error}") from error


def _remote_file(item: dict[str, Any]) -> RemoteFile:
    url = urlsplit(item["url"])
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError(f"{item['url']} is no http address")
    if PurePosixPath(item["name"]).name != item["name"] or item["name"] in ("", ".", ".."):
        raise ValueError(f"{item['name']!r} is no file name")
    members = tuple((path, digest or "") for path, digest in item.get("members", {}).items())
    return RemoteFile(url=item["url"], name=item["name"], sha256=item.get("sha256") or "", members=members)


def fetch(recipe: Recipe, to: Path) -> list[Path]:
    """Download what a recipe names into a directory; gives the files, those that were there already too.

    Raises
    ------
    CorpusError
        pooch is missing, the source cannot be reached, a checksum does not fit, an archive is broken or holds
        an unsafe path, another file is in the way.
    """
    to = Path(to)
    to.mkdir(parents=True, exist_ok=True)
    sums: dict[str, str] = _earlier_sums(to)
    result: list[Path] = []
    for remote in recipe.files:
        there = _already_there(remote, to, sums)
        if there:
            result += there
            continue
        with tempfile.TemporaryDirectory(dir=to, prefix=".fetch.") as folder:
            downloaded = _download(remote, Path(folder))
            unpacked = Path(folder) / "unpacked"
            unpacked.mkdir()
            if remote.members:
                found = _unpack(downloaded, remote.members, unpacked)
            else:
                found = [downloaded.rename(unpacked / remote.name)]
            digests = {file.name: _sha256(file) for file in found}
            _check_members(remote, digests)
            for file in found:
                target = to / file.name
                if target.exists():
                    raise CorpusError(f"{target} is in the way: move it, or fetch into another directory")
            for file in found:
                result.append(file.rename(to / file.name))
            sums.update(digests)
    source = {
        "name": recipe.name,
        "homepage": recipe.homepage,
        "licence": recipe.licence,
        "citation": recipe.citation,
        "urls": [remote.url for remote in recipe.files],
        "sha256": dict(sorted(sums.items())),
    }
    (to / _SOURCE).write_text(json.dumps(source, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return result


def _earlier_sums(to: Path) -> dict[str, str]:
    """Checksums of files that an earlier run put here."""
    try:
        found = json.loads((to / _SOURCE).read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {name: digest for name, digest in found.items() if (to / name).is_file()}


def _already_there(remote: RemoteFile, to: Path, sums: dict[str, str]) -> list[Path]:
    """Give the wanted files if all are there with the right checksum; [] if one is not."""
    wanted = dict(remote.members) or {remote.name: remote.sha256}
    found = []
    for path, digest in wanted.items():
        name = PurePosixPath(path.rpartition("!")[2]).name
        if path.endswith("/") or not (to / name).is_file():
            return []
        actual = _sha256(to / name)
        if actual != (digest or sums.get(name)):
            return []
        found.append(to / name)
    return found


def _download(remote: RemoteFile, folder: Path) -> Path:
    try:
        import pooch
        import requests
    except ImportError as error:
        raise CorpusError("fetching needs pooch: pip install 'sequela[corpora]'") from error
    pooch.get_logger().setLevel(logging.ERROR)
    by_hand = f"download {remote.url} by hand where it can be reached"
    try:
        path = pooch.retrieve(
            remote.url,
            known_hash=None,
            fname=remote.name,
            path=folder,
            downloader=pooch.HTTPDownloader(timeout=_TIMEOUT, chunk_size=65536),
        )
    except requests.HTTPError as error:
        raise CorpusError(
            f"{remote.url}: the server refuses ({error}): look for a new address, or {by_hand}"
        ) from error
    except (requests.RequestException, OSError) as error:
        raise CorpusError(f"{remote.url}: download failed ({error}): try again, or {by_hand}") from error
    actual = _sha256(Path(path))
    if remote.sha256 and actual != remote.sha256:
        raise CorpusError(
            f"{remote.url}: SHA-256 is {actual}, expected {remote.sha256}: the file has changed at its "
            "source or on the way; nothing was kept"
        )
    return Path(path)


def _check_members(remote: RemoteFile, digests: dict[str, str]) -> None:
    for path, expected in remote.members:
        name = PurePosixPath(path.rpartition("!")[2]).name
        if expected and digests.get(name) != expected:
            raise CorpusError(
                f"{remote.url}: SHA-256 of {path} is {digests.get(name)}, expected {expected}: the file has "
                "changed at its source; nothing was kept"
            )


def _unpack(archive: Path, members: tuple[tuple[str, str], ...], folder: Path) -> list[Path]:
    """Take the wanted members out of an archive, flat; gives the files."""
    wanted = [path for path, _ in members]
    inner: dict[str, list[str]] = {}
    for path in wanted:
        first, bang, rest = path.partition("!")
        if bang:
            inner.setdefault(first, []).append(rest)
    direct = [path for path in wanted if "!" not in path]
    found: list[Path] = []
    met: set[str] = set()
    size = 0
    try:
        for name, length, stream in _members(archive):
            hits = [path for path in direct if name == path or (path.endswith("/") and name.startswith(path))]
            if not hits and name not in inner:
                continue
            size += length
            if size > _LARGEST:
                raise CorpusError(f"{archive.name}: unpacks to more than {_LARGEST} bytes")
            target = folder / PurePosixPath(name).name
            if target.exists():
                raise CorpusError(f"{archive.name}: two wanted files are named {target.name}")
            with target.open("wb") as file:
                shutil.copyfileobj(stream, file)
            met |= {*hits, name}
            if name in inner:
                deeper = tuple((path, "") for path in inner[name])
                aside = target.rename(folder.parent / f"inner.{target.name}")
                found += _unpack(aside, deeper, folder)
            else:
                found.append(target)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError, RuntimeError) as error:
        raise CorpusError(f"{archive.name}: not an archive that can be read: {error}") from error
    missing = [path for path in (*direct, *inner) if path not in met]
    if missing:
        raise CorpusError(f"{archive.name}: holds no {', '.join(missing)}")
    return found


def _members(archive: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Give name, size and content of the files of a zip or tar archive, after all names were found safe."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            infos = file.infolist()
            for info in infos:
                _check_name(archive, info.filename)
                if stat.S_ISLNK(info.external_attr >> 16):
                    raise CorpusError(f"{archive.name}: {info.filename} is a link; nothing was unpacked")
            for info in infos:
                if not info.is_dir():
                    with file.open(info) as stream:
                        yield info.filename, info.file_size, stream
        return
    with tarfile.open(archive) as tar:
        entries = tar.getmembers()
        for entry in entries:
            _check_name(archive, entry.name)
            if not (entry.isfile() or entry.isdir()):
                raise CorpusError(f"{archive.name}: {entry.name} is a link or device; nothing was unpacked")
        for entry in entries:
            content = tar.extractfile(entry) if entry.isfile() else None
            if content is not None:
                yield entry.name, entry.size, content


def _check_name(archive: Path, name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name:
        raise CorpusError(f"{archive.name}: {name!r} leads out of the archive; nothing was unpacked")


def _sha256(file: Path) -> str:
    digest = sha256()
    with file.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
