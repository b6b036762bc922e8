from __future__ import annotations

import os
from pathlib import Path

import pytest

from sequela.errors import SequelaError
from sequela.reading import find_reports, printable


def make(folder: Path, *names: str) -> None:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("Rash.")


def ids(*paths: Path) -> list[str]:
    return [file.doc_id for file in find_reports(paths).files]


def test_searches_folders_to_the_bottom_in_a_fixed_order(tmp_path: Path) -> None:
    make(tmp_path, "b.txt", "a/z.txt", "a/B.TXT", "a/deep/er/c.txt", "c.csv", ".hidden.txt", ".git/d.txt")
    assert ids(tmp_path) == ["B", "c", "z", "b"]
    assert [file.path.relative_to(tmp_path).as_posix() for file in find_reports([tmp_path]).files] == [
        "a/B.TXT",
        "a/deep/er/c.txt",
        "a/z.txt",
        "b.txt",
    ]


def test_the_order_of_the_arguments_counts_and_named_files_may_be_called_anything(tmp_path: Path) -> None:
    make(tmp_path, "two/b.txt", "one/a.txt", "notes.md")
    assert ids(tmp_path / "two", tmp_path / "notes.md", tmp_path / "one") == ["b", "notes", "a"]


def test_same_names_in_different_folders_stay_apart(tmp_path: Path) -> None:
    make(tmp_path, "2019/case.txt", "2020/case.txt", "2020/other.txt")
    assert ids(tmp_path) == ["2019/case", "2020/case", "other"]
    assert ids(tmp_path / "2020", tmp_path / "2019") == ["2020/case", "other", "2019/case"]


def test_same_names_with_different_suffixes_stay_apart(tmp_path: Path) -> None:
    make(tmp_path, "case.txt", "case.TXT", "case.text")
    assert ids(tmp_path / "case.text", tmp_path / "case.txt") == ["case.text", "case.txt"]
    assert ids(tmp_path) == ["case.TXT", "case.txt"]


def test_what_is_reached_twice_counts_once(tmp_path: Path) -> None:
    make(tmp_path, "in/a.txt", "in/b.txt")
    (tmp_path / "in" / "c.txt").symlink_to(tmp_path / "in" / "a.txt")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in")
    (tmp_path / "out").symlink_to(tmp_path / "in")
    assert ids(tmp_path / "in", tmp_path / "in" / "b.txt", tmp_path / "out", tmp_path / "out" / "b.txt") == [
        "a",
        "b",
    ]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    make(tmp_path, "a.txt")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    (tmp_path / "up").symlink_to(tmp_path)
    # the looping file is listed, so that reading it says what is wrong
    assert ids(tmp_path) == ["a", "self"]


def test_a_deep_tree_is_no_problem(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(300):
        deep = deep / "d"
    make(deep, "a.txt")
    assert ids(tmp_path) == ["a"]


def test_a_tree_deeper_than_a_path_can_be_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.txt")
    monkeypatch.chdir(tmp_path)
    for _ in range(45):
        os.mkdir("d" * 100)  # noqa: PTH102 - there is no path to it in one piece
        os.chdir("d" * 100)
    # what cannot be reached is listed, so that reading it says so
    first, beyond = find_reports([tmp_path]).files
    assert (first.doc_id, beyond.path.name) == ("a", "d" * 100)


def test_odd_names(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    Path(os.fsdecode(raw)).write_text("Rash.")
    make(tmp_path, "new\nline.txt", 'quo"te,.txt')
    assert ids(tmp_path) == [r"caf\xe9", "new\nline", 'quo"te,']


def test_an_unreadable_folder_is_a_problem_and_the_rest_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a.txt", "locked/b.txt")
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)  # chmod does not stop root
    found = find_reports([tmp_path])
    assert [file.doc_id for file in found.files] == ["a"]
    assert [(path.name, str(problem)) for path, problem in found.problems] == [
        ("locked", "the folder cannot be read (Permission denied). Make it readable, or leave it out.")
    ]


def test_no_such_path(tmp_path: Path) -> None:
    make(tmp_path, "a.txt")
    with pytest.raises(SequelaError) as caught:
        find_reports([tmp_path, tmp_path / "rports"])
    assert str(caught.value) == f"no such file or folder: {tmp_path}/rports. Check the path."


def test_a_folder_without_reports(tmp_path: Path) -> None:
    make(tmp_path, "a.csv")
    with pytest.raises(SequelaError) as caught:
        find_reports([tmp_path])
    assert str(caught.value) == (
        f"no report in {tmp_path}: sequela looks for files named *.txt. "
        "Name the files themselves if they are called otherwise."
    )


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("reports/Fälle 1.txt", "reports/Fälle 1.txt"),
        ("a\nb\x1b[31m.txt", r"a\nb\x1b[31m.txt"),
        (os.fsdecode(b"caf\xe9.txt"), r"caf\xe9.txt"),
    ],
)
def test_paths_in_messages_cannot_steer_the_terminal(path: str, shown: str) -> None:
    assert printable(path) == shown
