"""The gallery behind a real server, and a browser."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from nhip.testing.serving import free_port

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def gallery_url() -> Iterator[str]:
    """The gallery served by Granian in a process of its own."""
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent.parent)}
    process = subprocess.Popen([sys.executable, str(HERE / "gallery.py"), str(port)], cwd=HERE, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url + "/health", process)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, "the gallery's server ended"
        try:
            with urllib.request.urlopen(url, timeout=30):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the gallery did not answer in 120 s")
