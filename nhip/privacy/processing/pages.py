"""The register of processing in the console: list with gaps, one entry with its history, forms, report."""

from __future__ import annotations

import csv
import io
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.datasets.store import list_agencies, list_datasets
from nhip.db import Connection
from nhip.errors import Forbidden, NhipError
from nhip.kernel.i18n import _
from nhip.kernel.time import today
from nhip.privacy.common import (
    HOME,
    SMALL_FORM,
    AnyRequest,
    download,
    installation_of,
    lines_of,
    reaches,
    shown,
    signed_in,
)
from nhip.privacy.policy import BASES, basis_on
from nhip.privacy.processing import service
from nhip.privacy.processing.model import Entry, LegalBasis, Processing
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import redirect

BASE = f"{HOME}/processings"


@get(BASE, permission="processing.read")
async def show_all(request: AnyRequest, ended: FromQuery[bool] = False) -> Response[str]:
    """The register, and datasets with personal data that it lacks."""
    async with installation_of(request).db.read() as tx:
        processings = await service.list_all(tx, ended=ended)
        gaps = await service.list_gaps(tx)
    return shown(request, "processings.html", processings=processings, gaps=gaps, ended=ended, today=today())


@get(f"{BASE}/print", permission="processing.read")
async def show_report(request: AnyRequest) -> Response[str]:
    """The whole register on one page, to print and sign."""
    async with installation_of(request).db.read() as tx:
        processings = await service.list_all(tx)
        gaps = await service.list_gaps(tx)
    crumbs = [Crumb(translate(_("Register of processing")), BASE), Crumb(translate(_("Report")))]
    return shown(request, "register_print.html", processings=processings, gaps=gaps, crumbs=crumbs)


@get(f"{BASE}.json", permission="processing.read")
async def download_json(request: AnyRequest) -> Response[list[dict[str, object]]]:
    """The register for programs."""
    async with installation_of(request).db.read() as tx:
        return Response(service.to_json(await service.list_all(tx, ended=True)), headers={"Cache-Control": "no-store"})


@get(f"{BASE}.csv", permission="processing.read")
async def download_csv(request: AnyRequest) -> Response[bytes]:
    """The register for a spreadsheet, one line a processing."""
    async with installation_of(request).db.read() as tx:
        text = to_csv(await service.list_all(tx, ended=True))
    return download(text, "register-of-processing.csv", "text/csv")


def to_csv(processings: list[Processing]) -> str:
    """One line a processing; lists are joined with semicolons."""
    target = io.StringIO()
    lines = csv.writer(target)
    fields = [*Processing.__struct_fields__]
    lines.writerow(fields)
    for processing in processings:
        lines.writerow([_cell(getattr(processing, field)) for field in fields])
    return target.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        return "; ".join(f"{v.basis}: {v.article}" if isinstance(v, LegalBasis) else str(v) for v in value)
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


@get(f"{BASE}/new", permission="processing.edit")
async def show_new(request: AnyRequest, dataset: FromQuery[str] = "") -> Response[str]:
    """An empty form; `dataset` fills in a gap."""
    return await _form(request, Form.of(datasets=[dataset] if dataset else []), None)


@post(f"{BASE}/new", permission="processing.edit", request_max_body_size=SMALL_FORM)
async def add(request: AnyRequest) -> Response[Any]:
    """Put it into the register."""
    form = await Form.read(request)
    hint = _("Small letters, digits and hyphens; it stands in addresses")
    name = form.text("name", required=_("Give the processing a name."), longest=80, pattern=service.NAME, hint=hint)
    entry = _entry(form)
    if entry is not None and not form.errors:
        try:
            async with installation_of(request).db.tx() as tx:
                await _require(request, tx, entry.controller)
                await service.register(tx, name, entry)
        except NhipError as error:
            form.fail("", error.template(), **error.values)
    if form.errors:
        return await _form(request, form, None, status=422)
    return redirect(f"{BASE}/{name}", _("The processing is in the register."))


