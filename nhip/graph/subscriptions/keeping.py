"""What every kind of subscription needs: held in memory, in step with its table and the other processes, told and counted."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Generic, Protocol
from uuid import UUID, uuid4

import asyncpg

from nhip.db.silence import notice_silence
from nhip.errors import NhipError
from nhip.graph.contexts.addresses import context_link, local_id
from nhip.graph.contexts.hosting import Hosting
from nhip.graph.contexts.model import Context
from nhip.graph.contexts.service import Contexts
from nhip.graph.errors import AlreadyExists, BadRequestData, ResourceNotFound
from nhip.graph.links import LOST
from nhip.graph.model import NULL
from nhip.graph.query.narrowing import asker
from nhip.graph.service import Graph
from nhip.graph.subscriptions.measures import MENDED, WAITING
from nhip.graph.subscriptions.model import Counts, Message
from nhip.graph.subscriptions.outlet import One, Outlet, Thing, share_room
from nhip.graph.subscriptions.reading import Members, check_whole, read, read_fragment
from nhip.graph.subscriptions.receivers import Receivers
from nhip.graph.subscriptions.store import Rest, Rows, fingerprint
from nhip.graph.subscriptions.telling import headers
from nhip.graph.subscriptions.wanted import refuse
from nhip.kernel.time import now
from nhip.settings import Settings

log = logging.getLogger(__name__)
_TICK_S = 1.0
_CHECK_EVERY = 30
_LAST_WORK_S = 1.0
"""So long what is being told at the end may take."""
_INDIFFERENT = frozenset(
    {"@context", "id", "type", "subscriptionName", "description", "isActive", "expiresAt", "throttling", "timeInterval"}
)
"""Members that say neither what is told nor to whom: who changes nothing else does not answer for the rest."""
_MANDATORY = frozenset({"id", "type", "notification", "entities"})


class Index(Protocol[One]):
    """Those in memory."""

    def put(self, one: One) -> None:
        """Take it in, in place of what had its id."""

    def remove(self, tenant: int, id: str) -> None:
        """Forget it, if it is there."""

    def get(self, tenant: int, id: str) -> One | None:
        """The one with this id."""

    def all(self) -> Iterator[One]:
        """Every one."""


class Kept(ABC, Generic[One, Thing]):
    """Subscriptions of one kind, told of things of one kind. `rows` holds them, `channel` is where the other processes tell of
    changes, `hosting` keeps the @contexts of notifications that have no address of their own."""

    def __init__(
        self,
        graph: Graph,
        contexts: Contexts,
        settings: Settings,
        hosting: Hosting,
        *,
        index: Index[One],
        rows: Rows,
        channel: str,
    ) -> None:
        self._graph, self._contexts, self._settings, self._hosting = graph, contexts, settings, hosting
        self.index, self._rows, self._channel = index, rows, channel
        self._receivers = Receivers(settings)
        self._outlets: dict[tuple[int, str], Outlet[One, Thing]] = {}
        self._puzzling: dict[tuple[int, str], int] = {}
        """Revisions that could not be understood; tried again at each check."""
        self._tasks: list[asyncio.Task[None]] = []
        self._reloading: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Read all, and begin to listen."""
        await self._rows.seal_plain()
        await self.reload()
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._tick())]

    async def close(self) -> None:
        """Stop telling; write the counters."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if last := [outlet.last_work for outlet in self._outlets.values() if outlet.last_work]:
            await asyncio.wait(last, timeout=_LAST_WORK_S)
        for outlet in self._outlets.values():
            await outlet.close()
        self._receivers.close()
        await self.write_counts()

    # what the interface does

    async def create(self, tenant: int, payload: Members, given: Any, context: Context) -> str:
        """A new subscription (5.8.1); its id. Raises BadRequestData, AlreadyExists, LdContextNotAvailable."""
        id = payload.get("id") or f"urn:ngsi-ld:Subscription:{uuid4()}"
        doc = read(payload, context)
        self._check(doc)
        _answer_for(doc)
        if local_id(doc.get("jsonldContext", "")) is None and "jsonldContext" in doc:
            await self._contexts.resolve(tenant, doc["jsonldContext"])
        if not await self._rows.add(tenant, id, doc, given):
            raise AlreadyExists(what=id)
        await self.refresh(tenant, id)
        return id

    async def update(self, tenant: int, id: str, fragment: Members, given: Any, context: Context) -> None:
        """Change members (5.8.2). Raises BadRequestData, ResourceNotFound, SecretUnreadable."""
        while True:  # until nobody else changed it meanwhile, whose change would be lost
            rest = await self.get(tenant, id)
            doc = await self._changed(rest, fragment, given, context)
            if await self._rows.change(tenant, id, doc, rest.context, rest.rev):
                break
        await self.refresh(tenant, id)

    async def _changed(self, rest: Rest, fragment: Members, given: Any, context: Context) -> Members:
        gone = {name for name, value in fragment.items() if value is None or value == NULL}
        if gone & _MANDATORY or not fragment:
            raise BadRequestData(what=", ".join(sorted(gone & _MANDATORY)) or "{}")
        new = read_fragment({name: value for name, value in fragment.items() if name not in gone}, context)
        if "notification" in new and "endpoint" not in new["notification"]:
            refuse("notification.endpoint")
        if rest.unreadable is not None and "notification" not in new:
            raise rest.unreadable  # stored as it is shown now it would lose its secrets for ever
        doc = {name: value for name, value in {**rest.doc, **new}.items() if name not in gone}
        asked_in = context
        if "q" in new:
            doc["_q_context"] = given
        else:
            asked_in = await self._contexts.resolve(rest.tenant, doc.get("_q_context", rest.context))
        check_whole(doc, asked_in)
        self._check(doc)
        if not _INDIFFERENT.issuperset(fragment):
            _answer_for(doc)
        return doc

    async def get(self, tenant: int, id: str) -> Rest:
        """One with its counters as they are now (5.8.3). Raises ResourceNotFound."""
        rest = await self._rows.find(tenant, id)
        if rest is None:
            raise ResourceNotFound(what=id)
        return self._with_counts(rest)

    async def page(self, tenant: int, limit: int, offset: int) -> list[Rest]:
        """Some of a tenant's (5.8.4)."""
        return [self._with_counts(rest) for rest in await self._rows.page(tenant, limit, offset)]

    async def count(self, tenant: int) -> int:
        """How many a tenant has."""
        return await self._rows.count(tenant)

    async def delete(self, tenant: int, id: str) -> None:
        """Delete one (5.8.5). Raises ResourceNotFound."""
        if not await self._rows.remove(tenant, id):
            raise ResourceNotFound(what=id)
        await self.refresh(tenant, id)

    def _with_counts(self, rest: Rest) -> Rest:
        outlet = self._outlets.get((rest.tenant, rest.id))
        if outlet is not None:
            rest.counts = rest.counts.add(outlet.counts)
        return rest

    # memory and table

    async def reload(self) -> None:
        """Hold exactly what the table holds."""
        there = set()
        for rest in await self._rows.list_all():
            there.add((rest.tenant, rest.id))
            known = self.index.get(rest.tenant, rest.id)
            if known is None or known.rev != rest.rev:
                await self._hold(rest)
        for one in self.index.all():
            if (one.tenant, one.id) not in there:
                await self.refresh(one.tenant, one.id)
        for key in self._puzzling.keys() - there:
            del self._puzzling[key]

    async def refresh(self, tenant: int, id: str) -> None:
        """Hold one as the table has it now."""
        rest = await self._rows.find(tenant, id)
        if rest is None:
            await self._forget(tenant, id)
        else:
            await self._hold(rest)

    async def _hold(self, rest: Rest) -> None:
        key = rest.tenant, rest.id
        try:
            one = await self._understood(rest)
        except NhipError as error:
            if self._puzzling.get(key) != rest.rev:
                log.warning("the subscription %s cannot be understood now: %s", rest.id, type(error).__name__)
            self._puzzling[key] = rest.rev
            self.index.remove(*key)
            return
        self._puzzling.pop(key, None)
        known = self.index.get(*key)
        if known is not None and known.rev > one.rev:
            return  # while this one was being understood, a later one was
        if known is not None and known.made != one.made:
            await self._forget(*key)  # what waits was heard by another one that had this id
        self.index.put(one)
        if outlet := self._outlets.get(key):
            outlet.replace(one)

    async def _forget(self, tenant: int, id: str) -> None:
        self._puzzling.pop((tenant, id), None)
        self.index.remove(tenant, id)
        if outlet := self._outlets.pop((tenant, id), None):
            await outlet.close()

    async def _follow(self) -> None:
        """Hear of what other processes changed; after a lost connection everything may have changed."""
        while True:
            try:
                connection = await asyncpg.connect(self._graph.url, timeout=5)
                notice_silence(connection)
                try:
                    lost = asyncio.Event()
                    connection.add_termination_listener(lambda _connection, lost=lost: lost.set())
                    await connection.add_listener(self._channel, self._noticed)
                    await self.reload()
                    await lost.wait()
                finally:
                    connection.terminate()
            except Exception as error:
                log.warning(
                    "subscriptions are not heard of from other processes (%s); trying again", type(error).__name__
                )
            await asyncio.sleep(_TICK_S)

    def _noticed(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        tenant, _space, id = payload.partition(" ")
        task = asyncio.get_running_loop().create_task(self._refresh_noticed(int(tenant), id))
        self._reloading.add(task)
        task.add_done_callback(self._reloading.discard)

    async def _refresh_noticed(self, tenant: int, id: str) -> None:
        try:
            await self.refresh(tenant, id)
        except (*LOST, NhipError):
            log.warning("a change of the subscription %s could not be read; the next check does it", id)

    async def _tick(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(_TICK_S)
            turn += 1
            try:
                share_room(self._outlets.values())
                await self.write_counts()
                if any(one.interval_s for one in self.index.all()):
                    await self._remind()
                if turn % _CHECK_EVERY == 0:
                    await self.check()
            except Exception as error:
                log.warning("subscriptions could not be looked after (%s); trying again", type(error).__name__)

    async def check(self) -> bool:
        """Whether memory holds what the table holds; if not, it does afterwards, as far as it can be understood."""
        stored = await self._rows.fingerprint()
        held = {(one.tenant, one.id): one.rev for one in self.index.all()}
        if fingerprint({**held, **self._puzzling}.values()) == stored and not self._puzzling:
            return True
        if not self._puzzling:
            log.warning("subscriptions in memory were not those of the table; they are read again")
            MENDED.add()
        await self.reload()
        return False

    async def write_counts(self) -> None:
        """Add what was counted to the table."""
        counted = {}
        for key, outlet in list(self._outlets.items()):
            counts, outlet.counts = outlet.counts, Counts()
            if counts != Counts():
                counted[key] = counts
        try:
            if counted:
                await self._rows.add_counts(counted)
        except BaseException:
            for key, counts in counted.items():
                if key in self._outlets:
                    self._outlets[key].counts = self._outlets[key].counts.add(counts)
            raise
        self._receivers.measure()
        WAITING.set(sum(outlet.waiting for outlet in self._outlets.values()), kind=self._channel)

    # telling

    def _outlet(self, one: One) -> Outlet[One, Thing]:
        key = one.tenant, one.id
        if key not in self._outlets:
            self._outlets[key] = Outlet(one, self._receivers, self._compose, self._together, self._rows.turn)
        return self._outlets[key]

    def outlet_of(self, tenant: int, id: str) -> Outlet[One, Thing]:
        """The queue of a subscription that was told of something here. Raises KeyError."""
        return self._outlets[tenant, id]

    async def _remind(self) -> None:
        for tenant, id in await self._rows.claim_due():
            one = self.index.get(tenant, id)
            if one is not None and one.live(now()):
                self._due(one)

    async def _about(self, one: One, context: Context) -> list[tuple[str, str]]:
        """The headers of a notification in this @context."""
        link = context_link(await self._hosting.implicit(one.tenant, context.echo)).decode()
        return headers(one, await self._graph.tenant_name(one.tenant), link)

    # what the kinds do in their own ways

    def _check(self, doc: Members) -> None:
        """What this kind allows besides. Raises BadRequestData."""

    @abstractmethod
    async def _understood(self, rest: Rest) -> One:
        """The form in memory."""

    @abstractmethod
    def _due(self, one: One) -> None:
        """Its interval has passed."""

    @abstractmethod
    def _together(self, first: Thing, other: Thing) -> bool:
        """Whether one notification can tell both."""

    @abstractmethod
    async def _compose(self, one: One, heard: list[Thing], id: UUID) -> Message | None:
        """The notification `id` of what was heard; None when nothing of it is subscribed after all."""


def _answer_for(doc: Members) -> None:
    """Who asks now answers for what a subscription asks for, and where that goes: it is matched in this name from now on."""
    who = asker()
    if who is None:
        return  # the house itself changes it for whoever made it
    doc.pop("_asker", None)
    if who.who:
        doc["_asker"] = who.who
