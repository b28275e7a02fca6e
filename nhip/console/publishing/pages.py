"""The officials' pages of publishing: the list, one publication, proposing, deciding, withdrawing, recalling."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.console.common import (
    PAGE_SIZE,
    PageNumber,
    by_agency,
    dataset_of,
    installation_of,
    rights_of,
    title_of,
    words,
)
from nhip.console.publishing import proposal
from nhip.console.publishing.words import ACTS, CADENCES, told
from nhip.datasets.personal import Sight, sight_of
from nhip.datasets.records import Dataset, Version
from nhip.datasets.store import find_version_in_force, list_datasets
from nhip.db import Connection
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.kernel.text import fold
from nhip.kernel.time import today
from nhip.portal import service, store
from nhip.portal.errors import NothingToPublish, NothingWaits, ReleaseNotFound
from nhip.portal.gate.loss import Loss, losses_of
from nhip.portal.gate.policy import policy_at
from nhip.portal.licences import list_licences
from nhip.portal.model import GateReport, Treatment
from nhip.portal.releases import contract_of
from nhip.security.model import Who
from nhip.web.forms import Form
from nhip.web.i18n import language, message_of, translate
from nhip.web.model import Crumb, Listing
from nhip.web.render import page, redirect

AnyRequest = Request[Any, Any, Any]
READ, PROPOSE, DECIDE = "dataset.read", "publication.propose", "publication.decide"
HOME = "/console/publishing"


@get(HOME, permission=READ)
async def show_all(request: AnyRequest, q: FromQuery[str] = "", number: PageNumber = 1) -> Response[str]:
    """Every publication that may be seen, what waits first, and the datasets to propose."""
    async with installation_of(request).db.read() as tx:
        standings = await store.list_standings(tx)
        seen = {d.id: d for d in await list_datasets(tx)}
        mine = [d for d in await list_datasets(tx, permission=PROPOSE) if d.version_no is not None]
    known = {standing.dataset_id for standing in standings}
    wanted = fold(q)
    found = [(s, seen[s.dataset_id]) for s in standings if s.dataset_id in seen]
    found = [(s, d) for s, d in found if wanted in fold(f"{d.title} {d.title_en} {d.name}")]
    found.sort(key=lambda pair: pair[0].last_act != "proposed")
    listing = Listing(number, PAGE_SIZE, len(found))
    shown = found[listing.offset : listing.offset + PAGE_SIZE]
    values: dict[str, Any] = {"listing": listing, "q": q, "groups": by_agency([d for d in mine if d.id not in known])}
    return page(request, "console/publishing/list.html", items=shown, form=Form.of(), **values, **words(), **told())


@get(f"{HOME}/choose", permission=PROPOSE)
async def choose(request: AnyRequest, dataset: FromQuery[str] = "") -> Response[Any]:
    """From the list to the proposal of one dataset."""
    async with installation_of(request).db.read() as tx:
        found = await dataset_of(request, tx, dataset, PROPOSE)
    return redirect(f"{HOME}/{found.name}/propose")


@get(f"{HOME}/{{name:str}}", permission=READ)
async def show(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """One publication: what was proposed, what the gate says, releases, decisions, and what may be done."""
    return await _show(request, name, Form.of())


async def _show(request: AnyRequest, name: str, form: Form, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        dataset = await dataset_of(request, tx, name)
        made = await store.find_publication(tx, dataset.id)
        decisions = await store.list_decisions(tx, dataset.id)
        values: dict[str, Any] = {
            "standing": next(iter(await store.list_standings(tx, dataset.id)), None),
            "releases": await store.list_releases(tx, dataset.id),
            "refusal": await store.find_refusal(tx, dataset.id),
        }
    report = next((d.gate for d in decisions if d.act in ("proposed", "published") and d.gate), None)
    gate = GateReport(**report) if report else None
    values |= {"made": made, "history": decisions, "gate": gate, "mine": _is_mine(request, made)}
    values |= {"licences": _licences(), "policy": policy_at(today()), "crumbs": _crumbs(dataset)}
    values |= _rights(request, dataset)
    return page(
        request, "console/publishing/one.html", status=status, dataset=dataset, form=form, **values, **words(), **told()
    )


def _rights(request: AnyRequest, dataset: Dataset) -> dict[str, bool]:
    rights = rights_of(request)
    return {
        "may_propose": rights.may(PROPOSE, organisation=dataset.agency_id),
        "may_decide": rights.may(DECIDE, organisation=dataset.agency_id),
    }


def _is_mine(request: AnyRequest, made: Any) -> bool:
    who: Who | None = request.scope.get("who")  # type: ignore[assignment]
    proposer = made.proposed_party if made else None
    return who is not None and proposer is not None and proposer == who.id and policy_at(today()).four_eyes


def _licences() -> dict[str, str]:
    return {code: x.title_en if language() == "en" else x.title for code, x in list_licences().items()}


def _crumbs(dataset: Dataset, here: str = "") -> list[Crumb]:
    first = [
        Crumb(translate(_("Publishing")), HOME),
        Crumb(title_of(dataset), f"{HOME}/{dataset.name}" if here else ""),
    ]
    return [*first, Crumb(here)] if here else first


@get(f"{HOME}/{{name:str}}/propose", permission=PROPOSE)
async def begin(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """The form of a proposal, filled with what was proposed before."""
    async with installation_of(request).db.read() as tx:
        dataset, version = await _to_propose(request, tx, name)
        contract = await contract_of(tx, dataset, version)
        made = await store.find_publication(tx, dataset.id)
    form = proposal.first_form(version, contract, made)
    return _form(request, dataset, form, proposal.choices_of(version, contract))


@post(f"{HOME}/{{name:str}}/propose", permission=PROPOSE)
async def propose(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Look at what would be open; when asked to and the gate is open, propose it."""
    installation, form = installation_of(request), await Form.read(request)
    async with installation.db.read() as tx:
        dataset, version = await _to_propose(request, tx, name)
        contract = await contract_of(tx, dataset, version)
        sight = await sight_of(tx, dataset, version, look=None)
    choices = proposal.choices_of(version, contract)
    wanted = proposal.read(form, choices)
    looking = form.raw("do") != "propose"
    failed = [e for e in form.errors if not looking or e.field.startswith(("act-", "to-")) or not e.field]
    if failed:
        return _form(request, dataset, form, choices, status=422)
    form.errors = failed
    report, losses = await _tried(request, dataset, version, wanted.treatment, sight)
    if looking or not report.open:
        return _form(request, dataset, form, choices, report, losses, status=200 if looking else 422)
    said = {n: getattr(wanted, n) for n in ("licence", "basis", "treatment", "keywords", "contact", "cadence")}
    await service.propose(installation, dataset, **said)
    return redirect(f"{HOME}/{name}", _("Proposed. Somebody else decides on it now."))


