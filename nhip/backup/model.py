"""What a backup says of itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

FORMAT = 1


class StoredFile(msgspec.Struct, frozen=True):
    """A file of the backup or an object of the store: its size in bytes and SHA-256 in hexadecimal digits."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`manifest.json` of one point. `files` lie beside it; `objects` in the folder that all points share, by their names."""

    format: int = FORMAT
    made_at: datetime
    made_with: str
    """Version of Nhịp."""
    postgres: str
    """Version of the server that was copied."""
    migrations: int
    events: int
    """Events in the ledger at this point."""
    chain: str
    """Chain value of the last one, hexadecimal."""
    with_keys: bool
    files: dict[str, StoredFile]
    objects: dict[str, StoredFile]
    missing: list[str] = []
    """Objects that the database names and the store did not have."""


class Point(msgspec.Struct, frozen=True):
    """A whole backup in a folder."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """Its name in the folder: the moment it was made, UTC."""
        return self.folder.name


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What `nhip backup` did. Sizes in bytes."""

    folder: str
    point: str
    objects: int
    copied: int
    """Objects that were not there from an earlier backup."""
    bytes: int
    with_keys: bool
    missing: list[str]
    removed: list[str] = []
    """Older points that `keep` removed."""


class Damage(msgspec.Struct, frozen=True):
    """A file that is not as the manifest says: `missing`, `size` or `sha256`."""

    name: str
    fault: str
