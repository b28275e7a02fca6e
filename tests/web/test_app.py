"""The application around the pages: health, measures, preferences, addresses, notices."""

from __future__ import annotations

import asyncio

import pytest
from litestar.testing import TestClient

from nhip.errors import DatabaseAway
from nhip.web.model import Listing
from nhip.web.render import local

from .gallery import make


@pytest.fixture(scope="module")
def client():
    with TestClient(make()) as client:
        yield client


async def _well() -> None:
    return None


async def _away() -> None:
    raise DatabaseAway(what="OperationalError")


async def _hanging() -> None:
    await asyncio.sleep(60)


async def _broken() -> None:
    raise RuntimeError("password=4711")


def test_health_is_ready() -> None:
    with TestClient(make(checks={"database": _well})) as client:
        answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert answer.headers["cache-control"] == "no-store"


def test_health_says_what_is_wrong(monkeypatch) -> None:
    monkeypatch.setattr("nhip.web.app._CHECK_TIMEOUT_S", 0.05)
    checks = {"good": _well, "database": _away, "store": _hanging, "jobs": _broken}
    with TestClient(make(checks=checks)) as client:
        answer = client.get("/health", headers={"accept-language": "en"})
    parts = answer.json()["parts"]
    assert answer.status_code == 503
    assert parts["good"]["ready"] is True
    assert parts["database"]["why"].startswith("The database cannot be reached")
    assert parts["store"]["why"] == "no answer in 0.05 s"
    assert parts["jobs"]["why"] == "RuntimeError"
    assert "4711" not in answer.text


def test_measures(client) -> None:
    client.get("/gallery?page=7")
    client.get("/nothing/123")
    text = client.get("/metrics").text
    assert 'nhip_http_requests_total{method="GET",route="/gallery",status="200"}' in text
    assert "/nothing/123" not in text, "addresses that do not exist must not make series"
    assert "# TYPE nhip_http_request_seconds histogram" in text
    lines = [
        line
        for line in text.splitlines()
        if line.startswith("nhip_http_request_seconds_bucket") and 'route="/gallery"' in line
    ]
    counts = [float(line.rsplit(" ", 1)[1]) for line in lines]
    assert counts == sorted(counts)
    assert counts[-1] >= 1


def test_the_address_chooses_and_a_cookie_remembers() -> None:
    with TestClient(make()) as client:
        first = client.get("/public?lang=en&theme=dark")
        assert '<html lang="en" data-theme="dark">' in first.text
        assert '<html lang="en" data-theme="dark">' in client.get("/public").text
        assert '<html lang="vi"' in client.get("/public?lang=vi").text
        assert '<html lang="vi" data-theme="dark">' in client.get("/public?lang=<x>&theme=evil").text


def test_links_keep_the_view_but_not_the_look(client) -> None:
    text = client.get("/gallery?q=hu%E1%BA%BF&lang=en&page=4").text
    assert 'href="/gallery?q=hu%E1%BA%BF&amp;page=5"' in text
    assert 'href="/gallery?q=hu%E1%BA%BF&amp;page=4&amp;lang=vi"' in text


@pytest.mark.parametrize("path", ["/console", "/a?b=c&d=%2F", "/"])
def test_local_addresses(path: str) -> None:
    assert local(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "a",
        "/a\r\nSet-Cookie: x",
        "\\\\e",
    ],
)
def test_other_addresses_are_not_followed(path: str) -> None:
    assert local(path, "/console") == "/console"


def test_a_forged_notice_is_ignored(client) -> None:
    for value in ("%%%", "bm90IGpzb24=", "eyJ0ZXh0IjogNX0="):
        assert client.get("/public", headers={"cookie": f"nhip_notice={value}"}).status_code == 200


@pytest.mark.parametrize(
    ("listing", "near", "span"),
    [
        (Listing(1, 50, 0), [1], (0, 0)),
        (Listing(1, 50, 50), [1], (1, 50)),
        (Listing(4, 50, 1000), [1, None, 3, 4, 5, None, 20], (151, 200)),
        (Listing(20, 50, 999), [1, None, 19, 20], (951, 999)),
    ],
)
def test_pages_of_a_list(listing: Listing, near: list[int | None], span: tuple[int, int]) -> None:
    assert listing.near == near
    assert (listing.first, listing.last) == span


def test_every_page_has_one_heading_and_no_inline_code(client) -> None:
    for path in ("/gallery", "/gallery/form", "/public", "/nothing"):
        text = client.get(path, headers={"accept": "text/html"}).text
        assert text.count("<h1>") == 1
        assert " style=" not in text
        assert "<script>" not in text
        assert " onclick=" not in text
