"""What the page of a dataset shows of its description: for search engines in its head, for people with the points."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from nhip.db import Connection
from nhip.portal.dcat import store
from nhip.portal.dcat.graph import dataset_nodes
from nhip.portal.dcat.mqa import MOST, assess, rating
from nhip.portal.dcat.search_engines import schema_org, written
from nhip.portal.dcat.service import get_facts, site_of
from nhip.portal.model import Entry
from nhip.portal.public import AnyRequest, root

FORMS = {
    "ttl": ("DCAT-AP, Turtle", "text/turtle"),
    "jsonld": ("DCAT-AP, JSON-LD", "application/ld+json"),
    "rdf": ("DCAT-AP, RDF/XML", "application/rdf+xml"),
    "schema.jsonld": ("schema.org", "application/ld+json"),
    "croissant.json": ("Croissant", "application/ld+json"),
}
"""Ending of the address -> name and media type."""


async def page_values(request: AnyRequest, tx: Connection, entry: Entry) -> dict[str, Any]:
    """What `portal/dcat/parts.html` needs. The block for search engines is data: browsers do not run it, so that the page's
    policy lets it stand (HTML, "prepare the script element")."""
    facts, asked = await get_facts(tx, entry), await store.find_answer(tx, entry.dataset_id)
    site = site_of(request.app.state.settings, root(request))
    quality = assess(dataset_nodes(site, entry, facts), asked)
    linked = Markup(written(schema_org(site, entry, facts)).decode())  # noqa: S704 - `written` leaves no sign of HTML
    return {
        "linked_data": linked,
        "catalogue_forms": FORMS,
        "quality": quality,
        "quality_rating": rating(quality.points),
        "most_points": MOST,
    }
