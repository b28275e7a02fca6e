"""The members of an attribute besides its sub-attributes: what each may hold (ETSI GS CIM 009 v1.9.1, 4.5.2 to 4.5.24)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from nhip.graph.contexts.iris import is_uri
from nhip.graph.contexts.model import Context
from nhip.graph.document.faults import Fault
from nhip.graph.document.geo import read_geometry
from nhip.graph.document.times import read_instant
from nhip.graph.model import NULL, VALUE_MEMBER
from nhip.kernel.i18n import _

Nulls = Literal["none", "members", "everywhere"]
"""Where NGSI-LD Null may stand: nowhere (create), as a member's value (update), also inside values (merge): 5.5.4."""

MAX_DEPTH = 60
"""Levels of arrays and objects inside a value."""

LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
_TAG = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|@none", re.ASCII)


class Reading(msgspec.Struct, gc=False):
    """What the readers of one document have to know."""

    context: Context
    nulls: Nulls = "none"
    fragment: bool = False
    temporal: bool = False
    simplified: bool = False


Reader = Callable[[Any, Reading], Any]


def _value(given: Any, reading: Reading) -> Any:
    """Any JSON but null."""
    kind = type(given)
    if kind is dict or kind is list:
        _check_inside(given, reading.nulls == "everywhere", MAX_DEPTH)
    elif given is None:
        raise Fault(_("JSON null is no value in NGSI-LD"))
    return given


def _proof(given: Any, reading: Reading) -> Any:
    if not isinstance(given, dict):
        raise Fault(_("a proof is an object"))
    return _value(given, reading)


def _check_inside(given: Any, nulls: bool, depth: int) -> None:
    if depth == 0:
        raise Fault(_("the value is nested too deeply"))
    for item in given.values() if isinstance(given, dict) else given:
        kind = type(item)
        if kind is dict or kind is list:
            _check_inside(item, nulls, depth - 1)
        elif kind is str and item == NULL and not nulls:
            raise Fault(_("NGSI-LD Null stands inside of values only when entities are merged"))


def _geometry(given: Any, _reading: Reading) -> Any:
    return read_geometry(given)


def _uri(given: Any, _reading: Reading) -> str:
    if not isinstance(given, str) or not is_uri(given) or given == NULL:
        raise Fault(_("this has to be a URI"))
    return given


def _object(given: Any, reading: Reading) -> Any:
    if isinstance(given, list) and given:
        return [_uri(item, reading) for item in given]
    return _uri(given, reading)


def _object_list(given: Any, reading: Reading) -> Any:
    if not isinstance(given, list):
        raise Fault(_("this has to be an array"))
    if given == [NULL] and reading.nulls != "none":
        return given
    return [{"object": _uri(item.get("object") if isinstance(item, dict) else item, reading)} for item in given]


def _value_list(given: Any, reading: Reading) -> Any:
    if not isinstance(given, list):
        raise Fault(_("this has to be an array"))
    if NULL in given and reading.nulls == "none":
        raise Fault(_("NGSI-LD Null stands only in updates"))
    _check_inside(given, reading.nulls != "none", MAX_DEPTH)
    return given


def _language_map(given: Any, reading: Reading) -> Any:
    if not isinstance(given, dict) or not given:
        raise Fault(_("a language map is an object with one language at least"))
    for tag, words in given.items():
        if _TAG.fullmatch(tag) is None:
            raise Fault(_("a language is named as in RFC 5646, or @none"), tag)
        if isinstance(words, str):
            if words == NULL and reading.nulls == "none":
                raise Fault(_("NGSI-LD Null stands only in updates"), tag)
        elif not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise Fault(_("a language leads to text or an array of texts"), tag)
    return given


def _terms(given: Any, reading: Reading) -> Any:
    if isinstance(given, str):
        return reading.context.expand(given)
    if isinstance(given, list) and given and all(isinstance(item, str) for item in given):
        return reading.context.expand_value(given)
    raise Fault(_("this has to be a name or an array of names"))


