"""Whatever is sent, the interface answers quickly with an error of the specification: never a 500, never half written."""

from __future__ import annotations

import json
import string
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.graph.contexts.model import CORE
from nhip.graph.document.expand import expand_entity
from nhip.graph.errors import GraphError
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.query.match import matcher
from tests.graph.api.conftest import JSON, bus

PATIENCE_S = 30.0
"""Of a busy machine; alone each answer takes some hundredths."""
URN = "urn:ngsi-ld:Bus:1"
Request = tuple[str, str, dict[str, Any]]

BODIES = {
    "no JSON": b'{"id": ',
    "no text": b"\xff\xfe\x00{",
    "two values": b"{}{}",
    "a number": b"1",
    "a text": b'"x"',
    "null": b"null",
    "deep arrays": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "deep value": json.dumps(bus(speed={"type": "Property", "value": 1}))
    .encode()
    .replace(b"1}", b"[" * 900 + b"]" * 900 + b"}"),
    "huge number": b'{"id":"urn:a:b","type":"T","x":{"type":"Property","value":' + b"9" * 5000 + b"}}",
    "no number": b'{"id":"urn:a:b","type":"T","x":{"type":"Property","value":NaN}}',
    "lone surrogate": b'{"id":"urn:a:b","type":"T","x":"\\ud800"}',
    "NUL": b'{"id":"urn:a:b","type":"T","x":"a\\u0000b"}',
    "NUL in a name": b'{"id":"urn:a:b","type":"T","x\\u0000":"a"}',
    "NUL in an id": b'{"id":"urn:a:\\u0000b","type":"T","x":"a"}',
    "many attributes": json.dumps({"id": "urn:a:many", "type": "T", **{f"a{n}": n for n in range(5000)}}).encode(),
    "many types": json.dumps({"id": "urn:a:types", "type": [f"T{n}" for n in range(5000)]}).encode(),
    "a long id": json.dumps({"id": "urn:a:" + "x" * 100_000, "type": "T"}).encode(),
    "many signs": json.dumps({"id": "urn:a:signs", "type": "T", "x": "\x01\x02\x03\x04\x05\x06\x0e\x0f"}).encode(),
}
TENANTS = (
    "../etc",
    "a b",
    "a" * 101,
    "'; drop table graph.entity; --",
    "%00",
    "ä",
    "a\tb",
    "a\x7f",
    "*",
    "{}",
    "-",
    "..",
    "/",
    ":",
)
PLACES: tuple[Any, ...] = (
    [[[0, 0], [1, 1], [1, 0]]],
    [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]],
    [[[0, 0]]],
    [[]],
    [],
    None,
    "x",
    [[[0, 0], [1e308, 1e308], [-1e308, 1], [0, 0]]],
    [[["0", "0"], ["1", "1"], ["1", "0"], ["0", "0"]]],
    [[[0, 0], [0, 0], [0, 0], [0, 0]]],
    [[[200, 100], [201, 100], [201, 101], [200, 100]]],
    [[[0, 0, 0, 0, 0], [1, 1], [1, 0], [0, 0]]],
    [[[0, 0], [4, 0], [4, 4], [0, 0]], [[9, 9], [8, 9], [8, 8], [9, 9]]],
    [[[n / 1000, n % 7] for n in range(50_000)]],
    [[[[[[[0]]]]]]],
    {"a": 1},
    [[[True, False], [1, 1], [1, 0], [0, 0]]],
)
TIMES = ("0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "10000-01-01T00:00:00Z",
         "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z", "2026-06-30T23:59:60Z", "2026-01-01T00:00:00+25:00", "now", "",
         "2026-01-01T00:00:00.123456789123Z", "2026-W01-1T00:00:00Z", "-2026-01-01T00:00:00Z")  # fmt: skip
WORDS = ("a==1;" * 10_000 + "a==1", "(" * 10_000, "(" * 5_000 + "a" + ")" * 5_000, "|".join(f"a{n}" for n in range(10_000)),
         "a" * 100_000, "a==" + ",".join(map(str, range(10_000))), "a~=(x+x+)+y", "a==\x00", "a[" * 500, "a.b." * 500,
         "a{b}" * 200, ";;", "a==", "==1", "a==1..", "a==..", "a==1..2..3", '"', "a==\"", "!", "!!a",
         "a==é", "𝔞==1", "a{b.c{d.e}}==1", "%", "\\")  # fmt: skip


