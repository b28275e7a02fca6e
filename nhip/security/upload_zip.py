"""Archives and office files: every entry is unpacked once, counted, and looked at; what the directory says is not believed."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from nhip.security.upload_errors import DamagedUpload, HoldsProgram, Locked, PacksTooMuch, TwoFiles
from nhip.security.upload_names import RUNS

MOST_ENTRIES: Final = 5_000
MOST_UNPACKED: Final = 512 << 20
MOST_RATIO: Final = 200
"""Deflate cannot do better than 1032:1; honest sheets stay below 50:1."""
_SMALL: Final = 1 << 20
_CHUNK: Final = 1 << 16
_MOST_RELATIONS: Final = 1 << 20
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
_ENCRYPTED: Final = 0x1
_MAIN: Final = {
    "xlsx": "spreadsheetml.sheet.main+xml",
    "docx": "wordprocessingml.document.main+xml",
    "pptx": "presentationml.presentation.main+xml",
}
_OPEN_DOCUMENT: Final = {
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.text": "odt",
}
_MACRO_PARTS: Final = re.compile(r"(?i)(^|/)(vbaProject|vbaData|macrosheets/|activeX/|dialogsheets/|Basic/|Scripts/)")
_REMOTE: Final = re.compile(r"/(attachedTemplate|oleObject|frame|subDocument|externalLinkPath)$")
_PROGRAMS: Final = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"L\x00\x00\x00\x01\x14\x02\x00",
)
_ARCHIVES: Final = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"\xfd7zXZ", b"BZh")


def kind_of_zip(stream: IO[bytes]) -> str:
    """`xlsx`, `docx`, `pptx`, `ods`, `odt`, or `zip` for any other archive. Raises DamagedUpload, HoldsProgram."""
    with _read(stream) as archive:
        names = set(archive.namelist())
        if "[Content_Types].xml" in names:
            types = _start(archive, "[Content_Types].xml", 1 << 20)
            if b"macroEnabled" in types:
                raise HoldsProgram()
            return next((kind for kind, main in _MAIN.items() if main.encode() in types), "zip")
        mimetype = _start(archive, "mimetype", 100) if "mimetype" in names else b""
    return _OPEN_DOCUMENT.get(mimetype.strip(), "zip")


def examine_zip(stream: IO[bytes], size: int, name: str) -> None:
    """Raise what is wrong with the archive; `name` is its type. Limits: MOST_ENTRIES, MOST_UNPACKED, MOST_RATIO."""
    with _read(stream) as archive:
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
            raise PacksTooMuch()
        if len({entry.filename.casefold() for entry in entries}) != len(entries):
            raise TwoFiles()
        _side_by_side(entries)
        unpacked = 0
        for entry in entries:
            _named_well(entry)
            unpacked += _look_into(stream, entry, name, min(MOST_UNPACKED, max(_SMALL, size * MOST_RATIO)) - unpacked)


def _side_by_side(entries: list[zipfile.ZipInfo]) -> None:
    """No two entries share packed bytes, the trick by which a small archive unpacks to a huge one."""
    end = 0
    for entry in sorted(entries, key=lambda found: found.header_offset):
        if entry.header_offset < end:
            raise PacksTooMuch()
        end = entry.header_offset + 30 + len(entry.orig_filename) + entry.compress_size


def _read(stream: IO[bytes]) -> zipfile.ZipFile:
    """The archive, which begins and ends with the file: no bytes of another one before or behind it."""
    try:
        stream.seek(0)
        archive = zipfile.ZipFile(stream)
        first = min((entry.header_offset for entry in archive.infolist()), default=0)
    except _DAMAGED as error:
        raise DamagedUpload() from error
    end = stream.seek(0, 2)
    stream.seek(max(0, end - 65_600))
    tail = stream.read()
    place = tail.rfind(b"PK\x05\x06")
    comment = int.from_bytes(tail[place + 20 : place + 22], "little")
    if first != 0 or place + 22 + comment != len(tail):
        raise TwoFiles()
    return archive


def _start(archive: zipfile.ZipFile, name: str, length: int) -> bytes:
    try:
        with archive.open(name) as entry:
            return entry.read(length)
    except _DAMAGED as error:
        raise DamagedUpload() from error


def _named_well(entry: zipfile.ZipInfo) -> None:
    place = PurePosixPath(entry.filename)
    odd = "\\" in entry.filename or any(ord(sign) < 32 or sign in ":\x7f" for sign in entry.filename)
    if place.is_absolute() or ".." in place.parts or odd or stat.S_ISLNK(entry.external_attr >> 16):
        raise HoldsProgram()
    if entry.flag_bits & _ENCRYPTED:
        raise Locked()
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DamagedUpload()


def _look_into(stream: IO[bytes], entry: zipfile.ZipInfo, name: str, left: int) -> int:
    """Unpack one entry to nowhere and look at it; gives its true size."""
    whole = entry.filename.endswith(".rels")
    head, size = b"", 0
    for chunk in _chunks(stream, entry):
        size += len(chunk)
        if size > left:
            raise PacksTooMuch()
        if whole or not head:
            head += chunk
        if whole and size > _MOST_RELATIONS:
            raise DamagedUpload()
    if size != entry.file_size:
        raise DamagedUpload()
    ending = PurePosixPath(entry.filename).suffix[1:].lower()
    if _MACRO_PARTS.search(entry.filename) or head.startswith(_PROGRAMS):
        raise HoldsProgram()
    if name == "zip" and (ending in RUNS or head.startswith(_ARCHIVES)):
        raise HoldsProgram()
    if whole:
        _no_remote_parts(head)
    return size


def _chunks(stream: IO[bytes], entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The unpacked bytes to the true end of the packed ones, however few the directory promises."""
    stream.seek(entry.header_offset)
    local = stream.read(30)
    lengths = int.from_bytes(local[26:28], "little"), int.from_bytes(local[28:30], "little")
    named = stream.read(lengths[0]).decode("utf-8" if entry.flag_bits & 0x800 else "cp437", "replace")
    stream.seek(lengths[1], 1)
    if local[:4] != b"PK\x03\x04" or named != entry.orig_filename or local[8] != entry.compress_type:
        raise DamagedUpload()
    left = entry.compress_size
    unpack = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
    while left and (packed := stream.read(min(left, _CHUNK))):
        left -= len(packed)
        yield from _inflated(unpack, packed) if unpack else (packed,)
    if left or (unpack and (not unpack.eof or unpack.unused_data)):
        raise DamagedUpload()


def _inflated(unpack: Any, packed: bytes) -> Iterator[bytes]:
    if unpack.eof:
        raise DamagedUpload()
    try:
        while packed and not unpack.eof:
            yield unpack.decompress(packed, _CHUNK * 16)
            packed = unpack.unconsumed_tail
        if not unpack.eof:
            yield unpack.decompress(b"", _CHUNK * 16)
    except zlib.error as error:
        raise DamagedUpload() from error


def _no_remote_parts(relations: bytes) -> None:
    """No template, frame or object that the office program would load from another machine when the file is opened."""
    try:
        root = ElementTree.fromstring(relations, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise DamagedUpload() from error
    for relation in root.iter():
        if relation.get("TargetMode") == "External" and _REMOTE.search(relation.get("Type", "")):
            raise HoldsProgram()
