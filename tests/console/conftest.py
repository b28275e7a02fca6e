"""The small city of the browser tests, without a browser, and the two who ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.app import create_app
from nhip.db import Database, Objects
from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation
from nhip.security.service import set_administrator_password
from nhip.settings import Settings
from nhip.testing.sector import signed_in_client
from tests.e2e import sample


@pytest.fixture(scope="session")
async def city(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """Six datasets of two agencies, one of them delivered; one installation for all tests of this folder."""
    name = f"{template_database}_console"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template_database}" strategy file_copy')
    folder = tmp_path_factory.mktemp("console")
    settings = Settings(data_dir=folder, database_url=postgres.url(name), memory_mb=300, second_factor="offered")
    db = Database(settings.database_url, size=4)
    await db.open()
    installation = Installation(settings, db, Objects(folder / "objects"))
    async with db.tx() as tx:
        await set_administrator_password(tx)
    await sample.make(installation)
    for filename, body in sample.DELIVERIES["truong-hoc"]:
        await sample.deliver(installation, "truong-hoc", folder / Path(filename), body)
    yield installation
    await db.close()
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')


@pytest.fixture
async def stranger(city: Installation) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """A client that is not signed in."""
    async with AsyncTestClient(create_app(city.settings), base_url="http://testserver.local") as client:
        yield client


@pytest.fixture
async def officer(city: Installation) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """A client that is signed in, holds every role that opens pages, and asks for pages."""
    async with signed_in_client(city) as client:
        await sample.give_every_page(city)
        client.headers.update({"Accept": "text/html"})
        yield client
