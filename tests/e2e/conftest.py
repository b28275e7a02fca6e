"""One real server for the session: `nhip up` as its own processes on its own folder, with a small city in it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser

from nhip.kernel import random
from nhip.settings import load as load_settings
from nhip.testing.browser import Browsing
from nhip.testing.serving import free_port
from tests.e2e import sample

START_S = 90.0


class Site(msgspec.Struct, frozen=True):
    """A running Nhịp: where it is, its administrator's password, its folder, and the state of a signed-in browser."""

    url: str
    password: str
    folder: Path
    state: dict[str, Any]
    agent: str
    """The name of that browser: a session that turns up in another one ends."""

    def client(self) -> httpx.Client:
        """A signed-in client without a browser."""
        cookies = {cookie["name"]: cookie["value"] for cookie in self.state["cookies"]}
        return httpx.Client(base_url=self.url, cookies=cookies, headers=self.headers, timeout=30)

    @property
    def headers(self) -> dict[str, str]:
        """What its clients say of themselves."""
        return {"Accept": "text/html", "User-Agent": self.agent, "Origin": self.url}


@pytest.fixture(scope="session")
def site(chromium: Browser) -> Iterator[Site]:
    """Starts the server, waits for its greeting, loads the city beside it, signs in."""
    folder = Path(tempfile.mkdtemp(prefix="nhip-e2e-"))
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NHIP_")}
    environment["NHIP_SECOND_FACTOR"] = "offered"
    environment["NHIP_OUTGOING_PRIVATE"] = "127.0.0.0/8"  # where the identity provider of the tests is
    command = [sys.executable, "-m", "nhip", "--data-dir", str(folder), "up", "--port", str(port)]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        url, code = _greeting(process)
        password = _set_up(url, code)
        settings = load_settings({"data_dir": folder, "memory_mb": 300}, environ={})
        asyncio.run(sample.load(settings))
        agent = Browsing.run(lambda: _agent(chromium))
        yield Site(url, password, folder, _signed_in(url, password, agent), agent)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)
        shutil.rmtree(folder, ignore_errors=True)


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
    with httpx.Client(base_url=url) as client:
        form = {"code": code, "name": "admin", "account": "admin", "password": password, "again": password}
        answer = client.post("/setup", data=form)
        assert answer.status_code == 303, answer.text
        client.post("/signout")
    return password


def _agent(chromium: Browser) -> str:
    page = chromium.new_page()
    agent = str(page.evaluate("navigator.userAgent"))
    page.close()
    return agent


def _signed_in(url: str, password: str, agent: str) -> dict[str, Any]:
    with httpx.Client(base_url=url, headers={"User-Agent": agent}) as client:
        answer = client.post("/signin", data={"name": "admin", "password": password})
        assert answer.status_code == 303, answer.text
        token = client.cookies["nhip_session"]
    cookie = {"name": "nhip_session", "value": token, "domain": "127.0.0.1", "path": "/", "expires": -1}
    return {"cookies": [{**cookie, "httpOnly": True, "secure": False, "sameSite": "Lax"}], "origins": []}
