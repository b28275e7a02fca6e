"""Archives, unpacked within limits: size, number of entries, no way out of the folder, no nesting."""

from __future__ import annotations

import errno
import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

from nhip.formats.errors import ArchiveNeedsPassword, BrokenEntry, BrokenFile, UnpacksTooLarge, UnsafeArchive
from nhip.kernel.i18n import _

DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What reading a damaged or odd archive raises."""
_CHUNK: Final = 1 << 20
_MOST_ENTRIES: Final = 10_000
_ENCRYPTED: Final = 0x1


def open_zip(path: Path, limit_mb: int, filename: str) -> zipfile.ZipFile:
    """A zip whose entries promise to stay within `limit_mb`. Raises BrokenFile, UnpacksTooLarge, ArchiveNeedsPassword."""
    try:
        archive = zipfile.ZipFile(path)
        entries = archive.infolist()
    except (*DAMAGED, OSError) as error:
        raise BrokenFile(file=filename, format="zip", what=_("the list of its contents is missing")) from error
    if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries) > limit_mb << 20:
        archive.close()
        raise UnpacksTooLarge(file=filename, limit_mb=limit_mb)
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        archive.close()
        raise ArchiveNeedsPassword(file=filename)
    return archive


def unpack_zip(path: Path, folder: Path, limit_mb: int, filename: str) -> list[Path]:
    """Unpack all files of a zip into `folder`, flat names kept apart by their folders; hidden and macOS entries left out."""
    found = []
    left = limit_mb << 20
    with open_zip(path, limit_mb, filename) as archive:
        for entry in archive.infolist():
            place = PurePosixPath(entry.filename.replace("\\", "/"))
            if entry.is_dir() or not place.parts or place.name.startswith(".") or "__MACOSX" in place.parts:
                continue
            if place.is_absolute() or ".." in place.parts or ":" in place.parts[0]:
                raise UnsafeArchive(file=filename, entry=entry.filename)
            target = folder.joinpath(*place.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            left -= _write(archive, entry, target, left, limit_mb, filename)
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


def _write(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int, limit_mb: int, filename: str
) -> int:
    with reading(entry.filename, filename), archive.open(entry) as source:
        return _copy(source, target, left, limit_mb, filename)


def unpack_gzip(path: Path, target: Path, limit_mb: int, filename: str) -> Path:
    """Unpack a gzip file to `target`. Raises BrokenFile when it is cut off, UnpacksTooLarge."""
    try:
        with gzip.open(path) as source:
            _copy(source, target, limit_mb << 20, limit_mb, filename)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BrokenFile(file=filename, format="gzip", what=_("it ends too early")) from error
    return target


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path, left: int, limit_mb: int, filename: str) -> int:
    """Copy at most `left` bytes; the size an archive promises is not believed."""
    written = 0
    with target.open("wb") as out:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > left:
                raise UnpacksTooLarge(file=filename, limit_mb=limit_mb)
            out.write(chunk)
    return written
