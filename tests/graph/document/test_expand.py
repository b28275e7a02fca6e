"""What clients send, right and wrong."""

from __future__ import annotations

from typing import Any
from unittest import mock

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.graph.contexts import core
from nhip.graph.contexts.compile import compile_context
from nhip.graph.contexts.model import CORE
from nhip.graph.document import expand
from nhip.graph.document.expand import expand_attribute, expand_entity
from nhip.graph.errors import BadRequestData, GraphError
from nhip.graph.model import NULL, Doc

CONTEXT = compile_context([{"ex": "https://example.org/", "Bus": "ex:Bus", "speed": "ex:speed", "fast": "ex:speed"}])
HEAD = {"id": "urn:ngsi-ld:Bus:29B", "type": "Bus"}
POINT = {"type": "Point", "coordinates": [108.22, 16.06]}


def expanded(**attributes: Any) -> Doc:
    return expand_entity({**HEAD, **attributes}, CONTEXT)


def only(**attributes: Any) -> Any:
    """The instances of the one attribute given."""
    return next(value for key, value in expanded(**attributes).items() if ":" in key)


def test_every_kind_of_attribute_in_full() -> None:
    doc = expanded(
        speed={
            "type": "Property",
            "value": 30,
            "unitCode": "KMH",
            "observedAt": "2026-11-22T01:00:00,5Z",
            "valueType": "xsd:integer",
        },
        location={"type": "GeoProperty", "value": POINT},
        line={"type": "Relationship", "object": ["urn:x:1", "urn:x:2"], "objectType": "Bus"},
        name={"type": "LanguageProperty", "languageMap": {"vi": "Xe buýt", "en-GB": ["bus", "coach"]}},
        state={"type": "VocabProperty", "vocab": "Bus"},
        raw={"type": "JsonProperty", "json": {"type": None, "speed": 1}},
        log={"type": "ListProperty", "valueList": [1, "b"]},
        route={"type": "ListRelationship", "objectList": ["urn:s:1", {"object": "urn:s:2"}]},
    )
    assert doc["type"] == ["https://example.org/Bus"]
    assert doc["https://example.org/speed"] == [
        {
            "type": "Property",
            "value": 30,
            "unitCode": "KMH",
            "observedAt": "2026-11-22T01:00:00.5Z",
            "valueType": "xsd:integer",
        }
    ]
    assert doc[core.VOCAB + "line"][0]["objectType"] == ["https://example.org/Bus"]
    assert doc[core.VOCAB + "state"][0]["vocab"] == "https://example.org/Bus"
    assert doc[core.VOCAB + "raw"][0]["json"] == {"type": None, "speed": 1}
    assert doc[core.VOCAB + "route"][0]["objectList"] == [{"object": "urn:s:1"}, {"object": "urn:s:2"}]


@pytest.mark.parametrize(
    ("given", "kind", "member", "value"),
    [
        (5, "Property", "value", 5),
        ({"value": 5}, "Property", "value", 5),
        ({"street": "Bạch Đằng"}, "Property", "value", {"street": "Bạch Đằng"}),
        ([1, {"a": 2}], "Property", "value", [1, {"a": 2}]),
        ([], "Property", "value", []),
        (POINT, "GeoProperty", "value", POINT),
        ({"value": POINT}, "GeoProperty", "value", POINT),
        ({"type": "GeoProperty", "value": orjson.dumps(POINT).decode()}, "GeoProperty", "value", POINT),
        ({"object": "urn:x:1"}, "Relationship", "object", "urn:x:1"),
        ({"languageMap": {"@none": "x"}}, "LanguageProperty", "languageMap", {"@none": "x"}),
        ({"json": [{"a": 1}]}, "JsonProperty", "json", [{"a": 1}]),
        ({"valueList": []}, "ListProperty", "valueList", []),
        ({"objectList": ["urn:x:1"]}, "ListRelationship", "objectList", [{"object": "urn:x:1"}]),
    ],
)
def test_concise_attributes_say_what_they_are(given: Any, kind: str, member: str, value: Any) -> None:
    assert only(a=given) == [{"type": kind, member: value}]


def test_instances_are_told_apart_and_the_default_one_is_first() -> None:
    given = [{"value": 1, "datasetId": "urn:d:1"}, {"value": 2, "datasetId": "@none"}]
    assert only(speed=given) == [
        {"type": "Property", "value": 2},
        {"type": "Property", "value": 1, "datasetId": "urn:d:1"},
    ]


