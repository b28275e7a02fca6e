"""Requests of other origins are refused; every answer carries the careful headers."""

from __future__ import annotations

from pathlib import Path

import pytest
from litestar import Request, post
from litestar.testing import TestClient

from nhip.security.protect import client_address, protect
from nhip.settings import Settings
from nhip.web.app import build

done: list[str] = []


@post("/change", status_code=204)
async def change() -> None:
    done.append("changed")


@pytest.fixture(scope="module")
def client():
    settings = Settings(base_url="http://nhip.example:8321")
    app = build(settings, routes=[change], templates={"x": Path(__file__).parent}, layers=protect(settings))
    with TestClient(app, base_url="http://testserver.local") as client:
        yield client


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin", "origin": "http://testserver.local"},
        {"sec-fetch-site": "none"},
        {"origin": "http://testserver.local"},
        {"origin": "http://nhip.example:8321"},
    ],
)
def test_own_requests_pass(client, headers: dict[str, str]) -> None:
    done.clear()
    assert client.post("/change", headers=headers).status_code == 204
    assert done == ["changed"]


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "http://testserver.local"},
        {"origin": "http://evil.example"},
        {"origin": "http://testserver.local.evil.example"},
        {"origin": "http://testserver.local:81"},
        {"origin": "null"},
        {"origin": ""},
    ],
)
def test_requests_of_other_origins_change_nothing(client, headers: dict[str, str]) -> None:
    done.clear()
    answer = client.post("/change", headers={"accept": "application/json", **headers})
    assert (answer.status_code, answer.json()["key"]) == (403, "OtherOrigin")
    assert done == []
    assert "<h1>" in client.post("/change", headers={"accept": "text/html", **headers}).text


def test_reading_from_elsewhere_is_a_link(client) -> None:
    assert client.get("/health", headers={"sec-fetch-site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("path", ["/health", "/nothing", "/static/x/nhip.css", "/change"])
def test_every_answer_is_careful(client, path: str) -> None:
    headers = client.get(path, headers={"accept": "text/html"}).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "strict-transport-security" not in headers
    assert headers["cache-control"]


def test_pages_stay_out_of_caches_and_files_in_them(client) -> None:
    assert client.get("/nothing", headers={"accept": "text/html"}).headers["cache-control"] == "private, no-store"
    assert client.get("/static/x/nhip.css").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "10.0.0.1, 198.51.100.1", "198.51.100.1"),
        ("::1", "x" * 500, "x" * 60),
    ],
)
def test_only_a_proxy_on_this_machine_is_believed(peer: str, told: str, address: str) -> None:
    headers = [(b"x-forwarded-for", told.encode())] if told else []
    assert client_address(Request({"type": "http", "headers": headers, "client": (peer, 1)})) == address
