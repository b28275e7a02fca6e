"""Sign-in and sign-out."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post

from nhip.db import Database
from nhip.kernel.i18n import _
from nhip.security.permissions.catalogue import PUBLIC
from nhip.security.protect import client_address
from nhip.security.service import ADMINISTRATOR, WINDOW, sign_in, sign_out
from nhip.security.sessions import agent_of, session_cookie, token_of, who
from nhip.settings import Settings
from nhip.web.forms import Form
from nhip.web.render import local, page, redirect

AnyRequest = Request[Any, Any, Any]
START = "/console"


@get("/signin", permission=PUBLIC, include_in_schema=False)
async def show_signin(request: AnyRequest) -> Response[Any]:
    """The form; whoever is signed in already goes on."""
    wanted = local(request.query_params.get("next", START), START)
    if await who(request) is not None:
        return redirect(wanted)
    return page(request, "security/signin.html", form=Form.of(name=ADMINISTRATOR, next=wanted))


@post("/signin", permission=PUBLIC, include_in_schema=False, request_max_body_size=20_000)
async def send_signin(request: AnyRequest) -> Response[Any]:
    """Begin a session and go where the person wanted to go."""
    form = await Form.read(request)
    name = form.text("name", required=_("Enter your name."), longest=100)
    password = form.raw("password")
    if not password:
        form.fail("password", _("Enter your password."))
    if form.errors:
        return page(request, "security/signin.html", status=422, form=form)
    settings: Settings = request.app.state.settings
    db: Database = request.app.state.db
    ended = await sign_in(db, name, password, client_address(request), settings.session_hours, agent_of(request))
    if not ended.token:
        return _refused(request, form, ended.locked)
    if old := token_of(request):
        async with db.tx() as tx:
            await sign_out(tx, old)
    answer = redirect(local(form.raw("next") or START, START))
    answer.cookies.append(session_cookie(settings, ended.token))
    return answer


def _refused(request: AnyRequest, form: Form, locked: bool) -> Response[str]:
    """The same words for a wrong name and a wrong password, so that names cannot be found out."""
    if locked:
        minutes = int(WINDOW.total_seconds() // 60)
        form.fail("", _("Too many failed attempts. Wait {minutes} minutes and try again."), minutes=minutes)
        return page(request, "security/signin.html", status=429, form=form)
    form.fail("password", _("Name or password is wrong."))
    return page(request, "security/signin.html", status=422, form=form)


@post("/signout", permission=PUBLIC, include_in_schema=False, status_code=303)
async def send_signout(request: AnyRequest) -> Response[Any]:
    """End the session."""
    db: Database = request.app.state.db
    if token := token_of(request):
        async with db.tx() as tx:
            await sign_out(tx, token)
    answer = redirect("/signin", _("You are signed out."))
    answer.cookies.append(session_cookie(request.app.state.settings, ""))
    return answer


ROUTES = [show_signin, send_signin, send_signout]
"""For `nhip.web.app.build(routes=…)`."""
