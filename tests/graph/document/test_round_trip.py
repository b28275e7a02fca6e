"""Whatever is shown in a lossless form reads as the same document again; what rests comes back as it was."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.graph.contexts import core
from nhip.graph.contexts.compile import compile_context
from nhip.graph.document.expand import expand_entity
from nhip.graph.document.pack import pack, unpack
from nhip.graph.document.render import render, render_one
from nhip.graph.model import Operation, Stored, View
from nhip.graph.operations import apply

CONTEXT = compile_context(
    [{"ex": "https://example.org/", "Vehicle": "ex:Vehicle", "speed": "ex:speed", "fine": "ex:fine"}]
)
_NAMES = [
    "https://example.org/speed",
    "https://example.org/unnamed",
    "https://elsewhere.example/a#b",
    core.VOCAB + "temperature",
    core.VOCAB + "nhiệtĐộ",
    core.NAMESPACE + "status",
    "http://purl.org/dc/terms/title",
]
_name = st.sampled_from(_NAMES)
_uri = st.sampled_from(["urn:ngsi-ld:Street:1", "https://example.org/x", "urn:ngsi-ld:Đường:2"])
_scalar = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9)
)
_key = st.sampled_from(
    ["a", "type", "value", "object", "coordinates", "json", "observedAt", "datasetId", "x:y", "Point"]
)
_json = st.recursive(
    _scalar, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_key, inner, max_size=3), max_leaves=6
)
_value = _json.filter(lambda value: value is not None)
_object = st.dictionaries(_key, _json, max_size=3)
_position = st.tuples(st.floats(-180, 180), st.floats(-90, 90)).map(list)
_geometry = st.builds(lambda p: {"type": "Point", "coordinates": p}, _position) | st.builds(
    lambda ps: {"type": "LineString", "coordinates": ps}, st.lists(_position, min_size=2, max_size=4)
)
_instant = st.sampled_from(["2026-11-22T01:00:00Z", "2020-02-29T23:59:59.123456Z"])
_timed = {"observedAt": _instant, "expiresAt": _instant}
_coerced = st.one_of(_name, st.lists(_name, min_size=2, max_size=3))
_objects = _uri | st.lists(_uri, min_size=1, max_size=3)


def _kind(name: str, member: str, values: Any, **more: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(name), member: values}, optional={**_timed, **more})


_units = {"unitCode": st.sampled_from(["KMH", "C62"])}
_plain = st.one_of(
    _kind("Property", "value", _value, valueType=_name, **_units),
    _kind("Property", "value", _geometry),
    _kind("GeoProperty", "value", _geometry),
    _kind("Relationship", "object", _objects, objectType=st.lists(_name, min_size=1, max_size=2)),
    _kind(
        "LanguageProperty",
        "languageMap",
        st.dictionaries(st.sampled_from(["vi", "en-GB", "@none"]), st.text(max_size=5), min_size=1),
    ),
    _kind("VocabProperty", "vocab", _coerced),
    _kind("JsonProperty", "json", _object | st.lists(_object, min_size=1, max_size=2)),
    _kind("ListProperty", "valueList", st.lists(_value, max_size=3), **_units),
    _kind("ListRelationship", "objectList", st.lists(_uri.map(lambda uri: {"object": uri}), max_size=3)),
)


@st.composite
def _instances(draw: st.DrawFn, inner: st.SearchStrategy[Any] | None) -> list[dict[str, Any]]:
    datasets = draw(st.lists(st.sampled_from([None, "urn:d:1", "urn:d:2"]), min_size=1, max_size=3, unique=True))
    made = []
    for dataset in sorted(datasets, key=lambda one: one is not None):
        one = dict(draw(_plain))
        if dataset:
            one["datasetId"] = dataset
        if inner is not None and draw(st.booleans()):
            one[draw(_name)] = draw(inner)
        made.append(one)
    return made


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Canonical documents without system attributes."""
    doc: dict[str, Any] = {"id": draw(_uri), "type": draw(st.lists(_name, min_size=1, max_size=2, unique=True))}
    if draw(st.booleans()):
        doc["scope"] = draw(st.lists(st.sampled_from(["/a", "/a/b", "/phường_1"]), min_size=1, unique=True))
    return doc | draw(st.dictionaries(_name, _instances(_instances(None)), max_size=3))


@settings(max_examples=120, deadline=None)
@given(documents())
def test_normalized_and_concise_lose_nothing(doc: dict[str, Any]) -> None:
    for form in ("normalized", "concise"):
        shown = orjson.loads(orjson.dumps(render(doc, CONTEXT, View(form=form, sys=True))))  # type: ignore[arg-type]
        assert expand_entity(shown, CONTEXT) == doc, form


@settings(max_examples=60, deadline=None)
@given(documents(), documents())
def test_what_rests_comes_back(doc: dict[str, Any], other: dict[str, Any]) -> None:
    full = apply(None, Operation(name="create", id=doc["id"], doc=doc), "2026-01-01T00:00:00.000001Z").after
    more = {key: value for key, value in other.items() if key not in ("id", "type")}
    later = apply(full, Operation(name="append", id=doc["id"], doc=more), "2026-01-02T00:00:00.000001Z").after
    for one in (full, later):
        assert one is not None
        plain, sys = pack(one)
        assert unpack(plain, sys) == one
        assert unpack(plain) == unpack(pack(unpack(plain, sys))[0])
        assert b'"createdAt":' not in plain


@settings(max_examples=60, deadline=None)
@given(documents(), st.sampled_from(["normalized", "concise", "simplified"]), st.booleans(), st.booleans())
def test_the_fast_way_gives_what_the_slow_way_gives(doc: dict[str, Any], form: Any, sys: bool, geojson: bool) -> None:
    full = apply(None, Operation(name="create", id=doc["id"], doc=doc), "2026-01-01T00:00:00Z").after
    assert full is not None
    row = Stored(doc["id"], *pack(full))
    view = View(form=form, sys=sys, geojson=geojson)
    slow = orjson.loads(orjson.dumps(render(full, CONTEXT, view)))
    assert orjson.loads(render_one(row, CONTEXT, view)) == slow
