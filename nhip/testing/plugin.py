"""Pytest fixtures: a real PostgreSQL, an empty installation a test, the real files beside the checkout, a held clock."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path

import psutil
import psycopg
import pytest

from nhip.db import Database, Objects
from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation
from nhip.settings import Settings

MEMORY = Path("/dev/shm")  # noqa: S108  the kernel's own place for files in memory
SERVERS = "nhip-test-pg-"
FOLDERS = "nhip-test-of-"
LEFT_S = 3600
"""After so long the folder of a server that nobody uses is one that was left behind."""
UNSAFE = ("fsync = off", "full_page_writes = off", "autovacuum_naptime = '1min'")
"""No test cuts the power of this server; databases come and go by the hundred, sooner than they have to be tidied."""
CONNECTIONS = 600
"""Installations that all tests of a worker share stay open to its end: some 150 connections where it meets them all."""
_count = itertools.count()
_lightened: list[bool] = []


def pytest_configure() -> None:
    """Let Python keep what it compiles, here and in the hundreds of processes that tests start, also where it is told not to."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_collection_finish() -> None:
    """What was imported and collected stays: do not look through it for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_collectstart() -> None:
    """Modules that list the routes make the application when they are collected."""
    _lighten_pages()


def pytest_runtest_setup() -> None:
    """What a test's own fixtures may have imported."""
    _lighten_pages()


def _lighten_pages() -> None:
    """Lighten the web application as soon as something has imported it; a run without pages does not."""
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
    for left in place().glob(f"{SERVERS}*"):
        if time.time() - left.stat().st_mtime > LEFT_S:
            _clear(EmbeddedServer(left))
    server = EmbeddedServer(place() / f"{SERVERS}{run}", CONNECTIONS)
    with psycopg.connect(server.start(), autocommit=True) as connection:
        for setting in UNSAFE:
            connection.execute(f"alter system set {setting}")
        connection.execute("select pg_reload_conf()")
    yield server
    server.stop()
    if not server.running():
        shutil.rmtree(server.folder, ignore_errors=True)


@cache
def place() -> Path:
    """Where installations of tests lie: in memory where there is room. A database is a thousand small files, and on a disk each
    commit waits for it."""
    there = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 3 << 30 and psutil.virtual_memory().available > 4 << 30
    return MEMORY if there else Path(tempfile.gettempdir())


@contextmanager
def installation_folder() -> Iterator[Path]:
    """A folder for an installation that lives as long as the block; what runs that were killed left behind goes too."""
    for left in place().glob(f"{FOLDERS}*"):
        owner = left.name.removeprefix(FOLDERS).partition("-")[0]
        if not (owner.isdecimal() and psutil.pid_exists(int(owner))) and time.time() - left.stat().st_mtime > LEFT_S:
            _clear(EmbeddedServer(left / "postgres"))
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDERS}{os.getpid()}-", dir=place()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clear(server: EmbeddedServer) -> None:
    """Remove what a run that was killed has left behind; a server that somebody else uses stays."""
    if server.running():
        server.start()
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
    with installation_folder() as folder:
        yield Settings(data_dir=folder, database_url=database_url, memory_mb=500, second_factor="offered")


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
