"""The request desk in the console: the queue by urgency, one request with its clocks, every act on it."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.datasets.store import list_datasets
from nhip.db import Connection
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.privacy.clocks import last_day, longest_extension
from nhip.privacy.common import (
    HOME,
    PAGE_SIZE,
    SMALL_FORM,
    AnyRequest,
    PageNumber,
    installation_of,
    moment_of,
    options,
    shown,
    subject_from,
)
from nhip.privacy.errors import RequestNotFound
from nhip.privacy.policy import REQUESTS, request_on
from nhip.privacy.requests import service, store
from nhip.privacy.requests.model import CHANNELS, STATES, STEPS, Attachment, NewRequest, Request
from nhip.privacy.requests.papers import MOST_MB, attach
from nhip.security.upload_names import attachment
from nhip.security.uploads import PAPERS, accept, in_words
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb, Listing, Tab
from nhip.web.render import redirect

BASE = f"{HOME}/requests"
ONE = f"{BASE}/{{no:str}}"
Act = Callable[[Connection, Request], Awaitable[object]]


@get(BASE, permission="request.handle")
async def show_all(request: AnyRequest, closed: FromQuery[bool] = False, number: PageNumber = 1) -> Response[str]:
    """Requests, the most urgent first; those that are closed on a tab of their own."""
    async with installation_of(request).db.read() as tx:
        counts = await store.count_requests(tx)
        offset = (number - 1) * PAGE_SIZE
        requests = await store.list_requests(tx, open_=not closed, limit=PAGE_SIZE, offset=offset)
    tabs = [
        Tab(translate(_("Open")), BASE, not closed, counts.open),
        Tab(translate(_("Closed")), f"{BASE}?closed=true", closed, counts.closed),
    ]
    listing = Listing(number, PAGE_SIZE, counts.closed if closed else counts.open)
    values: dict[str, Any] = {"counts": counts, "tabs": tabs, "listing": listing, "states": STATES}
    return shown(request, "requests.html", requests=requests, **values)


@get(f"{BASE}/new", permission="request.handle")
async def show_new(request: AnyRequest) -> Response[str]:
    """The form for a request at the desk or on paper."""
    return await _form(request, Form.of())


@post(f"{BASE}/new", permission="request.handle", request_max_body_size=SMALL_FORM)
async def add(request: AnyRequest) -> Response[Any]:
    """Take it in and give it a number."""
    form, installation = await Form.read(request), installation_of(request)
    new, received_at = _new(form, request), moment_of(form, "received")
    if new is not None and not form.errors:
        try:
            async with installation.db.tx() as tx:
                made = await service.receive(tx, new, received_at)
            return redirect(f"{BASE}/{made.no}", _("The request {no} is received; the clocks run."), no=made.no)
        except NhipError as error:
            form.fail("", error.template(), **error.values)
    return await _form(request, form, status=422)


def _new(form: Form, request: AnyRequest) -> NewRequest | None:
    kind = form.choice("kind", list(REQUESTS), required=_("Say what the person asks for."))
    channel = form.choice("channel", ["desk", "paper"], required=_("Say how the request came."))
    name = form.text("name", required=_("Enter the person's name."), longest=200)
    contact = form.text("contact", required=_("Say how the person can be reached."), longest=300)
    wanted = form.text("wanted", longest=4_000)
    subject = subject_from(form, request) if form.raw("number").strip() else None
    if form.errors:
        return None
    datasets = tuple(dict.fromkeys(form.many("datasets")))
    values: dict[str, Any] = {"contact": contact, "wanted": wanted, "datasets": datasets, "subject": subject}
    return NewRequest(kind=kind, channel="desk" if channel == "desk" else "paper", name=name, **values)


async def _form(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        datasets = [(d.name, d.title) for d in await list_datasets(tx)]
    crumbs = [Crumb(translate(_("Requests")), BASE), Crumb(translate(_("Take a request in")))]
    channels = [(name, translate(CHANNELS[name])) for name in ("desk", "paper")]
    values: dict[str, Any] = {"kinds": options(REQUESTS), "channels": channels, "datasets": datasets, "crumbs": crumbs}
    return shown(request, "request_form.html", status=status, form=form, **values)


@get(ONE, permission="request.handle")
async def show(request: AnyRequest, no: FromPath[str]) -> Response[str]:
    """One request: what is asked, its clocks, what was done, what can be done next."""
    return await show_one(request, no, Form.of())


async def show_one(request: AnyRequest, no: str, form: Form) -> Response[str]:
    """The page of one request, with what is wrong with the last act on it."""
    async with installation_of(request).db.read() as tx:
        found = await service.get(tx, no)
        steps = await store.list_steps(tx, found.id)
        papers = await store.list_attachments(tx, found.id)
        titles = {d.name: d.title for d in await list_datasets(tx)}
    latest = longest_extension(found.kind, found.received_at, others=found.others)
    crumbs = [Crumb(translate(_("Requests")), BASE), Crumb(found.no)]
    values: dict[str, Any] = {"steps": steps, "papers": papers, "titles": titles, "crumbs": crumbs, "states": STATES}
    values |= {"step_titles": STEPS, "channels": CHANNELS, "latest": last_day(latest), "accept": accept(PAPERS)}
    values |= {
        "line": request_on(found.kind, last_day(found.received_at)),
        "allowed": in_words(PAPERS),
        "most_mb": MOST_MB,
    }
    return shown(request, "request.html", status=422 if form.errors else 200, asked=found, form=form, **values)


async def _act(request: AnyRequest, no: str, form: Form, act: Act, done: str) -> Response[Any]:
    if not form.errors:
        try:
            async with installation_of(request).db.tx() as tx:
                await act(tx, await service.get(tx, no))
            return redirect(f"{BASE}/{no}", done)
        except RequestNotFound:
            raise
        except NhipError as error:
            form.fail("", error.template(), **error.values)
    return await show_one(request, no, form)


@post(f"{ONE}/confirm", permission="request.handle", request_max_body_size=SMALL_FORM)
async def confirm(request: AnyRequest, no: FromPath[str]) -> Response[Any]:
    """The first answer."""
    form = await Form.read(request)
    told, others = (
        form.text("told", required=_("Write what the person is told."), longest=4_000),
        form.checked("others"),
    )
    act: Act = lambda tx, asked: service.confirm(tx, asked, told, others=others)  # noqa: E731
    return await _act(request, no, form, act, _("The first answer is noted."))


@post(f"{ONE}/extend", permission="request.handle", request_max_body_size=SMALL_FORM)
async def extend(request: AnyRequest, no: FromPath[str]) -> Response[Any]:
    """Take longer, once."""
    form = await Form.read(request)
    told = form.text("told", required=_("Write the reason that the person is told."), longest=4_000)
    until = form.date("until", required=_("Say until when."))

    async def act(tx: Connection, asked: Request) -> None:
        assert until is not None
        await service.extend(tx, asked, until, told)

    return await _act(request, no, form, act, _("The time is extended; the person is told the reason."))


@post(f"{ONE}/close", permission="request.handle", request_max_body_size=SMALL_FORM)
async def close(request: AnyRequest, no: FromPath[str]) -> Response[Any]:
    """Done, or refused with the legal ground."""
    form = await Form.read(request)
    state = form.choice("state", ["done", "refused"], required=_("Say how it ends."))
    told = form.text("told", required=_("Write what the person is told."), longest=4_000)
    act: Act = lambda tx, asked: service.close(tx, asked, state, told)  # noqa: E731
    return await _act(request, no, form, act, _("The request is closed; the person sees the answer."))


@post(f"{ONE}/note", permission="request.handle", request_max_body_size=SMALL_FORM)
async def jot(request: AnyRequest, no: FromPath[str]) -> Response[Any]:
    """A note for the desk alone, or that the person's identity was checked."""
    form = await Form.read(request)
    kind = form.choice("kind", ["noted", "identity"]) or "noted"
    text = form.text("note", required=_("Write the note."), longest=2_000)
    act: Act = lambda tx, asked: service.jot(tx, asked, text, kind)  # noqa: E731
    return await _act(request, no, form, act, _("Noted."))


