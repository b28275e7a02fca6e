"""From a file of any kind to its parts: the one door to all readers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from nhip.formats import archive, delimited, excel, jsonrows, sheetxml, sniff, text, webarchive, webtable
from nhip.formats.allowance import Allowance
from nhip.formats.errors import (
    ArchiveTooTight,
    EmptyFile,
    NothingInside,
    PasswordProtected,
    TooLarge,
    UnknownFormat,
    UnpacksTooLarge,
    UnusableFile,
)
from nhip.formats.model import Columnar, Delimited, Note, Opened, Part
from nhip.kernel.i18n import _
from nhip.settings import Settings

_DEEPEST: Final = 2
_SIDE_FILES: Final = re.compile(
    r"\.(shx|prj|cpg|sbn|sbx|qix|qpj|xml|html|htm|md|pdf|doc|docx|png|jpg|jpeg|gif|qml|sld|lyr|url|css|js)"
)
_PAGES: Final = frozenset([".xml", ".html", ".htm"])
"""Side files too, but some programs write their tables as such: they are read where an archive has nothing else."""
_READ_ME: Final = re.compile(r"(?i)(read.?me|licen[cs]es?|huong.?dan|copying|about)([^.]*|.*\.(txt|rtf))")
"""Texts about the data, by names that tables have too: `license-plates.csv` and `huong-dan-vien.xlsx` are data."""
_CONTROLS: Final = bytes([*range(1, 9), 11, 12, *range(14, 32), 127])
_TEXTS: Final = frozenset(["csv", "json", "ndjson", "geojson", "kml", "html"])
_BOOKS: Final = ("xls", "xlsx", "xlsb", "ods")
_SAME: Final = {("csv", "csv"), ("zip", "shapefile"), ("shapefile", "zip")}


def open_file(
    path: Path,
    work: Path,
    settings: Settings,
    filename: str | None = None,
    depth: int = 0,
    allowance: Allowance | None = None,
) -> Opened:
    """Open `path` (shown to people as `filename`) by its content; `work` takes what has to be unpacked or transcoded. `depth`
    archives are around it, to which `allowance` was given.

    Raises a subclass of UnusableFile saying what is wrong when nothing in it can be read.
    """
    filename = filename or path.name
    size = path.stat().st_size
    if size == 0 and sniff.promised(filename) == "ndjson":  # no line is no record: nothing happened
        return Opened(format="ndjson", encoding="utf-8", parts=[jsonrows.open_ndjson(path, filename)])
    if size == 0:
        raise EmptyFile(file=filename)
    if size > settings.max_file_mb << 20:
        raise TooLarge(file=filename, limit_mb=settings.max_file_mb)
    work.mkdir(parents=True, exist_ok=True)
    allowance = allowance or Allowance(size, settings.max_unpacked_mb, filename)
    kind = sniff.sniff(path)
    if kind in _TEXTS:
        opened = _open_text(path, kind, work, settings, filename)
        kind = opened.format  # text in UTF-16 tells only now what it is
    elif kind in ("zip", "gzip"):
        opened = _OPENERS_OF_ARCHIVES[kind](path, work, settings, filename, depth, allowance)
    else:
        opened = _open_binary(path, kind, work, settings, filename, allowance)
    if not opened.parts:
        raise NothingInside(file=filename)
    notes = [note] if (note := _extension_note(filename, kind)) else []
    return Opened(format=opened.format, encoding=opened.encoding, parts=opened.parts, notes=notes + opened.notes)


def _extension_note(filename: str, kind: str) -> Note | None:
    promised = sniff.promised(filename)
    alike = {"json", "geojson", "ndjson"}
    if not promised or not kind or kind in (promised, "ole") or {promised, kind} <= alike:
        return None
    if (promised, kind) in _SAME or (promised == "zip" and kind == "kmz"):
        return None
    if kind in ("html", "mhtml") and promised in _BOOKS:
        return webtable.named_as_workbook(filename)
    if kind == "spreadsheetml" and promised in _BOOKS:
        return sheetxml.named_as_workbook(filename)
    message = _("The file is named {filename}, but its content is {kind}. It was read as {kind}.")
    return Note(code="file.extension", message=message, values={"filename": filename, "kind": kind.upper()})


def _open_binary(path: Path, kind: str, work: Path, settings: Settings, filename: str, allowance: Allowance) -> Opened:
    if kind == "ole":
        raise PasswordProtected(file=filename)
    if kind == "spreadsheetml":
        return sheetxml.open_book(path, work, settings, filename)
    if kind == "mhtml":
        return Opened(format=kind, encoding="", parts=[*webarchive.open_archive(path, work, settings, filename)])
    if kind in _BOOKS:
        return excel.open_workbook(path, kind, work, settings, allowance, filename)
    if kind == "parquet":
        return Opened(format=kind, encoding="utf-8", parts=[Columnar(name=Path(filename).stem, path=path)])
    if kind == "kmz":
        with archive.open_package(path, allowance, filename):
            pass
    if kind in ("kmz", "gpkg", "dbf"):
        return _open_vector(path, kind, work, filename)
    raise UnknownFormat(file=filename)


def _open_vector(path: Path, kind: str, work: Path, filename: str) -> Opened:
    from nhip.formats import vector  # NumPy and shapely, which text and workbooks do without

    work.mkdir(parents=True, exist_ok=True)
    parts, notes = vector.open_vector(path, kind, work, filename)
    return Opened(format=kind, encoding="", parts=[*parts], notes=notes)


def _open_text(path: Path, kind: str, work: Path, settings: Settings, filename: str) -> Opened:
    encoding = text.sniff_encoding(path)
    notes: list[Note] = []
    from_bytes = encoding == "bytes"
    head = sniff.head_of(path)
    if encoding == "bytes" or encoding.startswith(("utf-16", "utf-32")) or b"\0" in head:
        if encoding in ("bytes", "utf-8") and _is_binary(head):
            raise UnknownFormat(file=filename)
        done = text.transcode(path, work / "text.utf8", encoding)
        kind = sniff.sniff(done.path) or kind
        if kind == "spreadsheetml":  # XML says itself how it is encoded
            return sheetxml.open_book(path, work, settings, filename)
        path = done.path
        notes += nul_notes(done.nuls)
    if path.stat().st_size == 0:
        raise EmptyFile(file=filename)
    parts: list[Part] = []
    if kind == "html":
        parts += webtable.open_page(path, filename, settings)
    else:
        kind, parts = _text_parts(path, kind, work, filename, encoding, from_bytes)
    return Opened(format=kind, encoding=encoding, parts=parts, notes=notes)


def _text_parts(
    path: Path, kind: str, work: Path, filename: str, encoding: str, from_bytes: bool
) -> tuple[str, list[Part]]:
    """What the text is after all, and its parts."""
    if kind in ("json", "geojson"):
        kind, found = jsonrows.open_json(path, filename)
        return kind, [*found]
    if kind == "ndjson":
        return kind, [jsonrows.open_ndjson(path, filename)]
    if kind == "kml":
        return kind, _open_vector(path, kind, work, filename).parts
    lines = delimited.first_lines(path)
    if not any(line.strip() for line in lines):
        raise NothingInside(file=filename)
    dialect = delimited.sniff_dialect(lines)
    stem = Path(filename).stem
    return kind, [Delimited(name=stem, path=path, dialect=dialect, encoding=encoding, from_bytes=from_bytes)]


def nul_notes(count: int) -> list[Note]:
    """What to say about NUL characters that were left out."""
    if not count:
        return []
    message = _("The file contained {count} NUL characters; they were left out.")
    return [Note(code="file.nul", message=message, values={"count": str(count)})]


def _is_binary(head: bytes) -> bool:
    """Text has next to no control characters, VISCII's capitals and a few NULs aside."""
    return len(head) - len(head.translate(None, _CONTROLS)) > 0.02 * len(head) or head.count(0) > 0.3 * len(head)


