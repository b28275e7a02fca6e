"""The officials' pages of publishing: the list, one publication, proposing with a look before, the policy."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.console.common import PAGE_SIZE, PageNumber, by_agency, dataset_of, installation_of, words
from nhip.console.publishing import deciding, proposal
from nhip.console.publishing.quality import foreseen_values
from nhip.console.publishing.shared import HOME, PROPOSE, READ, AnyRequest, crumbs, licences, show_one
from nhip.console.publishing.words import ACTS, MEASURES, ROLES, dues_of, told
from nhip.datasets.contract.model import Contract
from nhip.datasets.personal import Sight, sight_of
from nhip.datasets.records import Dataset, Version
from nhip.datasets.store import find_version_in_force, list_datasets
from nhip.db import Connection
from nhip.kernel.i18n import _
from nhip.kernel.text import fold
from nhip.kernel.time import today
from nhip.portal import service, store
from nhip.portal.cadences import CADENCES
from nhip.portal.errors import NothingToPublish
from nhip.portal.examining import Examination, list_doubted
from nhip.portal.gate.loss import Loss, loss_of
from nhip.portal.gate.policy import list_policies, policy_at
from nhip.portal.model import GateReport
from nhip.portal.releases import contract_of
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb, Listing
from nhip.web.render import page, redirect


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
    found.sort(key=lambda pair: (pair[0].last != "waiting", not pair[0].is_refused, not dues_of(pair[0])))
    listing = Listing(number, PAGE_SIZE, len(found))
    shown = found[listing.offset : listing.offset + PAGE_SIZE]
    values: dict[str, Any] = {"listing": listing, "q": q, "groups": by_agency([d for d in mine if d.id not in known])}
    values["doubts"] = await _doubts(request)
    return page(request, "console/publishing/list.html", items=shown, form=Form.of(), **values, **words(), **told())


@get(f"{HOME}/choose", permission=PROPOSE)
async def choose(request: AnyRequest, dataset: FromQuery[str] = "") -> Response[Any]:
    """From the list to the proposal of one dataset."""
    async with installation_of(request).db.read() as tx:
        found = await dataset_of(request, tx, dataset, PROPOSE)
    return redirect(f"{HOME}/{found.name}/propose")


@get(f"{HOME}/doubts", permission=READ)
async def show_doubts(request: AnyRequest) -> Response[str]:
    """What the gate of today finds in releases that are open already, and nobody has decided on."""
    values: dict[str, Any] = {"doubts": await _doubts(request)}
    values["crumbs"] = [Crumb(translate(_("Publishing")), HOME), Crumb(translate(_("Found in what is open")))]
    return page(request, "console/publishing/doubts.html", **values, **words(), **told())


async def _doubts(request: AnyRequest) -> list[tuple[Examination, Dataset]]:
    async with installation_of(request).db.read() as tx:
        found = await list_doubted(tx)
        seen = {d.id: d for d in await list_datasets(tx)} if found else {}
    return [(one, seen[one.dataset_id]) for one in found if one.dataset_id in seen]


@get(f"{HOME}/policy", permission=READ)
async def show_policy(request: AnyRequest) -> Response[str]:
    """The policy in force, and the others by their dates."""
    values: dict[str, Any] = {"policies": list_policies()[::-1], "policy": policy_at(today())}
    values["crumbs"] = [Crumb(translate(_("Publishing")), HOME), Crumb(translate(_("Policy of publishing")))]
    return page(request, "console/publishing/policy.html", **values, **told())


@get(f"{HOME}/{{name:str}}", permission=READ)
async def show(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """One publication: what was proposed, what the gate says, releases, decisions, and what may be done."""
    return await show_one(request, name, Form.of())


@get(f"{HOME}/{{name:str}}/propose", permission=PROPOSE)
async def begin(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """The form of a proposal, filled with what was proposed before."""
    async with installation_of(request).db.read() as tx:
        dataset, version = await _to_propose(request, tx, name)
        contract = await contract_of(tx, dataset, version)
        before = await store.find_proposal(tx, dataset.id)
    form = proposal.first_form(version, contract, before)
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
    failed = [e for e in form.errors if not looking or e.field not in _WORDS]
    if failed:
        return _form(request, dataset, form, choices, status=422)
    form.errors = failed
    report, loss = await _tried(request, dataset, version, contract, wanted, sight)
    if looking or not report.open:
        return _form(request, dataset, form, choices, report, loss, status=200 if looking else 422)
    said = {n: getattr(wanted, n) for n in wanted.__struct_fields__}
    await service.propose(installation, dataset, **said)
    return redirect(f"{HOME}/{name}", _("Proposed. Somebody else decides on it now."))


async def _to_propose(request: AnyRequest, tx: Connection, name: str) -> tuple[Dataset, Version]:
    dataset = await dataset_of(request, tx, name, PROPOSE)
    version = await find_version_in_force(tx, dataset)
    if version is None:
        raise NothingToPublish(name=dataset.name)
    return dataset, version


async def _tried(
    request: AnyRequest,
    dataset: Dataset,
    version: Version,
    contract: Contract | None,
    wanted: proposal.Wanted,
    sight: Sight,
) -> tuple[GateReport, Loss]:
    """The gate's report and what is lost; cells of personal columns are not shown to whoever proposes either."""
    installation = installation_of(request)
    table = await service.preview(installation, dataset, wanted.treatment, wanted.shaping)
    try:
        hidden = {name for name in table.acts if sight.is_private(name) or sight.blurs(name)}
        return table.report, await loss_of(installation, version, table, contract, hidden)
    finally:
        table.file.unlink(missing_ok=True)


def _form(
    request: AnyRequest,
    dataset: Dataset,
    form: Form,
    choices: list[proposal.Choice],
    report: GateReport | None = None,
    loss: Loss | None = None,
    status: int = 200,
) -> Response[str]:
    values: dict[str, Any] = {"choices": choices, "gate": report, "loss": loss, "policy": policy_at(today())}
    values |= {"licences": licences(), "crumbs": crumbs(dataset, translate(_("Propose")))}
    values |= foreseen_values(dataset, form)
    values["act_options"] = lambda choice: [(act, translate(ACTS[act])) for act in choice.acts]
    values["role_options"] = _roles
    values["measure_options"] = [("", "—"), *((name, translate(title)) for name, title in MEASURES.items())]
    values["cadence_options"] = [(code, translate(title)) for code, title in {"": _("not said"), **CADENCES}.items()]
    name = "console/publishing/propose.html"
    return page(request, name, status=status, dataset=dataset, form=form, **values, **words(), **told())


def _roles(choice: proposal.Choice) -> list[tuple[str, str]]:
    """The roles to choose from, the first with what Nhịp infers."""
    inferred = translate(ROLES[choice.role or "none"])
    return [
        ("auto", translate(_("as Nhịp infers: {role}"), role=inferred)),
        *((r, translate(ROLES[r])) for r in list(ROLES)[1:]),
    ]


_WORDS = ("licence", "basis", "keywords", "contact", "cadence")
"""Fields that a look at the data does not need."""
ROUTES = [show_all, choose, show_doubts, show_policy, show, begin, propose, *deciding.ROUTES]
