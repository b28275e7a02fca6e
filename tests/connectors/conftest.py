"""What the connector tests share: settings that open loopback, a sink, and servers that end with the test."""

from __future__ import annotations

import contextlib
from importlib import resources
from pathlib import Path

import pytest

from nhip.connectors.sink import Sink
from nhip.settings import Settings
from nhip.testing.fakeserver import FakeServer


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(data_dir=tmp_path / "var", outgoing_private="127.0.0.0/8", fetch_timeout_s=60)


@pytest.fixture
def sink(tmp_path, settings) -> Sink:
    return Sink(tmp_path / "sink", settings, label="test", reserve_bytes=0)


@pytest.fixture
def leftovers(sink):
    """What lies in the sink: after a failure, nothing."""
    return lambda: sorted(path.name for path in Path(sink.folder).iterdir())


@pytest.fixture
def serve():
    with contextlib.ExitStack() as stack:
        yield lambda answer: stack.enter_context(FakeServer(answer))


@pytest.fixture
def samples():
    """The bytes of a captured sample of a kind."""
    return lambda kind, name: resources.files(f"nhip.connectors.{kind}").joinpath("samples", name).read_bytes()
