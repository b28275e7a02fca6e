"""Where connectors put bytes: hashed while written, bounded, and visible only when whole."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from nhip.connectors.model import Extent, Payload
from nhip.errors import StorageFull
from nhip.kernel.ids import new_id
from nhip.security.outgoing_errors import AnswerTooLarge
from nhip.settings import Settings

RESERVE_BYTES = 256 << 20
"""Free disk that a fetch leaves to the rest of the machine."""
_LOOK_EVERY = 16 << 20
_BAD_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


class SinkFile:
    """A payload while it is being written."""

    def __init__(self, sink: Sink, path: Path) -> None:
        self.path = path
        self.size = 0
        self.sha256 = ""
        self._sink = sink
        self._hash = hashlib.sha256()
        self._limit = sink.settings.max_file_mb << 20
        self._checked = 0
        self._file = path.open("xb")

    def write(self, data: bytes) -> None:
        """Append `data`. Raises AnswerTooLarge past `Settings.max_file_mb`, StorageFull before the disk is."""
        self.size += len(data)
        if self.size > self._limit:
            raise AnswerTooLarge(host=self._sink.label, limit_mb=self._limit >> 20)
        if self.size >= self._checked:
            self._sink.require_space()
            self._checked = self.size + _LOOK_EVERY
        with _disk_errors(self.path.parent):
            self._file.write(data)
        self._hash.update(data)
        self._sink.progress(len(data))

    def _finish(self) -> None:
        with _disk_errors(self.path.parent):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        self.sha256 = self._hash.hexdigest()

    def _abandon(self) -> None:
        with _disk_errors(self.path.parent, quiet=True):
            self._file.close()
        self.path.unlink(missing_ok=True)


class Sink:
    """A folder that receives the payloads of one fetch. `progress` is called with the number of bytes just written."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        progress: Callable[[int], None] | None = None,
        label: str = "",
        reserve_bytes: int = RESERVE_BYTES,
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.label = label or folder.name
        self.progress = progress or (lambda _count: None)
        self._reserve = reserve_bytes
        folder.mkdir(parents=True, exist_ok=True)

    def require_space(self) -> None:
        """Raises StorageFull when less than the reserve is free."""
        if shutil.disk_usage(self.folder).free < self._reserve:
            raise StorageFull(where=str(self.folder))

    @contextmanager
    def file(
        self,
        filename: str,
        *,
        origin: str,
        media_type: str = "",
        modified: datetime | None = None,
        dataset: str = "",
        resource: str = "",
        extent: Extent = "full",
        key: tuple[str, ...] = (),
    ) -> Iterator[Draft]:
        """Write a payload inside the block; `draft.payload` is it once the block ended well, else nothing is left."""
        name = safe_name(filename)
        path = self.folder / f"{new_id()}.part"
        writing = SinkFile(self, path)
        draft = Draft(writing)
        try:
            yield draft
            writing._finish()
            whole = path.with_suffix(".payload")
            path.replace(whole)
        except BaseException:
            writing._abandon()
            raise
        draft.payload = Payload(
            path=whole,
            filename=safe_name(draft.filename) if draft.filename else name,
            media_type=draft.media_type or media_type,
            sha256=writing.sha256,
            size=writing.size,
            origin=origin,
            modified=draft.modified or modified,
            dataset=dataset,
            resource=resource,
            extent=extent,
            key=key,
            titles=draft.titles,
        )


class Draft:
    """A payload to be. What is learned while reading (name, type, titles) may be set on it before the block ends."""

    payload: Payload

    def __init__(self, writing: SinkFile) -> None:
        self._writing = writing
        self.write = writing.write
        self.filename = ""
        self.media_type = ""
        self.modified: datetime | None = None
        self.titles: dict[str, str] = {}

    @property
    def path(self) -> Path:
        """The file being written."""
        return self._writing.path

    def take(self, file: Path) -> None:
        """Append a finished local file."""
        with file.open("rb") as source:
            while piece := source.read(1 << 20):
                self.write(piece)


def safe_name(name: str, limit: int = 150) -> str:
    """A file name without folders, control characters or reserved signs; at most `limit` bytes of UTF-8, never empty."""
    plain = _BAD_IN_NAMES.sub("_", unicodedata.normalize("NFC", name).encode("utf-8", "ignore").decode()).strip(" .")
    stem, dot, suffix = plain.rpartition(".")
    if not dot or len(suffix) > 10:
        stem, suffix = plain, ""
    room = limit - len(suffix.encode()) - 1
    stem = stem.encode()[:room].decode("utf-8", "ignore")
    return (f"{stem}.{suffix}" if suffix else stem) or "file"


@contextmanager
def _disk_errors(folder: Path, quiet: bool = False) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            if not quiet:
                raise StorageFull(where=str(folder)) from error
        elif not quiet:
            raise
