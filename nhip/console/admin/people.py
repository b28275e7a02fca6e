"""People: finding, adding, changing, suspending them; their roles and what these add up to."""

from __future__ import annotations

import uuid
from datetime import datetime, time
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.console.admin.common import (
    HOME,
    KINDS,
    AnyRequest,
    chosen,
    crumbs,
    me,
    name_of,
    options_of,
    organisations,
    title_of_permission,
    title_of_role,
)
from nhip.console.common import PAGE_SIZE, PageNumber, installation_of
from nhip.db import Connection
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.kernel.time import VIETNAM, now
from nhip.security import store as accounts
from nhip.security.model import Party
from nhip.security.openid.addresses import public_address
from nhip.security.parties import store as parties
from nhip.security.parties.errors import NotYourOrganisation
from nhip.security.parties.service import change_party, end, make_account, make_party, suspend
from nhip.security.permissions import store as rights
from nhip.security.permissions.managing import access_assignment, access_party
from nhip.security.permissions.service import compile_rights, give_role, list_roles, take_role
from nhip.security.signin import invitations
from nhip.web.errors import PageNotFound
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb, Listing
from nhip.web.render import page, redirect

PEOPLE = f"{HOME}/people"
ACTS = {
    "suspend": _("{name} is suspended and signed out."),
    "resume": _("{name} may act again."),
    "end": _("{name} is ended; what was done stays in the ledger."),
}
_ACCOUNT = r"[^\s@/\\]{3,60}"


@get(PEOPLE, permission="party.read")
async def show_all(request: AnyRequest, q: FromQuery[str] = "", number: PageNumber = 1) -> Response[str]:
    """People and service accounts, narrowed by words in the name, or an e-mail address or account."""
    async with installation_of(request).db.read() as tx:
        offset = (number - 1) * PAGE_SIZE
        within = (await me(request)).rights.organisations("party.read")
        asked: dict[str, Any] = {"text": q.strip(), "within": within, "limit": PAGE_SIZE + 1, "offset": offset}
        found = await parties.list_parties(tx, ("person", "service"), **asked)
        above = await organisations(tx, ended=True)
        roles = await list_roles(tx)
        given = {p.id: [roles[a.role] for a in await rights.list_of_party(tx, p.id) if a.role in roles] for p in found}
    total = offset + len(found)
    values: dict[str, Any] = {"people": found[:PAGE_SIZE], "above": above, "given": given, "q": q, "kinds": KINDS}
    values |= {"listing": Listing(number, PAGE_SIZE, total), "title_of_role": title_of_role, "name_of": name_of}
    return page(request, "console/admin/people.html", crumbs=crumbs(_("Users")), **values)


@get(f"{PEOPLE}/new", permission="party.edit")
async def ask(request: AnyRequest) -> Response[str]:
    """The form for a new person."""
    return await _form(request, Form.of(), None)


@post(f"{PEOPLE}/new", permission="party.edit")
async def add(request: AnyRequest) -> Response[Any]:
    """Make the person and the account; how to set the first password is shown next."""
    form = await Form.read(request)
    values = _read(form)
    account = form.text("account", required=_("Give the account a name."), longest=60, pattern=_ACCOUNT)
    if not form.errors:
        try:
            async with installation_of(request).db.tx() as tx:
                parent_id = chosen(form.raw("organisation"), await organisations(tx))
                if not (await me(request)).rights.may("party.edit", organisation=parent_id):
                    raise NotYourOrganisation
                party = await make_party(tx, "person", parent_id=parent_id, **values)
                await make_account(tx, party, account, None)
            return redirect(
                f"{PEOPLE}/{party.id}",
                _("{name} was added. Give a role, and a link to set the password."),
                name=party.name,
            )
        except NhipError as error:
            form.fail("account", error.template(), **error.values)
    return await _form(request, form, None, status=422)


def _read(form: Form) -> dict[str, Any]:
    name = form.text("name", required=_("Enter the name."), longest=120)
    email = form.text("email", longest=200, pattern=r"[^@\s]+@[^@\s]+\.[^@\s]+", hint=_("Write an e-mail address."))
    return {"name": name, "email": email}


