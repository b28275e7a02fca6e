"""`/api/3/action/{action}` and `/api/action/{action}`: CKAN's envelope around each answer and each error."""

from __future__ import annotations

import inspect
import re
from typing import Any

import msgspec
from litestar import Response, get, route
from litestar.enums import HttpMethod
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from nhip.errors import BadInput, NhipError
from nhip.portal.ckan.actions import ACTIONS as ABOUT_CATALOGUE
from nhip.portal.ckan.datastore import ACTIONS as ABOUT_ROWS
from nhip.portal.ckan.errors import (
    ActionError,
    ActionUnknown,
    BodyUnreadable,
    Invalid,
    NotThere,
    SqlRefused,
    WriteRefused,
)
from nhip.portal.ckan.finding import FINDING
from nhip.portal.ckan.model import Action, Asked, Later
from nhip.portal.ckan.params import Params
from nhip.portal.public import FOR_ALL, REVALIDATE, AnyRequest, installation_of, pairs_of, root
from nhip.portal.reads import note_read
from nhip.security.permissions.catalogue import PUBLIC

MOST_BYTES = 64 << 10
_WRITES = re.compile(
    r"^(follow|unfollow|am_following|config_option|job|send|member|dashboard)_|_(create|update|patch|delete|purge|revise|reorder"
    r"|upsert|add|remove|clear|invite|revoke|upload|throw_out|reset|records_delete|run_triggers|default_resource_views)$"
)


async def help_show(asked: Asked) -> str:
    """What an action does. name."""
    name = asked.params.required("name")
    if name not in ACTIONS:
        raise NotThere(name=name[:100])
    return inspect.getdoc(ACTIONS[name]) or ""


ACTIONS: dict[str, Action] = {**ABOUT_CATALOGUE, **ABOUT_ROWS, **FINDING, "help_show": help_show}


@get(["/api", "/api/3"], permission=PUBLIC, anonymous=True, include_in_schema=False, sync_to_thread=False)
def version() -> Response[dict[str, int]]:
    """The version of the interface, as clients ask before they begin."""
    return Response({"version": 3}, headers=FOR_ALL)


@route(
    ["/api/3/action/{action:str}", "/api/action/{action:str}"],
    http_method=[HttpMethod.GET, HttpMethod.POST],
    permission=PUBLIC,
    anonymous=True,
    status_code=200,
)
async def act(request: AnyRequest, action: FromPath[str]) -> Response[Any]:
    """An action of CKAN's Action API v3 over what is open; parameters in the address or as one JSON object in the body."""
    about = f"{root(request)}/api/3/action/help_show?name={action if action.isidentifier() else ''}"
    try:
        result = await _result(request, action)
    except (ActionUnknown, BodyUnreadable) as error:
        return _told(request, f"Bad request: {error.message()}", error.status)
    except NhipError as error:
        status, told = _error(error)
        return _told(request, {"help": about, "error": told, "success": False}, status)
    return _told(request, {"help": about, "success": True, "result": result}, 200)


async def _result(request: AnyRequest, action: str) -> Any:
    found = ACTIONS.get(action)
    if found is None:
        if action == "datastore_search_sql":
            raise SqlRefused
        if _WRITES.search(action):
            raise WriteRefused(action=action[:60])
        raise ActionUnknown(action=action[:60])
    params = Params(await _sent(request))
    async with installation_of(request).db.read() as tx:
        settings = request.app.state.settings
        result = await found(Asked(tx, params, root(request), settings.city, request.app.state.warm))
    if not isinstance(result, Later):
        return result
    await note_read(request, result.release, "datastore_search")
    return await result.finish()


async def _sent(request: AnyRequest) -> dict[str, Any]:
    """The parameters: of the address, and over them those of the body. Raises BodyUnreadable."""
    told: dict[str, Any] = {}
    for name, value in pairs_of(request):
        known = told.get(name)
        told[name] = value if known is None else [*known, value] if isinstance(known, list) else [known, value]
    body = b"" if request.method == "GET" else await _body(request)
    if not body.strip():
        return told
    try:
        sent = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise BodyUnreadable from None
    if not isinstance(sent, dict):
        raise BodyUnreadable
    return {**told, **sent}


async def _body(request: AnyRequest) -> bytes:
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > MOST_BYTES:
                raise BodyUnreadable
            parts.append(part)
    except HTTPException:
        raise BodyUnreadable from None
    return b"".join(parts)


def _error(error: NhipError) -> tuple[int, dict[str, Any]]:
    """Status and `error` as CKAN tells them: what is withdrawn keeps its 410 under the name that clients know."""
    message = error.message()
    if isinstance(error, Invalid):
        return error.status, {"__type": error.kind, str(error.values["field"]): [message]}
    if isinstance(error, ActionError):
        return error.status, {"__type": error.kind, "message": error.prefix + message}
    if error.status in (404, 410):
        return error.status, {"__type": NotThere.kind, "message": NotThere.prefix + message}
    if isinstance(error, BadInput):
        return Invalid.status, {"__type": Invalid.kind, "query": [message]}
    return error.status, {"__type": ActionError.kind, "message": message}


def _told(request: AnyRequest, body: Any, status: int) -> Response[Any]:
    kept = REVALIDATE if request.method == "GET" and status == 200 else "no-store"
    headers = {**FOR_ALL, "Cache-Control": kept}
    return Response(
        msgspec.json.encode(body), status_code=status, media_type="application/json;charset=utf-8", headers=headers
    )
