"""Errors as answers: RFC 9457 problem details for programs, a calm page with the next step for people."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from psycopg import DataError

from nhip.errors import Forbidden, NhipError
from nhip.kernel.i18n import _
from nhip.web import errors
from nhip.web.forms import kept_of
from nhip.web.i18n import message_of, translate
from nhip.web.render import is_fragment, local, page

log = logging.getLogger("nhip.web")
AnyRequest = Request[Any, Any, Any]

TITLES = {
    400: _("This cannot be used"),
    401: _("Sign in first"),
    403: _("You may not do this"),
    404: _("Page not found"),
    405: _("This cannot be done here"),
    409: _("Somebody was quicker"),
    413: _("Too large"),
    429: _("Too many requests"),
    500: _("Something went wrong"),
    503: _("Nhịp cannot work right now"),
    507: _("The disk is full"),
}
"""Headings by status; other statuses take that of their hundred."""


def wants_page(request: AnyRequest) -> bool:
    """Whether a person's browser asks: it accepts HTML and does not call the API."""
    return "text/html" in request.headers.get("accept", "") or is_fragment(request)


def answer(request: AnyRequest, error: NhipError) -> Response[Any]:
    """The response that tells `error` to whoever asks."""
    if error.status >= 500 and not isinstance(error, errors.Unexpected):
        log.warning("%s %s: %s", request.method, request.url.path, error)
    if not wants_page(request):
        return _problem(error, request)
    if isinstance(error, errors.SignInNeeded):
        return _to_signin(request)
    if isinstance(error, errors.Detour) and (led := error.lead(request)) is not None:
        return led  # type: ignore[no-any-return]
    if is_fragment(request):
        swap = {"HX-Retarget": "#notices", "HX-Reswap": "innerHTML"}
        return page(
            request, "web/error.html", status=error.status, block="fragment", headers=swap, **_told(request, error)
        )
    return page(request, "web/error.html", status=error.status, **_told(request, error))


def _told(request: AnyRequest, error: NhipError) -> dict[str, Any]:
    """`inside`: who works in the console keeps its menu."""
    inside = request.scope.get("who") is not None and request.url.path.startswith("/console")
    heading, detail = title_of(error.status), message_of(error)
    told = {"code": error.status, "heading": heading, "inside": inside}
    told["detail"] = detail.removeprefix(f"{heading}.").strip() or detail  # not the same sentence twice
    ours = error.status >= 500 or error.status == 429
    return {**told, "kept": kept_of(request) if ours and request.method == "POST" else []}


def title_of(status: int) -> str:
    """The heading for a status, in the request's language."""
    known = status if status in TITLES else 500 if status >= 500 else 400
    return translate(TITLES[known])


def _problem(error: NhipError, request: AnyRequest) -> Response[bytes]:
    """Problem details (RFC 9457); `key` is the error's class, stable across languages and releases."""
    key = type(error).__name__
    body: dict[str, Any] = {
        "type": f"urn:nhip:error:{key}",
        "title": title_of(error.status),
        "status": error.status,
        "detail": message_of(error),
        "instance": request.url.path,
        "key": key,
    }
    if faults := error.values.get("faults"):
        body["errors"] = faults
    return Response(msgspec.json.encode(body), status_code=error.status, media_type="application/problem+json")


def _to_signin(request: AnyRequest) -> Response[None]:
    """See other: the sign-in page, which leads back here."""
    from urllib.parse import quote

    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    where = f"/signin?next={quote(local(wanted))}" if request.method == "GET" else "/signin"
    if is_fragment(request):
        return Response(None, status_code=200, headers={"HX-Redirect": where})
    return Response(None, status_code=303, headers={"Location": where})


def on_nhip_error(request: AnyRequest, error: NhipError) -> Response[Any]:
    """Handler for the product's own errors."""
    return answer(request, error)


def on_http_error(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Handler for the framework's errors, put into the product's words."""
    return answer(request, _translated(request, error))


def _translated(request: AnyRequest, error: HTTPException) -> NhipError:
    if error.status_code >= 500:
        return unexpected(request, error)
    if error.status_code == 400:
        faults = error.extra if isinstance(error.extra, list) else []
        return errors.Incomplete(what=error.detail, faults=faults)
    if error.status_code == 405:
        return errors.MethodNotAllowed(method=request.method)
    known: dict[int, type[NhipError]] = {
        401: errors.SignInNeeded,
        403: Forbidden,
        404: errors.PageNotFound,
        413: errors.TooLarge,
    }
    kind = known.get(error.status_code)
    if kind is not None:
        return kind(what=request.url.path)
    return errors.TooMany(seconds=60) if error.status_code == 429 else errors.Incomplete(what=error.detail)


def on_unstorable(request: AnyRequest, error: DataError) -> Response[Any]:
    """Handler for text with NUL and numbers beyond all limits, which the database refuses: nothing can have such a name."""
    log.warning("%s %s: %s", request.method, request.url.path.replace("\0", ""), type(error).__name__)
    told = errors.PageNotFound(what="") if request.method in ("GET", "HEAD") else errors.Incomplete(what="NUL")
    return answer(request, told)


def on_any_error(request: AnyRequest, error: Exception) -> Response[Any]:
    """Handler for everything else: a page with a reference number; the traceback goes to the log only."""
    return answer(request, unexpected(request, error))


def unexpected(request: AnyRequest, error: BaseException) -> errors.Unexpected:
    """Log `error` under a new reference number and make the error that tells it."""
    reference = uuid.uuid4().hex[:8].upper()
    log.error("%s: %s %s failed", reference, request.method, request.url.path, exc_info=error)
    return errors.Unexpected(reference=reference)


HANDLERS: dict[int | type[Exception], Any] = {
    NhipError: on_nhip_error,
    HTTPException: on_http_error,
    DataError: on_unstorable,
    Exception: on_any_error,
}
"""For `Litestar(exception_handlers=…)`."""
