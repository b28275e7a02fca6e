"""The breach desk in the console: running clocks, one breach with whom it touches, the notice to the authority."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.datasets.store import list_agencies, list_datasets
from nhip.db import Connection
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.kernel.time import VIETNAM, now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.privacy.breaches import service
from nhip.privacy.breaches.affected import affected_csv, find_affected
from nhip.privacy.breaches.form import form_text
from nhip.privacy.breaches.model import Breach, Facts
from nhip.privacy.common import HOME, SMALL_FORM, AnyRequest, download, installation_of, moment_of, shown
from nhip.privacy.errors import BreachNotFound
from nhip.privacy.policy import clock_on
from nhip.privacy.processing.service import personal_columns
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import redirect

BASE = f"{HOME}/breaches"
ONE = f"{BASE}/{{no:str}}"
Act = Callable[[Connection, Breach], Awaitable[object]]


@get(BASE, permission="breach.handle")
async def show_all(request: AnyRequest) -> Response[str]:
    """Breaches, those whose clock runs first."""
    async with installation_of(request).db.read() as tx:
        breaches = await service.list_breaches(tx)
    return shown(request, "breaches.html", breaches=breaches)


@get(f"{BASE}/new", permission="breach.handle")
async def show_new(request: AnyRequest) -> Response[str]:
    """The form for a breach that was found."""
    return await _form(request, Form.of(), None)


@post(f"{BASE}/new", permission="breach.handle", request_max_body_size=SMALL_FORM)
async def add(request: AnyRequest) -> Response[Any]:
    """Enter it; the 72 hours run from when it was found."""
    form = await Form.read(request)
    found_at, facts = moment_of(form, "found"), _facts(form)
    if facts is not None and not form.errors:
        try:
            async with installation_of(request).db.tx() as tx:
                made = await service.find(tx, facts, found_at)
            return redirect(f"{BASE}/{made.no}", _("The breach {no} is entered; its 72 hours run."), no=made.no)
        except NhipError as error:
            form.fail("", error.template(), **error.values)
    return await _form(request, form, None, status=422)


@get(ONE, permission="breach.handle")
async def show(request: AnyRequest, no: FromPath[str]) -> Response[str]:
    """One breach: facts, clock, whom it touches, what was done."""
    return await _one(request, no, Form.of())


@get(f"{ONE}/edit", permission="breach.handle")
async def show_edit(request: AnyRequest, no: FromPath[str]) -> Response[str]:
    """The form with what is known."""
    async with installation_of(request).db.read() as tx:
        breach = await service.get(tx, no)
    return await _form(request, _filled(breach.facts), breach)


@post(f"{ONE}/edit", permission="breach.handle", request_max_body_size=SMALL_FORM)
async def change(request: AnyRequest, no: FromPath[str]) -> Response[Any]:
    """More is known."""
    form = await Form.read(request)
    facts = _facts(form)
    async with installation_of(request).db.read() as tx:
        breach = await service.get(tx, no)
    if facts is not None:
        try:
            async with installation_of(request).db.tx() as tx:
                await service.change(tx, breach, facts, form.text("why", longest=500))
            return redirect(f"{BASE}/{no}", _("The facts were brought up to date; what was known before is kept."))
        except NhipError as error:
            form.fail("", error.template(), **error.values)
    return await _form(request, form, breach, status=422)


@get(f"{ONE}/form", permission="breach.handle")
async def show_form(request: AnyRequest, no: FromPath[str]) -> Response[str]:
    """The notice to the authority, filled in, to print and sign."""
    async with installation_of(request).db.read() as tx:
        breach = await service.get(tx, no)
        text = await form_text(installation_of(request), tx, breach)
    crumbs = [Crumb(translate(_("Breaches")), BASE), Crumb(no, f"{BASE}/{no}"), Crumb(translate(_("Notice")))]
    return shown(request, "breach_form_text.html", breach=breach, text=text, crumbs=crumbs)


@get(f"{ONE}/form.txt", permission="breach.handle")
async def download_form(request: AnyRequest, no: FromPath[str]) -> Response[bytes]:
    """The notice as text."""
    async with installation_of(request).db.read() as tx:
        breach = await service.get(tx, no)
        return download(await form_text(installation_of(request), tx, breach), f"{no}.txt", "text/plain")


@post(f"{ONE}/affected.csv", permission="breach.handle", status_code=200, request_max_body_size=SMALL_FORM)
async def download_affected(request: AnyRequest, no: FromPath[str]) -> Response[bytes]:
    """The people that it touches, as keyed hashes; handing it out is recorded about each of them."""
    installation = installation_of(request)
    async with installation.db.tx() as tx:
        breach = await service.get(tx, no)
        text, people = await affected_csv(installation, tx, breach)
        why, told = translate(_("Breach {no}"), no=no), {"people": len(people)}
        await note(tx, Event(kind="personal.exported", what=f"breach:{no}", why=why, data=told, subjects=people))
    return download(text, f"{no}.csv", "text/csv")


async def _act(request: AnyRequest, no: str, form: Form, act: Act, done: str) -> Response[Any]:
    if not form.errors:
        try:
            async with installation_of(request).db.tx() as tx:
                await act(tx, await service.get(tx, no))
            return redirect(f"{BASE}/{no}", done)
        except BreachNotFound:
            raise
        except NhipError as error:
            form.fail("", error.template(), **error.values)
    return await _one(request, no, form)


@post(f"{ONE}/notify", permission="breach.handle", request_max_body_size=SMALL_FORM)
async def notify(request: AnyRequest, no: FromPath[str]) -> Response[Any]:
    """The authority was notified, with the notice as it reads now."""
    form, installation = await Form.read(request), installation_of(request)
    at = moment_of(form, "at")

    async def act(tx: Connection, breach: Breach) -> None:
        await service.notify(tx, breach, at or now(), await form_text(installation, tx, breach))

    return await _act(request, no, form, act, _("Noted that the authority was notified."))


@post(f"{ONE}/inform", permission="breach.handle", request_max_body_size=SMALL_FORM)
async def inform(request: AnyRequest, no: FromPath[str]) -> Response[Any]:
    """The people were told."""
    form = await Form.read(request)
    how = form.text("how", longest=2_000)
    act: Act = lambda tx, breach: service.inform(tx, breach, how)  # noqa: E731
    return await _act(request, no, form, act, _("Noted that the people were told."))


@post(f"{ONE}/close", permission="breach.handle", request_max_body_size=SMALL_FORM)
async def close(request: AnyRequest, no: FromPath[str]) -> Response[Any]:
    """The matter is settled."""
    form = await Form.read(request)
    why = form.text("why", longest=2_000)
    act: Act = lambda tx, breach: service.close(tx, breach, why)  # noqa: E731
    return await _act(request, no, form, act, _("The breach is closed."))


async def _one(request: AnyRequest, no: str, form: Form) -> Response[str]:
    installation = installation_of(request)
    async with installation.db.read() as tx:
        breach = await service.get(tx, no)
        affected = await find_affected(installation, tx, breach)
        editions = await service.list_editions(tx, breach)
    crumbs = [Crumb(translate(_("Breaches")), BASE), Crumb(no)]
    values: dict[str, Any] = {"affected": affected, "editions": editions, "crumbs": crumbs}
    values["clock"] = clock_on("breach.notify", now().date())
    return shown(request, "breach.html", status=422 if form.errors else 200, breach=breach, form=form, **values)


async def _form(request: AnyRequest, form: Form, breach: Breach | None, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        agencies = [(a.code, a.name) for a in await list_agencies(tx)]
        datasets = [(d.name, d.title) for d in await list_datasets(tx) if await personal_columns(tx, d.name)]
    crumbs = [Crumb(translate(_("Breaches")), BASE), Crumb(breach.no if breach else translate(_("Enter a breach")))]
    values: dict[str, Any] = {"agencies": agencies, "datasets": datasets, "crumbs": crumbs}
    return shown(request, "breach_edit.html", status=status, form=form, breach=breach, **values)


def _facts(form: Form) -> Facts | None:
    title = form.text("title", required=_("Give the breach a title."), longest=300)
    what = form.text("what", required=_("Say what happened."), longest=8_000)
    since, until = moment_of(form, "since"), moment_of(form, "until")
    if since is None and not form.error("since"):
        form.fail("since", _("Say since when, as far as you know."))
    if form.errors or since is None:
        return None
    texts = {
        name: form.text(name, longest=8_000) for name in ("data_kinds", "harm", "measures", "contact", "organisation")
    }
    datasets = tuple(dict.fromkeys(form.many("datasets")))
    return Facts(title=title, what=what, since=since, until=until, datasets=datasets, **texts)


def _filled(facts: Facts) -> Form:
    plain = ("title", "what", "data_kinds", "harm", "measures", "contact", "organisation")
    values: dict[str, Any] = {name: getattr(facts, name) for name in plain}
    for name in ("since", "until"):
        at = getattr(facts, name)
        if at is not None:
            local = at.astimezone(VIETNAM)
            values |= {name: local.date(), f"{name}-time": f"{local:%H:%M}"}
    return Form.of(**values, datasets=list(facts.datasets))


ROUTES = [
    show_all, show_new, add, show, show_edit, change, show_form, download_form, download_affected, notify, inform, close,
]  # fmt: skip
