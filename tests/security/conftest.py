"""The town of the tests of rights, made once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.app import create_app
from nhip.db import Database, Objects
from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation
from nhip.security.permissions.service import ADMINISTRATOR
from nhip.settings import Settings
from tests.security.people import World
from tests.security.town import Town, build, client_of


@pytest.fixture(scope="session")
async def town(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    """One installation for all tests that only look; those that change it take care of what they change."""
    name = f"{template_database}_town"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template_database}" strategy file_copy')
    folder = tmp_path_factory.mktemp("town")
    settings = Settings(data_dir=folder, database_url=postgres.url(name), memory_mb=300)
    db = Database(settings.database_url, size=4)
    await db.open()
    yield await build(Installation(settings, db, Objects(folder / "objects")), folder)
    await db.close()
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')


@pytest.fixture(scope="session")
async def served(town: Town) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """The application over the town; its live streams end at once, so that they can be asked like any page."""
    app = create_app(town.installation.settings)
    async with client_of(app) as client:
        app.state.live.close()
        yield client


@pytest.fixture(scope="session")
async def emptied(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """One installation for all tests of signing in; `world` empties it for each."""
    name = f"{template_database}_people"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template_database}" strategy file_copy')
    folder = tmp_path_factory.mktemp("people")
    settings = Settings(data_dir=folder, database_url=postgres.url(name), memory_mb=300, second_factor="offered")
    db = Database(settings.database_url, size=6)
    await db.open()
    yield Installation(settings, db, Objects(folder / "objects"))
    await db.close()
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')


@pytest.fixture
async def empty_world(emptied: Installation) -> World:
    """The sign-in pages of an installation that nobody has set up."""
    world = World(emptied)
    await world.empty()
    return world


@pytest.fixture
async def world(empty_world: World) -> World:
    """The sign-in pages of an installation whose administrator is `root`."""
    await empty_world.person("root", ADMINISTRATOR)
    return empty_world