def test_a_series_may_repeat_its_dataset() -> None:
    series = [
        {"value": number, "observedAt": f"2026-11-22T01:00:0{number}Z", "instanceId": f"urn:i:{number}"}
        for number in range(3)
    ]
    doc = expand_entity({**HEAD, "speed": series}, CONTEXT, temporal=True)
    assert [one["instanceId"] for one in doc["https://example.org/speed"]] == ["urn:i:0", "urn:i:1", "urn:i:2"]


def test_what_the_broker_sets_itself_is_passed_over() -> None:
    doc = expanded(createdAt="x", modifiedAt=5, speed={"value": 1, "createdAt": "x", "instanceId": 7})
    assert doc == {
        "id": HEAD["id"],
        "type": ["https://example.org/Bus"],
        "https://example.org/speed": [{"type": "Property", "value": 1}],
    }


def test_keywords_and_scopes() -> None:
    doc = expand_entity({"@id": "urn:x:1", "@type": ["Bus", "Bus"], "scope": ["/a/b", "phường_1"]}, CONTEXT)
    assert doc == {"id": "urn:x:1", "type": ["https://example.org/Bus"], "scope": ["/a/b", "/phường_1"]}


def test_a_proof_keeps_its_seals() -> None:
    proof = {
        "type": "Property",
        "value": {"type": "DataIntegrityProof"},
        "entityIdSealed": HEAD["id"],
        "entityTypeSealed": "Bus",
    }
    assert only(ngsildproof=proof)[0]["entityTypeSealed"] == "https://example.org/Bus"


WRONG: list[dict[str, Any]] = [
    {"id": "Bus 1"},
    {"id": NULL},
    {"id": 5},
    {"type": "9Bus"},
    {"type": []},
    {"type": ["Bus", 5]},
    {"scope": "9bad"},
    {"scope": "/a//b"},
    {"scope": ["/ok", "a-b"]},
    {"scope": NULL},
    {"expiresAt": "tomorrow"},
    {"my attr": 1},
    {"datasetId": {"type": "Property", "value": 1}},
    {"value": 5},
    {"speed": 1, "fast": 2},
    {"speed": None},
    {"speed": NULL},
    {"speed": {"type": "Property"}},
    {"speed": {"type": "Property", "value": None}},
    {"speed": {"type": "Property", "value": {"a": {"b": NULL}}}},
    {"speed": {"type": "Propertie", "value": 1}},
    {"speed": {"type": ["Property"], "value": 1}},
    {"speed": {"type": {}, "value": 1}},
    {"speed": {"observedAt": "2026-01-01T00:00:00Z"}},
    {"speed": {"type": "Property", "value": 1, "object": "urn:x:1"}},
    {"speed": {"type": "Property", "value": 1, "previousValue": 0}},
    {"speed": {"type": "Property", "value": 1, "entityIdSealed": "urn:x:1"}},
    {"speed": {"type": "Property", "value": 1, "@context": {}}},
    {"speed": {"type": "Property", "value": 1, "unitCode": 5}},
    {"speed": {"type": "Property", "value": 1, "observedAt": "2026-01-01T00:00:00+07:00"}},
    {"speed": {"type": "Property", "value": 1, "observedAt": "2026-02-30T00:00:00Z"}},
    {"speed": {"type": "Property", "value": 1, "observedAt": {"value": "2026-01-01T00:00:00Z"}}},
    {"speed": {"type": "Property", "value": 1, "datasetId": "d"}},
    {"speed": {"type": "Property", "value": 1, "sub": {"type": "Property", "value": NULL}}},
    {"speed": [{"value": 1}, {"value": 2}]},
    {"speed": [{"value": 1, "datasetId": "urn:d:1"}, {"value": 2, "datasetId": "urn:d:1"}]},
    {"line": {"type": "Relationship"}},
    {"line": {"type": "Relationship", "object": "not a uri"}},
    {"line": {"type": "Relationship", "object": []}},
    {"line": {"type": "Relationship", "object": "urn:x:1", "unitCode": "KMH"}},
    {"route": {"type": "ListRelationship", "objectList": ["x y"]}},
    {"name": {"type": "LanguageProperty", "languageMap": {}}},
    {"name": {"type": "LanguageProperty", "languageMap": {"": "x"}}},
    {"name": {"type": "LanguageProperty", "languageMap": {"vi": 5}}},
    {"name": {"type": "LanguageProperty", "languageMap": {"vi": ["a", 5]}}},
    {"name": {"type": "LanguageProperty", "languageMap": {"@none": NULL}}},
    {"name": {"type": "LanguageProperty", "languageMap": {"vi": "x"}, "valueType": "xsd:string"}},
    {"raw": {"type": "JsonProperty", "json": 5}},
    {"raw": {"type": "JsonProperty", "json": {}, "unitCode": "KMH"}},
    {"state": {"type": "VocabProperty", "vocab": 5}},
    {"state": {"type": "VocabProperty", "vocab": []}},
    {"log": {"type": "ListProperty", "valueList": 5}},
    {"location": {"type": "Property", "value": 7}},
    {"location": {"type": "GeoProperty", "value": "not a geometry"}},
    {"ngsildproof": {"type": "Property", "value": "x"}},
    {"ngsildproof": {"type": "Property", "value": {}, "entityTypeSealed": 42}},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: str(wrong)[:60])
