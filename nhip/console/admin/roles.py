"""Roles: the built-in ones with what they may do, those of one's own, and who has which."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.console.admin.common import (
    HOME,
    AnyRequest,
    crumbs,
    name_of,
    organisations,
    title_of_permission,
    title_of_role,
)
from nhip.console.common import installation_of
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.security.parties.store import find_party
from nhip.security.permissions import store as rights
from nhip.security.permissions.catalogue import PERMISSIONS
from nhip.security.permissions.model import Role
from nhip.security.permissions.service import end_role, list_roles, put_role
from nhip.web.errors import PageNotFound
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import page, redirect

ROLES = f"{HOME}/roles"
_NAME = r"[a-z][a-z0-9_]{1,40}"


@get(ROLES, permission="role.read")
async def show_all(request: AnyRequest) -> Response[str]:
    """All roles, how many have each, and the table of permissions by role."""
    async with installation_of(request).db.read() as tx:
        roles = await list_roles(tx)
        held = {name: len(await rights.list_of_role(tx, name)) for name in roles}
    values: dict[str, Any] = {"roles": roles, "held": held, "permissions": PERMISSIONS}
    values |= {"title_of_role": title_of_role, "title_of_permission": title_of_permission}
    return page(request, "console/admin/roles.html", crumbs=crumbs(_("Roles")), **values)


@get(f"{ROLES}/new", permission="role.edit", everywhere=True)
async def ask(request: AnyRequest) -> Response[str]:
    """The form for a role of one's own."""
    return _form(request, Form.of(), None)


@post(f"{ROLES}/new", permission="role.edit", everywhere=True)
async def add(request: AnyRequest) -> Response[Any]:
    """Make a role."""
    return await _save(request, None)


@get(f"{ROLES}/{{name:str}}", permission="role.read")
async def show(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """One role: what it may do, and who has it."""
    async with installation_of(request).db.read() as tx:
        role = (await list_roles(tx)).get(name)
        if role is None:
            raise PageNotFound
        above = await organisations(tx, ended=True)
        held = [(a, await find_party(tx, a.party_id)) for a in await rights.list_of_role(tx, name)]
    form = Form.of(title=role.title, title_en=role.title_en, permissions=sorted(role.permissions))
    values: dict[str, Any] = {"role": role, "held": held, "above": above, "name_of": name_of}
    values |= {"title_of_role": title_of_role, "title_of_permission": title_of_permission, "form": form}
    values["permissions"] = PERMISSIONS
    trail = crumbs(_("Roles"), ROLES, Crumb(title_of_role(role)))
    return page(request, "console/admin/role.html", crumbs=trail, **values)


@post(f"{ROLES}/{{name:str}}", permission="role.edit", everywhere=True)
async def change(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Change a role of one's own; whoever has it feels it at once."""
    return await _save(request, name)


@post(f"{ROLES}/{{name:str}}/end", permission="role.edit", everywhere=True)
async def end(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """End a role of one's own; nobody has anything by it any more."""
    async with installation_of(request).db.tx() as tx:
        await end_role(tx, name)
    return redirect(ROLES, _("The role {name} is ended."), name=name)


async def _save(request: AnyRequest, name: str | None) -> Response[Any]:
    form = await Form.read(request)
    hint = _("Small letters, digits and _, beginning with a letter")
    called = name or form.text("name", required=_("Give the role a name."), pattern=_NAME, hint=hint)
    title = form.text("title", required=_("Enter the title."), longest=80)
    wanted = frozenset(form.many("permissions")) & PERMISSIONS.keys()
    if not wanted:
        form.fail("permissions", _("Choose at least one permission."))
    if not form.errors:
        made = Role(
            name=called, title=title, title_en=form.text("title_en", longest=80), permissions=wanted, built_in=False
        )
        try:
            async with installation_of(request).db.tx() as tx:
                await put_role(tx, made)
            return redirect(ROLES, _("Saved."))
        except NhipError as error:
            form.fail("name", error.template(), **error.values)
    return _form(request, form, name, status=422)


def _form(request: AnyRequest, form: Form, name: str | None, status: int = 200) -> Response[str]:
    values: dict[str, Any] = {"form": form, "name": name, "permissions": PERMISSIONS}
    trail = crumbs(_("Roles"), ROLES, Crumb(name or translate(_("Add a role"))))
    values["title_of_permission"] = title_of_permission
    return page(request, "console/admin/role_form.html", status=status, crumbs=trail, **values)


ROUTES = [show_all, ask, add, show, change, end]
