"""An opened installation: its settings, database and object store. Everything that does I/O is given one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from nhip.db.database import Database
from nhip.db.embedded import EmbeddedServer
from nhip.db.objects import Objects
from nhip.settings import Settings


class Installation(msgspec.Struct, frozen=True):
    """What a running Nhịp stands on. `server` is None when the database is somebody else's."""

    settings: Settings
    db: Database
    objects: Objects
    server: EmbeddedServer | None = None

    @property
    def work(self) -> Path:
        """Folder for half-done work; may be emptied whenever nothing runs."""
        return self.settings.data_dir / "work"


def database_url(settings: Settings) -> tuple[str, EmbeddedServer | None]:
    """The URL to connect to; starts the embedded server when no other is set."""
    if settings.database_url:
        return settings.database_url, None
    server = EmbeddedServer(settings.data_dir / "postgres")
    return server.start(), server


@asynccontextmanager
async def opened(settings: Settings, *, pool_size: int = 10) -> AsyncIterator[Installation]:
    """Open the installation of `settings`; close it, and leave the embedded server, at the end of the block."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    url, server = database_url(settings)
    db = Database(url, size=pool_size)
    try:
        await db.open()
        objects = Objects(settings.data_dir / "objects", settings.object_url)
        yield Installation(settings, db, objects, server)
    finally:
        await db.close()
        if server is not None:
            server.stop()
