"""Archives, unpacked within limits: size, tightness, number of entries, no way out of the folder."""

from __future__ import annotations

import errno
import gzip
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

from nhip.formats.allowance import Allowance
from nhip.formats.errors import (
    ArchiveNeedsPassword,
    BrokenEntry,
    BrokenFile,
    TooManyEntries,
    UnsafeArchive,
    UnusableFile,
)
from nhip.kernel.i18n import _

DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What reading a damaged or odd archive raises."""
_CHUNK: Final = 1 << 20
_MOST_ENTRIES: Final = 10_000
_MOST_DIRECTORY: Final = _MOST_ENTRIES * 512
_LONGEST_END: Final = 66_000
"""Bytes of a zip's end: a comment of up to 64 KB, and the two records of zip64."""
_LOCAL_HEADER: Final = 30
_ENCRYPTED: Final = 0x1


def read_directory(path: Path) -> zipfile.ZipFile:
    """The zip with its list of contents. Raises what DAMAGED names and OSError; ValueError for a list too long to be read."""
    if _directory_bytes(path) > _MOST_DIRECTORY:
        raise _LongList
    archive = zipfile.ZipFile(path)
    if len(archive.infolist()) > _MOST_ENTRIES:
        archive.close()
        raise _LongList
    return archive


class _LongList(ValueError):
    """The list of contents is longer than is read."""


def _directory_bytes(path: Path) -> int:
    """Length of the list of contents as the file's end tells it: to read a million names would take ten seconds."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LONGEST_END))
        end = file.read()
    place = end.rfind(b"PK\x05\x06")
    large = end.rfind(b"PK\x06\x06", 0, max(place, 0))
    told = int.from_bytes(end[place + 12 : place + 16], "little") if place >= 0 else 0
    told64 = int.from_bytes(end[large + 40 : large + 48], "little") if large >= 0 else 0
    return max(told if told != 0xFFFFFFFF else 0, told64)  # zip64 tells it in a record of its own


def open_zip(path: Path, allowance: Allowance, filename: str) -> zipfile.ZipFile:
    """A zip whose entries promise to stay within `allowance`, and reading them gives no more than they promise. Raises
    BrokenFile, TooManyEntries, UnpacksTooLarge, ArchiveTooTight, ArchiveNeedsPassword."""
    try:
        archive = read_directory(path)
    except _LongList as error:
        raise TooManyEntries(file=filename, limit=_MOST_ENTRIES) from error
    except (*DAMAGED, OSError) as error:
        raise BrokenFile(file=filename, format="zip", what=_("the list of its contents is missing")) from error
    try:
        _check_entries(archive.infolist(), allowance, filename)
    except UnusableFile:
        archive.close()
        raise
    return archive


def _check_entries(entries: list[zipfile.ZipInfo], allowance: Allowance, filename: str) -> None:
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise ArchiveNeedsPassword(file=filename)
    end = 0
    for entry in sorted(entries, key=lambda found: found.header_offset):
        if (
            entry.header_offset < end
        ):  # the same packed bytes under many names: a small archive that unpacks to a huge one
            raise BrokenFile(file=filename, format="zip", what=_("files inside it lie over each other"))
        end = entry.header_offset + _LOCAL_HEADER + len(entry.orig_filename) + entry.compress_size
        allowance.take(entry.compress_size, entry.file_size)


def open_package(path: Path, allowance: Allowance, filename: str) -> zipfile.ZipFile:
    """A zip that another library will unpack, which may believe less of the list of contents than Python does: every entry is
    unpacked once, to nowhere, and must have the size that the list promises. Raises what `open_zip` does, and BrokenEntry."""
    package = open_zip(path, allowance, filename)
    try:
        with path.open("rb") as file:
            for entry in package.infolist():
                with reading(entry.filename, filename):
                    _check_size(file, entry)
    except UnusableFile:
        package.close()
        raise
    return package


def _check_size(file: IO[bytes], entry: zipfile.ZipInfo) -> None:
    file.seek(entry.header_offset)
    header = file.read(_LOCAL_HEADER)
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    if entry.compress_type == zipfile.ZIP_STORED:
        size = entry.compress_size
    elif entry.compress_type == zipfile.ZIP_DEFLATED:
        size = _inflated_size(file, entry)
    else:
        raise ValueError(entry.compress_type)
    if size != entry.file_size:
        raise ValueError(entry.filename)


def _inflated_size(file: IO[bytes], entry: zipfile.ZipInfo) -> int:
    """The true size, or one that is beyond the promised one."""
    unpack, left, size = zlib.decompressobj(-15), entry.compress_size, 0
    while left and not unpack.eof and (packed := file.read(min(left, _CHUNK))):
        left -= len(packed)
        while packed and not unpack.eof and size <= entry.file_size:
            size += len(unpack.decompress(packed, _CHUNK))
            packed = unpack.unconsumed_tail
        if size > entry.file_size:
            return size
    while not unpack.eof and size <= entry.file_size and (more := unpack.decompress(b"", _CHUNK)):
        size += len(more)
    return size


def unpack_zip(path: Path, folder: Path, allowance: Allowance, filename: str) -> list[Path]:
    """Unpack all files of a zip into `folder`, flat names kept apart by their folders; hidden and macOS entries left out."""
    found = []
    with open_zip(path, allowance, filename) as archive:
        for entry in archive.infolist():
            place = PurePosixPath(entry.filename.replace("\\", "/"))
            if entry.is_dir() or not place.parts or place.name.startswith(".") or "__MACOSX" in place.parts:
                continue
            if place.is_absolute() or ".." in place.parts or ":" in place.parts[0]:
                raise UnsafeArchive(file=filename, entry=entry.filename)
            target = folder.joinpath(*place.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with reading(entry.filename, filename), archive.open(entry) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out, _CHUNK)
            found.append(target)
    return found


@contextmanager
def reading(entry: str, filename: str) -> Iterator[None]:
    """Turns whatever a damaged entry raises inside the block into BrokenEntry; a full disk stays what it is."""
    try:
        yield
    except DAMAGED as error:
        raise BrokenEntry(file=filename, entry=entry) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # the directory points before the start of the file
            raise
        raise BrokenEntry(file=filename, entry=entry) from error


def unpack_gzip(path: Path, target: Path, allowance: Allowance, filename: str) -> Path:
    """Unpack a gzip file to `target`. Raises BrokenFile when it is cut off, UnpacksTooLarge, ArchiveTooTight."""
    packed, written = path.stat().st_size, 0
    try:
        with gzip.open(path) as source, target.open("wb") as out:
            while chunk := source.read(_CHUNK):
                allowance.take(packed, written + len(chunk), counted=written)
                written += len(chunk)
                out.write(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BrokenFile(file=filename, format="gzip", what=_("it ends too early")) from error
    return target
