"""What all operations share: lengths, methods, media types, parameters, tenants, contexts, errors (CIM 009, 6.3)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pyld import jsonld

from nhip.graph.contexts import core
from nhip.graph.contexts.core import CORE_URL
from nhip.kernel.time import held
from tests.graph.api.conftest import CITY, JSON, LINK, TERMS, bus, kind
from tests.graph.clauses import clause

City = Callable[..., Any]


@clause("6.3.2", "6.3.4")
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
async def test_a_body_without_length_is_refused_with_nothing_but_411(node: httpx.AsyncClient, method: str) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"{}"

    answer = await node.request(method, "/entities/urn:a:1", content=body(), headers=JSON)
    assert (answer.status_code, answer.content) == (411, b"")


@clause("6.3.2")
async def test_addresses_and_methods_that_there_are_not(node: httpx.AsyncClient) -> None:
    assert kind(await node.get("/nothing")) == "ResourceNotFound"
    answer = await node.put("/types", json={})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, OPTIONS, HEAD"
    told = await node.options("/entities")
    assert (told.status_code, told.headers["allow"]) == (204, "GET, POST, DELETE, OPTIONS, HEAD")


async def test_a_star_in_an_address_is_text_as_any_other(node: httpx.AsyncClient) -> None:
    for path in (
        "/entities/*",
        "/entities/%2A",
        "/temporal/entities/*",
        "/subscriptions/*",
        "/snapshots/*",
        "/entityMaps/*",
    ):
        assert kind(await node.get(path)) in ("BadRequestData", "ResourceNotFound"), path
    for method, path in (
        ("POST", "/snapshots/*/clone"),
        ("PATCH", "/entities/*/attrs/*"),
        ("DELETE", "/entities/*/attrs/*"),
    ):
        assert kind(await node.request(method, path, json={})) in ("BadRequestData", "ResourceNotFound"), path


async def test_head_is_a_get_without_its_body(city: City) -> None:
    await city("POST", "/entities", json=bus())
    answer = await city("HEAD", "/entities/urn:ngsi-ld:Bus:1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 50


@clause("6.3.20")
async def test_unknown_parameters_and_options_are_invalid(city: City) -> None:
    for path in (
        "/entities?nothing=1",
        "/entities?type=Bus&options=nothing",
        "/types?x=",
        "/entities?type=Bus&limit=1&limit=2",
    ):
        assert kind(await city("GET", path)) in ("InvalidRequest", "NonexistentTenant")
    await city("POST", "/entities", json=bus())
    one = "/entities/urn:ngsi-ld:Bus:1"
    for method, path in (("PATCH", f"{one}/attrs/speed"), ("DELETE", one), ("POST", f"/temporal{one}/attrs")):
        for told in ("options=nothing", "options=sysAttrs,nothing", "format=nothing"):
            answer = await city(method, f"{path}?{told}", json={"speed": {"type": "Property", "value": 1}})
            assert kind(answer) == "InvalidRequest"
    for path in (
        "/entities?nothing=1",
        "/entities?type=Bus&options=nothing",
        "/types?x=",
        "/entities?type=Bus&limit=1&limit=2",
    ):
        assert kind(await city("GET", path)) == "InvalidRequest"


@clause("6.3.20")
async def test_what_is_neither_true_nor_false_is_refused_everywhere(city: City) -> None:
    await city("POST", "/entities", json=bus())
    one = "/entities/urn:ngsi-ld:Bus:1"
    for method, path in (
        ("GET", "/types?count=maybe"),
        ("GET", "/attributes?local=yes"),
        ("GET", f"{one}?local=1"),
        ("PATCH", f"{one}?local=True"),
        ("DELETE", f"{one}/attrs/speed?deleteAll=x"),
        ("DELETE", f"{one}/attrs/speed?local="),
        ("POST", "/entityOperations/upsert?local=here"),
    ):
        assert kind(await city(method, path, **({} if method == "GET" else {"json": {}}))) == "BadRequestData", path
    assert (await city("GET", one)).json() == bus(), "what is only to be done here was not done anywhere"


async def test_compressed_bodies_are_refused_in_words(city: City) -> None:
    for coding in ("gzip", "br", "identity, gzip"):
        answer = await city("POST", "/entities", content=b"\x1f\x8b", headers={**JSON, "content-encoding": coding})
        assert kind(answer) == "UnsupportedMediaType" and coding in answer.json()["detail"]
    answer = await city("POST", "/entities", json=bus(), headers={"content-encoding": "identity"})
    assert answer.status_code == 201


@clause("6.3.2")
@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"id": "urn:a:1", "type": "A", "x": NaN}', b"\xff\xfe", b"null"])
async def test_what_is_no_json_object_is_invalid(city: City, body: bytes) -> None:
    answer = await city("POST", "/entities", content=body, headers=JSON)
    assert answer.status_code == 400
    assert kind(answer) == "InvalidRequest"


async def test_a_body_above_the_limit_is_refused_unread(city: City) -> None:
    answer = await city("POST", "/entities", content=b" " * 10_000_001, headers=JSON)
    assert answer.status_code == 413


@pytest.mark.parametrize("deep", ["[" * 50_000 + "]" * 50_000, '{"a":' * 20_000 + "1" + "}" * 20_000])
async def test_deep_nesting_is_an_error_of_the_client(city: City, deep: str) -> None:
    body = '{"id": "urn:a:1", "type": "A", "x": {"type": "Property", "value": ' + deep + "}}"
    answer = await city("POST", "/entities", content=body.encode(), headers=JSON)
    assert answer.status_code == 400


@clause("6.3.14", "5.5.10", "4.14")
async def test_tenants_are_apart_and_made_by_creating(node: httpx.AsyncClient) -> None:
    here, there = {"NGSILD-Tenant": "hue"}, {"NGSILD-Tenant": "danang"}
    missing = await node.get("/entities?type=Bus", headers=here)
    assert (missing.status_code, kind(missing)) == (404, "NonexistentTenant")
    assert missing.headers["ngsild-tenant"] == "hue"
    made = await node.post("/entities", json=bus(), headers=here)
    assert (made.status_code, made.headers["ngsild-tenant"]) == (201, "hue")
    await node.post("/entities", json=bus(2), headers=there)
    assert (await node.get("/entities/urn:ngsi-ld:Bus:1", headers=here)).status_code == 200
    for headers in (there, {}):
        assert (await node.get("/entities/urn:ngsi-ld:Bus:1", headers=headers)).status_code == 404


@pytest.mark.parametrize("name", ["a b", "../x", "é", "x" * 101, "a\tb", "';drop table graph.tenant;--"])
async def test_tenant_names_with_tricks_are_refused(node: httpx.AsyncClient, name: str) -> None:
    answer = await node.post("/entities", json=bus(), headers={b"NGSILD-Tenant": name.encode("latin-1")})
    assert answer.status_code == 400 if name != "../x" else answer.status_code in (201, 400)


@clause("6.3.5")
async def test_where_a_context_may_stand(city: City) -> None:
    ld = {"content-type": "application/ld+json"}
    assert kind(await city("POST", "/entities", json={**bus(), "@context": CITY}, headers=JSON)) == "BadRequestData"
    assert kind(await city("POST", "/entities", json=bus(), headers=ld)) == "BadRequestData"
    both = await city("POST", "/entities", json={**bus(), "@context": CITY}, headers={**ld, "link": LINK})
    assert kind(both) == "BadRequestData"
    assert (await city("POST", "/entities", json={**bus(), "@context": CITY}, headers=ld)).status_code == 201
    assert (await city("POST", "/entities", json=bus(2), headers={"link": LINK})).status_code == 201
    plain = (await city("GET", "/entities/urn:ngsi-ld:Bus:1")).json()
    assert plain["type"] == TERMS["Bus"] and TERMS["speed"] in plain


@clause("6.3.5", "6.3.6")
async def test_where_the_context_of_an_answer_stands(city: City) -> None:
    await city("POST", "/entities", json=bus(), headers={"link": LINK})
    plain = await city("GET", "/entities/urn:ngsi-ld:Bus:1", headers={"link": LINK})
    assert plain.headers["link"] == LINK and "@context" not in plain.json()
    held = await city("GET", "/entities/urn:ngsi-ld:Bus:1", headers={"link": LINK, "accept": "application/ld+json"})
    assert "link" not in held.headers and held.json()["@context"] == [CITY, CORE_URL]
    listed = await city("GET", "/entities?type=Bus", headers={"link": LINK, "accept": "application/ld+json"})
    assert [one["@context"] for one in listed.json()] == [[CITY, CORE_URL]]
    geo = {"link": LINK, "accept": "application/geo+json"}
    assert (await city("GET", "/entities?type=Bus", headers=geo)).json()["@context"] == [CITY, CORE_URL]
    apart = await city("GET", "/entities?type=Bus", headers={**geo, "prefer": "body=json"})
    assert "@context" not in apart.json() and apart.headers["link"] == LINK


@clause("4.4", "5.5.7")
async def test_a_processor_that_knows_no_ngsi_ld_reads_what_is_answered(city: City) -> None:
    at = {"type": "Relationship", "object": "urn:ngsi-ld:Stop:1"}
    await city("POST", "/entities", json=bus(1, 30, at=at), headers={"link": LINK})
    known = {CITY: {"@context": TERMS}, CORE_URL: core.document()}

    def loader(url: str, _options: Any) -> dict[str, Any]:
        # the core @context names another one for signatures, which are not here
        return {"documentUrl": url, "contextUrl": None, "document": known.get(url, {"@context": {}})}

    for headers in ({"link": LINK}, {}):
        told = await city("GET", "/entities?local=true", headers={**headers, "accept": "application/ld+json"})
        (read,) = jsonld.expand(told.json(), {"documentLoader": loader})
        ngsi = "https://uri.etsi.org/ngsi-ld/"
        assert (read["@id"], read["@type"]) == ("urn:ngsi-ld:Bus:1", [TERMS["Bus"]])
        assert read[TERMS["speed"]] == [{"@type": [ngsi + "Property"], ngsi + "hasValue": [{"@value": 30}]}]
        assert read[TERMS["at"]][0][ngsi + "hasObject"] == [{"@id": "urn:ngsi-ld:Stop:1"}]


@clause("5.5.6")
async def test_contexts_that_cannot_be_read_are_told_quickly(city: City) -> None:
    ld = {"content-type": "application/ld+json"}
    for url in (
        "https://127.0.0.1:1/c.jsonld",
        "http://169.254.169.254/latest",
        "https://does-not-exist.invalid/c.jsonld",
    ):
        answer = await city("POST", "/entities", json={**bus(), "@context": url}, headers=ld)
        assert (answer.status_code, kind(answer)) == (504, "LdContextNotAvailable")


@clause("5.15", "6.33")
async def test_who_the_broker_is(node: httpx.AsyncClient) -> None:
    told = (await node.get("/info/sourceIdentity")).json()
    assert told["type"] == "ContextSourceIdentity" and told["contextSourceAlias"] == "here"
    assert told["contextSourceUptime"].startswith("P") and told["contextSourceTimeAt"].endswith("Z")
    other = (await node.get("/info/sourceIdentity", headers={"NGSILD-Tenant": "never-made"})).json()
    assert other["contextSourceAlias"] == "here:never-made"


async def test_an_answer_of_204_has_neither_body_nor_length(city: City) -> None:
    await city("POST", "/entities", json=bus())
    answer = await city("DELETE", "/entities/urn:ngsi-ld:Bus:1")
    assert answer.status_code == 204
    assert "content-length" not in answer.headers and "content-type" not in answer.headers


@clause("5.9")
async def test_a_registration_is_gone_when_its_time_is_over(city: City) -> None:
    ends = "2100-01-01T00:00:00Z"
    body = {
        "id": "urn:ngsi-ld:ContextSourceRegistration:1",
        "type": "ContextSourceRegistration",
        "information": [{"entities": [{"type": "Bus"}]}],
        "endpoint": "https://other.example",
        "expiresAt": ends,
    }
    assert (await city("POST", "/csourceRegistrations", json=body, headers={"link": LINK})).status_code == 201
    here = "/csourceRegistrations/urn:ngsi-ld:ContextSourceRegistration:1"
    assert (await city("GET", here)).json()["expiresAt"] == ends
    with held(datetime(2100, 1, 2, tzinfo=UTC)):
        assert kind(await city("GET", here)) == "ResourceNotFound"
        assert (await city("GET", "/csourceRegistrations?type=Bus", headers={"link": LINK})).json() == []


async def test_a_header_in_several_lines_is_one(node: httpx.AsyncClient, city: City) -> None:
    other = '<https://city.example/>; rel="next"'
    await city("POST", "/entities", json=bus(), headers={"link": LINK})
    tenant = (await city("GET", "/types")).headers["ngsild-tenant"]
    headers = [("link", LINK), ("link", other), ("ngsild-tenant", tenant)]
    answer = await node.get("/entities/urn:ngsi-ld:Bus:1", headers=headers)
    assert answer.json()["type"] == "Bus"
    twice = await node.get("/types", headers=[("ngsild-tenant", tenant), ("ngsild-tenant", f"{tenant}x")])
    assert (twice.status_code, kind(twice)) == (400, "BadRequestData")
    body = {
        "type": "Subscription",
        "entities": [{"type": "Bus"}],
        "notification": {"endpoint": {"uri": "http://a.example/"}},
    }
    passed = [("ngsild-tenant", tenant), ("via", f"1.1 here:{tenant}"), ("via", "1.1 proxy")]
    came_back = await node.post("/subscriptions", json=body, headers=passed)
    assert (came_back.status_code, kind(came_back)) == (508, "LoopDetected")


async def test_a_context_whose_address_is_none_is_refused(city: City) -> None:
    for address in ("http://[", "//["):
        assert kind(await city("POST", "/jsonldContexts", json={"@context": [address]})) == "BadRequestData"


async def test_null_is_no_time_of_a_history(city: City) -> None:
    here, null = "/temporal/entities", "urn:ngsi-ld:null"
    series = {"type": "Property", "value": 1, "observedAt": "2026-01-01T00:00:00Z", "unitCode": "KMH"}
    told = {"id": "urn:ngsi-ld:Bus:1", "type": "Bus", "speed": [series]}
    assert (await city("POST", here, json=told)).status_code == 201
    one = f"{here}/urn:ngsi-ld:Bus:1"
    for member in ("observedAt", "expiresAt"):
        wrong = {"speed": [{**series, member: null}]}
        assert kind(await city("POST", here, json={**told, **wrong})) == "BadRequestData"
        assert kind(await city("POST", f"{one}/attrs", json=wrong)) == "BadRequestData"
    instance = (await city("GET", one)).json()["speed"][0]["instanceId"]
    changed = await city(
        "PATCH", f"{one}/attrs/speed/{instance}", json={"speed": {"observedAt": null, "unitCode": null}}
    )
    assert changed.status_code == 204
    assert (await city("GET", one)).json()["speed"] == [{"type": "Property", "value": 1, "instanceId": instance}]
    other = {"type": "Property", "value": 7}
    for wrong in ({"fuel": other}, {"fuel": [other]}, {"speed": other, "fuel": other}, {"fuel": 7}):
        assert kind(await city("PATCH", f"{one}/attrs/speed/{instance}", json=wrong)) == "BadRequestData"
    assert (await city("GET", one)).json()["speed"] == [{"type": "Property", "value": 1, "instanceId": instance}]
    for right in ({"speed": [{"accuracy": other}]}, {"type": "Property", "accuracy": {**other, "value": 8}}):
        assert (await city("PATCH", f"{one}/attrs/speed/{instance}", json=right)).status_code == 204
    assert (await city("GET", one)).json()["speed"][0]["accuracy"]["value"] == 8
