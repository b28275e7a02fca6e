"""Who is told of changes, what could not be told, and which brokers are asked or copied."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from nhip.console.common import installation_of
from nhip.console.things import asking
from nhip.console.things.words import attribute_title, type_title
from nhip.errors import BadInput
from nhip.graph.registrations.model import Registration
from nhip.graph.service import DEFAULT_TENANT
from nhip.graph.subscriptions.letters import desk
from nhip.graph.subscriptions.service import Subscriptions
from nhip.graph.subscriptions.showing import shown
from nhip.kernel.i18n import _
from nhip.things.words import city_context
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.live import part_of
from nhip.web.model import Crumb
from nhip.web.render import page, redirect

AnyRequest = Request[Any, Any, Any]
PATH = "/console/things/exchange"
_MOST = 200
"""Of each kind on the page; the interface gives all."""
_TYPES = "|,;&()"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription on the page; `state` is a state of the house, `word` says it."""

    name: str
    tenant: str
    about: str
    receiver: str
    certain: bool
    state: str
    word: str
    sent: int
    failed: int
    last: Any
    waiting: int


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A registration on the page."""

    name: str
    about: str
    where: str
    mode: str
    failing: bool


MODES = {
    "inclusive": _("as well"), "exclusive": _("alone"), "redirect": _("instead"), "auxiliary": _("where nobody else knows"),
}  # fmt: skip
"""How what a registered broker says counts beside what is here."""


@get(PATH, permission="graph.read")
async def exchange(request: AnyRequest) -> Response[str]:
    """Subscriptions, notifications that wait or were given up, registrations and mirrors."""
    graph = request.app.state.graph_app
    async with installation_of(request).db.read() as tx:
        waiting = {(one.tenant, one.subscription): one.changes for one in await desk.list_waiting(tx, _MOST)}
        dead = await desk.list_dead(tx, _MOST)
    values: dict[str, Any] = {
        "told": await _list_told(graph.subscriptions, asking.graph_of(request), waiting),
        "dead": dead,
        "asked": [_asked(one) for one in graph.registrations.list_all(DEFAULT_TENANT)[:_MOST]],
        "mirrors": graph.mirrors.list_all(),
        "modes": MODES,
    }
    crumbs = [Crumb(translate(_("Live city")), "/console/things"), Crumb(translate(_("Who is told, who tells")))]
    return page(request, "console/things/exchange.html", block=part_of(request), crumbs=crumbs, **values)


@post(f"{PATH}/letter", permission="graph.write")
async def letter(request: AnyRequest) -> Response[None]:
    """Try a notification that was given up again, or forget it."""
    form = await Form.read(request)
    try:
        id = UUID(form.raw("id"))
    except ValueError as error:
        raise BadInput(what=form.raw("id")[:100]) from error
    again = form.raw("do") == "retry"
    async with installation_of(request).db.tx() as tx:
        await (desk.retry if again else desk.drop)(tx, id)
    return redirect(PATH, _("The notification is being tried again.") if again else _("The notification is forgotten."))


async def _list_told(kept: Subscriptions, graph: Any, waiting: dict[tuple[str, str], int]) -> list[Told]:
    """Those of all tenants; first what needs somebody."""
    found: list[Told] = []
    for tenant in sorted({DEFAULT_TENANT, *(one.tenant for one in kept.index.all())}):
        name = await graph.tenant_name(tenant)
        for rest in await kept.page(tenant, _MOST, 0):
            found.append(
                _told(shown(rest, city_context()), rest.counts.notified, name, waiting.get((name, rest.id), 0))
            )
    return sorted(found, key=lambda one: (one.state not in ("alarm", "warn"), one.name.casefold()))[:_MOST]


def _told(doc: dict[str, Any], last: Any, tenant: str, waiting: int) -> Told:
    notification = doc["notification"]
    endpoint = notification["endpoint"]
    pairs = [(one.get("key"), one.get("value")) for one in endpoint.get("notifierInfo", ())]
    state, word = _state(doc, waiting)
    return Told(
        name=doc.get("subscriptionName") or doc.get("description") or _short(doc["id"]),
        tenant=tenant,
        about=_about(doc),
        receiver=_host(endpoint["uri"]),
        certain=("Delivery", "certain") in pairs,
        state=state,
        word=word,
        sent=notification.get("timesSent", 0),
        failed=notification.get("timesFailed", 0),
        last=last,
        waiting=waiting,
    )


def _state(doc: dict[str, Any], waiting: int) -> tuple[str, str]:
    if doc["status"] != "active":
        return "unknown", _("expired") if doc["status"] == "expired" else _("paused")
    if doc["notification"].get("status") == "failed":
        return "alarm", _("the receiver does not take it")
    if waiting:
        return "warn", _("waits for the receiver")
    return ("good", _("is told")) if doc["notification"].get("timesSent") else ("unknown", _("nothing to tell yet"))


def _about(doc: dict[str, Any]) -> str:
    """What a subscription is about: its types, what is watched, the condition."""
    expand = city_context().expand
    parts = [_titles(one["type"]) if "type" in one else one.get("id", "") for one in doc.get("entities", ())]
    watched = ", ".join(attribute_title(expand(name)) for name in doc.get("watchedAttributes", ()))
    return " · ".join(part for part in (", ".join(parts), watched, doc.get("q", "")) if part)


def _titles(types: str) -> str:
    """A selection of types in words where it is one type, as it stands otherwise."""
    return types if any(sign in types for sign in _TYPES) else type_title(city_context().expand(types))


def _short(id: str) -> str:
    """The last part of an identifier."""
    return unquote(id.rpartition(":")[2]) or id


def _host(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _asked(one: Registration) -> Asked:
    types = sorted({kind for part in one.information for entity in part.entities for kind in entity.types})
    last_good, last_bad = one.counters.get("lastSuccess", ""), one.counters.get("lastFailure", "")
    return Asked(
        name=_short(one.id),
        about=", ".join(type_title(kind) for kind in types) or "—",
        where=_host(one.doc["endpoint"]),
        mode=one.mode,
        failing=bool(last_bad) and last_bad > last_good,
    )


ROUTES = [exchange, letter]
