"""Requests for data, as citizens write and read them: no account, no scripts."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.kernel.i18n import _
from nhip.portal.pages.words import always
from nhip.portal.people import store, wishes
from nhip.portal.people.errors import WishNotFound
from nhip.portal.people.forms import SMALL_FORM, AnyRequest, check_flood, clicked_too_often, is_program, read_email
from nhip.portal.people.model import OPEN_STATES, WISH_ACTS, WISH_STATES, Wish
from nhip.portal.people.policy import clock_at
from nhip.portal.people.tokens import browser_of, read, sign
from nhip.portal.people.words import agency_name, hear
from nhip.portal.public import installation_of, open_page, root
from nhip.portal.search import list_agencies
from nhip.privacy.clocks import last_day
from nhip.security.permissions.catalogue import PUBLIC
from nhip.web.errors import TooMany
from nhip.web.forms import Form
from nhip.web.i18n import language, translate
from nhip.web.model import Crumb, Listing, Tab
from nhip.web.render import redirect

HOME = "/data-requests"
SIZE = 20
TABS = {
    "open": (_("Open"), OPEN_STATES),
    "published": (_("Published"), ("published",)),
    "refused": (_("Refused"), ("refused",)),
}


def _said() -> dict[str, Any]:
    return {"states": WISH_STATES, "acts": WISH_ACTS, "last_day": last_day, "agency_name": agency_name}


@get(HOME, permission=PUBLIC, include_in_schema=False)
async def show_all(request: AnyRequest, page: FromQuery[str] = "1") -> Response[Any]:
    """What citizens asked for and officials looked at, by how it stands."""
    state = request.query_params.get("state", "")
    chosen = state if state in TABS else "open"
    number = min(int(page), 5_000) if page.isascii() and page.isdecimal() and len(page) < 5 and int(page) else 1
    async with installation_of(request).db.read() as tx:
        wanted = {"shown": True, "size": SIZE, "offset": (number - 1) * SIZE}
        found, total = await store.list_wishes(tx, TABS[chosen][1], **wanted)  # type: ignore[arg-type]
    tabs = [Tab(translate(title), f"{HOME}?state={name}", name == chosen) for name, (title, _states) in TABS.items()]
    values: dict[str, Any] = {"wishes": found, "listing": Listing(number, SIZE, total), "tabs": tabs}
    return open_page(request, "portal/people/wishes.html", **values, **_said(), **always(HOME))


@get(f"{HOME}/new", permission=PUBLIC, include_in_schema=False)
async def begin(request: AnyRequest, title: FromQuery[str] = "") -> Response[Any]:
    """The form."""
    return await _form(request, Form.of(title=title[:150] or None))


@post(f"{HOME}/new", permission=PUBLIC, include_in_schema=False, request_max_body_size=SMALL_FORM)
async def ask(request: AnyRequest) -> Response[Any]:
    """Keep the request, and lead to the page by which its sender follows it."""
    form = await Form.read(request)
    async with installation_of(request).db.read() as tx:
        codes = [agency.code for agency in await list_agencies(tx)]
    new = wishes.NewWish(
        title=form.text("title", required=_("Say in a few words which data you need."), longest=150),
        text=form.text("text", required=_("Describe the data: of what, which area, which years."), longest=4_000),
        purpose=form.text("purpose", longest=1_000),
        name=form.text("name", longest=100),
        email=read_email(form),
        agency_code=form.choice("agency", codes),
        lang=language(),
    )
    if form.errors:
        return await _form(request, form, status=422)
    if is_program(form):
        return redirect(HOME, _("Thank you. Officials look at it before it is shown."))
    async with installation_of(request).db.tx() as tx:
        wish = None if await check_flood(tx, form) else await wishes.receive(tx, new)
    if wish is None:
        return await _form(request, form, status=429)
    token = sign(request.app.state.settings, "wish", wish.id)
    return redirect(f"{HOME}/mine/{token}", _("Your request has arrived."))


async def _form(request: AnyRequest, form: Form, status: int = 200) -> Response[Any]:
    async with installation_of(request).db.read() as tx:
        agencies = await list_agencies(tx)
    words = always(HOME)
    options = [(agency.code, words["title_of"](agency)) for agency in agencies]
    crumbs = [Crumb(translate(_("Requests for data")), HOME), Crumb(translate(_("Ask for data")))]
    values: dict[str, Any] = {"agencies": options, "letters": hear(request), "crumbs": crumbs, "form": form}
    return open_page(request, "portal/people/wish_form.html", status=status, **values, **words)


@get(f"{HOME}/{{no:int}}", permission=PUBLIC, include_in_schema=False)
async def show(request: AnyRequest, no: FromPath[int]) -> Response[Any]:
    """One request, in the words that officials let through."""
    async with installation_of(request).db.read() as tx:
        wish = await wishes.get_shown_wish(tx, no)
        return await _one(request, tx, wish, mine=False)


@get(f"{HOME}/mine/{{token:str}}", permission=PUBLIC, include_in_schema=False)
async def show_mine(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """A request as its sender sees it, by the link that they were given: looked at or not."""
    wish_id = read(request.app.state.settings, "wish", token)
    if wish_id is None:
        raise WishNotFound(what="")
    async with installation_of(request).db.read() as tx:
        return await _one(request, tx, await wishes.get_wish(tx, wish_id), mine=True)


async def _one(request: AnyRequest, tx: Any, wish: Wish, *, mine: bool) -> Response[Any]:
    steps = [s for s in await store.list_steps(tx, wish) if s.act != "routed"]
    title = wish.shown_title if not mine else wish.title
    values: dict[str, Any] = {
        "wish": wish,
        "steps": steps,
        "mine": mine,
        "address": f"{root(request)}{request.url.path}",
        "clock": clock_at("wish.answer", wish.received_at),
        "crumbs": [Crumb(translate(_("Requests for data")), HOME), Crumb(title)],
    }
    headers = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"} if mine else {}
    return open_page(request, "portal/people/wish.html", headers=headers, **values, **_said(), **always(HOME))


@post(f"{HOME}/{{no:int}}/vote", permission=PUBLIC, include_in_schema=False, request_max_body_size=SMALL_FORM)
async def vote(request: AnyRequest, no: FromPath[int]) -> Response[Any]:
    """I need this too, once a browser."""
    if wait := clicked_too_often():
        raise TooMany(seconds=wait)
    browser, cookies = browser_of(request)
    async with installation_of(request).db.tx() as tx:
        new = await wishes.vote(tx, await wishes.get_shown_wish(tx, no), browser)
    said = _("Counted: you need this too.") if new else _("You said so before. It is counted once.")
    answer = redirect(f"{HOME}/{no}", said)
    answer.cookies += cookies
    return answer


ROUTES = [show_all, begin, ask, show, show_mine, vote]
