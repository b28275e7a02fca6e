"""The composition root: the only module that knows every part."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from litestar import Litestar

import nhip.parts  # noqa: F401  binds the jobs that pages enqueue
from nhip import graph_letters, security
from nhip.console.routes import NAVIGATION, ROUTES, TEMPLATES
from nhip.db.installation import opened
from nhip.db.notify import relay
from nhip.errors import DatabaseAway, StorageFull
from nhip.graph.pulse import Calm
from nhip.graph_layer import GRAPH, GraphLayer, graph_beside
from nhip.kernel.i18n import _
from nhip.ledger import api as ledger_api
from nhip.plugins import found_sectors
from nhip.portal import routes as portal
from nhip.portal.dcat.reach import keep_asking
from nhip.portal.keeping import KeptAnswers
from nhip.privacy import routes as privacy
from nhip.security import pages as security_pages
from nhip.security.openid import account_pages as linked_pages
from nhip.security.openid import pages as openid_pages
from nhip.security.permissions.catalogue import register
from nhip.security.permissions.guard import permitted, require_known
from nhip.security.programs import api as programs_api
from nhip.security.programs.bearer import by_bearer
from nhip.security.programs.layer import ProgramHeaders
from nhip.security.protect import protect
from nhip.security.sessions import bearers
from nhip.settings import Settings, load
from nhip.things.keeping import in_step
from nhip.web.app import build
from nhip.web.i18n import add_catalogue
from nhip.web.live import EVERYTHING
from nhip.web.model import NavItem


def create_app(settings: Settings | None = None) -> Litestar:
    """The web application over the installation of `settings` (default: from the environment)."""
    chosen = settings or load()
    bearers[:] = [by_bearer]
    for sector in found_sectors():
        register(sector.permissions)
        add_catalogue("vi", _beside(import_module(sector.package).__file__, "locale") / "vi.po")

    async def database_answers() -> None:
        if not await app.state.installation.db.ready():
            raise DatabaseAway(what=_("no answer"))

    async def disk_has_room() -> None:
        if shutil.disk_usage(chosen.data_dir).free < 200 << 20:
            raise StorageFull(where=str(chosen.data_dir))

    app = build(
        chosen,
        routes=all_routes(),
        templates={
            "console": TEMPLATES,
            "security": _beside(security.__file__),
            "privacy": privacy.TEMPLATES,
            "portal": portal.TEMPLATES,
            **sector_templates(),
        },
        navigation=[*NAVIGATION, *privacy.NAVIGATION, *sector_navigation()],
        layers=[
            *protect(chosen),
            ProgramHeaders,
            lambda inner: GraphLayer(inner, lambda: app.state),
            lambda inner: KeptAnswers(inner, chosen, lambda: app.state.epoch),
        ],
        checks={"database": database_answers, "disk": disk_has_room},
        lifespan=[_with_installation(chosen)],
        guards=[permitted],
    )
    require_known(app)
    return app


def _beside(module_file: str | None, folder: str = "templates") -> Path:
    return Path(str(module_file)).parent / folder


def all_routes() -> list[Any]:
    """The pages and interfaces of all parts."""
    return [
        *security_pages.ROUTES,
        *openid_pages.ROUTES,
        *linked_pages.ROUTES,
        *programs_api.ROUTES,
        *ROUTES,
        *ledger_api.ROUTES,
        *graph_letters.ROUTES,
        *portal.ROUTES,
        *privacy.ROUTES,
        *sector_routes(),
    ]


def sector_routes() -> list[Any]:
    """The pages of all sectors."""
    return [route for sector in found_sectors() for route in sector.routes]


def sector_navigation() -> list[NavItem]:
    """A line of the menu for each sector that has a page at `/console/<name>`."""
    items = []
    for sector in found_sectors():
        home = f"/console/{sector.name}"
        for route in sector.routes:
            if home in getattr(route, "paths", ()):
                items.append(NavItem(sector.title_en, home, _("Sectors"), str(route.opt.get("permission", ""))))
    return items


def sector_templates() -> dict[str, Path]:
    """Template folders of the sectors, by the sector's name."""
    folders = {s.name: _beside(import_module(s.package).__file__) for s in found_sectors()}
    return {name: folder for name, folder in folders.items() if folder.is_dir()}


def _with_installation(settings: Settings) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with opened(settings) as installation, portal.reading(installation, app.state):
            app.state.installation = installation
            app.state.db = installation.db
            told = Calm(app.state.live.publish)
            listening = asyncio.create_task(relay(installation.db.url, told, EVERYTHING))
            asking = asyncio.create_task(keep_asking(app, installation))
            try:
                async with (
                    graph_beside(app, settings, installation.db.url),
                    in_step(installation, app.state[GRAPH].graph),
                ):
                    yield
            finally:
                listening.cancel()
                asking.cancel()

    return lifespan
