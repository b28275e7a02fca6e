"""`/ngsi-ld/openapi.json`: the interface in OpenAPI 3.1, from the router's table and the words of `openapi.toml`.

It stands beside `/ngsi-ld/v1`, whose addresses belong to the standard.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from nhip import __version__
from nhip.graph.api.media import GEO_JSON, JSON, LD_JSON, MERGE_PATCH, PROBLEM
from nhip.graph.api.routing import ANY, Route, routes

ADDRESS = "/ngsi-ld/openapi.json"
_HERE = Path(__file__).parent
_BODY_TYPES = {"POST": (JSON, LD_JSON), "PUT": (JSON, LD_JSON), "PATCH": (JSON, LD_JSON, MERGE_PATCH)}
_GOOD = {
    "GET": {
        "200": "What was asked for",
        "201": "An entity map was made; NGSILD-EntityMap says where",
        "203": "What was asked for, as the version of NGSI-LD has it that is preferred",
        "206": "A part of it, cut at its most instances",
    },
    "POST": {
        "200": "What was asked for",
        "201": "Made; Location says where",
        "203": "What was asked for, as the version of NGSI-LD has it that is preferred",
        "204": "Done",
        "207": "Done in part",
    },
    "PUT": {"204": "Replaced", "207": "Done in part"},
    "PATCH": {"204": "Changed", "207": "Done in part"},
    "DELETE": {"200": "Done", "204": "Deleted", "207": "Done in part"},
}
Document = dict[str, Any]


@cache
def _words() -> Document:
    return tomllib.loads((_HERE / "openapi.toml").read_text(encoding="utf-8"))


@cache
def document(server: str, *, keys: bool) -> bytes:
    """The description as JSON; `server` is the address of /ngsi-ld/v1, `keys`: whoever asks has to say who they are."""
    made: Document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Nhịp: NGSI-LD",
            "version": __version__,
            "description": "The live graph of things: ETSI GS CIM 009 v1.9.1.",
        },
        "servers": [{"url": server}],
        "paths": _paths(keys),
        "components": {"schemas": json.loads((_HERE / "schemas.json").read_text(encoding="utf-8"))},
    }
    if keys:
        made["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    return json.dumps(made, ensure_ascii=False).encode()


def _paths(keys: bool) -> Document:
    paths: Document = {}
    for path, method, route in routes():
        if f"{method} {path}" in _words()["left_out"]:
            continue
        named, parameters = _named(path)
        paths.setdefault(f"/{named}", {})[method.lower()] = _operation(path, method, route, parameters, keys)
    return dict(sorted(paths.items()))


def _named(path: str) -> tuple[str, list[Document]]:
    """A path with names in the place of the stars, and these as parameters."""
    names: list[str] = []
    parts: list[str] = []
    for part in path.split("/"):
        if part == ANY:
            known = _words()["path"]
            name = known["instance"] if parts[-1].startswith("{") else known[parts[-1]]
            names.append(name)
            parts.append(f"{{{name}}}")
        else:
            parts.append(part)
    told = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for name in names
    ]
    return "/".join(parts), told


def _operation(path: str, method: str, route: Route, parameters: list[Document], keys: bool) -> Document:
    summary = (route.handler.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    made: Document = {
        "summary": summary,
        "operationId": f"{method.lower()}-{path.replace('/', '-').replace(ANY, 'one')}",
        "tags": [path.partition("/")[0]],
        "parameters": [*parameters, *_asked(route), *_headers()],
        "responses": _responses(method, route),
    }
    if keys and not route.by_token:
        made["security"] = [{"key": []}]
        made["description"] = f"Needs the permission `{route.permission}`."
    if (body := _words()["body"].get(f"{method} {path}")) is not None:
        schema = {"$ref": f"#/components/schemas/{body}"}
        made["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": schema} for kind in _BODY_TYPES[method]},
        }
    return made


def _asked(route: Route) -> Iterator[Document]:
    for name in sorted(route.params):
        kind, text = _words()["parameters"][name]
        schema = {"type": "string", "format": kind} if kind == "date-time" else {"type": kind}
        yield {"name": name, "in": "query", "description": text, "schema": schema}


def _headers() -> list[Document]:
    told = (
        ("Link", "The @context of a request without one"),
        ("NGSILD-Tenant", "The tenant; without it the default one"),
    )
    return [{"name": name, "in": "header", "description": text, "schema": {"type": "string"}} for name, text in told]


def _responses(method: str, route: Route) -> Document:
    found: Document = {}
    for status, text in _GOOD[method].items():
        found[status] = {"description": text}
        if status in ("200", "203", "206", "207"):
            kinds = dict.fromkeys(
                (*route.offered, JSON, GEO_JSON) if GEO_JSON in route.offered else (*route.offered, JSON)
            )
            found[status]["content"] = {kind: {} for kind in kinds}
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    found["default"] = {"description": "A problem", "content": {PROBLEM: schema, JSON: schema}}
    return found
