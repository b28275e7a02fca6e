"""Looking into files: magic numbers first, then the structure to its very end, so that nothing hides behind it."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from nhip.security.upload_errors import DamagedUpload, HoldsProgram, Locked, TwoFiles, UnknownUpload
from nhip.security.upload_zip import examine_zip, kind_of_zip

HEIC_BRANDS: Final = frozenset([b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"])
_ZIP_END: Final = b"PK\x05\x06"
_MARKUP: Final = re.compile(
    rb"\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype|\?xml|html|head|body|script|svg|iframe|img|a|div|table|style|title|b|br|p|h1|font|%|\?php)"
    rb"[\s>/!%=]",
    re.I | re.S,
)
"""What browsers that sniff take for markup (WHATWG MIME Sniffing, 7.1), and the scripts of servers."""
_SCRIPT: Final = re.compile(rb"<script[\s>/]|<\?php|javascript:", re.I)
_PROGRAMS: Final = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\xfe\xed\xfa",
    b"L\x00\x00\x00\x01\x14\x02\x00",
)
_CONTROLS: Final = bytes([*range(9), 11, *range(14, 27), *range(28, 32), 127])
_PDF_RUNS: Final = re.compile(rb"/(JavaScript|Launch|RichMedia)(?![A-Za-z0-9])")
_PDF_STREAM: Final = re.compile(rb"/ObjStm\b.{0,400}?stream\r?\n", re.S)
_PDF_UNPACKED: Final = 64 << 20


@contextmanager
def opened(file: Path | bytes) -> Iterator[IO[bytes]]:
    """`file` as a stream that can be read from anywhere."""
    stream: IO[bytes] = io.BytesIO(file) if isinstance(file, bytes) else file.open("rb")
    with stream:
        yield stream


def kind_of(stream: IO[bytes], size: int, ending: str) -> str:
    """The type by content (a key of `uploads.TYPES`). Raises UnknownUpload, or HoldsProgram for what is one.

    `ending` only tells CSV from other text.
    """
    head = at(stream, 0, 4_096)
    if head.startswith(_PROGRAMS):
        raise HoldsProgram()
    for name, found in _MAGIC.items():
        if found(head):
            return name
    if head.startswith(b"PK\x03\x04"):
        return kind_of_zip(stream)
    if _is_text(stream, size):
        return "csv" if ending in (".csv", ".tsv") else "text"
    raise UnknownUpload()


_MAGIC: Final[dict[str, Callable[[bytes], bool]]] = {
    "pdf": lambda head: re.match(rb"%PDF-[12]\.\d", head) is not None,
    "png": lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
    "jpeg": lambda head: head.startswith(b"\xff\xd8\xff"),
    "gif": lambda head: head.startswith((b"GIF87a", b"GIF89a")),
    "webp": lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP",
    "heic": lambda head: head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS,
}


def examine(stream: IO[bytes], size: int, name: str) -> None:
    """Raise what is wrong with a file of type `name`: DamagedUpload, TwoFiles, HoldsProgram, Locked, PacksTooMuch."""
    if name in _WHOLE:
        end = _WHOLE[name](stream, size)
        _nothing_behind(stream, size, end)
    elif name == "pdf":
        _examine_pdf(at(stream, 0, size))
    elif name in ("csv", "text"):
        _examine_text(at(stream, 0, size))
    else:
        examine_zip(stream, size, name)


def at(stream: IO[bytes], position: int, length: int) -> bytes:
    """`length` bytes from `position`, fewer at the end."""
    stream.seek(position)
    return stream.read(length)


def _nothing_behind(stream: IO[bytes], size: int, end: int) -> None:
    """Behind a picture cameras put films and depth maps; archives, documents, markup and programs are never theirs."""
    behind = at(stream, end, min(size - end, 4 << 20))
    if behind.lstrip(b"\0\r\n\t ")[:8].startswith((b"PK", b"%PDF", b"Rar!", b"7z\xbc\xaf", *_PROGRAMS)):
        raise TwoFiles()
    if _ZIP_END in at(stream, max(end, size - 65_600), 65_600) or b"%PDF-" in behind or _SCRIPT.search(behind):
        raise TwoFiles()


def _end_of_png(stream: IO[bytes], size: int) -> int:
    position = 8
    while position + 12 <= size:
        head = at(stream, position, 8)
        position += int.from_bytes(head[:4], "big") + 12
        if head[4:] == b"IEND":
            break
    else:
        raise DamagedUpload()
    return _inside(position, size)


def _end_of_jpeg(stream: IO[bytes], size: int) -> int:
    """Walk the segments to the first scan; the picture ends at the last end mark that follows it."""
    position = 2
    while True:
        head = at(stream, position, 4)
        if len(head) < 4 or head[0] != 0xFF:
            raise DamagedUpload()
        if head[1] == 0xFF:
            position += 1
        elif head[1] == 0xDA:
            break
        else:
            position += 2 + int.from_bytes(head[2:], "big")
    return _end_of_scans(stream, position)


def _end_of_scans(stream: IO[bytes], position: int) -> int:
    """Behind the first end mark after the scans. In scans 0xFF is followed by 0, a restart, or the next segment's mark."""
    data = at(stream, position, 64 << 20)
    place = 0
    while (place := data.find(b"\xff", place)) >= 0 and place + 1 < len(data):
        mark = data[place + 1]
        if mark == 0xD9:
            return position + place + 2
        if mark in (0x00, 0xFF) or 0xD0 <= mark <= 0xD7:
            place += 1 if mark == 0xFF else 2
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    raise DamagedUpload()


