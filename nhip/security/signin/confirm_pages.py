"""Proving again who one is, before something sensitive; what was typed meanwhile is carried through."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from nhip.kernel.i18n import _
from nhip.security.permissions.catalogue import SELF
from nhip.security.sessions import session_cookie
from nhip.security.signin import attempts, gate, service
from nhip.security.signin.common import AnyRequest, db_of, me, renewed, settings_of, visitor_of, wanted
from nhip.security.signin.errors import TooManyFailures
from nhip.web.forms import Form
from nhip.web.render import local, page, redirect


@get("/confirm", permission=SELF, any_level=True, include_in_schema=False)
async def show_confirm(request: AnyRequest) -> Response[Any]:
    """Ask for a proof."""
    form = Form.of(next=local(request.query_params.get("next", "/"), "/"))
    return await _form(request, form, None, 200)


@post("/confirm", permission=SELF, any_level=True, include_in_schema=False, request_max_body_size=400_000)
async def send_confirm(request: AnyRequest) -> Response[Any]:
    """Look at the proof, then go on; a form that waited is sent on by one more press."""
    form = await Form.read(request)
    found, kept = await me(request), gate.read(form.raw("kept"))
    try:
        token = await service.confirm_with_words(
            db_of(request), visitor_of(request), found, form.raw("password"), form.raw("code")[:60]
        )
    except TooManyFailures:
        form.fail("", _("Too many failed attempts. Wait {minutes} minutes and try again."), minutes=attempts.MINUTES)
        return await _form(request, form, kept, 429)
    if not token:
        form.fail("", _("This is not right. Enter it again."))
        return await _form(request, form, kept, 422)
    if kept is None:
        return renewed(request, redirect(wanted(form)), token)
    answer = page(request, "security/resume.html", where=wanted(form), kept=kept)
    answer.cookies.append(session_cookie(settings_of(request), token))
    return answer


async def _form(request: AnyRequest, form: Form, kept: list[tuple[str, str]] | None, status: int) -> Response[Any]:
    form.values.pop("code", None)
    values = {"form": form, **gate.carried(kept), "lost": False, **await gate.offers(request, await me(request))}
    return page(request, "security/confirm.html", status=status, **values)


ROUTES = [show_confirm, send_confirm]
