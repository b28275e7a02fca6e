"""Registrations over HTTP: made, read, found by what they hold, changed, deleted; and how an asker keeps to this broker alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.graph.api.conftest import LINK, TERMS, kind
from tests.graph.clauses import clause

City = Callable[..., Any]
HERE = "/csourceRegistrations"
NAME = "urn:ngsi-ld:ContextSourceRegistration"


def registration(n: int, *information: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = {"id": f"{NAME}:{n}", "type": "ContextSourceRegistration", "endpoint": "http://127.0.0.1:9"}
    return {**made, "information": list(information or ({"entities": [{"type": "Bus"}]},)), **more}


async def found(city: City, query: str) -> list[int]:
    answer = await city("GET", f"{HERE}?{query}", headers={"link": LINK})
    assert answer.status_code == 200, answer.text
    return [int(one["id"].rpartition(":")[2]) for one in answer.json()]


@clause("5.2.9", "5.9.2", "5.9.3", "5.9.4", "5.10.1", "6.8", "6.9")
async def test_a_registration_is_made_read_changed_and_deleted(city: City) -> None:
    whole = registration(1, {"entities": [{"type": "Bus"}], "propertyNames": ["speed"]}, mode="inclusive")
    made = await city("POST", HERE, json=whole, headers={"link": LINK})
    one = f"{HERE}/{NAME}:1"
    assert (made.status_code, made.headers["location"]) == (201, f"/ngsi-ld/v1{one}")
    assert kind(await city("POST", HERE, json=whole, headers={"link": LINK})) == "AlreadyExists"
    told = (await city("GET", one, headers={"link": LINK})).json()
    assert (
        told.items()
        >= {"endpoint": whole["endpoint"], "information": whole["information"], "mode": "inclusive"}.items()
    )
    plain = (await city("GET", one)).json()
    assert plain["information"][0]["entities"] == [{"type": TERMS["Bus"]}], "without the @context names are whole"
    changed = {"information": [{"entities": [{"type": "Stop"}]}], "expiresAt": "2099-01-01T00:00:00Z"}
    assert (await city("PATCH", one, json=changed, headers={"link": LINK})).status_code == 204
    told = (await city("GET", f"{one}?options=sysAttrs", headers={"link": LINK})).json()
    assert told["information"] == changed["information"] and told["createdAt"] <= told["modifiedAt"]
    assert (await city("DELETE", one)).status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        more = {"json": changed} if method == "PATCH" else {}
        assert kind(await city(method, one, **more, headers={"link": LINK})) == "ResourceNotFound"
    assert kind(await city("GET", f"{HERE}/no-uri")) == "BadRequestData"


@clause("5.9.2")
@pytest.mark.parametrize(
    "wrong",
    [
        {"information": []},
        {"endpoint": "no address"},
        {"mode": "sideways"},
        {"mode": "exclusive"},  # which names one entity and its attributes
        {"operations": ["flyOver"]},
        {"expiresAt": "2001-01-01T00:00:00Z"},
        {"type": "Subscription"},
    ],
)
async def test_what_is_no_registration_is_refused_and_not_kept(city: City, wrong: dict[str, Any]) -> None:
    answer = await city("POST", HERE, json={**registration(1), **wrong}, headers={"link": LINK})
    assert kind(answer) == "BadRequestData", answer.text
    assert (await city("GET", f"{HERE}/{NAME}:1")).status_code == 404


@clause("5.10.2", "5.12", "6.8")
async def test_registrations_are_found_by_what_they_hold(city: City) -> None:
    await city("POST", HERE, json=registration(0, {"entities": [{"type": "Bus"}]}), headers={"link": LINK})
    await city("POST", HERE, json=registration(1, {"propertyNames": ["speed"]}), headers={"link": LINK})
    for n, entity in enumerate(({"id": "urn:x:bus:7"}, {"idPattern": "^urn:x:tram:.*"}), 2):
        told = registration(n, {"entities": [{"type": "Tram", **entity}], "relationshipNames": ["at"]})
        assert (await city("POST", HERE, json=told, headers={"link": LINK})).status_code == 201
    for query, expected in {
        "type=Bus": [0, 1],
        "type=Tram": [1, 2, 3],
        "type=Stop": [1],
        "type=Tram&id=urn:x:bus:7": [1, 2],
        "type=Tram&id=urn:x:tram:1": [1, 3],
        "attrs=speed": [0, 1],
        "type=Tram&attrs=speed": [1],
        "type=Tram&attrs=at": [2, 3],
        "type=Tram&limit=1&offset=1": [2],
    }.items():
        assert sorted(await found(city, query)) == expected, query
    counted = await city("GET", f"{HERE}?type=Tram&limit=1&count=true", headers={"link": LINK})
    assert counted.headers["ngsild-results-count"] == "3" and 'rel="next"' in counted.headers["link"]
    assert kind(await city("GET", HERE)) == "BadRequestData", "everything is not asked for at once"


@clause("4.3.6.4", "6.3.18")
async def test_who_asks_for_what_is_here_alone_asks_nobody_else(city: City) -> None:
    await city("POST", "/entities", json={"id": "urn:x:1", "type": "Bus"}, headers={"link": LINK})
    await city("POST", HERE, json=registration(1), headers={"link": LINK})
    for path in ("/entities?type=Bus", "/entities/urn:x:1"):
        asked = await city("GET", path, headers={"link": LINK})
        alone = await city("GET", f"{path}{'&' if '?' in path else '?'}local=true", headers={"link": LINK})
        assert asked.status_code == alone.status_code == 200 and asked.json() == alone.json()
        assert "ngsild-warning" in asked.headers and "ngsild-warning" not in alone.headers, path
    assert (await city("DELETE", "/entities/urn:x:1?local=true")).status_code == 204
