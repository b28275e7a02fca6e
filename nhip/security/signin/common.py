"""What the pages of this package share."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Request, Response

from nhip.db import Database
from nhip.kernel.i18n import _
from nhip.security.model import SignIn, Who
from nhip.security.protect import client_address
from nhip.security.service import sign_out
from nhip.security.sessions import agent_of, session_cookie, step_cookie, step_of, token_of, who
from nhip.security.signin import history
from nhip.security.signin.service import Visitor
from nhip.settings import Settings
from nhip.web.errors import SignInNeeded
from nhip.web.forms import Form
from nhip.web.model import Notice
from nhip.web.render import local, redirect

AnyRequest = Request[Any, Any, Any]
START = "/"
"""Leads on to what the person may open."""
NEWS = _("Something happened to your account since you last looked. See the history on your account page.")


def settings_of(request: AnyRequest) -> Settings:
    """The settings of the installation."""
    settings: Settings = request.app.state.settings
    return settings


def db_of(request: AnyRequest) -> Database:
    """The database of the installation."""
    db: Database = request.app.state.db
    return db


def visitor_of(request: AnyRequest, purpose: str = "second") -> Visitor:
    """The browser that asks, half-way through `purpose` perhaps."""
    return Visitor(
        settings=settings_of(request),
        address=client_address(request),
        agent=agent_of(request),
        step=step_of(request, purpose),
    )


async def me(request: AnyRequest) -> Who:
    """Who is signed in. Raises SignInNeeded."""
    found = await who(request)
    if found is None:
        raise SignInNeeded
    return found


def wanted(form: Form) -> str:
    """Where the person wanted to go, never another website."""
    return local(form.raw("next") or START, START)


def with_next(path: str, where: str) -> str:
    """The address of a page that leads on to `where`."""
    return f"{path}?next={quote(where)}"


async def let_in(request: AnyRequest, ended: SignIn, where: str) -> Response[Any]:
    """Give the browser its session, end the one that it had, go where the person wanted to go."""
    settings, db = settings_of(request), db_of(request)
    news = False
    async with db.tx() as tx:
        if old := token_of(request):
            await sign_out(tx, old)
        if ended.account is not None:
            news = await history.has_news(tx, ended.account.party_id, ended.account.id)
    answer = redirect(where, Notice(NEWS, kind="warn") if news else "")
    answer.cookies.append(session_cookie(settings, ended.token))
    if step_of(request, "second"):
        answer.cookies.append(step_cookie(settings, "second", ""))
    return answer


def renewed(request: AnyRequest, answer: Response[Any], token: str) -> Response[Any]:
    """`answer` with the session's new token."""
    answer.cookies.append(session_cookie(settings_of(request), token))
    return answer
