"""HEAD tells what GET would answer, takes nothing and ends; each content type is told once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from litestar import Litestar, get
from litestar.response import Stream
from litestar.testing import AsyncTestClient, TestClient

from nhip.db.installation import Installation
from nhip.web.heads import Heads

Client = AsyncTestClient[Litestar]
HOME = "/dataset/tram-xe-buyt"
ANSWERS = (
    *("/", "/datasets", "/agencies", "/about-data", "/stories", "/data-requests", "/signin", "/robots.txt"),
    *("/sitemap.xml", "/openapi.json", "/changes.atom", "/catalog.ttl", "/catalog.jsonld", "/ledger/head"),
    *("/api/3/action/status_show", "/api/action/package_list", "/dataset/nothing", "/nothing"),
    *(HOME, f"{HOME}.ttl", f"{HOME}/rows", f"{HOME}/versions", f"{HOME}/versions/1", f"{HOME}/versions/1/cite.bib"),
    *(f"{HOME}/export.{form}" for form in ("csv", "xlsx", "json", "parquet", "geojson")),
)


@pytest.mark.parametrize("address", ANSWERS)
async def test_head_tells_what_get_would_answer(open_portal: Client, address: str) -> None:
    whole, head = await open_portal.get(address), await open_portal.head(address)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert head.headers["content-type"].count("charset") <= 1
    assert "content-encoding" in whole.headers or head.headers.get("content-length") in (None, str(len(whole.content)))


async def test_head_is_nobodys_download(open_portal: Client, shared_installation: Installation) -> None:
    async def downloads() -> int:
        async with shared_installation.db.read() as tx:
            return int((await (await tx.execute("select count(*) from portal.download")).fetchone() or (0,))[0])

    before = await downloads()
    for form in ("csv", "json", "parquet", "geojson"):
        await open_portal.head(f"{HOME}/export.{form}", headers={"User-Agent": "heads"})
    assert await downloads() == before


def test_head_of_a_stream_without_end_ends() -> None:
    ended = []

    async def for_ever() -> AsyncIterator[str]:
        try:
            while True:
                yield "still here\n"
        finally:
            ended.append(True)

    @get("/live")
    async def live() -> Stream:
        return Stream(for_ever(), media_type="text/event-stream")

    app = Litestar([live])
    app.asgi_handler = Heads(app.asgi_handler)
    with TestClient(app) as client:
        assert client.head("/live").status_code == 200
    assert ended
