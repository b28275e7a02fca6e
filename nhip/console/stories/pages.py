"""Composing a story: each press of a button saves the draft and shows it as readers will see it."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from nhip.console.common import installation_of, name_of, rights_of
from nhip.console.stories.editor import fitted, form_of, pressed, read_draft
from nhip.datasets.store import list_agencies
from nhip.db import Connection
from nhip.errors import Forbidden
from nhip.kernel.i18n import _
from nhip.portal.model import OpenColumn
from nhip.portal.pages.words import title_of
from nhip.portal.people.forms import AnyRequest
from nhip.portal.store import find_entry
from nhip.portal.stories import service, store
from nhip.portal.stories.draw import Desk, draw_all
from nhip.portal.stories.errors import StoryNotFound, StoryUnfinished
from nhip.portal.stories.model import CHARTS, FUNCTIONS, KINDS, SPANS, STATES, Block, Choice, Draft, Story
from nhip.portal.stories.pages import said
from nhip.security.permissions.model import Rights
from nhip.web.forms import Form
from nhip.web.i18n import language, translate
from nhip.web.model import Crumb
from nhip.web.render import page, redirect

HOME = "/console/stories"
EDIT, PUBLISH = "story.edit", "story.publish"
MOST_FORM = 1_000_000
ACTS = {
    "made": _("Begun"),
    "offered": _("Offered for a second look"),
    "returned": _("Given back"),
    "published": _("Published"),
    "withdrawn": _("Withdrawn"),
}
LISTED = 400
"""Datasets that fit into a list to choose from; more are typed, with proposals."""


async def access_story(tx: Connection, rights: Rights, name: str, permission: str = EDIT) -> Story:
    """A story of an agency for which whoever asks may edit or publish. Raises StoryNotFound, Forbidden."""
    story = await service.get_story(tx, name)
    held = {p for p in (EDIT, PUBLISH) if rights.may(p, organisation=story.agency_id)}
    if not held:
        raise StoryNotFound(what=name)
    if permission not in held:
        raise Forbidden
    return story


@get(HOME, permission=EDIT)
async def show_all(request: AnyRequest) -> Response[str]:
    """Every story that may be edited."""
    async with installation_of(request).db.read() as tx:
        found = await store.list_stories(tx, rights_of(request).organisations(EDIT))
    return page(request, "console/stories/list.html", stories=found, states=STATES, **said())


@get(f"{HOME}/new", permission=EDIT)
async def ask(request: AnyRequest) -> Response[str]:
    """A title and an agency."""
    return await _begin(request, Form.of())


@post(f"{HOME}/new", permission=EDIT)
async def make(request: AnyRequest) -> Response[Any]:
    """Begin a story."""
    form = await Form.read(request)
    async with installation_of(request).db.tx() as tx:
        agencies = {agency.code: agency for agency in await list_agencies(tx, permission=EDIT)}
        title = form.text("title", required=_("Give the story a title."), longest=150)
        code = form.choice("agency", list(agencies), required=_("Choose the agency that tells the story."))
        if not form.errors:
            story = await service.make(tx, agencies[code], title)
            return redirect(f"{HOME}/{story.name}")
    return await _begin(request, form, status=422)


async def _begin(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        agencies = [(agency.code, name_of(agency)) for agency in await list_agencies(tx, permission=EDIT)]
    crumbs = [Crumb(translate(_("Stories")), HOME), Crumb(translate(_("New story")))]
    return page(request, "console/stories/new.html", status=status, form=form, agencies=agencies, crumbs=crumbs)


@get(f"{HOME}/{{name:str}}", permission=EDIT)
async def edit(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """The editor with the draft as readers will see it."""
    return await _editor(request, name, None)


@post(f"{HOME}/{{name:str}}", permission=EDIT, request_max_body_size=MOST_FORM)
async def save(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Keep what was typed and do what was pressed: save, look, add, move, remove."""
    form = await Form.read(request)
    draft, revision = read_draft(form), form.integer("revision", lowest=0, highest=2**31 - 1) or 0
    do, place = form.raw("do"), None
    if not form.errors:
        with form.refusals():
            async with installation_of(request).db.tx() as tx:
                story = await access_story(tx, rights_of(request), name)
                draft = await _fitted(tx, draft)
                draft, place = pressed(draft, do)
                await service.save(tx, story, draft, revision)
    if form.errors:
        return await _editor(request, name, form, draft, status=422)
    where = f"{HOME}/{name}" + (f"#b{place}" if place is not None else "")
    return redirect(where, _("Saved. Readers see it once it is published.") if do == "save" else "")


async def _fitted(tx: Connection, draft: Draft) -> Draft:
    columns = await _columns(tx, draft.blocks)
    blocks = [fitted(b, columns[b.dataset]) if columns.get(b.dataset) else b for b in draft.blocks]
    return msgspec.structs.replace(draft, blocks=blocks)


