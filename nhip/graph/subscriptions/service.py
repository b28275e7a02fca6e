"""Subscriptions of one process: kept in memory, in step with the table and the other processes, told of every commit."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec

from nhip.errors import NhipError
from nhip.graph.api.media import context_link
from nhip.graph.contexts.addresses import local_id
from nhip.graph.contexts.hosting import Hosting
from nhip.graph.contexts.model import Context
from nhip.graph.contexts.service import Contexts
from nhip.graph.document.pack import unpack
from nhip.graph.document.render import render
from nhip.graph.errors import AlreadyExists, BadRequestData, ResourceNotFound
from nhip.graph.links import LOST
from nhip.graph.model import NULL, Doc
from nhip.graph.query.linked import Linked, join
from nhip.graph.query.match import matcher
from nhip.graph.query.matching import linked_steps
from nhip.graph.query.search import search
from nhip.graph.rows import said
from nhip.graph.service import Graph
from nhip.graph.subscriptions import store
from nhip.graph.subscriptions.index import Index
from nhip.graph.subscriptions.model import Counts, Subscription
from nhip.graph.subscriptions.outlet import MOST_TOGETHER, Heard, Message, Outlet
from nhip.graph.subscriptions.reading import Members, check_whole, read, read_fragment
from nhip.graph.subscriptions.telling import headers, notification, told
from nhip.graph.writer import Commit
from nhip.kernel.time import now
from nhip.settings import Settings

log = logging.getLogger(__name__)
_TICK_S = 1.0
_CHECK_EVERY = 30
_MANDATORY = frozenset({"id", "type", "notification", "entities"})


class Subscriptions:
    """`hosting` keeps the @contexts of notifications that have no address of their own."""

    def __init__(self, graph: Graph, contexts: Contexts, settings: Settings, hosting: Hosting) -> None:
        self._graph, self._contexts, self._settings, self._hosting = graph, contexts, settings, hosting
        self.index = Index()
        self._outlets: dict[tuple[int, str], Outlet] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._reloading: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Read all, and begin to listen."""
        await self.reload()
        self._graph.commits.append(self._heard)
        self._graph.wants = self._wants
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._tick())]

    async def close(self) -> None:
        """Stop telling; write the counters."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._heard in self._graph.commits:
            self._graph.commits.remove(self._heard)
        for outlet in self._outlets.values():
            await outlet.close()
        await self.write_counts()

    # what the interface does

    async def create(self, tenant: int, payload: Members, given: Any, context: Context) -> str:
        """A new subscription (5.8.1); its id. Raises BadRequestData, AlreadyExists, LdContextNotAvailable."""
        id = payload.get("id") or f"urn:ngsi-ld:Subscription:{uuid4()}"
        doc = read(payload, context)
        if local_id(doc.get("jsonldContext", "")) is None and "jsonldContext" in doc:
            await self._contexts.resolve(tenant, doc["jsonldContext"])
        if not await store.add(self._graph, tenant, id, doc, given):
            raise AlreadyExists(what=id)
        await self.refresh(tenant, id)
        return id

    async def update(self, tenant: int, id: str, fragment: Members, given: Any, context: Context) -> None:
        """Change members (5.8.2). Raises BadRequestData, ResourceNotFound."""
        rest = await self.get(tenant, id)
        gone = {name for name, value in fragment.items() if value is None or value == NULL}
        if gone & _MANDATORY or not fragment:
            raise BadRequestData(what=", ".join(sorted(gone & _MANDATORY)) or "{}")
        new = read_fragment({name: value for name, value in fragment.items() if name not in gone}, context)
        if "notification" in new and "endpoint" not in new["notification"]:
            raise BadRequestData(what="notification.endpoint")
        doc = {name: value for name, value in {**rest.doc, **new}.items() if name not in gone}
        asked_in = context
        if "q" in new:
            doc["_q_context"] = given
        else:
            asked_in = await self._contexts.resolve(tenant, doc.get("_q_context", rest.context))
        check_whole(doc, asked_in)
        if not await store.change(self._graph, tenant, id, doc, rest.context):
            raise ResourceNotFound(what=id)
        await self.refresh(tenant, id)

    async def get(self, tenant: int, id: str) -> store.Rest:
        """One with its counters as they are now (5.8.3). Raises ResourceNotFound."""
        rest = await store.find(self._graph, tenant, id)
        if rest is None:
            raise ResourceNotFound(what=id)
        return self._with_counts(rest)

    async def page(self, tenant: int, limit: int, offset: int) -> list[store.Rest]:
        """Some of a tenant's (5.8.4)."""
        return [self._with_counts(rest) for rest in await store.page(self._graph, tenant, limit, offset)]

    async def count(self, tenant: int) -> int:
        """How many a tenant has."""
        return await store.count(self._graph, tenant)

    async def delete(self, tenant: int, id: str) -> None:
        """Delete one (5.8.5). Raises ResourceNotFound."""
        if not await store.remove(self._graph, tenant, id):
            raise ResourceNotFound(what=id)
        await self.refresh(tenant, id)

    def _with_counts(self, rest: store.Rest) -> store.Rest:
        outlet = self._outlets.get((rest.tenant, rest.id))
        if outlet is not None:
            rest.counts = rest.counts.add(outlet.counts)
        return rest

    # memory and table

    async def reload(self) -> None:
        """Hold exactly what the table holds."""
        there = set()
        for rest in await store.list_all(self._graph):
            there.add((rest.tenant, rest.id))
            known = self.index.get(rest.tenant, rest.id)
            if known is None or known.rev != rest.rev:
                await self._hold(rest)
        for one in self.index.all():
            if (one.tenant, one.id) not in there:
                await self._forget(one.tenant, one.id)

    async def refresh(self, tenant: int, id: str) -> None:
        """Hold one as the table has it now."""
        rest = await store.find(self._graph, tenant, id)
        if rest is None:
            await self._forget(tenant, id)
        else:
            await self._hold(rest)

    async def _hold(self, rest: store.Rest) -> None:
        try:
            one = await store.understood(rest, self._contexts)
        except NhipError as error:
            log.warning("the subscription %s cannot be understood now: %s", rest.id, error)
            return
        self.index.put(one)
        if outlet := self._outlets.get((one.tenant, one.id)):
            outlet.replace(one)

    async def _forget(self, tenant: int, id: str) -> None:
        self.index.remove(tenant, id)
        if outlet := self._outlets.pop((tenant, id), None):
            await outlet.close()

    async def _follow(self) -> None:
        """Hear of what other processes changed; after a lost connection everything may have changed."""
        while True:
            try:
                connection = await asyncpg.connect(self._graph.url, timeout=5)
                try:
                    lost = asyncio.Event()
                    connection.add_termination_listener(lambda _connection, lost=lost: lost.set())
                    await connection.add_listener("graph_sub", self._noticed)
                    await self.reload()
                    await lost.wait()
                finally:
                    connection.terminate()
            except (*LOST, NhipError):
                log.warning("subscriptions are not heard of from other processes; trying again")
            await asyncio.sleep(_TICK_S)

    def _noticed(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        tenant, _space, id = payload.partition(" ")
        task = asyncio.get_running_loop().create_task(self.refresh(int(tenant), id))
        self._reloading.add(task)
        task.add_done_callback(self._reloading.discard)

    async def _tick(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(_TICK_S)
            turn += 1
            try:
                await self.write_counts()
                if any(one.interval_s for one in self.index.all()):
                    await self._remind()
                if turn % _CHECK_EVERY == 0:
                    await self.check()
            except NhipError as error:
                log.warning("subscriptions could not be looked after: %s", error)

    async def check(self) -> bool:
        """Whether memory holds what the table holds; if not, it does afterwards."""
        count, revisions = (await self._graph.fetch(store.queries.fingerprint))[0]
        held = list(self.index.all())
        if (len(held), sum(one.rev for one in held)) == (count, revisions):
            return True
        log.warning("subscriptions in memory were not those of the table; they are read again")
        await self.reload()
        return False

    async def write_counts(self) -> None:
        """Add what was counted to the table."""
        rows = []
        for (tenant, id), outlet in list(self._outlets.items()):
            counts, outlet.counts = outlet.counts, Counts()
            if counts != Counts():
                rows.append((tenant, id, counts.sent, counts.failed, counts.notified, counts.good, counts.bad))
        if rows:
            await self._graph.fetch(store.queries.add_counts, *map(list, zip(*rows, strict=True)))

    # telling

    def _wants(self, tenant: int, doc: Doc) -> bool:
        return self.index.listens(tenant, doc.get("type", ()))

    def _heard(self, commit: Commit) -> None:
        at = now()
        for outcome in commit.outcomes:
            doc = outcome.after or outcome.before
            if outcome.error is not None or doc is None:
                continue
            for one in self.index.triggered(commit.tenant, doc["type"], outcome):
                if not one.interval_s and (one.matches is None or one.matches(doc)) and one.live(at):
                    self._outlet(one).put(Heard(outcome, doc["modifiedAt"] if outcome.after else said(at)))

    def _outlet(self, one: Subscription) -> Outlet:
        key = one.tenant, one.id
        if key not in self._outlets:
            self._outlets[key] = Outlet(one, self._settings, self._compose)
        return self._outlets[key]

    def outlet_of(self, tenant: int, id: str) -> Outlet:
        """The queue of a subscription that was told of something here. Raises KeyError."""
        return self._outlets[tenant, id]

    async def _remind(self) -> None:
        for tenant, id in await self._graph.fetch(store.queries.claim_due):
            one = self.index.get(tenant, id)
            if one is not None and one.live(now()):
                self._outlet(one).put(Heard(None, said(now())))

    async def _compose(self, one: Subscription, heard: list[Heard]) -> Message | None:
        context = await self._contexts.resolve(one.tenant, one.context)
        docs: list[tuple[Doc, str]] = []
        for each in heard:
            if each.outcome is None:
                docs += [(doc, "") for doc in await self._all_of(one)]
            elif one.matches is not None or await self._matches_linked(one, each):
                docs.append((told(one, each.outcome, each.at), each.at if each.outcome.deleted else ""))
        if not docs:
            return None
        entities = await self._rendered(one, docs, context)
        link = context_link(await self._hosting.implicit(one.tenant, context.echo)).decode()
        tenant = await self._graph.tenant_name(one.tenant)
        return Message(notification(one, entities, context, said(now())), headers(one, tenant, link))

    async def _rendered(self, one: Subscription, docs: list[tuple[Doc, str]], context: Context) -> list[Any]:
        if one.query.join:
            plain = [doc for doc, _gone in docs]
            joined = await join(self._graph, one.tenant, plain, one.query, system=one.view.sys)
            subscribed = {doc["id"] for doc in plain}
            whole = msgspec.structs.replace(one.view, pick=None, omit=frozenset())
            return [render(doc, context, one.view if doc["id"] in subscribed else whole) for doc in joined]
        made = []
        for doc, gone in docs:
            entity = render(doc, context, one.view)
            made.append({**entity, "deletedAt": gone} if gone else entity)
        return made

    async def _matches_linked(self, one: Subscription, heard: Heard) -> bool:
        """Whether an entity is subscribed where that depends on others that it leads to."""
        assert heard.outcome is not None
        doc = heard.outcome.after or heard.outcome.before
        if doc is None or one.query.q is None:
            return False
        linked = Linked(self._graph, one.tenant)
        await linked.follow([doc], linked_steps(one.query.q))
        return matcher(store.selecting(one.query), linked.get)(doc)

    async def _all_of(self, one: Subscription) -> list[Doc]:
        """Everything that is subscribed, for an interval; at most a notification's worth."""
        found = await search(self._graph, one.tenant, store.selecting(one.query, limit=MOST_TOGETHER))
        return [unpack(row.doc, row.sys) for row in found.stored]
