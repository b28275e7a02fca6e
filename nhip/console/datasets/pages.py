"""One dataset: overview, rows, evidence of a virtue, versions and their differences."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.console.common import (
    PAGE_SIZE,
    VIRTUES,
    PageNumber,
    agency_of,
    dataset_of,
    installation_of,
    may_look,
    seen_by,
    title_of,
    who_name,
    words,
)
from nhip.console.evidence import FORMULAS, column_title, filled, say_cell, shown_columns, terms_of
from nhip.datasets import versions
from nhip.datasets.conflicts import conflicts_of
from nhip.datasets.errors import NoVersionYet
from nhip.datasets.findings import FindingGroup, list_groups, list_quarantined, list_rows
from nhip.datasets.health import NAMES, DatasetHealth, get_city_health, get_dataset_health, get_history
from nhip.datasets.model import Virtues
from nhip.datasets.personal import Sight
from nhip.datasets.records import Dataset, Version
from nhip.datasets.rules import virtues_of
from nhip.datasets.store import get_version, list_deliveries, list_vanished, list_versions
from nhip.errors import NotFound
from nhip.kernel.i18n import _
from nhip.kernel.text import fold
from nhip.web.formats import tenths
from nhip.web.i18n import translate
from nhip.web.model import Crumb, Listing, Notice, Tab
from nhip.web.render import page, redirect

AnyRequest = Request[Any, Any, Any]


@get("/console/datasets", permission="dataset.read")
async def list_all(request: AnyRequest, q: FromQuery[str] = "", number: PageNumber = 1) -> Response[str]:
    """All datasets with their virtues, narrowed by words in the title."""
    async with installation_of(request).db.read() as tx:
        health = await get_city_health(tx)
    wanted = fold(q)
    found = [d for d in health.datasets if wanted in fold(f"{d.dataset.title} {d.dataset.title_en} {d.dataset.name}")]
    listing = Listing(number, PAGE_SIZE, len(found))
    shown = found[listing.offset : listing.offset + PAGE_SIZE]
    return page(request, "console/datasets.html", found=shown, listing=listing, q=q, **words())


@get("/console/datasets/{name:str}", permission="dataset.read")
async def show(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """A dataset: virtues, what there is to mend, columns, deliveries."""
    async with installation_of(request).db.read() as tx:
        health = await get_dataset_health(tx, await dataset_of(request, tx, name))
        history = await get_history(tx, health.dataset)
        deliveries = await list_deliveries(tx, health.dataset, 10)
        vanished = await list_vanished(tx, dataset_id=health.dataset.id)
        sight = await seen_by(request, tx, health.dataset, health.version)
    groups = await list_groups(installation_of(request), health.version, sight) if health.version else []
    values: dict[str, Any] = {
        **frame(health, "overview"),
        "history": history,
        "deliveries": deliveries,
        "vanished": vanished,
        "groups": _faults(groups)[:8],
    }
    return page(request, "console/dataset.html", **values)


@get("/console/datasets/{name:str}/rows", permission="dataset.read")
async def rows(
    request: AnyRequest, name: FromPath[str], number: PageNumber = 1, kept_out: FromQuery[bool] = False
) -> Response[str]:
    """Rows of the version in force, or those kept out of it."""
    installation = installation_of(request)
    async with installation.db.read() as tx:
        health = await get_dataset_health(tx, await dataset_of(request, tx, name))
        sight = await seen_by(request, tx, health.dataset, health.version)
    version = _in_force(health)
    read = list_quarantined if kept_out else list_rows
    data = await read(installation, version, sight, offset=(number - 1) * PAGE_SIZE, most=PAGE_SIZE)
    listing = Listing(number, PAGE_SIZE, data.total)
    values = {"data": data, "kept_out": kept_out, **frame(health, "rows"), **looking(request, health.dataset, sight)}
    values["say_cell"] = partial(
        say_cell, None if kept_out else version
    )  # what was kept out is shown as it was delivered
    return page(request, "console/rows.html", listing=listing, **values)


@get("/console/datasets/{name:str}/virtues/{virtue:str}", permission="dataset.read")
async def evidence(request: AnyRequest, name: FromPath[str], virtue: FromPath[str]) -> Response[str]:
    """One virtue: its formula with this dataset's numbers, and the findings behind it."""
    if virtue not in NAMES:
        raise NotFound(what=virtue)
    installation = installation_of(request)
    async with installation.db.read() as tx:
        health = await get_dataset_health(tx, await dataset_of(request, tx, name))
        history = await get_history(tx, health.dataset)
        sight = await seen_by(request, tx, health.dataset, health.version)
    groups = await list_groups(installation, _in_force(health), sight)
    mine = [g for g in groups if virtue in virtues_of(g.rule, g.severity)]
    points = [(h.at, tenths(score)) for h in history if (score := getattr(h, virtue)) is not None]
    values: dict[str, Any] = {
        "virtue": virtue,
        "groups": mine,
        "points": points,
        "terms": terms_of(virtue, history),
        "formula": FORMULAS[virtue],
        "filled": filled(virtue, history[-1].facts if history else {}, getattr(health.virtues, virtue, None)),
    }
    async with installation.db.read() as tx:
        values["conflicts"] = await conflicts_of(tx, health.dataset) if virtue == "consistent" else []
    return page(request, "console/evidence.html", **values, **frame(health, "overview", translate(VIRTUES[virtue])))


