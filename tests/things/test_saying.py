"""Who says what a thing's page shows: its dataset, the value, the thing; else that it is not noted, and who may have written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.db.installation import Installation
from nhip.graph.document.expand import expand_entity
from nhip.graph.model import Operation
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.kernel.time import now
from nhip.security.programs.model import Limits
from nhip.security.programs.service import issue_key, list_keys, make_program
from nhip.security.programs.store import touch_credential
from nhip.testing.sector import signed_in_client
from nhip.things.keeping import bring_up_to_date
from nhip.things.words import city_context
from tests.things.town import A, Town

ONE = "/console/things/one"


@pytest.fixture
async def officer(city: Installation) -> AsyncIterator[AsyncTestClient[Litestar]]:
    async with signed_in_client(city) as client:
        client.headers.update({"Accept": "text/html"})
        yield client


async def write(graph: Graph, entity: dict[str, Any]) -> None:
    doc = expand_entity(entity, city_context())
    (outcome,) = await graph.write(DEFAULT_TENANT, [Operation(name="upsert-update", id=doc["id"], doc=doc)])
    assert outcome.error is None


async def voices(client: AsyncTestClient[Litestar], id: str) -> tuple[dict[str, str], str]:
    """Attribute -> who says it, as the page tells; and the page."""
    answer = await client.get(ONE, params={"id": id, "lang": "en"})
    assert answer.status_code == 200
    rows = answer.text.split("<tbody>")[1].split("</tbody>")[0].split("<tr>")[1:]
    cells = [[part.split(">", 1)[1].split("</td>")[0] for part in row.split("<td")[1:]] for row in rows]
    return {row[0]: row[4] for row in cells}, answer.text


async def test_a_row_of_a_dataset_and_what_was_written_over_it(
    city: Installation, graph: Graph, officer: AsyncTestClient[Litestar]
) -> None:
    town = await Town(city, graph).make()
    await town.deliver(A)
    await bring_up_to_date(city, graph, (await town.dataset()).id)
    id = f"urn:ngsi-ld:{town.kind}:A1"
    told, page = await voices(officer, id)
    assert all(f'href="/console/datasets/{town.name}"' in voice for voice in told.values()), told
    assert "A row of Cột mốc, version 1, is behind this thing" in page and "Who wrote what is not noted?" not in page
    await write(
        graph,
        {"id": id, "type": town.kind, "height": 99, "speed": {"type": "Property", "value": 1, "source": "Trạm bơm"}},
    )
    told, page = await voices(officer, id)
    assert "not noted" in told["height"], "what was written after the dataset is not the dataset's"
    assert "Trạm bơm" in told["Speed"] and town.name in told["Name"]
    assert "Who wrote what is not noted?" in page


async def test_what_a_thing_says_of_itself_holds_for_what_was_not_written_later(
    city: Installation, graph: Graph, officer: AsyncTestClient[Litestar]
) -> None:
    await write(graph, {"id": "urn:x:saying", "type": "Oddity", "speed": 1, "source": "urn:nhip:simulated"})
    told, _page = await voices(officer, "urn:x:saying")
    assert "a simulator" in told["Speed"]
    await write(graph, {"id": "urn:x:saying", "type": "Oddity", "speed": 2})
    told, _page = await voices(officer, "urn:x:saying")
    assert "not noted" in told["Speed"] and "a simulator" in told["Where it comes from"]


async def test_of_what_is_not_noted_the_keys_are_told_that_may_have_written_it(
    city: Installation, graph: Graph, officer: AsyncTestClient[Litestar]
) -> None:
    await write(graph, {"id": "urn:x:unsaid", "type": "Oddity", "speed": 1})
    assert "No key in force that may write was used since" in (await voices(officer, "urn:x:unsaid"))[1]
    async with city.db.tx() as tx:
        program = await make_program(tx, "Phần mềm đo mưa")
        for title, scope in (("ghi mưa", "graph.write"), ("chỉ đọc", "graph.read"), ("chưa dùng", "graph.write")):
            await issue_key(tx, program.id, title, Limits(scopes=(scope,), expires_at=now() + timedelta(days=1)))
        for key in await list_keys(tx, program.id):
            if key.title != "chưa dùng":
                await touch_credential(tx, key.id, "127.0.0.1")
    _told, page = await voices(officer, "urn:x:unsaid")
    assert "Phần mềm đo mưa" in page and "ghi mưa" in page and f"/console/admin/programs/{program.id}" in page
    assert "chỉ đọc" not in page and "chưa dùng" not in page, "who may not write, or did not, did not write it"
