"""Mirrors in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from nhip.db.database import Connection
from nhip.db.query import fetch_all, fetch_one
from nhip.db.sql import load
from nhip.graph.mirrors.errors import MirrorMissing
from nhip.graph.mirrors.model import Known, Mirror, Provenance, Wanted

queries = load(__file__)


async def list_mirrors(tx: Connection) -> list[Mirror]:
    """All, by name."""
    return list(await fetch_all(tx, _Row, queries.list_mirrors))


async def find_mirror(tx: Connection, id: int) -> Mirror | None:
    """One by its number."""
    return await fetch_one(tx, _Row, queries.find_mirror, id=id)


async def add(tx: Connection, name: str, tenant: int, peer: str, peer_tenant: str, wanted: Wanted) -> int | None:
    """A new mirror; its number, None where its name or tenant is taken."""
    values = {
        **msgspec.structs.asdict(wanted),
        "name": name,
        "tenant": tenant,
        "peer": peer,
        "peer_tenant": peer_tenant,
    }
    row = await (await tx.execute(queries.add, values)).fetchone()
    return None if row is None else int(row[0])


async def lock(tx: Connection, mirror: int) -> int:
    """Keep others from taking what the same peer said until the transaction ends; the step of what is taken in it.
    Raises MirrorMissing."""
    row = await (await tx.execute(queries.lock, {"id": mirror})).fetchone()
    if row is None:
        raise MirrorMissing(what=str(mirror))
    return int(row[1])


async def known(tx: Connection, mirror: int, ids: Sequence[str]) -> dict[str, Known]:
    """What is known of these entities."""
    rows = await (await tx.execute(queries.known, {"mirror": mirror, "ids": list(ids)})).fetchall()
    return {row[0]: Known(*row[1:]) for row in rows}


async def put_known(tx: Connection, mirror: int, step: int, found: Mapping[str, Known]) -> None:
    """Keep what is known."""
    values = {
        "mirror": mirror,
        "step": step,
        "ids": list(found),
        "times": [one.modified_at for one in found.values()],
        "gone": [one.gone for one in found.values()],
        "digests": [one.digest for one in found.values()],
    }
    await tx.execute(queries.put_known, values)


async def list_doubts(tx: Connection, mirror: int, limit: int) -> list[str]:
    """Entities that the peer is to be asked about."""
    rows = await (await tx.execute(queries.list_doubts, {"mirror": mirror, "limit": limit})).fetchall()
    return [row[0] for row in rows]


async def list_held(tx: Connection, tenant: int, after: str, limit: int) -> list[str]:
    """Ids of entities in a tenant, in order."""
    rows = await (await tx.execute(queries.list_held, {"tenant": tenant, "after": after, "limit": limit})).fetchall()
    return [row[0] for row in rows]


async def number(tx: Connection, query: Any, **values: Any) -> int:
    """The one number that a query gives."""
    row = await (await tx.execute(query, values)).fetchone()
    assert row is not None
    return int(row[0])


async def provenance(tx: Connection, mirror: int, ids: Sequence[str]) -> list[Provenance]:
    """Where entities come from; those that are there."""
    return await fetch_all(tx, Provenance, queries.provenance, mirror=mirror, ids=list(ids))


class _Row(Mirror, frozen=True, kw_only=True):
    """A row as it is in the table."""

    secret: bytes | None = None
    created_at: Any = None

    def __repr__(self) -> str:
        return f"Mirror({self.name})"