@get("/console/datasets/{name:str}/versions", permission="dataset.read")
async def show_versions(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """All versions, newest first."""
    async with installation_of(request).db.read() as tx:
        health = await get_dataset_health(tx, await dataset_of(request, tx, name))
        found = await list_versions(tx, health.dataset)
    return page(request, "console/versions.html", found=found, **frame(health, "versions"))


@get("/console/datasets/{name:str}/versions/{no:int}", permission="dataset.read")
async def show_difference(
    request: AnyRequest, name: FromPath[str], no: FromPath[int], since: FromQuery[int | None] = None
) -> Response[str]:
    """What version `no` changed against the one before it (or `since`)."""
    installation = installation_of(request)
    async with installation.db.read() as tx:
        health = await get_dataset_health(tx, await dataset_of(request, tx, name))
        version = await get_version(tx, health.dataset, no)
        sight = await seen_by(request, tx, health.dataset, version)
    before = since if since is not None else no - 1
    difference = None
    if before >= 1:
        difference = await versions.diff(installation, health.dataset, before, no, PAGE_SIZE, look=sight.look)
    values: dict[str, Any] = {"version": version, "difference": difference, "before": before}
    values["say_cell"] = partial(say_cell, version)
    values |= looking(request, health.dataset, sight)
    return page(
        request, "console/version.html", **frame(health, "versions", translate(_("Version {no}"), no=no)), **values
    )


@post("/console/datasets/{name:str}/versions/{no:int}/restore", permission="dataset.restore")
async def restore(request: AnyRequest, name: FromPath[str], no: FromPath[int]) -> Response[None]:
    """Put an earlier version in force again."""
    installation = installation_of(request)
    async with installation.db.read() as tx:
        dataset = await dataset_of(request, tx, name, "dataset.restore")
    made = await versions.restore(installation, dataset, no, who_name(request))
    undo = f"/console/datasets/{name}/versions/{dataset.version_no}/restore" if dataset.version_no else ""
    text = _("Version {no} is in force, with the rows of version {old}.")
    return redirect(f"/console/datasets/{name}/versions", Notice(text, {"no": made.no, "old": no}, undo=undo))


def looking(request: AnyRequest, dataset: Dataset, sight: Sight) -> dict[str, Any]:
    """What a page with rows tells of personal data: whether they are masked, and the way to see them."""
    return {"sight": sight, "may_look": may_look(request, dataset)}


def frame(health: DatasetHealth, current: str, here: str = "") -> dict[str, Any]:
    """What every page of a dataset shows: its head, its tabs, the crumbs."""
    dataset, version = health.dataset, health.version
    base = f"/console/datasets/{dataset.name}"
    crumbs = [
        Crumb(translate(_("Data health")), "/console"),
        Crumb(agency_of(dataset), f"/console/agencies/{dataset.agency_code}"),
        Crumb(title_of(dataset), base if here else ""),
    ]
    if here:
        crumbs.append(Crumb(here))
    tabs = [
        Tab(translate(_("Overview")), base, current == "overview"),
        Tab(
            translate(_("To mend")),
            f"{base}/findings",
            current == "findings",
            version.finding_count if version else None,
        ),
        Tab(translate(_("Rows")), f"{base}/rows", current == "rows", version.row_count if version else None),
        Tab(translate(_("Versions")), f"{base}/versions", current == "versions", dataset.version_no),
        Tab(translate(_("Contract")), f"{base}/contract", current == "contract"),
    ]
    values = {"dataset": dataset, "in_force": version, "scores": health.virtues or Virtues(), "base": base}
    columns = {"column_of": partial(column_title, version), "shown_columns": shown_columns(version)}
    return {**words(), **values, **columns, "crumbs": crumbs, "tabs": tabs, "cadence_days": health.cadence_days}


def _in_force(health: DatasetHealth) -> Version:
    if health.version is None:
        raise NoVersionYet(name=health.dataset.name)
    return health.version


def _faults(groups: list[FindingGroup]) -> list[FindingGroup]:
    return [g for g in groups if g.severity != "mended"]


ROUTES = [list_all, show, rows, evidence, show_versions, show_difference, restore]
