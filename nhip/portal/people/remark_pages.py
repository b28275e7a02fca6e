"""Comments on a dataset and what readers give it, on a page of their own beside the dataset's."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.kernel.i18n import _
from nhip.portal.errors import Withdrawn
from nhip.portal.model import Entry
from nhip.portal.pages.words import always, title_of
from nhip.portal.people import remarks, store
from nhip.portal.people.forms import SMALL_FORM, AnyRequest, check_flood, clicked_too_often, is_program, read_email
from nhip.portal.people.model import REMARK_KINDS
from nhip.portal.people.tokens import COOKIE, browser_of, read
from nhip.portal.people.words import hear
from nhip.portal.public import installation_of, open_page
from nhip.portal.service import get_entry
from nhip.security.permissions.catalogue import PUBLIC
from nhip.web.errors import TooMany
from nhip.web.forms import Form
from nhip.web.i18n import language, translate
from nhip.web.model import Crumb, Listing
from nhip.web.render import redirect

SIZE = 20
PAGE = "/dataset/{name:str}/comments"


@get(PAGE, permission=PUBLIC, include_in_schema=False)
async def show(request: AnyRequest, name: FromPath[str], page: FromQuery[str] = "1") -> Response[Any]:
    """What readers said about a dataset and what its owner answered; a form to say more."""
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 5 and int(page) else 1
    return await _page(request, name, Form.of(), number=number)


@post(PAGE, permission=PUBLIC, include_in_schema=False, request_max_body_size=SMALL_FORM)
async def say(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Keep a comment until an official of the agency looked at it."""
    form = await Form.read(request)
    kind = form.choice("kind", list(REMARK_KINDS), required=_("Choose what it is about."))
    text = form.text("text", required=_("Write your comment."), longest=4_000)
    who = {"name": form.text("name", longest=100), "email": read_email(form)}
    if form.errors:
        return await _page(request, name, form, status=422)
    thanks = _("Thank you. The agency looks at your comment before it is shown.")
    if is_program(form):
        return redirect(f"/dataset/{name}/comments", thanks)
    async with installation_of(request).db.tx() as tx:
        entry = await get_entry(tx, name)
        if not await check_flood(tx, form):
            new = remarks.NewRemark(kind=kind, text=text, lang=language(), **who)  # type: ignore[arg-type]
            await remarks.receive(tx, entry, new)
    if form.errors:
        return await _page(request, name, form, status=429)
    return redirect(f"/dataset/{entry.name}/comments", thanks)


@post("/dataset/{name:str}/rating", permission=PUBLIC, include_in_schema=False, request_max_body_size=SMALL_FORM)
async def rate(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """What this browser gives the dataset; the last time counts."""
    if wait := clicked_too_often():
        raise TooMany(seconds=wait)
    form = await Form.read(request)
    stars = form.choice("stars", ["1", "2", "3", "4", "5"], required=_("Choose 1 to 5."))
    if form.errors:
        return await _page(request, name, form, status=422)
    browser, cookies = browser_of(request)
    async with installation_of(request).db.tx() as tx:
        entry = await get_entry(tx, name)
        await remarks.rate(tx, entry, browser, int(stars))
    answer = redirect(f"/dataset/{entry.name}/comments", _("Thank you. You can change it whenever you like."))
    answer.cookies += cookies
    return answer


async def _page(request: AnyRequest, name: str, form: Form, *, number: int = 1, status: int = 200) -> Response[Any]:
    async with installation_of(request).db.read() as tx:
        try:
            entry = await get_entry(tx, name)
        except Withdrawn as gone:
            return open_page(request, "portal/gone.html", status=410, name=name, why=gone.values["why"], **always(""))
        where = {"dataset_id": entry.dataset_id, "size": SIZE, "offset": (number - 1) * SIZE}
        found, total = await store.list_remarks(tx, ["shown"], **where)  # type: ignore[arg-type]
        rating = await store.find_rating(tx, entry.dataset_id)
        browser = read(request.app.state.settings, "browser", request.cookies.get(COOKIE, ""))
        own = await store.find_own_rating(tx, entry.dataset_id, browser) if browser else None
    if own is not None and not form.raw("stars"):
        form.values["stars"] = [str(own)]
    values: dict[str, Any] = {"entry": entry, "remarks": found, "listing": Listing(number, SIZE, total), "form": form}
    values |= {"rating": rating, "kinds": REMARK_KINDS, "letters": hear(request), "crumbs": _crumbs(entry)}
    return open_page(request, "portal/people/remarks.html", status=status, **values, **always("/datasets"))


def _crumbs(entry: Entry) -> list[Crumb]:
    here = Crumb(translate(_("Comments")))
    return [Crumb(translate("Datasets"), "/datasets"), Crumb(title_of(entry), f"/dataset/{entry.name}"), here]


ROUTES = [show, say, rate]
