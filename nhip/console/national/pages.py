"""The officials' page of the national portal: whether it answers, what it has of us, what it refuses; and the form to set it."""

from __future__ import annotations

from typing import Any, get_args

from litestar import Request, Response, get, post
from litestar.params import FromQuery

from nhip.console.common import PAGE_SIZE, PageNumber, installation_of
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.portal.national import store
from nhip.portal.national.model import National, State, Way
from nhip.portal.national.service import put_national, try_now
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb, Listing, Tab
from nhip.web.render import page, redirect

AnyRequest = Request[Any, Any, Any]
HOME = "/console/national"
READ, SET = "publication.propose", "secret.set"
STATES: dict[State, str] = {
    "refused": _("Refused"),
    "waiting": _("Waiting"),
    "withdrawing": _("To be withdrawn"),
    "registered": _("Registered"),
    "withdrawn": _("Withdrawn"),
}
LOOKS: dict[State, str] = {
    "refused": "alarm",
    "waiting": "busy",
    "withdrawing": "warn",
    "registered": "good",
    "withdrawn": "unknown",
}
WAYS: dict[Way, str] = {"ckan": _("CKAN Action API"), "dcat": _("DCAT graphs (SPARQL Graph Store Protocol)")}
_ADDRESS = r"https?://\S+"
_NAME = r"[a-z0-9_-]{2,100}"
_PREFIX = r"[a-z0-9][a-z0-9_-]{0,19}"


@get(HOME, permission=READ)
async def show(request: AnyRequest, standing: FromQuery[str] = "", number: PageNumber = 1) -> Response[str]:
    """Whether the portal answers, how many datasets are in which state, and each with its reason."""
    chosen: Any = standing if standing in get_args(State) else None
    async with installation_of(request).db.read() as tx:
        national = await store.find_national(tx)
        counts = await store.count_registrations(tx) if national else {}
        total = counts.get(chosen, 0) if chosen else sum(counts.values())
        listing = Listing(number, PAGE_SIZE, total)
        found = await store.list_registrations(tx, chosen, PAGE_SIZE, listing.offset) if national else []
    tabs = [Tab(translate(_("All")), HOME, not chosen, sum(counts.values()))]
    tabs += [Tab(translate(STATES[s]), f"{HOME}?standing={s}", s == chosen, counts[s]) for s in STATES if counts.get(s)]
    values: dict[str, Any] = {"national": national, "counts": counts, "registrations": found, "tabs": tabs}
    values |= {"states": STATES, "looks": LOOKS, "ways": WAYS, "listing": listing, "ready": _ready(request)}
    values["waits"] = national is not None and (national.next_try_at or now()) > now()
    return page(request, "console/national.html", crumbs=[Crumb(translate(_("National portal")))], **values)


def _ready(request: AnyRequest) -> bool:
    """Whether this installation has an address that others can be told."""
    return bool(request.app.state.settings.base_url)


@post(f"{HOME}/now", permission=SET)
async def now_(request: AnyRequest) -> Response[Any]:
    """Try again in the next minute whatever waits."""
    async with installation_of(request).db.tx() as tx:
        await try_now(tx)
    return redirect(HOME, _("It is tried again within a minute."))


@get(f"{HOME}/settings", permission=SET, everywhere=True)
async def ask(request: AnyRequest) -> Response[str]:
    """The form that says where and how we register."""
    async with installation_of(request).db.read() as tx:
        national = await store.find_national(tx)
    form = Form.of(way="ckan", enabled="1")
    if national is not None:
        told = {n: getattr(national, n) for n in ("url", "way", "organisation", "prefix")}
        form = Form.of(**told, enabled="1" if national.enabled else "")
    return _form(request, form, national)


@post(f"{HOME}/settings", permission=SET, everywhere=True)
async def put(request: AnyRequest) -> Response[Any]:
    """Set where and how we register; the key is sealed."""
    installation, form = installation_of(request), await Form.read(request)
    way: Any = form.choice("way", list(WAYS), required=_("Choose how the portal is spoken to."))
    said = {
        "url": form.text("url", required=_("Enter the address of the portal."), longest=300, pattern=_ADDRESS,
                         hint=_("An address that begins with https://")),
        "organisation": form.text("organisation", longest=100, pattern=_NAME, hint=_("Small letters, digits, - and _")),
        "prefix": form.text("prefix", longest=20, pattern=_PREFIX, hint=_("Small letters, digits, - and _")),
    }  # fmt: skip
    enabled, key = form.checked("enabled"), form.raw("key").strip()
    if form.errors:
        async with installation.db.read() as tx:
            return _form(request, form, await store.find_national(tx), status=422)
    async with installation.db.tx() as tx:
        await put_national(tx, installation, way=way, enabled=enabled, key=key, **said)
    return redirect(HOME, _("Saved. The first datasets are told within a minute."))


def _form(request: AnyRequest, form: Form, national: National | None, status: int = 200) -> Response[str]:
    crumbs = [Crumb(translate(_("National portal")), HOME), Crumb(translate(_("Settings")))]
    options = [(way, translate(title)) for way, title in WAYS.items()]
    values: dict[str, Any] = {"form": form, "national": national, "ways": options, "crumbs": crumbs}
    return page(request, "console/national_form.html", status=status, **values)


ROUTES = [show, now_, ask, put]
