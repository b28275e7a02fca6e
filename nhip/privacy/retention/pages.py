"""Retention in the console: rules, what they would delete, deleting, what was deleted with its proof."""

from __future__ import annotations

import uuid
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.datasets.store import get_dataset, list_datasets
from nhip.errors import Forbidden, NhipError
from nhip.kernel.i18n import _
from nhip.privacy.common import HOME, SMALL_FORM, AnyRequest, installation_of, shown, signed_in
from nhip.privacy.processing.service import personal_columns
from nhip.privacy.retention import service, store
from nhip.privacy.retention.proof import prove
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import redirect

BASE = f"{HOME}/retention"


@get(BASE, permission="retention.edit")
async def show_all(request: AnyRequest, dataset: FromQuery[str] = "") -> Response[str]:
    """Rules with what is due now, what was deleted, and the form for a rule."""
    return await _all(request, Form.of(dataset=dataset or None))


@post(BASE, permission="retention.edit", request_max_body_size=SMALL_FORM)
async def set_rule(request: AnyRequest) -> Response[Any]:
    """Set or end the rule of a dataset."""
    form = await Form.read(request)
    name = form.text("dataset", required=_("Choose a dataset."))
    ground = form.text("ground", required=_("Name the law or the decision behind it."), longest=500)
    for_ever = form.checked("for_ever")
    months = None if for_ever else form.integer("months", required=_("Say how many months."), lowest=0, highest=1200)
    if not form.errors:
        try:
            async with installation_of(request).db.tx() as tx:
                dataset = await get_dataset(tx, name)
                if not (await signed_in(request)).rights.may("retention.edit", organisation=dataset.agency_id):
                    raise Forbidden
                await service.set_rule(tx, dataset, months, ground)
            return redirect(BASE, _("The rule holds from now on. Nothing is deleted before the next run."))
        except NhipError as error:
            form.fail("", error.template(), **error.values)
    return await _all(request, form, status=422)


@post(f"{BASE}/purge", permission="retention.edit", request_max_body_size=SMALL_FORM)
async def purge(request: AnyRequest) -> Response[None]:
    """Delete now what is due; else the daily job does it."""
    if (await signed_in(request)).rights.organisations("retention.edit") is not None:
        raise Forbidden  # it deletes by every rule
    done = await service.purge(installation_of(request))
    return redirect(BASE, _("{n} deletions are done; each has its proof."), n=len(done))


@get(f"{BASE}/deletions/{{deletion_id:uuid}}", permission="retention.edit")
async def show_proof(request: AnyRequest, deletion_id: FromPath[uuid.UUID]) -> Response[str]:
    """The proof of a deletion, held against ledger and store now."""
    proof = await prove(installation_of(request), deletion_id)
    crumbs = [Crumb(translate(_("Retention")), BASE), Crumb(translate(_("Proof of deletion")))]
    return shown(request, "deletion.html", proof=proof, crumbs=crumbs)


async def _all(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        plans = await service.list_plans(tx)
        deletions = await store.list_deletions(tx, most=50)
        datasets = [(d.name, d.title) for d in await list_datasets(tx) if await personal_columns(tx, d.name)]
    values: dict[str, Any] = {"plans": plans, "deletions": deletions, "datasets": datasets}
    return shown(request, "retention.html", status=status, form=form, **values)


ROUTES = [show_all, set_rule, purge, show_proof]
