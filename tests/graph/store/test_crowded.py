"""A server that takes no more connections is away for a moment: nobody's work ends for good, clients are told to come again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest

from nhip.db import Database
from nhip.db.embedded import EmbeddedServer
from nhip.errors import DatabaseAway
from nhip.graph import links
from nhip.graph.contexts.service import Contexts
from nhip.graph.links import Link
from nhip.graph.mirrors import service as mirrors
from nhip.graph.service import Graph
from nhip.settings import Settings


async def test_a_server_that_is_full_is_away(
    postgres: EmbeddedServer, graph_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("create role few login connection limit 1 password 'few'")
    monkeypatch.setattr(links, "_PAUSES_S", (0.01,))
    _user, _at, place = graph_url.rpartition("@")
    one, other = (Link(f"postgresql://few:few@{place}", generic_plans=False) for _ in range(2))
    try:
        assert (await one.fetch("select 1"))[0][0] == 1
        with pytest.raises(DatabaseAway):
            await other.fetch("select 1")
    finally:
        await one.close()
        await other.close()
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            connection.execute("drop role few")


async def test_mirrors_are_looked_after_again_whatever_went_wrong(
    graph_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "TURN_S", 0.01)
    db, graph, settings = Database(graph_url, size=1), Graph(graph_url), Settings(data_dir=tmp_path)
    await db.open()
    kept = mirrors.Mirrors(graph, db, Contexts(settings, db), settings, "http://here.example")
    await kept.open()
    turns, again = [], asyncio.Event()

    async def refresh() -> None:
        turns.append(len(turns))
        if len(turns) == 1:
            raise ZeroDivisionError
        again.set()

    monkeypatch.setattr(kept, "refresh", refresh)
    try:
        async with asyncio.timeout(60):
            await again.wait()
    finally:
        await kept.close()
        await graph.close()
        await db.close()
