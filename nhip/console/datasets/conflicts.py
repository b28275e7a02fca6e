"""Conflicts between datasets: the cells that another dataset says differently of the same things."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from nhip.console.common import PAGE_SIZE, PageNumber, dataset_of, installation_of, seen_by, title_of
from nhip.console.datasets.pages import frame
from nhip.console.evidence import column_title
from nhip.datasets.conflicts import Difference, conflicts_of, list_differences
from nhip.datasets.health import get_dataset_health
from nhip.datasets.personal import MASK, Sight
from nhip.errors import NotFound
from nhip.kernel.i18n import _
from nhip.web.i18n import translate
from nhip.web.model import Listing
from nhip.web.render import page

AnyRequest = Request[Any, Any, Any]


@get("/console/datasets/{name:str}/conflicts/{other:str}", permission="dataset.read")
async def show(
    request: AnyRequest, name: FromPath[str], other: FromPath[str], column: FromQuery[str] = "", number: PageNumber = 1
) -> Response[str]:
    """The cells that the two datasets say differently, with the way to both rows."""
    installation = installation_of(request)
    async with installation.db.read() as tx:
        health = await get_dataset_health(tx, await dataset_of(request, tx, name))
        theirs = await get_dataset_health(tx, await dataset_of(request, tx, other))
        sights = [await seen_by(request, tx, health.dataset, health.version)]
        sights.append(await seen_by(request, tx, theirs.dataset, theirs.version))
        found = [c for c in await conflicts_of(tx, health.dataset) if c.other_id == theirs.dataset.id]
    if not found or health.version is None or theirs.version is None:
        raise NotFound(what=translate(_("a comparison of the two datasets")))
    total, rows = await list_differences(
        installation, found[0], column, offset=(number - 1) * PAGE_SIZE, most=PAGE_SIZE
    )
    values: dict[str, Any] = {
        "conflict": found[0],
        "other": theirs.dataset,
        "other_title": title_of(theirs.dataset),
        "column": column,
        "rows": [_plain(row, sights) for row in rows],
        "listing": Listing(number, PAGE_SIZE, total),
        "current": (found[0].version_no, found[0].other_version_no) == (health.version.no, theirs.version.no),
        "their_column": lambda name: column_title(theirs.version, name),
    }
    return page(request, "console/conflicts.html", **values, **frame(health, "overview", translate(_("Conflicts"))))


def _plain(row: Difference, sights: list[Sight]) -> Difference:
    """The row without what is personal by what the contracts say now; comparing left out what was when it was compared."""
    if any(sight.is_private(row.column) or sight.free for sight in sights):
        return msgspec.structs.replace(row, value=MASK, other_value=MASK)
    return row


ROUTES = [show]
