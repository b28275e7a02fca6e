"""From a registration as it is sent to the one that rests, everything checked (ETSI GS CIM 009 v1.9.1, 5.2.9, 5.2.10, 5.9.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from nhip.graph.contexts.iris import is_address, is_uri
from nhip.graph.contexts.model import Context
from nhip.graph.document.faults import Fault
from nhip.graph.document.geo import read_geometry
from nhip.graph.document.scopes import read_scopes
from nhip.graph.document.times import read_instant, said
from nhip.graph.errors import BadRequestData
from nhip.graph.model import NULL
from nhip.graph.query.patterns import check_pattern
from nhip.graph.registrations.model import MODES, TYPE
from nhip.graph.registrations.names import AUXILIARY, GROUPS, OPERATIONS, spelled_out
from nhip.kernel.i18n import _
from nhip.kernel.time import now

MAX_INFORMATION = 1000
_TENANT = re.compile(r"[\x21-\x7e]{1,256}")
_DURATION = re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?", re.ASCII)
_MANDATORY = ("type", "endpoint", "information")
_SET_BY_BROKER = frozenset(
    {"status", "timesSent", "timesFailed", "lastSuccess", "lastFailure", "createdAt", "modifiedAt", "@context"}
)


def read_registration(payload: dict[str, Any], context: Context, *, fragment: bool = False) -> dict[str, Any]:
    """The document of a registration, or the members of a fragment, where None takes a member away. Raises BadRequestData."""
    doc: dict[str, Any] = {}
    name = ""
    try:
        for name, given in payload.items():
            if name in _SET_BY_BROKER:
                continue
            if given is None or given == NULL:
                _check_absence(name, fragment)
                doc[name if name in _READERS else context.expand(name)] = None
            elif (read := _READERS.get(name)) is not None:
                doc[name] = read(given, context)
            else:
                doc[context.expand(name)] = given
        name = ""
        if not fragment:
            check_whole(doc)
    except Fault as fault:
        raise _placed(fault, name).error() from None
    return doc


def check_whole(doc: dict[str, Any]) -> None:
    """What only the whole registration shows: mandatory members, and what its mode demands (4.3.6). Raises Fault."""
    for name in _MANDATORY:
        if doc.get(name) is None:
            raise Fault(_("this member is mandatory"), name)
    mode = doc.get("mode", "inclusive")
    if mode == "exclusive":
        for one in doc["information"]:
            entities = one.get("entities", [])
            if not entities or not all("id" in entity for entity in entities):
                raise Fault(_("an exclusive registration names single entities by their id"), "information")
            if not one.get("propertyNames") and not one.get("relationshipNames"):
                raise Fault(_("an exclusive registration names attributes"), "information")
    if mode == "auxiliary" and not spelled_out(doc.get("operations", ())) <= AUXILIARY:
        raise Fault(_("an auxiliary registration offers reading only"), "operations")


def _placed(fault: Fault, name: str) -> Fault:
    if name:
        fault.path.append(name)
    return fault


def _check_absence(name: str, fragment: bool) -> None:
    if not fragment or name in (*_MANDATORY, "id"):
        raise Fault(_("this cannot be taken away"))


def _text(given: Any, _context: Context) -> str:
    if not isinstance(given, str) or not given.strip():
        raise Fault(_("this has to be text"))
    return given


def _tenant(given: Any, _context: Context) -> str:
    """Of another broker, whose rules for names are its own: what a header can say."""
    if not isinstance(given, str) or _TENANT.fullmatch(given) is None:
        raise Fault(_("a tenant is text of ASCII without blanks"))
    return given


def _uri(given: Any, _context: Context) -> str:
    if not isinstance(given, str) or not is_uri(given):
        raise Fault(_("this has to be a URI"))
    return given


def _type(given: Any, _context: Context) -> str:
    if given != TYPE:
        raise Fault(_("the type is ContextSourceRegistration"))
    return TYPE


def _endpoint(given: Any, context: Context) -> str:
    if not is_address(_uri(given, context), ("http", "https")) or "?" in given or "#" in given:
        raise Fault(_("an endpoint begins with http:// or https://"))
    if "@" in urlsplit(given).netloc:  # everybody may read it, and it would not be used
        raise Fault(_("an endpoint names neither user nor password: contextSourceInfo is for that"))
    return str(given)


def _geometry(given: Any, _context: Context) -> dict[str, Any]:
    return read_geometry(given)


def _expiry(given: Any, _context: Context) -> str:
    found = read_instant(given)
    if found < said(now()):
        raise Fault(_("this lies in the past"))
    return found


def _array(given: Any, most: int = MAX_INFORMATION) -> list[Any]:
    if not isinstance(given, list) or not given or len(given) > most:
        raise Fault(_("this has to be an array that is neither empty nor endless"))
    return given


def _information(given: Any, context: Context) -> list[dict[str, Any]]:
    return [_one_information(one, context) for one in _array(given)]


def _one_information(given: Any, context: Context) -> dict[str, Any]:
    known = {"entities", "propertyNames", "relationshipNames"}
    if not isinstance(given, dict) or not known & given.keys() or given.keys() - known:
        raise Fault(_("an element of information holds entities, propertyNames or relationshipNames"))
    made: dict[str, Any] = {}
    if "entities" in given:
        made["entities"] = [_entity(one, context) for one in _array(given["entities"])]
    for name in ("propertyNames", "relationshipNames"):
        if name in given:
            made[name] = _names(_array(given[name]), context)
    return made


def _entity(given: Any, context: Context) -> dict[str, Any]:
    known = {"id", "idPattern", "type"}
    if not isinstance(given, dict) or not given or given.keys() - known:
        raise Fault(_("an entity is told by id, idPattern or type"), "entities")
    made: dict[str, Any] = {}
    if "id" in given:
        made["id"] = _uri(given["id"], context)
    if "idPattern" in given:
        check_pattern(_text(given["idPattern"], context), "idPattern")
        made["idPattern"] = given["idPattern"]
    if "type" in given:
        types = given["type"] if isinstance(given["type"], list) else [given["type"]]
        made["type"] = _names(_array(types), context)
    return made


def _names(given: list[Any], context: Context) -> list[str]:
    if not all(isinstance(name, str) for name in given):
        raise Fault(_("this has to be a name or an array of names"))
    try:
        return list(dict.fromkeys(context.expand(name) for name in given))
    except BadRequestData as error:
        raise Fault(error.values["what"]) from None


def _pairs(given: Any, context: Context) -> list[dict[str, str]]:
    made = []
    for pair in _array(given, 100):
        if not isinstance(pair, dict) or pair.keys() != {"key", "value"}:
            raise Fault(_("this holds pairs of key and value"))
        key, value = _text(pair["key"], context), pair["value"]
        if not isinstance(value, str) or re.search(r"[\r\n\0]", key + value):
            raise Fault(_("key and value are texts of one line"))
        if key in ("accept", "contentType") and value not in ("application/json", "application/ld+json"):
            raise Fault(_("this is application/json or application/ld+json"), key)
        made.append({"key": key, "value": value})
    return made


def _mode(given: Any, _context: Context) -> str:
    if given not in MODES:
        raise Fault(_("a mode is inclusive, exclusive, redirect or auxiliary"))
    return str(given)


def _operations(given: Any, _context: Context) -> list[str]:
    for name in _array(given):
        if not isinstance(name, str) or (name not in OPERATIONS and name not in GROUPS):
            raise Fault(_("there is no operation or group of operations with this name"))
    return list(dict.fromkeys(given))


def _datasets(given: Any, context: Context) -> list[str]:
    given = given if isinstance(given, list) else [given]
    return [one if one == "@none" else _uri(one, context) for one in _array(given)]


def _duration(given: Any, _context: Context) -> str:
    if not isinstance(given, str) or _DURATION.fullmatch(given) is None:
        raise Fault(_("a duration is written as PT5M"))
    return given


def _management(given: Any, context: Context) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise Fault(_("this has to be an object"))
    for name, value in given.items():
        if name == "cacheDuration":
            _duration(value, context)
        elif name == "localOnly":
            _truth(value, context)
        elif name in ("cooldown", "timeout"):
            if type(value) not in (int, float) or value <= 0:
                raise Fault(_("this is a number of milliseconds above 0"), name)
        else:
            raise Fault(_("there is no such member"), name)
    return given


def _truth(given: Any, _context: Context) -> bool:
    if not isinstance(given, bool):
        raise Fault(_("this is true or false"))
    return given


def _interval(given: Any, _context: Context) -> dict[str, str]:
    if not isinstance(given, dict) or "startAt" not in given or given.keys() - {"startAt", "endAt"}:
        raise Fault(_("an interval has startAt and perhaps endAt"))
    return {name: read_instant(value) for name, value in given.items()}


def _scope(given: Any, _context: Context) -> list[str]:
    return read_scopes(given)


_READERS: dict[str, Callable[[Any, Context], Any]] = {
    "id": _uri,
    "type": _type,
    "endpoint": _endpoint,
    "information": _information,
    "contextSourceInfo": _pairs,
    "contextSourceAlias": _text,
    "registrationName": _text,
    "description": _text,
    "datasetId": _datasets,
    "expiresAt": _expiry,
    "location": _geometry,
    "observationSpace": _geometry,
    "operationSpace": _geometry,
    "localOnly": _truth,
    "management": _management,
    "managementInterval": _interval,
    "observationInterval": _interval,
    "mode": _mode,
    "operations": _operations,
    "refreshRate": _duration,
    "scope": _scope,
    "tenant": _tenant,
}
MEMBERS = frozenset(_READERS)
"""Members whose names stay short."""
