"""One request for data: looked at, given to an agency, taken into work, answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.console.common import installation_of, name_of, rights_of
from nhip.console.voices.access import ANSWER, access_wish
from nhip.console.voices.lists import HOME, said
from nhip.db import Connection
from nhip.kernel.i18n import _
from nhip.portal.people import store, wishes
from nhip.portal.people.errors import WishNotFound
from nhip.portal.people.forms import SMALL_FORM, AnyRequest
from nhip.portal.people.model import WISH_ACTS, Wish
from nhip.portal.people.policy import clock_at
from nhip.portal.search import list_addresses
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import page, redirect

ONE = f"{HOME}/requests/{{no:int}}"
MOST_DATASETS = 10_000


@get(ONE, permission="voice.read")
async def show(request: AnyRequest, no: FromPath[int]) -> Response[str]:
    """A request with everything that was typed, and what may be done."""
    return await _page(request, no, None)


async def _page(request: AnyRequest, no: int, form: Form | None, status: int = 200) -> Response[str]:
    rights = rights_of(request)
    async with installation_of(request).db.read() as tx:
        wish = await access_wish(tx, rights, no)
        values: dict[str, Any] = {
            "steps": await store.list_steps(tx, wish),
            "agencies": [(agency.code, name_of(agency)) for agency in await wishes.list_receivers(tx)],
            "datasets": [(one.name, one.name) for one in await list_addresses(tx, "", MOST_DATASETS)],
        }
    begun = {"title": wish.shown_title or wish.title, "text": wish.shown_text or wish.text, "agency": wish.agency_code}
    shown = form or Form.of(**begun)
    for name, value in begun.items():
        shown.values.setdefault(name, [value])
    values |= {"may_answer": rights.may(ANSWER, organisation=wish.agency_id), "acts": WISH_ACTS, "form": shown}
    values |= {"clock": clock_at("wish.answer", wish.received_at), "latest": wishes.latest_extension(wish)}
    crumbs = [Crumb(translate(_("Requests and comments")), HOME), Crumb(translate(_("Request {no}"), no=no))]
    return page(request, "console/voices/wish.html", status=status, wish=wish, crumbs=crumbs, **values, **said())


@post(f"{ONE}/{{act:str}}", permission=ANSWER, request_max_body_size=SMALL_FORM)
async def do(request: AnyRequest, no: FromPath[int], act: FromPath[str]) -> Response[Any]:
    """What an official decides; what is wrong with it is said beside the field."""
    if act not in _ACTS:
        raise WishNotFound(what=str(no))
    form = await Form.read(request)
    with form.refusals():
        async with installation_of(request).db.tx() as tx:
            wish = await access_wish(tx, rights_of(request), no, ANSWER)
            await _ACTS[act](tx, wish, form)
    if form.errors:
        return await _page(request, no, form, status=422)
    return redirect(HOME if act in ("drop", "merge", "route") else f"{HOME}/requests/{no}", _("Done."))


async def _show(tx: Connection, wish: Wish, form: Form) -> None:
    title = form.text("title", required=_("Say in a few words which data."), longest=150)
    text = form.text("text", required=_("Write what everybody may read."), longest=4_000)
    if not form.errors:
        await wishes.show(tx, wish, title, text)


async def _drop(tx: Connection, wish: Wish, form: Form) -> None:
    why = form.text("why", required=_("Say why; officials read it."), longest=500)
    if not form.errors:
        await wishes.drop(tx, wish, why)


async def _route(tx: Connection, wish: Wish, form: Form) -> None:
    agencies = {agency.code: agency for agency in await wishes.list_receivers(tx)}
    code = form.choice("agency", list(agencies))
    if not form.errors:
        await wishes.route(tx, wish, agencies.get(code))


async def _begin(tx: Connection, wish: Wish, form: Form) -> None:
    await wishes.begin(tx, wish)


async def _extend(tx: Connection, wish: Wish, form: Form) -> None:
    why = form.text("reason", required=_("Say why, as everybody will read it."), longest=1_000)
    if not form.errors:
        await wishes.extend(tx, wish, why)


async def _publish(tx: Connection, wish: Wish, form: Form) -> None:
    dataset = form.text("dataset", required=_("Choose the dataset that answers it."), longest=99)
    answer = form.text("answer", longest=2_000)
    if not form.errors:
        await wishes.publish(tx, wish, dataset, answer)


async def _refuse(tx: Connection, wish: Wish, form: Form) -> None:
    why = form.text("refusal", required=_("Say why, as everybody will read it."), longest=2_000)
    if not form.errors:
        await wishes.refuse(tx, wish, why)


async def _merge(tx: Connection, wish: Wish, form: Form) -> None:
    into = form.integer("into", required=_("Write the number of the other request."), lowest=1, highest=2**31 - 1)
    if not form.errors and into is not None:
        await wishes.merge(tx, wish, into)


_ACTS: dict[str, Callable[[Connection, Wish, Form], Awaitable[None]]] = {
    "show": _show,
    "drop": _drop,
    "route": _route,
    "begin": _begin,
    "extend": _extend,
    "publish": _publish,
    "refuse": _refuse,
    "merge": _merge,
}
ROUTES = [show, do]
