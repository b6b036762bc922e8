"""Fetching, against a server on the loopback interface."""

from __future__ import annotations

import io
import json
import re
import stat
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from sequela.cli.corpora import register
from sequela.corpora import fetching
from sequela.errors import CorpusError

pytest.importorskip("pooch")

CONTENT = b"1|t|rash\n1|a|x\n"
DIGEST = sha256(CONTENT).hexdigest()
OTHER = "0" * 64


class Server(ThreadingHTTPServer):
    """Serves ``pages``; a page in ``cut`` ends before its announced length."""

    pages: dict[str, bytes]
    cut: set[str]
    asked: list[str]
    daemon_threads = True


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.pages.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.path in self.server.cut else body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        running.pages, running.cut, running.asked = {}, set(), []
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def make(server: Server, tmp_path: Path):
    """Write a recipe for files that the server has, and load it."""

    def make(*files: dict[str, Any]) -> fetching.Recipe:
        base = f"http://127.0.0.1:{server.server_address[1]}"
        data = {
            "name": "x",
            "title": "A corpus",
            "homepage": "http://example.org",
            "licence": "MIT",
            "citation": "Nobody 2020",
            "note": "",
            "files": [{**item, "url": base + item["url"]} for item in files],
        }
        path = tmp_path / "recipe.json"
        path.write_text(json.dumps(data))
        return fetching.load_recipe(path)

    return make


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "corpus"


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def tarred(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for info, content in entries:
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(item.relative_to(folder)): item.read_bytes() for item in folder.rglob("*") if item.is_file()}


def test_a_file_is_fetched_checked_and_its_source_noted(server, make, to):
    server.pages["/a.PubTator"] = CONTENT
    recipe = make({"url": "/a.PubTator", "name": "a.PubTator", "sha256": DIGEST})
    assert fetching.fetch(recipe, to) == [to / "a.PubTator"]
    found = contents(to)
    assert json.loads(found.pop("SOURCE.json")) == {
        "name": "x",
        "homepage": "http://example.org",
        "licence": "MIT",
        "citation": "Nobody 2020",
        "urls": [recipe.files[0].url],
        "sha256": {"a.PubTator": DIGEST},
    }
    assert found == {"a.PubTator": CONTENT}


@pytest.mark.parametrize("digest", [DIGEST, None], ids=["checksum known", "checksum noted by the first run"])
def test_what_is_there_is_not_fetched_again(server, make, to, digest):
    server.pages["/a"] = CONTENT
    recipe = make({"url": "/a", "name": "a", "sha256": digest})
    assert fetching.fetch(recipe, to) == fetching.fetch(recipe, to) == [to / "a"]
    assert server.asked == ["/a"]


def test_another_file_of_that_name_is_not_overwritten(server, make, to):
    server.pages["/a"] = CONTENT
    to.mkdir()
    (to / "a").write_bytes(b"mine")
    with pytest.raises(CorpusError, match="is in the way: move it, or fetch into another directory"):
        fetching.fetch(make({"url": "/a", "name": "a", "sha256": DIGEST}), to)
    assert contents(to) == {"a": b"mine"}


def test_a_wrong_checksum_leaves_nothing(server, make, to):
    server.pages["/a"] = CONTENT
    with pytest.raises(CorpusError, match=f"/a: SHA-256 is {DIGEST}, expected {OTHER}: .*nothing was kept"):
        fetching.fetch(make({"url": "/a", "name": "a", "sha256": OTHER}), to)
    assert contents(to) == {}


def test_a_missing_page(make, to):
    with pytest.raises(
        CorpusError, match=r"/a: the server refuses \(404 .*look for a new address, or download"
    ):
        fetching.fetch(make({"url": "/a", "name": "a"}), to)
    assert contents(to) == {}


def test_an_interrupted_download_leaves_nothing(server, make, to):
    server.pages["/a"] = CONTENT * 1000
    server.cut.add("/a")
    with pytest.raises(CorpusError, match=r"/a: download failed \(.*: try again, or download .* by hand"):
        fetching.fetch(make({"url": "/a", "name": "a"}), to)
    assert contents(to) == {}
    server.cut.clear()
    assert fetching.fetch(make({"url": "/a", "name": "a"}), to) == [to / "a"]


def test_files_before_the_failing_one_are_kept_for_the_next_try(server, make, to):
    server.pages["/a"] = CONTENT
    files = [{"url": "/a", "name": "a", "sha256": DIGEST}, {"url": "/b", "name": "b"}]
    with pytest.raises(CorpusError):
        fetching.fetch(make(*files), to)
    server.pages["/b"] = b"b"
    fetching.fetch(make(*files), to)
    assert server.asked == ["/a", "/b", "/b"]


def test_no_server(make, server, to):
    recipe = make({"url": "/a", "name": "a"})
    server.server_close()
    server.shutdown()
    with pytest.raises(CorpusError, match="download failed"):
        fetching.fetch(recipe, to)


