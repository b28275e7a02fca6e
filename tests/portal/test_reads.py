"""Who read rows by a program is in the list of takers; strangers are a number."""

from __future__ import annotations

import psycopg
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.datasets.records import Dataset
from nhip.db.installation import Installation
from nhip.portal.ckan.ids import resource_id
from nhip.portal.reads import Reads, list_readers
from nhip.testing.sector import signed_in_client

Client = AsyncTestClient[Litestar]


async def _readers(installation: Installation, dataset: Dataset) -> list[tuple[str, bool, int]]:
    async with installation.db.read() as tx:
        return [(r.form, r.party != "", r.reads) for r in await list_readers(tx, dataset.id, 1)]


async def test_strangers_are_counted_also_where_the_answer_was_kept(
    installation: Installation, open_stops: Dataset, portal: Client
) -> None:
    reads: Reads = portal.app.state.reads
    for _time in range(3):
        answer = await portal.get("/dataset/tram-xe-buyt/rows?ma=T01")
        assert answer.status_code == 200
    held = {"If-None-Match": answer.headers["etag"]}
    assert (await portal.get("/dataset/tram-xe-buyt/rows?ma=T01", headers=held)).status_code == 304
    resource = resource_id(open_stops.id, "csv")
    for _time in range(2):
        assert (await portal.get(f"/api/3/action/datastore_search?resource_id={resource}")).status_code == 200
    assert (await portal.get("/dataset/tram-xe-buyt/rows?nothing=1")).status_code == 400
    assert await _readers(installation, open_stops) == [], "nothing is written with a read"
    await reads.flush()
    assert await _readers(installation, open_stops) == [("datastore_search", False, 2), ("rows", False, 3)]
    await reads.flush()
    assert await _readers(installation, open_stops) == [("datastore_search", False, 2), ("rows", False, 3)]


async def test_who_is_signed_in_is_named_once_a_day_when_the_program_ends(
    installation: Installation, open_stops: Dataset
) -> None:
    async with signed_in_client(installation) as client:
        for _time in range(2):
            assert (await client.get("/dataset/tram-xe-buyt/rows")).status_code == 200
    assert await _readers(installation, open_stops) == [("rows", True, 2)]


async def test_what_could_not_be_written_is_written_later(
    installation: Installation, open_stops: Dataset, portal: Client
) -> None:
    reads: Reads = portal.app.state.reads
    await portal.get("/dataset/tram-xe-buyt/rows")
    async with installation.db.tx() as tx:
        await tx.execute("alter table portal.read_day rename to elsewhere")
    with pytest.raises(psycopg.Error):
        await reads.flush()
    async with installation.db.tx() as tx:
        await tx.execute("alter table portal.elsewhere rename to read_day")
    await portal.get("/dataset/tram-xe-buyt/rows")
    await reads.flush()
    assert await _readers(installation, open_stops) == [("rows", False, 2)]
