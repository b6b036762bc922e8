from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from sequela.errors import OutputError
from sequela.running.output import OutputFile


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_appears_when_complete(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    with OutputFile(target) as file:
        file.write("a\r\nb\n")
        assert not target.exists()
    assert target.read_bytes() == b"a\r\nb\n"
    assert names(tmp_path) == ["out.csv"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_leaves_the_earlier_file_when_something_goes_wrong(
    tmp_path: Path, error: type[BaseException]
) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before")

    def write_half() -> None:
        with OutputFile(target) as file:
            file.write("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert target.read_text() == "before"
    assert names(tmp_path) == ["out.csv"]


def test_keeps_mode_and_link_of_the_earlier_file(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("before")
    (tmp_path / "real.csv").chmod(0o640)
    link = tmp_path / "out.csv"
    link.symlink_to("real.csv")
    with OutputFile(link) as file:
        file.write("after")
    assert link.is_symlink()
    assert (tmp_path / "real.csv").read_text() == "after"
    assert stat.S_IMODE((tmp_path / "real.csv").stat().st_mode) == 0o640


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("")
    with OutputFile(tmp_path / "out.csv"):
        pass
    assert (tmp_path / "out.csv").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_device_is_written_directly() -> None:
    with OutputFile(Path(os.devnull)) as file:
        file.write("a")
    assert not Path(os.devnull).is_file()


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught, OutputFile(tmp_path):
        pass
    assert str(caught.value) == f"cannot write {tmp_path}: it is a folder. Give the name of a file."


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "no" / "out.csv"
    with pytest.raises(OutputError) as caught, OutputFile(target):
        pass
    assert str(caught.value) == (
        f"cannot write {target}: its folder does not exist. Create the folder first, or choose another place."
    )
    assert names(tmp_path) == []


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # chmod does not stop root
    target = tmp_path / "out.csv"
    with pytest.raises(OutputError) as caught, OutputFile(target):
        pass
    assert str(caught.value) == (
        f"cannot write {target}: Permission denied. "
        "Free space or permit writing there, or choose another place."
    )


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    target = tmp_path / "out.csv"
    with (
        pytest.raises(OutputError, match=r"No space left on device\. Free space"),
        OutputFile(target) as file,
    ):
        file.write("a")
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_while_writing() -> None:
    with pytest.raises(OutputError, match="No space left on device"), OutputFile(Path("/dev/full")) as file:
        file.write("a" * 100_000)
