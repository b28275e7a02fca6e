"""Copies of packed files with the text of some entries changed, for readers that would refuse or lose something."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from nhip.formats import archive

_CHUNK: Final = 1 << 20
_LARGE: Final = 1 << 30
"""Bytes from which an entry may need the 64-bit form, which old readers do not know."""

Change = Callable[[bytes], bytes]


def repacked(
    package: zipfile.ZipFile, target: Path, chosen: Callable[[str], bool], change: Change, filename: str
) -> Path:
    """The package as `target`, with `change` made to the XML of the `chosen` entries. Raises BrokenEntry."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        for entry in package.infolist():
            with (
                archive.reading(entry.filename, filename),
                package.open(entry) as source,
                out.open(zipfile.ZipInfo(entry.filename), "w", force_zip64=entry.file_size >= _LARGE) as written,
            ):
                for piece in changed(source, change) if chosen(entry.filename) else pieces(source):
                    written.write(piece)
    return target


def pieces(source: IO[bytes]) -> Iterator[bytes]:
    """The bytes in pieces of a megabyte."""
    while piece := source.read(_CHUNK):
        yield piece


def changed(source: IO[bytes], change: Change) -> Iterator[bytes]:
    """The XML of `source` changed, in pieces that end before a tag, so that no pattern within or between tags is cut."""
    left = b""
    for piece in pieces(source):
        data = left + piece
        cut = data.rfind(
            b">", 0, max(0, data.rfind(b"<"))
        )  # the last tag may be cut, and what follows the one before it
        left = data[cut:] if cut > 0 else data
        if cut > 0:
            yield change(data[:cut])
    yield change(left)