def test_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadRequestData) as caught:
        expand_entity({**HEAD, **wrong}, CONTEXT)
    assert caught.value.kind == "BadRequestData"


def test_the_error_names_the_place() -> None:
    with pytest.raises(BadRequestData, match=r"at speed\.providedBy\.object: this has to be a URI"):
        expanded(speed={"value": 1, "providedBy": {"object": "x y"}})


def test_fragments_may_lack_values_and_hold_null() -> None:
    fragment = {
        "speed": NULL,
        "name": {"languageMap": {"vi": NULL}},
        "line": {"observedAt": "2026-01-01T00:00:00Z"},
        "address": {"city": NULL},
    }
    attributes = expand_entity(fragment, CONTEXT, fragment=True)
    assert attributes["https://example.org/speed"] == [{"type": "Property", "value": NULL}]
    assert attributes[core.VOCAB + "line"] == [{"observedAt": "2026-01-01T00:00:00Z"}]
    assert attributes[core.VOCAB + "address"][0]["value"] == {"city": NULL}


def test_a_partial_update_is_one_instance() -> None:
    assert expand_attribute({"value": 5, "datasetId": "urn:d:1"}, CORE, "https://example.org/speed") == [
        {"type": "Property", "value": 5, "datasetId": "urn:d:1"}
    ]
    assert expand_attribute({"unitCode": NULL}, CORE, "https://example.org/speed") == [{"unitCode": NULL}]
    with pytest.raises(BadRequestData):
        expand_attribute({"value": {"city": NULL}}, CORE, "https://example.org/speed")
    with pytest.raises(BadRequestData):
        expand_attribute({"unitCode": "KMH"}, CORE, "https://example.org/speed", fragment=False)


def test_depth_is_bounded() -> None:
    value: Any = 1
    attribute: Any = {"value": 1}
    for _level in range(100):
        value, attribute = [value], {"value": 1, "sub": attribute}
    for wrong in (value, attribute):
        with pytest.raises(BadRequestData):
            expanded(speed=wrong)


_scalar = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just(NULL)
_KEYS = """id type @id @type scope @context value object languageMap vocab json valueList objectList datasetId observedAt unitCode
    valueType objectType entityIdSealed speed location name coordinates a:b"""
_key = st.sampled_from(_KEYS.split())
_kind = st.sampled_from(
    ["Property", "GeoProperty", "Relationship", "LanguageProperty", "ListRelationship", "Point", "Polygon"]
)
_anything = st.recursive(
    _scalar | _kind, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_key, inner, max_size=5), max_leaves=25
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(_key | st.text(max_size=4), _anything, max_size=6), st.booleans(), st.booleans())
def test_anything_is_read_or_refused(payload: dict[str, Any], fragment: bool, temporal: bool) -> None:
    try:
        expand_entity({**HEAD, **payload}, CONTEXT, fragment=fragment, temporal=temporal)
    except GraphError as error:
        assert error.kind == "BadRequestData"


