"""Subscriptions in the database, and from there to memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

import msgspec
import orjson

from nhip.db.sql import Queries, load
from nhip.graph.contexts.service import Contexts
from nhip.graph.document.older import version
from nhip.graph.document.render import NO_ATTRIBUTES
from nhip.graph.model import Doc, View
from nhip.graph.query.match import matcher
from nhip.graph.query.matching import linked_steps
from nhip.graph.query.model import And, Name, Node, Or, Query, Term, Value
from nhip.graph.query.narrowing import Asker, asking
from nhip.graph.query.projection import given_members
from nhip.graph.rows import instant
from nhip.graph.service import Graph
from nhip.graph.subscriptions.model import DEFAULT_TRIGGERS, Counts, Endpoint, Limit, Subscription
from nhip.graph.subscriptions.reading import Members, is_certain, query_of
from nhip.graph.subscriptions.sealing import Sealing, with_secrets, without_secrets
from nhip.kernel.time import now
from nhip.security.secrets import SecretUnreadable

QUERIES = load(__file__)
Fingerprint = tuple[int, int, int]


class Rest:
    """A row; `unreadable` says why the secrets of its endpoint are missing, where the key to them is not here."""

    def __init__(self, row: Any, sealing: Sealing) -> None:
        self.tenant, self.id, doc, context, self.rev, self.created, self.modified, sealed, *counts = row
        self.doc: Members = orjson.loads(doc)
        self.context = orjson.loads(context) if context else None
        self.counts = Counts(*counts)
        self.unreadable: SecretUnreadable | None = None
        try:
            self.doc = with_secrets(self.doc, sealing.open_(self.tenant, self.id, sealed))
        except SecretUnreadable as error:
            self.unreadable = error


class Rows:
    """Those of one table: `queries` are named as in store.sql here."""

    def __init__(self, graph: Graph, queries: Queries, sealing: Sealing) -> None:
        self._graph, self._queries, self._sealing = graph, queries, sealing

    async def add(self, tenant: int, id: str, doc: Members, context: Any) -> bool:
        """Store a new one; False when there is one with this id."""
        return bool(await self._graph.fetch(self._queries.insert, *self._stored(tenant, id, doc, context)))

    async def change(self, tenant: int, id: str, doc: Members, context: Any, rev: int | None = None) -> bool:
        """Store it anew; False when it is gone, or has another revision than `rev`."""
        return bool(await self._graph.fetch(self._queries.update, *self._stored(tenant, id, doc, context), rev))

    def _stored(self, tenant: int, id: str, doc: Members, context: Any) -> tuple[Any, ...]:
        bare, secrets = without_secrets(doc)
        running = "timeInterval" in doc and doc.get("isActive", True)
        due = now() + timedelta(seconds=doc["timeInterval"]) if running else None
        sealed = self._sealing.seal(tenant, id, secrets)
        texts = orjson.dumps(bare).decode(), orjson.dumps(context).decode()
        return tenant, id, *texts, due, sealed, is_certain(doc)

    async def seal_plain(self) -> None:
        """Seal what was stored before secrets were."""
        for tenant, id, doc in await self._graph.fetch(self._queries.list_plain):
            bare, secrets = without_secrets(orjson.loads(doc))
            sealed = self._sealing.seal(tenant, id, secrets)
            await self._graph.fetch(self._queries.seal, tenant, id, orjson.dumps(bare).decode(), sealed)

    async def remove(self, tenant: int, id: str) -> bool:
        """Delete it; False when there is none."""
        return bool(await self._graph.fetch(self._queries.delete, tenant, id))

    async def find(self, tenant: int, id: str) -> Rest | None:
        """One as it is stored."""
        rows = await self._graph.fetch(self._queries.find, tenant, id)
        return Rest(rows[0], self._sealing) if rows else None

    async def list_all(self) -> list[Rest]:
        """All of all tenants."""
        return [Rest(row, self._sealing) for row in await self._graph.fetch(self._queries.list_all)]

    async def page(self, tenant: int, limit: int, offset: int) -> list[Rest]:
        """Some of a tenant's, in the order of their making."""
        rows = await self._graph.fetch(self._queries.page, tenant, limit, offset)
        return [Rest(row, self._sealing) for row in rows]

    async def count(self, tenant: int) -> int:
        """How many a tenant has."""
        return int((await self._graph.fetch(self._queries.count, tenant))[0][0])

    async def fingerprint(self) -> Fingerprint:
        """What tells whether memory holds the same: how many, the sums of their revisions and of the squares."""
        count, revisions, squares = (await self._graph.fetch(self._queries.fingerprint))[0]
        return count, int(revisions), int(squares)

    async def add_counts(self, counted: Mapping[tuple[int, str], Counts]) -> None:
        """Add what happened since counters were written last, by tenant and id."""
        rows = [
            (tenant, id, one.sent, one.failed, one.notified, one.good, one.bad) for (tenant, id), one in counted.items()
        ]
        await self._graph.fetch(self._queries.add_counts, *map(list, zip(*rows, strict=True)))

    async def turn(self, tenant: int, id: str, throttling_s: float) -> float:
        """Take the turn to tell a throttled one: 0, or the seconds until there is one. Of all processes one has it."""
        rows = await self._graph.fetch(self._queries.turn, tenant, id, throttling_s)
        return float(rows[0][0]) if rows else 0.0

    async def claim_due(self) -> list[tuple[int, str]]:
        """Those whose interval has passed, each given to one process only."""
        return [(tenant, id) for tenant, id in await self._graph.fetch(self._queries.claim_due)]