async def _to_propose(request: AnyRequest, tx: Connection, name: str) -> tuple[Dataset, Version]:
    dataset = await dataset_of(request, tx, name, PROPOSE)
    version = await find_version_in_force(tx, dataset)
    if version is None:
        raise NothingToPublish(name=dataset.name)
    return dataset, version


async def _tried(
    request: AnyRequest, dataset: Dataset, version: Version, treatment: Treatment, sight: Sight
) -> tuple[GateReport, list[Loss]]:
    """The gate's report and what is lost; cells of personal columns are not shown to whoever proposes either."""
    installation = installation_of(request)
    table = await service.preview(installation, dataset, treatment)
    try:
        hidden = {name for name in table.acts if sight.is_private(name) or sight.blurs(name)}
        return table.report, await losses_of(installation, version, table, hidden)
    finally:
        table.file.unlink(missing_ok=True)


def _form(
    request: AnyRequest,
    dataset: Dataset,
    form: Form,
    choices: list[proposal.Choice],
    report: GateReport | None = None,
    losses: list[Loss] | None = None,
    status: int = 200,
) -> Response[str]:
    values: dict[str, Any] = {"choices": choices, "gate": report, "losses": losses or []}
    values |= {"licences": _licences(), "crumbs": _crumbs(dataset, translate(_("Propose")))}
    values["act_options"] = lambda choice: [(act, translate(ACTS[act])) for act in choice.acts]
    values["cadence_options"] = [(code, translate(title)) for code, title in CADENCES.items()]
    name = "console/publishing/propose.html"
    return page(request, name, status=status, dataset=dataset, form=form, **values, **words(), **told())


