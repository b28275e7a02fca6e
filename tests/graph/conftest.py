"""The graph on a database of its own, shared by the tests of a module; each test has a tenant of its own."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import psycopg
import pytest

from nhip.db.embedded import EmbeddedServer
from nhip.graph.service import Graph

_names = itertools.count()


@pytest.fixture(scope="module")
def graph_url(postgres: EmbeddedServer, template_database: str) -> str:
    """A database with the whole schema."""
    name = f"graph_{next(_names)}_{template_database}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template_database}" strategy file_copy')
    return postgres.url(name)


@pytest.fixture(scope="module")
async def graph(graph_url: str) -> AsyncIterator[Graph]:
    """A graph that is open."""
    made = Graph(graph_url)
    await made.open()
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def other(graph_url: str) -> AsyncIterator[Graph]:
    """As another process would be: of the same database, with a memory of its own."""
    made = Graph(graph_url)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def tenant(graph: Graph) -> int:
    """A tenant without entities."""
    return await graph.tenant(f"t{next(_names)}", create=True)