def strange() -> Iterator[Request]:
    """Requests that each have something wrong, or too much of it."""
    for body in BODIES.values():
        for path in (
            "/entities",
            "/entityOperations/upsert",
            "/entityOperations/query",
            "/subscriptions",
            "/jsonldContexts",
        ):
            yield "POST", path, {"content": body, "headers": JSON}
        yield "POST", "/entityOperations/create", {"content": b"[" + body + b"]", "headers": JSON}
        yield "PATCH", f"/entities/{URN}/attrs", {"content": body, "headers": JSON}
        yield "POST", "/csourceRegistrations", {"content": body, "headers": JSON}
    for tenant in TENANTS:
        headers = {"NGSILD-Tenant": tenant.encode("utf-8")}
        yield "GET", "/types", {"headers": headers}
        yield "POST", "/entities", {"json": bus(7), "headers": headers}
    for place in PLACES:
        value = {"type": "GeoProperty", "value": {"type": "Polygon", "coordinates": place}}
        yield "POST", "/entities", {"json": bus(8, location=value)}
        geo = {"georel": "within", "geometry": "Polygon", "coordinates": place}
        yield "POST", "/entityOperations/query", {"json": {"type": "Query", "entities": [{"type": "Bus"}], "geoQ": geo}}
    for text in TIMES:
        yield "POST", "/entities", {"json": bus(9, {"type": "Property", "value": 1, "observedAt": text})}
        yield "POST", "/entities", {"json": {**bus(9), "expiresAt": text}}
        between = {"timerel": "between", "timeAt": text, "endTimeAt": text, "type": "Bus"}
        yield "GET", "/temporal/entities", {"params": between}
        asked = {**between, "options": "aggregatedValues", "aggrMethods": "max", "aggrPeriodDuration": "PT1S"}
        yield "GET", "/temporal/entities", {"params": asked}
    for text in WORDS:
        for name in (
            "q",
            "scopeQ",
            "type",
            "pick",
            "omit",
            "orderBy",
            "idPattern",
            "attrs",
            "id",
            "geoproperty",
            "lang",
        ):
            yield "GET", "/entities", {"params": {"type": "Bus", name: text}}
        yield "POST", "/entityOperations/query", {"json": {"type": "Query", "entities": [{"type": text}], "q": text}}
    ids = [f"urn:ngsi-ld:Bus:{n}" for n in range(100_000)]
    yield (
        "POST",
        "/entityOperations/query",
        {"json": {"type": "Query", "entities": [{"id": id, "type": "Bus"} for id in ids]}},
    )
    yield "POST", "/entityOperations/delete", {"json": ids}
    yield "GET", "/entities", {"params": {"id": ",".join(ids), "type": "Bus"}}
    for text in ("PT0S", "P-1D", "P99999999Y", "PT1e9S", "", "P1", "P1M1D"):
        asked = {"type": "Bus", "options": "aggregatedValues", "aggrMethods": "max,max", "aggrPeriodDuration": text}
        yield "GET", "/temporal/entities", {"params": {**asked, "timerel": "after", "timeAt": "2000-01-01T00:00:00Z"}}
    for text in ("-1", "1e3", "٣", "99999999999999999999", "1001", "", " 1"):
        for name in ("limit", "offset", "lastN", "joinLevel"):
            path = "/temporal/entities" if name == "lastN" else "/entities"
            yield "GET", path, {"params": {"type": "Bus", name: text}}
    for path in ("/entities/%00", "/entities/%FF", "/entities/" + "x" * 60_000, "/entities//attrs", "/types/%00", "/types/%2F",
                 "/attributes/a%20b", "/jsonldContexts/..%2f..", "/subscriptions/%00", "/entityMaps/%00", "/snapshots/%00",
                 "/csourceRegistrations/%00", "/temporal/entities/%00/attrs/%00/%00"):  # fmt: skip
        for method in ("GET", "DELETE", "OPTIONS", "HEAD", "TRACE"):
            yield method, path, {}


