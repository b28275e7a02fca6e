"""One real server for the session: `nhip up` as its own processes on its own folder, with a small city in it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
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

from nhip.settings import load as load_settings
from tests.e2e import sample

START_S = 90.0


class Site(msgspec.Struct, frozen=True):
    """A running Nhịp: where it is, its administrator's password, its folder, and the state of a signed-in browser."""

    url: str
    password: str
    folder: Path
    state: dict[str, Any]

    def client(self) -> httpx.Client:
        """A signed-in client without a browser."""
        cookies = {cookie["name"]: cookie["value"] for cookie in self.state["cookies"]}
        return httpx.Client(base_url=self.url, cookies=cookies, headers={"Accept": "text/html"}, timeout=30)


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """Starts the server, waits for its greeting, loads the city beside it, signs in."""
    folder = Path(tempfile.mkdtemp(prefix="nhip-e2e-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NHIP_")}
    command = [sys.executable, "-m", "nhip", "--data-dir", str(folder), "up", "--port", str(port)]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        url, password = _greeting(process)
        settings = load_settings({"data_dir": folder, "memory_mb": 300}, environ={})
        asyncio.run(sample.load(settings))
        yield Site(url, password, folder, _signed_in(url, password))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)
        shutil.rmtree(folder, ignore_errors=True)


def _greeting(process: subprocess.Popen[str]) -> tuple[str, str]:
    """The address and the first password, as a person reads them in the terminal; the rest of the output is let go by."""
    assert process.stdout is not None
    guard = threading.Timer(START_S, process.kill)
    guard.start()
    seen, url = [], ""
    for line in process.stdout:
        seen.append(line)
        if found := re.search(r"(http://\S+)/console", line):
            url = found[1]
        if url and (found := re.search(r"password.*: (\S+)$", line.rstrip())):
            guard.cancel()
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return url, found[1]
    raise AssertionError("nhip up ended before it served:\n" + "".join(seen))


def _signed_in(url: str, password: str) -> dict[str, Any]:
    with httpx.Client(base_url=url) as client:
        answer = client.post("/signin", data={"name": "admin", "password": password})
        assert answer.status_code == 303, answer.text
        token = client.cookies["nhip_session"]
    cookie = {"name": "nhip_session", "value": token, "domain": "127.0.0.1", "path": "/", "expires": -1}
    return {"cookies": [{**cookie, "httpOnly": True, "secure": False, "sameSite": "Lax"}], "origins": []}
