"""The public routes of what people do with open data."""

from __future__ import annotations

from typing import Any

from nhip.portal.people import atom, release_pages, remark_pages, subscription_pages, wish_pages

ROUTES: list[Any] = [
    *wish_pages.ROUTES,
    *remark_pages.ROUTES,
    *subscription_pages.ROUTES,
    *atom.ROUTES,
    *release_pages.ROUTES,
]
