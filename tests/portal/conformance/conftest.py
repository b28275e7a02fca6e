"""One served installation with the bus stops open, for all tests of a module: others' clients only read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from nhip.app import create_app
from nhip.db import Database, Objects
from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation
from nhip.portal.service import propose, publish
from nhip.security.service import set_administrator_password
from nhip.settings import Settings
from nhip.testing.serving import serving
from tests.portal.conftest import STOP_ROWS, STOPS, WORDS, _made


@pytest.fixture(scope="module")
async def address(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """The address of the server."""
    name, folder = f"{template_database}_readers", tmp_path_factory.mktemp("readers")
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template_database}" strategy file_copy')
    settings = Settings(data_dir=folder, database_url=postgres.url(name), memory_mb=300)
    db = Database(settings.database_url, size=2)
    await db.open()
    installation = Installation(settings, db, Objects(folder / "objects"))
    stops = await _made(installation, "tram-xe-buyt", "Trạm xe buýt", STOPS, STOP_ROWS, folder)
    await propose(installation, stops, treatment={}, **WORDS)
    await publish(installation, stops)
    async with db.tx() as tx:
        await set_administrator_password(tx)
    await db.close()
    async with serving(create_app(settings)) as url:
        yield url
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')
