"""The mirrors of a process: who is read-only, what peers tell, and looking after those that no other process looks after."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from typing import Any

import asyncpg
import psycopg

from nhip.db.database import Database
from nhip.db.silence import notice_silence
from nhip.errors import NhipError
from nhip.graph.contexts.model import Context
from nhip.graph.contexts.service import Contexts
from nhip.graph.errors import Busy
from nhip.graph.links import LOST
from nhip.graph.mirrors import store
from nhip.graph.mirrors.errors import MirrorMissing, ReadOnlyMirror
from nhip.graph.mirrors.model import Mirror, Provenance
from nhip.graph.mirrors.peer import Peer
from nhip.graph.mirrors.reading import Heard, read_notification, terms_of
from nhip.graph.mirrors.store import queries
from nhip.graph.mirrors.taking import Taker
from nhip.graph.mirrors.tending import TURN_S, Rhythm, Tender
from nhip.graph.query.narrowing import Asker, asker, asking
from nhip.graph.query.seeing import get_seen
from nhip.graph.registrations.client import Client
from nhip.graph.service import Graph
from nhip.security.resealing import SealedColumn
from nhip.security.secrets import Vault
from nhip.settings import Settings

log = logging.getLogger(__name__)
MOST_WAITING = 64
"""So many notifications of one peer wait at most; the peer is told to come again then."""
MOST_TOGETHER = 2000
"""So many entities are taken at once, of one notification or several."""
_OWN = frozenset({"entities", "entityOperations", "temporal", "csourceRegistrations"})
"""Where writing changes what a tenant holds, or who holds it."""
SEALED = [
    SealedColumn(
        name="graph.mirror.secret",
        listing=queries.list_sealed,
        reseal=queries.reseal,
        aad=lambda key: f"graph.mirror:{key}",
    )
]
Waiting = tuple[Heard, "asyncio.Future[None]"]


class Mirrors:
    """`address`: where peers reach this node. What another process adds is seen within a second."""

    def __init__(
        self,
        graph: Graph,
        db: Database,
        contexts: Contexts,
        settings: Settings,
        address: str,
        rhythm: Rhythm | None = None,
    ) -> None:
        self._graph, self._db, self._contexts, self._settings = graph, db, contexts, settings
        self._address = address.rstrip("/")
        self._rhythm = rhythm or Rhythm(settings.graph_mirror_check_s, settings.graph_mirror_compare_s)
        self._taker = Taker(graph, db)
        self._client = Client(settings)
        self._by_id: dict[int, Mirror] = {}
        self._by_tenant: dict[int, Mirror] = {}
        self._waiting: dict[int, list[Waiting]] = {}
        self._taking: dict[int, asyncio.Task[None]] = {}
        self._tenders: dict[int, tuple[Tender, asyncio.Task[None]]] = {}
        self._claims: asyncpg.Connection[Any] | None = None
        self._caretaker: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read all, and begin to look after them."""
        await self.refresh()
        self._caretaker = asyncio.create_task(self._look_after(), name="graph mirrors")

    async def close(self) -> None:
        """Take what peers told already, then stop."""
        if self._caretaker is not None:
            self._caretaker.cancel()
            await asyncio.gather(self._caretaker, return_exceptions=True)
        await self._drop_claims()
        await asyncio.gather(*self._taking.values(), return_exceptions=True)
        self._client.close()

    # what the interface asks

    def refuse(self, tenant: int, place: str) -> None:
        """Raises ReadOnlyMirror for a change at `place` (the first part of the path) in a tenant that is a mirror."""
        mirror = self._by_tenant.get(tenant)
        if mirror is not None and place in _OWN:
            raise ReadOnlyMirror(tenant=mirror.tenant_name, peer=mirror.peer)

    def list_all(self) -> list[Mirror]:
        """All, by name."""
        return sorted(self._by_id.values(), key=lambda one: one.name)

    async def provenance(self, name: str, ids: list[str]) -> list[Provenance]:
        """Where those entities of a mirror come from that who asks may see. Raises MirrorMissing."""
        mirror = next((one for one in self._by_id.values() if one.name == name), None)
        if mirror is None:
            raise MirrorMissing(what=name)
        if (who := asker()) is not None:
            with asking(Asker(mirror.tenant, who.who)):
                ids = [one.id for one in await get_seen(self._graph, mirror.tenant, ids)]
        async with self._db.read() as tx:
            return await store.provenance(tx, mirror.id, ids)

    async def admitted(self, id: str, token: str) -> Mirror:
        """The mirror that a notification with this token is for. Raises MirrorMissing for any other."""
        number = int(id) if id.isascii() and id.isdigit() and len(id) < 10 else 0
        async with self._db.read() as tx:  # the subscription may be younger than what this process has seen
            mirror = await store.find_mirror(tx, number)
        digest = hashlib.sha256(token.encode()).digest()
        if mirror is None or not mirror.token or not hmac.compare_digest(mirror.token, digest):
            raise MirrorMissing(what=id[:40])
        return mirror

    async def notify(self, mirror: Mirror, body: bytes) -> None:
        """Take a notification; durable when this returns. Raises BadRequestData, Busy, DatabaseAway."""
        heard = read_notification(body, mirror.subscription, terms_of(mirror, await self._context(mirror)))
        queue = self._waiting.setdefault(mirror.id, [])
        if len(queue) >= MOST_WAITING:
            raise Busy(seconds=1)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append((heard, done))
        task = self._taking.get(mirror.id)
        if task is None or task.done():
            self._taking[mirror.id] = asyncio.create_task(self._take(mirror))
        await done

    async def _take(self, mirror: Mirror) -> None:
        """Take together whatever notifications of a mirror wait, until none does."""
        queue = self._waiting[mirror.id]
        while queue:
            some, size = [queue.pop(0)], 0
            while queue and (size := size + len(some[-1][0].seen)) + len(queue[0][0].seen) <= MOST_TOGETHER:
                some.append(queue.pop(0))
            seen = [one for heard, _done in some for one in heard.seen]
            refused = sum(heard.refused for heard, _done in some)
            try:
                taken = await self._taker.take(mirror, seen, notifications=len(some), refused=refused)
            except Exception as error:
                for _heard, done in some:
                    if not done.done():
                        done.set_exception(error)
                continue
            for _heard, done in some:
                if not done.done():
                    done.set_result(None)
            if taken.doubtful and mirror.id in self._tenders:
                self._tenders[mirror.id][0].wake.set()

    # memory and table

    async def refresh(self) -> None:
        """Hold what the table holds."""
        async with self._db.read() as tx:
            found = await store.list_mirrors(tx)
        self._by_id = {one.id: one for one in found}
        self._by_tenant = {one.tenant: one for one in found}

    async def _look_after(self) -> None:
        while True:
            try:
                await self.refresh()
                await self._claim()
            except (NhipError, psycopg.Error, *LOST) as error:
                log.warning("mirrors could not be looked after: %s", error)
                await self._drop_claims()
            except Exception:
                log.exception("mirrors could not be looked after")
                await self._drop_claims()
            await asyncio.sleep(TURN_S)

    async def _claim(self) -> None:
        """Look after those that nobody looks after; a claim ends with the connection, so with the process."""
        if not self._by_id and not self._tenders:
            return
        if self._claims is not None and self._claims.is_closed():
            await self._drop_claims()
        if self._claims is None:
            self._claims = await asyncpg.connect(self._graph.url, timeout=5)
            notice_silence(self._claims)
        for id in [id for id in self._tenders if id not in self._by_id]:
            await self._stop(id)
        for id, mirror in self._by_id.items():
            if id not in self._tenders and await self._claims.fetchval(queries.claim, id):
                tender = Tender(
                    mirror,
                    self._db,
                    self._taker,
                    address=self._address,
                    rhythm=self._rhythm,
                    peer_of=self._peer,
                    context_of=self._context,
                )
                self._tenders[id] = tender, asyncio.create_task(tender.run(), name=f"mirror {mirror.name}")

    async def _stop(self, id: int) -> None:
        tender, task = self._tenders.pop(id)
        tender.ended = True
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _drop_claims(self) -> None:
        for id in list(self._tenders):
            await self._stop(id)
        if self._claims is not None:
            self._claims.terminate()
            self._claims = None

    async def _peer(self, mirror: Mirror) -> Peer:
        return Peer(self._client, mirror, await secret_headers(self._db, self._settings, mirror.id))

    async def _context(self, mirror: Mirror) -> Context:
        return await self._contexts.resolve(mirror.tenant, mirror.context or None)


async def secret_headers(db: Database, settings: Settings, mirror: int) -> dict[str, str]:
    """The headers that let us in at a mirror's peer. Raises SecretUnreadable."""
    async with db.read() as tx:
        row = await (await tx.execute(queries.find_secret, {"id": mirror})).fetchone()
    if row is None or row[0] is None:
        return {}
    secret = Vault(settings).open_(row[0], aad=f"graph.mirror:{mirror}")
    return {name: secret.value(name) for name in secret.names()}
