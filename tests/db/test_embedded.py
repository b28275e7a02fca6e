"""The embedded server: starting, sharing, surviving `kill -9`, keeping strangers out."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from nhip.db.embedded import EmbeddedServer


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="nhip-pg-") as name:
        yield Path(name)


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedServer]:
    found = EmbeddedServer(folder)
    yield found
    found.stop()


def answer(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("select 42").fetchone()
    assert row is not None
    return int(row[0])


def test_it_starts_answers_and_stops(server: EmbeddedServer) -> None:
    assert answer(server.start()) == 42
    server.stop()
    assert not server.running()


def test_the_last_user_stops_it(server: EmbeddedServer, folder: Path) -> None:
    other = EmbeddedServer(folder)
    server.start()
    other.start()
    server.stop()
    assert answer(other.url()) == 42
    other.stop()
    assert not other.running()


def test_it_comes_back_after_kill_with_what_was_committed(server: EmbeddedServer) -> None:
    with psycopg.connect(server.start()) as connection:
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept values (7)")
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while server.running():
        os.sched_yield()
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)


def test_strangers_are_kept_out(server: EmbeddedServer) -> None:
    server.start()
    assert stat.S_IMODE(server.password_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"postgresql://nhip:wrong@/postgres?host={server.sockets}")
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
