"""Who is behind a request: the session cookie or a program's key, looked up once a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from nhip.db import Database
from nhip.kernel.actor import Actor, begin_acting
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security import store
from nhip.security.model import Who
from nhip.security.passwords import token_hash
from nhip.security.permissions.current import begin_under
from nhip.security.permissions.model import NOTHING
from nhip.security.permissions.service import rights_of
from nhip.security.protect import client_address
from nhip.security.store import SessionRow
from nhip.settings import Settings

AnyConnection = ASGIConnection[Any, Any, Any, Any]
SEEN_EVERY = timedelta(minutes=1)
"""A session's last use is noted this often, so that reading a page does not write."""

Bearer = Callable[[AnyConnection, str], Awaitable[Who | None]]
bearers: list[Bearer] = []
"""Ways to know a program by the token of its `Authorization: Bearer` header; `nhip.security.programs` adds its own."""


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


def step_cookie(settings: Settings, purpose: str, token: str) -> Cookie:
    """The cookie of a browser half-way through a proof (`nhip.security.signin.steps`); empty takes it away."""
    return Cookie(
        key=_step_name(settings, purpose),
        value=token,
        max_age=600 if token else 0,
        path="/",
        httponly=True,
        secure=is_secure(settings),
        samesite="strict",
    )


def step_of(connection: AnyConnection, purpose: str) -> str:
    """The token of the step that the request carries, or empty."""
    return str(connection.cookies.get(_step_name(connection.app.state.settings, purpose), ""))


def _step_name(settings: Settings, purpose: str) -> str:
    return f"__Host-nhip-{purpose}" if is_secure(settings) else f"nhip_{purpose}"


def reader_cookie(settings: Settings, name: str, value: str) -> Cookie:
    """The cookie that tells one stranger's browser from another, for a year; `value` is signed by whoever reads it."""
    return Cookie(
        key=name,
        value=value,
        max_age=365 * 24 * 3600,
        path="/",
        httponly=True,
        secure=is_secure(settings),
        samesite="lax",
    )


def token_of(connection: AnyConnection) -> str:
    """The session token that the request carries, or empty."""
    return str(connection.cookies.get(cookie_name(connection.app.state.settings), ""))


def agent_of(connection: AnyConnection) -> str:
    """The browser as it names itself, cut to what is kept."""
    return str(connection.headers.get("user-agent", ""))[:200]


def start_of(found: Who | None) -> str:
    """Where somebody begins: the console for those who work there, else the page about themselves."""
    return "/account" if found is not None and not found.rights.anywhere("dataset.read") else "/console"


async def who(connection: AnyConnection) -> Who | None:
    """Who is signed in; looked up once a request and kept in its scope. From then on this task works under their rights."""
    scope: dict[str, Any] = connection.scope  # type: ignore[assignment]
    if "who" not in scope:
        scope["who"] = await _found(connection)
        begin_acting(_actor(scope["who"], client_address(connection)))
        begin_under(scope["who"].rights if scope["who"] else NOTHING)
    found: Who | None = scope["who"]
    return found


def _actor(found: Who | None, address: str) -> Actor:
    if found is None:
        return Actor(name="", via="stranger", address=address)
    return Actor(found.id, found.name, found.organisation_code, found.via, address)


async def _found(connection: AnyConnection) -> Who | None:
    kind, _space, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        for bearer in bearers:
            if found := await bearer(connection, token.strip()):
                return found
        return None
    token = token_of(connection)
    return await _by_session(connection, token) if token else None


async def _by_session(connection: AnyConnection, token: str) -> Who | None:
    db: Database = connection.app.state.db
    settings: Settings = connection.app.state.settings
    async with db.read() as reading:
        row = await store.find_session(
            reading, token_hash(token), now() - timedelta(minutes=settings.session_idle_minutes)
        )
        if row is None:
            return None
        rights = await rights_of(reading, row.party, row.epoch)
    if not await _still_the_same(connection, db, row, token):
        return None
    return Who(
        id=row.party,
        name=row.name,
        account=row.account,
        organisation=row.organisation,
        organisation_code=row.organisation_code,
        rights=rights,
        session=row.session,
        level=row.level,
        method=row.method,
        confirmed_at=row.confirmed_at,
    )


async def _still_the_same(connection: AnyConnection, db: Database, row: SessionRow, token: str) -> bool:
    """Note that the session is in use. A token that turns up in another browser was stolen: it ends for both."""
    if agent_of(connection) != row.agent:
        async with db.tx() as tx:
            if await store.end_session(tx, token_hash(token)):
                told = {"session": str(row.session), "reason": "used by another browser"}
                await note(tx, Event(kind="session.ended", what=f"party:{row.party}", data=told))
        return False
    address = client_address(connection)
    if now() - row.seen_at > SEEN_EVERY or address != row.address:
        async with db.tx() as tx:
            await store.touch_session(tx, row.session, address)
    return True
