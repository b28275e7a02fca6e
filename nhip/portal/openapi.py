"""`/openapi.json`: our public interface in OpenAPI 3.1, from the routes, CKAN's actions and the words of `openapi.toml`."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response, get

from nhip import __version__
from nhip.portal.ckan.api import ACTIONS
from nhip.portal.public import FOR_ALL, REVALIDATE, AnyRequest, root
from nhip.security.permissions.catalogue import PUBLIC

Document = dict[str, Any]
_ROW = {"type": "object", "additionalProperties": True}
_ABOUT: Document = {
    "dataset": {"type": "string"},
    "release": {"type": "integer"},
    "as_of": {"type": "string", "format": "date-time", "description": "The time that the data speak of."},
    "licence": {"type": "string"},
    "total": {"type": ["integer", "null"], "description": "How many rows there are, where it is known."},
    "next": {"type": ["string", "null"], "description": "The address of the next page."},
}
SCHEMAS: Document = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457. `key` stays the same across languages and releases.",
        "required": ["type", "title", "status"],
        "properties": {name: {"type": "string"} for name in ("type", "title", "detail", "key", "instance")}
        | {"status": {"type": "integer"}},
    },
    "Rows": {
        "type": "object",
        "required": ["dataset", "release", "rows"],
        "properties": {**_ABOUT, "rows": {"type": "array", "items": _ROW}},
    },
    "Features": {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"const": "FeatureCollection"},
            "name": {"type": "string"},
            **_ABOUT,
            "features": {"type": "array", "items": _ROW},
        },
    },
    "Action": {
        "type": "object",
        "required": ["help", "success"],
        "properties": {
            "help": {"type": "string"},
            "success": {"type": "boolean"},
            "result": {},
            "error": {"type": "object", "properties": {"__type": {"type": "string"}}},
        },
    },
}
_REFUSALS = {
    "400": "Not understood",
    "404": "Not open, or not there",
    "410": "Withdrawn, or recalled; the reason is told",
}
_BUSY = {"429": "Too many requests; Retry-After says when", "503": "Too much is under way; try again"}


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of `openapi.toml`. `forms`: ending -> media type, each an address of its own in place of `{form}`.
    `answers`: media type -> name of a schema, or empty. `route`: the route that serves it, where the address differs."""

    path: str
    id: str
    tag: str
    summary: str = ""
    more: str = ""
    parameters: list[str] = []
    answers: dict[str, str] = {}
    forms: dict[str, str] = {}
    route: str = ""


class Words(msgspec.Struct, frozen=True):
    """The file."""

    tag: dict[str, dict[str, str]]
    parameter: dict[str, Document]
    operation: list[Operation]
    action: dict[str, list[str]]


@cache
def words() -> Words:
    """What is said by hand."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Words)


@get("/openapi.json", permission=PUBLIC, anonymous=True, include_in_schema=False, sync_to_thread=False)
def openapi(request: AnyRequest) -> Response[bytes]:
    """This interface in OpenAPI 3.1."""
    told = document(request.app.routes, root(request), request.app.state.settings.city)
    headers = {**FOR_ALL, "Cache-Control": REVALIDATE}
    return Response(msgspec.json.encode(told), media_type="application/json", headers=headers)


def document(routes: list[Any], root_: str, city: str) -> Document:
    """The OpenAPI document of an installation. Raises KeyError for an operation without a route."""
    said = said_by_routes(routes)
    paths: Document = {}
    for operation in words().operation:
        for path, answers, name in _addresses(operation):
            summary, description = said[operation.route or operation.path.replace(".{form}", f".{name}")]
            told = operation.summary or summary
            more = "\n\n".join(part for part in (description, operation.more) if part)
            paths[path] = {"get": _read(operation, name, told, more, answers)}
    for name in sorted(words().action):
        if name in ACTIONS:
            paths[f"/api/3/action/{name}"] = _action(name)
    return {
        "openapi": "3.1.0",
        "info": _info(city),
        "servers": [{"url": root_}],
        "tags": [{"name": name, **told} for name, told in words().tag.items()],
        "paths": paths,
        "components": {"schemas": SCHEMAS},
    }


def _info(city: str) -> Document:
    return {
        "title": f"Nhịp {city}: open data",
        "version": __version__,
        "summary": "Everything here is public: no key, no account.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }


def said_by_routes(routes: list[Any]) -> dict[str, tuple[str, str]]:
    """Address of each public route for programs -> its first sentence, and the rest of its docstring."""
    found: dict[str, tuple[str, str]] = {}
    for route in routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.opt.get("permission") != PUBLIC:
                continue
            first, _blank, rest = (inspect.getdoc(handler.fn) or "").partition("\n\n")
            path = "/".join(_segment(part) for part in str(route.path).split("/"))
            found[path] = (" ".join(first.split()), rest)
    return found


def _segment(part: str) -> str:
    """`{name:str}` as OpenAPI has it: `{name}`."""
    return "{" + part[1:-1].partition(":")[0] + "}" if part.startswith("{") else part


def _addresses(operation: Operation) -> Iterator[tuple[str, Document, str]]:
    """Address, media types of its answer and the ending, one for each form."""
    if not operation.forms:
        yield operation.path, {kind: _content(schema) for kind, schema in operation.answers.items()}, ""
    for name, kind in operation.forms.items():
        yield operation.path.replace("{form}", name), {kind: {}}, name


def _content(schema: str) -> Document:
    return {"schema": {"$ref": f"#/components/schemas/{schema}"}} if schema else {}


def _read(operation: Operation, name: str, summary: str, more: str, answers: Document) -> Document:
    chosen = [_parameter(one) for one in operation.parameters]
    ending = f"_{name.replace('.', '_')}" if name else ""
    return {
        "operationId": f"{operation.id}{ending}",
        "tags": [operation.tag],
        "summary": summary,
        **({"description": more} if more else {}),
        **({"parameters": chosen} if chosen else {}),
        "responses": {
            "200": {"description": "The answer", "content": answers},
            **{code: _problem(text) for code, text in (_REFUSALS | _BUSY).items()},
        },
    }


def _parameter(name: str) -> Document:
    told = words().parameter[name]
    where = told.get("in", "query")
    return {"name": name, **told, "in": where, **({"required": True} if where == "path" else {})}


def _problem(text: str) -> Document:
    return {"description": text, "content": {"application/problem+json": _content("Problem")}}


def _action(name: str) -> Document:
    """An action, by GET and by POST."""
    doc = inspect.getdoc(ACTIONS[name]) or name
    fields = words().action[name]
    answer = {"application/json": _content("Action")}
    refusals = {"400": "The body or the search is not understood", "409": "A parameter is missing or wrong"}
    refusals |= {"403": "From another website", "404": _REFUSALS["404"], "410": _REFUSALS["410"]}
    common: Document = {
        "tags": ["ckan"],
        "summary": " ".join(doc.split()),
        "responses": {
            "200": {"description": "The answer; its result depends on the action", "content": answer},
            **{code: {"description": text, "content": {"application/json": {}}} for code, text in refusals.items()},
            **{code: {"description": text} for code, text in _BUSY.items()},
        },
    }
    query = [{"name": field, "in": "query", "schema": {"type": "string"}} for field in fields]
    body = {"type": "object", "properties": {field: {} for field in fields}}
    return {
        "get": {"operationId": name, **common, **({"parameters": query} if query else {})},
        "post": {
            "operationId": f"{name}_by_post",
            **common,
            "requestBody": {"content": {"application/json": {"schema": body}}},
        },
    }
