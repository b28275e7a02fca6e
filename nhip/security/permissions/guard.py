"""The one guard of all routes: a route names its permission (`@get(…, permission="dataset.read")`) or nobody may use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from nhip.errors import Forbidden
from nhip.security.permissions.catalogue import PERMISSIONS, PUBLIC, SELF
from nhip.security.permissions.errors import RouteWithoutPermission
from nhip.security.sessions import who
from nhip.security.signin.gate import proof_first, set_up_first, signed_out

AnyConnection = ASGIConnection[Any, Any, Any, Any]


class RouteLine(msgspec.Struct, frozen=True):
    """A line of the table: what answers where, and the permission that it asks for."""

    method: str
    path: str
    permission: str
    handler: str


async def permitted(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Litestar guard of the whole application. Raises SignInNeeded, SignedOut, or Forbidden where the right is not held anywhere;
    SetupNeeded, SecondFactorNeeded or ConfirmNeeded where something comes first (`nhip.security.signin.gate`).

    `everywhere=True` on a route: it is about the whole installation, so a right that ends somewhere does not open it.
    `anonymous=True` on a public route: it does not care who asks, so nobody is looked up. What a person may see of a page
    that opens is decided by `Rights.may` and `Rights.organisations` where it is read.
    """
    needed = handler.opt.get("permission")
    if needed is None:
        raise RouteWithoutPermission(what=connection.url.path)
    anonymous = handler.opt.get("anonymous")
    found = None if anonymous else await who(connection)
    if not anonymous:
        await set_up_first(connection, handler, found)
    if needed == PUBLIC:
        return
    if found is None:
        raise await signed_out(connection)
    if needed != SELF and not found.rights.anywhere(needed):
        raise Forbidden
    if handler.opt.get("everywhere") and not found.rights.may(needed):
        raise Forbidden
    await proof_first(connection, handler, found)


def list_routes(app: Litestar) -> list[RouteLine]:
    """Every route of the application, in the order of paths and methods; a route without permission has an empty one."""
    return sorted(_lines(app), key=lambda line: (line.path, line.method))


def _lines(app: Litestar) -> Iterator[RouteLine]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", None) or (route.route_handler,):  # type: ignore[union-attr]
            if isinstance(handler, HTTPRouteHandler):
                methods = [str(method) for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"})]
            else:
                methods = [type(handler).__name__.removesuffix("RouteHandler").upper()]
            for method in methods:
                yield RouteLine(method, route.path, handler.opt.get("permission", ""), handler.handler_name)


def require_known(app: Litestar) -> None:
    """Raises RouteWithoutPermission for a route whose permission is missing or unknown: found at start, not by a visitor."""
    for line in list_routes(app):
        if line.permission not in (PUBLIC, SELF) and line.permission not in PERMISSIONS:
            raise RouteWithoutPermission(what=f"{line.method} {line.path}")
