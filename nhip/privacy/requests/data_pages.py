"""What is known about the person of a request: looked up for a purpose, shown, handed over as JSON or CSV."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.db import Connection
from nhip.kernel.i18n import _
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.privacy.common import SMALL_FORM, AnyRequest, download, installation_of, shown, signed_in
from nhip.privacy.errors import RequestRefused
from nhip.privacy.policy import REQUESTS
from nhip.privacy.processing.service import list_for_dataset
from nhip.privacy.requests import service, store
from nhip.privacy.requests.gather import Gathered, as_csv, as_json, gather
from nhip.privacy.requests.model import Request
from nhip.privacy.requests.pages import BASE, ONE
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import redirect


@post(f"{ONE}/data", permission="request.handle", status_code=200, request_max_body_size=SMALL_FORM)
async def show_data(request: AnyRequest, no: FromPath[str]) -> Response[str]:
    """Everything that is known about the person. By POST: looking is an act, and it is recorded before anything is shown."""
    async with installation_of(request).db.tx() as tx:
        asked, gathered = await _gather(request, tx, no)
        titles = {
            p.name: p.shown_title for part in gathered.found for p in await list_for_dataset(tx, part.dataset.name)
        }
    crumbs = [
        Crumb(translate(_("Requests")), BASE),
        Crumb(no, f"{BASE}/{no}"),
        Crumb(translate(_("Data of the person"))),
    ]
    return shown(request, "request_data.html", asked=asked, gathered=gathered, titles=titles, crumbs=crumbs)


@get(f"{ONE}/data", permission="request.handle")
async def begin_again(request: AnyRequest, no: FromPath[str]) -> Response[None]:
    """Looking is a press of the button, not an address."""
    return redirect(f"{BASE}/{no}")


@post(f"{ONE}/data.json", permission="request.handle", status_code=200, request_max_body_size=SMALL_FORM)
async def download_json(request: AnyRequest, no: FromPath[str]) -> Response[Any]:
    """The copy to hand over, for programs."""
    async with installation_of(request).db.tx() as tx:
        asked, gathered = await _gather(request, tx, no)
        copy = await as_json(tx, asked, gathered)
        await _record_copy(tx, asked, gathered, "json")
    headers = {"Content-Disposition": f'attachment; filename="{no}.json"', "Cache-Control": "private, no-store"}
    return Response(copy, media_type="application/json", headers=headers)


@post(f"{ONE}/data.csv", permission="request.handle", status_code=200, request_max_body_size=SMALL_FORM)
async def download_csv(request: AnyRequest, no: FromPath[str]) -> Response[bytes]:
    """The copy to hand over, for a spreadsheet."""
    async with installation_of(request).db.tx() as tx:
        asked, gathered = await _gather(request, tx, no)
        await _record_copy(tx, asked, gathered, "csv")
    return download(as_csv(gathered), f"{no}.csv", "text/csv")


async def _gather(request: AnyRequest, tx: Connection, no: str) -> tuple[Request, Gathered]:
    asked = await service.get(tx, no)
    if asked.subject is None:
        raise RequestRefused(what=_("no citizen number was given, so nothing can be looked up by it"))
    reach = (await signed_in(request)).rights.organisations("request.handle")
    why = translate(_("Request {no}: {kind}"), no=asked.no, kind=translate(REQUESTS[asked.kind]))
    return asked, await gather(installation_of(request), tx, asked, why, reach)


async def _record_copy(tx: Connection, asked: Request, gathered: Gathered, form: str) -> None:
    assert asked.subject is not None
    told = {"request": asked.no, "form": form, "datasets": sorted({part.dataset.name for part in gathered.found})}
    what = f"request:{asked.no}"
    await note(tx, Event(kind="personal.exported", what=what, data=told, subjects=(asked.subject,)))
    await store.insert_step(tx, asked.id, "exported", note=form)


@get(f"{ONE}/receipt", permission="request.handle")
async def show_receipt(request: AnyRequest, no: FromPath[str]) -> Response[str]:
    """The receipt to print for the person."""
    async with installation_of(request).db.read() as tx:
        asked = await service.get(tx, no)
    crumbs = [Crumb(translate(_("Requests")), BASE), Crumb(no, f"{BASE}/{no}"), Crumb(translate(_("Receipt")))]
    return shown(request, "request_receipt.html", asked=asked, crumbs=crumbs)


ROUTES = [show_data, begin_again, download_json, download_csv, show_receipt]
