"""What waits for officials: requests for data, comments, tasks; and how the letters go."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from nhip.console.common import PAGE_SIZE, PageNumber, installation_of, rights_of, words
from nhip.console.voices.access import READ
from nhip.db import Connection
from nhip.kernel.i18n import _
from nhip.portal.people import letters, store
from nhip.portal.people.forms import AnyRequest
from nhip.portal.people.model import OPEN_STATES, REMARK_KINDS, WISH_STATES
from nhip.portal.people.store import Within
from nhip.portal.people.words import agency_name
from nhip.privacy.clocks import last_day
from nhip.web.i18n import translate
from nhip.web.model import Crumb, Listing, Tab
from nhip.web.render import page

HOME = "/console/voices"
CLOSED = ("published", "refused", "merged", "dropped")
SHOWS = {
    "requests": _("Requests for data"),
    "comments": _("Comments"),
    "tasks": _("To mend"),
    "closed": _("Closed requests"),
    "answered": _("Answered comments"),
}
STATES = {
    "held": ("busy", _("to be looked at")),
    "shown": ("busy", _("to be answered")),
    "answered": ("good", _("answered")),
    "dropped": ("unknown", _("not shown")),
}


def said() -> dict[str, Any]:
    """What the templates of this package use."""
    names = {"wish_states": WISH_STATES, "remark_states": STATES, "kinds": REMARK_KINDS}
    return {**names, "last_day": last_day, "given_to": agency_name, **words()}


@get(HOME, permission=READ)
async def show_all(request: AnyRequest, number: PageNumber = 1) -> Response[str]:
    """What waits, what is due first above; by agency for those who work for one."""
    show = request.query_params.get("show", "requests")
    show = show if show in SHOWS else "requests"
    within = rights_of(request).organisations(READ)
    span = {"size": PAGE_SIZE, "offset": (number - 1) * PAGE_SIZE}
    async with installation_of(request).db.read() as tx:
        found, total = await _found(tx, show, within, span)
        counts = {name: (await _found(tx, name, within, {"size": 0}))[1] for name in ("requests", "comments", "tasks")}
    tabs = [Tab(translate(t), f"{HOME}?show={name}", name == show, counts.get(name)) for name, t in SHOWS.items()]
    values: dict[str, Any] = {"items": found, "listing": Listing(number, PAGE_SIZE, total), "tabs": tabs, "show": show}
    return page(request, "console/voices/list.html", **values, **said())


async def _found(tx: Connection, show: str, within: Within, span: dict[str, int]) -> tuple[list[Any], int]:
    if show == "requests":
        return await store.list_wishes(tx, OPEN_STATES, within=within, by_due=True, **span)  # type: ignore[arg-type]
    if show == "closed":
        return await store.list_wishes(tx, CLOSED, within=within, **span)  # type: ignore[arg-type]
    if show == "tasks":
        return await store.list_remarks(tx, ["held", "shown"], tasks=True, within=within, **span)  # type: ignore[arg-type]
    waiting = show == "comments"
    states = ["held", "shown"] if waiting else ["shown", "dropped"]
    return await store.list_remarks(tx, states, waiting=waiting, within=within, **span)  # type: ignore[arg-type]


@get(f"{HOME}/letters", permission="job.read", everywhere=True)
async def show_letters(request: AnyRequest) -> Response[str]:
    """How many follow what, and which letters did not go out."""
    installation = installation_of(request)
    async with installation.db.read() as tx:
        values: dict[str, Any] = {
            "readers": await letters.count_readers(tx),
            "mail": await letters.count_mail(tx),
            "trouble": await letters.list_trouble(tx),
        }
    crumbs = [Crumb(translate(_("Requests and comments")), HOME), Crumb(translate(_("Letters to readers")))]
    values |= {"scopes": letters.SCOPES, "sends": bool(installation.settings.smtp_url), "crumbs": crumbs}
    return page(request, "console/voices/letters.html", **values)


ROUTES = [show_all, show_letters]
