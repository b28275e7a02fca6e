"""Key files of an installation: made at first use, readable by nobody else, never half-written."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from nhip.errors import NhipError


class KeyFileOpen(NhipError):
    """The key file {path} can be read by other users of this machine. Run `chmod 600 {path}` and start again."""


def read_or_make(path: Path, fresh: bytes) -> bytes:
    """The bytes of the key file at `path`; where there is none, it is made with `fresh`. Raises KeyFileOpen.

    Of two processes that start at once the first one wins: a hard link decides.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = _draft(path, fresh)
        try:
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyFileOpen(path=path)
    return path.read_bytes()


def replace(path: Path, content: bytes) -> None:
    """Put `content` in the place of the key file, whole or not at all."""
    _draft(path, content).replace(path)


def _draft(path: Path, content: bytes) -> Path:
    draft = path.with_name(f"{path.stem}.{secrets.token_hex(8)}.part")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft
