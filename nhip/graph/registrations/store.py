"""Registrations in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import orjson

from nhip.db.database import Connection
from nhip.db.sql import load
from nhip.graph.document.times import instant
from nhip.graph.registrations.model import Registration, from_doc

queries = load(__file__)


class Counts(msgspec.Struct):
    """What was asked of a source since its counters were last written."""

    sent: int = 0
    failed: int = 0
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None


async def add(tx: Connection, tenant: int, doc: dict[str, Any]) -> bool:
    """Keep a new registration; whether there was none with its id."""
    values = {"tenant": tenant, "id": doc["id"], "doc": orjson.dumps(doc)}
    row = await (await tx.execute(queries.add, values)).fetchone()
    await tx.execute(queries.tell)
    return row is not None


async def put(tx: Connection, tenant: int, doc: dict[str, Any]) -> None:
    """Keep a registration as it is now."""
    await tx.execute(queries.put, {"tenant": tenant, "id": doc["id"], "doc": orjson.dumps(doc)})
    await tx.execute(queries.tell)


async def delete(tx: Connection, tenant: int, id: str) -> dict[str, Any] | None:
    """Forget a registration; gives its document if there was one."""
    row = await (await tx.execute(queries.delete, {"tenant": tenant, "id": id})).fetchone()
    await tx.execute(queries.tell)
    return orjson.loads(row[0]) if row else None


async def lock(tx: Connection, tenant: int, id: str) -> dict[str, Any] | None:
    """The document of a registration that is about to be changed."""
    row = await (await tx.execute(queries.lock, {"tenant": tenant, "id": id})).fetchone()
    return orjson.loads(row[0]) if row else None


async def lock_all(tx: Connection) -> None:
    """Wait until no other change of registrations is under way, and keep others out until the transaction ends."""
    await tx.execute(queries.lock_all)


async def list_all(tx: Connection) -> list[tuple[int, Registration]]:
    """Every registration with its tenant."""
    rows = await (await tx.execute(queries.list_all)).fetchall()
    return [(tenant, from_doc(orjson.loads(doc), _counters(*counts))) for tenant, doc, *counts in rows]


async def change(tx: Connection) -> int:
    """A number that every change raises."""
    row = await (await tx.execute(queries.change)).fetchone()
    assert row is not None
    return int(row[0])


async def count(tx: Connection, counts: Mapping[tuple[int, str], Counts]) -> list[tuple[int, str, dict[str, Any]]]:
    """Add to the counters of registrations, by tenant and id; gives what each tells of itself now."""
    values = {
        "tenants": [tenant for tenant, _id in counts],
        "ids": [id for _tenant, id in counts],
        "sent": [one.sent for one in counts.values()],
        "failed": [one.failed for one in counts.values()],
        "succeeded": [one.succeeded_at for one in counts.values()],
        "failures": [one.failed_at for one in counts.values()],
    }
    rows = await (await tx.execute(queries.count, values)).fetchall()
    return [(tenant, id, _counters(*told)) for tenant, id, *told in rows]


def _counters(sent: int, failed: int, succeeded_at: datetime | None, failed_at: datetime | None) -> dict[str, Any]:
    if not sent:
        return {}
    ok = succeeded_at is not None and (failed_at is None or succeeded_at > failed_at)
    told: dict[str, Any] = {"status": "ok" if ok else "failed", "timesSent": sent, "timesFailed": failed}
    if succeeded_at is not None:
        told["lastSuccess"] = instant(succeeded_at)
    if failed_at is not None:
        told["lastFailure"] = instant(failed_at)
    return told
