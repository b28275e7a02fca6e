"""Storing, listing, serving, deleting and reloading @contexts (ETSI GS CIM 009 v1.9.1, 5.13)."""

from __future__ import annotations

from typing import Any

import orjson

from nhip.db.database import Database
from nhip.graph.contexts import core, store
from nhip.graph.contexts.addresses import PATH, new_id
from nhip.graph.contexts.chain import checked
from nhip.graph.contexts.iris import is_uri
from nhip.graph.contexts.model import Given
from nhip.graph.contexts.service import Contexts
from nhip.graph.contexts.store import KINDS, Entry, Kind
from nhip.graph.document.times import said
from nhip.graph.errors import BadRequestData, LdContextNotAvailable, OperationNotSupported, ResourceNotFound
from nhip.kernel.i18n import _
from nhip.kernel.time import now

MAX_BYTES = 1 << 20
_STARTED = now()


class Hosting:
    """The tenants' own @contexts. `base_url` is the address under which this broker's paths are found."""

    def __init__(self, contexts: Contexts, base_url: str) -> None:
        self._contexts = contexts
        self._base_url = base_url.rstrip("/")

    async def add(self, tenant: int, document: Any) -> str:
        """Keep the `@context` of `document`; gives its path. Raises BadRequestData."""
        if not isinstance(document, dict) or "@context" not in document:
            raise BadRequestData(what=_("the body is an object with @context"))
        body = document["@context"]
        checked(body)
        if len(orjson.dumps(body)) > MAX_BYTES:
            raise BadRequestData(what=_("the @context is too large"))
        return PATH + await self._added(tenant, "Hosted", body)

    async def implicit(self, tenant: int, given: Given) -> str:
        """An address that stands for `given`: its own if it has one, else that of a context made for it."""
        if given is None:
            return core.CORE_URL
        if isinstance(given, str):
            return self._base_url + given if given.startswith("/") else given
        async with self._db.read() as tx:
            same = await store.find_same(tx, tenant, given)
        return f"{self._base_url}{PATH}{same or await self._added(tenant, 'ImplicitlyCreated', given)}"

    async def list(self, tenant: int, kind: str = "", *, details: bool = False) -> list[Any]:
        """Addresses, or with `details` what is known of each. Raises BadRequestData for a kind that there is not."""
        if kind and kind not in KINDS:
            raise BadRequestData(what=_("kind is Hosted, Cached or ImplicitlyCreated"))
        await self._contexts.write_counts()
        async with self._db.read() as tx:
            entries = await store.list_all(tx, tenant, kind or None)
        if kind in ("", "Cached"):
            entries.append(_core())
        return [self._told(entry) if details else self._url(entry) for entry in entries]

    async def serve(self, tenant: int, name: str, *, details: bool = False) -> dict[str, Any]:
        """The document, or what is known of it. Raises ResourceNotFound; OperationNotSupported for copies."""
        entry = await self._find(tenant, name)
        if not details and entry.kind == "Cached":
            raise OperationNotSupported(what=_("copies of @contexts are not served; ask at their own address"))
        if entry.kind != "Hosted":
            self._contexts.use(tenant, entry.id)
        return self._told(entry) if details else {"@context": entry.body}

    async def delete(self, tenant: int, name: str, *, reload: bool = False) -> None:
        """Forget a context, or fetch a copy anew. Raises ResourceNotFound, BadRequestData, LdContextNotAvailable."""
        if reload:
            await self._reload(tenant, name)
            return
        if core.is_core(name):
            raise BadRequestData(what=_("the core @context cannot be deleted"))
        entry = await self._find(tenant, name)
        async with self._db.tx() as tx:
            await store.delete(tx, tenant, entry.id)
        self._contexts.forget(entry.id, *([entry.url] if entry.url else []))

    async def _reload(self, tenant: int, name: str) -> None:
        if core.is_core(name):
            return  # it is part of the broker, so it is what it would be
        entry = await self._stored(tenant, name)
        if entry is None or entry.url is None:
            raise BadRequestData(what=_("only a copy of an @context can be loaded again"))
        try:
            await self._contexts.document(tenant, entry.url, again=True)
        except BadRequestData as error:
            raise LdContextNotAvailable(what=entry.url) from error
        self._contexts.forget(entry.url)

    @property
    def _db(self) -> Database:
        if self._contexts.db is None:
            raise OperationNotSupported(what=_("this broker keeps no @contexts"))
        return self._contexts.db

    async def _added(self, tenant: int, kind: Kind, body: Any) -> str:
        identifier = new_id()
        async with self._db.tx() as tx:
            await store.add(tx, tenant, identifier, kind, body)
        return identifier

    async def _find(self, tenant: int, name: str) -> Entry:
        if core.is_core(name):
            return _core()
        await self._contexts.write_counts()
        entry = await self._stored(tenant, name)
        if entry is None:
            raise ResourceNotFound(what=name[:200])
        return entry

    async def _stored(self, tenant: int, name: str) -> Entry | None:
        if not is_uri(name):
            return None
        async with self._db.read() as tx:
            return await store.find(tx, tenant, name)

    def _url(self, entry: Entry) -> str:
        return entry.url or f"{self._base_url}{PATH}{entry.id}"

    def _told(self, entry: Entry) -> dict[str, Any]:
        told = {
            "URL": self._url(entry),
            "localId": entry.id,
            "kind": entry.kind,
            "createdAt": said(entry.created_at),
            "numberOfHits": entry.hits,
        }
        return {**told, "lastUsage": said(entry.used_at)} if entry.used_at else told


def _core() -> Entry:
    return Entry("urn:ngsi-ld:Context:core", "Cached", core.CORE_URL, None, _STARTED)