@post(f"{HOME}/{{name:str}}/decide", permission=DECIDE)
async def decide(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Make it open, or give it back with the reason."""
    installation, form = installation_of(request), await Form.read(request)
    async with installation.db.read() as tx:
        dataset = await dataset_of(request, tx, name, DECIDE)
        standing = next(iter(await store.list_standings(tx, dataset.id)), None)
    if standing is None or standing.last_act != "proposed":
        raise NothingWaits(name=name)
    back = form.raw("do") == "return"
    why = form.text("note", required=_("Say what has to change.") if back else "", longest=1_000)
    if not form.errors:
        try:
            if back:
                async with installation.db.tx() as tx:
                    await service.turn_down(tx, dataset, why)
                return redirect(f"{HOME}/{name}", _("Given back to the agency."))
            await service.publish(installation, dataset, why)
            return redirect(f"{HOME}/{name}", _("The dataset is open."))
        except NhipError as error:
            form.fail("", "{text}", text=message_of(error))
    return await _show(request, name, form, status=422)


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
        return await _show(request, name, form, status=422)
    return redirect(f"{HOME}/{name}", _("Withdrawn. Its address tells the reason."))


@get(f"{HOME}/{{name:str}}/releases/{{no:int}}", permission=DECIDE)
async def show_release(request: AnyRequest, name: FromPath[str], no: FromPath[int]) -> Response[str]:
    """One release, who took it, and recalling it."""
    return await _release(request, name, no, Form.of())


@post(f"{HOME}/{{name:str}}/releases/{{no:int}}/recall", permission=DECIDE)
async def recall(request: AnyRequest, name: FromPath[str], no: FromPath[int]) -> Response[Any]:
    """Give it out no more; the one before is in force again."""
    form = await Form.read(request)
    async with installation_of(request).db.tx() as tx:
        dataset = await dataset_of(request, tx, name, DECIDE)
        reason = form.text("reason", required=_("Say why, as everybody will read it."), longest=1_000)
        if reason and not form.errors:
            await service.recall(tx, dataset, _bounded(name, no), reason)
    if form.errors:
        return await _release(request, name, no, form, status=422)
    return redirect(f"{HOME}/{name}/releases/{no}", _("Recalled. Tell those who took it."))


async def _release(request: AnyRequest, name: str, no: int, form: Form, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        dataset = await dataset_of(request, tx, name, DECIDE)
        release = await store.find_release(tx, dataset.id, _bounded(name, no))
        downloads = await store.list_downloads(tx, dataset.id, no)
    if release is None:
        raise ReleaseNotFound(name=name, no=no)
    crumbs = _crumbs(dataset, translate(_("Release {no}"), no=no))
    values: dict[str, Any] = {"release": release, "downloads": downloads, "crumbs": crumbs, "form": form}
    return page(
        request, "console/publishing/release.html", status=status, dataset=dataset, **values, **words(), **told()
    )


def _bounded(name: str, no: int) -> int:
    """PostgreSQL's int; a number beyond is of no release."""
    if not 0 < no < 2**31:
        raise ReleaseNotFound(name=name, no=no)
    return no


ROUTES = [show_all, choose, show, begin, propose, decide, withdraw, show_release, recall]
