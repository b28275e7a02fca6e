"""The session cookie, and who is behind a request."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler

from nhip.db import Database
from nhip.security.model import Who
from nhip.security.service import find_who
from nhip.settings import Settings
from nhip.web.errors import SignInNeeded

AnyConnection = ASGIConnection[Any, Any, Any, Any]


def is_secure(settings: Settings) -> bool:
    """Whether people reach this installation by https."""
    return settings.base_url.startswith("https://")


def cookie_name(settings: Settings) -> str:
    """`__Host-` binds the cookie to this very host over https (RFC 6265bis); browsers refuse it on plain http."""
    return "__Host-nhip" if is_secure(settings) else "nhip_session"


def session_cookie(settings: Settings, token: str) -> Cookie:
    """The cookie that carries a session; with an empty token, the one that takes it away."""
    return Cookie(
        key=cookie_name(settings),
        value=token,
        max_age=settings.session_hours * 3600 if token else 0,
        path="/",
        httponly=True,
        secure=is_secure(settings),
        samesite="lax",
    )


def token_of(connection: AnyConnection) -> str:
    """The session token that the request carries, or empty."""
    return str(connection.cookies.get(cookie_name(connection.app.state.settings), ""))


async def who(connection: AnyConnection) -> Who | None:
    """Who is signed in; looked up once a request and kept in the scope for pages and records."""
    scope: dict[str, Any] = connection.scope  # type: ignore[assignment]
    if "who" not in scope:
        token = token_of(connection)
        scope["who"] = await _look_up(connection.app.state.db, token) if token else None
    found: Who | None = scope["who"]
    return found


async def _look_up(db: Database, token: str) -> Who | None:
    async with db.read() as reading:
        return await find_who(reading, token)


async def signed_in(connection: AnyConnection, _handler: BaseRouteHandler) -> None:
    """Litestar guard: raises SignInNeeded, which leads people to the sign-in page and back."""
    if await who(connection) is None:
        raise SignInNeeded
