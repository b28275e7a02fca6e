"""What is decided about publications: made open, given back, looked through, withdrawn, recalled from those who took it."""

from __future__ import annotations

import csv
import io
import uuid
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.console.common import dataset_of, installation_of, words
from nhip.console.publishing.shared import DECIDE, HOME, AnyRequest, bounded, crumbs, show_one
from nhip.console.publishing.words import told
from nhip.datasets.formulas import neutral_cell
from nhip.kernel.i18n import _
from nhip.portal import examining, service, store
from nhip.portal.errors import ReleaseNotFound
from nhip.portal.model import Release
from nhip.portal.public import root
from nhip.portal.reads import list_readers
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.render import page, redirect

SHOWN, MOST_LISTED = 500, 100_000
"""Downloads on the page, and in the list to take along."""


@post(f"{HOME}/{{name:str}}/decide", permission=DECIDE)
async def decide(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Make it open, or give it back with the reason."""
    installation, form = installation_of(request), await Form.read(request)
    async with installation.db.read() as tx:
        dataset = await dataset_of(request, tx, name, DECIDE)
        seen = _id_of(form.raw("proposal")) or (await service.find_waiting(tx, dataset)).id
        await service.find_waiting(tx, dataset)
    back = form.raw("do") == "return"
    why = form.text("note", required=_("Say what has to change.") if back else "", longest=1_000)
    if not form.errors:
        with form.refusals():
            if back:
                async with installation.db.tx() as tx:
                    await service.turn_down(tx, dataset, why, proposal_id=seen)
                return redirect(f"{HOME}/{name}", _("Given back to the agency."))
            await service.publish(installation, dataset, why, proposal_id=seen)
            return redirect(f"{HOME}/{name}", _("The dataset is open."))
    return await show_one(request, name, form, status=422)


def _moment_of(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _id_of(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


@post(f"{HOME}/{{name:str}}/review", permission=DECIDE)
async def review(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Note that what is open was looked through and may stay open."""
    form = await Form.read(request)
    said = form.text("said", longest=1_000)
    if form.errors:
        return await show_one(request, name, form, status=422)
    async with installation_of(request).db.tx() as tx:
        dataset = await dataset_of(request, tx, name, DECIDE)
        await service.look_through(tx, dataset, said)
    return redirect(f"{HOME}/{name}", _("Noted: looked through."))


@post(f"{HOME}/{{name:str}}/withdraw", permission=DECIDE)
async def withdraw(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Close it; its address tells the reason for ever."""
    form = await Form.read(request)
    async with installation_of(request).db.tx() as tx:
        dataset = await dataset_of(request, tx, name, DECIDE)
        reason = form.text("reason", required=_("Say why, as everybody will read it."), longest=1_000)
        if reason and not form.errors:
            await service.withdraw(tx, dataset, reason)
    if form.errors:
        return await show_one(request, name, form, status=422)
    return redirect(f"{HOME}/{name}", _("Withdrawn. Its address tells the reason."))


@get(f"{HOME}/{{name:str}}/releases/{{no:int}}", permission=DECIDE)
async def show_release(request: AnyRequest, name: FromPath[str], no: FromPath[int]) -> Response[str]:
    """One release, who took it, and recalling it."""
    return await _release(request, name, no, Form.of())


@post(f"{HOME}/{{name:str}}/releases/{{no:int}}/recall", permission=DECIDE)
async def recall(request: AnyRequest, name: FromPath[str], no: FromPath[int]) -> Response[Any]:
    """Give it out no more; the one before is in force again, and its bytes are deleted."""
    installation, form = installation_of(request), await Form.read(request)
    async with installation.db.tx() as tx:
        dataset = await dataset_of(request, tx, name, DECIDE)
        reason = form.text("reason", required=_("Say why, as everybody will read it."), longest=1_000)
        if reason and not form.errors:
            await service.recall(tx, dataset, bounded(name, no), reason)
    if form.errors:
        return await _release(request, name, no, form, status=422)
    await service.remove_recalled(installation)
    return redirect(f"{HOME}/{name}/releases/{no}", _("Recalled. Tell those who took it."))


@post(f"{HOME}/{{name:str}}/releases/{{no:int}}/keep", permission=DECIDE)
async def keep(request: AnyRequest, name: FromPath[str], no: FromPath[int]) -> Response[Any]:
    """Let it stay open although the gate finds something in it now."""
    form = await Form.read(request)
    why = form.text("why", required=_("Say why it may stay open."), longest=1_000)
    if not form.errors:
        with form.refusals():
            async with installation_of(request).db.tx() as tx:
                dataset = await dataset_of(request, tx, name, DECIDE)
                await examining.keep(tx, dataset, bounded(name, no), why, seen=_moment_of(form.raw("seen")))
            return redirect(f"{HOME}/{name}/releases/{no}", _("Kept open. The reason is in the list of decisions."))
    return await _release(request, name, no, form, status=422)


@get(f"{HOME}/{{name:str}}/releases/{{no:int}}/takers.csv", permission=DECIDE)
async def list_takers(request: AnyRequest, name: FromPath[str], no: FromPath[int]) -> Response[bytes]:
    """Who took a release, as CSV: when, who, network address, program, format, how many times that day."""
    async with installation_of(request).db.read() as tx:
        dataset = await dataset_of(request, tx, name, DECIDE)
        await _find(request, name, no)
        downloads = await store.list_downloads(tx, dataset.id, bounded(name, no), MOST_LISTED)
        readers = await list_readers(tx, dataset.id, no, MOST_LISTED)
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(["when", "who", "address", "program", "format", "times"])
    for one in downloads:
        cells = (one.at.isoformat(timespec="seconds"), one.party, one.address, one.agent, one.format, "1")
        lines.writerow([neutral_cell(cell) for cell in cells])
    for read in readers:
        cells = (read.day.isoformat(), read.party, "", "", read.form, str(read.reads))
        lines.writerow([neutral_cell(cell) for cell in cells])
    headers = {
        "Content-Disposition": f'attachment; filename="{dataset.name}-{no}-takers.csv"',
        "Cache-Control": "no-store",
    }
    return Response(b"\xef\xbb\xbf" + out.getvalue().encode(), media_type="text/csv", headers=headers)


async def _find(request: AnyRequest, name: str, no: int) -> Release:
    async with installation_of(request).db.read() as tx:
        dataset = await dataset_of(request, tx, name, DECIDE)
        release = await store.find_release(tx, dataset.id, bounded(name, no))
    if release is None:
        raise ReleaseNotFound(name=name, no=no)
    return release


async def _release(request: AnyRequest, name: str, no: int, form: Form, status: int = 200) -> Response[str]:
    release = await _find(request, name, no)
    async with installation_of(request).db.read() as tx:
        dataset = await dataset_of(request, tx, name, DECIDE)
        downloads = await store.list_downloads(tx, dataset.id, no, SHOWN)
        readers = await list_readers(tx, dataset.id, no, SHOWN)
        examination = await examining.find_examination(tx, dataset, no)
    here = crumbs(dataset, translate(_("Release {no}"), no=release.no))
    address = f"{root(request)}/dataset/{dataset.name}"
    values: dict[str, Any] = {
        "release": release,
        "examination": examination,
        "downloads": downloads,
        "readers": readers,
        "crumbs": here,
        "form": form,
        "address": address,
    }
    return page(
        request, "console/publishing/release.html", status=status, dataset=dataset, **values, **words(), **told()
    )


ROUTES = [decide, review, withdraw, show_release, recall, keep, list_takers]
