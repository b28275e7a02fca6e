"""Who is signed in now, and the history of sign-ins from the ledger."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.console.admin.common import HOME, AnyRequest, crumbs, me
from nhip.console.common import installation_of
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.ledger.kinds import KINDS
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.ledger.store import list_rows
from nhip.security import store as accounts
from nhip.security.permissions.managing import access_party, reached
from nhip.web.errors import PageNotFound
from nhip.web.render import page, redirect

SESSIONS = f"{HOME}/sessions"
SIGN_INS = ("session.began", "signin.failed", "account.locked", "session.ended", "recovery.issued", "recovery.used")
"""Kinds of events that the history is made of."""
_SHOWN = 200


@get(SESSIONS, permission="session.read")
async def show_all(request: AnyRequest) -> Response[str]:
    """Sessions that have not ended, the last used first."""
    installation = installation_of(request)
    idle = now() - timedelta(minutes=installation.settings.session_idle_minutes)
    async with installation.db.read() as tx:
        asker = await me(request)
        known = await accounts.list_sessions(tx, idle)
        near = await reached(tx, asker, {line.party_id for line in known}, "session.read")
        found = [line for line in known if line.party_id in near]
    values: dict[str, Any] = {"sessions": found, "me": asker, "methods": METHODS}
    return page(request, "console/admin/sessions.html", crumbs=crumbs(_("Sessions")), **values)


METHODS = {
    "password": _("password"),
    "password+totp": _("password and code"),
    "password+passkey": _("password and passkey"),
    "passkey": _("passkey"),
    "recovery": _("recovery code"),
}
"""Ways to sign in, in words; those of identity providers are named as they are."""


@post(f"{SESSIONS}/{{session_id:uuid}}/end", permission="session.end")
async def end(request: AnyRequest, session_id: FromPath[uuid.UUID]) -> Response[Any]:
    """End a session of anybody."""
    async with installation_of(request).db.tx() as tx:
        asker = await me(request)
        idle = now() - timedelta(minutes=installation_of(request).settings.session_idle_minutes)
        line = next((one for one in await accounts.list_sessions(tx, idle) if one.id == session_id), None)
        if line is None:
            raise PageNotFound
        await access_party(tx, asker, line.party_id, "session.end")
        if not await accounts.end_session_by_id(tx, session_id):
            raise PageNotFound
        await note(tx, Event(kind="session.ended", data={"session": str(session_id), "reason": "by an administrator"}))
    return redirect(SESSIONS, _("The session is ended."))


@get(f"{HOME}/sign-ins", permission="session.read", everywhere=True)
async def history(request: AnyRequest) -> Response[str]:
    """The newest sign-ins, failures and ends."""
    wanted = request.query_params.get("kind", "")
    kinds = (wanted,) if wanted in SIGN_INS else SIGN_INS
    async with installation_of(request).db.read() as tx:
        rows = [row for kind in kinds for row in await list_rows(tx, kind=kind, limit=_SHOWN)]
    rows.sort(key=lambda row: -row.seq)
    values: dict[str, Any] = {
        "rows": rows[:_SHOWN],
        "kinds": {k: KINDS[k] for k in SIGN_INS if k in KINDS},
        "wanted": wanted,
    }
    return page(request, "console/admin/sign_ins.html", crumbs=crumbs(_("Sign-ins")), methods=METHODS, **values)


ROUTES = [show_all, end, history]
