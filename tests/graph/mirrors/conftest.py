"""Two cities: nodes as processes of their own, on real sockets, each with its database."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from click.testing import CliRunner

from nhip.cli import cli
from nhip.db.embedded import EmbeddedServer
from nhip.testing.serving import free_port

_names = itertools.count()
WAIT_S = 90.0
READINGS = 20
"""So often a city may change between a page and its count."""


def until(true: Callable[[], Any], what: str = "it", within_s: float = WAIT_S) -> Any:
    """What `true` gives once it is true."""
    end = time.monotonic() + within_s
    while not (found := true()):
        assert time.monotonic() < end, f"{what} did not happen within {within_s} s"
        time.sleep(0.05)
    return found


class City:
    """A node that can be killed and started again."""

    def __init__(self, name: str, database_url: str, folder: Path, processes: int = 1) -> None:
        self.name, self.folder, self.processes = name, folder, processes
        self.url = f"http://127.0.0.1:{free_port()}"
        self.environment = {
            **os.environ,
            "NHIP_DATABASE_URL": database_url,
            "NHIP_DATA_DIR": str(folder),
            "NHIP_OUTGOING_PRIVATE": "127.0.0.0/8",
            "NHIP_GRAPH_MIRROR_CHECK_S": "1",
        }
        self.client = httpx.Client(base_url=f"{self.url}/ngsi-ld/v1", timeout=60)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve, and wait until it answers."""
        port = self.url.rpartition(":")[2]
        words = ["graph", "serve", "--open", "--port", port, "--node", self.name, "--processes", str(self.processes)]
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "nhip", *words],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self._answers, f"{self.name} answering", 120)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / f"{self.name}.log").read_text()[-3000:]
        try:
            return self.client.get("/types").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def nhip(self, *words: str) -> str:
        """A command on this node; what it prints."""
        done = CliRunner().invoke(cli, ["graph", "mirror", *words, "--node", self.name], env=self.environment)
        assert done.exit_code == 0, f"{done.output} {done.exception!r}"
        return done.stdout

    def ask(self, method: str, path: str, tenant: str = "", **more: Any) -> httpx.Response:
        """A request; it has to succeed."""
        answer = self.client.request(method, path, headers={"NGSILD-Tenant": tenant} if tenant else {}, **more)
        assert answer.status_code < 300, answer.text
        return answer

    def state(self, tenant: str, *types: str) -> dict[str, Any]:
        """Everything of these types by id, in a form that can be compared.

        Pages and their count are questions one after the other: what changes between them is read anew.
        """
        for _attempt in range(READINGS):
            found, count = self._read(tenant, types)
            if len(found) == count:
                return found
        raise AssertionError(f"{self.name} counts {count} entities and gives {len(found)}")

    def _read(self, tenant: str, types: tuple[str, ...]) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        while True:
            told = {"type": ",".join(types), "limit": "500", "offset": str(len(found)), "count": "true"}
            answer = self.client.get("/entities", params=told, headers={"NGSILD-Tenant": tenant} if tenant else {})
            if answer.status_code == 404:
                return {}, 0
            page = answer.json()
            found |= {one["id"]: same(one) for one in page}
            if len(page) < 500:
                return found, int(answer.headers["ngsild-results-count"])


def same(value: Any) -> Any:
    """A document without the order of types and of instances, which says nothing."""
    if isinstance(value, dict):
        return {name: same(one) for name, one in value.items()}
    if isinstance(value, list):
        return sorted((same(one) for one in value), key=repr)
    return value


@pytest.fixture(scope="module")
def nodes(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[City, City]]:
    """Ours and a neighbour."""
    number, folder = f"{os.getpid()}_{next(_names)}", tmp_path_factory.mktemp("cities")
    ours, theirs = (City(f"{name}_{number}", postgres.url(), folder) for name in ("ours", "theirs"))
    for city in (ours, theirs):
        city.start()
    yield ours, theirs
    for city in (ours, theirs):
        city.kill()
        city.client.close()
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        for city in (ours, theirs):
            connection.execute(f'drop database "nhip_node_{city.name}" with (force)')
