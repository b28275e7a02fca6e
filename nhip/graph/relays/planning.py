"""Which copies of subscriptions are to be at which sources: subscriptions and registrations as they are, against the table."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable

from nhip.errors import DatabaseAway, NhipError
from nhip.graph.contexts.hosting import Hosting
from nhip.graph.contexts.model import Context
from nhip.graph.contexts.service import Contexts
from nhip.graph.errors import LdContextNotAvailable, ResourceNotFound
from nhip.graph.query.model import Query
from nhip.graph.registrations.discovery import source_tests
from nhip.graph.registrations.forwarding import Federation, Origin, alias
from nhip.graph.registrations.matching import Index, Match
from nhip.graph.registrations.model import SECRET, Change, Registration
from nhip.graph.relays.reducing import reduced
from nhip.graph.relays.store import Relay, Store
from nhip.graph.service import Graph
from nhip.graph.subscriptions.model import Subscription
from nhip.graph.subscriptions.service import Subscriptions
from nhip.graph.subscriptions.store import Rest
from nhip.graph.watches.service import Watches
from nhip.kernel import random

OFFERED = "createSubscription"
_ROUND = 100
"""After so many subscriptions other work gets its turn."""
log = logging.getLogger(__name__)


class Planner:
    """`name` is this broker's, `uri` where copies send their notifications."""

    def __init__(
        self,
        graph: Graph,
        federation: Federation,
        subscriptions: Subscriptions,
        watches: Watches,
        hosting: Hosting,
        contexts: Contexts,
        *,
        name: str,
        uri: str,
    ) -> None:
        self.store = Store(graph)
        self.uri = uri
        self._graph, self._federation, self._subscriptions, self._watches = graph, federation, subscriptions, watches
        self._hosting, self._contexts, self._name = hosting, contexts, name

    async def origin(self, tenant: int, context: Context, via: tuple[str, ...] = ()) -> Origin:
        """In whose name sources are asked for a tenant."""
        return Origin(tenant, context, alias(self._name, await self._graph.tenant_name(tenant)), via)

    async def plan(self, tenant: int, id: str) -> bool:
        """Write down what is to become of a subscription's copies; whether there is something to do."""
        one = self._subscriptions.index.get(tenant, id)
        known = await self.store.of_subscription(tenant, id)
        if one is None:
            await self.store.drop_path(tenant, id)
        return await self._settle(tenant, id, one, known)

    async def plan_all(self) -> bool:
        """The same for every subscription of tenants with registrations or copies, and for those that are gone."""
        changed, tenants = False, defaultdict(list)
        for tenant, id in await self.store.orphans():
            changed = await self.plan(tenant, id) or changed
        with_copies = await self.store.tenants()
        for one in self._subscriptions.index.all():
            if one.tenant in with_copies or self._federation.registrations.any(one.tenant):
                tenants[one.tenant].append(one)
        for tenant, some in tenants.items():
            known: defaultdict[str, list[Relay]] = defaultdict(list)
            for relay in await self.store.of_tenant(tenant):
                known[relay.subscription].append(relay)
            for count, one in enumerate(some):
                changed = await self._done(self._settle(tenant, one.id, one, known[one.id]), one.id) or changed
                if count % _ROUND == _ROUND - 1:
                    await asyncio.sleep(0)
        return changed

    async def plan_for(self, change: Change) -> bool:
        """The same for the subscriptions that the change of a registration is about."""
        sides = [one for one in (change.before, change.after) if one is not None]
        ids, about = {one.id for one in sides}, [Index([one]) for one in sides]
        concerned = {one.subscription for one in await self.store.of_tenant(change.tenant) if one.registration in ids}
        for count, one in enumerate(self._subscriptions.index.all()):
            if one.tenant == change.tenant and any(side.fitting(_asked(one), one.watched) for side in about):
                concerned.add(one.id)
            if count % _ROUND == _ROUND - 1:
                await asyncio.sleep(0)
        changed = False
        for id in sorted(concerned):
            changed = await self._done(self.plan(change.tenant, id), id) or changed
        return changed

    async def _done(self, planned: Awaitable[bool], id: str) -> bool:
        """What came of planning for one subscription: what is wrong with it must not stop the others."""
        try:
            return await planned
        except DatabaseAway:
            raise
        except NhipError as error:
            log.info("copies of %s are planned later: %s", id, error)
            return False

    async def _settle(self, tenant: int, id: str, one: Subscription | None, known: list[Relay]) -> bool:
        matches = {} if one is None else self._matching(one)
        live = {relay.registration: relay for relay in known if relay.wanted is not None}
        if (
            one is not None
            and matches.keys() == live.keys()
            and all(_same(relay, one, matches[name].registration) for name, relay in live.items())
        ):
            return False
        if not matches and not live:
            return False
        for name, relay in live.items():
            if name not in matches:
                await self.store.unwant(relay.id)
        if one is not None and matches:
            await self._want(one, matches, known)
        else:
            await self._watches.unfollow(tenant, id)
        return True

    async def _want(self, one: Subscription, matches: dict[str, Match], known: list[Relay]) -> None:
        try:
            rest = await self._subscriptions.get(one.tenant, one.id)
        except ResourceNotFound:
            return
        context = await self._contexts.resolve(one.tenant, rest.doc.get("_q_context", rest.context))
        origin = await self.origin(one.tenant, context, await self.store.path(one.tenant, one.id))
        rows = {relay.registration: relay for relay in known}
        for name, match in matches.items():
            registration = match.registration
            if origin.looped or origin.passed(registration.doc.get("contextSourceAlias", "")):
                continue
            try:
                wanted = await self._copy(rest, match, origin)
            except LdContextNotAvailable as error:
                log.info("the copy of %s for %s is planned later: %s", one.id, name, error)
                continue
            old = rows.get(name)
            if old is not None and place_of(old.source) != place_of(registration.doc):
                await self.store.detach(old.id)
            id = f"urn:ngsi-ld:Subscription:distsub:{random.token(20)}"  # one that is there already keeps its own
            await self.store.want(Relay(id, one.tenant, one.id, name, one.rev, bare(registration), wanted, {}, 0))
        await self._watches.follow(one.tenant, one.id, rest.doc, rest.context, self.uri)

    async def _copy(self, rest: Rest, match: Match, origin: Origin) -> dict[str, object]:
        context = await self._federation.context_of(match.registration, origin)
        made = reduced(rest.doc, match, context, self.uri)
        shown = await self._contexts.resolve(rest.tenant, rest.doc.get("jsonldContext", rest.context))
        if shown.key != context.key:
            made["jsonldContext"] = await self._hosting.implicit(rest.tenant, shown.echo)
        return made

    def _matching(self, one: Subscription) -> dict[str, Match]:
        """The sources that may hold what is subscribed, by registration."""
        if one.doc.get("localOnly"):
            return {}
        found = self._federation.registrations.fitting(one.tenant, _asked(one), one.watched)
        tests = source_tests(one.query, None) if found else []
        return {
            match.registration.id: match
            for match in found
            if OFFERED in match.registration.operations and all(test(match.registration) for test in tests)
        }


def _asked(one: Subscription) -> Query:
    return Query(selectors=one.query.selectors, datasets=one.query.datasets)


def bare(registration: Registration) -> dict[str, object]:
    """What is kept of a registration beside a copy: not what it tells its source in confidence."""
    return {name: value for name, value in registration.doc.items() if name != SECRET}


def _same(relay: Relay, one: Subscription, registration: Registration) -> bool:
    return relay.rev == one.rev and relay.source == bare(registration)


def place_of(source: dict[str, object]) -> tuple[object, object]:
    """Where a registration leads."""
    return source.get("endpoint"), source.get("tenant")
