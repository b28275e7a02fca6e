"""The page about oneself: data, factors, sessions, what happened to the account."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security import store as accounts
from nhip.security.parties import store as parties
from nhip.security.permissions.catalogue import SELF
from nhip.security.permissions.model import Role
from nhip.security.permissions.service import list_roles
from nhip.security.permissions.store import list_of_party
from nhip.security.service import sign_out
from nhip.security.sessions import session_cookie, token_of
from nhip.security.signin import gate, history, store
from nhip.security.signin.agents import name_of
from nhip.security.signin.common import AnyRequest, db_of, me, settings_of
from nhip.security.signin.service import get_account
from nhip.web.errors import PageNotFound
from nhip.web.i18n import language, translate
from nhip.web.render import page, redirect

METHODS = {
    "password": _("password"),
    "password+totp": _("password and one-time code"),
    "password+passkey": _("password and passkey"),
    "password+recovery": _("password and recovery code"),
    "passkey": _("passkey"),
    "totp": _("one-time code"),
    "code": _("one-time code"),
    "recovery": _("recovery code"),
    "openid": _("identity provider"),
}
"""How somebody proved who they are, in words."""


@get("/account", permission=SELF, include_in_schema=False)
async def show(request: AnyRequest) -> Response[str]:
    """Everything about oneself on one page."""
    found, settings = await me(request), settings_of(request)
    idle = now() - timedelta(minutes=settings.session_idle_minutes)
    async with db_of(request).read() as tx:
        account = await get_account(tx, found)
        roles = await list_roles(tx)
        values: dict[str, Any] = {
            "account": account,
            "party": await parties.find_party(tx, found.id),
            "organisation": await parties.find_party(tx, found.organisation) if found.organisation else None,
            "roles": sorted({_title(roles[a.role]) for a in await list_of_party(tx, found.id) if a.role in roles}),
            "factors": await store.get_factors(tx, account.id),
            "passkeys": await store.list_passkeys(tx, account.id),
            "sessions": await accounts.list_sessions(tx, idle, account.id),
            "happenings": await history.list_happenings(tx, found.id, account.id),
        }
    values["due"] = gate.must_have_second(settings, found.rights)
    values["name_of"] = name_of
    values["usage"] = "/account/usage" if _is_there(request, "/account/usage") else ""
    return page(request, "security/account.html", methods=METHODS, **values)


def _title(role: Role) -> str:
    if role.built_in:
        return translate(role.title)
    return role.title_en if language() == "en" and role.title_en else role.title


def _is_there(request: AnyRequest, path: str) -> bool:
    """Whether another part of the product has a page at `path`."""
    return any(route.path == path for route in request.app.routes)


@post("/account/seen", permission=SELF, include_in_schema=False, status_code=303)
async def seen(request: AnyRequest) -> Response[Any]:
    """The person has seen what happened to the account."""
    found = await me(request)
    async with db_of(request).tx() as tx:
        await store.set_told(tx, (await get_account(tx, found)).id)
    return redirect("/account", _("Noted."))


@post("/account/sessions/{session_id:uuid}/end", permission=SELF, include_in_schema=False, status_code=303)
async def end_one(request: AnyRequest, session_id: FromPath[uuid.UUID]) -> Response[Any]:
    """Sign one browser out. Raises PageNotFound for a session of somebody else, as for none."""
    found = await me(request)
    if session_id == found.session:
        async with db_of(request).tx() as tx:
            await sign_out(tx, token_of(request))
        answer = redirect("/signin", _("You are signed out."))
        answer.cookies.append(session_cookie(settings_of(request), ""))
        return answer
    async with db_of(request).tx() as tx:
        account = await get_account(tx, found)
        if not await accounts.end_session_by_id(tx, session_id, account.id):
            raise PageNotFound(what=request.url.path)
        await note(tx, Event(kind="session.ended", what=f"party:{found.id}", data={"session": str(session_id)}))
    return redirect("/account#sessions", _("That browser is signed out."))


@post("/account/sessions/end-others", permission=SELF, include_in_schema=False, status_code=303)
async def end_others(request: AnyRequest) -> Response[Any]:
    """Sign out everywhere but here."""
    found = await me(request)
    async with db_of(request).tx() as tx:
        account = await get_account(tx, found)
        ended = await accounts.end_sessions_of(tx, account.id, found.session)
        if ended:
            await note(tx, Event(kind="session.ended", what=f"party:{found.id}", data={"sessions": ended}))
    return redirect("/account#sessions", _("You are signed out everywhere but here."))


ROUTES = [show, seen, end_one, end_others]
