"""What all public answers share: where we are, who may read them, how they are told apart, errors as other websites read them."""

from __future__ import annotations

import gzip
import hashlib
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response

from nhip.db.installation import Installation
from nhip.errors import BadInput, NhipError
from nhip.web.problems import answer
from nhip.web.render import page

AnyRequest = Request[Any, Any, Any]
MOST_FIELDS = 200
FOR_ALL = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Content-Disposition, Content-Range",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""Public data may be read by every website; no cookie plays a part in them."""
REVALIDATE = "public, no-cache"
"""Kept by whoever likes, asked again before use: a release that was recalled is gone at once."""


def installation_of(request: AnyRequest) -> Installation:
    """The installation that the application runs on."""
    found: Installation = request.app.state.installation
    return found


def root(request: AnyRequest) -> str:
    """The public address of this installation without a slash at its end; without the setting, the one that was asked for."""
    told: str = request.app.state.settings.base_url
    return (told or str(request.base_url)).rstrip("/")


def pairs_of(request: AnyRequest) -> list[tuple[str, str]]:
    """The parameters of the address in their order. Raises BadInput for more than 200."""
    raw = request.scope["query_string"].decode("latin-1")
    try:
        return parse_qsl(raw, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise BadInput(what=f"> {MOST_FIELDS} parameters") from None


def tag(*parts: str) -> str:
    """An ETag made from what the answer depends on."""
    return f'"{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"'


def unchanged(request: AnyRequest, etag: str) -> bool:
    """Whether the client holds this very answer (RFC 9110, 13.1.2)."""
    held = request.headers.get("if-none-match", "")
    return held.strip() == "*" or etag in [part.strip().removeprefix("W/") for part in held.split(",")]


def not_modified(etag: str) -> Response[None]:
    """304."""
    return Response(None, status_code=304, headers={**FOR_ALL, "ETag": etag, "Cache-Control": REVALIDATE})


def open_page(request: AnyRequest, name: str, /, **values: Any) -> Response[Any]:
    """A page of the portal, packed for strangers: phones on slow lines read these. Nothing in it is secret, so its length
    tells nothing (BREACH needs a secret beside what was typed); who is signed in gets it unpacked."""
    response: Response[Any] = page(request, name, **values)
    vary = response.headers.get("Vary", "Accept-Language, Cookie")
    response.headers["Vary"] = f"{vary}, Accept-Encoding"
    if request.scope.get("who") is None and "gzip" in request.headers.get("accept-encoding", ""):
        response.content = gzip.compress(response.content.encode(), 5, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    return response


def told_to_all(request: AnyRequest, error: NhipError) -> Response[Any]:
    """Exception handler of the public routes: the usual answer, readable by scripts of other websites."""
    response = answer(request, error)
    response.headers.update(FOR_ALL)
    return response
