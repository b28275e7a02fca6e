"""A small installation worth keeping, and an empty place to restore it into."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest

from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation
from nhip.security.secrets import Vault
from nhip.security.service import set_administrator_password
from nhip.settings import Settings
from tests.datasets.conftest import FIRST, SECOND, Deliver, deliver, schools

__all__ = ["deliver", "schools"]


_numbers = itertools.count()


class Kept(msgspec.Struct):
    """The installation with what a restored one must still know."""

    installation: Installation
    password: str
    sealed: bytes


@pytest.fixture
async def kept(installation: Installation, deliver: Deliver) -> AsyncIterator[Kept]:
    """Two versions, an administrator, a sealed secret."""
    await deliver(FIRST)
    await deliver(SECOND)
    async with installation.db.tx() as tx:
        password = await set_administrator_password(tx)
    yield Kept(installation, password, Vault(installation.settings).seal({"password": "mật-khẩu"}, "source:1"))


@pytest.fixture
def elsewhere(postgres: EmbeddedServer, tmp_path: Path) -> Iterator[Settings]:
    """Settings of an empty folder and an empty database."""
    name = f"restore_{os.getpid()}_{next(_numbers)}"  # of one server for all workers, in which tests have folders of one name
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    yield Settings(
        data_dir=tmp_path / "restored", database_url=postgres.url(name), memory_mb=500, second_factor="offered"
    )
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')
