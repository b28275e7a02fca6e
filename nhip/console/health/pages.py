"""Sức khỏe dữ liệu: the whole city on one page, then agency by agency."""

from __future__ import annotations

import uuid
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.console.common import (
    PAGE_SIZE,
    Feed,
    PageNumber,
    cells_of,
    feed_of,
    installation_of,
    lowest,
    name_of,
    rights_of,
    title_of,
    who_name,
    words,
)
from nhip.datasets.access import access_agency, access_alert
from nhip.datasets.health import AgencyHealth, CityHealth, DatasetHealth, get_city_health
from nhip.datasets.store import list_alerts, queries
from nhip.db.query import execute
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.web.i18n import translate
from nhip.web.model import Crumb, Listing, MatrixRow
from nhip.web.render import page, redirect

QUEUE_MOST = 8
FEEDS_MOST = 8


@get("/console", permission="dataset.read")
async def city(request: Request[Any, Any, Any], sort: FromQuery[str] = "") -> Response[str]:
    """Agencies and virtues as a matrix, feeds by freshness, the queue of findings to mend, alerts."""
    async with installation_of(request).db.read() as tx:
        health = await get_city_health(tx)
        alerts = await list_alerts(tx, QUEUE_MOST)
    values = {
        **words(),
        "health": health,
        "rows": [_agency_row(a) for a in in_order(health, sort)],
        "sort": sort,
        "late": [f for f in feeds(health) if f.state in ("warn", "stale")],
        "feeds": feeds(health),
        "queue": queue(health)[:QUEUE_MOST],
        "waiting": sum(d.version.finding_count for d in health.datasets if d.version),
        "alerts": alerts,
    }
    return page(request, "console/health.html", **values)


@get("/console/agencies/{code:str}", permission="dataset.read")
async def agency(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[str]:
    """One agency: its datasets and their virtues."""
    async with installation_of(request).db.read() as tx:
        found = await access_agency(tx, rights_of(request), code)
        health = await get_city_health(tx)
    mine = next(a for a in health.agencies if a.agency.id == found.id)
    rows = [_dataset_row(d) for d in mine.datasets]
    crumbs = [Crumb(translate(_("Data health")), "/console"), Crumb(name_of(found))]
    values = {**words(), "mine": mine, "rows": rows, "crumbs": crumbs}
    return page(request, "console/agency.html", queue=queue_of(mine.datasets), **values)


@get("/console/feeds", permission="dataset.read")
async def list_feeds(request: Request[Any, Any, Any], number: PageNumber = 1) -> Response[str]:
    """Every feed by freshness, the latest ones first."""
    async with installation_of(request).db.read() as tx:
        health = await get_city_health(tx)
    found = feeds(health)
    listing = Listing(max(number, 1), PAGE_SIZE, len(found))
    shown = found[listing.offset : listing.offset + PAGE_SIZE]
    return page(request, "console/feeds.html", feeds=shown, listing=listing, **words())


@get("/console/queue", permission="dataset.read")
async def list_queue(request: Request[Any, Any, Any], number: PageNumber = 1) -> Response[str]:
    """Datasets with findings to mend, those with most faults first."""
    async with installation_of(request).db.read() as tx:
        health = await get_city_health(tx)
    found = queue(health)
    listing = Listing(max(number, 1), PAGE_SIZE, len(found))
    shown = found[listing.offset : listing.offset + PAGE_SIZE]
    return page(request, "console/queue.html", queue=shown, listing=listing, **words())


@post("/console/alerts/{alert_id:uuid}/seen", permission="alert.settle")
async def see_alert(request: Request[Any, Any, Any], alert_id: FromPath[uuid.UUID]) -> Response[None]:
    """Take notice of an alert."""
    async with installation_of(request).db.tx() as tx:
        await access_alert(tx, rights_of(request), alert_id)
        await execute(tx, queries.see_alert, id=alert_id, now=now(), who=who_name(request))
    return redirect("/console", _("The alert is off the list."))


def in_order(health: CityHealth, sort: str) -> list[AgencyHealth]:
    """Agencies with datasets by name, or (`worst`) by their lowest score; sharing only begins and is left out of that."""
    found = [a for a in health.agencies if a.datasets]
    return sorted(found, key=lambda a: lowest(a.virtues)) if sort == "worst" else found


def _agency_row(item: AgencyHealth) -> MatrixRow:
    href = f"/console/agencies/{item.agency.code}"
    return MatrixRow(name_of(item.agency), cells_of(item.virtues, href), href)


def _dataset_row(item: DatasetHealth) -> MatrixRow:
    href = f"/console/datasets/{item.dataset.name}"
    return MatrixRow(title_of(item.dataset), cells_of(item.virtues, href + "/virtues/{virtue}"), href)


def feeds(health: CityHealth) -> list[Feed]:
    """All feeds, the latest (most overdue) first, those without a cadence last."""
    found = [feed_of(d, d.cadence_days) for d in health.datasets]
    order = {"stale": 0, "warn": 1}
    return sorted(found, key=lambda f: (order.get(f.state, 2), f.late_days is None, -(f.late_days or 0)))


def queue(health: CityHealth) -> list[DatasetHealth]:
    """Datasets with findings, most first."""
    return queue_of(health.datasets)


def queue_of(datasets: list[DatasetHealth]) -> list[DatasetHealth]:
    """Those of `datasets` that have findings, most first."""
    found = [d for d in datasets if d.version and d.version.finding_count]
    return sorted(found, key=lambda d: -(d.version.finding_count if d.version else 0))


ROUTES = [city, agency, list_feeds, list_queue, see_alert]
