"""Everything that the personal data desks bring to the composition root."""

from __future__ import annotations

from pathlib import Path

from nhip.kernel.i18n import _
from nhip.privacy import desk
from nhip.privacy.breaches import pages as breaches
from nhip.privacy.common import HOME
from nhip.privacy.consents import account as my_consents
from nhip.privacy.consents import pages as consents
from nhip.privacy.processing import pages as processing
from nhip.privacy.requests import account as my_requests
from nhip.privacy.requests import data_pages
from nhip.privacy.requests import pages as requests_pages
from nhip.privacy.retention import pages as retention
from nhip.privacy.usage import api as usage_api
from nhip.privacy.usage import pages as usage
from nhip.web.model import NavItem

ROUTES = [
    *desk.ROUTES,
    *processing.ROUTES,
    *consents.ROUTES,
    *my_consents.ROUTES,
    *requests_pages.ROUTES,
    *data_pages.ROUTES,
    *my_requests.ROUTES,
    *breaches.ROUTES,
    *retention.ROUTES,
    *usage.ROUTES,
    *usage_api.ROUTES,
]
TEMPLATES = Path(__file__).parent / "templates"
GROUP = _("Personal data")
NAVIGATION = (
    NavItem(_("Overview"), HOME, GROUP, "processing.read"),
    NavItem(_("Requests"), f"{HOME}/requests", GROUP, "request.handle"),
    NavItem(_("The register"), f"{HOME}/processings", GROUP, "processing.read"),
    NavItem(_("Consents"), f"{HOME}/consents", GROUP, "consent.record"),
    NavItem(_("Breaches"), f"{HOME}/breaches", GROUP, "breach.handle"),
    NavItem(_("Retention"), f"{HOME}/retention", GROUP, "retention.edit"),
    NavItem(_("Delayed telling"), f"{HOME}/withholdings", GROUP, "usage.withhold"),
)
