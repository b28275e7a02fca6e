"""Whatever is accepted is read back as it was sent: by each way in, in each lossless form, and from the history."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.graph.api.conftest import JSON
from tests.graph.clauses import clause

City = Callable[..., Any]
ID = "urn:ngsi-ld:Thứ:1"
HERE = f"/entities/{quote(ID, safe=':')}"
ODD = [
    0,
    -0.0,
    5e-324,
    1.7976931348623157e308,
    2**53 + 1,
    -(2**63),
    2**64 - 1,
    0.1 + 0.2,
    True,
    "",
    "\x00",
    "\u202ea",
    "😀",
    "e\u0301",
]
ODD += [
    [],
    {},
    [[]],
    [{}],
    {"": ""},
    {"@value": 1},
    {"type": "Point"},
    {"value": None},
    [None],
    ["urn:x:y", 1, {"object": "a"}],
]

_odd = st.sampled_from(ODD)
_text = st.text(max_size=6)
_number = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_json = st.recursive(
    _odd | _text | _number,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "type", "@id", "ề", "x.y"]), inner, max_size=3)
    ),
    max_leaves=5,
)
_place = st.builds(
    lambda x, y: {"type": "Point", "coordinates": [x, y]},
    st.floats(-180, 180, width=32),
    st.floats(-90, 90, width=32),
)
_uri = st.sampled_from(["urn:a:b", "https://x.example/ề?a=b#c", "urn:ngsi-ld:Đường:2"])
_kinds: dict[str, tuple[str, Any]] = {
    "Property": ("value", _json),
    "GeoProperty": ("value", _place),
    "Relationship": ("object", _uri | st.lists(_uri, min_size=2, max_size=2)),
    "LanguageProperty": ("languageMap", st.dictionaries(st.sampled_from(["vi", "en", "@none"]), _text, min_size=1)),
    "VocabProperty": ("vocab", st.sampled_from(["speed", "https://city.example/Stop"])),
    "JsonProperty": ("json", st.dictionaries(st.sampled_from(["a", "@context", "id"]), _json, max_size=2)),
    "ListProperty": ("valueList", st.lists(_json, max_size=3)),
    "ListRelationship": ("objectList", st.lists(_uri.map(lambda one: {"object": one}), max_size=2)),
}
_NAMES = ["speed", "at", "nhiệtĐộ", "https://else.example/a#b", "x_1"]


@st.composite
def _attribute(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    """A normalised attribute whose attributes have attributes, `depth` deep."""
    kind = draw(st.sampled_from(sorted(_kinds)))
    member, values = _kinds[kind]
    made: dict[str, Any] = {"type": kind, member: draw(values)}
    if draw(st.booleans()):
        made["observedAt"] = draw(st.sampled_from(["2026-11-22T01:00:00Z", "1969-12-31T23:59:59.999999Z"]))
    if depth and draw(st.booleans()):
        made[draw(st.sampled_from(_NAMES))] = draw(_attribute(depth - 1))
    return made


@st.composite
def _entities(draw: st.DrawFn) -> dict[str, Any]:
    made: dict[str, Any] = {"id": ID, "type": draw(st.sampled_from(["Bus", ["Bus", "https://else.example/Đồ"]]))}
    for name in draw(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3, unique=True)):
        one = draw(_attribute(3))
        more = [{**draw(_attribute(1)), "datasetId": f"urn:set:{n}"} for n in range(draw(st.integers(0, 2)))]
        made[name] = [one, *more] if more else one
    return made


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same kind: 1 is not true, -0.0 is not 0.0; a whole number may come back with a fraction."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return isinstance(one, bool) == isinstance(other, bool) and one == other


async def _way(city: City, way: str, entity: dict[str, Any]) -> httpx.Response:
    """Bring the entity in, into nothing or over something else."""
    body = json.dumps(entity).encode()
    if way == "create":
        return await city("POST", "/entities", content=body, headers=JSON)
    if way in ("batch create", "batch upsert"):
        return await city("POST", f"/entityOperations/{way[6:]}", content=b"[%s]" % body, headers=JSON)
    await city("POST", "/entities", json={"id": ID, "type": entity["type"], "x_2": 1})
    if way == "replace":
        return await city("PUT", HERE, content=body, headers=JSON)
    await city("DELETE", f"{HERE}/attrs/x_2")
    if way == "batch merge":
        return await city("POST", "/entityOperations/merge", content=b"[%s]" % body, headers=JSON)
    path, method = {"merge": ("", "PATCH"), "append": ("/attrs", "POST"), "update": ("/attrs", "PATCH")}[way]
    return await city(method, HERE + path, content=body, headers=JSON)


WAYS = ["create", "batch create", "batch upsert", "replace", "merge", "batch merge", "append", "update"]


async def _check(city: City, entity: dict[str, Any], way: str, again: str) -> None:
    await city("DELETE", HERE)
    await city("DELETE", f"/temporal{HERE}")
    answer = await _way(city, way, entity)
    assert answer.status_code in (201, 204), answer.text
    shown = (await city("GET", HERE)).json()
    assert same(shown, entity), shown
    concise = await city("GET", f"{HERE}?options=concise")
    await city("DELETE", HERE)
    answer = await _way(city, again, concise.json())
    assert answer.status_code in (201, 204), answer.text
    assert same((await city("GET", HERE)).json(), entity), concise.text
    feature = (await city("GET", HERE, headers={"Accept": "application/geo+json"})).json()
    assert same(feature["properties"], _less(entity, "id")), feature
    simple = (await city("GET", f"{HERE}?options=keyValues")).json()
    assert simple.keys() == entity.keys()
    past = (await city("GET", f"/temporal{HERE}")).json()
    for name in entity.keys() - {"id", "type"}:
        told = entity[name] if isinstance(entity[name], list) else [entity[name]]
        series = past[name] if isinstance(past[name], list) else [past[name]]
        kept = [_less(one, "instanceId", "deletedAt") for one in series]
        assert all(any(same(one, each) for each in kept) for one in told), (name, past[name])


def _less(one: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in one.items() if key not in names}


@pytest.mark.parametrize("way", WAYS)
@clause("4.5", "4.5.16")
async def test_nothing_is_lost_on_any_way_in(city: City, way: str) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(entity=_entities(), again=st.sampled_from(WAYS))
    def run(entity: dict[str, Any], again: str) -> None:
        asyncio.run_coroutine_threadsafe(_check(city, entity, way, again), loop).result(60)

    await asyncio.to_thread(run)


@pytest.mark.parametrize("odd", ODD, ids=repr)
async def test_odd_values_come_back_and_stay(city: City, odd: Any) -> None:
    entity = {
        "id": ID,
        "type": "Bus",
        "speed": {"type": "Property", "value": odd},
        "at": {"type": "Property", "value": [odd, odd]},
    }
    await _check(city, entity, "create", "merge")
