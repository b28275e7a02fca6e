"""The public routes of open data, and what they need while the application runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from litestar.datastructures import State

from nhip.db.installation import Installation
from nhip.portal.ckan.api import act, version
from nhip.portal.dcat.api import catalogue, catalogue_page
from nhip.portal.epoch import Epoch
from nhip.portal.exports.api import export
from nhip.portal.feeds import robots, sitemap
from nhip.portal.openapi import openapi
from nhip.portal.pages import open as pages
from nhip.portal.pages.dataset import dataset
from nhip.portal.pages.portrait import Portraits
from nhip.portal.people.routes import ROUTES as PEOPLE
from nhip.portal.reads import Reads
from nhip.portal.rows.api import rows
from nhip.portal.rows.warm import Warm
from nhip.portal.stories.pages import ROUTES as STORIES

TEMPLATES = Path(__file__).parent / "templates"
ROUTES: list[Any] = [
    *(pages.home, pages.open_data, pages.datasets, pages.agencies, pages.agency, pages.licence, pages.about),
    *(dataset, rows, export, robots, sitemap, act, version),
    *(catalogue, catalogue_page, openapi),
    *PEOPLE,
    *STORIES,
]


@asynccontextmanager
async def reading(installation: Installation, state: State) -> AsyncIterator[None]:
    """What the public routes find in `app.state`: `warm`, the DuckDB of all readers, `portraits` of releases, the `epoch` of
    the catalogue, and `reads`, who read rows."""
    state.epoch = Epoch(installation.db)
    state.warm = warm = Warm(installation)
    state.portraits = Portraits(warm)
    state.reads = reads = Reads(installation.db)
    try:
        async with reads.writing():
            yield
    finally:
        warm.close()
