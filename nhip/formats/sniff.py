"""What a file is, by its first bytes and its inside, never by its name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from nhip.formats.archive import DAMAGED, read_directory

EXTENSIONS: Final[dict[str, str]] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".tab": "csv", ".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xls",
    ".xlsb": "xlsb", ".ods": "ods", ".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".geojson": "geojson",
    ".kml": "kml", ".kmz": "kmz", ".gpkg": "gpkg", ".zip": "zip", ".dbf": "dbf", ".parquet": "parquet", ".gz": "gzip",
    ".shp": "shapefile", ".mht": "mhtml", ".mhtml": "mhtml",
}  # fmt: skip
"""Which format a name promises."""
_MAGIC: Final = {b"\x1f\x8b": "gzip", b"PAR1": "parquet", b"SQLite format 3\0": "gpkg", b"\x09\x08\x10\0": "xls"}
_HEAD: Final = 65_536
_GEO_TYPES: Final = re.compile(
    rb'"type"\s*:\s*"(FeatureCollection|Feature|Point|LineString|Polygon|Multi\w+|GeometryCollection)"'
)
_PAGE: Final = re.compile(rb"<!doctype html|<html|<table|<meta[^>]+text/html")
"""How a web page begins, and what programs that build their "Excel export" by hand begin with."""
_ARCHIVE: Final = re.compile(rb"(?i)(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*){0,20}?mime-version:")
"""How a web page in one file begins: with the lines of a letter."""
_BOOK: Final = b"urn:schemas-microsoft-com:office:spreadsheet"
_DBF_VERSIONS: Final = frozenset([0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0x8E, 0xF5])


def head_of(path: Path, size: int = _HEAD) -> bytes:
    """The first `size` bytes."""
    with path.open("rb") as file:
        return file.read(size)


def promised(filename: str) -> str:
    """The format that a file name promises, "" for none that we know."""
    return EXTENSIONS.get(Path(filename).suffix.lower(), "")


def sniff(path: Path) -> str:
    """The format of the file: a value of EXTENSIONS, `ole` (a protected or unknown Office file) or "" for none we read."""
    head = head_of(path)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(path)
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _sniff_ole(path)
    if _is_dbf(head, path.stat().st_size):
        return "dbf"
    return _sniff_text(head)


def _sniff_zip(path: Path) -> str:
    try:
        with read_directory(path) as archive:
            names = archive.namelist()
            mimetype = b""
            if "mimetype" in names:
                with archive.open("mimetype") as entry:
                    mimetype = entry.read(80)
    except (*DAMAGED, OSError):
        return "zip"
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return "xlsx"
    if mimetype.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return "ods"
    kml = [name for name in names if name.lower().endswith(".kml")]
    shapes = any(name.lower().endswith((".shp", ".csv", ".xlsx", ".dbf", ".json")) for name in names)
    return "kmz" if kml and not shapes else "zip"


def _sniff_ole(path: Path) -> str:
    """Compound files: the directory names tell a workbook from an encrypted package."""
    with path.open("rb") as file:
        data = file.read(4 << 20)
        size = path.stat().st_size
        if size > 4 << 20:
            file.seek(-(1 << 20), 2)
            data += file.read()
    if "EncryptedPackage".encode("utf-16-le") in data:
        return "ole"
    if "Workbook".encode("utf-16-le") in data or "Book".encode("utf-16-le") in data:
        return "xls"
    return ""


def _is_dbf(head: bytes, size: int) -> bool:
    if len(head) < 33 or head[0] not in _DBF_VERSIONS:
        return False
    month, day = head[2], head[3]
    header = int.from_bytes(head[8:10], "little")
    width = int.from_bytes(head[10:12], "little")
    records = int.from_bytes(head[4:8], "little")
    fields = (32 < header <= len(head) and head[header - 1] == 0x0D) or header % 32 in (1, 8)
    return (
        month <= 12
        and day <= 31
        and bool(fields)
        and header >= 33
        and width > 0
        and records * width <= size + 2 * width
    )


def _sniff_text(head: bytes) -> str:
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\v\f\x1e")
    if body.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x7fELF", b"MZ\x90")):
        return ""
    if body.startswith(b"<"):
        return _sniff_markup(body[:4096].lower())
    if _ARCHIVE.match(body) and (b"multipart/related" in body[:4096] or b"text/html" in body[:4096]):
        return "mhtml"
    if body.startswith((b"{", b"[")):
        return _sniff_json(body)
    return "csv" if body or head else ""


def _sniff_markup(start: bytes) -> str:
    if b"<kml" in start:
        return "kml"
    if _BOOK in start and b"<workbook" in start:
        return "spreadsheetml"
    return "html" if _PAGE.search(start) else ""


def _sniff_json(body: bytes) -> str:
    if body.startswith(b"{") and _GEO_TYPES.search(body[:2048]):
        return "geojson"
    first = body.split(b"\n", 1)[0].strip()
    if (
        body.startswith(b"{")
        and first.endswith(b"}")
        and b"\n" in body
        and body.split(b"\n", 1)[1].lstrip().startswith(b"{")
    ):
        return "ndjson"
    follower = body[1:].lstrip()[:1]
    if body.startswith(b"{"):
        return "json" if follower in (b'"', b"}") else "csv"
    return "json" if follower in (b"{", b"]", b"[", b'"', b"-", b"n", b"t", b"f") or follower.isdigit() else "csv"
