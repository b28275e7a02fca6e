"""The object store: immutable blobs by name, in a local folder or an S3 bucket (obstore).

Raw deliveries lie under `raw/<sha256>`, versions under `version/…`; a name is written once and never changes.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, from_url

from nhip.errors import NotFound, StorageFull, Unavailable

_FULL = re.compile(r"No space left|File too large|os error (28|27|122)")
"""How the store says ENOSPC, EFBIG and EDQUOT."""


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

    def list_names(self) -> Iterator[tuple[str, int]]:
        """Name and size in bytes of every blob, in no order."""
        with self._said():
            for batch in obstore.list(self._store):
                for meta in batch:
                    if not meta["path"].rpartition("/")[2].startswith("."):
                        yield meta["path"], meta["size"]

    def path(self, name: str) -> Path:
        """A local file with the blob's bytes; read only. Raises NotFound."""
        local = self.folder / name
        if ".." in Path(name).parts or not local.is_relative_to(self.folder):
            raise NotFound(what=name)  # no name leads out of the folder, wherever it came from
        if not local.is_file():
            if self._remote is None or not self.has(name):
                raise NotFound(what=name)
            with self._said():
                self._download(name, local)
        return local

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
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
