"""What folder and SFTP drops share: which files are finished, and which are new or changed since the last look."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import msgspec

from nhip.connectors.errors import BadSetting, FileRefused
from nhip.connectors.model import Failure, Fetched, Note, Payload, State
from nhip.kernel.i18n import _
from nhip.kernel.time import now

MAX_FILES = 10_000
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".swp", ".lock")


class Seen(msgspec.Struct, frozen=True):
    """A file as a listing shows it. `name` is relative to the folder, with `/`; `mtime` in seconds since 1970."""

    name: str
    size: int
    mtime: float

    @property
    def modified(self) -> datetime:
        """`mtime` as an instant."""
        return datetime.fromtimestamp(self.mtime, UTC)


def check_pattern(kind: str, pattern: str) -> str:
    """`pattern` when it stays inside the folder. Raises BadSetting."""
    parts = PurePosixPath(pattern.replace("\\", "/")).parts
    if not parts or ".." in parts or parts[0] == "/" or "\x00" in pattern:
        raise BadSetting(kind=kind, name="pattern", why=_("it must stay inside the folder, like *.csv or **/*.xlsx"))
    return "/".join(parts)


def matches(name: str, pattern: str) -> bool:
    """Whether `name` fits `pattern`, without regard to case; `**` stands for any number of folders."""
    return _fits(name.lower().split("/"), pattern.lower().split("/"))


def _fits(names: list[str], patterns: list[str]) -> bool:
    if not patterns:
        return not names
    if patterns[0] == "**":
        return _fits(names, patterns[1:]) or (bool(names) and _fits(names[1:], patterns))
    return bool(names) and fnmatch.fnmatchcase(names[0], patterns[0]) and _fits(names[1:], patterns[1:])


def is_hidden_or_unfinished(name: str) -> bool:
    """Hidden files, office lock files and the names that programs give to files they are still writing."""
    last = name.rpartition("/")[2].lower()
    return last.startswith((".", "~$")) or last.endswith(_UNFINISHED)


def is_settled(file: Seen, state: State, settle_s: float) -> bool:
    """Whether nobody seems to write to `file`: untouched for `settle_s` seconds, or the same as at the last look."""
    if now().timestamp() - file.mtime >= settle_s:
        return True
    before = state.get("pending", {}).get(file.name)
    return bool(before == [file.size, file.mtime])


class _Look:
    """One look at a drop: what is known afterwards, and what was read."""

    def __init__(self, state: State) -> None:
        self.known: dict[str, Any] = dict(state.get("files", {}))
        self.files: dict[str, Any] = {}
        self.pending: dict[str, Any] = {}
        self.payloads: list[Payload] = []

    def keep(self, file: Seen) -> bool:
        """Whether `file` is as it was at the last look."""
        before = self.known.get(file.name)
        if before and before[:2] == [file.size, file.mtime]:
            self.files[file.name] = before
            return True
        return False

    def wait(self, file: Seen) -> None:
        """Leave `file` to the next look."""
        self.pending[file.name] = [file.size, file.mtime]
        if file.name in self.known:
            self.files[file.name] = self.known[file.name]

    def take(self, file: Seen, payload: Payload) -> None:
        """Hand over `payload`, unless only the time of the file changed and not its bytes."""
        before = self.known.get(file.name)
        self.files[file.name] = [file.size, file.mtime, payload.sha256]
        if before and before[2] == payload.sha256:
            payload.path.unlink()
        else:
            self.payloads.append(msgspec.structs.replace(payload, resource=file.name))


def fetch_drop(
    listing: Iterable[Seen],
    state: State,
    settle_s: float,
    read: Callable[[Seen], Payload | None],
    failures: list[Failure],
) -> Fetched:
    """Read the settled files that are new or changed. `read` returns None when a file changed under its hands; a file that
    it refuses joins `failures` while the others go on."""
    look = _Look(state)
    for file in listing:
        if look.keep(file):
            continue
        try:
            payload = read(file) if is_settled(file, state, settle_s) else None
        except FileRefused as error:
            failures.append(Failure(dataset="", resource=file.name, error=error))
            continue
        if payload is None:
            look.wait(file)
        else:
            look.take(file, payload)
    waiting = {"count": str(len(look.pending))}
    notes = [Note(_("{count} files are still being written; the next run takes them."), waiting)]
    refused = {failure.resource for failure in failures}
    return Fetched(
        payloads=look.payloads,
        state={"files": look.files, "pending": look.pending},
        unchanged=not look.payloads and not look.pending and not failures,
        vanished=sorted(set(look.known) - set(look.files) - refused),
        failures=failures,
        notes=notes if look.pending else [],
    )
