"""Whose word an entity of a mirror is, said to who may see the entity alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from nhip.db import Database
from nhip.graph.contexts.service import Contexts
from nhip.graph.mirrors import store
from nhip.graph.mirrors.model import Known, Wanted
from nhip.graph.mirrors.service import Mirrors
from nhip.graph.model import Operation
from nhip.graph.query import narrowing
from nhip.graph.query.model import Name
from nhip.graph.query.narrowing import Asker, Clause, asking
from nhip.graph.service import Graph
from nhip.settings import Settings


async def test_where_an_entity_comes_from_is_told_to_who_may_see_it(
    graph: Graph, graph_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, ids = await graph.tenant("mirror-seen", create=True), ["urn:x:bus", "urn:x:tram"]
    docs = [{"id": id, "type": [f"urn:type:{id[6:]}"]} for id in ids]
    await graph.write(there, [Operation(name="create", id=doc["id"], doc=doc) for doc in docs])
    settings, db = Settings(data_dir=tmp_path), Database(graph_url, size=2)
    await db.open()
    mirrors = Mirrors(graph, db, Contexts(settings, db), settings, "http://here")
    async with db.tx() as tx:
        number = await store.add(tx, "seen", there, "http://peer.example/ngsi-ld/v1", "", Wanted(types=["Bus"]))
        assert number is not None
        known = Known("2026-11-22T00:00:00Z", 1, False, b"")
        await store.put_known(tx, number, 1, dict.fromkeys(ids, known))
    await mirrors.refresh()

    async def told() -> list[str]:
        return [one.id for one in await mirrors.provenance("seen", ids)]

    def narrow(asker: Asker) -> tuple[Clause, ...]:
        return (Clause(types=Name("urn:type:bus")),) if asker == Asker(there, "lan") else ()

    monkeypatch.setattr(narrowing, "narrowing", narrow)
    assert await told() == ids
    for who, seen in (("minh", ids), ("lan", ids[:1])):
        with asking(Asker(1, who)):
            assert await told() == seen, who
    await mirrors.close()
    await db.close()
