"""One real server for the session: `nhip up` as its own processes on its own folder, with a small city in it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser

from nhip.db.embedded import EmbeddedServer
from nhip.kernel import random
from nhip.settings import Settings
from nhip.settings import load as load_settings
from nhip.testing.browser import Browsing
from nhip.testing.plugin import copied_database, installation_folder
from nhip.testing.serving import free_port
from tests.e2e import sample

START_S = 180.0
PRIVATE = {"outgoing_private": "127.0.0.0/8"}
"""Where the identity provider of the tests is."""


class Site(msgspec.Struct, frozen=True):
    """A running Nhịp: where it is, its administrator's password, its folder, and the state of a signed-in browser."""

    url: str
    password: str
    settings: Settings
    state: dict[str, Any]
    agent: str
    """The name of that browser: a session that turns up in another one ends."""

    def client(self) -> httpx.Client:
        """A signed-in client without a browser."""
        cookies = {cookie["name"]: cookie["value"] for cookie in self.state["cookies"]}
        return httpx.Client(base_url=self.url, cookies=cookies, headers=self.headers, timeout=60)

    @property
    def headers(self) -> dict[str, str]:
        """What its clients say of themselves."""
        return {"Accept": "text/html", "User-Agent": self.agent, "Origin": self.url}


@contextmanager
def up(database_url: str, folder: Path, port: int, output: int, **more: str) -> Iterator[subprocess.Popen[str]]:
    """`nhip up` on a database that holds the whole schema, as long as the block; `more` are settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NHIP_")}
    given = {"database_url": database_url, "second_factor": "offered", **more}
    environment |= {f"NHIP_{name.upper()}": value for name, value in given.items()}
    command = [sys.executable, "-m", "nhip", "--data-dir", str(folder), "up", "--port", str(port)]
    process = subprocess.Popen(
        command, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)


@pytest.fixture(scope="session")
def site(chromium: Browser, postgres: EmbeddedServer, template_database: str) -> Iterator[Site]:
    """Starts the server, waits for its greeting, loads the city beside it, signs in."""
    with (
        copied_database(postgres, template_database) as database_url,
        installation_folder() as folder,
        up(database_url, folder, free_port(), subprocess.PIPE, **PRIVATE) as process,
    ):
        url, code = _greeting(process)
        password = _set_up(url, code)
        known = {"data_dir": folder, "database_url": database_url, "memory_mb": 300, **PRIVATE}
        settings = load_settings(known, environ={})
        asyncio.run(sample.load(settings))
        agent = Browsing.run(lambda: browser_name(chromium))
        yield Site(url, password, settings, _signed_in(url, password, agent), agent)


def _greeting(process: subprocess.Popen[str]) -> tuple[str, str]:
    """The address and the set-up code, as a person reads them in the terminal; the rest of the output is let go by."""
    assert process.stdout is not None
    guard = threading.Timer(START_S, process.kill)
    guard.start()
    seen = []
    for line in process.stdout:
        seen.append(line)
        if found := re.search(r"(http://\S+)/setup\?code=(\S+)$", line.rstrip()):
            guard.cancel()
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return found[1], found[2]
    raise AssertionError("nhip up ended before it served:\n" + "".join(seen))


def _set_up(url: str, code: str) -> str:
    """Become the first administrator, as the form does; gives the password."""
    password = random.password()
    with httpx.Client(base_url=url, timeout=60) as client:
        form = {"code": code, "name": "admin", "account": "admin", "password": password, "again": password}
        answer = client.post("/setup", data=form)
        assert answer.status_code == 303, answer.text
        client.post("/signout")
    return password


def browser_name(chromium: Browser) -> str:
    """What the browser says of itself; a session that another one brings ends."""
    page = chromium.new_page()
    agent = str(page.evaluate("navigator.userAgent"))
    page.close()
    return agent


def _signed_in(url: str, password: str, agent: str) -> dict[str, Any]:
    with httpx.Client(base_url=url, headers={"User-Agent": agent}, timeout=60) as client:
        answer = client.post("/signin", data={"name": "admin", "password": password})
        assert answer.status_code == 303, answer.text
        token = client.cookies["nhip_session"]
    cookie = {"name": "nhip_session", "value": token, "domain": "127.0.0.1", "path": "/", "expires": -1}
    return {"cookies": [{**cookie, "httpOnly": True, "secure": False, "sameSite": "Lax"}], "origins": []}
