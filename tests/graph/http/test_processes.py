"""A node's processes: their end, their deaths, how connections spread."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from nhip.db.embedded import EmbeddedServer
from nhip.errors import CannotListen, PortTaken
from nhip.graph.http.serving import listening, run
from nhip.testing.serving import free_port
from tests.graph.http.conftest import everything, parsed, request
from tests.graph.mirrors.conftest import City, until

PAIR = 2


@pytest.fixture
def away(tmp_path: Path) -> Path:
    """While it is there no process can start."""
    return tmp_path / "away"


@pytest.fixture
def pair(away: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Port and first process of two that serve."""
    port = free_port()
    code = (
        f"from nhip.graph.http.serving import run; run('tests.graph.http.telling:create', '127.0.0.1', {port}, {PAIR})"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        start_new_session=True,
        env={**os.environ, "TELLING_AWAY": str(away)},
    )
    until(lambda: len(set(spread(port, 16))) == PAIR, "both answering")
    yield port, started
    if started.poll() is None:
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def spread(port: int, count: int) -> list[int]:
    """Which processes answer on so many connections, all open at the same time."""
    try:
        peers = [socket.create_connection(("127.0.0.1", port), 20) for _n in range(count)]
        for peer in peers:
            peer.sendall(request("/"))
        found = [int(parsed(peer.recv(4096))[0][2]) for peer in peers]
    except OSError:
        return []
    for peer in peers:
        peer.close()
    return found


def alive(process: int) -> bool:
    """Whether it runs."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def test_connections_spread_and_deaths_are_made_good(pair: tuple[int, subprocess.Popen[bytes]]) -> None:
    port, started = pair
    counts = Counter(spread(port, 200))
    assert len(counts) == PAIR and min(counts.values()) > 60, counts
    died = min(counts)
    os.kill(died, signal.SIGKILL)
    until(lambda: len(now := set(spread(port, 16))) == PAIR and died not in now, "another in its place")
    now = set(spread(port, 64))
    started.terminate()
    assert started.wait(60) == 0 and not any(map(alive, now))


def test_one_that_cannot_start_for_now_does_not_end_the_others(
    pair: tuple[int, subprocess.Popen[bytes]], away: Path
) -> None:
    port, started = pair
    before = set(spread(port, 64))
    away.touch()
    died, stays = before
    os.kill(died, signal.SIGKILL)
    seen: set[int] = set()

    def tried_twice() -> bool:
        for child in psutil.Process(started.pid).children():
            with suppress(psutil.Error):  # it has ended meanwhile
                if "spawn_main" in " ".join(child.cmdline()):
                    seen.add(child.pid)
        return len(seen - before) > 1

    until(tried_twice, "two tries to start another")
    assert started.poll() is None and alive(stays)
    away.unlink()
    until(lambda: len(now := set(spread(port, 16))) == PAIR and stays in now, "another in its place")


def test_none_stays_behind_when_the_first_is_killed(pair: tuple[int, subprocess.Popen[bytes]]) -> None:
    port, started = pair
    both = set(spread(port, 16))
    started.kill()
    until(lambda: not any(map(alive, both)), "their end")


def test_an_address_that_is_taken() -> None:
    for shared in (False, True):
        with listening("127.0.0.1", 0, shared=shared) as taken:
            taken.listen()
            with pytest.raises(PortTaken):
                run("tests.graph.http.telling:create", "127.0.0.1", taken.getsockname()[1], PAIR)
    for elsewhere in ("192.0.2.1", "no-such-host.invalid"):
        with pytest.raises(CannotListen):
            run("tests.graph.http.telling:create", elsewhere, 9090, PAIR)


def test_a_write_under_way_is_answered_and_kept_when_the_node_is_told_to_end(
    postgres: EmbeddedServer, tmp_path: Path
) -> None:
    city = City(f"ending_{os.getpid()}", postgres.url(), tmp_path)
    city.start()
    database = postgres.url(f"nhip_node_{city.name}")
    port = int(city.url.rpartition(":")[2])
    body = b'{"id": "urn:x:lamp:1", "type": "Lamp"}'
    sent = request("/ngsi-ld/v1/entities", "Content-Type: application/json", method="POST", body=body)
    try:
        with psycopg.connect(database) as connection, socket.create_connection(("127.0.0.1", port), 30) as peer:
            connection.execute("lock table graph.entity in share mode")
            peer.sendall(sent)
            waiting = "select 1 from pg_locks where not granted and relation = 'graph.entity'::regclass"
            until(lambda: connection.execute(waiting).fetchone(), "the write")
            node = city._process
            assert node is not None
            node.terminate()
            until(lambda: not _connects(port), "no new connections")
            threading.Timer(0.3, connection.rollback).start()
            [(status, headers, _body)] = parsed(everything(peer))
        assert status == 201 and headers["connection"] == "close"
        assert node.wait(30) == 0
        with psycopg.connect(database) as connection:
            assert connection.execute("select id from graph.entity").fetchall() == [("urn:x:lamp:1",)]
    finally:
        if city._process is not None and city._process.poll() is None:
            city.kill()
        city.client.close()
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            connection.execute(f'drop database "nhip_node_{city.name}" with (force)')


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
