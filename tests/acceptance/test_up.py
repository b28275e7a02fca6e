"""`nhip up`: what it says, what it serves, that it comes back whatever dies, that nothing is left when it ends."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import httpx
import psutil
import pytest

import nhip.parts  # noqa: F401  binds the jobs that deliveries enqueue
from nhip.datasets.catalogue import put_agency, put_dataset
from nhip.datasets.deliveries import raw_name, receive, sha256_of
from nhip.datasets.records import Version
from nhip.datasets.store import get_dataset, list_versions
from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation, opened
from nhip.errors import DatabaseAway, PortTaken
from nhip.settings import Settings
from nhip.testing.plugin import installation_folder
from nhip.testing.serving import free_port
from tests.acceptance.conftest import AGENCY, Nhip, eventually, until

ROWS = 150_000
"""Enough that the work on them takes a second or more, so that a kill comes into the middle of it."""


class Up:
    """`nhip up` on a free port."""

    def __init__(self, folder: Path) -> None:
        self.nhip = Nhip(folder)
        self.port = free_port()
        self.settings = Settings(data_dir=folder.resolve())
        self.log = folder.with_name(folder.name + ".log")
        self.process: subprocess.Popen[bytes] | None = None
        self._out: IO[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def start(self) -> None:
        self._out = self.log.open("wb")
        command = self.nhip.command("up", "--port", self.port)
        self.process = subprocess.Popen(
            command, stdout=self._out, stderr=subprocess.STDOUT, env=self.nhip.environ(), start_new_session=True
        )
        until(lambda: f"{self.url}/console" in self.printed, f"the address in {self.printed}")
        until(self.ready, "ready after the start")

    def interrupt(self) -> int:
        """As Ctrl-C does: to the foreground group."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGINT)
        code = self.process.wait(120)
        assert self._out is not None
        self._out.close()
        return code

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=60, headers={"Accept-Language": "en", "Accept": "text/html,*/*"})

    def ready(self) -> bool:
        try:
            answer = self.get("/health")
        except httpx.HTTPError:
            return False
        return answer.status_code == 200 and bool(answer.json()["ready"])

    def part(self, name: str) -> psutil.Process | None:
        """The process of the web server or of the worker."""
        assert self.process is not None
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error):  # it may die while we look
                if child.cmdline()[-2:] == ["nhip.serve", name]:
                    return child
        return None

    def postgres(self) -> int | None:
        return EmbeddedServer(self.settings.data_dir / "postgres").pid()


def processes_of(folder: Path) -> list[str]:
    """Every process that has to do with a data folder, by its settings, its command line or its parent's."""
    found = []
    for process in psutil.process_iter():
        try:
            about = [*process.cmdline(), process.environ().get("NHIP_DATA_DIR", "")]
        except psutil.Error:
            continue
        if any(str(folder) in text for text in about):
            found.append(" ".join(process.cmdline()))
    return found


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    with installation_folder() as folder:
        running = Up(folder / "empty")
        running.start()
        yield running
        assert running.process is not None
        if running.process.poll() is None:
            running.interrupt()


@pytest.fixture
async def installation(up: Up) -> Installation:
    """The same installation, seen from a second process."""
    async with opened(up.settings, pool_size=2) as found:
        yield found


async def big_delivery(installation: Installation, name: str, folder: Path) -> Path:
    """Hand in a file that takes a while, and give it; the job commits with the delivery."""
    file = folder / f"{name}.csv"
    file.write_text("ma,ten,so\n" + "".join(f"M{n},Chợ số {n},{n % 97}\n" for n in range(ROWS)), encoding="utf-8")
    async with installation.db.tx() as tx:
        await put_agency(tx, AGENCY, "Sở Công Thương")
        dataset = await put_dataset(tx, name, AGENCY, f"Chợ {name}")
    await receive(installation, dataset.id, file, filename=file.name, who="test")
    return file


