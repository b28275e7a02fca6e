"""Looking at personal data: by a session that may, for a purpose, for half an hour; every page is recorded before it is sent."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

import msgspec

from nhip.datasets.engine import ident, literal, session
from nhip.datasets.errors import NoLook
from nhip.datasets.model import ROW
from nhip.datasets.personal import Look, Sight
from nhip.datasets.records import Dataset, Version
from nhip.datasets.store import queries
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.query import execute, fetch_one
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note, record
from nhip.security.subjects import subject_of

LASTS: Final = timedelta(minutes=30)
ROLES: Final = ("version", "evidence", "quarantine")
"""Files of a version that hold rows."""


async def begin_look(
    tx: Connection, session_id: uuid.UUID, dataset: Dataset, processing_id: uuid.UUID, purpose: str
) -> Look:
    """From now, the session sees the personal data of `dataset` for `purpose`, an entry of the register of processing. Whoever
    calls has made sure that the person may and that the entry is of this dataset."""
    made = now()
    look = Look(
        id=new_id(),
        session_id=session_id,
        dataset_id=dataset.id,
        processing_id=processing_id,
        purpose=purpose,
        made_at=made,
        ends_at=made + LASTS,
    )
    await execute(tx, queries.forget_looks, now=made)
    await execute(tx, queries.put_look, **msgspec.structs.asdict(look))
    data = {"dataset": dataset.name, "processing": str(processing_id), "until": look.ends_at.isoformat()}
    await note(tx, Event(kind="personal.opened", what=f"dataset:{dataset.name}", why=purpose, data=data))
    return look


async def find_look(tx: Connection, session_id: uuid.UUID, dataset: Dataset) -> Look | None:
    """The look that the session has on `dataset` now."""
    return await fetch_one(tx, Look, queries.find_look, session_id=session_id, dataset_id=dataset.id, now=now())


async def end_look(tx: Connection, session_id: uuid.UUID, dataset: Dataset) -> None:
    """Mask the personal data of `dataset` again."""
    await execute(tx, queries.end_look, session_id=session_id, dataset_id=dataset.id)


async def record_rows(
    installation: Installation, sight: Sight, version: Version, rows: Iterable[int], columns: Iterable[str]
) -> None:
    """Record that the personal cells of `rows` are about to be shown; call it before they are. `columns` are those that are
    shown, by the contract's names. Raises LedgerClosed, after which nothing may be shown."""
    numbers, names = sorted(set(rows)), [column for column in columns if sight.is_private(column)]
    if sight.look is None or not numbers or not (names or sight.free):
        return
    found = await asyncio.to_thread(_people_in, installation, sight, version, numbers)
    where = {"version": version.no, "rows": numbers, "columns": sorted(set(names))}
    await record_read(installation, sight, where, found)


async def record_read(
    installation: Installation, sight: Sight, where: dict[str, Any], numbers: Iterable[str | None]
) -> None:
    """Record that personal data are about to be shown, those of the people with these citizen `numbers`. Raises LedgerClosed."""
    if sight.look is not None:
        hashes = {subject_of(installation.settings, number) for number in numbers if number} - {None}
        told = tuple(sorted(found for found in hashes if found))
        await record(installation.db, _event("personal.read", sight, sight.look, where, told))


async def record_export(installation: Installation, sight: Sight, what: dict[str, Any]) -> None:
    """Record that whole tables with personal data are about to leave; who is in them is found from the version when somebody
    asks. Raises LedgerClosed."""
    if sight.look is not None and sight.personal:
        await record(installation.db, _event("personal.exported", sight, sight.look, what, ()))


def require_look(sight: Sight) -> None:
    """Raises NoLook where personal data would leave without a purpose."""
    if sight.personal and sight.look is None:
        raise NoLook(name=sight.dataset)


def _event(kind: str, sight: Sight, look: Look, data: dict[str, Any], subjects: tuple[bytes, ...]) -> Event:
    told = {"dataset": sight.dataset, "processing": str(look.processing_id), **data}
    return Event(kind=kind, what=f"dataset:{sight.dataset}", why=look.purpose, data=told, subjects=subjects)


def _people_in(installation: Installation, sight: Sight, version: Version, rows: list[int]) -> list[str]:
    """The citizen numbers that stand in `rows`, as delivered and as mended."""
    delivered: dict[str, str] = version.manifest.get("delivered", {})
    found: list[str] = []
    with session(installation.settings) as con:
        for role in ROLES:
            if role not in version.manifest["objects"]:
                continue
            source = f"read_parquet({literal(str(installation.objects.path(version.manifest['objects'][role])))})"
            there = {row[0] for row in con.execute(f"describe select * from {source}").fetchall()}
            names = {name if role == "version" else delivered.get(name, "") for name in sight.protection.people} & there
            for name in sorted(names):
                query = f"select distinct {ident(name)}::varchar from {source} where {ROW} in (select unnest(?))"
                found += [cell for (cell,) in con.execute(query, [rows]).fetchall() if cell]
    return found
