"""The interface over a database of its own, shared by the tests of a module; each test has a tenant of its own."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from nhip.graph_commands import Node, serving
from nhip.settings import Settings

CITY = "https://city.example/context.jsonld"
TERMS = {
    "Bus": "https://city.example/Bus",
    "Stop": "https://city.example/Stop",
    "speed": "https://city.example/speed",
    "at": "https://city.example/at",
}
LINK = f'<{CITY}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
JSON = {"content-type": "application/json"}
_names = itertools.count()


@pytest.fixture(scope="module")
async def node(graph_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the interface, which knows the city's @context from a file."""
    folder = tmp_path_factory.mktemp("node")
    file = folder / "context.jsonld"
    file.write_text(json.dumps({"@context": TERMS}))
    settings = Settings(data_dir=folder, database_url=graph_url)
    made = Node("here", graph_url, "http://here.example", {CITY: Path(file)}, 30)
    async with serving(settings, made) as app:
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://here.example/ngsi-ld/v1") as client:
            yield client


@pytest.fixture
def city(node: httpx.AsyncClient) -> Callable[..., Any]:
    """Requests in a tenant of the test's own: `await city("POST", "/entities", json=…)`."""
    tenant = f"test{next(_names)}"

    async def ask(method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"NGSILD-Tenant": tenant, **more.pop("headers", {})}
        return await node.request(method, path, headers=headers, **more)

    return ask


def bus(n: int = 1, speed: Any = 30, **more: Any) -> dict[str, Any]:
    """An entity in plain JSON; `speed` is a number, or the attribute itself."""
    attribute = speed if isinstance(speed, dict | list) else {"type": "Property", "value": speed}
    made = {"id": f"urn:ngsi-ld:Bus:{n}", "type": "Bus", "speed": attribute}
    return {**made, **more}


def kind(answer: httpx.Response) -> str:
    """The last part of a problem's type."""
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told["status"] == answer.status_code
    return str(told["type"]).rpartition("/")[2]