def test_wanted_members_are_taken_out_of_an_archive(server, make, to):
    inner = zipped(deep__a_ann=b"ann", deep__a_txt=b"txt", other=b"no")
    server.pages["/x.zip"] = zipped(data__train=CONTENT, data__test=b"no", data__inner=inner)
    members = {"data/train": DIGEST, "data/inner!deep/": None}
    files = fetching.fetch(make({"url": "/x.zip", "name": "x.zip", "members": members}), to)
    assert sorted(files) == [to / "a_ann", to / "a_txt", to / "train"]
    found = contents(to)
    found.pop("SOURCE.json")
    assert found == {"train": CONTENT, "a_ann": b"ann", "a_txt": b"txt"}


def test_a_tar_archive(server, make, to):
    server.pages["/x.tgz"] = tarred((tarfile.TarInfo("data/train"), CONTENT))
    fetching.fetch(make({"url": "/x.tgz", "name": "x.tgz", "members": {"data/train": DIGEST}}), to)
    assert contents(to)["train"] == CONTENT


def link_in_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        info = zipfile.ZipInfo("data/link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def link_in_tar() -> bytes:
    info = tarfile.TarInfo("data/link")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return tarred((info, b""))


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (zipped(**{"a": b"", "..__evil": b"x"}), "'../evil' leads out of the archive; nothing was unpacked"),
        (zipped(**{"a": b"", "b__..__..__evil": b"x"}), "'b/../../evil' leads out of the archive"),
        (zipped(**{"a": b"", "__evil": b"x"}), "'/evil' leads out of the archive"),
        (zipped(**{"a": b"", "..\\evil": b"x"}), "leads out of the archive"),
        (zipped(**{"a": b"", "C:evil": b"x"}), "leads out of the archive"),
        (tarred((tarfile.TarInfo("a"), b""), (tarfile.TarInfo("../evil"), b"x")), "'../evil' leads out of"),
        (link_in_zip(), "data/link is a link; nothing was unpacked"),
        (link_in_tar(), "data/link is a link or device; nothing was unpacked"),
        (zipped(b=b"x"), "x.zip: holds no a"),
        (b"no archive", "x.zip: not an archive that can be read"),
        (zipped(a=CONTENT)[:-40], "x.zip: not an archive that can be read"),
    ],
)
def test_an_unsafe_or_broken_archive_leaves_nothing(server, make, to, archive, message):
    server.pages["/x.zip"] = archive
    with pytest.raises(CorpusError, match=re.escape(message)):
        fetching.fetch(make({"url": "/x.zip", "name": "x.zip", "members": {"a": None}}), to)
    assert contents(to) == {}
    assert not (to.parent / "evil").exists()


def test_a_member_with_another_checksum_leaves_nothing(server, make, to):
    server.pages["/x.zip"] = zipped(a=CONTENT)
    with pytest.raises(CorpusError, match=f"SHA-256 of a is {DIGEST}, expected {OTHER}"):
        fetching.fetch(make({"url": "/x.zip", "name": "x.zip", "members": {"a": OTHER}}), to)
    assert contents(to) == {}


def test_an_archive_that_unpacks_to_too_much(server, make, to, monkeypatch):
    monkeypatch.setattr(fetching, "_LARGEST", 10)
    server.pages["/x.zip"] = zipped(a=b"0" * 11)
    with pytest.raises(CorpusError, match="unpacks to more than 10 bytes"):
        fetching.fetch(make({"url": "/x.zip", "name": "x.zip", "members": {"a": None}}), to)


@pytest.mark.parametrize("name", fetching.names())
def test_recipes_of_the_package(name):
    recipe = fetching.load_recipe(name)
    assert recipe.name == name
    assert all((recipe.title, recipe.homepage, recipe.licence, recipe.citation, recipe.note, recipe.files))
    digests = [remote.sha256 for remote in recipe.files]
    digests += [digest for remote in recipe.files for _, digest in remote.members]
    assert all(digest == "" or re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
    assert all(remote.url.startswith("https://") for remote in recipe.files)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"files": [{"url": "file:///etc/passwd", "name": "a"}]}, "file:///etc/passwd is no http address"),
        ({"files": [{"url": "http://x.org/a", "name": "../a"}]}, "'../a' is no file name"),
        ({"extra": 1}, "expected the keys citation, files, homepage"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path, change, message):
    data = dict.fromkeys(("name", "title", "homepage", "licence", "citation", "note"), "")
    path = tmp_path / "r.json"
    path.write_text(json.dumps({**data, "files": [], **change}))
    with pytest.raises(CorpusError, match=re.escape(message)):
        fetching.load_recipe(path)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        CorpusError, match=r"n2c2: no such corpus: give one of ade, bc5cdr, .*, or --recipe FILE"
    ):
        fetching.load_recipe("n2c2")


def test_the_command(server, make, to, tmp_path):
    server.pages["/a"] = CONTENT
    make({"url": "/a", "name": "a", "sha256": DIGEST})
    app = typer.Typer()
    register(app)
    app.command("other")(lambda: None)
    run = CliRunner().invoke
    result = run(app, ["corpora", "fetch", "x", "--recipe", str(tmp_path / "recipe.json"), "--to", str(to)])
    assert (result.exit_code, result.stdout) == (0, f"{to / 'a'}\n")
    listed = run(app, ["corpora", "fetch", "list"]).stdout.splitlines()
    assert [line.split()[0] for line in listed] == fetching.names()
    refused = run(app, ["corpora", "fetch", "phee"])
    assert str(refused.exception) == "say where to put the corpus: --to DIR"
