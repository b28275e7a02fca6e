"""The open datasets of a loaded city as other catalogues judge them: SEMIC's shapes by pyshacl, points of the MQA."""

from __future__ import annotations

import msgspec
from litestar.testing import AsyncTestClient

from nhip.app import create_app
from nhip.db.installation import opened
from nhip.portal.dcat.reach import ask_due
from nhip.portal.dcat.service import look_at_due
from nhip.portal.search import list_addresses, list_entries
from nhip.settings import Settings
from tests.portal.dcat.samples import judged, read


class Judged(msgspec.Struct, frozen=True):
    """Name -> points, and name -> broken shapes where there are any."""

    points: dict[str, int]
    broken: dict[str, list[str]]


async def judge(settings: Settings) -> Judged:
    """Look at every release, ask every address, then judge what is served."""
    async with opened(settings, pool_size=2) as installation:
        await look_at_due(installation)
        async with AsyncTestClient(create_app(settings), base_url="http://testserver.local") as client:

            async def ask(method: str, path: str) -> int:
                return (await client.request(method, path, headers={"Accept": "text/html"})).status_code

            while await ask_due(installation, ask):
                pass
            async with installation.db.read() as tx:
                names = [one.name for one in await list_addresses(tx)]
                cursor = await tx.execute("select dataset_id::text from portal.entry")
                entries = await list_entries(tx, [row[0] for row in await cursor.fetchall()])
            found = {name: judged(read((await client.get(f"/dataset/{name}.ttl")).content, "ttl")) for name in names}
    broken = {name: [str(one) for one in violations] for name, violations in found.items() if violations}
    return Judged({entry.name: entry.score for entry in entries}, broken)
