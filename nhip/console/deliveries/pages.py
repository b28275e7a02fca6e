"""Sending a file and seeing what became of it."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from nhip.console.common import by_agency, dataset_of, installation_of, look_of, name_of, rights_of, who_name
from nhip.console.datasets.pages import frame, looking
from nhip.console.uploads import Sent, received
from nhip.datasets.access import access_agency, access_delivery
from nhip.datasets.catalogue import put_agency, put_dataset
from nhip.datasets.deliveries import keep, raw_name, record
from nhip.datasets.health import get_dataset_health
from nhip.datasets.looks import record_export, require_look
from nhip.datasets.personal import sight_of_raw
from nhip.datasets.records import Dataset
from nhip.datasets.store import get_version, list_agencies, list_datasets
from nhip.datasets.telling import tellable
from nhip.db import Connection
from nhip.errors import Forbidden, NhipError
from nhip.kernel.i18n import _
from nhip.kernel.ids import slug
from nhip.security.upload_names import attachment
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import page, redirect

AnyRequest = Request[Any, Any, Any]
CHUNK = 1 << 20
LONGEST_BODY = 11 << 30
"""Bytes that the upload route reads at most; the settings' own limit answers first, with a message."""


@get("/console/upload", permission="dataset.deliver")
async def upload_form(request: AnyRequest, dataset: FromQuery[str] = "") -> Response[str]:
    """Choose a dataset, or name a new one, and a file."""
    return await _show_form(request, Form.of(dataset=dataset))


@post("/console/upload", permission="dataset.deliver", request_max_body_size=LONGEST_BODY)
async def upload(request: AnyRequest) -> Response[Any]:
    """Keep the raw bytes, record the delivery, enqueue its processing."""
    async with received(request, installation_of(request)) as form:
        return await _upload(request, form)


async def _upload(request: AnyRequest, form: Form) -> Response[Any]:
    installation = installation_of(request)
    file = form.upload("file", required=_("Choose a file."))
    name = form.text("dataset")
    if not name:
        form.text("title", required=_("Choose a dataset, or give a new one a title."), longest=200)
        if not form.text("agency_name", longest=200):
            form.text("agency", required=_("Choose the agency that holds the data, or name a new one."))
    if form.errors or not isinstance(file, Sent):
        return await _show_form(request, form, status=422)
    try:
        if file.problem is not None:
            raise file.problem
        arrival = await keep(installation, file.path, Path(file.filename).name)
        async with installation.db.tx() as tx:
            dataset = await _chosen(request, tx, form, name)
            receipt = await record(tx, dataset.id, arrival, who=who_name(request))
    except NhipError as error:
        form.fail("file", error.template(), **error.values)
        return await _show_form(request, form, status=error.status)
    text = (
        _("These bytes are here already; nothing changed.") if receipt.unchanged else _("{file} arrived and is kept.")
    )
    return redirect(f"/console/deliveries/{receipt.delivery.id}", text, file=arrival.filename)


async def _show_form(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        datasets = by_agency(await list_datasets(tx, permission="dataset.deliver"))
        agencies = [("", ""), *((a.code, name_of(a)) for a in await list_agencies(tx, permission="dataset.deliver"))]
    crumbs = [Crumb(translate(_("Data health")), "/console"), Crumb(translate(_("Send data")))]
    values: dict[str, Any] = {"datasets": datasets, "agencies": agencies, "crumbs": crumbs}
    return page(request, "console/upload.html", status=status, form=form, **values)


async def _chosen(request: AnyRequest, tx: Connection, form: Form, name: str) -> Dataset:
    """The dataset that was chosen, or a new one; a title that leads to another agency's dataset is refused like its name."""
    if name:
        return await dataset_of(request, tx, name, "dataset.deliver")
    title, agency, new_agency = form.raw("title").strip(), form.raw("agency"), form.raw("agency_name").strip()
    rights = rights_of(request)
    if new_agency:
        if rights.organisations("dataset.deliver") is not None:
            raise Forbidden
        agency = (await put_agency(tx, slug(new_agency, 30), new_agency)).code
    await access_agency(tx, rights, agency, "dataset.deliver")
    made = await put_dataset(tx, slug(title), agency, title)
    return await dataset_of(request, tx, made.name, "dataset.deliver")


@get("/console/deliveries/{delivery_id:uuid}", permission="dataset.read")
async def show(request: AnyRequest, delivery_id: FromPath[uuid.UUID]) -> Response[str]:
    """What became of a delivery: its state, what decoding found, or why it could not be used."""
    async with installation_of(request).db.read() as tx:
        delivery, dataset = await access_delivery(tx, rights_of(request), delivery_id)
        health = await get_dataset_health(tx, dataset)
        sight = await sight_of_raw(tx, dataset, look=await look_of(request, tx, dataset))
        made = health.version if health.version and health.version.delivery_id == delivery.id else None
        if made is None and health.dataset.version_no:
            made = await _version_of(tx, health.dataset, delivery_id)
    delivery = tellable(delivery, sight)
    problem = delivery.problem
    reason = translate(problem["template"], **problem["values"]) if problem else ""
    values: dict[str, Any] = {
        "delivery": delivery,
        "made": made,
        "reason": reason,
        **looking(request, health.dataset, sight),
        **frame(health, "", delivery.filename),
    }
    return page(request, "console/delivery.html", **values)


async def _version_of(tx: Connection, dataset: Any, delivery_id: uuid.UUID) -> Any:
    for no in range(dataset.version_no, 0, -1):
        version = await get_version(tx, dataset, no)
        if version.delivery_id == delivery_id:
            return version
    return None


@get("/console/deliveries/{delivery_id:uuid}/raw", permission="delivery.read_raw")
async def raw(request: AnyRequest, delivery_id: FromPath[uuid.UUID]) -> Stream:
    """The bytes exactly as they arrived; where they hold personal data, for a purpose only."""
    installation = installation_of(request)
    async with installation.db.read() as tx:
        delivery, dataset = await access_delivery(tx, rights_of(request), delivery_id, "delivery.read_raw")
        sight = await sight_of_raw(tx, dataset, look=await look_of(request, tx, dataset))
    require_look(sight)
    await record_export(installation, sight, {"delivery": str(delivery.id), "digest": delivery.sha256, "part": "raw"})
    path = installation.objects.path(raw_name(delivery.sha256))
    headers = {"Content-Disposition": attachment(delivery.filename), "Content-Length": str(delivery.size)}
    return Stream(_chunks(path), media_type="application/octet-stream", headers=headers)


async def _chunks(path: Path) -> Any:
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


ROUTES = [upload_form, upload, show, raw]