@get(f"{BASE}/{{name:str}}", permission="processing.read")
async def show(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """One processing with its history."""
    async with installation_of(request).db.read() as tx:
        processing = await service.get(tx, name)
        editions = await service.list_editions(tx, processing)
        titles = {d.name: d.title for d in await list_datasets(tx)}
    crumbs = [Crumb(translate(_("Register of processing")), BASE), Crumb(processing.shown_title)]
    values: dict[str, Any] = {"editions": editions, "titles": titles, "crumbs": crumbs, "today": today()}
    return shown(request, "processing.html", processing=processing, **values)


@get(f"{BASE}/{{name:str}}/edit", permission="processing.edit")
async def show_edit(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """The form with what it says now."""
    async with installation_of(request).db.read() as tx:
        processing = await service.get(tx, name)
    return await _form(request, _filled(processing), processing)


@post(f"{BASE}/{{name:str}}/edit", permission="processing.edit", request_max_body_size=SMALL_FORM)
async def change(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Let it say something else from now on."""
    form = await Form.read(request)
    entry, why = _entry(form), form.text("why", required=_("Say why it changes."), longest=500)
    async with installation_of(request).db.read() as tx:
        processing = await service.get(tx, name)
    if entry is not None and not form.errors:
        try:
            async with installation_of(request).db.tx() as tx:
                await _require(request, tx, processing.controller)
                await _require(request, tx, entry.controller)
                await service.change(tx, processing, entry, why)
        except NhipError as error:
            form.fail("", error.template(), **error.values)
    if form.errors:
        return await _form(request, form, processing, status=422)
    return redirect(f"{BASE}/{name}", _("The processing was changed; what it said before is kept."))


@post(f"{BASE}/{{name:str}}/end", permission="processing.edit", request_max_body_size=SMALL_FORM)
async def end(request: AnyRequest, name: FromPath[str]) -> Response[None]:
    """It is done no more."""
    form = await Form.read(request)
    async with installation_of(request).db.tx() as tx:
        processing = await service.get(tx, name)
        await _require(request, tx, processing.controller)
        await service.end(tx, processing, form.text("why", longest=500))
    return redirect(BASE, _("The processing has ended; it stays in the register."))


async def _require(request: AnyRequest, tx: Connection, controller: str) -> None:
    if not await reaches(tx, await signed_in(request), "processing.edit", controller):
        raise Forbidden


async def _form(request: AnyRequest, form: Form, processing: Processing | None, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        agencies = [(a.code, a.name) for a in await list_agencies(tx)]
        datasets = [(d.name, d.title) for d in await list_datasets(tx)]
        personal = {d for d, _title in datasets if await service.personal_columns(tx, d)}
    title = processing.shown_title if processing else translate(_("Register a processing"))
    crumbs = [Crumb(translate(_("Register of processing")), BASE), Crumb(title)]
    values: dict[str, Any] = {
        "agencies": agencies,
        "datasets": [d for d in datasets if d[0] in personal],
        "crumbs": crumbs,
    }
    values |= {
        "choices": [(name, translate(title), basis_on(name, today()).shown_article) for name, title in BASES.items()]
    }
    values |= {"processing": processing}
    return shown(request, "processing_form.html", status=status, form=form, **values)


def _entry(form: Form) -> Entry | None:
    """What was typed; None where something is wrong, which is noted in the form."""
    title = form.text("title", required=_("Give the processing a title."), longest=300)
    purpose = form.text("purpose", required=_("Say what it is for."), longest=2_000)
    bases = tuple(
        LegalBasis(name, form.text(f"article-{name}", longest=300)) for name in BASES if name in form.many("basis")
    )
    if not bases:
        form.fail("basis", _("Choose at least one legal basis."))
    controller = form.text("controller", required=_("Choose who controls it."))
    months = form.integer("retention_months", lowest=0, highest=1200)
    assessed = form.date("assessed_on")
    if form.errors:
        return None
    return Entry(
        title=title,
        title_en=form.text("title_en", longest=300),
        purpose=purpose,
        purpose_en=form.text("purpose_en", longest=2_000),
        legal_basis=bases,
        controller=controller,
        processors=lines_of(form, "processors"),
        subject_categories=lines_of(form, "subject_categories"),
        data_categories=lines_of(form, "data_categories"),
        datasets=tuple(dict.fromkeys(form.many("datasets"))),
        recipients=lines_of(form, "recipients"),
        abroad=form.text("abroad", longest=1_000),
        retention_months=months,
        security=form.text("security", longest=4_000),
        assessed_on=assessed,
        responsible=form.text("responsible", longest=300),
    )


def _filled(processing: Processing) -> Form:
    entry = service.entry_of(processing)
    listed = ("processors", "subject_categories", "data_categories", "recipients")
    texts = {name: "\n".join(getattr(entry, name)) for name in listed}
    plain = ("title", "title_en", "purpose", "purpose_en", "controller", "abroad", "retention_months", "security")
    values = {name: getattr(entry, name) for name in (*plain, "assessed_on", "responsible")}
    articles = {f"article-{basis.basis}": basis.article for basis in entry.legal_basis}
    chosen: dict[str, list[str]] = {"basis": [b.basis for b in entry.legal_basis], "datasets": list(entry.datasets)}
    return Form.of(**values, **texts, **articles, **chosen)


ROUTES = [show_all, show_report, download_json, download_csv, show_new, add, show, show_edit, change, end]
