"""Organisations and their units: the tree that rights are given along."""

from __future__ import annotations

import uuid
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.console.admin.common import HOME, KINDS, AnyRequest, chosen, crumbs, me, name_of, options_of, organisations
from nhip.console.common import installation_of
from nhip.datasets.catalogue import put_agency
from nhip.datasets.store import list_datasets
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.security.model import Party
from nhip.security.parties import store as parties
from nhip.security.parties.errors import NotYourOrganisation
from nhip.security.parties.service import change_party, end, make_party, suspend
from nhip.security.permissions.managing import access_party
from nhip.web.errors import PageNotFound
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import page, redirect

PLACES = f"{HOME}/organisations"
ACTS = {
    "suspend": _("{name} is suspended: nobody who belongs to it can act."),
    "resume": _("{name} may act again."),
    "end": _("{name} is ended. Its data and what was done stay."),
}


class _Line:
    """A row of the tree."""

    def __init__(self, party: Party, depth: int, datasets: int, people: int) -> None:
        self.party, self.depth, self.datasets, self.people = party, depth, datasets, people


@get(PLACES, permission="party.read")
async def show_all(request: AnyRequest) -> Response[str]:
    """All organisations with their units below them, their datasets and people."""
    async with installation_of(request).db.read() as tx:
        within = (await me(request)).rights.organisations("party.read")
        tree = await organisations(tx, within=within)
        people = await parties.list_parties(tx, ("person", "service"), within=within, limit=50_000)
        owned = [d.agency_id for d in await list_datasets(tx)]
    at_work = [p.parent_id for p in people]
    lines = []
    for value, text in options_of(tree):
        party = tree[uuid.UUID(value)]
        lines.append(_Line(party, text.count("– "), owned.count(party.id), at_work.count(party.id)))
    values: dict[str, Any] = {"lines": lines, "name_of": name_of, "kinds": KINDS}
    return page(request, "console/admin/organisations.html", crumbs=crumbs(_("Organisations")), **values)


@get(f"{PLACES}/new", permission="party.edit")
async def ask(request: AnyRequest) -> Response[str]:
    """The form for a new organisation or unit."""
    return await _form(request, Form.of(parent=request.query_params.get("parent", "")), None)


@post(f"{PLACES}/new", permission="party.edit")
async def add(request: AnyRequest) -> Response[Any]:
    """Make an organisation that holds data, or a unit of one."""
    form = await Form.read(request)
    values = _read(form)
    code = form.text("code", required=_("Enter the code."), longest=60, pattern=r"[\w.\-]+")
    if not form.errors:
        try:
            async with installation_of(request).db.tx() as tx:
                parent_id = chosen(form.raw("parent"), await organisations(tx))
                if not (await me(request)).rights.may("party.edit", organisation=parent_id):
                    raise NotYourOrganisation
                if parent_id is None:
                    await put_agency(tx, code, **values)
                else:
                    await make_party(tx, "unit", code=code, parent_id=parent_id, **values)
            return redirect(PLACES, _("{name} was added."), name=values["name"])
        except NhipError as error:
            form.fail("code", error.template(), **error.values)
    return await _form(request, form, None, status=422)


def _read(form: Form) -> dict[str, Any]:
    name = form.text("name", required=_("Enter the name."), longest=200)
    return {"name": name, "name_en": form.text("name_en", longest=200)}


async def _form(request: AnyRequest, form: Form, party: Party | None, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        options = [
            (value, text) for value, text in options_of(await organisations(tx)) if not party or value != str(party.id)
        ]
    last = Crumb(name_of(party) if party else translate(_("Add an organisation or unit")))
    values: dict[str, Any] = {"form": form, "party": party, "organisations": options}
    trail = crumbs(_("Organisations"), PLACES, last)
    return page(request, "console/admin/organisation_form.html", status=status, crumbs=trail, **values)


@get(f"{PLACES}/{{party_id:uuid}}", permission="party.edit")
async def show(request: AnyRequest, party_id: FromPath[uuid.UUID]) -> Response[str]:
    """The form to change an organisation or unit."""
    async with installation_of(request).db.read() as tx:
        party = await access_party(tx, await me(request), party_id, "party.edit")
    return await _form(request, Form.of(name=party.name, name_en=party.name_en, parent=party.parent_id), party)


@post(f"{PLACES}/{{party_id:uuid}}", permission="party.edit")
async def change(request: AnyRequest, party_id: FromPath[uuid.UUID]) -> Response[Any]:
    """Change names, and where a unit belongs."""
    form = await Form.read(request)
    values = _read(form)
    async with installation_of(request).db.tx() as tx:
        party = await access_party(tx, await me(request), party_id, "party.edit")
        if not form.errors:
            parent_id = chosen(form.raw("parent"), await organisations(tx))
            if not (await me(request)).rights.may("party.edit", organisation=parent_id):
                raise NotYourOrganisation
            await change_party(tx, party, parent_id=parent_id, email=party.email, **values)
            if parent_id is None and party.code:
                await put_agency(tx, party.code, **values)
    if form.errors:
        return await _form(request, form, party, status=422)
    return redirect(PLACES, _("Saved."))


@post(f"{PLACES}/{{party_id:uuid}}/{{act:str}}", permission="party.edit")
async def act_on(request: AnyRequest, party_id: FromPath[uuid.UUID], act: FromPath[str]) -> Response[Any]:
    """Suspend, let again, or end; whoever belongs to it is signed out at once."""
    if act not in ACTS:
        raise PageNotFound
    async with installation_of(request).db.tx() as tx:
        party = await access_party(tx, await me(request), party_id, "party.edit")
        if act == "end":
            await end(tx, party)
        else:
            await suspend(tx, party, act == "suspend")
    return redirect(PLACES, ACTS[act], name=party.name)


ROUTES = [show_all, ask, add, show, change, act_on]