_values = st.sampled_from(
    [1, -2.5, True, "red", "", NULL, None, [1], {"x": 1}, POINT, {"type": "Point", "coordinates": [200, 0]}]
)
_members = st.fixed_dictionaries(
    {"type": st.sampled_from(["Property", "GeoProperty", "Relationship", "Property", "Strange", ["Property"]])},
    optional={
        "value": _values,
        "object": st.sampled_from(["urn:x:1", "no uri", NULL, ["urn:x:1"], 5]),
        "observedAt": st.sampled_from(
            ["2026-11-22T01:00:00Z", "2026-11-22T01:00:00,5Z", "2026-13-01T00:00:00Z", 5, NULL]
        ),
        "unitCode": st.sampled_from(["KMH", "", NULL, 5]),
        "datasetId": st.sampled_from(["urn:x:ds", "@none"]),
        "createdAt": st.just("2026-11-22T01:00:00Z"),
    },
)
_subs = st.dictionaries(st.sampled_from(["fast", "speed", "ex:speed", "1x", "location", "id"]), _members, max_size=2)
_attributes = st.builds(lambda one, subs: {**one, **subs}, _members, _subs)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["speed", "location", "ngsildproof"]), _attributes, st.booleans())
def test_what_is_read_at_once_is_as_if_read_with_care(name: str, attribute: dict[str, Any], fragment: bool) -> None:
    def read() -> Any:
        try:
            return expand_entity({**HEAD, name: attribute}, CONTEXT, fragment=fragment)
        except BadRequestData as error:
            return type(error), error.values

    at_once = read()
    with mock.patch.multiple(expand, **_CARE):
        assert read() == at_once


_CARE: dict[str, Any] = {"usual_entity": lambda *_given, **_how: None, "usual_instance": lambda *_given: None}
"""Nothing is read at once."""
_VALUES = [1, True, "red", "", NULL, None, [1], {"x": 1}, {"@type": "DateTime", "@value": "x"}]
_PLACES = [[180, 90], [180.5, 0], [0, -90.5], [0, True], [0], ["a", 0], [0, 0, 0]]
_POINTS: list[Any] = [{"type": "Point", "coordinates": place} for place in _PLACES]
_TARGETS = ["urn:x:1", "no uri", NULL, ["urn:x:1"], 5, ""]
_INSTANT = "2026-11-22T01:00:00Z"
_MORE: dict[str, list[Any]] = {
    "observedAt": [_INSTANT, "2026-11-22T01:00:00,5Z", "2026-13-01T00:00:00Z", 5, NULL],
    "unitCode": ["KMH", "", NULL, 5],
    "fast": [{"type": "Property", "value": 1}, 5],
    **{name: [_INSTANT, "x", 5] for name in ("createdAt", "modifiedAt", "deletedAt", "expiresAt")},
    **{
        name: ["urn:x:1", "@none", 5]
        for name in ("datasetId", "instanceId", "valueType", "objectType", "@type", "lang")
    },
}


@pytest.mark.parametrize("fragment", [True, False])
def test_each_member_is_read_at_once_as_with_care(fragment: bool) -> None:
    shapes = [("Property", "value", _VALUES), ("GeoProperty", "value", [*_VALUES, *_POINTS])]
    for kind, member, values in [*shapes, ("Relationship", "object", _TARGETS)]:
        for value in values:
            for more in [{}, *({name: one} for name, ones in _MORE.items() for one in ones)]:
                attribute = {"type": kind, member: value, **more}
                at_once = _read_of(attribute, fragment)
                with mock.patch.multiple(expand, **_CARE):
                    assert repr(_read_of(attribute, fragment)) == repr(at_once), attribute


def _read_of(attribute: dict[str, Any], fragment: bool) -> Any:
    try:
        return expand_entity({**HEAD, "speed": attribute}, CONTEXT, fragment=fragment)
    except BadRequestData as error:
        return type(error), error.values


@pytest.mark.parametrize(("member", "name"), [("type", "T{}"), ("scope", "/a{}")])
def test_endless_lists_are_refused(member: str, name: str) -> None:
    def entity(count: int) -> dict[str, Any]:
        return {"id": "urn:x:1", "type": "T", member: [name.format(n) for n in range(count)]}

    assert len(expand_entity(entity(1000), CORE)[member]) == 1000
    with pytest.raises(BadRequestData):
        expand_entity(entity(1001), CORE)
