"""`nhip permissions`: every route and job with the permission that it needs and the roles that have it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import click
import msgspec

from nhip.db.installation import Installation
from nhip.db.terminal import print_json, print_table, with_installation
from nhip.jobs.app import app as jobs
from nhip.jobs.permissions import list_jobs
from nhip.kernel.needs import SYSTEM
from nhip.security.permissions.catalogue import PUBLIC, SELF, built_in_roles
from nhip.security.permissions.guard import list_routes
from nhip.security.permissions.model import Role
from nhip.security.permissions.service import list_roles
from nhip.settings import Settings

STRANGER = "stranger"
"""In the place of a role: whoever is not signed in."""


class RoleRow(msgspec.Struct, frozen=True):
    """A role with everything that it gives."""

    name: str
    title: str
    permissions: list[str]


class RouteRow(msgspec.Struct, frozen=True):
    """A route, the permission that it needs (`public`: none, `self`: to be signed in) and the roles that may ask it."""

    method: str
    path: str
    permission: str
    roles: list[str]


class JobRow(msgspec.Struct, frozen=True, rename={"others": "or"}):
    """A job, the permission that enqueues it (`system`: only Nhịp itself), others that do too, and the roles that may."""

    name: str
    permission: str
    others: list[str]
    roles: list[str]


class Table(msgspec.Struct, frozen=True):
    """Who may do what, in whole."""

    roles: list[RoleRow]
    routes: list[RouteRow]
    jobs: list[JobRow]


def make_table(settings: Settings, own: Mapping[str, Role] | None = None) -> Table:
    """The table of the application of `settings`, for the built-in roles and those that its administrator made (`own`)."""
    from nhip.app import create_app

    app = create_app(settings)  # it registers the permissions of the sectors, so roles are asked for after it
    roles = {**built_in_roles(), **(own or {})}
    lines = [(line.path, line.method, line.permission) for line in list_routes(app)]
    routes = [
        RouteRow(method, path, permission, roles_with((permission,), roles))
        for path, method, permission in sorted([*lines, *graph_routes()])
    ]
    rows = [
        JobRow(
            line.name,
            (line.permissions or (SYSTEM,))[0],
            list(line.permissions[1:]),
            roles_with(line.permissions, roles),
        )
        for line in list_jobs(jobs.tasks)
    ]
    named = [RoleRow(role.name, role.title, sorted(role.permissions)) for role in roles.values()]
    return Table(named, routes, rows)


def graph_routes() -> Iterator[tuple[str, str, str]]:
    """Address, method and permission of each operation of the live graph; `public` where a token of its own lets in."""
    from nhip.graph.api import openapi
    from nhip.graph.api.app import PREFIX
    from nhip.graph.api.routes import install
    from nhip.graph.api.routing import ANY, routes
    from nhip.graph.relays.service import RECEIVED_AT

    install()
    yield openapi.ADDRESS, "GET", PUBLIC
    for path, method, route in routes():
        own = RECEIVED_AT if RECEIVED_AT.endswith(f"/{path}") else f"{PREFIX}/{path}"
        parts = ["{id:str}" if part == ANY else part for part in own.split("/")]
        yield "/".join(parts), method, PUBLIC if route.by_token else route.permission


def roles_with(permissions: Iterable[str], roles: Mapping[str, Role]) -> list[str]:
    """The roles that one of `permissions` is enough for; the stranger among them where everybody may."""
    wanted = set(permissions)
    if PUBLIC in wanted:
        return [STRANGER, *roles]
    if SELF in wanted:
        return list(roles)
    return [role.name for role in roles.values() if wanted & role.permissions]


@click.command()
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
@click.option("--own", is_flag=True, help="With the roles that the administrator of this installation made.")
@click.pass_obj
def permissions(settings: Settings, wants_json: bool, own: bool) -> None:
    """Who may do what: every route and every job with the permission that it needs and the roles that have it."""

    async def work(installation: Installation) -> dict[str, Role]:
        async with installation.db.read() as tx:
            return {name: role for name, role in (await list_roles(tx)).items() if not role.built_in}

    table = make_table(settings, with_installation(settings, work) if own else None)
    if wants_json:
        print_json(table)
        return
    short = {PUBLIC: "everybody", SELF: "whoever is signed in"}
    routes = ((r.method, r.path, r.permission, short.get(r.permission, ", ".join(r.roles))) for r in table.routes)
    print_table(("method", "path", "permission", "roles"), routes)
    click.echo()
    background = ((j.name, " or ".join([j.permission, *j.others]), ", ".join(j.roles) or SYSTEM) for j in table.jobs)
    print_table(("job", "permission", "roles"), background)
