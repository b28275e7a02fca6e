"""Saying no at the edge, before the application: a page or problem details in the asker's language, counted by reason."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send

from nhip.errors import NhipError
from nhip.web import metrics
from nhip.web.preferences import Preferences
from nhip.web.problems import answer

REFUSED = metrics.Counter("nhip_requests_refused_total", "Requests refused before any work, by reason.")


def refusal(error: NhipError, reason: str, language: str, headers: dict[str, str] | None = None) -> ASGIApp:
    """An application that answers `error` with `headers` added. `language` is that of browsers that state none."""

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        REFUSED.add(reason=reason)
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        response = answer(request, error)
        response.headers.update(headers or {})
        await response.to_asgi_response(app=None, request=request)(scope, receive, send)

    return Preferences(refuse, language)
