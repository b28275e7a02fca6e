"""`nhip keys` seals the secrets of nodes anew too, and touches nothing that it cannot open."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import psycopg
from click.testing import CliRunner
from psycopg import sql

from nhip.db.installation import Installation
from nhip.graph.nodes import PREFIX, list_nodes, node_database, node_url
from nhip.graph.subscriptions.sealing import Sealing
from nhip.key_commands import keys
from nhip.security.secrets import Vault
from nhip.settings import Settings

NODE = "keys_of_nodes"
TOLD = {"receiverInfo": [{"key": "Authorization", "value": "Bearer x"}]}


def _sealed(url: str) -> dict[str, bytes]:
    with psycopg.connect(node_url(url, NODE)) as connection:
        return dict(connection.execute("select id, sealed from graph.sub").fetchall())


async def _node(url: str, vaults: dict[str, Vault]) -> None:
    """A node with a subscription for each vault."""
    made = await node_database(url, NODE)
    with psycopg.connect(made) as connection:
        for id, vault in vaults.items():
            values = [id, orjson.dumps({}).decode(), Sealing(vault, "graph.sub").seal(1, id, TOLD)]
            connection.execute("insert into graph.sub (tenant, id, doc, sealed) values (1, %s, %s, %s)", values)


async def test_a_new_key_is_for_nodes_too(shared_installation: Installation, tmp_path: Path) -> None:
    settings = shared_installation.settings
    url, vault = settings.database_url, Vault(settings)
    await _node(url, {"urn:x:ours": vault, "urn:x:theirs": Vault(Settings(data_dir=tmp_path))})
    try:
        assert NODE in await list_nodes(url)
        before = _sealed(url)
        await _keys(settings, "rotate")
        rotated = _sealed(url)
        assert rotated["urn:x:ours"] != before["urn:x:ours"] and rotated["urn:x:theirs"] == before["urn:x:theirs"]
        told = await _keys(settings, "forget")
        assert f"node {NODE}: 1 secrets open with none of the keys here" in told
        assert _sealed(url) == rotated
        assert Sealing(vault, "graph.sub").open_(1, "urn:x:ours", rotated["urn:x:ours"]) == TOLD
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(PREFIX + NODE)))


async def _keys(settings: Settings, word: str) -> str:
    done = await asyncio.to_thread(CliRunner().invoke, keys, [word], obj=settings, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output
