"""What is kept for all strangers: true to the commit, nobody's, and the same as what would be made."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.datasets.store import get_dataset
from nhip.db.installation import Installation
from nhip.portal import service
from nhip.portal.epoch import Epoch
from nhip.portal.keeping import ANSWERS
from nhip.portal.model import Entry
from nhip.testing.sector import signed_in_client
from tests.portal.filling import change, fill

Client = AsyncTestClient[Litestar]
INNER = {
    "download", "national", "registration", "epoch", "decision", "refusal", "publication", "proposal", "subscription", "mail",
    "word", "examination", "read_day",
}  # fmt: skip
"""Tables of which the public is told nothing."""


@pytest.fixture
async def stop(installation: Installation) -> Entry:
    """An open dataset."""
    (entry,) = await fill(installation, 1, stem="tram", title="Trạm xe buýt")
    return entry


def _hits() -> float:
    return sum(n for (_suffix, labels), n in ANSWERS.samples.items() if ("kept", "hit") in labels)


async def test_every_table_that_is_shown_counts(installation: Installation) -> None:
    async with installation.db.read() as tx:
        asked = "select tablename from pg_tables where schemaname = 'portal'"
        tables = {row[0] for row in await (await tx.execute(asked)).fetchall()}
        asked = "select tgrelid::regclass::text from pg_trigger where tgname = 'next_epoch'"
        counted = {row[0].removeprefix("portal.") for row in await (await tx.execute(asked)).fetchall()}
    assert counted == tables - INNER


async def test_the_number_grows_once_with_each_commit_and_with_nothing_else(installation: Installation) -> None:
    epoch = Epoch(installation.db)
    entries = await fill(installation, 2)
    first = await epoch.now()
    async with installation.db.tx() as tx:
        for entry in entries:
            await change(tx, entry, title="Khác")
        assert await epoch.now() == first
    assert await epoch.now() == first + 1 == await epoch.now()
    many = await asyncio.gather(*(epoch.now() for _reader in range(50)))
    assert set(many) == {first + 1}


async def test_kept_answers_are_those_that_would_be_made(portal: Client, stop: Entry) -> None:
    for path in ("/datasets?q=xe", "/dataset/tram-0", "/dataset/tram-0/rows", "/api/3/action/package_list"):
        made, hits = await portal.get(path), _hits()
        kept = await portal.get(path)
        assert kept.status_code == 200 and kept.content == made.content and _hits() == hits + 1, path
        same = (
            "content-type",
            "etag",
            "cache-control",
            "vary",
            "content-security-policy",
            "access-control-allow-origin",
        )
        assert [kept.headers.get(name) for name in same] == [made.headers.get(name) for name in same]
        assert "no-cache" in kept.headers["cache-control"]
        again = await portal.get(path, headers={"If-None-Match": kept.headers["etag"]})
        assert again.status_code == 304 and again.content == b"" and "content-type" not in again.headers
        plain = await portal.get(path, headers={"Accept-Encoding": "identity"})
        assert plain.content == made.content and "content-encoding" not in plain.headers


async def test_language_look_and_form_have_answers_of_their_own(portal: Client, stop: Entry) -> None:
    async def asked(path: str = "/dataset/tram-0", **headers: str) -> Any:
        portal.cookies.clear()
        return await portal.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    for _again in range(2):
        assert 'lang="vi"' in (await asked(accept="text/html")).text
        assert 'lang="en"' in (await asked(accept="text/html", accept_language="en-GB")).text
        assert 'lang="en"' in (await asked(accept="text/html", cookie="nhip_lang=en")).text
        chosen = await asked("/dataset/tram-0?lang=en", accept="text/html")
        assert 'lang="en"' in chosen.text and "nhip_lang=en" in chosen.headers["set-cookie"]
        assert "text/turtle" in (await asked(accept="text/turtle")).headers["content-type"]
        assert (await asked(accept="text/html", host="localhost")).status_code == 200


async def test_a_change_a_recall_and_a_withdrawal_are_seen_with_their_commit(
    installation: Installation, portal: Client, stop: Entry
) -> None:
    async def statuses() -> list[int]:
        paths = ("/dataset/tram-0", "/dataset/tram-0/rows", "/api/3/action/package_show?id=tram-0")
        return [(await portal.get(path)).status_code for path in paths]

    for _again in range(3):
        assert await statuses() == [200] * 3
        assert "Trạm xe buýt" in (await portal.get("/datasets")).text
    async with installation.db.tx() as tx:
        await service.withdraw(tx, await get_dataset(tx, "tram-0"), "Không còn đúng")
        assert await statuses() == [200] * 3, "not before the commit"
    assert await statuses() == [410] * 3 == await statuses()
    assert "Trạm xe buýt" not in (await portal.get("/datasets")).text


async def test_who_is_signed_in_gets_and_leaves_nothing(installation: Installation, stop: Entry) -> None:
    async with signed_in_client(installation) as client:
        hits = _hits()
        for _again in range(2):
            page = await client.get("/dataset/tram-0", headers={"Accept": "text/html"})
            assert page.status_code == 200 and page.headers["cache-control"] == "private, no-store"
        assert _hits() == hits
        client.cookies.clear()
        for _again in range(2):
            stranger = await client.get("/dataset/tram-0", headers={"Accept": "text/html"})
        assert stranger.headers["cache-control"] == "public, no-cache" and _hits() == hits + 1
        assert "/signout" in page.text and "/signout" not in stranger.text
        with_key = await client.get("/dataset/tram-0", headers={"Authorization": "Bearer x", "Accept": "text/html"})
        assert with_key.headers["cache-control"] == "private, no-store" and _hits() == hits + 1


async def test_a_hundred_at_once_are_served_by_one_answer(portal: Client, stop: Entry) -> None:
    hits = _hits()
    answers = await asyncio.gather(*(portal.get("/datasets?q=tram") for _reader in range(40)))
    assert {answer.status_code for answer in answers} == {200} and len({answer.content for answer in answers}) == 1
    assert _hits() == hits + 39
