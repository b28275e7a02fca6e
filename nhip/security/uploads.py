"""What strangers hand in: a file is what its content is, is nothing else besides, and carries nothing that runs.

For attachments (photos of reports, papers of requests), which people open again. Deliveries of data go their own way
(`nhip.formats`): they are larger, kept as they came, and only ever read by our readers.
Pictures are only shown to be pictures here; what is kept of them comes out of `nhip.security.images.clean_image`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import msgspec

from nhip.security import upload_content as content
from nhip.security.upload_errors import EmptyUpload, NotAllowedHere, UploadTooLarge
from nhip.security.upload_names import plain, safe_name, split

MB: Final = 1 << 20


class Type(msgspec.Struct, frozen=True):
    """A type of file that can be accepted: media type, the endings of its names (its own first), its largest size in bytes."""

    media_type: str
    suffixes: tuple[str, ...]
    most_bytes: int


_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
TYPES: Final[Mapping[str, Type]] = {
    "pdf": Type("application/pdf", (".pdf",), 50 * MB),
    "png": Type("image/png", (".png",), 40 * MB),
    "jpeg": Type("image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif"), 40 * MB),
    "webp": Type("image/webp", (".webp",), 40 * MB),
    "gif": Type("image/gif", (".gif",), 20 * MB),
    "heic": Type("image/heic", (".heic", ".heif"), 40 * MB),
    "xlsx": Type(_OFFICE + "spreadsheetml.sheet", (".xlsx",), 50 * MB),
    "docx": Type(_OFFICE + "wordprocessingml.document", (".docx",), 50 * MB),
    "pptx": Type(_OFFICE + "presentationml.presentation", (".pptx",), 50 * MB),
    "ods": Type("application/vnd.oasis.opendocument.spreadsheet", (".ods",), 50 * MB),
    "odt": Type("application/vnd.oasis.opendocument.text", (".odt",), 50 * MB),
    "zip": Type("application/zip", (".zip",), 100 * MB),
    "csv": Type("text/csv", (".csv", ".tsv"), 50 * MB),
    "text": Type("text/plain", (".txt",), 5 * MB),
}
PICTURES: Final = frozenset(["png", "jpeg", "webp", "gif", "heic"])
PAPERS: Final = PICTURES | {"pdf", "docx", "odt"}
"""What citizens attach."""
OFFICE: Final = PAPERS | {"xlsx", "ods", "pptx", "csv", "text", "zip"}
"""What offices exchange."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was looked at: its type (a key of TYPES), under what name it may be kept and shown, its size in bytes."""

    name: str
    media_type: str
    safe_name: str
    size: int


def checked_upload(file: Path | bytes, declared_name: str, allowed: Collection[str] = PAPERS) -> Kind:
    """What `file` is, told from its content; the sender's name and type count for nothing but the safe name.

    A picture may be named as another kind of picture (messengers do that); any other untrue ending is refused.
    `allowed`: keys of TYPES. Takes up to a second or two for the largest archives, so call it in a thread.
    Raises a subclass of UnusableUpload.
    """
    size = len(file) if isinstance(file, bytes) else file.stat().st_size
    if size == 0:
        raise EmptyUpload()
    most = max(TYPES[name].most_bytes for name in allowed)
    if size > most:
        raise UploadTooLarge(limit_mb=most // MB)
    with content.opened(file) as stream:
        name = content.kind_of(stream, size, split(plain(declared_name))[1])
        if name not in allowed:
            raise NotAllowedHere(allowed=in_words(allowed))
        kind = TYPES[name]
        if size > kind.most_bytes:
            raise UploadTooLarge(limit_mb=kind.most_bytes // MB)
        content.examine(stream, size, name)
    alike = _endings(PICTURES) if name in PICTURES else ()
    shown = safe_name(declared_name, kind.suffixes, _endings(TYPES), alike)
    return Kind(name=name, media_type=kind.media_type, safe_name=shown, size=size)


def _endings(names: Collection[str]) -> frozenset[str]:
    return frozenset(suffix for name in names for suffix in TYPES[name].suffixes)


def in_words(allowed: Collection[str]) -> str:
    """The types of `allowed` as people know them: `PDF, JPEG, PNG`."""
    return ", ".join(name.upper() for name in TYPES if name in allowed)


def accept(allowed: Collection[str] = PAPERS) -> str:
    """For the `accept` attribute of a file field. HEIC is left out: phones then send JPEG of their own accord."""
    return ",".join(
        suffix for name, kind in TYPES.items() if name in allowed and name != "heic" for suffix in kind.suffixes
    )
