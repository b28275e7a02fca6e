"""Following changes: Atom for readers of feeds, letters for whoever confirms their address (double opt-in), and a way out."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.db import Connection
from nhip.errors import NotFound
from nhip.kernel.i18n import _
from nhip.portal.pages.words import always
from nhip.portal.people import letters
from nhip.portal.people.errors import LinkSpent
from nhip.portal.people.forms import SMALL_FORM, AnyRequest, clicked_too_often, is_program, read_email
from nhip.portal.people.model import Scope, Subscription
from nhip.portal.people.tokens import read, sign
from nhip.portal.people.words import hear
from nhip.portal.public import installation_of, open_page, root
from nhip.portal.search import list_agencies
from nhip.portal.service import get_entry
from nhip.security.permissions.catalogue import PUBLIC
from nhip.web.errors import TooMany
from nhip.web.forms import Form
from nhip.web.i18n import language, translate
from nhip.web.model import Crumb
from nhip.web.render import redirect

HOME = "/follow"


class Followed:
    """What is followed: its scope, its name there, its title for people, its feed."""

    def __init__(self, scope: Scope, target: str, title: str, feed: str) -> None:
        self.scope, self.target, self.title, self.feed = scope, target, title, feed


async def _followed(tx: Connection, dataset: str, agency: str) -> Followed:
    """Raises NotPublished, Withdrawn, NotFound: only what is open can be followed."""
    words = always("")
    if dataset:
        entry = await get_entry(tx, dataset)
        return Followed("dataset", entry.name, words["title_of"](entry), f"/dataset/{entry.name}/changes.atom")
    if agency:
        found = next((one for one in await list_agencies(tx) if one.code == agency), None)
        if found is None:
            raise NotFound(what=f"/agency/{agency}")
        return Followed("agency", found.code, words["title_of"](found), f"/agency/{found.code}/changes.atom")
    return Followed("catalogue", "", translate(letters.SCOPES["catalogue"]), "/changes.atom")


@get(HOME, permission=PUBLIC, include_in_schema=False)
async def begin(request: AnyRequest, dataset: FromQuery[str] = "", agency: FromQuery[str] = "") -> Response[Any]:
    """How to follow a dataset, an agency or everything."""
    async with installation_of(request).db.read() as tx:
        followed = await _followed(tx, dataset, agency)
    return _form(request, Form.of(), followed)


def _form(request: AnyRequest, form: Form, followed: Followed, status: int = 200) -> Response[Any]:
    values: dict[str, Any] = {"followed": followed, "letters": hear(request), "form": form, "root": root(request)}
    crumbs = [Crumb(translate("Open data"), "/open-data"), Crumb(translate(_("Follow changes")))]
    return open_page(request, "portal/people/follow.html", status=status, crumbs=crumbs, **values, **always(""))


@post(HOME, permission=PUBLIC, include_in_schema=False, request_max_body_size=SMALL_FORM)
async def ask(request: AnyRequest) -> Response[Any]:
    """Send the letter by which the owner of the mailbox says yes. The answer is the same whether they follow already."""
    form = await Form.read(request)
    async with installation_of(request).db.read() as tx:
        followed = await _followed(tx, form.raw("dataset"), form.raw("agency"))
    if not hear(request):
        form.fail("", _("This portal sends no letters. Use the feed."))
    email = read_email(form, required=_("Write your e-mail address."))
    if form.errors:
        return _form(request, form, followed, status=422)
    if wait := clicked_too_often():
        raise TooMany(seconds=wait)
    if not is_program(form):
        async with installation_of(request).db.tx() as tx:
            asked = await letters.ask(tx, email, followed.scope, followed.target, language())
            if asked is not None and asked.confirmed_at is None:
                await _ask_to_confirm(request, tx, asked, followed)
    return redirect(f"{HOME}/asked")


async def _ask_to_confirm(request: AnyRequest, tx: Connection, asked: Subscription, followed: Followed) -> None:
    from nhip.kernel.time import now

    token = sign(request.app.state.settings, "confirm", asked.id)
    await letters.write_letter(
        tx,
        key=f"confirm:{asked.id}:{now():%Y-%m-%dT%H}",
        to=asked.email,
        lang=asked.lang,
        subject=_("Confirm that you want to follow: {title}"),
        subject_values={"title": followed.title},
        parts=[
            (_("Somebody, probably you, asked to be told when this changes: {title}"), {"title": followed.title}),
            (_("If it was you, open this page within two days and confirm. If not, do nothing."), {}),
        ],
        path=f"{HOME}/confirm/{token}",
        subscription=asked.id,
    )


@get(f"{HOME}/asked", permission=PUBLIC, include_in_schema=False)
async def asked(request: AnyRequest) -> Response[Any]:
    """What to do now."""
    return open_page(request, "portal/people/asked.html", **always(""))


@get(f"{HOME}/confirm/{{token:str}}", permission=PUBLIC, include_in_schema=False)
async def show_confirm(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """A button: programs that look through letters open links, but press nothing."""
    async with installation_of(request).db.read() as tx:
        found = await _found(request, tx, token)
    return _step(request, "confirm", found)


@post(f"{HOME}/confirm/{{token:str}}", permission=PUBLIC, include_in_schema=False, request_max_body_size=SMALL_FORM)
async def confirm(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """The owner of the mailbox says yes."""
    async with installation_of(request).db.tx() as tx:
        found = await _found(request, tx, token)
        await letters.confirm(tx, found)
    return _step(request, "confirmed", found)


async def _found(request: AnyRequest, tx: Connection, token: str) -> Subscription:
    subscription_id = read(request.app.state.settings, "confirm", token)
    found = await letters.find_subscription(tx, subscription_id) if subscription_id else None
    if found is None:
        raise LinkSpent(what="")
    return found


@get("/unsubscribe/{token:str}", permission=PUBLIC, include_in_schema=False)
async def show_leave(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """A button that ends it."""
    subscription_id = read(request.app.state.settings, "leave", token)
    async with installation_of(request).db.read() as tx:
        found = await letters.find_subscription(tx, subscription_id) if subscription_id else None
    return _step(request, "leave" if found else "left", found)


@post(
    "/unsubscribe/{token:str}",
    permission=PUBLIC,
    include_in_schema=False,
    status_code=200,
    request_max_body_size=SMALL_FORM,
)
async def leave(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """End it at once, for the button and for mail programs (RFC 8058): no question, no cookie, no other page; twice is fine."""
    subscription_id = read(request.app.state.settings, "leave", token)
    if subscription_id is not None:
        async with installation_of(request).db.tx() as tx:
            await letters.leave(tx, subscription_id)
    return _step(request, "left", None)


def _step(request: AnyRequest, step: str, found: Subscription | None) -> Response[Any]:
    headers = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
    values: dict[str, Any] = {"step": step, "found": found, "scopes": letters.SCOPES}
    return open_page(request, "portal/people/subscription.html", headers=headers, **values, **always(""))


ROUTES = [begin, ask, asked, show_confirm, confirm, show_leave, leave]
