"""Requests to sources on behalf of one to us: address, headers, loops (ETSI GS CIM 009 v1.9.1, 4.3.6.4 to 4.3.6.6, 6.3.18)."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import orjson

from nhip.graph.contexts.addresses import context_link
from nhip.graph.contexts.model import Context
from nhip.graph.contexts.service import Contexts
from nhip.graph.errors import BadRequestData, LdContextNotAvailable
from nhip.graph.registrations.client import TIMEOUT_S, Client, Reply
from nhip.graph.registrations.model import SECRET, Registration
from nhip.graph.registrations.service import Registrations
from nhip.graph.subscriptions.sealing import FROM_REQUEST
from nhip.kernel.time import monotonic
from nhip.settings import Settings

PATH = "/ngsi-ld/v1"
JSON, LD_JSON = "application/json", "application/ld+json"
_NOT_OURS_TO_SET = frozenset(
    """accept content-type contenttype jsonldcontext ngsildconformance host content-length transfer-encoding connection
    via link ngsild-tenant upgrade te""".split()  # noqa: SIM905
)


def alias(node: str, tenant: str) -> str:
    """The name of one tenant of a broker, the same for as long as the broker lives."""
    return f"{node}:{tenant}" if tenant else node


class Origin(msgspec.Struct, frozen=True):
    """The request that makes us ask others: its tenant, @context and headers; who we are; who asked before us."""

    tenant: int
    context: Context
    alias: str
    via: tuple[str, ...] = ()
    """Entries of its Via header."""
    headers: dict[str, str] = {}
    """Its headers by name in lower case."""

    @property
    def looped(self) -> bool:
        """Whether the request passed us before."""
        return self.alias in {entry.split()[-1] for entry in self.via if entry.split()}

    def passed(self, alias: str) -> bool:
        """Whether the request came by the source with this alias."""
        return alias in {entry.split()[-1] for entry in self.via if entry.split()}


class Federation:
    """Everything that is needed to ask sources."""

    def __init__(self, settings: Settings, registrations: Registrations, contexts: Contexts) -> None:
        self.registrations = registrations
        self._contexts = contexts
        self._client = Client(settings)
        self._resting: dict[tuple[int, str], float] = {}
        """Until when a source is not asked, by tenant and registration."""

    def close(self) -> None:
        """Give up what waits for answers."""
        self._client.close()

    async def ask(
        self,
        registration: Registration,
        origin: Origin,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: Any = None,
        *,
        told_local: bool = True,
    ) -> Reply:
        """What the source answers; `path` is below /ngsi-ld/v1, `body` JSON in the names of the source's @context.

        `told_local`: a source that is to ask no others is told so by a parameter.
        """
        management = registration.doc.get("management", {})
        key = origin.tenant, registration.id
        if monotonic() < self._resting.get(key, 0):
            return Reply(0)
        local = told_local and (registration.doc.get("localOnly") or management.get("localOnly"))
        query = {**(query or {}), **({"local": "true"} if local else {})}
        base = registration.doc["endpoint"].rstrip("/").removesuffix(PATH)
        url = base + PATH + path + ("?" + urlencode(query, quote_via=quote, safe=":,*/") if query else "")
        try:
            context = await self.context_of(registration, origin)
        except LdContextNotAvailable:
            return Reply(0)
        headers = _headers(registration, origin, context, body is not None)
        if body is not None and headers["Content-Type"] == LD_JSON:
            body = _with_context(body, context)
        content = None if body is None else orjson.dumps(body)
        timeout_s = management["timeout"] / 1000 if "timeout" in management else TIMEOUT_S
        reply = await self._client.ask(method, url, headers, content, min(timeout_s, 60.0), owner=origin.tenant)
        failed = not 200 <= reply.status < 300 and reply.status != 404
        self.registrations.used(origin.tenant, registration.id, failed=failed or reply.invalid)
        if failed and "cooldown" in management:
            self._resting[key] = monotonic() + management["cooldown"] / 1000
        return reply

    async def context_of(self, registration: Registration, origin: Origin) -> Context:
        """The @context in which a source is asked: one that its registration names, else that of the request. Raises
        LdContextNotAvailable: whoever asks is not to blame for what a registration names, whatever is wrong with it."""
        for pair in registration.doc.get(SECRET, ()):
            if pair["key"] == "jsonldContext":
                try:
                    return await self._contexts.resolve(origin.tenant, pair["value"])
                except BadRequestData as error:
                    raise LdContextNotAvailable(what=pair["value"]) from error
        return origin.context

    async def ask_all(self, asked: list[Any]) -> list[Any]:
        """The results of several requests, made at the same time."""
        return list(await asyncio.gather(*asked))


def _headers(registration: Registration, origin: Origin, context: Context, with_body: bool) -> dict[str, str]:
    told = {pair["key"]: pair["value"] for pair in registration.doc.get(SECRET, ())}
    headers = {"Accept": told.get("accept", JSON), "Via": ", ".join([*origin.via, f"1.1 {origin.alias}"])}
    if "tenant" in registration.doc:
        headers["NGSILD-Tenant"] = registration.doc["tenant"]
    for key, value in told.items():
        if key.lower() not in _NOT_OURS_TO_SET:
            text = origin.headers.get(key.lower(), "") if value == FROM_REQUEST else value
            if text:
                headers[key] = text
    inline = not isinstance(context.echo, str)
    if with_body:
        chosen = LD_JSON if inline else JSON
        headers["Content-Type"] = JSON if "jsonldContext" in told else told.get("contentType", chosen)
    told_of = not context.is_core or "jsonldContext" in told
    if not inline and told_of and headers.get("Content-Type") != LD_JSON:
        headers["Link"] = context_link(str(told.get("jsonldContext", context.echo))).decode()
    return headers


def _with_context(body: Any, context: Context) -> Any:
    if isinstance(body, list):
        return [{**one, "@context": context.whole} if isinstance(one, dict) else one for one in body]
    return {**body, "@context": context.whole}
