"""Small honest files of every type, and pieces to make dishonest ones from."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
import zlib
from typing import Any

import xlsxwriter
from PIL import Image

HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAb5tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9jAAAAAERAAAIA"
    "AQAAAAAB4gABAAAAAAAAAGEAAgAAAAACQwABAAAAAAAAADgAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlm"
    "AAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroC"
    "QGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAA"
    "AAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAIAAAAAEAAAAAAAAAAv///+AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAA"
    "ABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAAAAoW1kYXQAAABdKAGvE4D1J4E//+ClR/+61nh+Dw0xP/7zxiP6BrH/4vV3bgMdiygMJ4lEU3iO7ljLFNYaUrPc"
    "CpWjq9JqvZNoUv4TaP/gI8J4HyBD3iexvjxR23q/Wu+qMpQuModuAAAABkV4aWYAAE1NACoAAAAIAAEBMgACAAAAFAAAABoAAAAAMjAyNjowNzowMSAwODoz"
    "MDowMAA="
)
"""64 x 32, left red, right blue, taken 2026-07-01 08:30 (made with libheif)."""
CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)


def picture(kind: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: Any) -> bytes:
    """A picture whose left half is red and right half blue."""
    made = Image.new("RGB", size, (200, 30, 30))
    made.paste((30, 30, 200), (size[0] // 2, 0, *size))
    out = io.BytesIO()
    made.convert(mode).save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def zipped(entries: dict[str, bytes | str], **options: Any) -> bytes:
    """A ZIP of these entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, body in entries.items():
            archive.writestr(name, body)
    return out.getvalue()


def docx(**more: bytes | str) -> bytes:
    """A text document with `more` entries (`__` stands for `/`)."""
    extra = {name.replace("__", "/"): body for name, body in more.items()}
    return zipped({"[Content_Types].xml": CONTENT_TYPES, "word/document.xml": "<document/>", **extra})


def xlsx() -> bytes:
    """A sheet with one cell."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.add_worksheet().write(0, 0, "Phường")
    return out.getvalue()


def opened_document(kind: str) -> bytes:
    """An OpenDocument file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr("content.xml", "<content/>")
    return out.getvalue()


def pdf(inside: bytes = b"", objects: bytes = b"") -> bytes:
    """A page without anything on it; `inside` goes into its catalogue."""
    return (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R " + inside + b" >>\nendobj\n"
        b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n" + objects + b"trailer << /Root 1 0 R >>\n%%EOF\n"
    )


HONEST: dict[str, tuple[bytes, str]] = {
    "pdf": (pdf(), "Đơn đề nghị.pdf"),
    "png": (picture("PNG"), "ảnh.png"),
    "jpeg": (picture("JPEG"), "IMG_0001.JPG"),
    "webp": (picture("WEBP"), "a.webp"),
    "gif": (picture("GIF"), "a.gif"),
    "heic": (HEIC, "IMG_2.heic"),
    "xlsx": (xlsx(), "Bảng lương 20.11.2026.xlsx"),
    "docx": (docx(), "Báo cáo v1.2.docx"),
    "pptx": (zipped({"[Content_Types].xml": "presentationml.presentation.main+xml", "ppt/a.xml": "<a/>"}), "a.pptx"),
    "ods": (opened_document("spreadsheet"), "a.ods"),
    "odt": (opened_document("text"), "a.odt"),
    "zip": (zipped({"hồ sơ/a.txt": "text", "b.pdf": pdf()}), "a.zip"),
    "csv": ("mã,tên\n1,Huế\n".encode(), "a.csv"),
    "text": ("Kính gửi Ủy ban,\n".encode("utf-16"), "a.txt"),
}