def _end_of_gif(stream: IO[bytes], size: int) -> int:
    data = at(stream, 0, size)
    position = 13 + (3 << (data[10] & 7) + 1 if len(data) > 12 and data[10] & 0x80 else 0)
    while position < size:
        mark = data[position]
        if mark == 0x3B:
            return position + 1
        if mark == 0x2C and position + 10 < size:
            table = data[position + 9]
            position += 11 + (3 << (table & 7) + 1 if table & 0x80 else 0)
        elif mark == 0x21:
            position += 2
        else:
            raise DamagedUpload()
        while position < size and data[position]:
            position += data[position] + 1
        position += 1
    raise DamagedUpload()


def _end_of_webp(stream: IO[bytes], size: int) -> int:
    head = at(stream, 0, 16)
    if head[12:15] != b"VP8":
        raise DamagedUpload()
    return _inside(8 + int.from_bytes(head[4:8], "little"), size)


def _end_of_heic(stream: IO[bytes], size: int) -> int:
    """The boxes of the file (ISO/IEC 14496-12), one behind the other."""
    position = 0
    while position + 8 <= size:
        head = at(stream, position, 16)
        length = int.from_bytes(head[:4], "big")
        length = {0: size - position, 1: int.from_bytes(head[8:16], "big")}.get(length, length)
        if not head[4:8].isalnum() or length < 8:
            break
        position = _inside(position + length, size)
    return position


def _inside(position: int, size: int) -> int:
    if position > size:
        raise DamagedUpload()
    return position


_WHOLE: Final[dict[str, Callable[[IO[bytes], int], int]]] = {
    "png": _end_of_png,
    "jpeg": _end_of_jpeg,
    "gif": _end_of_gif,
    "webp": _end_of_webp,
    "heic": _end_of_heic,
}


def _examine_pdf(data: bytes) -> None:
    if b"%%EOF" not in data[-2_048:] or not re.search(rb"\bendobj\b", data):
        raise DamagedUpload()
    if _ZIP_END in data[-65_600:]:
        raise TwoFiles()
    if re.search(rb"/Encrypt(?![A-Za-z])", data):
        raise Locked()
    for part in (data, *_packed_objects(data)):
        if _PDF_RUNS.search(_names_in_plain(part)):
            raise HoldsProgram()


def _packed_objects(data: bytes) -> Iterator[bytes]:
    """Objects that lie compressed in object streams, where most of a modern file's names are."""
    left, view = _PDF_UNPACKED, memoryview(data)
    for found in _PDF_STREAM.finditer(data):
        unpack = zlib.decompressobj()
        try:
            part = unpack.decompress(view[found.end() :], left)
        except zlib.error:
            if b"/Filter" in found[0]:
                raise DamagedUpload() from None
            continue
        left -= len(part)
        if left <= 0:
            raise DamagedUpload()
        yield part


def _names_in_plain(data: bytes) -> bytes:
    """Names may be spelled in hexadecimal: `/J#61vaScript`."""
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), data) if b"#" in data else data


def _is_text(stream: IO[bytes], size: int) -> bool:
    head = at(stream, 0, min(size, 65_536))
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return len(head.translate(None, _CONTROLS)) == len(head)


def _examine_text(data: bytes) -> None:
    """Text in any of the usual encodings that no browser or shell takes for something else."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if wide:
        try:
            data = data.decode("utf-16").encode()
        except UnicodeDecodeError:
            raise DamagedUpload() from None
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in data:
        raise UnknownUpload()
    if data.startswith(_PROGRAMS) or _MARKUP.match(data[:4_096]) or _SCRIPT.search(data):
        raise HoldsProgram()
