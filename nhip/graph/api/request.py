"""A request as handlers see it: what was asked, by which tenant, in which @context."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from nhip.graph.api.media import JSON, LD_JSON, linked_context
from nhip.graph.errors import BadRequestData, InvalidRequest, TooLarge
from nhip.graph.pieces import LARGE
from nhip.graph.query.narrowing import clauses
from nhip.graph.service import DEFAULT_TENANT
from nhip.kernel.i18n import _

if TYPE_CHECKING:
    from nhip.graph.api.app import GraphApp
    from nhip.graph.contexts.model import Context

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
CONTEXT = "@context"
_DEEPEST = 100
TRUSTED = "graph.trusted"
"""In the ASGI scope, set by the permit: whether whoever asks may write."""


class Call:
    """One request. `tenant` is the number of the tenant, `accept` the media type of the answer, `kind` that of the body.

    `used` is the @context that it was last read in, `large` whether there is so much in the body that reading it takes long."""

    __slots__ = (
        "accept",
        "app",
        "headers",
        "kind",
        "large",
        "method",
        "parts",
        "query",
        "receive",
        "scope",
        "tenant",
        "tenant_name",
        "used",
    )

    def __init__(self, app: GraphApp, scope: Scope, receive: Receive, parts: list[str]) -> None:
        self.app = app
        self.scope = scope
        self.receive = receive
        self.method: str = scope["method"]
        self.parts = parts
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        if len(self.headers) < len(scope["headers"]):
            self.headers = _combined(scope["headers"])
        self.query: dict[str, str] = {}
        self.tenant = DEFAULT_TENANT
        self.tenant_name = ""
        self.accept = JSON
        self.kind = JSON
        self.used: Context | None = None
        self.large = False

    @property
    def trusted(self) -> bool:
        """Whether whoever asks may know what endpoints and sources are told in confidence: as who may write, and see all."""
        return self.app.permit is None or (self.scope.get(TRUSTED) is True and not clauses())

    def header(self, name: bytes) -> str:
        """A header's text, or empty; bytes are read as Latin-1, as HTTP has it."""
        found = self.headers.get(name)
        return found.decode("latin-1") if found is not None else ""

    async def body(self) -> bytes:
        """The whole body. Raises TooLarge, also for one that is longer than it said."""
        limit = self.app.limits.body_bytes
        said = self.header(b"content-length") or "0"
        if not (said.isascii() and said.isdigit()):
            raise InvalidRequest(what=f"Content-Length: {said[:40]}")
        if len(said) > 18 or int(said) > limit:
            raise TooLarge(what=_("more than the limit"))
        message = await self.receive()
        chunks = [message.get("body", b"")]
        size = len(chunks[0])
        while message.get("more_body"):
            message = await self.receive()
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > limit:
                raise TooLarge(what=_("more than the limit"))
        self.large = size > LARGE
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def json(self, *, bounded: bool = False) -> Any:
        """The body as JSON. Raises InvalidRequest for what is none. `bounded`: and for what is nested deeper than can be written
        again; what entities hold is bounded where it is read."""
        raw = await self.body()
        try:
            found = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise InvalidRequest(what=f"JSON: {error}"[:200]) from error
        if bounded:
            _bound(found, _DEEPEST)
        return found

    async def fragment(self, *, bounded: bool = False) -> tuple[dict[str, Any], Context]:
        """A body that must be one JSON object, without its @context, and that context resolved."""
        found = await self.json(bounded=bounded)
        if not isinstance(found, dict):
            raise InvalidRequest(what=_("the body must be one JSON object"))
        return found, await self.context_of(found)

    async def context_of(self, body: dict[str, Any]) -> Context:
        """The @context of a body by the rules of 6.3.5; it is taken out of `body`."""
        return await self.resolved(self.given(body))

    def given(self, body: dict[str, Any]) -> Any:
        """The @context as given: in the body for JSON-LD, else in the Link header. Raises BadRequestData when it is in both,
        or in the wrong one."""
        linked = linked_context(self.header(b"link"))
        if self.kind != LD_JSON:
            if CONTEXT in body:
                raise BadRequestData(what=_("@context stands in the body of a request that is not application/ld+json"))
            return linked
        if linked is not None:
            raise BadRequestData(what=_("a request in application/ld+json has its @context in the body, not in Link"))
        if CONTEXT not in body:
            raise BadRequestData(what=_("a request in application/ld+json needs an @context"))
        return body.pop(CONTEXT)

    async def context(self) -> Context:
        """The @context of a request without a body: from the Link header, else the core context."""
        return await self.resolved(linked_context(self.header(b"link")))

    async def resolved(self, given: Any) -> Context:
        """A context by what a request says of it; without waiting when it is known already."""
        found = self.app.contexts.cached(given, self.tenant)
        self.used = found if found is not None else await self.app.contexts.resolve(self.tenant, given)
        return self.used


def _bound(value: Any, depth: int) -> None:
    """Raises InvalidRequest for a value of more levels."""
    if isinstance(value, dict | list):
        if not depth:
            raise InvalidRequest(what=_("the body is nested too deeply"))
        for part in value.values() if isinstance(value, dict) else value:
            _bound(part, depth - 1)


def _combined(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers that are told several times as one each, with commas between (RFC 9110, 5.3)."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        found[name] = b"%b, %b" % (found[name], value) if name in found else value
    return found


def segments(scope: Scope) -> list[str]:
    """The parts of the path below /ngsi-ld/v1, each decoded by itself, so that an identifier may hold an encoded slash."""
    raw = scope.get("raw_path") or scope["path"].encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    parts = path.split("/")[3:]
    if parts and not parts[-1]:
        parts.pop()
    return [unquote(part) for part in parts] if "%" in path else parts
