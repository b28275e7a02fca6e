"""Copies of subscriptions in the database."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from nhip.db.sql import load
from nhip.graph.service import Graph

queries = load(__file__)


class Relay(msgspec.Struct, frozen=True):
    """A copy of a subscription at a source: `wanted` as it is to be there, `told` as it is (empty: perhaps nothing)."""

    id: str
    tenant: int
    subscription: str
    registration: str
    rev: int
    source: dict[str, Any]
    wanted: dict[str, Any] | None
    told: dict[str, Any]
    tries: int


class Store:
    """The tables, over the connections of `graph`."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def of_subscription(self, tenant: int, id: str) -> list[Relay]:
        """The copies of one subscription."""
        return _relays(await self._graph.fetch(queries.of_subscription, tenant, id))

    async def of_tenant(self, tenant: int) -> list[Relay]:
        """The copies of all subscriptions of a tenant."""
        return _relays(await self._graph.fetch(queries.of_tenant, tenant))

    async def orphans(self) -> list[tuple[int, str]]:
        """Subscriptions that are gone and of which something is left, with their tenants."""
        return [(row[0], row[1]) for row in await self._graph.fetch(queries.list_orphans)]

    async def tenants(self) -> set[int]:
        """Tenants that want copies."""
        return {row[0] for row in await self._graph.fetch(queries.list_tenants)}

    async def find(self, id: str) -> Relay | None:
        """The copy with this id."""
        return next(iter(_relays(await self._graph.fetch(queries.find, id))), None)

    async def want(self, relay: Relay) -> None:
        """Have a copy made or changed."""
        source, wanted = orjson.dumps(relay.source).decode(), orjson.dumps(relay.wanted).decode()
        key = relay.id, relay.tenant, relay.subscription, relay.registration, relay.rev
        await self._graph.fetch(queries.want, *key, source, wanted)

    async def unwant(self, id: str) -> None:
        """Have a copy deleted."""
        await self._graph.fetch(queries.unwant, id)

    async def detach(self, id: str) -> None:
        """Have a copy deleted where it is, as its registration leads elsewhere now."""
        await self._graph.fetch(queries.detach, id)

    async def claim(self, most: int) -> list[Relay]:
        """Up to `most` copies of which something is to be done now, given to no other process for a while."""
        return _relays(await self._graph.fetch(queries.claim, most))

    async def done(self, id: str, told: dict[str, Any]) -> None:
        """The source has the copy so."""
        await self._graph.fetch(queries.done, id, orjson.dumps(told).decode())

    async def gone(self, id: str) -> None:
        """The source has it no longer."""
        await self._graph.fetch(queries.gone, id)

    async def failed(self, id: str, again_s: float) -> None:
        """Try again in so many seconds."""
        await self._graph.fetch(queries.failed, id, again_s)

    async def due_in(self) -> float | None:
        """Seconds until something is to be done, None when there is nothing."""
        found: float | None = (await self._graph.fetch(queries.due))[0][0]
        return found

    async def keep_path(self, tenant: int, id: str, via: tuple[str, ...]) -> None:
        """Remember by which brokers a subscription came."""
        await self._graph.fetch(queries.keep_path, tenant, id, list(via))

    async def drop_path(self, tenant: int, id: str) -> None:
        """Forget that."""
        await self._graph.fetch(queries.drop_path, tenant, id)

    async def path(self, tenant: int, id: str) -> tuple[str, ...]:
        """By which brokers a subscription came: entries of Via."""
        rows = await self._graph.fetch(queries.path, tenant, id)
        return tuple(rows[0][0]) if rows else ()


def _relays(rows: Any) -> list[Relay]:
    return [_relay(*row) for row in rows]


def _relay(
    id: str,
    tenant: int,
    subscription: str,
    registration: str,
    rev: int,
    source: str,
    wanted: str | None,
    told: str | None,
    tries: int,
) -> Relay:
    wished = None if wanted is None else orjson.loads(wanted)
    return Relay(
        id, tenant, subscription, registration, rev, orjson.loads(source), wished, orjson.loads(told or "{}"), tries
    )
