"""Service accounts and their keys: who may let programs in, to what, for how long."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.console.admin.common import (
    HOME,
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
from nhip.console.common import installation_of
from nhip.db import Connection
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.kernel.time import VIETNAM, now
from nhip.security.parties.errors import NotYourOrganisation
from nhip.security.parties.store import list_parties
from nhip.security.permissions.managing import access_party
from nhip.security.permissions.service import compile_rights, list_roles
from nhip.security.permissions.store import list_in_force
from nhip.security.programs.model import Limits
from nhip.security.programs.service import (
    USUAL,
    get_key,
    issue_client,
    issue_key,
    list_keys,
    make_program,
    revoke_key,
)
from nhip.web.errors import PageNotFound
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import page, redirect

PROGRAMS = f"{HOME}/programs"
KINDS = {"key": _("Key"), "client": _("OAuth client")}


@get(PROGRAMS, permission="party.read")
async def show_all(request: AnyRequest) -> Response[str]:
    """Service accounts with their keys in force."""
    async with installation_of(request).db.read() as tx:
        within = (await me(request)).rights.organisations("party.read")
        found = await list_parties(tx, ("service",), within=within)
        keys = await list_keys(tx)
        above = await organisations(tx, ended=True)
    counts = {p.id: sum(k.party_id == p.id for k in keys) for p in found}
    used = {
        p.id: max((k.last_used_at for k in keys if k.party_id == p.id and k.last_used_at), default=None) for p in found
    }
    values: dict[str, Any] = {"programs": found, "counts": counts, "used": used, "above": above, "name_of": name_of}
    return page(request, "console/admin/programs.html", crumbs=crumbs(_("Programs")), **values)


@get(f"{PROGRAMS}/new", permission="party.edit")
async def ask(request: AnyRequest) -> Response[str]:
    """The form for a new service account."""
    return await _form(request, Form.of(role="program"))


@post(f"{PROGRAMS}/new", permission="party.edit")
async def add(request: AnyRequest) -> Response[Any]:
    """Make a service account with a role; keys come next."""
    form = await Form.read(request)
    name = form.text("name", required=_("Enter the name."), longest=120)
    role = form.text("role", required=_("Choose a role."))
    if not form.errors:
        try:
            async with installation_of(request).db.tx() as tx:
                where = chosen(form.raw("organisation"), await organisations(tx))
                giver = (await me(request)).rights
                if not giver.may("party.edit", organisation=where):
                    raise NotYourOrganisation
                party = await make_program(tx, name, where, role=role, giver=giver)
            return redirect(f"{PROGRAMS}/{party.id}", _("{name} was added. Issue a key now."), name=party.name)
        except NhipError as error:
            form.fail("name", error.template(), **error.values)
    return await _form(request, form, status=422)


async def _form(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        values: dict[str, Any] = {"organisations": options_of(await organisations(tx))}
        values["roles"] = [(name, title_of_role(role)) for name, role in (await list_roles(tx)).items()]
    trail = crumbs(_("Programs"), PROGRAMS, Crumb(translate(_("Add a program"))))
    return page(request, "console/admin/program_form.html", status=status, form=form, crumbs=trail, **values)


@get(f"{PROGRAMS}/{{party_id:uuid}}", permission="party.read")
async def show(request: AnyRequest, party_id: FromPath[uuid.UUID]) -> Response[str]:
    """One service account: keys in force and ended, and the form for another."""
    return await _show(request, party_id, Form.of(kind="key", per_minute=600, per_day=100_000))


async def _show(request: AnyRequest, party_id: uuid.UUID, form: Form, status: int = 200, **more: Any) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        party = await access_party(tx, await me(request), party_id)
        if party.kind != "service":
            raise PageNotFound
        values: dict[str, Any] = {"party": party, "keys": await list_keys(tx, party_id, ended=True)}
        values["scopes"] = await _scopes(tx, party_id)
    values |= {"kinds": KINDS, "now_": now(), "title_of_permission": title_of_permission, "issued": None, **more}
    trail = crumbs(_("Programs"), PROGRAMS, Crumb(party.name))
    headers = {"Cache-Control": "no-store"}
    return page(
        request, "console/admin/program.html", status=status, headers=headers, form=form, crumbs=trail, **values
    )


async def _scopes(tx: Connection, party_id: uuid.UUID) -> list[str]:
    return sorted(compile_rights(await list_in_force(tx, party_id), await list_roles(tx), now()).names())


@post(f"{PROGRAMS}/{{party_id:uuid}}/keys", permission="key.edit", status_code=200)
async def issue(request: AnyRequest, party_id: FromPath[uuid.UUID]) -> Response[Any]:
    """Issue a key or an OAuth client; its text is on this answer and never again."""
    form = await Form.read(request)
    title = form.text("title", required=_("Say what the key is for."), longest=100)
    until = form.date("until")
    expires = datetime.combine(until, time.max, VIETNAM) if until else now() + USUAL - timedelta(days=1)
    limits = Limits(
        scopes=tuple(form.many("scopes")),
        expires_at=expires,
        networks=tuple(form.raw("networks").replace(",", " ").split()),
        per_minute=form.integer("per_minute", lowest=1) or 600,
        per_day=form.integer("per_day", lowest=1) or 100_000,
    )
    if not form.errors:
        try:
            async with installation_of(request).db.tx() as tx:
                await access_party(tx, await me(request), party_id, "key.edit")
                make = issue_client if form.raw("kind") == "client" else issue_key
                issued = await make(tx, party_id, title, limits)
            return await _show(request, party_id, Form.of(kind="key", per_minute=600, per_day=100_000), issued=issued)
        except NhipError as error:
            form.fail("scopes", error.template(), **error.values)
    return await _show(request, party_id, form, status=422)


@post(f"{PROGRAMS}/{{party_id:uuid}}/keys/{{key_id:uuid}}/revoke", permission="key.edit")
async def revoke(request: AnyRequest, party_id: FromPath[uuid.UUID], key_id: FromPath[uuid.UUID]) -> Response[Any]:
    """The key opens nothing from now on."""
    async with installation_of(request).db.tx() as tx:
        await access_party(tx, await me(request), party_id, "key.edit")
        if (await get_key(tx, key_id)).party_id != party_id:
            raise PageNotFound
        await revoke_key(tx, key_id)
    return redirect(f"{PROGRAMS}/{party_id}", _("The key is revoked; it opens nothing any more."))


ROUTES = [show_all, ask, add, show, issue, revoke]
