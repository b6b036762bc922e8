from __future__ import annotations

import os
from pathlib import Path

import pytest

from sequela.errors import ReportError, SequelaError
from sequela.reading import MAX_CHARACTERS, ReportFile, read_report
from sequela.reading.text import check_encoding, read_text

TEXT = "Rash – 38.5 °C\r\nafter 2 µg.\n"


def read(path: Path, *, encoding: str | None = None, max_characters: int = MAX_CHARACTERS) -> str:
    return read_text(path, encoding=encoding, max_characters=max_characters)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        pytest.param(TEXT.encode(), None, id="utf-8"),
        pytest.param(b"\xef\xbb\xbf" + TEXT.encode(), None, id="utf-8 with mark"),
        pytest.param(b"\xff\xfe" + TEXT.encode("utf-16-le"), None, id="utf-16-le with mark"),
        pytest.param(b"\xfe\xff" + TEXT.encode("utf-16-be"), None, id="utf-16-be with mark"),
        pytest.param(b"\xff\xfe\x00\x00" + TEXT.encode("utf-32-le"), None, id="utf-32-le with mark"),
        pytest.param(TEXT.encode("cp1252"), "cp1252", id="cp1252 when told"),
        pytest.param(TEXT.encode(), "cp1252", id="utf-8 although told cp1252"),
        pytest.param(TEXT.encode("utf-16-le"), "utf-16-le", id="utf-16-le without mark when told"),
    ],
)
def test_reads_the_characters_of_the_file(tmp_path: Path, data: bytes, encoding: str | None) -> None:
    file = tmp_path / "report.txt"
    file.write_bytes(data)
    assert read(file, encoding=encoding) == TEXT


@pytest.mark.parametrize("text", ["a\r\nb", "a\rb", "a\nb", "a\u2028b", "\ta  b "])
def test_translates_no_line_end_and_strips_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "report.txt"
    file.write_bytes(text.encode())
    assert read(file) == text


@pytest.mark.parametrize(
    ("data", "encoding", "message"),
    [
        pytest.param(
            "First line\n2 µg".encode("latin-1"),
            None,
            "the file is not UTF-8 (byte 0xb5 in line 2). If it was written on Windows, add --encoding "
            "cp1252 (latin-1 on old Unix systems), or convert it: iconv -f CP1252 -t UTF-8.",
            id="latin-1",
        ),
        pytest.param(
            b"\x81\x8d",
            "cp1252",
            "the file is neither UTF-8 (byte 0x81 in line 1) nor cp1252. "
            "Find out its encoding and convert it to UTF-8 with iconv.",
            id="not what it was said to be",
        ),
        pytest.param(
            b"\xff\xfea",
            None,
            "the file begins like UTF-16-LE and is not (byte 0x61 in line 1). "
            "It is damaged: get it again, or leave it out.",
            id="damaged utf-16",
        ),
        pytest.param(
            "A rash after the second dose".encode("utf-16-be"),
            None,
            "the file looks like UTF-16 without a byte order mark. Add --encoding utf-16-be.",
            id="utf-16-be without mark",
        ),
        pytest.param(
            b"\x7fELF\x02\x01\x01\x00\x00\x00\x00",
            None,
            "the file is binary, not plain text. Save its text as UTF-8 in a .txt file and use that.",
            id="binary",
        ),
        pytest.param(
            b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
            "cp1252",
            "the file is binary, not plain text. Save its text as UTF-8 in a .txt file and use that.",
            id="binary although an encoding is given",
        ),
        pytest.param(
            b"%PDF-1.4\n%no zero byte",
            None,
            "the file is a PDF, not plain text. Save its text as UTF-8 in a .txt file and use that.",
            id="pdf",
        ),
        pytest.param(
            b"\xef\xbb\xbf\n<?xml version='1.0'?><article/>",
            None,
            "the file is an XML file, not plain text. Save its text as UTF-8 in a .txt file and use that.",
            id="xml",
        ),
        pytest.param(
            b"PK\x03\x04rest",
            None,
            "the file is a Word document or another ZIP file, not plain text. "
            "Save its text as UTF-8 in a .txt file and use that.",
            id="docx",
        ),
    ],
)
def test_says_why_a_file_is_no_text_and_what_to_do(
    tmp_path: Path, data: bytes, encoding: str | None, message: str
) -> None:
    file = tmp_path / "report.txt"
    file.write_bytes(data)
    with pytest.raises(ReportError) as caught:
        read(file, encoding=encoding)
    assert str(caught.value) == message


def test_refuses_a_long_line_by_its_size_without_reading_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "dump.txt"
    with file.open("wb") as out:
        out.truncate(20_000_000)  # a hole in the file: nothing is written
    with pytest.raises(ReportError) as caught:
        read(file)
    assert str(caught.value) == (
        "the file is too long for a case report (20,000,000 bytes; the limit is 1,000,000 characters). "
        "Split it into one file a report, or raise the limit with --max-chars."
    )


def test_the_limit_counts_characters_and_can_be_raised(tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    file.write_text("µ" * 11, encoding="utf-8")
    with pytest.raises(ReportError, match=r"11 characters; the limit is 10 characters"):
        read(file, max_characters=10)
    assert read(file, max_characters=11) == "µ" * 11


def test_dangling_link(tmp_path: Path) -> None:
    link = tmp_path / "report.txt"
    link.symlink_to(tmp_path / "nowhere.txt")
    with pytest.raises(ReportError, match=r"^the file is not there\. If it is a link, mend it; else check"):
        read(link)


def test_link_to_itself(tmp_path: Path) -> None:
    link = tmp_path / "report.txt"
    link.symlink_to(link)
    with pytest.raises(
        ReportError, match=r"^the link leads back to itself\. Mend the link, or leave it out\.$"
    ):
        read(link)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report.txt"
    file.write_text("Rash.")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Path, "open", refuse)  # chmod does not stop root
    with pytest.raises(
        ReportError, match=r"^permission denied\. Make the file readable for you \(chmod u\+r\)"
    ):
        read(file)


def test_another_system_error_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report.txt"
    file.write_text("Rash.")

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(ReportError, match=r"^Input/output error\. Check the file, or leave it out\.$"):
        read(file)


def test_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "report.txt"
    os.mkfifo(pipe)
    with pytest.raises(ReportError, match=r"^this is no regular file\. Leave it out, or copy its content"):
        read(pipe)


@pytest.mark.parametrize("content", ["", " \r\n\t", "\ufeff"], ids=["nothing", "blanks", "only a mark"])
def test_empty_report(tmp_path: Path, content: str) -> None:
    file = tmp_path / "empty.txt"
    file.write_bytes(content.encode())
    with pytest.raises(ReportError) as caught:
        read_report(ReportFile(file, "empty"))
    assert str(caught.value) == "the file is empty. Save the text of the report in it, or leave it out."


def test_report_knows_where_it_came_from(tmp_path: Path) -> None:
    file = tmp_path / "case.txt"
    file.write_text("Rash.")
    report = read_report(ReportFile(file, "case"))
    assert (report.doc_id, report.text, report.path) == ("case", "Rash.", str(file))


@pytest.mark.parametrize("name", ["cp1252", "latin-1", "utf-16-le", "UTF8"])
def test_known_encodings(name: str) -> None:
    check_encoding(name)


@pytest.mark.parametrize("name", ["cp1525", "hex", "rot13", ""])
def test_unknown_encodings(name: str) -> None:
    with pytest.raises(SequelaError, match=r"^no such encoding: .* Well-known ones are cp1252"):
        check_encoding(name)