async def _columns(tx: Connection, blocks: list[Block]) -> dict[str, list[OpenColumn]]:
    """Columns of the open datasets that blocks name; only what is open is told."""
    names = {block.dataset for block in blocks if block.dataset}
    entries = {name: await find_entry(tx, name) for name in sorted(names)}
    return {name: entry.columns if entry else [] for name, entry in entries.items()}


async def _editor(
    request: AnyRequest, name: str, form: Form | None, typed: Draft | None = None, status: int = 200
) -> Response[str]:
    installation, rights = installation_of(request), rights_of(request)
    async with installation.db.read() as tx:
        story = await access_story(tx, rights, name)
        blocks = (typed or story).blocks
        values: dict[str, Any] = {
            "columns": await _columns(tx, blocks),
            "choices": await store.list_choices(tx),
            "history": await store.list_steps(tx, story),
        }
    drawn = await draw_all(Desk(installation, request.app.state), blocks)
    words: dict[str, Any] = {
        "kinds": KINDS,
        "charts_known": CHARTS,
        "functions": FUNCTIONS,
        "spans": SPANS,
        "states": STATES,
    }
    values |= {"story": story, "drawn": drawn, "form": form or form_of(story, story.revision), "acts": ACTS}
    values |= {"may_publish": rights.may(PUBLISH, organisation=story.agency_id), "listed": LISTED}
    values |= {"dataset_title": title_of, "options": _options, "column_options": _column_options}
    values["groups"] = _groups(values["choices"])
    crumbs = [Crumb(translate(_("Stories")), HOME), Crumb(story.title)]
    return page(request, "console/stories/edit.html", status=status, crumbs=crumbs, **values, **words, **said())


def _column_options(columns: list[OpenColumn]) -> list[tuple[str, str]]:
    return [(column.name, title_of(column)) for column in columns]


def _groups(choices: list[Choice]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Open datasets under their agencies."""
    found: dict[str, list[tuple[str, str]]] = {}
    for one in choices:
        title = one.title_en if language() == "en" and one.title_en else one.title
        found.setdefault(one.agency_name, []).append((one.name, title))
    return list(found.items())


def _options(known: dict[str, str]) -> list[tuple[str, str]]:
    return [(code, translate(title)) for code, title in known.items()]


@post(f"{HOME}/{{name:str}}/offer", permission=EDIT)
async def offer(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Ask somebody else to look at it and publish it."""
    return await _act(request, name, "offer", EDIT)


@post(f"{HOME}/{{name:str}}/publish", permission=PUBLISH)
async def publish(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Let the public read it."""
    return await _act(request, name, "publish", PUBLISH)


@post(f"{HOME}/{{name:str}}/return", permission=PUBLISH)
async def give_back(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """It is not ready."""
    return await _act(request, name, "return", PUBLISH)


@post(f"{HOME}/{{name:str}}/withdraw", permission=PUBLISH)
async def withdraw(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """The public reads it no longer."""
    return await _act(request, name, "withdraw", PUBLISH)


_SAID = {
    "offer": _("Offered. Somebody else looks at it and publishes it."),
    "publish": _("Published. Everybody can read it now."),
    "return": _("Given back."),
    "withdraw": _("Withdrawn. Its address tells the reason."),
}


async def _act(request: AnyRequest, name: str, act: str, permission: str) -> Response[Any]:
    installation, form = installation_of(request), await Form.read(request)
    why = ""
    if act in ("return", "withdraw"):
        why = form.text("why", required=_("Say why."), longest=500)
    if not form.errors:
        with form.refusals():
            if act in ("offer", "publish"):
                await _check_blocks(request, name, permission)
            async with installation.db.tx() as tx:
                story = await access_story(tx, rights_of(request), name, permission)
                await _do(tx, request, story, act, why)
            return redirect(f"{HOME}/{name}", _SAID[act])
    async with installation.db.read() as tx:
        story = await access_story(tx, rights_of(request), name)
    shown = form_of(story, story.revision)
    shown.errors = form.errors
    return await _editor(request, name, shown, story, status=422)


async def _do(tx: Connection, request: AnyRequest, story: Story, act: str, why: str) -> None:
    if act == "offer":
        await service.offer(tx, story)
    elif act == "publish":
        await service.publish(tx, installation_of(request).settings, story)
    elif act == "return":
        await service.give_back(tx, story, why)
    else:
        await service.withdraw(tx, story, why)


async def _check_blocks(request: AnyRequest, name: str, permission: str) -> None:
    """Raises StoryUnfinished with the first block that cannot be shown."""
    async with installation_of(request).db.read() as tx:
        story = await access_story(tx, rights_of(request), name, permission)
    for place, drawn in enumerate(await draw_all(Desk(installation_of(request), request.app.state), story.blocks), 1):
        if drawn.trouble:
            raise StoryUnfinished(why=translate(_("block {place}: {trouble}"), place=place, trouble=drawn.trouble))


ROUTES = [show_all, ask, make, edit, save, offer, publish, give_back, withdraw]
