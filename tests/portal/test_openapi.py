"""OpenAPI says what there is, and whatever follows it meets no server error, no hang and no private dataset."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import psycopg
import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from litestar import Litestar
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from nhip.app import create_app
from nhip.datasets.catalogue import put_agency, put_dataset
from nhip.db import Database, Objects
from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation
from nhip.portal.ckan.api import ACTIONS
from nhip.portal.openapi import document, said_by_routes, words
from nhip.portal.service import withdraw
from nhip.security.service import set_administrator_password
from nhip.settings import Settings
from nhip.testing.serving import serving
from tests.portal.filling import fill

EXAMPLES = int(os.environ.get("NHIP_WALK_EXAMPLES", "4"))
"""Requests for each operation; `make walk` asks more."""
PRIVATE = ("mat-7351", "Danh sách mật 7351", "Chi cục Kín 7351")
"""Names of what is not open: planted, and looked for in every answer."""
PATIENCE_S = 60.0
LEFT_OUT = {"/health", "/ledger/head", "/ledger/heads", "/ledger/consistency", "/ledger/key", "/ledger/proof"}
"""Public, and not of the portal."""


@pytest.fixture(scope="module")
def app(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Litestar]:
    """A catalogue of six open datasets, with closed ones beside them."""
    name = f"{template_database}_openapi"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template_database}" strategy file_copy')
    folder = tmp_path_factory.mktemp("openapi")
    chosen = Settings(
        data_dir=folder, database_url=postgres.url(name), memory_mb=300, requests_per_minute=0, heavy_per_minute=0
    )
    yield create_app(chosen)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')


@pytest.fixture(scope="module")
async def address(app: Litestar) -> AsyncIterator[str]:
    """The application on a port of its own."""
    chosen = app.state.settings
    db = Database(chosen.database_url, size=2)
    await db.open()
    await _plant(Installation(chosen, db, Objects(chosen.data_dir / "objects")))
    await db.close()
    async with serving(app) as url:
        yield url


async def _plant(installation: Installation) -> None:
    await fill(installation, 6)
    gone = await fill(installation, 1, stem="rut-8264", title="Đã rút 8264")
    async with installation.db.tx() as tx:
        await set_administrator_password(tx)
        await put_agency(tx, "000.99.10.H57", PRIVATE[2])
        await put_dataset(tx, PRIVATE[0], "000.99.10.H57", PRIVATE[1], description=PRIVATE[1], theme="Mật")
        from nhip.datasets.store import get_dataset

        await withdraw(tx, await get_dataset(tx, gone[0].dataset_id), "Không còn đúng")


async def _told(address: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        answer = await client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json" and answer.headers["access-control-allow-origin"] == "*"
    found: dict[str, Any] = answer.json()
    return found


async def test_it_is_valid_and_says_everything(app: Litestar, address: str) -> None:
    told = await _told(address)
    OpenAPIV31SpecValidator(told).validate()
    assert told["servers"] == [{"url": address}]
    assert {name for name in ACTIONS if f"/api/3/action/{name}" not in told["paths"]} == set()
    known = {o.route or o.path for o in words().operation}
    for_programs = {
        path
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        if handler.opt.get("permission") == "public" and handler.opt.get("anonymous")
        for path in [re.sub(r"\{(\w+):\w+\}", r"{\1}", str(route.path))]
    }
    ours = {p for p in for_programs if re.match(r"/(dataset|catalog|changes|agency|sitemap|openapi)", p)}
    forms = r"\.(csv|xlsx|json|parquet|geojson|ttl|jsonld|rdf|bib|ris)$"
    described = {re.sub(forms, ".{form}", path) for path in ours - {"/openapi.json"}}
    assert described - known == set(), "a route for programs that openapi.toml does not tell of"
    for operations in told["paths"].values():
        for operation in operations.values():
            assert operation["summary"] and len(operation["responses"]) > 2


def test_an_operation_without_a_route_is_noticed() -> None:
    with pytest.raises(KeyError):
        document([], "https://x", "x")
    assert said_by_routes([]) == {}


def _cases(told: dict[str, Any]) -> Any:
    return schemathesis.openapi.from_dict(told)


CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


def _walk(operation: Any, address: str, examples: int) -> int:
    """Send made-up requests of one operation; gives how many. Fails for what the checks and the planted names say."""
    count = 0

    @seed(20261122)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        nonlocal count
        count += 1
        began = time.monotonic()
        answer = case.call(base_url=address, timeout=PATIENCE_S)
        assert time.monotonic() - began < PATIENCE_S
        case.validate_response(answer, checks=CHECKS)
        said = str(case.as_transport_kwargs(base_url=address))
        for name in PRIVATE:
            if name not in said:
                assert name.encode() not in answer.content, f"{name} is told by {case.formatted_path}"

    send()
    return count


async def test_whatever_follows_it_is_answered(address: str) -> None:
    schema = _cases(await _told(address))
    found = [result.ok() for result in schema.get_all_operations()]
    assert len(found) > 50
    sent = 0
    for operation in found:
        sent += await asyncio.to_thread(_walk, operation, address, EXAMPLES)
    assert sent >= len(found)


QUESTIONS = (
    "/datasets?q={}",
    "/datasets?agency={}",
    "/api/3/action/package_search?q={}",
    "/api/3/action/package_search?fq=name:{}&facet.field=[%22organization%22,%22groups%22,%22tags%22]",
    "/api/3/action/package_show?id={}",
    "/api/3/action/organization_show?id={}&include_datasets=true",
    "/api/3/action/organization_list?all_fields=true",
    "/api/3/action/group_list?all_fields=true",
    "/api/3/action/tag_list?query={}",
    "/dataset/{}",
    "/dataset/{}/rows",
    "/dataset/{}/export.csv",
    "/dataset/{}.ttl",
    "/agency/{}",
    "/catalog.jsonld",
    "/sitemap.xml",
    "/changes.atom",
)


async def test_what_is_private_is_told_by_nothing(address: str) -> None:
    """Absent and closed are the same to every question: status, and all of the answer but the name that was asked for."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        for question in QUESTIONS:
            answers = []
            for name in (PRIVATE[0], "xyz-7351"):
                answer = await client.get(question.format(name))
                answers.append((answer.status_code, answer.text.replace(name, "")))
                assert PRIVATE[1] not in answer.text and PRIVATE[2] not in answer.text, question
            assert answers[0][0] == answers[1][0] and len(answers[0][1]) == len(answers[1][1]), question
