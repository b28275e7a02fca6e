"""Sign-in and sign-out; the routes of all pages by which people prove who they are."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from nhip.kernel.i18n import _
from nhip.security.contact import security_txt
from nhip.security.openid.pages import goodbye
from nhip.security.openid.service import list_offers
from nhip.security.permissions.catalogue import PUBLIC
from nhip.security.protect import CLEAR_SITE_DATA
from nhip.security.service import sign_in, sign_out
from nhip.security.sessions import session_cookie, start_of, step_cookie, token_of, who
from nhip.security.signin import (
    account_pages,
    attempts,
    confirm_pages,
    factor_pages,
    invited_pages,
    passkey_pages,
    steps,
)
from nhip.security.signin import store as proofs
from nhip.security.signin.common import AnyRequest, db_of, let_in, settings_of, visitor_of, wanted, with_next
from nhip.security.signin.model import Factors
from nhip.security.signin.passkeys import find_place
from nhip.security.signin.service import finish_with_code
from nhip.web.forms import Form
from nhip.web.i18n import language
from nhip.web.render import local, page, redirect

LOCKED = _("Too many failed attempts. Wait {minutes} minutes and try again.")
LATE = _("This took too long. Sign in again.")


@get("/signin", permission=PUBLIC, include_in_schema=False)
async def show_signin(request: AnyRequest) -> Response[Any]:
    """The form; whoever is signed in already goes on."""
    asked = local(request.query_params.get("next", "/"), "/")
    if (found := await who(request)) is not None:
        return redirect(asked if asked != "/" else start_of(found))
    return await _form(request, Form.of(next=asked), 200)


async def _form(request: AnyRequest, form: Form, status: int) -> Response[str]:
    return page(
        request,
        "security/signin.html",
        status=status,
        form=form,
        passkeys_here=find_place(request) is not None,
        offers=await list_offers(db_of(request), language()),
        next=form.raw("next"),
    )


@post("/signin", permission=PUBLIC, include_in_schema=False, request_max_body_size=20_000)
async def send_signin(request: AnyRequest) -> Response[Any]:
    """Begin a session and go where the person wanted to go, by way of the second factor where there is one."""
    form = await Form.read(request)
    name = form.text("name", required=_("Enter your name."), longest=100)
    password = form.raw("password")
    if not password:
        form.fail("password", _("Enter your password."))
    if form.errors:
        return await _form(request, form, 422)
    settings, visitor = settings_of(request), visitor_of(request)
    ended = await sign_in(
        db_of(request),
        name,
        password,
        visitor.address,
        settings.session_hours,
        visitor.agent,
        settings.sessions_per_account,
    )
    if ended.second:
        answer = redirect(with_next("/signin/second", wanted(form)))
        answer.cookies.append(step_cookie(settings, "second", ended.second))
        return answer
    if ended.token:
        return await let_in(request, ended, wanted(form))
    if ended.locked:
        form.fail("", LOCKED, minutes=attempts.MINUTES)
        return await _form(request, form, 429)
    form.fail("password", _("Name or password is wrong."))
    return await _form(request, form, 422)


@get("/signin/second", permission=PUBLIC, include_in_schema=False)
async def show_second(request: AnyRequest) -> Response[Any]:
    """Ask for the second factor."""
    asked = local(request.query_params.get("next", "/"), "/")
    return await _second_form(request, Form.of(next=asked), 200)


@post("/signin/second", permission=PUBLIC, include_in_schema=False, request_max_body_size=20_000)
async def send_second(request: AnyRequest) -> Response[Any]:
    """A one-time code or a recovery code."""
    form = await Form.read(request)
    code = form.text("code", required=_("Enter the code."), longest=60)
    if form.errors:
        return await _second_form(request, form, 422)
    ended = await finish_with_code(db_of(request), visitor_of(request), code)
    if ended.token:
        return await let_in(request, ended, wanted(form))
    if ended.late:
        return redirect("/signin", LATE)
    if ended.locked:
        form.fail("", LOCKED, minutes=attempts.MINUTES)
        return await _second_form(request, form, 429)
    form.fail("code", _("This code is wrong, or was used already."))
    return await _second_form(request, form, 422)


async def _second_form(request: AnyRequest, form: Form, status: int) -> Response[Any]:
    async with db_of(request).read() as tx:
        step = await steps.find(tx, "second", visitor_of(request).step)
        factors: Factors | None = await proofs.get_factors(tx, step.account_id) if step and step.account_id else None
    if factors is None:
        return redirect("/signin", LATE)
    form.values.pop("code", None)
    values: dict[str, Any] = {"form": form, "factors": factors, "passkeys_here": find_place(request) is not None}
    return page(request, "security/second.html", status=status, **values)


@post("/signout", permission=PUBLIC, include_in_schema=False, status_code=303)
async def send_signout(request: AnyRequest) -> Response[Any]:
    """End the session; whoever came by an identity provider is shown the way to sign out there too."""
    farewell = await goodbye(request)
    if token := token_of(request):
        async with db_of(request).tx() as tx:
            await sign_out(tx, token)
    answer = farewell or redirect("/signin", _("You are signed out."))
    answer.headers.update(CLEAR_SITE_DATA)
    answer.cookies.append(session_cookie(settings_of(request), ""))
    return answer


ROUTES = [
    show_signin,
    send_signin,
    show_second,
    send_second,
    send_signout,
    *passkey_pages.ROUTES,
    *invited_pages.ROUTES,
    *confirm_pages.ROUTES,
    *account_pages.ROUTES,
    *factor_pages.ROUTES,
    security_txt,
]
"""For `nhip.web.app.build(routes=…)`."""
