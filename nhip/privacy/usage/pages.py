""" "Ai đã xem dữ liệu của tôi": the page of the person; and the delays that a law demands, for the protection officer."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, time, timedelta
from typing import Any

from litestar import Response, get, post

from nhip.datasets.formulas import neutral_cell
from nhip.datasets.store import list_agencies
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.kernel.time import VIETNAM, now, today
from nhip.privacy.clocks import end_of, plus_months
from nhip.privacy.common import (
    HOME,
    PAGE_SIZE,
    SMALL_FORM,
    AnyRequest,
    PageNumber,
    download,
    installation_of,
    moment_of,
    shown,
    signed_in,
    subject_from,
)
from nhip.privacy.usage import service, store
from nhip.privacy.usage.model import ACTIONS, UNSURE, NewWithholding, Page, Usage
from nhip.security.parties.store import find_subject
from nhip.security.permissions.catalogue import ROLE_TITLES, SELF
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb, Listing
from nhip.web.render import redirect

BASE = "/account/usage"
WITHHOLDINGS = f"{HOME}/withholdings"
VIAS = {"session": _("a person"), "key": _("a program"), "token": _("a program")}


@get(BASE, permission=SELF)
async def show_mine(request: AnyRequest, number: PageNumber = 1) -> Response[str]:
    """Who used my data, newest first, in the time that I choose (default: the last twelve months)."""
    form, subject = await Form.read(request), await _subject(request)
    since, until = _span(form)
    page = Page(0, [])
    if subject is not None and not form.errors:
        window = {"offset": (number - 1) * PAGE_SIZE, "limit": PAGE_SIZE}
        page = await service.find_usages(
            installation_of(request), subject, since=since, until=until, own=True, **window
        )
    crumbs = [Crumb(translate(_("My account")), "/account"), Crumb(translate(_("Who used my data")))]
    values: dict[str, Any] = {"listing": Listing(number, PAGE_SIZE, page.total), "crumbs": crumbs, "since": since}
    values |= {"known": subject is not None, "action_of": action_of, "role_of": role_of, "vias": VIAS}
    form = form if form.values else Form.of(since=since.date(), until=today())
    return shown(request, "account_usage.html", form=form, usages=page.usages, **values)


@get(f"{BASE}.csv", permission=SELF)
async def download_mine(request: AnyRequest) -> Response[bytes]:
    """The same for a spreadsheet: the newest 1000 lines."""
    form, subject = await Form.read(request), await _subject(request)
    since, until = _span(form)
    page = Page(0, [])
    if subject is not None and not form.errors:
        page = await service.find_usages(installation_of(request), subject, since=since, until=until, own=True)
    return download(to_csv(page.usages), "ai-da-xem-du-lieu-cua-toi.csv", "text/csv")


async def _subject(request: AnyRequest) -> bytes | None:
    found = await signed_in(request)
    async with installation_of(request).db.read() as tx:
        return await find_subject(tx, found.id)


def _span(form: Form) -> tuple[datetime, datetime]:
    """The days that were asked for, the last one with them; a year up to now where none were."""
    until, since = form.date("until") or today(), form.date("since")
    first: date = since or plus_months(until, -12)
    begin, end = datetime.combine(first, time(), VIETNAM), end_of(until)
    return (begin, end) if begin < end else (end - timedelta(days=1), end)


def action_of(usage: Usage) -> str:
    """What was done, in the language of the page."""
    return translate(ACTIONS[usage.kind] if usage.sure else UNSURE)


def role_of(usage: Usage) -> str:
    """The officer's position: titles of the roles."""
    titles = [translate(ROLE_TITLES[name][0]) for name in usage.role.split() if name in ROLE_TITLES]
    return ", ".join(titles)


def to_csv(usages: list[Usage]) -> str:
    """One line a use; times in ISO 8601."""
    target = io.StringIO()
    lines = csv.writer(target)
    heads = (
        "number",
        "at",
        "action",
        "organisation",
        "organisation_name",
        "role",
        "dataset",
        "dataset_title",
        "version",
    )
    lines.writerow([*heads, "purpose", "processing", "legal_basis"])
    for one in usages:
        texts = (action_of(one), one.organisation, one.organisation_name, role_of(one), one.dataset, one.dataset_title)
        why = (one.purpose, one.processing, one.legal_basis)
        cells = (*texts, one.version or "", *why)
        lines.writerow([one.seq, one.at.isoformat(), *(neutral_cell(str(cell)) for cell in cells)])
    return target.getvalue()


@get(WITHHOLDINGS, permission="usage.withhold")
async def show_withholdings(request: AnyRequest) -> Response[str]:
    """Delays in force and past, and the form for one."""
    return await _withholdings(request, Form.of())


@post(WITHHOLDINGS, permission="usage.withhold", request_max_body_size=SMALL_FORM)
async def withhold(request: AnyRequest) -> Response[Any]:
    """Delay the telling of looks, with the legal ground and the document that orders it."""
    form = await Form.read(request)
    subject = subject_from(form, request) if form.raw("number").strip() else None
    organisation = form.text("organisation", required=_("Choose whose looks are concerned."))
    ground = form.text("ground", required=_("Name the law or the decision behind it."), longest=500)
    document = form.text("document", required=_("Name the document that orders it."), longest=300)
    from_at, until_at, release = moment_of(form, "from"), moment_of(form, "until"), form.date("release")
    if release is None and not form.error("release"):
        form.fail("release", _("Say from when on it may be told."))
    if not form.errors and release is not None:
        new = NewWithholding(
            organisation=organisation,
            subject=subject,
            from_at=from_at or now(),
            until_at=until_at or end_of(release),
            release_at=datetime.combine(release, time(), VIETNAM),
            ground=ground,
            document=document,
        )
        try:
            async with installation_of(request).db.tx() as tx:
                await service.withhold(tx, new)
            return redirect(WITHHOLDINGS, _("Telling is delayed; it can be neither changed nor forgotten."))
        except NhipError as error:
            form.fail("", error.template(), **error.values)
    return await _withholdings(request, form, status=422)


async def _withholdings(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        found = await store.list_withholdings(tx)
        agencies = [(a.code, a.name) for a in await list_agencies(tx)]
    values: dict[str, Any] = {"withholdings": found, "agencies": agencies, "names": dict(agencies)}
    return shown(request, "withholdings.html", status=status, form=form, **values)


ROUTES = [show_mine, download_mine, show_withholdings, withhold]
