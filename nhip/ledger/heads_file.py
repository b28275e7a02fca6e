"""The tree heads outside the database, `<data_dir>/ledger/heads.jsonl`: one a line, only ever added to.

Whoever rewrites the tables and even signs them anew with a stolen key still has to reach this file and every copy of it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from nhip.ledger.model import Head
from nhip.settings import Settings


class HeadLine(msgspec.Struct, frozen=True):
    """One line: bytes in hexadecimal digits, `at` in microseconds since 1970, UTC."""

    origin: str
    size: int
    at: int
    root: str
    key: str
    signature: str


def line_of(origin: str, head: Head) -> HeadLine:
    """A head as it stands in the file."""
    return HeadLine(origin, head.size, head.at_us, head.root.hex(), head.key_id.hex(), head.signature.hex())


def head_of(line: HeadLine) -> Head:
    """A head from its line. Raises ValueError for what is no hexadecimal number."""
    fromhex = bytes.fromhex
    return Head(line.size, line.at, fromhex(line.root), fromhex(line.signature), fromhex(line.key))


def path_of(settings: Settings) -> Path:
    """Where the heads are."""
    return settings.data_dir / "ledger" / "heads.jsonl"


def iter_lines(path: Path) -> Iterator[tuple[int, HeadLine | None]]:
    """The number of each line, from 1, and what it holds; None for one that is damaged. Nothing where there is no file."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        for number, text in enumerate(file, 1):
            try:
                yield number, msgspec.json.decode(text, type=HeadLine)
            except (msgspec.DecodeError, UnicodeDecodeError):
                yield number, None


def up_to(path: Path, size: int) -> bytes:
    """The lines of trees of at most `size` events: what belongs to a copy of the database that was made when it had so many."""
    kept = (line for _, line in iter_lines(path) if line is not None and line.size <= size)
    return b"".join(msgspec.json.encode(line) + b"\n" for line in kept)


def last_size(path: Path) -> int:
    """Size of the last head in the file, 0 if there is none; reads only the end."""
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        for text in reversed(file.read().splitlines()):
            try:
                return msgspec.json.decode(text, type=HeadLine).size
            except (msgspec.DecodeError, UnicodeDecodeError):  # cut off by a full disk: the next head begins a new line
                continue
    return 0


def append(path: Path, lines: Iterable[HeadLine]) -> None:
    """Add `lines` that are newer than the file's last; durable when it returns."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        known = last_size(path)
        text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines if line.size > known)
        file.write(text if _ends_a_line(path) else b"\n" + text)
        file.flush()
        os.fsync(file.fileno())


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
