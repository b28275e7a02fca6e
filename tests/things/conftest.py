"""A running city on a port of its own, and a program's key to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import NamedTuple

import pytest

from nhip.app import create_app
from nhip.datasets.catalogue import put_agency
from nhip.db import Database, Objects
from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation
from nhip.graph.service import Graph
from nhip.kernel.time import now
from nhip.security.programs.model import Limits
from nhip.security.programs.service import issue_key, make_program
from nhip.settings import Settings
from nhip.testing.plugin import copied_database
from nhip.testing.serving import free_port, serving


class Running(NamedTuple):
    """The server's address, a key that reads and writes things, the installation behind it."""

    address: str
    key: str
    installation: Installation


@pytest.fixture(scope="module")
async def city(shared_installation: Installation) -> Installation:
    async with shared_installation.db.tx() as tx:
        await put_agency(tx, "000.01.10.H57", "Sở Mẫu")
    return shared_installation


@pytest.fixture(scope="module")
async def graph(city: Installation) -> AsyncIterator[Graph]:
    made = Graph(city.settings.database_url)
    await made.open()
    yield made
    await made.close()


@pytest.fixture(scope="package")
async def running(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    folder, port = tmp_path_factory.mktemp("running"), free_port()
    with copied_database(postgres, template_database) as url:
        settings = Settings(
            data_dir=folder, database_url=url, memory_mb=300, port=port, outgoing_private="127.0.0.0/8",
            requests_per_minute=0, heavy_per_minute=0, second_factor="offered",
        )  # fmt: skip
        db = Database(settings.database_url, size=2)
        await db.open()
        async with db.tx() as tx:
            program = await make_program(tx, "Phần mềm thử")
            limits = Limits(
                scopes=("graph.read", "graph.write"), expires_at=now() + timedelta(days=1), per_minute=100_000,
                per_day=10_000_000,
            )  # fmt: skip
            key = (await issue_key(tx, program.id, "test", limits)).text
        async with serving(create_app(settings), port) as address:
            yield Running(address, key, Installation(settings, db, Objects(folder / "objects")))
        await db.close()