def _words(given: Any, reading: Reading) -> Any:
    if isinstance(given, str):
        return reading.context.expand_word(given)
    if isinstance(given, list) and given and all(isinstance(item, str) for item in given):
        return [reading.context.expand_word(item) for item in given]
    raise Fault(_("this has to be a word or an array of words"))


def _term_list(given: Any, reading: Reading) -> Any:
    found = _terms(given, reading)
    return [found] if isinstance(found, str) else found


def _lang_string(given: Any, reading: Reading) -> Any:
    if _terms(given, reading) != LANG_STRING:
        raise Fault(_("the value of a LanguageProperty is of type langString"))
    return LANG_STRING


def _json(given: Any, reading: Reading) -> Any:
    if not isinstance(given, dict) and not (
        isinstance(given, list) and given and all(isinstance(item, dict) for item in given)
    ):
        raise Fault(_("the value of a JsonProperty is an object or an array of objects"))
    _check_inside(given, True, MAX_DEPTH)
    return given


def _text(given: Any, _reading: Reading) -> str:
    if not isinstance(given, str) or not given:
        raise Fault(_("this has to be text"))
    return given


def _instant(given: Any, _reading: Reading) -> str:
    return read_instant(given)


def _instance_id(given: Any, reading: Reading) -> str | None:
    return _uri(given, reading) if reading.temporal else None


_COMMON: dict[str, Reader | None] = {
    "type": None,
    "@type": None,
    "datasetId": None,
    "createdAt": None,
    "modifiedAt": None,
    "deletedAt": None,
    "observedAt": _instant,
    "expiresAt": _instant,
    "instanceId": _instance_id,
}
_UNIT: dict[str, Reader | None] = {"unitCode": _text}
_VALUE_TYPE: dict[str, Reader | None] = {"valueType": _terms}
_OBJECT_TYPE: dict[str, Reader | None] = {"objectType": _term_list}

MEMBERS: dict[str, dict[str, Reader | None]] = {
    "Property": {"value": _value, **_COMMON, **_UNIT, **_VALUE_TYPE},
    "GeoProperty": {"value": _geometry, **_COMMON, **_VALUE_TYPE},
    "Relationship": {"object": _object, **_COMMON, **_OBJECT_TYPE},
    "LanguageProperty": {"languageMap": _language_map, **_COMMON, "valueType": _lang_string},
    "VocabProperty": {"vocab": _words, **_COMMON, **_VALUE_TYPE},
    "JsonProperty": {"json": _json, **_COMMON, **_VALUE_TYPE},
    "ListProperty": {"valueList": _value_list, **_COMMON, **_UNIT, **_VALUE_TYPE},
    "ListRelationship": {"objectList": _object_list, **_COMMON, **_OBJECT_TYPE},
}
"""Attribute type -> member -> its reader (None: read apart, or set by the broker alone and passed over here). Whatever else is
in RESERVED is forbidden in that type."""

PROOF: dict[str, Reader | None] = {
    **MEMBERS["Property"],
    "value": _proof,
    "entityIdSealed": _uri,
    "entityTypeSealed": _terms,
}
"""The members of `ngsildproof`, the only attribute with seals (4.5.2.2)."""

ANY: dict[str, Reader | None] = {**_COMMON, **_UNIT, **_VALUE_TYPE, **_OBJECT_TYPE}
"""The members of a partial update that does not say which type of attribute it is for."""

_OUTPUT_ONLY = {member.replace(member[0], "previous" + member[0].upper(), 1) for member in VALUE_MEMBER.values()}
_NEVER = {"entity", "entityList", "@context", "@id", "id", "scope"}
RESERVED = frozenset({name for members in [*MEMBERS.values(), PROOF] for name in members} | _OUTPUT_ONLY | _NEVER)
"""Names that can be no attribute: they belong to the shape of documents (4.5.1)."""
