"""Subscriptions to registrations: told at first what there is, then of every change of a registration in this process."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from msgspec import structs

from nhip.graph.contexts.hosting import Hosting
from nhip.graph.contexts.model import Context
from nhip.graph.contexts.service import Contexts
from nhip.graph.document.times import said
from nhip.graph.errors import BadRequestData
from nhip.graph.query.model import Query
from nhip.graph.query.narrowing import asking
from nhip.graph.registrations.model import Change
from nhip.graph.registrations.rendering import render_registration
from nhip.graph.registrations.seeing import seen
from nhip.graph.registrations.service import Registrations
from nhip.graph.service import Graph
from nhip.graph.subscriptions.keeping import Kept
from nhip.graph.subscriptions.model import Message
from nhip.graph.subscriptions.reading import Members, is_certain
from nhip.graph.subscriptions.sealing import Sealing
from nhip.graph.subscriptions.store import QUERIES, Rest, Rows, understood
from nhip.graph.temporal.asking import TimesAsked, ask
from nhip.graph.temporal.model import Window
from nhip.graph.watches.matching import indexed, meeting, narrowed, selecting, told_of
from nhip.graph.watches.model import Index, Told, Watch
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.security.secrets import Vault
from nhip.settings import Settings

_GEO = "application/geo+json"
_LD = "application/ld+json"
_FOLLOWS = ":sources"
"""What is put to the id of a subscription to entities, to name what it follows of registrations."""


class Watches(Kept[Watch, Told]):
    """Subscriptions to `registrations` (5.11)."""

    index: Index

    def __init__(
        self, graph: Graph, contexts: Contexts, settings: Settings, hosting: Hosting, registrations: Registrations
    ) -> None:
        rows = Rows(
            graph,
            QUERIES.renamed({"graph.sub": "graph.watch", "graph_sub": "graph_watch"}),
            Sealing(Vault(settings), "graph.watch"),
        )
        super().__init__(graph, contexts, settings, hosting, index=Index(), rows=rows, channel="graph_watch")
        self._registrations = registrations

    async def open(self) -> None:
        """Read all, and begin to listen."""
        await super().open()
        self._registrations.changes.append(self._heard)

    async def close(self) -> None:
        """Stop telling; write the counters."""
        if self._heard in self._registrations.changes:
            self._registrations.changes.remove(self._heard)
        await super().close()

    async def create(self, tenant: int, payload: Members, given: Any, context: Context) -> str:
        """A new subscription (5.11.2); its id. Raises BadRequestData, AlreadyExists, LdContextNotAvailable."""
        id = await super().create(tenant, payload, given, context)
        await self._tell_all(tenant, id)
        return id

    async def update(self, tenant: int, id: str, fragment: Members, given: Any, context: Context) -> None:
        """Change members (5.11.3). Raises BadRequestData, ResourceNotFound."""
        await super().update(tenant, id, fragment, given, context)
        await self._tell_all(tenant, id)

    async def follow(self, tenant: int, subscription: str, doc: Members, given: Any, uri: str) -> None:
        """Keep what a subscription to entities follows of registrations (5.8.1.4), for everybody to see: `uri` is of this broker,
        which needs no notification to itself."""
        id = subscription + _FOLLOWS
        members = ("entities", "watchedAttributes", "geoQ", "isActive", "expiresAt")
        made = {"type": "Subscription", **{name: doc[name] for name in members if name in doc}}
        made |= {"notification": {"endpoint": {"uri": uri}}, "_follows": subscription}
        if not await self._rows.add(tenant, id, made, given):
            await self._rows.change(tenant, id, made, given)
        await self.refresh(tenant, id)

    async def unfollow(self, tenant: int, subscription: str) -> None:
        """The subscription follows no registrations any more."""
        if await self._rows.remove(tenant, subscription + _FOLLOWS):
            await self.refresh(tenant, subscription + _FOLLOWS)

    async def _tell_all(self, tenant: int, id: str) -> None:
        await self._registrations.refresh()
        one = self.index.get(tenant, id)
        if one is not None and one.live(now()):
            self._due(one)

    def _heard(self, change: Change) -> None:
        at, before, after = now(), indexed(change.before), indexed(change.after)
        for one in self.index.of(change.tenant):
            if one.live(at) and not one.interval_s and (told := told_of(one, before, after)):
                self._outlet(one).put(told)

    def _due(self, one: Watch) -> None:
        found = meeting(one, self._registrations.fitting(one.tenant, selecting(one), one.watched))
        if found:
            self._outlet(one).put(Told("newlyMatching", found))

    def _check(self, doc: Members) -> None:
        _window(doc)
        if is_certain(doc):
            raise BadRequestData(what=_("certain delivery is for subscriptions to entities"))
        if doc["notification"]["endpoint"].get("accept") == _GEO:
            raise BadRequestData(what=_("registrations cannot be told of as GeoJSON"))

    async def _understood(self, rest: Rest) -> Watch:
        one = await understood(rest, self._contexts)
        watch = Watch(**structs.asdict(one), window=_window(rest.doc))
        return structs.replace(watch, active=watch.active and "_follows" not in rest.doc)

    def _together(self, first: Told, other: Told) -> bool:
        return first.reason == other.reason

    async def _compose(self, one: Watch, heard: list[Told], id: UUID) -> Message | None:
        context = await self._contexts.resolve(one.tenant, one.context)
        latest = {match.registration.id: match for told in heard for match in told.matches}
        with asking(one.asker):
            shown = [seen(narrowed(one, match)) for _id, match in sorted(latest.items())]
        data = [render_registration(each, context, sys=one.view.sys, lists=True) for each in shown if each is not None]
        if not data:
            return None
        if one.endpoint.accept == _LD:
            data = [{**each, "@context": context.whole} for each in data]
        made = {
            "id": f"urn:ngsi-ld:ContextSourceNotification:{id}",
            "type": "ContextSourceNotification",
            "subscriptionId": one.id,
            "notifiedAt": said(now()),
            "triggerReason": heard[0].reason,
            "data": data,
        }
        return Message(orjson.dumps(made), await self._about(one, context))


def _window(doc: Members) -> Window | None:
    """The times of temporalQ (5.2.21). Raises BadRequestData."""
    if "temporalQ" not in doc:
        return None
    told = doc["temporalQ"]
    if not isinstance(told, dict):
        raise BadRequestData(what="temporalQ")
    times = TimesAsked(
        timerel=told.get("timerel", ""),
        time_at=told.get("timeAt", ""),
        end_time_at=told.get("endTimeAt", ""),
        timeproperty=told.get("timeproperty", ""),
    )
    return ask(times, Query(), required=True).window