def _open_gzip(path: Path, work: Path, settings: Settings, filename: str, depth: int, allowance: Allowance) -> Opened:
    inner = re.sub(r"(?i)\.gz$", "", filename)
    target = archive.unpack_gzip(path, work / f"gunzip{depth}", allowance, filename)
    if depth >= _DEEPEST:
        raise NothingInside(file=filename)
    return open_file(target, work / "in", settings, inner, depth + 1, allowance)


def _open_zip(path: Path, work: Path, settings: Settings, filename: str, depth: int, allowance: Allowance) -> Opened:
    if depth >= _DEEPEST:
        raise NothingInside(file=filename)
    files = archive.unpack_zip(path, work / f"unzip{depth}", allowance, filename)
    shapes = {file.with_suffix("") for file in files if file.suffix.lower() == ".shp"}
    wanted = [file for file in sorted(files) if not _is_side_file(file, shapes)]
    inside = _Inside(work, settings, depth, allowance)
    inside.take(wanted)
    if not inside.parts and not wanted:
        inside.take([file for file in sorted(files) if file.suffix.lower() in _PAGES])
    if not inside.parts:
        only = inside.last_error if len(inside.notes) == 1 else None
        raise only or NothingInside(file=filename)
    kind, encoding = inside.formats[0] if len(set(inside.formats)) == 1 else ("zip", "")
    return Opened(format=kind, encoding=encoding, parts=inside.parts, notes=inside.notes)


class _Inside:
    """What was found in the files of an archive; one that is unusable costs no other."""

    def __init__(self, work: Path, settings: Settings, depth: int, allowance: Allowance) -> None:
        self._work, self._settings, self._depth, self._allowance = work, settings, depth, allowance
        self.parts: list[Part] = []
        self.notes: list[Note] = []
        self.formats: list[tuple[str, str]] = []
        self.last_error: UnusableFile | None = None

    def take(self, files: list[Path]) -> None:
        """Open each of `files`."""
        for place, file in enumerate(files):
            try:
                opened = _open_inner(file, self._work / f"part{place}", self._settings, self._depth, self._allowance)
            except (ArchiveTooTight, UnpacksTooLarge):  # there is one allowance for all that was sent, and it is spent
                raise
            except UnusableFile as error:
                self.last_error = error
                self.notes.append(_skipped(file.name, error))
                continue
            self.parts += opened.parts
            self.notes += opened.notes
            self.formats.append((opened.format, opened.encoding))


def _skipped(name: str, error: UnusableFile) -> Note:
    message = _("The file {file} inside the archive was left out: {reason}")
    return Note(code="archive.skipped", message=message, values={"file": name, "reason": error.message()})


def _is_side_file(file: Path, shapes: set[Path]) -> bool:
    if file.with_suffix("") in shapes and file.suffix.lower() != ".shp":
        return True
    return _SIDE_FILES.fullmatch(file.suffix.lower()) is not None or _READ_ME.fullmatch(file.name) is not None


def _open_inner(file: Path, work: Path, settings: Settings, depth: int, allowance: Allowance) -> Opened:
    if file.suffix.lower() == ".shp":
        return _open_vector(file, "shapefile", work, file.name)
    return open_file(file, work, settings, file.name, depth + 1, allowance)


_OPENERS_OF_ARCHIVES: Final[dict[str, Callable[[Path, Path, Settings, str, int, Allowance], Opened]]] = {
    "zip": _open_zip,
    "gzip": _open_gzip,
}
