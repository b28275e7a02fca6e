"""The embedded server: starting, sharing, surviving `kill -9`, keeping strangers out."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ctypes import CDLL
from itertools import count
from pathlib import Path
from time import monotonic

import psutil
import psycopg
import pytest

from nhip.db.embedded import EmbeddedServer
from nhip.db.errors import EmbeddedServerFailed
from nhip.db.keeper import kept_running
from nhip.testing.plugin import installation_folder


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with installation_folder() as made:
        yield made


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


@contextmanager
def orphans_stay() -> Iterator[None]:
    """As in a container without an init: whoever loses its parent comes to us, and we do not take notice of its end."""
    prctl, subreaper = CDLL(None).prctl, 36
    prctl(subreaper, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(subreaper, 0, 0, 0, 0)


def test_it_comes_back_after_kill_where_nobody_buries_the_dead(server: EmbeddedServer) -> None:
    with orphans_stay():
        server.start()
        pid = server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            os.sched_yield()
        assert not server.running()
        assert (server.data / "postmaster.pid").exists()
        assert answer(server.start()) == 42
        assert server.pid() != pid
        assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE, "it was there all the time"
        server.stop()
    for child in psutil.Process().children():
        if "postgres" in child.name() and child.status() == psutil.STATUS_ZOMBIE:
            os.waitpid(child.pid, 0)


def test_a_number_that_is_another_program_s_now_is_no_server(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
    assert not server.running()
    assert answer(server.start()) == 42


def test_strangers_are_kept_out(server: EmbeddedServer) -> None:
    server.start()
    assert stat.S_IMODE(server.password_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"postgresql://nhip:wrong@/postgres?host={server.sockets}")
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)


def test_a_first_start_that_was_killed_is_begun_anew() -> None:
    with installation_folder() as folder:
        server = EmbeddedServer(folder)
        child = subprocess.Popen(
            [sys.executable, "-c", f"from nhip.db.embedded import *; EmbeddedServer(Path({str(folder)!r})).start()"],
            start_new_session=True,
        )
        while not list(folder.rglob("PG_VERSION")):  # initdb writes it first
            assert child.poll() is None
            os.sched_yield()
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for left in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if left.name() in ("initdb", "postgres") and str(folder) in left.cwd():
                    left.kill()
        try:
            assert answer(server.start()) == 42
            assert not list(folder.glob(".new-cluster-*"))
        finally:
            server.stop()


def test_the_password_and_the_configuration_are_written_whole_or_not_at_all(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.start()
    server.stop()
    before = (server.data / "nhip.conf").read_text()
    with monkeypatch.context() as patch:
        patch.setattr("nhip.db.embedded.CONFIGURATION", before + "# more\n")
        patch.setattr("nhip.db.embedded.os.fsync", raising(OSError(errno.ENOSPC, "No space left on device")))
        with pytest.raises(OSError, match="No space left on device") as caught:
            server.start()
        assert caught.value.filename == str(server.data / "nhip.conf")
    assert (server.data / "nhip.conf").read_text() == before
    assert answer(server.start()) == 42


def test_what_went_wrong_is_said(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    control = server.data / "global" / "pg_control"
    whole = control.read_bytes()
    control.write_bytes(b"")
    with pytest.raises(EmbeddedServerFailed, match=r"FATAL|PANIC"):
        server.start()
    control.write_bytes(whole)
    assert answer(server.start()) == 42


def raising(error: Exception) -> Callable[..., None]:
    def function(*_arguments: object) -> None:
        raise error

    return function


def test_a_server_of_one_user_is_a_server(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    # as initdb and `postgres --single` write it
    (server.data / "postmaster.pid").write_text(f"-{os.getpid()}\n{server.data}\n")
    assert not server.running()
    assert answer(server.start()) == 42


def test_who_needs_it_has_it_running_again(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nhip.db.keeper._LOOK_S", 0.05)
    start, tries = server.start, count(1)

    def full_at_first() -> str:
        if next(tries) < 3:
            raise EmbeddedServerFailed(what="No space left on device", log="-")
        return start()

    url = start()
    monkeypatch.setattr(server, "start", full_at_first)
    with kept_running(server):
        pid = server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: server.pid() not in (None, pid))
    assert answer(url) == 42
    assert next(tries) == 4


def until(holds: Callable[[], bool]) -> None:
    end = monotonic() + 120
    while not holds():
        assert monotonic() < end
        os.sched_yield()
