"""The graph's OpenAPI says what there is, and whatever follows it meets no server error and no hang. `make walk` asks more."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from nhip.graph.api.openapi import ADDRESS
from nhip.graph.api.routing import routes
from tests.things.conftest import Running

EXAMPLES = int(os.environ.get("NHIP_WALK_EXAMPLES", "2"))
PATIENCE_S = 60.0
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


async def _told(running: Running) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=running.address, timeout=60) as client:
        answer = await client.get(ADDRESS)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


async def test_it_is_valid_and_says_every_operation(running: Running) -> None:
    told = await _told(running)
    OpenAPIV31SpecValidator(told).validate()
    assert told["servers"] == [{"url": f"{running.address}/ngsi-ld/v1"}]
    said = [(path, method) for path, operations in told["paths"].items() for method in operations]
    assert len(said) == len(list(routes())) - 2 > 60
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            by_token = (path, method) == ("/mirrors/{mirror}", "post")
            assert operation["summary"] and ("security" in operation) is not by_token, path
            assert (method in ("post", "put", "patch")) == ("requestBody" in operation), path


async def test_nobody_walks_without_a_key(running: Running) -> None:
    async with httpx.AsyncClient(base_url=f"{running.address}/ngsi-ld/v1", timeout=60) as client:
        for path, method, route in routes():
            answer = await client.request(method, path.replace("*", "urn:x:y"), json={} if method != "GET" else None)
            assert answer.status_code == 401 or (route.by_token and answer.status_code == 404), path


def _walk(operation: Any, running: Running) -> int:
    count = 0

    @seed(20261122)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        nonlocal count
        count += 1
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {running.key}"}
        case.headers.pop("Link", None)
        began = time.monotonic()
        answer = case.call(base_url=f"{running.address}/ngsi-ld/v1", timeout=PATIENCE_S)
        assert time.monotonic() - began < PATIENCE_S
        case.validate_response(answer, checks=CHECKS)

    send()
    return count


async def test_whatever_follows_it_is_answered(running: Running) -> None:
    schema: Any = schemathesis.openapi.from_dict(await _told(running))
    found = [result.ok() for result in schema.get_all_operations()]
    sent, wrong = 0, []
    for operation in found:
        try:
            sent += await asyncio.to_thread(_walk, operation, running)
        except Exception as error:
            wrong.append(f"{operation.label}: {getattr(error, 'exceptions', error)}")
    assert wrong == []
    assert sent >= len(found) > 60
