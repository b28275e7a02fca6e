"""What the pages of administration share."""

from __future__ import annotations

import uuid
from typing import Any

from litestar import Request

from nhip.db import Connection
from nhip.kernel.i18n import _
from nhip.security.model import Party, Who
from nhip.security.parties.store import list_parties
from nhip.security.permissions.catalogue import PERMISSIONS
from nhip.security.permissions.model import Role
from nhip.security.sessions import who
from nhip.web.i18n import language, translate
from nhip.web.model import Crumb

AnyRequest = Request[Any, Any, Any]
HOME = "/console/admin"
KINDS = {
    "person": _("A person"),
    "organisation": _("Organisation"),
    "unit": _("Unit"),
    "service": _("Service account"),
}
"""Kinds of parties in words."""


async def me(request: AnyRequest) -> Who:
    """Who is signed in; the guard has let them in."""
    found = await who(request)
    assert found is not None
    return found


def crumbs(title: str, href: str = "", *more: Crumb) -> list[Crumb]:
    """The way to a page of administration; `title` is marked text."""
    return [Crumb(translate(title), href), *more]


def title_of_role(role: Role) -> str:
    """A role's title in the language of the page."""
    if role.built_in:
        return translate(role.title)
    return role.title_en if language() == "en" and role.title_en else role.title


def title_of_permission(name: str) -> str:
    """What a permission lets do, in words; its name where a sector is no longer installed."""
    found = PERMISSIONS.get(name)
    return translate(found.title) if found else name


def name_of(party: Party) -> str:
    """A party's name in the language of the page."""
    return party.name_en if language() == "en" and party.name_en else party.name


async def organisations(
    tx: Connection, *, ended: bool = False, within: frozenset[uuid.UUID] | None = None
) -> dict[uuid.UUID, Party]:
    """Organisations and units by id, in Vietnamese order; of `within` alone, if that is given."""
    found = await list_parties(tx, ("organisation", "unit"), ended=ended, within=within, limit=5_000)
    return {party.id: party for party in found if within is None or party.id in within}


def options_of(parties: dict[uuid.UUID, Party]) -> list[tuple[str, str]]:
    """Organisations and units for a select, each unit below its organisation with a dash before it."""
    below: dict[uuid.UUID | None, list[Party]] = {}
    for party in parties.values():
        below.setdefault(party.parent_id if party.parent_id in parties else None, []).append(party)
    found: list[tuple[str, str]] = []

    def walk(parent: uuid.UUID | None, depth: int) -> None:
        for party in below.get(parent, ()):
            found.append((str(party.id), "– " * depth + name_of(party)))
            walk(party.id, depth + 1)

    walk(None, 0)
    return found


def chosen(text: str, parties: dict[uuid.UUID, Party]) -> uuid.UUID | None:
    """The party that a select named; None for none and for one that is not in the list."""
    try:
        found = uuid.UUID(text)
    except ValueError:
        return None
    return found if found in parties else None
