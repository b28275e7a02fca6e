"""What other people's clients, suites and data models send (docs/howto/use-the-live-graph.md, Clients)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.graph.api.conftest import bus
from tests.graph.clauses import clause

City = Callable[..., Any]
STREET = "/entities/urn:ngsi-ld:Bus:1"
ADDRESS = {"type": "PostalAddress", "addressLocality": "Huế", "addressCountry": "VN"}
"""As the key-value examples of Smart Data Models write addresses."""
WRITES = [
    ("POST", "/entities", "whole"),
    ("PUT", STREET, "whole"),
    ("PATCH", STREET, "part"),
    ("POST", f"{STREET}/attrs", "part"),
    ("PATCH", f"{STREET}/attrs", "part"),
    ("POST", "/entityOperations/create", "batch"),
    ("POST", "/entityOperations/upsert", "batch"),
    ("POST", "/entityOperations/update", "batch"),
    ("POST", "/entityOperations/merge", "batch"),
]


def kind(answer: Any) -> str:
    found: str = answer.json()["type"].rpartition("/")[2]
    return found


@pytest.mark.parametrize("told", ["options=keyValues", "format=simplified"])
@pytest.mark.parametrize(("method", "path", "shape"), WRITES)
@clause("4.5")
async def test_a_simplified_body_may_hold_values_with_a_type_of_their_own(
    city: City, method: str, path: str, shape: str, told: str
) -> None:
    if not path.endswith(("/entities", "create")):
        assert (await city("POST", "/entities", json=bus())).status_code == 201
    part = {"address": ADDRESS, "speed": 7, "at": {"type": "Point", "coordinates": [107.59, 16.46]}}
    body: Any = part if shape == "part" else {"id": "urn:ngsi-ld:Bus:1", "type": "Bus", **part}
    answer = await city(method, f"{path}?{told}", json=[body] if shape == "batch" else body)
    assert answer.status_code in (201, 204), answer.text
    got = (await city("GET", STREET)).json()
    assert got["address"] == {"type": "Property", "value": ADDRESS}
    assert (got["speed"]["value"], got["at"]["type"]) == (7, "GeoProperty")
    assert (await city("GET", f"{STREET}?options=keyValues")).json()["address"] == ADDRESS


@clause("4.5")
async def test_a_type_that_is_none_is_a_mistake_in_a_body_that_is_not_said_to_be_simplified(city: City) -> None:
    answer = await city("POST", "/entities", json=bus(address=ADDRESS))
    assert kind(answer) == "BadRequestData"
    assert "address.type" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/entities"),
        ("PUT", STREET),
        ("PATCH", STREET),
        ("POST", f"{STREET}/attrs"),
        ("PATCH", f"{STREET}/attrs"),
    ],
)
@pytest.mark.parametrize("null", ["urn:ngsi-ld:null", ["urn:ngsi-ld:null"], ["Bus", "urn:ngsi-ld:null"]])
@clause("4.5")
async def test_an_entity_is_never_of_the_type_null(city: City, method: str, path: str, null: Any) -> None:
    before = bus()
    if path != "/entities":
        await city("POST", "/entities", json=before)
    assert (
        kind(await city(method, path, json={"id": "urn:ngsi-ld:Bus:1", "type": null, "speed": 1})) == "BadRequestData"
    )
    if path != "/entities":
        assert (await city("GET", STREET)).json() == before


@pytest.mark.parametrize("twice", [{"@id": "urn:ngsi-ld:Bus:2"}, {"@type": "Stop"}], ids=str)
@clause("4.5")
async def test_what_contradicts_itself_is_not_half_believed(city: City, twice: dict[str, Any]) -> None:
    assert kind(await city("POST", "/entities", json=bus(**twice))) == "BadRequestData"
    same = {"@id": "urn:ngsi-ld:Bus:1", "@type": "Bus"}
    assert (await city("POST", "/entities", json=bus(**same))).status_code == 201
    assert (await city("GET", STREET)).json() == bus()


async def test_subscriptions_are_counted_for_clients_of_orion(city: City) -> None:
    """FiLiP asks for lists of subscriptions with `options=count`."""
    endpoint = {"endpoint": {"uri": "http://receiver.example/"}}
    body = {"type": "Subscription", "entities": [{"type": "Bus"}], "notification": endpoint}
    for _number in range(2):
        assert (await city("POST", "/subscriptions", json=body)).status_code == 201
    answer = await city("GET", "/subscriptions/?options=count&limit=1")
    assert (answer.status_code, answer.headers["ngsild-results-count"], len(answer.json())) == (200, "2", 1)
    assert kind(await city("GET", "/subscriptions?options=counts")) == "InvalidRequest"


@clause("4.19")
async def test_the_wildcard_of_a_scope_need_not_be_encoded(city: City) -> None:
    """`+` in an address stands for itself (RFC 3986), though forms write a blank so."""
    await city("POST", "/entities", json=bus(scope="/Huế/bến/An_Cựu"))
    for path in ("/entities?local=true&", "/temporal/entities?type=Bus&timerel=after&timeAt=2020-01-01T00:00:00Z&"):
        for scope in ("/Hu%E1%BA%BF/+/An_C%E1%BB%B1u", "/Hu%E1%BA%BF/%2B/#", "/+/+/+", "/+/b%E1%BA%BFn/%23"):
            answer = await city("GET", f"{path}scopeQ={scope.replace('#', '%23')}")
            assert [one["id"] for one in answer.json()] == ["urn:ngsi-ld:Bus:1"], (path, scope, answer.text)
        assert (await city("GET", f"{path}scopeQ=/+/An_C%E1%BB%B1u")).json() == []


@clause("4.5")
async def test_an_attribute_may_be_called_value(city: City) -> None:
    """As that of a Device in Smart Data Models is."""
    device = {
        "id": "urn:ngsi-ld:Bus:1",
        "type": "Bus",
        "value": {"type": "Property", "value": "l=0.22", "unitCode": "C62"},
    }
    assert (await city("POST", "/entities", json=device)).status_code == 201
    assert (await city("GET", STREET)).json() == device
    assert (await city("GET", f"{STREET}?options=keyValues")).json()["value"] == "l=0.22"
    concise = (await city("GET", f"{STREET}?options=concise")).json()
    assert (await city("PUT", STREET, json=concise)).status_code == 204
    assert (await city("GET", STREET)).json() == device
    assert (await city("PATCH", f"{STREET}/attrs/value", json={"value": "t=1"})).status_code == 204
    assert (await city("GET", '/entities?type=Bus&q=value=="t=1"&pick=id')).json() == [{"id": device["id"]}]
    assert (await city("DELETE", f"{STREET}/attrs/value")).status_code == 204
    assert kind(await city("PATCH", STREET, json={"value": 5})) == "BadRequestData"
