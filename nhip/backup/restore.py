"""Putting a backup into an empty folder: everything is checked first, and nothing is written over."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from nhip import __version__
from nhip.backup import store
from nhip.backup.errors import BackupDamaged, NotEmpty, PassphraseNeeded, ProgramTooOld, RestoreFailed
from nhip.backup.files import copy
from nhip.backup.model import Manifest, Point
from nhip.backup.points import OBJECTS, get_point, iter_damage
from nhip.backup.programs import run
from nhip.backup.seal import unseal_keys, write_keys
from nhip.db.database import Database
from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation, opened
from nhip.ledger.model import Event
from nhip.ledger.service import record
from nhip.settings import Settings


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What `nhip restore` did."""

    point: str
    data_dir: str
    objects: int
    events: int
    migrations: int
    """Migrations that this program has and the backup had not; they ran."""
    with_keys: bool
    missing: list[str]


async def restore_backup(
    source: Path,
    settings: Settings,
    prepare: Callable[[Installation], object],
    *,
    passphrase: str = "",
    without_keys: bool = False,
) -> Restored:
    """Put the point at `source` into the empty folder `settings.data_dir` and the embedded or the named empty database.

    `prepare` brings the schema up to date (given by the composition root; may be a coroutine function). Raises NotEmpty,
    BackupDamaged, ProgramTooOld, PassphraseNeeded, WrongPassphrase, RestoreFailed.
    """
    point = get_point(source.resolve())
    manifest = point.manifest
    folder = settings.data_dir
    if folder.exists() and any(folder.iterdir()):
        raise NotEmpty(what=folder)
    if _number(manifest.made_with) > _number(__version__):
        raise ProgramTooOld(made_with=manifest.made_with, here=__version__)
    keys = _keys(point, passphrase, without_keys)
    for damage in iter_damage(point):
        raise BackupDamaged(folder=point.folder, what=f"{damage.name}: {damage.fault}")
    folder.mkdir(parents=True, exist_ok=True)
    write_keys(folder, keys)
    for name in ("heads.jsonl", "keys.txt"):
        if (point.folder / name).is_file():
            copy(point.folder / name, folder / "ledger" / name)
    await asyncio.to_thread(_copy_objects, point, folder)
    await _fill(point, settings)
    return await _finish(point, settings, prepare, bool(keys))


def _keys(point: Point, passphrase: str, without_keys: bool) -> dict[str, bytes]:
    if not point.manifest.with_keys or without_keys:
        return {}
    if not passphrase:
        raise PassphraseNeeded
    return unseal_keys((point.folder / "keys.sealed").read_bytes(), passphrase)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _copy_objects(point: Point, folder: Path) -> None:
    shared = point.folder.parent / OBJECTS
    for name, told in point.manifest.objects.items():
        if copy(shared / name, folder / OBJECTS / name) != told:
            raise BackupDamaged(folder=point.folder, what=name)


async def _fill(point: Point, settings: Settings) -> None:
    """Load the dump in one transaction. An embedded server is made for it first."""
    server = None if settings.database_url else EmbeddedServer(settings.data_dir / "postgres")
    url = settings.database_url or await asyncio.to_thread(server.start)  # type: ignore[union-attr]
    try:
        await _require_empty(url)
        options = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", "--dbname=")
        dump = str(point.folder / "database.dump")
        if said := await run("pg_restore", url, *options, dump, cwd=settings.data_dir):
            raise RestoreFailed(what=said, folder=settings.data_dir)
    finally:
        if server is not None:
            await asyncio.to_thread(server.stop)


async def _require_empty(url: str) -> None:
    db = Database(url, size=1)
    await db.open()
    try:
        async with db.read() as reading:
            if not await store.is_empty(reading):
                raise NotEmpty(what="PostgreSQL")
    finally:
        await db.close()


async def _finish(point: Point, settings: Settings, prepare: Callable[..., object], with_keys: bool) -> Restored:
    manifest: Manifest = point.manifest
    async with opened(settings) as installation:
        ran = prepare(installation)
        ran = await ran if asyncio.iscoroutine(ran) else ran
        await record(
            installation.db, Event(kind="backup.restored", data={"point": point.name, "events": manifest.events})
        )
    shutil.rmtree(settings.data_dir / "work", ignore_errors=True)
    return Restored(
        point=point.name,
        data_dir=str(settings.data_dir),
        objects=len(manifest.objects),
        events=manifest.events,
        migrations=len(ran) if isinstance(ran, list) else 0,
        with_keys=with_keys,
        missing=manifest.missing,
    )
