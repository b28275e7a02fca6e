"""Beginning and ending mirrors. The processes that serve the graph see it within a second, and do the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

from nhip.db.database import Database
from nhip.db.query import execute
from nhip.errors import BadInput
from nhip.graph.contexts.model import CORE
from nhip.graph.contexts.service import Contexts
from nhip.graph.errors import GraphError, ResourceNotFound
from nhip.graph.mirrors import store
from nhip.graph.mirrors.errors import MirrorExists, MirrorMissing, PeerFailed, TenantInUse
from nhip.graph.mirrors.model import Mirror, Wanted
from nhip.graph.mirrors.peer import Peer
from nhip.graph.mirrors.service import secret_headers
from nhip.graph.mirrors.store import queries
from nhip.graph.model import Operation
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.registrations.client import Client
from nhip.graph.registrations.service import Registrations
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.kernel.i18n import _
from nhip.security.secrets import Vault
from nhip.settings import Settings

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_TENANT = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_PATH = "/ngsi-ld/v1"
_AT_ONCE = 500
OWNED = """createEntity updateEntity appendAttrs updateAttrs deleteAttrs deleteEntity mergeEntity replaceEntity replaceAttrs
    purgeEntity""".split()  # noqa: SIM905
"""Operations that go to the owner: all that write, none that read."""


class Managing:
    """Works on the database of a node; nothing of it has to run."""

    def __init__(self, settings: Settings, graph: Graph, db: Database) -> None:
        self._settings, self._graph, self._db = settings, graph, db

    async def add(
        self,
        name: str,
        peer: str,
        wanted: Wanted,
        *,
        tenant: str = "",
        peer_tenant: str = "",
        headers: Mapping[str, str] | None = None,
        owner_writes: bool = False,
    ) -> Mirror:
        """A new mirror. Raises BadInput, MirrorExists, TenantInUse, BadRequestData for what is no query."""
        if not _NAME.fullmatch(name):
            raise BadInput(what=_("a mirror is named with small letters, digits and -, at most 40"))
        tenant = tenant or f"mirror-{name}"
        for one in filter(None, (tenant, peer_tenant)):
            if not _TENANT.fullmatch(one):
                raise BadInput(what=_("a tenant is named with letters, digits and _ . : / -, at most 100"))
        address = peer_address(peer)
        _check_wanted(wanted)
        _check_headers(headers or {})
        number = await self._empty_tenant(tenant)
        async with self._db.tx() as tx:
            id = await store.add(tx, name, number, address, peer_tenant, wanted)
            if id is None:
                raise MirrorExists(name=name, tenant=tenant)
            if headers:
                sealed = Vault(self._settings).seal(headers, aad=f"graph.mirror:{id}")
                await execute(tx, queries.set_secret, id=id, secret=sealed)
        if owner_writes:
            await self._register(name, address, peer_tenant, wanted)
        return await self.get(name)

    async def _empty_tenant(self, name: str) -> int:
        number = await self._graph.tenant(name, create=True)
        async with self._db.read() as tx:
            taken = any(one.tenant == number for one in await store.list_mirrors(tx))
            if not taken and (number == DEFAULT_TENANT or await store.list_held(tx, number, "", 1)):
                raise TenantInUse(tenant=name)
        return number

    async def _register(self, name: str, address: str, peer_tenant: str, wanted: Wanted) -> None:
        """Let writes of these types in the default tenant go to the owner."""
        contexts = Contexts(self._settings, self._db)
        try:
            context = await contexts.resolve(DEFAULT_TENANT, wanted.context or None)
        finally:
            await contexts.close()
        told = {
            "id": registration_of(name),
            "type": "ContextSourceRegistration",
            "information": [{"entities": [{"type": one} for one in wanted.types]}],
            "mode": "redirect",
            "operations": OWNED,
            "endpoint": address.removesuffix(_PATH),
            **({"tenant": peer_tenant} if peer_tenant else {}),
        }
        await Registrations(self._graph, self._db, self._settings).create(DEFAULT_TENANT, told, context)

    async def get(self, name: str) -> Mirror:
        """A mirror by its name. Raises MirrorMissing."""
        async with self._db.read() as tx:
            found = next((one for one in await store.list_mirrors(tx) if one.name == name), None)
        if found is None:
            raise MirrorMissing(what=name)
        return found

    async def ask_sync(self, name: str) -> int:
        """Have everything compared; the number that `sync_done` reaches then. Raises MirrorMissing."""
        mirror = await self.get(name)
        async with self._db.read() as tx:
            return await store.number(tx, queries.ask_sync, id=mirror.id)

    async def remove(self, name: str, *, keep: bool = False) -> str:
        """End a mirror, here and at the peer, and delete its entities unless they are to be kept, in a tenant that anybody may
        write then. What went wrong at the peer, or nothing. Raises MirrorMissing."""
        mirror = await self.get(name)
        headers = await secret_headers(self._db, self._settings, mirror.id)
        async with self._db.tx() as tx:
            await execute(tx, queries.remove, id=mirror.id)
        with suppress(ResourceNotFound):
            await Registrations(self._graph, self._db, self._settings).delete(DEFAULT_TENANT, registration_of(name))
        wrong = await self._unsubscribe(mirror, headers)
        if not keep:
            await self._empty(mirror.tenant)
        return wrong

    async def _unsubscribe(self, mirror: Mirror, headers: dict[str, str]) -> str:
        client = Client(self._settings)
        try:
            if mirror.subscription:
                await Peer(client, mirror, headers).unsubscribe()
        except PeerFailed as error:
            return error.message()
        finally:
            client.close()
        return ""

    async def _empty(self, tenant: int) -> None:
        while True:
            async with self._db.read() as tx:
                ids = await store.list_held(tx, tenant, "", _AT_ONCE)
            if not ids:
                return
            await self._graph.write(tenant, [Operation(name="delete", id=id) for id in ids])


def registration_of(name: str) -> str:
    """The id of the registration by which writes go to the owner."""
    return f"urn:ngsi-ld:ContextSourceRegistration:mirror:{name}"


def peer_address(text: str) -> str:
    """The address of a peer's interface, with /ngsi-ld/v1. Raises BadInput."""
    parts = urlsplit(text.strip().rstrip("/"))
    try:
        parts.port  # noqa: B018 - raises for what is no port
        good = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or len(text) > 500:
        raise BadInput(what=_("the address of a peer is as https://city.example/ngsi-ld/v1"))
    path = parts.path if parts.path.endswith(_PATH) else parts.path + _PATH
    return urlunsplit(parts._replace(path=path))


def _check_wanted(wanted: Wanted) -> None:
    """Raises BadInput, BadRequestData."""
    if not wanted.types or any(not name or re.search(r"[\s,;|()&]", name) for name in wanted.types):
        raise BadInput(what=_("name the types that are to be mirrored, each by itself"))
    if any(not name or "," in name for name in wanted.attrs):
        raise BadInput(what=_("name the attributes that are to be mirrored, each by itself"))
    try:
        build(Asked(entities=[Selected(types=",".join(wanted.types))], q=wanted.q, scope=wanted.scope), CORE)
    except GraphError as error:
        raise BadInput(what=error.message()) from error


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or not value.isprintable():
            raise BadInput(what=_("a header for the peer is as “Authorization: Bearer …”"))
        if not value.isascii():
            raise BadInput(what=_("a header for the peer has plain letters only, without marks, “…” or curly quotes"))