class RowsWithLetters(Rows):
    """Of those that may have letters, which go with them: one that gets the same id is not to be told the old one's."""

    async def remove(self, tenant: int, id: str) -> bool:
        """Delete it; False when there is none."""
        return bool(await self._graph.fetch(self._queries.delete_with_letters, tenant, id))


def fingerprint(revisions: Iterable[int]) -> Fingerprint:
    """That of rows with these revisions."""
    held = list(revisions)
    return len(held), sum(held), sum(rev * rev for rev in held)


async def understood(rest: Rest, contexts: Contexts) -> Subscription:
    """The form in memory. Raises what the @context or the query is refused with, or SecretUnreadable."""
    if rest.unreadable is not None:
        raise rest.unreadable
    asked_in = await contexts.resolve(rest.tenant, rest.doc.get("_q_context", rest.context))
    asker = Asker(rest.tenant, rest.doc.get("_asker", ""))
    with asking(asker):
        query = query_of(rest.doc, asked_in)
    notification = rest.doc["notification"]
    linked = query.q is not None and bool(linked_steps(query.q))
    return Subscription(
        tenant=rest.tenant,
        id=rest.id,
        asker=asker,
        doc=rest.doc,
        context=rest.doc.get("jsonldContext", rest.context),
        rev=rest.rev,
        made=rest.created,
        query=query,
        matches=None if linked else deciding(query),
        triggers=frozenset(rest.doc.get("notificationTrigger", DEFAULT_TRIGGERS)),
        watched=frozenset(rest.doc.get("watchedAttributes", ())),
        types=_types(query),
        view=_view(notification, query, rest.doc),
        changes=notification.get("showChanges", False),
        known=version(rest.doc.get("ngsildConformance", "")),
        endpoint=_endpoint(notification["endpoint"]),
        active=rest.doc.get("isActive", True),
        expires=instant(rest.doc["expiresAt"]) if "expiresAt" in rest.doc else None,
        throttling_s=rest.doc.get("throttling", 0.0),
        interval_s=rest.doc.get("timeInterval", 0.0),
        limit=limit_of(query),
        counts=rest.counts,
    )


def selecting(query: Query, limit: int = 20) -> Query:
    """The part of a query that decides whether an entity is meant; what is shown of it is another matter."""
    return Query(selectors=query.selectors, q=query.q, scope=query.scope, geo=query.geo, limit=limit)


def deciding(query: Query) -> Callable[[Doc], bool]:
    """Whether a document is subscribed, asked of those alone that have one of the types (the index finds no others)."""
    chosen = selecting(query)
    return matcher(msgspec.structs.replace(chosen, selectors=()) if _only_types(query) else chosen)


def limit_of(query: Query) -> Limit | None:
    """The limit that alone decides, if one does."""
    match query.q:
        case Term(path, ">" | ">=" | "<" | "<=" as operator, (Value("number", number),)) if (
            len(path.names) == 1 and not path.keys and path.linked is None
        ):
            alone = _only_types(query) and query.scope is None and query.geo is None
            return Limit(path.names[0], operator, number) if alone else None
    return None


def _only_types(query: Query) -> bool:
    return all(one.ids is None and not one.pattern and _is_plain(one.types) for one in query.selectors)


def _is_plain(node: Node | None) -> bool:
    """Whether having one of its names is all that a selection of types asks."""
    match node:
        case Name(text):
            return text != "*"
        case Or(parts):
            return all(_is_plain(part) for part in parts)
        case _:
            return False


def _view(notification: Members, query: Query, doc: Members) -> View:
    pick = None if query.pick is None else given_members(query.pick)
    if "attributes" in notification:
        pick = frozenset(notification["attributes"]) | NO_ATTRIBUTES
    form = notification.get("format", "normalized").replace("keyValues", "simplified")
    return View(
        form=form,
        geojson=notification["endpoint"].get("accept") == "application/geo+json",
        sys=notification.get("sysAttrs", False),
        lang=doc.get("lang", ""),
        pick=pick,
        omit=frozenset() if query.omit is None else query.omit.names,
        datasets=query.datasets,
    )


def _endpoint(told: Members) -> Endpoint:
    def pairs(name: str) -> tuple[tuple[str, str], ...]:
        return tuple((one["key"], one["value"]) for one in told.get(name, ()))

    return Endpoint(
        uri=told["uri"],
        accept=told.get("accept", "application/json"),
        receiver=pairs("receiverInfo"),
        notifier=pairs("notifierInfo"),
        timeout_s=told.get("timeout", 5000) / 1000,
        cooldown_s=told.get("cooldown", 0) / 1000,
    )


def _types(query: Query) -> frozenset[str] | None:
    """Types of which each entity that matches has one; None when that cannot be said."""
    found: set[str] = set()
    for selector in query.selectors:
        some = None if selector.types is None else _some_of(selector.types)
        if some is None:
            return None
        found |= some
    return frozenset(found) if query.selectors else None


def _some_of(node: Node) -> set[str] | None:
    match node:
        case Name(text):
            return None if text == "*" else {text}
        case And(parts):
            return next((one for part in parts if (one := _some_of(part)) is not None), None)
        case Or(parts):
            alternatives = [_some_of(part) for part in parts]
            return None if None in alternatives else set().union(*(one for one in alternatives if one))
    return None
