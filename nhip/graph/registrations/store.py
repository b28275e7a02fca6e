"""Registrations in the database."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import orjson

from nhip.db.database import Connection
from nhip.db.sql import load
from nhip.graph.document.times import said
from nhip.graph.registrations.model import SECRET, Registration, from_doc
from nhip.graph.subscriptions.sealing import Sealing
from nhip.security.secrets import SecretUnreadable

queries = load(__file__)
log = logging.getLogger(__name__)


class Counts(msgspec.Struct):
    """What was asked of a source since its counters were last written."""

    sent: int = 0
    failed: int = 0
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None

    def add(self, later: Counts) -> Counts:
        """Both together."""
        return Counts(
            self.sent + later.sent,
            self.failed + later.failed,
            later.succeeded_at or self.succeeded_at,
            later.failed_at or self.failed_at,
        )


async def add(tx: Connection, sealing: Sealing, tenant: int, doc: dict[str, Any]) -> bool:
    """Keep a new registration; whether there was none with its id."""
    row = await (await tx.execute(queries.add, _values(sealing, tenant, doc))).fetchone()
    await tx.execute(queries.tell)
    return row is not None


async def put(tx: Connection, sealing: Sealing, tenant: int, doc: dict[str, Any]) -> None:
    """Keep a registration as it is now."""
    await tx.execute(queries.put, _values(sealing, tenant, doc))
    await tx.execute(queries.tell)


def _values(sealing: Sealing, tenant: int, doc: dict[str, Any]) -> dict[str, Any]:
    bare = {name: value for name, value in doc.items() if name != SECRET}
    secrets = {name: doc[name] for name in (SECRET,) if name in doc}
    sealed = sealing.seal(tenant, doc["id"], secrets)
    return {"tenant": tenant, "id": doc["id"], "doc": orjson.dumps(bare), "sealed": sealed}


async def delete(tx: Connection, tenant: int, id: str) -> dict[str, Any] | None:
    """Forget a registration; gives its document, without what was sealed, if there was one."""
    row = await (await tx.execute(queries.delete, {"tenant": tenant, "id": id})).fetchone()
    await tx.execute(queries.tell)
    return orjson.loads(row[0]) if row else None


async def lock(tx: Connection, sealing: Sealing, tenant: int, id: str) -> dict[str, Any] | None:
    """The document of a registration that is about to be changed. Raises SecretUnreadable."""
    row = await (await tx.execute(queries.lock, {"tenant": tenant, "id": id})).fetchone()
    return orjson.loads(row[0]) | sealing.open_(tenant, id, row[1]) if row else None


async def lock_all(tx: Connection) -> None:
    """Wait until no other change of registrations is under way, and keep others out until the transaction ends."""
    await tx.execute(queries.lock_all)


async def wait_all(tx: Connection) -> None:
    """Wait until the changes that are being made are there to be read."""
    await tx.execute(queries.wait_all)


async def list_all(tx: Connection, sealing: Sealing) -> list[tuple[int, Registration]]:
    """Every registration with its tenant, but those whose secrets cannot be opened: without them their sources are not asked."""
    found = []
    for tenant, text, sealed, *counts in await (await tx.execute(queries.list_all)).fetchall():
        doc = orjson.loads(text)
        try:
            doc |= sealing.open_(tenant, doc["id"], sealed)
        except SecretUnreadable:
            log.warning("the secrets of the registration %s cannot be opened; its source is not asked", doc["id"])
            continue
        found.append((tenant, from_doc(doc, _counters(*counts))))
    return found


async def seal_plain(tx: Connection, sealing: Sealing) -> None:
    """Seal what was stored before secrets were."""
    for tenant, text in await (await tx.execute(queries.list_plain)).fetchall():
        if SECRET in (doc := orjson.loads(text)):
            await tx.execute(queries.put, _values(sealing, tenant, doc))


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
        told["lastSuccess"] = said(succeeded_at)
    if failed_at is not None:
        told["lastFailure"] = said(failed_at)
    return told
