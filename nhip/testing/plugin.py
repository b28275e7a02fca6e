"""Pytest fixtures: a real PostgreSQL, an empty installation a test, the real files beside the checkout, a held clock."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psycopg
import pytest

from nhip.db import Database, Objects
from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation
from nhip.settings import Settings

_count = itertools.count()
_lightened: list[bool] = []


def pytest_runtest_setup() -> None:
    """Lighten the web application as soon as a test has imported it; a run without pages does not."""
    if not _lightened and "nhip.web.app" in sys.modules:
        _lighten()


def _lighten() -> None:
    from nhip.testing.light import lighten

    _lightened.append(True)
    lighten()


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedServer]:
    """One embedded server for the run, shared by all workers of pytest-xdist; its folder goes with its last user.

    Not in pytest's own temporary folder: a later run removes that while this one may still go on.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    server = EmbeddedServer(Path(tempfile.gettempdir()) / f"nhip-test-{run}")
    with psycopg.connect(server.start(), autocommit=True) as connection:
        connection.execute(
            "alter system set fsync = off"
        )  # no test cuts the power; databases come and go by the hundred
        connection.execute("select pg_reload_conf()")
    yield server
    server.stop()
    if not server.running():
        shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template_database(postgres: EmbeddedServer) -> str:
    """Name of a database that holds the whole migrated schema; tests get copies of it."""
    from nhip.parts import prepare_database

    if not _lightened:
        _lighten()
    name = f"template_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}"')

    async def fill() -> None:
        db = Database(postgres.url(name), size=2)
        await db.open()
        await prepare_database(db)
        await db.close()

    asyncio.run(fill())
    return name


@contextmanager
def copied_database(postgres: EmbeddedServer, template_database: str) -> Iterator[str]:
    """URL of a fresh database with the whole schema; files are copied, as that takes a tenth of the time of logged pages."""
    name = f"{template_database}_{next(_count)}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template_database}" strategy file_copy')
    yield postgres.url(name)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')


@contextmanager
def empty_settings(database_url: str) -> Iterator[Settings]:
    """Settings of an empty installation in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="nhip-test-"))
    yield Settings(data_dir=folder, database_url=database_url, memory_mb=500, second_factor="offered")
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def opened_installation(settings: Settings) -> AsyncIterator[Installation]:
    """The installation of `settings`, opened."""
    db = Database(settings.database_url, size=4)
    await db.open()
    yield Installation(settings, db, Objects(settings.data_dir / "objects"))
    await db.close()


@pytest.fixture
def database_url(postgres: EmbeddedServer, template_database: str) -> Iterator[str]:
    """URL of a fresh database with the whole schema."""
    with copied_database(postgres, template_database) as url:
        yield url


@pytest.fixture
def settings(database_url: str) -> Iterator[Settings]:
    """Settings of an empty installation."""
    with empty_settings(database_url) as made:
        yield made


@pytest.fixture
async def installation(settings: Settings) -> AsyncIterator[Installation]:
    """An empty installation, opened."""
    async with opened_installation(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
async def shared_installation(postgres: EmbeddedServer, template_database: str) -> AsyncIterator[Installation]:
    """An installation that the tests of a module share: filled by fixtures of the module, only read by tests."""
    with copied_database(postgres, template_database) as url, empty_settings(url) as made:
        async with opened_installation(made) as opened:
            yield opened


@pytest.fixture
def whole_hashing() -> Iterator[None]:
    """Passwords cost what they cost everywhere else."""
    from nhip.testing import light

    with light.whole_hashing():
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real files that are not part of the project; the test skips where it is absent."""
    folder = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real files (shared/data beside the checkout) are not here")
    return folder
