"""The object store: immutable blobs by name, in a local folder or an S3 bucket (obstore).

Raw deliveries lie under `raw/<sha256>`, versions under `version/…`; a name is written once and never changes. Where the law
ends the time for keeping something, `remove` takes it away and leaves a mark `gone/<name>`, so that readers are told.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import msgspec
import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, from_url

from nhip.errors import NotFound, StorageFull, Unavailable

GONE = "gone/"
"""Where the marks of removed blobs lie."""
_FULL = re.compile(r"No space left|File too large|os error (28|27|122)")
"""How the store says ENOSPC, EFBIG and EDQUOT."""


class Gone(NotFound):
    """These data were deleted on {day}, because the time for keeping them was over. The proof of the deletion has the number
    {proof}."""

    status = 410


class _Mark(msgspec.Struct, frozen=True):
    day: date
    proof: str


class Objects:
    """Blobs. `url` empty: the folder `folder`; else e.g. `s3://bucket/prefix`, with `folder` as cache of what was read."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._remote = from_url(url) if url else None
        self._store = self._remote or LocalStore(prefix=str(folder))

    def put(self, name: str, file: Path) -> None:
        """Store `file` as `name`, durable when this returns. An existing blob stays as it is (names are content addresses)."""
        with self._said(), suppress(AlreadyExistsError):
            with file.open("rb") as stream:
                obstore.put(self._store, name, stream, mode="create")
            if self._remote is None:
                _sync(self.folder / name)

    def has(self, name: str) -> bool:
        """Whether a blob of that name is stored."""
        with self._said(), suppress(FileNotFoundError):
            obstore.head(self._store, name)
            return True
        return False

    def remove(self, name: str, day: date, proof: str) -> None:
        """Take a blob away for good; from then on `path` says that it went on `day`, by the deletion `proof`. Again: the same."""
        mark = msgspec.json.encode(_Mark(day, proof))
        with self._said():
            obstore.put(self._store, GONE + name, mark)
            if self._remote is None:
                _sync(self.folder / (GONE + name))
            with suppress(FileNotFoundError):
                obstore.delete(self._store, name)
            (self.folder / name).unlink(missing_ok=True)
            if (self.folder / name).parent.is_dir():
                _sync_folder((self.folder / name).parent)

    def list_names(self) -> Iterator[tuple[str, int]]:
        """Name and size in bytes of every blob, in no order."""
        with self._said():
            for batch in obstore.list(self._store):
                for meta in batch:
                    if not meta["path"].rpartition("/")[2].startswith("."):
                        yield meta["path"], meta["size"]

    def path(self, name: str) -> Path:
        """A local file with the blob's bytes; read only. Raises NotFound, Gone."""
        local = self.folder / name
        if ".." in Path(name).parts or not local.is_relative_to(self.folder):
            raise NotFound(what=name)  # no name leads out of the folder, wherever it came from
        if not local.is_file():
            if self._remote is None or not self.has(name):
                raise self._absent(name)
            with self._said():
                self._download(name, local)
        return local

    def _absent(self, name: str) -> NotFound:
        if name.startswith(GONE) or not self.has(GONE + name):
            return NotFound(what=name)
        with self._said():
            mark = msgspec.json.decode(bytes(obstore.get(self._store, GONE + name).bytes()), type=_Mark)
        return Gone(day=mark.day.isoformat(), proof=mark.proof)

    @contextmanager
    def _said(self) -> Iterator[None]:
        """What the store refuses, in words: StorageFull, or Unavailable with the first line of its own message."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise StorageFull(where=str(self.folder)) from error
            raise
        except BaseError as error:
            told = str(error).splitlines()[0][:200]
            if _FULL.search(str(error)):
                raise StorageFull(where=str(self.folder)) from error
            raise Unavailable(what=f"object store: {told}") from error

    def _download(self, name: str, local: Path) -> None:
        local.parent.mkdir(parents=True, exist_ok=True)
        part = local.with_name(f".{local.name}.{os.getpid()}.part")
        with part.open("wb") as out:
            for chunk in obstore.get(self._store, name).stream():
                out.write(chunk)
        part.replace(local)


def _sync(path: Path) -> None:
    """Force a written file and its folder entry to disk; rename alone does not survive a power cut."""
    for place in (path, path.parent):
        _sync_folder(place)


def _sync_folder(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
