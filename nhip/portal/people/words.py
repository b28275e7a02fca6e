"""Words that the pages for readers share."""

from __future__ import annotations

from typing import Any

from litestar import Request

from nhip.portal.people.model import Wish
from nhip.web.i18n import language


def agency_name(wish: Wish) -> str:
    """The name of the agency that a request was given to, in the reader's language; empty where none was."""
    return wish.agency_name_en if language() == "en" and wish.agency_name_en else wish.agency_name


def hear(request: Request[Any, Any, Any]) -> bool:
    """Whether this installation sends letters."""
    return bool(request.app.state.settings.smtp_url)
