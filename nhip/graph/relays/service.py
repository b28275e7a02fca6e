"""Keeps copies of subscriptions at context sources, and passes on what they notify us of (5.8.1.4, 5.8.2.4, 5.8.5.4, 5.8.6)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any

import asyncpg

from nhip.errors import NhipError
from nhip.graph.contexts.model import Context
from nhip.graph.contexts.service import Contexts
from nhip.graph.document.expand import expand_entity
from nhip.graph.document.pack import unpack
from nhip.graph.document.render import render
from nhip.graph.errors import BadRequestData, ResourceNotFound
from nhip.graph.model import NULL, Doc
from nhip.graph.query.match import Check
from nhip.graph.query.narrowing import asking
from nhip.graph.query.seeing import seeing
from nhip.graph.registrations import reads
from nhip.graph.registrations.client import Reply
from nhip.graph.registrations.forwarding import Federation, Origin
from nhip.graph.registrations.model import Change, Registration, from_doc
from nhip.graph.registrations.reads import timed
from nhip.graph.relays.planning import Planner, place_of
from nhip.graph.relays.store import Relay
from nhip.graph.service import Graph
from nhip.graph.subscriptions.model import Subscription
from nhip.graph.subscriptions.service import Subscriptions
from nhip.kernel.i18n import _
from nhip.kernel.time import now

RECEIVED_AT = "/ngsi-ld/ex/remote-notify"
"""Where sources notify us; not below /v1, as it belongs to no standard."""
MOST_ENTITIES = 1000
_AT_ONCE = 16
_LOOKED_AFTER_EVERY_S = 60.0
_PAUSES_S = (1.0, 5.0, 30.0, 120.0, 600.0)
_REFUSED_S = 600.0
_LAST_TRY = 8
"""A copy that is to go, and whose source does not answer so often, is left behind: it knows when it expires, or nobody does."""
_REFUSALS = frozenset({400, 401, 403, 405, 422, 501, 508})
_FAILED = (NhipError, asyncpg.PostgresError)
log = logging.getLogger(__name__)


class Relays:
    """The copies of this broker's subscriptions elsewhere. Every process does what is due, each copy one of them."""

    def __init__(
        self, graph: Graph, federation: Federation, subscriptions: Subscriptions, contexts: Contexts, planner: Planner
    ) -> None:
        self._graph, self._federation, self._subscriptions = graph, federation, subscriptions
        self._contexts, self._planner, self._store = contexts, planner, planner.store
        self._changes: deque[Change] = deque()
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Follow the registrations, and do what is due."""
        self._federation.registrations.changes.append(self._heard)
        self._task = asyncio.create_task(self._work(), name="relays")

    async def close(self) -> None:
        """Stop; what was not done is done by others, or later."""
        if self._heard in self._federation.registrations.changes:
            self._federation.registrations.changes.remove(self._heard)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def follow(self, tenant: int, id: str, via: tuple[str, ...] = ()) -> None:
        """A subscription was made (it came by the brokers in `via`), changed, or is gone."""
        try:
            if via:
                await self._store.keep_path(tenant, id, via)
            if await self._planner.plan(tenant, id):
                self._awake.set()
        except _FAILED as error:  # the subscription is stored: what is to be done for it is found on the next round
            log.warning("copies of %s are planned later: %s", id, error)

    def _heard(self, change: Change) -> None:
        self._changes.append(change)
        self._awake.set()

    # telling sources

    async def _work(self) -> None:
        all_at = 0.0
        clock = asyncio.get_running_loop().time
        while True:
            try:
                self._awake.clear()
                while self._changes:
                    await self._planner.plan_for(self._changes.popleft())
                if clock() >= all_at:
                    await self._planner.plan_all()
                    all_at = clock() + _LOOKED_AFTER_EVERY_S
                while some := await self._store.claim(_AT_ONCE):
                    await asyncio.gather(*map(self._tell, some))
                due = await self._store.due_in()
                pause = all_at - clock() if due is None else min(due, all_at - clock())
            except Exception as error:
                if isinstance(error, _FAILED):
                    log.warning("copies of subscriptions could not be looked after: %s", error)
                else:
                    log.exception("copies of subscriptions could not be looked after")
                all_at, pause = 0.0, _PAUSES_S[1]  # what was not planned now is found among all
            try:
                async with asyncio.timeout(max(0.2, pause)):
                    await self._awake.wait()
            except TimeoutError:
                continue

    async def _tell(self, relay: Relay) -> None:
        """Make the source have what is wanted there."""
        try:
            reply = await self._asked(relay)
        except NhipError as error:
            log.info("a copy of %s cannot be told: %s", relay.subscription, error)
            reply = Reply(0)
        if relay.wanted is None and (200 <= reply.status < 300 or reply.status == 404 or relay.tries >= _LAST_TRY):
            await self._store.gone(relay.id)
        elif relay.wanted is not None and 200 <= reply.status < 300:
            await self._store.done(relay.id, relay.wanted)
        else:
            pause = _REFUSED_S if reply.status in _REFUSALS else _PAUSES_S[min(relay.tries, len(_PAUSES_S) - 1)]
            await self._store.failed(relay.id, pause)

    async def _asked(self, relay: Relay) -> Reply:
        place = f"/subscriptions/{relay.id}"
        origin = await self._origin(relay)
        source = self._source(relay)
        if relay.wanted is None:
            return await self._federation.ask(source, origin, "DELETE", place, told_local=False)
        whole = {"id": relay.id, **relay.wanted}
        if relay.told:
            changed: dict[str, Any] = {name: NULL for name in relay.told if name not in relay.wanted}
            changed |= {name: value for name, value in relay.wanted.items() if relay.told.get(name) != value}
            changed.setdefault("type", "Subscription")
            reply = await self._federation.ask(source, origin, "PATCH", place, None, changed, told_local=False)
            if reply.status != 404:
                return reply
        reply = await self._federation.ask(source, origin, "POST", "/subscriptions", None, whole, told_local=False)
        if reply.status == 409:  # an earlier attempt, whose answer was lost
            return await self._federation.ask(source, origin, "PATCH", place, None, relay.wanted, told_local=False)
        return reply

    def _source(self, relay: Relay) -> Registration:
        """The registration as it is now, with what goes along to its source; as it was when it is gone, or leads elsewhere."""
        try:
            live = self._federation.registrations.get(relay.tenant, relay.registration)
        except ResourceNotFound:
            return from_doc(relay.source)
        return live if place_of(live.doc) == place_of(relay.source) else from_doc(relay.source)

    async def _origin(self, relay: Relay) -> Origin:
        try:
            rest = await self._subscriptions.get(relay.tenant, relay.subscription)
            given = rest.doc.get("_q_context", rest.context)
        except ResourceNotFound:
            given = None
        context = await self._contexts.resolve(relay.tenant, given)
        return await self._planner.origin(
            relay.tenant, context, await self._store.path(relay.tenant, relay.subscription)
        )

    # hearing from sources

    async def received(self, told: Any) -> None:
        """A notification from a source: to be passed on under the subscription's own id.

        Raises BadRequestData for what is none, ResourceNotFound for one that nobody here waits for.
        """
        if not isinstance(told, dict) or not isinstance(told.get("subscriptionId"), str):
            raise BadRequestData(what=_("the body is a notification with a subscriptionId"))
        data = told.get("data")
        entities = data.get("features") if isinstance(data, dict) else data
        if not isinstance(entities, list) or len(entities) > MOST_ENTITIES:
            raise BadRequestData(what="data")
        if not all(isinstance(one, dict) and isinstance(one.get("id"), str) for one in entities):
            raise BadRequestData(what="data")
        relay = await self._store.find(told["subscriptionId"])
        if relay is None or relay.wanted is None:
            raise ResourceNotFound(what=told["subscriptionId"][:200])
        one = self._subscriptions.index.get(relay.tenant, relay.subscription)
        if one is None or not one.live(now()):
            return
        with asking(one.asker):
            sees = seeing()
        if sees is not None or one.doc.get("splitEntities"):
            entities = await self._put_together(one, relay, entities, sees)
        if entities:
            await self._subscriptions.relay(one, entities)

    async def _put_together(
        self, one: Subscription, relay: Relay, entities: list[Any], sees: Check | None
    ) -> list[Any]:
        """Entities with their parts from here and from the other sources, of them those that are subscribed (5.8.6) and that who
        answers for it may see. What a copy tells in part `sees` cannot judge: then the source is asked for the whole."""
        context = await self._contexts.resolve(one.tenant, one.context)
        origin = await self._planner.origin(one.tenant, context)
        whole_told, turns = bool(one.doc.get("splitEntities")), asyncio.Semaphore(_AT_ONCE)

        async def judged(told: dict[str, Any]) -> Any:
            part = _read(told, context) if whole_told else None if "deletedAt" in told else {"id": told["id"]}
            if part is None:
                return None
            async with turns:
                doc = await self._whole(part, origin, relay.registration if whole_told else "", sees)
                if doc is None or not await self._subscriptions.wanted(one, doc):
                    return None
            return render(doc, context, one.view)

        return [made for made in await asyncio.gather(*map(judged, entities)) if made is not None]

    async def _whole(self, part: Doc, origin: Origin, told_by: str, sees: Check | None) -> Doc | None:
        """The entity of which `told_by` told a part; a `part` that is but an id is not told by anybody yet."""
        id = part["id"]
        heard = await reads.retrieve(self._federation, origin, id, frozenset(), sys=True, without=told_by)
        stored = await self._graph.get(origin.tenant, id)
        here = [] if stored is None else [unpack(stored.doc, stored.sys)]
        heard.docs = [doc for doc in here if sees is None or sees(doc)] + heard.docs
        return heard.merged([part] if "type" in part else []).get(id)


def _read(told: dict[str, Any], context: Context) -> Doc | None:
    """What a source notified of an entity; None for one that is gone there, or that cannot be read."""
    if "deletedAt" in told:
        return None
    try:
        return timed(expand_entity(told, context), told, context)
    except BadRequestData:
        return None