def faults_of(answer: httpx.Response) -> str:
    """What is wrong with an answer, empty when nothing is."""
    if answer.status_code == 500 or answer.status_code > 504:
        return f"{answer.status_code} {answer.text[:200]}"
    if answer.status_code >= 400 and answer.content:
        told = answer.json()
        if not {"type", "title"} <= told.keys() or told.get("status") != answer.status_code:
            return f"no problem details: {answer.text[:200]}"
    return ""


async def test_strange_requests_are_refused_quickly_in_words(city: Callable[..., Any]) -> None:
    assert (await city("POST", "/entities", json=bus(1))).status_code == 201
    wrong, count = [], 0
    for method, path, more in strange():
        began = time.monotonic()
        try:
            answer = await city(method, path, **more)
        except (httpx.InvalidURL, UnicodeError):
            continue  # no client can send it
        took = time.monotonic() - began
        count += 1
        if fault := faults_of(answer) or (f"{took:.1f} s" if took > PATIENCE_S else ""):
            wrong.append(f"{method} {path[:60]} {str(more)[:150]}: {fault}")
    assert wrong == []
    assert count > 500
    assert (await city("GET", f"/entities/{URN}")).status_code == 200


async def test_a_body_that_is_too_large_is_refused_before_it_came(node: httpx.AsyncClient) -> None:
    taken = 0

    async def endless() -> Any:
        nonlocal taken
        while taken < 100 << 20:
            taken += 1 << 20
            yield b" " * (1 << 20)

    said = {**JSON, "content-length": str(100 << 20)}
    assert (await node.post("/entities", content=b"{}", headers=said)).status_code == 413
    answer = await node.post("/entityOperations/upsert", content=endless(), headers={**JSON, "content-length": "1000"})
    assert answer.status_code in (400, 413)
    assert (await node.post("/entities", content=b"{}", headers={**JSON, "content-length": "1 0"})).status_code < 500


TEXT = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=string.ascii_letters + '()[]{};|,.:"!=<>~*#/@\\ \n%0123456789', max_size=60),
    st.lists(
        st.sampled_from(["a", "b.c", "(", ")", ";", "|", "==", "!=", ">", "1", '"x"', "..", "~=", "[k]", "{T}", ",", "!",
                         "/a/#", "+"]),
        max_size=14,
    ).map("".join),
)  # fmt: skip


@settings(max_examples=300, deadline=None, database=None)
@given(q=TEXT, scope=TEXT, types=TEXT, order=TEXT, pick=TEXT)
def test_parsers_read_or_refuse(q: str, scope: str, types: str, order: str, pick: str) -> None:
    doc = expand_entity(bus(), CORE)
    for more in ({"q": q}, {"scope": scope}, {"order": order}, {"pick": pick}, {"omit": pick}, {}):
        selected = [Selected(types=types)] if not more else []
        try:
            found = build(Asked(entities=selected, **more), CORE, narrow=False)  # type: ignore[arg-type]
        except GraphError as error:
            assert 400 <= error.status < 500
        else:
            matcher(found)(doc)


JSONS = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers(-(2**63), 2**63) | st.text(max_size=8)
    | st.sampled_from(["urn:ngsi-ld:null", "urn:a:b", "Property", "Relationship", "2026-01-01T00:00:00Z", "@none", "Point"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["type", "value", "object", "id", "observedAt", "unitCode", "datasetId", "languageMap", "vocab", "json",
                         "scope", "valueList", "objectList", "objectType", "location", "coordinates", "@context", "@type", "a",
                         "b", "createdAt", "expiresAt", "previousValue", "entity", "ngsildproof"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.parametrize("fragment", [False, True])
@settings(max_examples=500, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    body=st.dictionaries(
        st.sampled_from(["id", "type", "a", "b", "scope", "location", "expiresAt", "@id", "c"]), JSONS, max_size=5
    )
)
def test_entities_are_read_or_refused(fragment: bool, body: dict[str, Any]) -> None:
    try:
        expand_entity(body if fragment else {"id": "urn:a:b", "type": "T", **body}, CORE, fragment=fragment)
    except GraphError as error:
        assert 400 <= error.status < 500
