"""Databases of nodes: made by serving, never by a slip of the pen; any name that is letters, digits and `_`."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import psycopg
import pytest

from nhip.db.embedded import EmbeddedServer
from nhip.errors import BadInput
from nhip.graph.nodes import NodeMissing, known_node, list_nodes, node_database
from nhip.graph.service import Graph


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
