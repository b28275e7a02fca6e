"""@contexts in the database, a tenant's own each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
import orjson

from nhip.db.database import Connection
from nhip.db.sql import load
from nhip.kernel.time import now

queries = load(__file__)
Kind = Literal["Hosted", "Cached", "ImplicitlyCreated"]
KINDS: tuple[Kind, ...] = ("Hosted", "Cached", "ImplicitlyCreated")
MOST_UNASKED, MOST_UNASKED_BYTES = 1000, 64 << 20
"""Copies of a tenant, and as many contexts that were made on its behalf: whoever may read causes one by naming an address, or by
a query that holds its definitions."""


class Entry(msgspec.Struct, frozen=True):
    """A stored @context: `body` is what stands under `@context`, `url` where a copy came from."""

    id: str
    kind: Kind
    url: str | None
    body: Any
    created_at: datetime
    used_at: datetime | None = None
    hits: int = 0


async def add(tx: Connection, tenant: int, id: str, kind: Kind, body: Any) -> None:
    """Keep a context that is served here; of those that nobody asked for, what was used longest ago may go for it."""
    values = {"id": id, "tenant": tenant, "kind": kind, "body": orjson.dumps(body), "at": now()}
    await tx.execute(queries.add, values)
    if kind != "Hosted":
        await _drop_surplus(tx, tenant, kind)


async def put_copy(tx: Connection, tenant: int, id: str, url: str, body: Any) -> None:
    """Keep a copy of the document at `url`, in place of an older one, which keeps its identifier."""
    values = {"id": id, "tenant": tenant, "url": url, "body": orjson.dumps(body), "at": now()}
    await tx.execute(queries.put_copy, values)
    await _drop_surplus(tx, tenant, "Cached")


async def _drop_surplus(tx: Connection, tenant: int, kind: Kind) -> None:
    values = {"tenant": tenant, "kind": kind, "most": MOST_UNASKED, "most_bytes": MOST_UNASKED_BYTES}
    await tx.execute(queries.drop_surplus, values)


async def find(tx: Connection, tenant: int, name: str) -> Entry | None:
    """By identifier, or by the address of a copy."""
    row = await (await tx.execute(queries.find, {"tenant": tenant, "name": name})).fetchone()
    return _entry(row) if row else None


async def find_same(tx: Connection, tenant: int, body: Any) -> str | None:
    """The identifier of a context made on the tenant's behalf with the same content."""
    row = await (await tx.execute(queries.find_same, {"tenant": tenant, "body": orjson.dumps(body)})).fetchone()
    return row[0] if row else None


async def list_all(tx: Connection, tenant: int, kind: Kind | None = None) -> list[Entry]:
    """The tenant's contexts, the newest first."""
    rows = await (await tx.execute(queries.list_all, {"tenant": tenant, "kind": kind})).fetchall()
    return [_entry(row) for row in rows]


async def delete(tx: Connection, tenant: int, id: str) -> None:
    """Forget one."""
    await tx.execute(queries.delete, {"tenant": tenant, "id": id})


async def count_hits(tx: Connection, hits: Mapping[tuple[int, str], int]) -> None:
    """Add uses to contexts, by tenant and identifier or address."""
    tenants, names = [tenant for tenant, _name in hits], [name for _tenant, name in hits]
    values = {"tenants": tenants, "names": names, "hits": list(hits.values()), "at": now()}
    await tx.execute(queries.count_hits, values)


async def stamps(tx: Connection, names: Iterable[tuple[int, str]]) -> dict[tuple[int, str], datetime]:
    """Since when each of these contexts is as it is, by tenant and identifier or address; those that are gone are left out."""
    asked = list(names)
    values = {"tenants": [tenant for tenant, _name in asked], "names": [name for _tenant, name in asked]}
    rows = await (await tx.execute(queries.stamps, values)).fetchall()
    return {(tenant, name): at for tenant, name, at in rows}


def _entry(row: tuple[Any, ...]) -> Entry:
    id, kind, url, body, created_at, used_at, hits = row
    return Entry(id, kind, url, orjson.loads(body), created_at, used_at, hits)
