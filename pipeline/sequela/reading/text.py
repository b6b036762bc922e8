"""The text of a plain-text file, character by character as it stands there.

Line ends are not translated, so that offsets count the characters of the file; a byte order mark is dropped.
"""

from __future__ import annotations

import codecs
import errno
import os
import stat
from pathlib import Path

from sequela.errors import ReportError, SequelaError

# The longer marks first: that of UTF-32-LE begins with that of UTF-16-LE.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What a file is by its first bytes, where those would pass for text or a better word than "binary" is known.
_SIGNATURES = (
    (b"%pdf-", "a PDF"),
    (b"pk\x03\x04", "a Word document or another ZIP file"),
    (b"\xd0\xcf\x11\xe0", "an old Word document"),
    (b"\x1f\x8b", "a gzip file"),
    (b"{\\rtf", "an RTF document"),
    (b"<?xml", "an XML file"),
    (b"<!doctype", "an HTML or XML file"),
    (b"<html", "an HTML file"),
)
_LONGEST_SIGNATURE = 16
BYTES_PER_CHARACTER = 4  # at most, in the encodings that are read
_OS_ERRORS = {
    errno.ENOENT: ("the file is not there", "If it is a link, mend it; else check the path"),
    errno.EACCES: ("permission denied", "Make the file readable for you (chmod u+r), or leave it out"),
    errno.ELOOP: ("the link leads back to itself", "Mend the link, or leave it out"),
}
_SAVE_AS_TEXT = "Save its text as UTF-8 in a .txt file and use that"


def read_text(path: Path, *, encoding: str | None = None, max_characters: int) -> str:
    """Read a file as text.

    UTF-8 is tried first, whatever ``encoding`` says: text in another encoding that is valid UTF-8 by chance
    is rarer than a folder in which encodings are mixed.

    Parameters
    ----------
    path
        Of a regular file.
    encoding
        Tried where the file is not UTF-8 and carries no byte order mark.
    max_characters
        Longest text that is accepted; a file that must be longer by its size is not read at all.

    Raises
    ------
    ReportError
        Cannot be opened, is no text, has another encoding, or is too long.
    """
    data = _read_bytes(path, max_characters)
    start = data[:_LONGEST_SIGNATURE].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for signature, what in _SIGNATURES:
        if start.startswith(signature):
            raise ReportError(f"the file is {what}, not plain text", _SAVE_AS_TEXT)
    text = _decode(data, encoding)
    if len(text) > max_characters:
        raise _too_long(f"{len(text):,} characters", max_characters)
    return text


def check_encoding(name: str) -> None:
    """Refuse a name that is no text encoding.

    Raises
    ------
    SequelaError
        With examples of names that are.
    """
    try:
        b"a".decode(name)
    except UnicodeDecodeError:
        pass
    except LookupError:
        raise SequelaError(
            f"no such encoding: {name!r}. Well-known ones are cp1252 (Windows), latin-1, cp1250, utf-16-le."
        ) from None


def check_size(size: int, max_characters: int) -> None:
    """Refuse a file that must be too long by its number of bytes.

    Raises
    ------
    ReportError
        In the words that its reader would use.
    """
    if size > max_characters * BYTES_PER_CHARACTER:
        raise _too_long(f"{size:,} bytes", max_characters)


def _read_bytes(path: Path, max_characters: int) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe or a device might never end
            raise ReportError("this is no regular file", "Leave it out, or copy its content to one")
        with path.open("rb") as file:
            check_size(os.fstat(file.fileno()).st_size, max_characters)
            return file.read()
    except OSError as error:
        unknown = (error.strerror or str(error), "Check the file, or leave it out")
        raise ReportError(*_OS_ERRORS.get(error.errno or 0, unknown)) from None


def _too_long(size: str, max_characters: int) -> ReportError:
    return ReportError(
        f"the file is too long for a case report ({size}; the limit is {max_characters:,} characters)",
        "Split it into one file a report, or raise the limit with --max-chars",
    )


def _decode(data: bytes, encoding: str | None) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _decode_marked(data[len(mark) :], name)
    if b"\0" in data:
        if encoding is None or not codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
            raise _holds_zeros(data)
        return _decode_given(data, encoding, "it holds zero bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place(data, error.start)
    if encoding:
        return _decode_given(data, encoding, place)
    raise ReportError(
        f"the file is not UTF-8 ({place})",
        "If it was written on Windows, add --encoding cp1252 (latin-1 on old Unix systems), or convert it: "
        "iconv -f CP1252 -t UTF-8",
    )


def _decode_marked(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ReportError(
            f"the file begins like {encoding.upper()} and is not ({_place(data, error.start)})",
            "It is damaged: get it again, or leave it out",
        ) from None


def _decode_given(data: bytes, encoding: str, why_not_utf8: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise ReportError(
            f"the file is neither UTF-8 ({why_not_utf8}) nor {encoding}",
            "Find out its encoding and convert it to UTF-8 with iconv",
        ) from None


def _holds_zeros(data: bytes) -> ReportError:
    """Tell UTF-16 without a mark, in which every other byte of Latin text is zero, from a binary file."""
    even, odd = data[:4096:2], data[1:4096:2]
    for name, zeros, letters in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros.count(0) > 0.8 * len(zeros) and letters.count(0) < 0.05 * len(letters):
            return ReportError(
                "the file looks like UTF-16 without a byte order mark", f"Add --encoding {name}"
            )
    return ReportError("the file is binary, not plain text", _SAVE_AS_TEXT)


def _place(data: bytes, offset: int) -> str:
    line = data.count(b"\n", 0, offset) + 1
    return f"byte 0x{data[offset]:02x} in line {line}"
