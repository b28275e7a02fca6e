"""Forms with files: each file is written once, into the data folder's work folder, where room is looked for before and meanwhile.

The framework's own reader spools into the system's temporary folder, which on many machines is small and on some is memory.
"""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from litestar import Request
from litestar.datastructures import UploadFile
from multipart import MultipartSegment, ParserError, ParserLimitReached, PushMultipartParser  # type: ignore[import-untyped]

from nhip.datasets.errors import FileTooLarge
from nhip.db.installation import Installation
from nhip.errors import NhipError, StorageFull
from nhip.web.errors import Incomplete, TooLarge
from nhip.web.forms import Form

MOST_PARTS: Final = 200
LONGEST_TEXT: Final = 4 << 20
"""Bytes that all text fields of a form may have together."""
RESERVE: Final = 256 << 20
"""Free bytes that an upload leaves to the rest of the machine."""
_LOOK_EVERY: Final = 16 << 20


class Sent(UploadFile):
    """A file as it was sent. `problem` says why it was not kept (too large, no room); then `path` holds only its beginning."""

    __slots__ = ("path", "problem", "size")

    def __init__(self, filename: str, content_type: str, path: Path) -> None:
        super().__init__(content_type=content_type, filename=filename)
        self.path = path
        self.size = 0
        self.problem: NhipError | None = None

    def add(self, data: bytes, limit_mb: int) -> None:
        """Append `data`; past the limits nothing more is written, and the rest of the request is read into nothing."""
        if self.problem is not None:
            return
        before, self.size = self.size, self.size + len(data)
        if self.size > limit_mb << 20:
            self.problem = FileTooLarge(file=self.filename, size_mb=self.size >> 20, limit_mb=limit_mb)
        elif before // _LOOK_EVERY != self.size // _LOOK_EVERY and not has_room(self.path.parent):
            self.problem = StorageFull(where=str(self.path.parent))
        else:
            self._write(data)

    def _write(self, data: bytes) -> None:
        try:
            with self.path.open("ab") as file:
                file.write(data)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            self.problem = StorageFull(where=str(self.path.parent))


def has_room(folder: Path) -> bool:
    """Whether the disk of `folder` has more than the reserve free."""
    return shutil.disk_usage(folder).free > RESERVE


@asynccontextmanager
async def received(request: Request[Any, Any, Any], installation: Installation) -> AsyncIterator[Form]:
    """The form that was sent; its files (`Sent`) are gone after the block. Raises Incomplete, TooLarge, StorageFull."""
    kind, options = request.content_type
    if kind != "multipart/form-data" or not options.get("boundary"):
        yield await Form.read(request)
        return
    installation.work.mkdir(parents=True, exist_ok=True)
    if not has_room(installation.work):
        raise StorageFull(where=str(installation.work))
    reader = _Reader(installation.work, installation.settings.max_file_mb)
    try:
        yield await reader.read(request, options["boundary"])
    finally:
        for file in reader.files:
            file.path.unlink(missing_ok=True)


class _Reader:
    """Reads one multipart body (RFC 7578) piece by piece."""

    def __init__(self, folder: Path, limit_mb: int) -> None:
        self.folder, self.limit_mb = folder, limit_mb
        self.files: list[Sent] = []
        self.texts: dict[str, list[str]] = {}
        self.sent: dict[str, list[UploadFile]] = {}
        self._name = ""
        self._here: Sent | bytearray = bytearray()
        self._text_bytes = 0

    async def read(self, request: Request[Any, Any, Any], boundary: str) -> Form:
        try:
            with PushMultipartParser(boundary.encode(), max_segment_count=MOST_PARTS) as parser:
                async for chunk in request.stream():
                    await asyncio.to_thread(self._take, parser, chunk)
                    if parser.closed:
                        break
        except ParserLimitReached as error:
            raise TooLarge from error
        except (ParserError, UnicodeDecodeError, LookupError) as error:
            raise Incomplete(what="multipart/form-data") from error
        return Form(self.texts, self.sent)

    def _take(self, parser: PushMultipartParser, chunk: bytes) -> None:
        for part in parser.parse(chunk):
            if isinstance(part, MultipartSegment):
                self._begin(part)
            elif not part:
                self._end()
            elif isinstance(self._here, Sent):
                self._here.add(bytes(part), self.limit_mb)
            else:
                self._text_bytes += len(part)
                if self._text_bytes > LONGEST_TEXT:
                    raise TooLarge
                self._here.extend(part)

    def _begin(self, part: MultipartSegment) -> None:
        self._name, self._here = part.name, bytearray()
        if part.filename:
            with NamedTemporaryFile(dir=self.folder, prefix="upload-", delete=False) as made:
                self._here = Sent(part.filename, part.content_type or "", Path(made.name))
            self.files.append(self._here)

    def _end(self) -> None:
        if isinstance(self._here, Sent):
            self.sent.setdefault(self._name, []).append(self._here)
        else:
            self.texts.setdefault(self._name, []).append(self._here.decode())
