"""An installation with a public address, and a national portal on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from nhip.db.installation import Installation
from tests.portal.national.receiver import Receiver

ROOT = "https://dulieu.hue.example"


@pytest.fixture
def ours(installation: Installation) -> Installation:
    """The installation as others know it."""
    changed = {"base_url": ROOT, "outgoing_private": "127.0.0.0/8", "fetch_timeout_s": 60}
    return msgspec.structs.replace(installation, settings=msgspec.structs.replace(installation.settings, **changed))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The national portal."""
    with Receiver() as running:
        yield running
