"""Editing a contract: the YAML or the Excel template, what changes for whom, and what it would find, before it is saved."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from nhip.console.common import dataset_of, installation_of, rights_of, who_name
from nhip.console.datasets.pages import frame
from nhip.console.uploads import Sent, received
from nhip.datasets.catalogue import put_contract
from nhip.datasets.contract.diff import diff
from nhip.datasets.contract.lint import lint
from nhip.datasets.contract.template import read_template, write_template
from nhip.datasets.contract.yaml import dump, load
from nhip.datasets.deliveries import work_again
from nhip.datasets.errors import EditionChanged, LessProtected, NoVersionYet
from nhip.datasets.health import get_dataset_health
from nhip.datasets.personal import list_lowered
from nhip.datasets.preview import preview
from nhip.datasets.records import Dataset
from nhip.datasets.store import find_contract, list_contracts
from nhip.db import Connection
from nhip.errors import Forbidden, NhipError, NotFound
from nhip.kernel.i18n import _
from nhip.web.formats import time_
from nhip.web.forms import Form
from nhip.web.i18n import message_of
from nhip.web.render import is_fragment, page, redirect

AnyRequest = Request[Any, Any, Any]
LONGEST = 2_000_000


@get("/console/datasets/{name:str}/contract", permission="dataset.read")
async def show(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """The contract in force as text to edit, and its editions."""
    async with installation_of(request).db.read() as tx:
        dataset = await dataset_of(request, tx, name)
        record = await find_contract(tx, dataset)
    return await _page(
        request, name, Form.of(yaml=record.yaml if record else "", edition=record.no if record else 0), {}
    )


@post("/console/datasets/{name:str}/contract/preview", permission="contract.edit")
async def try_out(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """What the typed contract means and what it would find in the last delivery; nothing is saved."""
    form = await Form.read(request)
    return await _page(request, name, form, await _judge(request, name, form))


@post("/console/datasets/{name:str}/contract", permission="contract.edit")
async def save(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Put the typed contract in force and work the last delivery through with it."""
    installation = installation_of(request)
    form = await Form.read(request)
    text = form.text("yaml", required=_("Write a contract first."), longest=LONGEST)
    try:
        async with installation.db.tx() as tx:
            dataset = await dataset_of(request, tx, name, "contract.edit")
            await require_protection(request, tx, dataset, text)
            await _require_same(tx, dataset, form, text)
            await put_contract(tx, dataset, text, who=who_name(request), note=form.raw("note")[:300])
    except (NotFound, Forbidden):
        raise
    except NhipError as error:
        form.fail("yaml", "{text}", text=message_of(error))
    if form.errors:
        return await _page(request, name, form, {}, status=422)
    await work_again(installation, dataset, failed_too=True)
    saved = _("The contract is in force. The last delivery is worked through with it.")
    return redirect(f"/console/datasets/{name}", saved)


@post("/console/datasets/{name:str}/contract/template", permission="contract.edit")
async def take_template(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """Read a filled-in Excel template into the editor; nothing is saved."""
    async with received(request, installation_of(request)) as form:
        file = form.upload("template", required=_("Choose the filled-in template."))
        if isinstance(file, Sent):
            try:
                form.values["yaml"] = [dump(await asyncio.to_thread(read_template, file.path))]
            except NhipError as error:
                form.fail("template", "{text}", text=message_of(error))
        return await _page(request, name, form, {} if form.errors else await _judge(request, name, form))


@get("/console/datasets/{name:str}/contract.xlsx", permission="dataset.read")
async def template(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """The contract in force as an Excel template to fill in."""
    async with installation_of(request).db.read() as tx:
        record = await find_contract(tx, await dataset_of(request, tx, name))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "contract.xlsx"
        write_template(target, load(record.yaml) if record else None)
        body = target.read_bytes()
    headers = {"Content-Disposition": f'attachment; filename="{name}-contract.xlsx"'}
    return Response(
        body, media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", headers=headers
    )


async def _judge(request: AnyRequest, name: str, form: Form) -> dict[str, Any]:
    installation = installation_of(request)
    text = form.text("yaml", required=_("Write a contract first."), longest=LONGEST)
    if form.errors:
        return {}
    found: dict[str, Any] = {"problems": lint(text)}
    try:
        draft = load(text)
        async with installation.db.read() as tx:
            dataset = await dataset_of(request, tx, name, "contract.edit")
            record = await find_contract(tx, dataset)
        if record:
            found["differences"] = diff(load(record.yaml), draft)
        found["preview"] = await preview(installation, dataset, text)
    except NoVersionYet:
        found["preview"] = None
    except (NotFound, Forbidden):
        raise
    except NhipError as error:
        found["unusable"] = message_of(error)
    return found


async def _require_same(tx: Connection, dataset: Dataset, form: Form, text: str) -> None:
    """Raises EditionChanged when somebody put another edition in force since the form was made; sent again, it is meant."""
    record = await find_contract(tx, dataset)
    seen = form.raw("edition")
    if record is None or not seen or seen == str(record.no) or text.strip() == record.yaml.strip():
        return
    form.values["edition"] = [str(record.no)]
    raise EditionChanged(no=record.no, who=record.made_by, when=time_(record.made_at))


async def require_protection(request: AnyRequest, tx: Connection, dataset: Dataset, yaml: str) -> None:
    """Raises LessProtected when `yaml` would show what is masked now and whoever asks may not see personal data themselves."""
    record = await find_contract(tx, dataset)
    lowered = list_lowered(yaml, record.yaml) if record else []
    if lowered and not rights_of(request).may("dataset.read_personal", organisation=dataset.agency_id):
        raise LessProtected(columns=", ".join(lowered))


async def _page(request: AnyRequest, name: str, form: Form, judged: dict[str, Any], status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        health = await get_dataset_health(tx, await dataset_of(request, tx, name))
        editions = await list_contracts(tx, health.dataset)
    values: dict[str, Any] = {"problems": [], "differences": [], "preview": None, "unusable": "", **judged}
    values |= {"editions": editions, "judged": bool(judged), **frame(health, "contract")}
    block = "preview" if is_fragment(request) else ""
    return page(request, "console/contract.html", status=status, block=block, form=form, **values)


ROUTES = [show, try_out, save, take_template, template]
