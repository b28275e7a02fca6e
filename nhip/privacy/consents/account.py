"""A person's own consents: what they agreed to in which words, agreeing, taking back."""

from __future__ import annotations

import uuid
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.privacy.common import SMALL_FORM, AnyRequest, installation_of, shown, signed_in
from nhip.privacy.consents import service, store
from nhip.privacy.consents.pages import is_open, offer
from nhip.privacy.errors import ConsentGone
from nhip.privacy.processing import service as register
from nhip.security.parties.store import find_subject
from nhip.security.permissions.catalogue import SELF
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import redirect

BASE = "/account/consents"


@get(BASE, permission=SELF)
async def show_mine(request: AnyRequest) -> Response[str]:
    """What I agreed to, and what I am asked to agree to."""
    return await _mine(request, Form.of())


@post(BASE, permission=SELF, request_max_body_size=SMALL_FORM)
async def agree(request: AnyRequest) -> Response[Any]:
    """I agree to the words on the page, for the kinds of data that I ticked."""
    form, installation = await Form.read(request), installation_of(request)
    found = await signed_in(request)
    try:
        shown_ = bytes.fromhex(form.raw("shown"))
    except ValueError:
        shown_ = b""
    try:
        async with installation.db.tx() as tx:
            subject = await find_subject(tx, found.id)
            if subject is None:
                raise ConsentGone
            processing = await register.get(tx, form.raw("processing"))
            await service.give(tx, subject, processing, form.many("types"), shown=shown_, channel="online")
    except NhipError as error:
        form.fail("", error.template(), **error.values)
        return await _mine(request, form, status=422)
    return redirect(BASE, _("You agreed. You can take it back here at any time."))


@post(f"{BASE}/{{consent_id:uuid}}/withdraw", permission=SELF, request_max_body_size=SMALL_FORM)
async def take_back(request: AnyRequest, consent_id: FromPath[uuid.UUID]) -> Response[None]:
    """I take my consent back."""
    found = await signed_in(request)
    async with installation_of(request).db.tx() as tx:
        subject = await find_subject(tx, found.id)
        if subject is None:
            raise ConsentGone
        await service.withdraw(tx, subject, consent_id, channel="online")
    return redirect(BASE, _("Your consent is withdrawn, from this moment on. Whoever was given the data will be told."))


async def _mine(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    found = await signed_in(request)
    async with installation_of(request).db.read() as tx:
        subject = await find_subject(tx, found.id)
        consents = await store.list_consents(tx, subject) if subject else []
        offers = [offer(p, consents) for p in await register.list_all(tx) if is_open(p)] if subject else []
    crumbs = [Crumb(translate(_("My account")), "/account"), Crumb(translate(_("My consents")))]
    values: dict[str, Any] = {"known": subject is not None, "offers": offers, "consents": consents, "crumbs": crumbs}
    return shown(request, "account_consents.html", status=status, form=form, **values)


ROUTES = [show_mine, agree, take_back]
