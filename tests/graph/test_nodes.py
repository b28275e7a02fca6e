"""Databases of nodes: made by serving, never by a slip of the pen; any name that is letters, digits and `_`."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from click.testing import CliRunner

from nhip.db.embedded import EmbeddedServer
from nhip.errors import BadInput
from nhip.graph.nodes import (
    NodeMissing,
    NodeServed,
    NodeThere,
    known_node,
    list_nodes,
    new_node,
    node_database,
    node_url,
    remove_node,
)
from nhip.graph.service import Graph
from nhip.graph_nodes import NotRestored, nodes
from nhip.settings import Settings


async def test_a_slip_of_the_pen_makes_no_node(postgres: EmbeddedServer) -> None:
    url, name = postgres.url(), f"slip_{os.getpid()}"
    with pytest.raises(NodeMissing) as told:
        await known_node(url, name)
    assert name in str(told.value) and name not in await list_nodes(url)
    assert await known_node(url, "") == url
    for wrong in ("đà nẵng", "a/b", "a;drop", "a-b"):
        with pytest.raises(BadInput):
            await node_database(url, wrong)


async def test_a_node_may_be_called_as_the_city_is(postgres: EmbeddedServer) -> None:
    """With its marks, in any case of letters; the graph opens it by its URL."""
    url, name = postgres.url(), f"Huế_{os.getpid()}"
    made = await node_database(url, name)
    try:
        assert await known_node(url, name.upper()) == made
        graph = Graph(made)
        await graph.open()
        await graph.close()
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'drop database "{urlsplit(made).path[1:]}" with (force)')


async def test_a_node_ends_with_all_that_it_holds_but_not_while_it_is_served(
    postgres: EmbeddedServer, tmp_path: Path
) -> None:
    url, name = postgres.url(), f"ends_{os.getpid()}"
    settings = Settings(data_dir=tmp_path, database_url=url)
    graph = Graph(await node_database(url, name))
    await graph.open()
    try:
        assert await _listed(settings, name) is True
        with pytest.raises(NodeServed):
            await remove_node(url, name)
        assert name in await list_nodes(url)
    finally:
        await graph.close()
    async with asyncio.timeout(60):
        while await _listed(settings, name):  # PostgreSQL takes a moment to see that its clients left
            await asyncio.sleep(0.05)
    done = await _nodes(settings, "remove", name.upper())
    assert done == f"{name.upper()}: removed\n" and name not in await list_nodes(url)
    with pytest.raises(NodeMissing):
        await remove_node(url, name)


async def _listed(settings: Settings, name: str) -> bool:
    """Whether the node is served, as the command tells."""
    found = {one["node"]: one for one in json.loads(await _nodes(settings, "list", "--json"))}
    assert found[name]["size"] > 1_000_000 and name in await _nodes(settings, "list")
    return bool(found[name]["served"])


async def _nodes(settings: Settings, *words: str) -> str:
    done = await asyncio.to_thread(CliRunner().invoke, nodes, words, obj=settings)
    assert done.exit_code == 0, done.exception
    return done.output


async def test_a_node_is_saved_and_restored_under_another_name(postgres: EmbeddedServer, tmp_path: Path) -> None:
    url, name = postgres.url(), f"saved_{os.getpid()}"
    settings, again, dump = Settings(data_dir=tmp_path, database_url=url), f"{name}_again", tmp_path / "node.dump"
    with psycopg.connect(await node_database(url, name), autocommit=True) as connection:
        connection.execute("create table kept as select 7 as number")
    try:
        assert f"{name}: saved" in await _nodes(settings, "save", name, str(dump))
        assert dump.stat().st_mode & 0o077 == 0 and [file.name for file in tmp_path.iterdir()] == [dump.name]
        assert await _nodes(settings, "restore", str(dump), again) == f"{again}: restored\n"
        with psycopg.connect(node_url(url, again)) as connection:
            assert connection.execute("select number from kept").fetchall() == [(7,)]
        with pytest.raises(NodeThere):
            await new_node(url, again)
        dump.write_bytes(b"no dump")
        failed = await asyncio.to_thread(CliRunner().invoke, nodes, ["restore", str(dump), f"{name}_no"], obj=settings)
        assert isinstance(failed.exception, NotRestored) and f"{name}_no" not in await list_nodes(url)
    finally:
        await _nodes(settings, "remove", name, *([again] if again in await list_nodes(url) else []))
