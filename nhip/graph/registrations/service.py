"""Registering, changing, finding context sources; all of them in the memory of each process (5.9, 5.10, 5.12)."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import psycopg
from msgspec import structs

from nhip.db.database import Connection, Database
from nhip.errors import NhipError
from nhip.graph.contexts.model import Context
from nhip.graph.document.faults import Fault
from nhip.graph.document.times import said
from nhip.graph.errors import AlreadyExists, ResourceNotFound
from nhip.graph.pieces import aside
from nhip.graph.query.model import Query
from nhip.graph.query.narrowing import clauses
from nhip.graph.registrations import store
from nhip.graph.registrations.conflicts import refuse_conflicts
from nhip.graph.registrations.matching import Index, Match
from nhip.graph.registrations.model import SECRET, Change, Registration, from_doc
from nhip.graph.registrations.reading import check_whole, read_registration
from nhip.graph.registrations.seeing import seen
from nhip.graph.registrations.store import Counts
from nhip.graph.service import Graph
from nhip.graph.subscriptions.sealing import Sealing
from nhip.kernel import ids
from nhip.kernel.time import now
from nhip.security.secrets import Vault
from nhip.settings import Settings

_LOOKED_AFTER_EVERY_S = 1.0
_MUCH = 20_000
"""Registrations times what is asked for."""
log = logging.getLogger(__name__)


class Registrations:
    """The context sources of every tenant. What another process changes is seen here within a second."""

    def __init__(self, graph: Graph, db: Database, settings: Settings) -> None:
        self._graph = graph
        self._db = db
        self._sealing = Sealing(Vault(settings), "graph.registration")
        self._indexes: defaultdict[int, Index] = defaultdict(Index)
        self._change = -1
        self._counts: defaultdict[tuple[int, str], Counts] = defaultdict(Counts)
        self._caretaker: asyncio.Task[None] | None = None
        self.changes: list[Callable[[Change], None]] = []
        """Called after each change that this process made."""

    async def open(self) -> None:
        """Read all registrations and keep up with them from now on."""
        async with self._db.tx() as tx:
            await store.seal_plain(tx, self._sealing)
        await self.refresh()
        self._caretaker = asyncio.create_task(self._look_after())

    async def close(self) -> None:
        """Write the counters and stop."""
        if self._caretaker is not None:
            self._caretaker.cancel()
        await self.write_counts()

    async def create(self, tenant: int, payload: dict[str, Any], context: Context) -> str:
        """Register a source; gives the registration's id. Raises BadRequestData, AlreadyExists, Conflict."""
        doc = read_registration(payload, context)
        doc.setdefault("id", f"urn:ngsi-ld:ContextSourceRegistration:{ids.new_id()}")
        doc["createdAt"] = doc["modifiedAt"] = said(now())
        async with self._db.tx() as tx:
            await store.lock_all(tx)
            await self._refresh(tx)
            await refuse_conflicts(self._graph, tenant, self._indexes[tenant], from_doc(doc))
            if not await store.add(tx, self._sealing, tenant, doc):
                raise AlreadyExists(what=doc["id"])
        self._changed(tenant, None, from_doc(doc))
        return str(doc["id"])

    async def update(self, tenant: int, id: str, payload: dict[str, Any], context: Context) -> None:
        """Change members of a registration. Raises BadRequestData, ResourceNotFound, Conflict."""
        fragment = read_registration({k: v for k, v in payload.items() if k != "id"}, context, fragment=True)
        async with self._db.tx() as tx:
            await store.lock_all(tx)
            await self._refresh(tx)
            old = await store.lock(tx, self._sealing, tenant, id)
            if old is None or seen(from_doc(old)) is None:
                raise ResourceNotFound(what=id)
            if "endpoint" in fragment and clauses():
                old = {name: value for name, value in old.items() if name != SECRET}  # or they would be told it there
            changed = {**old, **fragment, "modifiedAt": said(now())}
            doc = {name: value for name, value in changed.items() if value is not None}
            try:
                check_whole(doc)
            except Fault as fault:
                raise fault.error() from None
            await refuse_conflicts(self._graph, tenant, self._indexes[tenant], from_doc(doc))
            await store.put(tx, self._sealing, tenant, doc)
        self._changed(tenant, from_doc(old), from_doc(doc))

    async def delete(self, tenant: int, id: str) -> None:
        """Forget a registration. Raises ResourceNotFound."""
        async with self._db.tx() as tx:
            await store.lock_all(tx)
            gone = await store.delete(tx, tenant, id)
            if gone is None or seen(from_doc(gone)) is None:
                raise ResourceNotFound(what=id)
        self._changed(tenant, from_doc(gone), None)

    def _changed(self, tenant: int, before: Registration | None, after: Registration | None) -> None:
        if after is not None:
            if (known := self._indexes[tenant].by_id.get(after.id)) is not None:
                after = structs.replace(after, counters=known.counters)
            self._indexes[tenant].put(after)
        elif before is not None:
            self._indexes[tenant].drop(before.id)
        for told in self.changes:
            told(Change(tenant, before, after))

    def get(self, tenant: int, id: str) -> Registration:
        """A registration that has not expired, as far as whoever asks may see it. Raises ResourceNotFound."""
        found = self._indexes[tenant].by_id.get(id)
        if found is None or (found.expires_at and found.expires_at <= said(now())):
            raise ResourceNotFound(what=id)
        shown = seen(found)
        if shown is None:
            raise ResourceNotFound(what=id)
        return shown

    def list_all(self, tenant: int) -> list[Registration]:
        """Every registration of a tenant that has not expired, by identifier, as far as whoever asks may see it."""
        at, held = said(now()), self._indexes[tenant].by_id
        live = [held[id] for id in sorted(held) if not held[id].expires_at or held[id].expires_at > at]
        return [shown for one in live if (shown := seen(one)) is not None]

    def fitting(self, tenant: int, query: Query, attributes: frozenset[str] = frozenset()) -> list[Match]:
        """Live registrations whose sources may hold what the query asks for."""
        if not (index := self._indexes[tenant]).by_id:
            return []
        at = said(now())
        found = index.fitting(query, attributes)
        return [one for one in found if not one.registration.expires_at or one.registration.expires_at > at]

    async def find_fitting(self, tenant: int, query: Query) -> list[Match]:
        """As `fitting`, where a request asks for so much that it would hold up others."""
        asked = sum([len(one.ids or (one,)) for one in query.selectors])
        if asked * len(self._indexes[tenant].by_id) > _MUCH:
            return await aside(self.fitting, tenant, query)
        return self.fitting(tenant, query)

    def any(self, tenant: int) -> bool:
        """Whether the tenant has registrations at all, which few have: asked before each request."""
        return bool(self._indexes[tenant].by_id)

    def used(self, tenant: int, id: str, *, failed: bool) -> None:
        """Count that a source was asked for a registration."""
        counts = self._counts[tenant, id]
        counts.sent += 1
        if failed:
            counts.failed += 1
            counts.failed_at = now()
        else:
            counts.succeeded_at = now()

    async def refresh(self) -> None:
        """Read the registrations anew if another process changed one."""
        async with self._db.read() as tx:
            await self._refresh(tx)

    async def _refresh(self, tx: Connection) -> None:
        change = await store.change(tx)
        if change == self._change:
            return
        indexes: defaultdict[int, Index] = defaultdict(Index)
        await store.wait_all(tx)
        for tenant, registration in await store.list_all(tx, self._sealing):
            indexes[tenant].put(registration)
        self._indexes, self._change = indexes, change

    async def write_counts(self) -> None:
        """Add to the stored counters what was counted since the last time."""
        counts, self._counts = self._counts, defaultdict(Counts)
        if counts:
            try:
                async with self._db.tx() as tx:
                    told = await store.count(tx, counts)
            except BaseException:
                for key, one in counts.items():  # the next time they are written with what came meanwhile
                    self._counts[key] = one.add(self._counts[key])
                raise
            for tenant, id, counters in told:
                if (known := self._indexes[tenant].by_id.get(id)) is not None:
                    self._indexes[tenant].by_id[id] = structs.replace(known, counters=counters)

    async def forget_expired(self) -> None:
        """Delete registrations whose time is over; of several processes one does, and tells of it."""
        if not self._expired():
            return
        gone = []
        async with self._db.tx() as tx:
            await store.lock_all(tx)
            await self._refresh(tx)
            for tenant, id in self._expired():
                if (doc := await store.delete(tx, tenant, id)) is not None:
                    gone.append((tenant, from_doc(doc)))
        for tenant, registration in gone:
            self._changed(tenant, registration, None)

    def _expired(self) -> list[tuple[int, str]]:
        at = said(now())
        return [
            (tenant, one.id)
            for tenant, index in self._indexes.items()
            for one in index.by_id.values()
            if one.expires_at and one.expires_at <= at
        ]

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(_LOOKED_AFTER_EVERY_S)
            try:
                await self.write_counts()
                await self.refresh()
                await self.forget_expired()
            except (NhipError, psycopg.Error):
                log.warning("registrations could not be looked after")
            except Exception:
                log.exception("registrations could not be looked after")
