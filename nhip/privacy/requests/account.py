"""A person's own requests: asking, seeing how it stands, taking it back."""

from __future__ import annotations

import uuid
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.db import Connection
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.privacy.common import SMALL_FORM, AnyRequest, installation_of, options, shown, signed_in
from nhip.privacy.errors import RequestNotFound
from nhip.privacy.policy import REQUESTS
from nhip.privacy.requests import service, store
from nhip.privacy.requests.model import STATES, STEPS, NewRequest, Request
from nhip.privacy.requests.pages import paper_answer, paper_of
from nhip.privacy.requests.papers import MOST_MB
from nhip.security.parties.store import find_subject
from nhip.security.permissions.catalogue import SELF
from nhip.security.uploads import PAPERS, accept, in_words
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import redirect

BASE = "/account/requests"
MOST_OPEN = 20
"""Requests that one person may have open, so that nobody floods the desk."""


@get(BASE, permission=SELF)
async def show_mine(request: AnyRequest, kind: FromQuery[str] = "") -> Response[str]:
    """My requests, and a form for a new one."""
    return await _mine(request, Form.of(kind=kind if kind in REQUESTS else None))


@post(BASE, permission=SELF, request_max_body_size=SMALL_FORM)
async def ask(request: AnyRequest) -> Response[Any]:
    """I ask for something; the clocks begin now."""
    form, found = await Form.read(request), await signed_in(request)
    kind = form.choice("kind", list(REQUESTS), required=_("Choose what you ask for."))
    wanted = form.text("wanted", longest=4_000)
    contact = form.text("contact", longest=300)
    if not form.errors:
        try:
            async with installation_of(request).db.tx() as tx:
                if len(await store.list_requests(tx, party_id=found.id, open_=True)) >= MOST_OPEN:
                    form.fail("", _("You have {n} open requests. Wait for an answer to one of them."), n=MOST_OPEN)
                    return await _mine(request, form, status=429)
                values: dict[str, Any] = {"contact": contact, "wanted": wanted, "party_id": found.id}
                values["subject"] = await find_subject(tx, found.id)
                made = await service.receive(tx, NewRequest(kind=kind, channel="online", name=found.name, **values))
            return redirect(f"{BASE}/{made.no}", _("Your request {no} has arrived."), no=made.no)
        except NhipError as error:
            form.fail("", error.template(), **error.values)
    return await _mine(request, form, status=422)


@get(f"{BASE}/{{no:str}}", permission=SELF)
async def show_one(request: AnyRequest, no: FromPath[str]) -> Response[str]:
    """How my request stands."""
    return await _one(request, no, Form.of())


@post(f"{BASE}/{{no:str}}/take-back", permission=SELF, request_max_body_size=SMALL_FORM)
async def take_back(request: AnyRequest, no: FromPath[str]) -> Response[None]:
    """I do not want it any more."""
    async with installation_of(request).db.tx() as tx:
        await service.take_back(tx, await _own(request, tx, no))
    return redirect(BASE, _("Your request is taken back."))


@post(f"{BASE}/{{no:str}}/papers", permission=SELF, request_max_body_size=(MOST_MB + 1) << 20)
async def add_paper(request: AnyRequest, no: FromPath[str]) -> Response[Any]:
    """A paper that helps to answer."""
    form = await Form.read(request)
    act = paper_of(request, form)
    if not form.errors:
        try:
            async with installation_of(request).db.tx() as tx:
                asked = await _own(request, tx, no)
                if len(await store.list_attachments(tx, asked.id)) >= MOST_OPEN or asked.closed_at is not None:
                    form.fail("", _("No more papers can be added to this request."))
                else:
                    await act(tx, asked)
                    return redirect(f"{BASE}/{no}", _("The paper is kept with your request."))
        except RequestNotFound:
            raise
        except NhipError as error:
            form.fail("paper", error.template(), **error.values)
    return await _one(request, no, form)


@get(f"{BASE}/{{no:str}}/papers/{{paper_id:uuid}}", permission=SELF)
async def get_paper(request: AnyRequest, no: FromPath[str], paper_id: FromPath[uuid.UUID]) -> Response[bytes]:
    """A paper of my request."""
    async with installation_of(request).db.read() as tx:
        asked = await _own(request, tx, no)
        return paper_answer(request, await store.list_attachments(tx, asked.id), paper_id)


async def _own(request: AnyRequest, tx: Connection, no: str) -> Request:
    """A request of whoever is signed in, filed by them or at the desk under their number. Raises RequestNotFound."""
    found, asked = await signed_in(request), await service.get(tx, no)
    subject = await find_subject(tx, found.id)
    if asked.party_id == found.id or (subject is not None and asked.subject == subject):
        return asked
    raise RequestNotFound


async def _mine(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    found = await signed_in(request)
    async with installation_of(request).db.read() as tx:
        subject = await find_subject(tx, found.id)
        requests = {r.no: r for r in await store.list_requests(tx, party_id=found.id)}
        if subject is not None:
            requests |= {r.no: r for r in await store.list_requests(tx, subject=subject)}
    crumbs = [Crumb(translate(_("My account")), "/account"), Crumb(translate(_("My requests")))]
    values: dict[str, Any] = {
        "kinds": options(REQUESTS),
        "states": STATES,
        "crumbs": crumbs,
        "known": subject is not None,
    }
    return shown(request, "account_requests.html", status=status, form=form, requests=list(requests.values()), **values)


async def _one(request: AnyRequest, no: str, form: Form) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        asked = await _own(request, tx, no)
        steps = [s for s in await store.list_steps(tx, asked.id) if s.told or s.kind in ("received", *STATES)]
        papers = await store.list_attachments(tx, asked.id)
    crumbs = [Crumb(translate(_("My requests")), BASE), Crumb(asked.no)]
    values: dict[str, Any] = {
        "steps": steps,
        "papers": papers,
        "states": STATES,
        "step_titles": STEPS,
        "crumbs": crumbs,
    }
    values |= {"accept": accept(PAPERS), "allowed": in_words(PAPERS), "most_mb": MOST_MB}
    return shown(request, "account_request.html", status=422 if form.errors else 200, asked=asked, form=form, **values)


ROUTES = [show_mine, ask, show_one, take_back, add_paper, get_paper]
