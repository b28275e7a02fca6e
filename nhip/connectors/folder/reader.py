"""Reads a drop folder. Links that lead out of it, devices and pipes are refused; files still being written wait."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from nhip.connectors.drop import MAX_FILES, Seen, check_pattern, fetch_drop, is_hidden_or_unfinished, matches
from nhip.connectors.errors import FileRefused, FolderMissing, TooManyFiles
from nhip.connectors.model import Failure, Fetched, Note, Payload, State, TestResult
from nhip.connectors.sink import Sink
from nhip.kernel.i18n import _
from nhip.security.secrets import Secret
from nhip.settings import Settings


class FolderSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a `folder` source."""

    path: Annotated[str, msgspec.Meta(min_length=1, description=_("Folder that the agency's files are put into."))]
    pattern: Annotated[
        str, msgspec.Meta(description=_("Which files: * for any letters, **/ for any depth of folders."))
    ] = "*"
    settle_seconds: Annotated[
        float, msgspec.Meta(ge=0, le=86_400, description=_("A file must be untouched for so many seconds."))
    ] = 10.0


def fetch(source: FolderSource, secret: Secret, state: State, sink: Sink) -> Fetched:
    """New and changed files. Raises FolderMissing, FileRefused, StorageFull, AnswerTooLarge."""
    root = _root(source, sink.settings)
    failures: list[Failure] = []
    listing = list(_listed(root, check_pattern("folder", source.pattern), sink.settings, failures))
    return fetch_drop(listing, state, source.settle_seconds, lambda file: _read(root, file, sink), failures)


def probe(source: FolderSource, secret: Secret, settings: Settings) -> TestResult:
    """What lies in the folder now."""
    root = _root(source, settings)
    refused: list[Failure] = []
    names = [file.name for file in _listed(root, check_pattern("folder", source.pattern), settings, refused)]
    note = Note(_("The folder {path} has {count} files that fit."), {"path": str(root), "count": str(len(names))})
    notes = [note, *(Note(failure.error.template(), failure.error.values) for failure in refused)]
    return TestResult(notes=notes, would_fetch=names[:100], datasets=1)


def _root(source: FolderSource, settings: Settings) -> Path:
    root = Path(source.path).expanduser()
    try:
        root = root.resolve(strict=True)
        with os.scandir(root):
            pass
    except OSError as error:
        raise FolderMissing(path=source.path) from error
    if _is_inside(root, _keys(settings)):
        raise FileRefused(path=source.path)
    return root


def _keys(settings: Settings) -> Path:
    return (settings.data_dir / "keys").resolve()


def _is_inside(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


def _listed(root: Path, pattern: str, settings: Settings, failures: list[Failure]) -> Iterator[Seen]:
    """Files that fit, in order of their names. What is refused joins `failures`: it is told, not skipped in silence."""
    found = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith(".")) if "/" in pattern else []
        for name in sorted(names):
            path = Path(folder, name)
            relative = path.relative_to(root).as_posix()
            if is_hidden_or_unfinished(relative) or not matches(relative, pattern):
                continue
            found += 1
            if found > MAX_FILES:
                raise TooManyFiles(path=str(root), limit=MAX_FILES)
            try:
                yield _seen(path, relative, root, settings)
            except FileRefused as error:
                failures.append(Failure(dataset="", resource=relative, error=error))


def _seen(path: Path, relative: str, root: Path, settings: Settings) -> Seen:
    info = _require_inside(path, root, settings).stat()
    if not stat.S_ISREG(info.st_mode):
        raise FileRefused(path=relative)
    return Seen(relative, info.st_size, info.st_mtime)


def _require_inside(path: Path, root: Path, settings: Settings) -> Path:
    try:
        real = path.resolve(strict=True)
    except OSError as error:
        raise FileRefused(path=path.name) from error
    if not _is_inside(real, root) or _is_inside(real, _keys(settings)):
        raise FileRefused(path=path.name)
    return real


def _read(root: Path, file: Seen, sink: Sink) -> Payload | None:
    """The file's bytes, or None when it changed while it was read."""
    real = _require_inside(root / file.name, root, sink.settings)
    try:
        # A pipe or device put there since the listing must not block; a link must not be followed.
        handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise FileRefused(path=file.name) from error
    with os.fdopen(handle, "rb") as source:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):
            raise FileRefused(path=file.name)
        name = file.name.rpartition("/")[2]
        with sink.file(name, origin=file.name, modified=file.modified) as draft:
            left = before.st_size  # not to the end: a file that keeps growing has none
            while piece := source.read(min(left, 1 << 20)):
                draft.write(piece)
                left -= len(piece)
            after = os.fstat(handle)
    if (after.st_size, after.st_mtime_ns) != (
        before.st_size,
        before.st_mtime_ns,
    ) or draft.payload.size != after.st_size:
        draft.payload.path.unlink()
        return None
    return draft.payload
