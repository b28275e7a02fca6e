"""What is nested deeper than anything of NGSI-LD is, the client's error wherever it stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.graph.api.conftest import JSON

City = Callable[..., Any]
LD_JSON = {"content-type": "application/ld+json"}
ENTITY = {"id": "urn:ngsi-ld:Bus:1", "type": "Bus"}
REGISTRATION = {
    "type": "ContextSourceRegistration",
    "endpoint": "http://source.example",
    "information": [{"entities": [{"type": "Tram"}]}],
}
SUBSCRIPTION = {
    "type": "Subscription",
    "entities": [{"type": "Bus"}],
    "notification": {"endpoint": {"uri": "http://a.example/"}},
}
QUERY = {"type": "Query", "entities": [{"type": "Bus"}]}
GEO = {"georel": "within", "geometry": "Polygon"}
PLACES: list[tuple[str, str, Any]] = [
    ("POST", "/entities", {**ENTITY, "speed": "DEEP"}),
    ("POST", "/entities", {**ENTITY, "scope": "DEEP"}),
    ("POST", "/entities", {**ENTITY, "at": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": "DEEP"}}}),
    ("POST", "/entityOperations/upsert", ["DEEP"]),
    ("POST", "/entityOperations/delete", ["DEEP"]),
    ("POST", "/entityOperations/upsert", [{"id": "DEEP", "type": "Bus"}]),
    ("POST", "/entityOperations/query", {**QUERY, "geoQ": {**GEO, "coordinates": "DEEP"}}),
    ("POST", "/entityOperations/query", {**QUERY, "ordering": {"orderBy": ["a"], "coordinates": "DEEP"}}),
    ("POST", "/csourceRegistrations", {**REGISTRATION, "colour": "DEEP"}),
    ("POST", "/csourceRegistrations", {**REGISTRATION, "contextSourceInfo": "DEEP"}),
    ("POST", "/subscriptions", {**SUBSCRIPTION, "temporalQ": "DEEP"}),
    ("POST", "/subscriptions", {**SUBSCRIPTION, "geoQ": {**GEO, "coordinates": "DEEP"}}),
    ("POST", "/csourceSubscriptions", {**SUBSCRIPTION, "temporalQ": {"timerel": "DEEP"}}),
    ("POST", "/snapshots", {"snapshotQueries": [{**QUERY, "aggrParams": "DEEP"}]}),
    ("POST", "/jsonldContexts", {"@context": {"a": {"@id": "https://a.example/", "b": "DEEP"}}}),
    ("POST", "/temporal/entities", {**ENTITY, "speed": ["DEEP"]}),
    ("POST", "/temporal/entities", {**ENTITY, "scope": "DEEP"}),
    ("POST", "/temporal/entityOperations/query", {**QUERY, "temporalQ": "DEEP"}),
]


@pytest.mark.parametrize("depth", [300, 1000])
@pytest.mark.parametrize("left", ["[", '{"a":'])
@pytest.mark.parametrize(("method", "path", "body"), PLACES)
async def test_deep_nesting_is_the_clients_error(
    city: City, method: str, path: str, body: Any, left: str, depth: int
) -> None:
    await city("POST", "/entities", json={**ENTITY, "id": "urn:ngsi-ld:Bus:2"})
    deep = left * depth + "1" + ("]" if left == "[" else "}") * depth
    text = json.dumps(body).replace('"DEEP"', deep)
    answer = await city(method, path, content=text, headers=JSON)
    assert answer.status_code < 500, answer.text
