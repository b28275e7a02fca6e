"""What the pages of publishing share: rights, crumbs, one publication as a page."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response

from nhip.console.common import dataset_of, installation_of, rights_of, title_of, words
from nhip.console.publishing.quality import quality_values
from nhip.console.publishing.words import told
from nhip.datasets.records import Dataset
from nhip.kernel.i18n import _
from nhip.kernel.time import today
from nhip.portal import store
from nhip.portal.errors import ReleaseNotFound
from nhip.portal.gate.policy import policy_at
from nhip.portal.licences import list_licences
from nhip.portal.model import Proposal
from nhip.security.model import Who
from nhip.web.forms import Form
from nhip.web.i18n import language, translate
from nhip.web.model import Crumb
from nhip.web.render import page

AnyRequest = Request[Any, Any, Any]
READ, PROPOSE, DECIDE = "dataset.read", "publication.propose", "publication.decide"
HOME = "/console/publishing"


async def show_one(request: AnyRequest, name: str, form: Form, status: int = 200) -> Response[str]:
    """One publication: what is open, what is proposed, what the gate says, releases, decisions, and what may be done."""
    async with installation_of(request).db.read() as tx:
        dataset = await dataset_of(request, tx, name)
        made, proposal = await store.find_publication(tx, dataset.id), await store.find_proposal(tx, dataset.id)
        standing = next(iter(await store.list_standings(tx, dataset.id)), None)
        values: dict[str, Any] = {
            "standing": standing,
            "releases": await store.list_releases(tx, dataset.id),
            "refusal": await store.find_refusal(tx, dataset.id),
            "history": await store.list_decisions(tx, dataset.id),
        }
        waiting = proposal if proposal and proposal.state == "waiting" else None
        values |= await quality_values(tx, dataset, waiting)
    values |= {"made": made, "proposal": proposal, "waiting": waiting, "mine": _is_mine(request, waiting)}
    values |= {"licences": licences(), "policy": policy_at(today()), "crumbs": crumbs(dataset)}
    values |= _rights(request, dataset)
    shown = {"dataset": dataset, "form": form, **values, **words(), **told()}
    return page(request, "console/publishing/one.html", status=status, **shown)


def _rights(request: AnyRequest, dataset: Dataset) -> dict[str, bool]:
    rights = rights_of(request)
    return {
        "may_propose": rights.may(PROPOSE, organisation=dataset.agency_id),
        "may_decide": rights.may(DECIDE, organisation=dataset.agency_id),
    }


def _is_mine(request: AnyRequest, waiting: Proposal | None) -> bool:
    who: Who | None = request.scope.get("who")  # type: ignore[assignment]
    proposer = waiting.by_party if waiting else None
    return who is not None and proposer is not None and proposer == who.id and policy_at(today()).four_eyes


def licences() -> dict[str, str]:
    """Code -> title in the language of the page."""
    return {code: x.title_en if language() == "en" else x.title for code, x in list_licences().items()}


def crumbs(dataset: Dataset, here: str = "") -> list[Crumb]:
    """The way back to the list, and to the dataset from a page below it."""
    first = [
        Crumb(translate(_("Publishing")), HOME),
        Crumb(title_of(dataset), f"{HOME}/{dataset.name}" if here else ""),
    ]
    return [*first, Crumb(here)] if here else first


def bounded(name: str, no: int) -> int:
    """PostgreSQL's int; a number beyond is of no release. Raises ReleaseNotFound."""
    if not 0 < no < 2**31:
        raise ReleaseNotFound(name=name, no=no)
    return no
