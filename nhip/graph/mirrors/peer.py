"""Asking a peer, in plain NGSI-LD so that any broker is one: pages of entities, some by their ids, our subscription there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import orjson

from nhip.graph.contexts.addresses import context_link
from nhip.graph.mirrors.errors import PeerFailed, PeerRefused, SubscriptionGone
from nhip.graph.mirrors.model import Mirror
from nhip.graph.registrations.client import Client, Reply
from nhip.graph.rows import instant
from nhip.kernel.i18n import _

PAGE = 200
_FEW = 10
MOST = 5_000_000
"""A peer that goes on and on is not followed further than this."""
_WAIT_S = 20.0
_LONGEST_IDS = 4000
_STEPS_BACK = 20
_UPTIME = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?")
TRIGGERS = [
    "entityCreated",
    "entityUpdated",
    "entityDeleted",
    "attributeCreated",
    "attributeUpdated",
    "attributeDeleted",
]


class Standing(msgspec.Struct, frozen=True):
    """How our subscription is at the peer."""

    active: bool
    sent: int
    failed: int


class Peer:
    """One peer. `headers` are those that let us in."""

    def __init__(self, client: Client, mirror: Mirror, headers: dict[str, str]) -> None:
        self._client, self._mirror = client, mirror
        self._headers = {**headers, "Accept": "application/json"}
        if mirror.peer_tenant:
            self._headers["NGSILD-Tenant"] = mirror.peer_tenant
        if mirror.context:
            self._headers["Link"] = context_link(mirror.context).decode()

    async def pages(self, since: str = "") -> AsyncIterator[list[Any]]:
        """All entities that are followed, page by page; `since`: those that were modified from then on.

        Each page begins with the last entity of the one before it. Where it does not, entities before it came or went meanwhile:
        then a page is read again. Raises PeerFailed.
        """
        limit, offset, last, back = PAGE, 0, "", 0
        while offset < MOST:
            reply = await self._ask("GET", self._query(since=since, limit=limit, offset=offset))
            if limit > 1 and (reply.invalid or (limit > _FEW and reply.status in (400, 403))):
                limit //= 4  # longer than we read at once, or more than it gives at once
                continue
            page = _listed(reply, self._mirror.peer)
            if last and (not page or _id(page[0]) != last) and back < _STEPS_BACK:
                offset, last, back = max(0, offset - limit), "", back + 1
                continue
            yield page
            if len(page) < limit:
                return
            offset, last = (offset + limit - 1, _id(page[-1])) if limit > 1 else (offset + 1, "")
        raise PeerFailed(peer=self._mirror.peer, what=_("gives more entities than can be"))

    async def some(self, ids: list[str]) -> list[Any]:
        """Those of the entities that are there and followed. Raises PeerFailed."""
        found: list[Any] = []
        for few in _few(ids):
            found += _listed(await self._ask("GET", self._query(ids=few, limit=len(few))), self._mirror.peer)
        asked = frozenset(ids)
        return [one for one in found if _id(one) in asked]

    async def count(self) -> int | None:
        """How many entities are followed; None where the peer does not say."""
        reply = await self._ask("GET", self._query(limit=0, count=True))
        text = reply.headers.get("ngsild-results-count", "")
        return int(text) if reply.status == 200 and text.isascii() and text.isdigit() else None

    async def subscribe(self, id: str, uri: str, token: str) -> None:
        """Be told of changes at `uri`, with the token; without q and scopeQ, as no subscription tells what fits no longer.
        Raises PeerFailed."""
        mirror = self._mirror
        notification: dict[str, Any] = {
            "format": "normalized",
            "sysAttrs": True,
            "endpoint": {
                "uri": uri,
                "accept": "application/json",
                "receiverInfo": [{"key": TOKEN_HEADER, "value": token}],
            },
        }
        body: dict[str, Any] = {
            "id": id,
            "type": "Subscription",
            "description": f"mirror {mirror.name}",
            "entities": [{"type": name} for name in mirror.types],
            "notificationTrigger": TRIGGERS,
            "notification": notification,
        }
        if mirror.attrs:
            notification["attributes"] = mirror.attrs
        # what the peer has itself, not what it would ask others for: brokers before version 1.6 know no such member
        reply = await self._ask("POST", "/subscriptions", {**body, "localOnly": True})
        if reply.status == 400:
            reply = await self._ask("POST", "/subscriptions", body)
        self._good(reply, "POST /subscriptions")

    async def standing(self) -> Standing:
        """How our subscription is. Raises SubscriptionGone, PeerFailed."""
        reply = await self._ask("GET", f"/subscriptions/{quote(self._mirror.subscription, safe='')}")
        if reply.status == 404:
            raise SubscriptionGone(peer=self._mirror.peer)
        told = self._good(reply, "GET /subscriptions").body
        if not isinstance(told, dict):
            raise PeerFailed(peer=self._mirror.peer, what=_("answers with something that cannot be read"))
        counted = told["notification"] if isinstance(told.get("notification"), dict) else {}
        active = told.get("isActive", True) is True and told.get("status", "active") in ("active", "ok", "failed")
        return Standing(active, _natural(counted.get("timesSent")), _natural(counted.get("timesFailed")))

    async def unsubscribe(self) -> None:
        """End our subscription. Raises PeerFailed; that there is none is well."""
        reply = await self._ask("DELETE", f"/subscriptions/{quote(self._mirror.subscription, safe='')}")
        if reply.status != 404:
            self._good(reply, "DELETE /subscriptions")

    async def began(self) -> datetime | None:
        """When the peer was started, as far as it says (5.15); to about a second."""
        reply = await self._ask("GET", "/info/sourceIdentity")
        told = reply.body if isinstance(reply.body, dict) else {}
        found = (
            _UPTIME.fullmatch(told["contextSourceUptime"]) if isinstance(told.get("contextSourceUptime"), str) else None
        )
        try:
            at = instant(told["contextSourceTimeAt"])
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
        if found is None:
            return None
        days, hours, minutes, seconds = (int(text or 0) for text in found.groups())
        return at - timedelta(
            days=min(days, 100_000), hours=min(hours, 1000), minutes=min(minutes, 9999), seconds=seconds % 10**6
        )

    def _query(
        self, *, ids: list[str] | None = None, since: str = "", limit: int, offset: int = 0, count: bool = False
    ) -> str:
        mirror = self._mirror
        # a list of ids cannot hold one with a comma
        alone = ids[0] if ids and "," in ids[0] else ""
        q = [f"({mirror.q})" if since and mirror.q else mirror.q, f"modifiedAt>={since}" if since else ""]
        told = {
            "type": ",".join(mirror.types),
            "id": ",".join(ids or ()) if not alone else "",
            "idPattern": f"^{re.escape(alone)}$" if alone else "",
            "q": ";".join(filter(None, q)),
            "scopeQ": mirror.scope,
            "attrs": ",".join(mirror.attrs),
            "options": "sysAttrs",
            "local": "true",
            "limit": str(limit),
            "offset": str(offset) if offset else "",
            "count": "true" if count else "",
        }
        return "/entities?" + urlencode(
            {name: text for name, text in told.items() if text}, quote_via=quote, safe=":,/"
        )

    async def _ask(self, method: str, path: str, body: Any = None) -> Reply:
        headers = self._headers if body is None else {**self._headers, "Content-Type": "application/json"}
        content = None if body is None else orjson.dumps(body)
        url = self._mirror.peer + path
        reply = await self._client.ask(method, url, headers, content, _WAIT_S, owner=self._mirror.tenant)
        if reply.status == 0:
            raise PeerFailed(peer=self._mirror.peer, what=_("does not answer"))
        return reply

    def _good(self, reply: Reply, asked: str) -> Reply:
        if not 200 <= reply.status < 300:
            raise PeerRefused(peer=self._mirror.peer, status=reply.status, asked=asked)
        return reply


TOKEN_HEADER = "X-Nhip-Mirror"
"""Header in which notifications carry the mirror's token."""


def since_of(at: datetime) -> str:
    """A moment as a query names it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _listed(reply: Reply, peer: str) -> list[Any]:
    if reply.status == 200 and isinstance(reply.body, list):
        return reply.body
    if reply.invalid or reply.status == 200:
        raise PeerFailed(peer=peer, what=_("answers with something that cannot be read"))
    raise PeerRefused(peer=peer, status=reply.status, asked="GET /entities")


def _few(ids: list[str]) -> list[list[str]]:
    """The ids in lists that fit into an address; those with a comma each by itself."""
    made = [[id] for id in ids if "," in id]
    few: list[str] = []
    size = 0
    for id in ids:
        if "," in id:
            continue
        length = len(quote(id, safe=":/")) + 1
        if few and size + length > _LONGEST_IDS:
            made.append(few)
            few, size = [], 0
        few.append(id)
        size += length
    return [*made, few] if few else made


def _id(entity: Any) -> str:
    found = entity.get("id") if isinstance(entity, dict) else None
    return found if isinstance(found, str) else ""


def _natural(given: Any) -> int:
    return given if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 2**62 else 0
