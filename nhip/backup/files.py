"""Copying with a digest, durable, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nhip.backup.model import StoredFile
from nhip.errors import StorageFull

_CHUNK = 1 << 20


def copy(source: Path, target: Path) -> StoredFile:
    """Copy `source` to `target`, which appears only when all of it is on the disk. Raises StorageFull."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    with room(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        try:
            with source.open("rb") as read, part.open("wb") as write:
                while chunk := read.read(_CHUNK):
                    write.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
                write.flush()
                os.fsync(write.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return StoredFile(size, digest.hexdigest())


def write(path: Path, content: bytes) -> StoredFile:
    """A small file, durable."""
    with room(path), path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return StoredFile(len(content), hashlib.sha256(content).hexdigest())


def digest_of(path: Path) -> StoredFile:
    """Size and SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return StoredFile(path.stat().st_size, digest.hexdigest())


def sync_folder(folder: Path) -> None:
    """Force the entries of a folder to the disk, so that a rename in it survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def room(path: Path) -> Iterator[None]:
    """A full disk in words."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFull(where=str(path.parent)) from error
        raise
