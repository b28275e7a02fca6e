"""The bytes of a text file: their encoding, and a UTF-8 copy when they are something else. Memory does not grow with the file."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from nhip.formats.errors import BrokenFile
from nhip.kernel.i18n import _

_CHUNK: Final = 1 << 20
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WINDOWS: Final = 48
_WINDOW: Final = 32_768
LONGEST_LINE: Final = 64 << 20
"""Bytes without a line end after which a text file is refused."""
_TO_SHOWN: Final = {
    byte: bytes([byte]).decode("cp1252") for byte in range(0x80, 0xA0) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_LONE: Final = re.compile("(?<![\u0400-\u07ff])[\u0400-\u07ff](?![\u0400-\u07ff])")
"""A single Cyrillic or Arabic letter in a file that is no UTF-8: rather two letters of a legacy set (`Đỗ` in VISCII)."""


class Transcoded(msgspec.Struct, frozen=True):
    """A UTF-8 copy. `strange_lines` were no valid text of `encoding`; their bytes stand as Windows-1252 shows them."""

    path: Path
    encoding: str
    strange_lines: int = 0
    nuls: int = 0


def windows(path: Path) -> list[bytes]:
    """Up to 48 pieces of 32 KB spread evenly over the file, the first at its start."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= _WINDOWS * _WINDOW:
            return [file.read()]
        step = (size - _WINDOW) // (_WINDOWS - 1)
        return [_piece(file.seek(place * step), file.read(_WINDOW)) for place in range(_WINDOWS)]


def _piece(_: int, data: bytes) -> bytes:
    return data


def sniff_encoding(path: Path) -> str:
    """`utf-8`, `utf-8-sig`, `utf-16-le` ... `utf-32-be`, or `bytes` when it is no Unicode. Looks at a sample of the file."""
    pieces = windows(path)
    head = pieces[0]
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if (wide := _wide_without_mark(head[:4096])) is not None:
        return wide
    return "utf-8" if all(is_utf8_piece(piece) for piece in pieces) else "bytes"


def _wide_without_mark(head: bytes) -> str | None:
    """ASCII in UTF-16 or UTF-32 has its NUL bytes at regular places."""
    if len(head) < 8 or b"\0" not in head:
        return None
    zeros = [head[place::4].count(0) / max(len(head[place::4]), 1) for place in range(4)]
    if zeros[0] < 0.2 and min(zeros[1:]) > 0.6:
        return "utf-32-le"
    if zeros[3] < 0.2 and min(zeros[:3]) > 0.6:
        return "utf-32-be"
    even, odd = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if odd > 0.4 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.1 else None


def is_utf8_piece(piece: bytes) -> bool:
    """Whether a piece cut anywhere is UTF-8: up to three bytes at each end may belong to a letter that was cut."""
    start = 0
    while start < min(3, len(piece)) and piece[start] & 0xC0 == 0x80:
        start += 1
    try:
        piece[start:].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.end >= len(piece) - start
    return True


def is_utf8(path: Path) -> bool:
    """Whether the whole file is UTF-8; reads all of it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in iter_chunks(path):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def iter_chunks(path: Path, size: int = _CHUNK) -> Iterator[bytes]:
    """The file in pieces of `size` bytes."""
    with path.open("rb") as file:
        while chunk := file.read(size):
            yield chunk


def transcode(path: Path, target: Path, encoding: str) -> Transcoded:
    """Write `path` as UTF-8 without mark and without NUL characters to `target`. Raises BrokenFile for a line without end."""
    if encoding == "bytes" or encoding.startswith("utf-8"):
        return _transcode_lines(path, target, encoding)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    nuls = 0
    with target.open("w", encoding="utf-8", newline="", errors="replace") as out:
        for place, chunk in enumerate(iter_chunks(path)):
            text = decoder.decode(chunk)
            text = text.removeprefix("\ufeff") if place == 0 else text
            nuls += text.count("\0")
            out.write(text.replace("\0", ""))
        out.write(decoder.decode(b"", final=True))
    return Transcoded(target, encoding, 0, nuls)


def _transcode_lines(path: Path, target: Path, encoding: str) -> Transcoded:
    strange = nuls = 0
    rest = b""
    with target.open("wb") as out:
        for place, chunk in enumerate(iter_chunks(path)):
            data = rest + (chunk.removeprefix(codecs.BOM_UTF8) if place == 0 else chunk)
            whole, cut, rest = data.rpartition(b"\n")
            if len(rest) > LONGEST_LINE:
                raise BrokenFile(file=path.name, format="text", what=_("it has a line of more than 64 MB"))
            text, odd = _as_utf8(whole + cut)
            nuls += text.count(b"\0")
            strange += odd
            out.write(text.replace(b"\0", b""))
        text, odd = _as_utf8(rest)
        nuls += text.count(b"\0")
        out.write(text.replace(b"\0", b""))
    return Transcoded(target, encoding, strange + odd, nuls)


def _as_utf8(data: bytes) -> tuple[bytes, int]:
    """The lines of `data` as UTF-8, and how many of them were not."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        lines = [_line_as_utf8(line) for line in data.split(b"\n")]
        return b"\n".join(line for line, _ in lines), sum(odd for _, odd in lines)
    return data, 0


def _line_as_utf8(line: bytes) -> tuple[bytes, bool]:
    try:
        if not _LONE.search(line.decode("utf-8")):
            return line, False
    except UnicodeDecodeError:
        pass
    return line.decode("latin-1").translate(_TO_SHOWN).encode(), True


def shown_bytes(text: str) -> str:
    """Text whose characters are bytes (ISO-8859-1), as UTF-8 where the bytes are, else as Windows-1252 shows them."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return text.translate(_TO_SHOWN)
    except UnicodeEncodeError:
        return text