async def _form(request: AnyRequest, form: Form, party: Party | None, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        options = options_of(await organisations(tx))
    last = Crumb(party.name, f"{PEOPLE}/{party.id}") if party else Crumb(translate(_("Add a person")))
    values: dict[str, Any] = {
        "form": form,
        "party": party,
        "organisations": options,
        "crumbs": crumbs(_("Users"), PEOPLE, last),
    }
    return page(request, "console/admin/person_form.html", status=status, **values)


@get(f"{PEOPLE}/{{party_id:uuid}}", permission="party.read")
async def show(request: AnyRequest, party_id: FromPath[uuid.UUID]) -> Response[str]:
    """One person: account, roles, what they add up to, sessions."""
    return await _show(request, party_id, Form.of())


async def _show(request: AnyRequest, party_id: uuid.UUID, form: Form, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        party = await access_party(tx, await me(request), party_id)
        values = await _about(tx, party)
    values |= {"title_of_role": title_of_role, "title_of_permission": title_of_permission, "name_of": name_of}
    values |= {"kinds": KINDS, "now_": now(), "me": await me(request)}
    trail = crumbs(_("Users"), PEOPLE, Crumb(party.name))
    return page(request, "console/admin/person.html", status=status, party=party, form=form, crumbs=trail, **values)


async def _about(tx: Connection, party: Party) -> dict[str, Any]:
    account = await accounts.find_account_of(tx, party.id)
    above = await organisations(tx, ended=True)
    roles = await list_roles(tx)
    compiled = compile_rights(await rights.list_in_force(tx, party.id), roles, now())
    may = [(name, compiled.organisations(name)) for name in sorted(compiled.names())]
    return {
        "account": account,
        "above": above,
        "roles": roles,
        "given": await rights.list_of_party(tx, party.id),
        "may_do": may,
        "choices": [(name, title_of_role(role)) for name, role in roles.items()],
        "organisations": options_of({k: p for k, p in above.items() if p.active}),
    }


@get(f"{PEOPLE}/{{party_id:uuid}}/change", permission="party.edit")
async def ask_change(request: AnyRequest, party_id: FromPath[uuid.UUID]) -> Response[str]:
    """The form to change a person."""
    async with installation_of(request).db.read() as tx:
        party = await access_party(tx, await me(request), party_id, "party.edit")
    return await _form(request, Form.of(name=party.name, email=party.email, organisation=party.parent_id), party)


@post(f"{PEOPLE}/{{party_id:uuid}}/change", permission="party.edit")
async def change(request: AnyRequest, party_id: FromPath[uuid.UUID]) -> Response[Any]:
    """Change name, e-mail address and where the person works."""
    form = await Form.read(request)
    values = _read(form)
    async with installation_of(request).db.tx() as tx:
        found = await me(request)
        party = await access_party(tx, found, party_id, "party.edit")
        if not form.errors:
            parent_id = chosen(form.raw("organisation"), await organisations(tx))
            if not found.rights.may("party.edit", organisation=parent_id):
                raise NotYourOrganisation
            await change_party(tx, party, name_en=party.name_en, parent_id=parent_id, **values)
    if form.errors:
        return await _form(request, form, party, status=422)
    return redirect(f"{PEOPLE}/{party_id}", _("Saved."))


@post(f"{PEOPLE}/{{party_id:uuid}}/{{act:str}}", permission="party.edit")
async def act_on(request: AnyRequest, party_id: FromPath[uuid.UUID], act: FromPath[str]) -> Response[Any]:
    """Suspend, let again, or end: who is suspended or ended is signed out at once."""
    if act not in ACTS:
        raise PageNotFound
    async with installation_of(request).db.tx() as tx:
        party = await access_party(tx, await me(request), party_id, "party.edit")
        if act == "end":
            await end(tx, party)
        else:
            await suspend(tx, party, act == "suspend")
    return redirect(f"{PEOPLE}/{party_id}", ACTS[act], name=party.name)


@post(f"{PEOPLE}/{{party_id:uuid}}/roles", permission="role.edit")
async def give(request: AnyRequest, party_id: FromPath[uuid.UUID]) -> Response[Any]:
    """Give a role: everywhere, or for one organisation, area or sector, for ever or until a day."""
    form = await Form.read(request)
    role = form.text("role", required=_("Choose a role."))
    until = form.date("until")
    area = form.text("area", longest=5, pattern=r"\d{2}|\d{5}", hint=_("Write the code of a province or commune."))
    giver = (await me(request)).rights
    if not form.errors:
        try:
            async with installation_of(request).db.tx() as tx:
                await access_party(tx, await me(request), party_id)
                where = chosen(form.raw("organisation"), await organisations(tx))
                until_at = datetime.combine(until, time.max, VIETNAM) if until else None
                what = {
                    "organisation_id": where,
                    "area": area or None,
                    "sector": form.text("sector", longest=40) or None,
                }
                note_ = form.text("note", longest=300)
                await give_role(tx, party_id, role, until_at=until_at, note_=note_, giver=giver, **what)  # type: ignore[arg-type]
            return redirect(f"{PEOPLE}/{party_id}", _("The role was given; it holds at once."))
        except NhipError as error:
            form.fail("role", error.template(), **error.values)
    return await _show(request, party_id, form, status=422)


@post(f"{PEOPLE}/{{party_id:uuid}}/roles/{{assignment_id:uuid}}/take", permission="role.edit")
async def take(request: AnyRequest, party_id: FromPath[uuid.UUID], assignment_id: FromPath[uuid.UUID]) -> Response[Any]:
    """Take a role back; it is felt at the next click."""
    async with installation_of(request).db.tx() as tx:
        await access_assignment(tx, await me(request), assignment_id)
        await take_role(tx, assignment_id)
    return redirect(f"{PEOPLE}/{party_id}", _("The role was taken back; it no longer holds."))


@post(f"{PEOPLE}/{{party_id:uuid}}/invite", permission="party.edit", status_code=200)
async def invite(request: AnyRequest, party_id: FromPath[uuid.UUID]) -> Response[str]:
    """A link by which the person sets a password within a day; shown once. With `factors` the second factors go, too."""
    form = await Form.read(request)
    settings = installation_of(request).settings
    async with installation_of(request).db.tx() as tx:
        party = await access_party(tx, await me(request), party_id, "party.edit")
        account = await accounts.find_account_of(tx, party.id)
        if account is None or not party.active:
            raise PageNotFound
        code = await invitations.invite(tx, account, drops_factors=form.checked("factors"))
    link = f"{public_address(settings)}/recover?code={code}"
    values: dict[str, Any] = {"party": party, "link": link, "hours": invitations.HOURS}
    trail = crumbs(
        _("Users"), PEOPLE, Crumb(party.name, f"{PEOPLE}/{party.id}"), Crumb(translate(_("Link to set a password")))
    )
    return page(request, "console/admin/invitation.html", headers={"Cache-Control": "no-store"}, crumbs=trail, **values)


ROUTES = [show_all, ask, add, show, ask_change, change, give, take, invite, act_on]
