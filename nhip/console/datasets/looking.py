"""Seeing a dataset's personal data: choosing the purpose from the register of processing, and masking them again."""

from __future__ import annotations

import uuid
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.console.common import dataset_of, installation_of, look_of, may_look
from nhip.console.datasets.pages import frame
from nhip.datasets.errors import DatasetNotFound
from nhip.datasets.health import get_dataset_health
from nhip.datasets.looks import begin_look, end_look
from nhip.datasets.personal import sight_of
from nhip.datasets.records import Dataset
from nhip.db import Connection
from nhip.kernel.i18n import _
from nhip.privacy.processing import list_for_dataset
from nhip.security.model import Who
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.render import local, page, redirect

AnyRequest = Request[Any, Any, Any]
READ_PERSONAL = "dataset.read_personal"


@get("/console/datasets/{name:str}/personal", permission=READ_PERSONAL)
async def choose(request: AnyRequest, name: FromPath[str], back: FromQuery[str] = "") -> Response[str]:
    """For which purpose the personal data are needed; without a registered one they cannot be seen."""
    return await _page(request, name, Form.of(back=_back(name, back)))


@post("/console/datasets/{name:str}/personal", permission=READ_PERSONAL)
async def begin(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """State the purpose; from now on personal data are shown, each page recorded."""
    form = await Form.read(request)
    chosen = form.text("purpose", required=_("Choose the purpose."))
    async with installation_of(request).db.tx() as tx:
        dataset = await _dataset(request, tx, name)
        known = {str(p.id): p for p in await list_for_dataset(tx, dataset.name)}
        if chosen in known:
            purpose = known[chosen]
            await begin_look(tx, _session(request), dataset, purpose.id, f"{purpose.title}: {purpose.purpose}")
    if chosen not in known:
        if not form.errors:
            form.fail("purpose", _("Choose the purpose."))
        return await _page(request, name, form, status=422)
    told = _("Personal data are shown for half an hour. Every page is recorded with its purpose.")
    return redirect(_back(name, form.raw("back")), told)


@post("/console/datasets/{name:str}/personal/end", permission="dataset.read")
async def end(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Mask them again."""
    form = await Form.read(request)
    async with installation_of(request).db.tx() as tx:
        dataset = await dataset_of(request, tx, name)
        who: Who = request.scope["who"]  # type: ignore[typeddict-item]
        if who.session is not None:
            await end_look(tx, who.session, dataset)
    return redirect(_back(name, form.raw("back")), _("Personal data are masked again."))


async def _page(request: AnyRequest, name: str, form: Form, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        dataset = await _dataset(request, tx, name)
        health = await get_dataset_health(tx, dataset)
        purposes = await list_for_dataset(tx, dataset.name)
        look = await look_of(request, tx, dataset)
        sight = await sight_of(tx, dataset, health.version, look=look)
    values = {"purposes": purposes, "sight": sight, **frame(health, "rows", translate(_("Personal data")))}
    values["choices"] = [(str(p.id), f"{p.shown_title}: {p.shown_purpose}") for p in purposes]
    values["private"] = sorted(sight.protection.private)
    return page(request, "console/looking.html", status=status, form=form, **values)


async def _dataset(request: AnyRequest, tx: Connection, name: str) -> Dataset:
    """The dataset, for a person at a session who may see its personal data."""
    dataset = await dataset_of(request, tx, name, READ_PERSONAL)
    if not may_look(request, dataset):
        raise DatasetNotFound(name=name)
    return dataset


def _session(request: AnyRequest) -> uuid.UUID:
    who: Who = request.scope["who"]  # type: ignore[typeddict-item]
    assert who.session is not None
    return who.session


def _back(name: str, wanted: str) -> str:
    """Where to go on: a page of this dataset or of a delivery."""
    home = f"/console/datasets/{name}"
    path = local(wanted, home)
    return path if path.startswith((f"{home}/", "/console/deliveries/")) or path == home else home


ROUTES = [choose, begin, end]
