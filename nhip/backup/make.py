"""Making a backup while the installation runs: the database at one moment, and every object that it can name."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from nhip import __version__
from nhip.backup import store
from nhip.backup.errors import DumpFailed
from nhip.backup.files import copy, digest_of, room, sync_folder, write
from nhip.backup.model import Made, Manifest, StoredFile
from nhip.backup.points import MANIFEST, OBJECTS, list_points, remove_older
from nhip.backup.programs import run
from nhip.backup.seal import sealed_keys
from nhip.backup.store import Moment
from nhip.db.installation import Installation
from nhip.db.keep import keep_objects
from nhip.errors import NotFound
from nhip.kernel.time import now
from nhip.ledger.heads_file import up_to as heads_up_to
from nhip.ledger.model import Event
from nhip.ledger.service import record

Watch = Callable[[int, int], None]
"""Told how many objects are done, of how many."""


async def make_backup(
    installation: Installation,
    target: Path,
    *,
    passphrase: str = "",
    keep: int = 0,
    watch: Watch = lambda done, total: None,
) -> Made:
    """Copy the installation into the folder `target`; give what was done. What was there before stays until this is whole.

    Without a passphrase the keys are left out: sealed secrets and the hashes of citizen numbers then need the keys from
    elsewhere. `keep` > 0 removes older points afterwards. Raises DumpFailed, StorageFull, DatabaseAway.
    """
    target = target.resolve()
    made_at = now()
    name = made_at.strftime("%Y%m%dT%H%M%SZ")
    part = _begun(target, name)
    try:
        async with installation.db.tx() as guard:
            await keep_objects(guard)
            moment, files, named = await _dump(installation, part)
            objects, copied = await asyncio.to_thread(_copy_objects, installation, target, watch)
        files |= await asyncio.to_thread(_beside, installation, part, passphrase, moment.events)
        manifest = Manifest(
            made_at=made_at,
            made_with=__version__,
            with_keys=bool(passphrase),
            files=files,
            objects=objects,
            missing=sorted(named - objects.keys()),
            **msgspec.structs.asdict(moment),
        )
        _finish(part, target / name, manifest)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    removed = remove_older(target, keep)
    await record(installation.db, Event(kind="backup.made", data={"point": name, "events": moment.events}))
    return _told(target, name, manifest, copied, removed)


def _begun(target: Path, name: str) -> Path:
    """The folder that the point is put together in; what a killed backup left behind goes."""
    with room(target):
        (target / OBJECTS).mkdir(parents=True, exist_ok=True)
    for rest in target.glob(".*.part"):
        shutil.rmtree(rest)
    part = target / f".{name}.part"
    part.mkdir()
    return part


def _finish(part: Path, point: Path, manifest: Manifest) -> None:
    """The point appears whole or not at all."""
    write(part / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    sync_folder(part)
    part.rename(point)
    sync_folder(point.parent)


def _told(target: Path, name: str, manifest: Manifest, copied: int, removed: list[str]) -> Made:
    return Made(
        folder=str(target),
        point=name,
        objects=len(manifest.objects),
        copied=copied,
        bytes=sum(f.size for f in (*manifest.files.values(), *manifest.objects.values())),
        with_keys=manifest.with_keys,
        missing=manifest.missing,
        removed=removed,
    )


async def _dump(installation: Installation, part: Path) -> tuple[Moment, dict[str, StoredFile], set[str]]:
    """The database in pg_dump's custom format, and what it held at that very moment."""
    file = part / "database.dump"
    async with installation.db.tx() as tx:
        snapshot = await store.begin_snapshot(tx)
        moment = await store.describe(tx)
        named = await store.list_named_objects(tx)
        options = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={file}")
        if said := await run("pg_dump", installation.db.url, *options, cwd=part):
            raise DumpFailed(what=said)
    return moment, {file.name: await asyncio.to_thread(digest_of, file)}, named


def _copy_objects(installation: Installation, target: Path, watch: Watch) -> tuple[dict[str, StoredFile], int]:
    """All objects by name with what they are, and how many had to be copied. Those of an earlier point are not read again."""
    known = {name: told for point in list_points(target) for name, told in point.manifest.objects.items()}
    names = sorted(installation.objects.list_names())
    found: dict[str, StoredFile] = {}
    copied = 0
    for done, (name, size) in enumerate(names, 1):
        there = target / OBJECTS / name
        if name in known and known[name].size == size and there.is_file() and there.stat().st_size == size:
            found[name] = known[name]
        else:
            try:
                found[name] = copy(installation.objects.path(name), there)
            except (NotFound, FileNotFoundError):
                continue  # a half-written object's own temporary name
            copied += 1
        watch(done, len(names))
    return found, copied


def _beside(installation: Installation, part: Path, passphrase: str, events: int) -> dict[str, StoredFile]:
    """What is neither in the database nor an object: the ledger's heads as of the dump and its public keys, and the keys."""
    data_dir = installation.settings.data_dir
    files = {}
    heads, public = data_dir / "ledger" / "heads.jsonl", data_dir / "ledger" / "keys.txt"
    if heads.is_file():
        files[heads.name] = write(part / heads.name, heads_up_to(heads, events))
    if public.is_file():
        files[public.name] = copy(public, part / public.name)
    if passphrase:
        files["keys.sealed"] = write(part / "keys.sealed", sealed_keys(data_dir, passphrase))
    return files