def alive(process: psutil.Process) -> bool:
    """Whether a process runs; one that ended and was not yet asked for does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def in_work(up: Up) -> bool:
    """Whether a delivery is in the middle of its work."""
    return any(path.is_dir() and any(path.iterdir()) for path in (up.settings.data_dir / "work").glob("*-*-*-*-*"))


async def publishes(up: Up, installation: Installation, name: str, file: Path) -> None:
    """The delivery becomes version 1 with all rows, once, from bytes that are kept as they came."""

    async def versions() -> list[Version]:
        try:
            async with installation.db.read() as tx:
                return await list_versions(tx, await get_dataset(tx, name))
        except DatabaseAway:
            return []

    (version,) = await eventually(versions, f"a version of {name}", 120)
    assert (version.no, version.row_count) == (1, ROWS)
    assert installation.objects.path(version.object).stat().st_size > 0
    assert installation.objects.path(raw_name(sha256_of(file))).read_bytes() == file.read_bytes()
    assert len(await versions()) == 1
    until(up.ready, "ready again")


def test_it_prints_its_address_and_a_code_to_set_it_up(up: Up) -> None:
    assert up.printed.count(f"{up.url}/console") == 1
    (code,) = re.findall(r"/setup\?code=(\S+)$", up.printed, re.MULTILINE)
    assert up.get("/console").headers["location"] == "/setup", "every page leads there"
    assert httpx.get(up.url + "/console", headers={"Accept": "application/json"}, timeout=60).status_code == 503
    words = "ghe xanh mua thu bay"
    form = {"code": code, "name": "Trần Lan", "account": "lan", "password": words, "again": words}
    made = httpx.post(up.url + "/setup", data=form, headers={"Origin": up.url}, timeout=60)
    assert made.status_code == 303, made.text
    led = {"headers": {"Accept": "text/html"}, "follow_redirects": True, "timeout": 60}
    page = httpx.get(up.url + "/console", cookies=made.cookies, **led)
    assert page.url.path == "/account/second-factor", "the administrator needs a second factor first"
    again = httpx.post(up.url + "/setup", data=form | {"account": "tu"}, headers={"Origin": up.url}, timeout=60)
    assert again.headers["location"] == "/signin", "a code works once"


def test_health_is_ready(up: Up) -> None:
    answer = up.get("/health")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert set(answer.json()["parts"]) >= {"database", "disk"}


def test_measures_are_prometheus_text(up: Up) -> None:
    up.get("/health")
    assert httpx.get(up.url + "/metrics", timeout=60).status_code == 401, "not for everybody"
    up.nhip.good("agency", "add", "TT-CNTT", "Trung tâm Công nghệ thông tin")
    asked = ("--organisation", "TT-CNTT", "--scope", "metrics.read", "--json")
    key = up.nhip.good("key", "issue", "Prometheus", *asked).json["text"]
    answer = httpx.get(up.url + "/metrics", timeout=60, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert any(line.startswith("# TYPE nhip_http_requests_total counter") for line in lines)
    sample = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="(\\.|[^"\\])*",?)*\})? (-?[0-9.e+-]+|\+Inf|NaN)')
    assert [line for line in lines if line and not line.startswith("#") and not sample.fullmatch(line)] == []


def test_the_console_asks_for_sign_in(up: Up) -> None:
    answer = up.get("/console")
    assert answer.status_code in (302, 303)
    assert answer.headers["location"].startswith("/signin?")
    assert up.get("/signin").status_code == 200
    assert up.get("/nothing-here").status_code == 404


def test_a_second_one_on_the_same_port_says_so(up: Up) -> None:
    done = up.nhip("up", "--port", up.port, within_s=120)
    assert done.code == 2
    done.said(PortTaken, f"127.0.0.1:{up.port}")
    assert up.ready()


@pytest.mark.slow
@pytest.mark.parametrize("when", ["waiting", "in the middle"])
async def test_the_worker_is_killed(up: Up, installation: Installation, tmp_path: Path, when: str) -> None:
    name = f"worker-{when.replace(' ', '-')}"
    worker = until(lambda: up.part("worker"), "a worker")
    if when == "waiting":
        worker.suspend()
    file = await big_delivery(installation, name, tmp_path)
    if when == "in the middle":
        until(lambda: in_work(up), "work on the delivery")
    worker.kill()
    await publishes(up, installation, name, file)
    assert until(lambda: up.part("worker"), "another worker").pid != worker.pid


@pytest.mark.slow
async def test_the_web_process_is_killed(up: Up, installation: Installation, tmp_path: Path) -> None:
    web = until(lambda: up.part("web"), "a web server")
    servers = [web, *web.children(recursive=True)]
    file = await big_delivery(installation, "web-killed", tmp_path)
    web.kill()
    until(lambda: (new := up.part("web")) is not None and new.pid != web.pid, "another web server")
    await publishes(up, installation, "web-killed", file)
    until(lambda: not [s for s in servers if alive(s)], "the end of what the killed one had started")


async def test_the_server_below_the_web_process_is_killed(up: Up) -> None:
    web = until(lambda: up.part("web"), "a web server")
    (server,) = until(web.children, "a server process")
    server.kill()
    until(lambda: not alive(server) and up.ready(), "ready again")


@pytest.mark.slow
@pytest.mark.parametrize("when", ["waiting", "in the middle"])
async def test_the_database_is_killed(up: Up, installation: Installation, tmp_path: Path, when: str) -> None:
    name = f"database-{when.replace(' ', '-')}"
    pid = until(up.postgres, "a database")
    worker = until(lambda: up.part("worker"), "a worker")
    if when == "waiting":
        worker.suspend()
    file = await big_delivery(installation, name, tmp_path)
    if when == "in the middle":
        until(lambda: in_work(up), "work on the delivery")
    os.kill(pid, signal.SIGKILL)
    if when == "waiting":
        worker.resume()
    until(lambda: up.postgres() not in (None, pid), "another database server")
    await publishes(up, installation, name, file)


def test_interrupting_ends_everything_and_each_start_has_a_code_of_its_own() -> None:
    with installation_folder() as folder:
        up = Up(folder / "empty")
        up.start()
        first = up.printed.partition("?code=")[2].strip()
        assert first
        assert processes_of(up.nhip.folder)
        assert up.interrupt() == 0
        assert processes_of(up.nhip.folder) == []
        assert "Traceback" not in up.printed, up.printed
        up.start()
        assert up.printed.partition("?code=")[2].strip() not in ("", first)
        assert up.interrupt() == 0
        assert processes_of(up.nhip.folder) == []


@pytest.mark.slow
def test_when_the_supervisor_is_killed_the_next_one_takes_over() -> None:
    with installation_folder() as folder:
        up = Up(folder / "empty")
        up.start()
        assert up.process is not None
        parts = psutil.Process(up.process.pid).children(recursive=True)
        up.process.kill()
        up.process.wait()
        until(lambda: not [p for p in parts if alive(p)], "the end of its parts")
        up.start()
        assert up.interrupt() == 0
        assert processes_of(up.nhip.folder) == []
