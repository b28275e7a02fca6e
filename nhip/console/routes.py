"""Everything that the console brings to the composition root."""

from __future__ import annotations

from pathlib import Path

from litestar import get
from litestar.params import FromPath

from nhip.console.admin import routes as admin
from nhip.console.contracts import pages as contracts
from nhip.console.datasets import looking, mending
from nhip.console.datasets import pages as datasets
from nhip.console.datasets.conflicts import ROUTES as CONFLICTS
from nhip.console.deliveries import pages as deliveries
from nhip.console.health import pages as health
from nhip.console.national import pages as national
from nhip.console.publishing import pages as publishing
from nhip.console.sources import pages as sources
from nhip.console.stories import pages as stories
from nhip.console.things import exchange, listing, mapped, mapping
from nhip.console.things import pages as things
from nhip.console.voices import routes as voices
from nhip.kernel.i18n import _
from nhip.security.permissions.catalogue import SELF
from nhip.web.errors import PageNotFound
from nhip.web.model import NavItem


@get("/console/{rest:path}", permission=SELF, include_in_schema=False)
async def lost(rest: FromPath[str]) -> None:
    """An address of the console that nothing stands at: told inside the console, with its menu. Raises PageNotFound."""
    raise PageNotFound(what=rest)


ROUTES = [
    lost,
    *CONFLICTS,
    *health.ROUTES,
    *datasets.ROUTES,
    *mending.ROUTES,
    *looking.ROUTES,
    *deliveries.ROUTES,
    *contracts.ROUTES,
    *sources.ROUTES,
    *publishing.ROUTES,
    *national.ROUTES,
    *voices.ROUTES,
    *stories.ROUTES,
    *things.ROUTES,
    *listing.ROUTES,
    *mapped.ROUTES,
    *mapping.ROUTES,
    *exchange.ROUTES,
    *admin.ROUTES,
]
TEMPLATES = Path(__file__).parent / "templates"
NAVIGATION = (
    NavItem(_("Data health"), "/console", _("Data"), "dataset.read"),
    NavItem(_("To mend"), "/console/queue", _("Data"), "dataset.read"),
    NavItem(_("Feeds by freshness"), "/console/feeds", _("Data"), "dataset.read"),
    NavItem(_("Datasets"), "/console/datasets", _("Data"), "dataset.read"),
    NavItem(_("Live city"), "/console/things", _("Data"), "graph.read"),
    NavItem(_("Send data"), "/console/upload", _("Bring in"), "dataset.deliver"),
    NavItem(_("Sources"), "/console/sources", _("Bring in"), "source.read"),
    NavItem(_("Publishing"), "/console/publishing", _("Open data"), "dataset.read"),
    NavItem(_("National portal"), "/console/national", _("Open data"), "publication.propose"),
    NavItem(_("Stories"), "/console/stories", _("Open data"), "story.edit"),
    NavItem(_("Requests and comments"), "/console/voices", _("Open data"), "voice.read"),
    *admin.NAVIGATION,
)