@post(f"{ONE}/papers", permission="request.handle", request_max_body_size=(MOST_MB + 1) << 20)
async def add_paper(request: AnyRequest, no: FromPath[str]) -> Response[Any]:
    """A paper that belongs to it."""
    form = await Form.read(request)
    return await _act(request, no, form, paper_of(request, form), _("The paper is kept with the request."))


def paper_of(request: AnyRequest, form: Form) -> Act:
    """The act that keeps the file of the form with a request."""
    sent = form.upload("paper", required=_("Choose a file."))

    async def act(tx: Connection, asked: Request) -> None:
        assert sent is not None
        await attach(installation_of(request), tx, asked, await sent.read(), sent.filename)

    return act


@get(f"{ONE}/papers/{{paper_id:uuid}}", permission="request.handle")
async def get_paper(request: AnyRequest, no: FromPath[str], paper_id: FromPath[uuid.UUID]) -> Response[bytes]:
    """A paper, as a download that no browser opens by itself."""
    async with installation_of(request).db.read() as tx:
        asked = await service.get(tx, no)
        return paper_answer(request, await store.list_attachments(tx, asked.id), paper_id)


def paper_answer(request: AnyRequest, papers: list[Attachment], paper_id: uuid.UUID) -> Response[bytes]:
    """The paper of this id among `papers`. Raises RequestNotFound."""
    paper = next((p for p in papers if p.id == paper_id), None)
    if paper is None:
        raise RequestNotFound
    content = installation_of(request).objects.path(paper.object).read_bytes()
    headers = {"Content-Disposition": attachment(paper.name), "Cache-Control": "private, no-store"}
    return Response(content, media_type=paper.media_type, headers=headers)


ROUTES = [show_all, show_new, add, show, confirm, extend, close, jot, add_paper, get_paper]
